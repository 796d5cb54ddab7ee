package notify_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"strings"
	"testing"
	"time"

	"flattery/internal/notify"
	"flattery/internal/server/servertest"
)

func TestAMailServerIsTriedWithoutALetter(t *testing.T) {
	for name, row := range map[string]struct {
		as    func(p *postbox, s *notify.Server)
		wrong string // "": it would take a letter
		said  string // the last that the server heard before goodbye
	}{
		"encrypted on the way": {said: "EHLO flattery.example"},
		"with a password":      {as: func(_ *postbox, s *notify.Server) { s.User, s.Password = "ada", "sesame" }, said: "AUTH"},
		"encrypted from the first byte": {as: func(p *postbox, s *notify.Server) {
			p.first.Store(true)
			s.Encryption = notify.TLS
		}, said: "EHLO flattery.example"},
		"in the open": {as: func(p *postbox, s *notify.Server) {
			p.plain.Store(true)
			s.Encryption = notify.Plain
		}, said: "EHLO flattery.example"},
		"without STARTTLS": {as: func(p *postbox, _ *notify.Server) { p.plain.Store(true) }, wrong: `it knows no STARTTLS: set mail.tls = "tls"`},
		"in the open where it should begin encrypted": {as: func(_ *postbox, s *notify.Server) { s.Encryption = notify.TLS },
			wrong: `it does not begin encrypted: set mail.tls = "starttls" and mail.port to the one for that (587)`},
		"a certificate of another name": {as: func(_ *postbox, s *notify.Server) {
			s.Config = s.Config.Clone()
			s.Config.ServerName = "other.invalid"
		}, wrong: "its certificate is not to be trusted"},
		"a certificate of nobody known": {as: func(_ *postbox, s *notify.Server) { s.Config = &tls.Config{ServerName: "example.com"} }, wrong: "or give the server one that this machine trusts"},
		"a wrong password": {as: func(p *postbox, s *notify.Server) {
			p.answer["AUTH"], s.User, s.Password = 535, "ada", "sesame"
		}, wrong: `it does not let "ada" in (it answered 535): correct mail.user and mail.password`},
		"nobody can sign in": {as: func(p *postbox, s *notify.Server) {
			p.dumb.Store(true)
			s.User, s.Password = "ada", "sesame"
		}, wrong: `"ada" cannot sign in there`},
		"a server that wants nobody": {as: func(p *postbox, _ *notify.Server) { p.answer["EHLO"], p.answer["HELO"] = 554, 554 }, wrong: "it does not want to be spoken to (it answered 554)"},
		"no such name":               {as: func(_ *postbox, s *notify.Server) { s.Host = "post.invalid" }, wrong: ": correct mail.host, "},
		"a port that nobody is at":   {as: func(p *postbox, s *notify.Server) { s.Port = servertest.Port(t) }, wrong: "correct mail.host and mail.port"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPostbox(t)
			s := notify.Server{Host: "127.0.0.1", Port: p.port(), From: "post@flattery.example", Encryption: notify.StartTLS, Config: &tls.Config{RootCAs: p.pool, ServerName: "example.com"}}
			if row.as != nil {
				row.as(p, &s)
			}
			err := s.Try(t.Context())
			if row.wrong == "" {
				if err != nil {
					t.Fatal(err)
				}
			} else if err == nil || !strings.Contains(err.Error(), row.wrong) || !strings.HasPrefix(err.Error(), fmt.Sprintf("%s:%d: ", s.Host, s.Port)) || strings.Contains(err.Error(), "sesame") {
				t.Fatalf("got %v, want %s", err, row.wrong)
			}
			p.mu.Lock()
			defer p.mu.Unlock()
			if heard := strings.Join(p.said, "\n"); len(p.got) > 0 || strings.Contains(heard, "MAIL") || row.said != "" && !strings.Contains(heard, row.said) {
				t.Errorf("it heard %s, and got %q", heard, p.got)
			}
		})
	}
}

func TestAMailServerThatSaysNothingIsNotWaitedFor(t *testing.T) {
	p := newPostbox(t)
	p.still.Store(true)
	for _, as := range []notify.Encryption{notify.StartTLS, notify.Plain} {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		err := notify.Server{Host: "127.0.0.1", Port: p.port(), From: "post@flattery.example", Encryption: as}.Try(ctx)
		cancel()
		if err == nil || !strings.Contains(err.Error(), "in time") || !strings.Contains(err.Error(), "mail.port") {
			t.Errorf("%s: %v", as, err)
		}
	}
}
