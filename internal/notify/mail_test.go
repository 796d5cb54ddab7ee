package notify_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"regexp"
	"strings"
	"testing"
	"time"

	"flattery"
	"flattery/internal/notify"
	"flattery/internal/queue"
	"flattery/store"
)

// posted is a bench whose mail goes to a postbox.
type posted struct {
	*bench
	*postbox
	mails *notify.Mails
}

func newPosted(t *testing.T) *posted {
	t.Helper()
	b, p := newBench(t), newPostbox(t)
	return &posted{b, p, &notify.Mails{Teller: b.teller, Store: b, Base: func() string { return "https://flattery.example" }, Now: b.clock, Server: notify.Server{
		Host: "127.0.0.1", Port: p.port(), From: "post@flattery.example", Encryption: notify.StartTLS, Config: &tls.Config{RootCAs: p.pool, ServerName: "example.com"}}}}
}

// letter is a mail as its reader gets it.
type letter struct {
	mail.Header
	text, html string
}

func read(t *testing.T, raw string) letter {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatalf("%v in %s", err, raw)
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("%s, %v", kind, err)
	}
	l := letter{Header: m.Header}
	for parts := multipart.NewReader(m.Body, params["boundary"]); ; {
		p, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return l
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(p))
		if err != nil || p.Header.Get("Content-Transfer-Encoding") != "quoted-printable" {
			t.Fatalf("%v, %v", p.Header, err)
		}
		if strings.HasPrefix(p.Header.Get("Content-Type"), "text/html") {
			l.html = string(body)
		} else {
			l.text = strings.ReplaceAll(string(body), "\r\n", "\n")
		}
	}
}

func (l letter) subject(t *testing.T) string {
	t.Helper()
	s, err := (&mime.WordDecoder{}).DecodeHeader(l.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// last is the last letter, of so many.
func (p *posted) last(n int) letter {
	p.Helper()
	all := p.letters()
	if len(all) != n {
		p.Fatalf("%d letters, want %d", len(all), n)
	}
	return read(p.T, all[n-1])
}

var links = regexp.MustCompile(`https://flattery\.example(/mail/\w+/(\w+))`)

// confirmed gives ann an address, and wishes.
func (p *posted) confirmed(wish flattery.MailWish) {
	p.Helper()
	if err := p.mails.Address(p.Context(), p.ann, "ann@example.org"); err != nil {
		p.Fatal(err)
	}
	token := links.FindStringSubmatch(p.last(1).text)[2]
	if err := errors.Join(p.mails.Confirm(p.Context(), token), p.mails.Wish(p.Context(), p.ann, wish)); err != nil {
		p.Fatal(err)
	}
}

// work does what is due, and answers the errors of jobs.
func (p *posted) work() error {
	p.Helper()
	if err := p.mails.Enqueue(p.Context(), p.clock()); err != nil {
		p.Fatal(err)
	}
	_, err := p.Jobs().Drain(p.Context(), queue.Handlers{notify.KindMail: func(ctx context.Context, j queue.Job) error { return p.mails.Work(ctx, j.Key) }})
	return err
}

func TestAnAddressGetsNothingButALinkUntilItIsConfirmed(t *testing.T) {
	p := newPosted(t)
	p.happen()
	if err := p.mails.Address(p.Context(), p.ann, "ann@example.org"); err != nil {
		t.Fatal(err)
	}
	p.pass(25 * time.Hour)
	if err := p.work(); err != nil {
		t.Fatal(err)
	}
	l := p.last(1)
	if l.Get("To") != "<ann@example.org>" || l.Get("From") != `"Flattery" <post@flattery.example>` || l.Get("Auto-Submitted") != "auto-generated" || l.subject(t) != "Is this your address?" ||
		l.Get("List-Unsubscribe") != "" || !strings.Contains(l.text, "ann at https://flattery.example") || !strings.Contains(l.html, `<html lang="en">`) {
		t.Errorf("%v\n%s", l.Header, l.text)
	}
	token := links.FindStringSubmatch(l.text)[2]
	if address, err := p.mails.Asked(p.Context(), token); err != nil || address != "ann@example.org" {
		t.Errorf("it confirms %q, %v", address, err)
	}
	p.pass(47 * time.Hour)
	if err := p.mails.Confirm(p.Context(), token); !errors.Is(err, flattery.ErrNotFound) {
		t.Errorf("after three days: %v", err)
	}
	if p.mails.Server.Host = ""; !isInput(p.mails.Address(p.Context(), p.ann, "ann@example.org")) {
		t.Error("a house without a mail server asked")
	}
}

func TestWhatHappenedIsMailedOnceInTheLanguageOfTheAccount(t *testing.T) {
	for language, row := range map[string]struct{ one, two, why string }{
		"en": {"ann & <b>co</b> at flickr is not read any more", "2 messages from Flattery", "because you asked https://flattery.example"},
		"de": {"ann & <b>co</b> bei flickr wird nicht mehr gelesen", "2\u00a0Nachrichten von Flattery", "weil Sie https://flattery.example"},
		"fr": {"ann & <b>co</b> sur flickr n’est plus lu", "2\u00a0messages de Flattery", "parce que vous l’avez demandé"},
	} {
		t.Run(language, func(t *testing.T) {
			p := newPosted(t)
			p.confirmed(flattery.MailEach)
			p.do(func(tx store.Tx) error { return tx.SetLanguage(p.Context(), p.ann, language) })
			p.happen()
			for range 3 { // an hour: once
				p.pass(20 * time.Minute)
				if err := p.work(); err != nil {
					t.Fatal(err)
				}
			}
			l := p.last(2)
			end := links.FindStringSubmatch(l.text)
			if l.subject(t) != row.one || !strings.Contains(l.text, row.one+"\n") || !strings.Contains(l.text, "https://flattery.example/links\n") || !strings.Contains(l.text, row.why) ||
				!strings.Contains(l.html, "ann &amp; &lt;b&gt;co&lt;/b&gt;") || strings.Contains(l.html, "<b>") || !strings.Contains(l.html, `<html lang="`+language+`">`) ||
				l.Get("List-Unsubscribe") != "<"+end[0]+">" || l.Get("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click" || l.Get("Auto-Submitted") != "auto-generated" {
				t.Errorf("%q, %v\n%s\n%s", l.subject(t), l.Header, l.text, l.html)
			}
			p.happen()
			p.pass(time.Minute)
			p.happen()
			p.pass(24 * time.Hour)
			if err := p.work(); err != nil {
				t.Fatal(err)
			}
			want(t, "the next day's subject", p.last(3).subject(t), row.two)
			// One click, by nobody who is signed in, ends it; twice too.
			for range 2 {
				if err := errors.Join(p.mails.Ends(p.Context(), end[2]), p.mails.End(p.Context(), end[2])); err != nil {
					t.Fatal(err)
				}
			}
			p.happen()
			p.pass(25 * time.Hour)
			if err := p.work(); err != nil {
				t.Fatal(err)
			}
			p.last(3)
			if err := p.mails.End(p.Context(), "guess"); !errors.Is(err, flattery.ErrNotFound) {
				t.Errorf("a guess: %v", err)
			}
		})
	}
}

func TestAHostileNameAddsNothingToAHeader(t *testing.T) {
	p := newPosted(t)
	p.confirmed(flattery.MailEach)
	p.link.Identity.Handle = "x\r\nBcc: evil@example.org\r\n\r\n<script>alert(1)</script>\u202e=?utf-8?q?Bcc?="
	for _, state := range []flattery.LinkState{flattery.LinkActive, flattery.LinkSuspended} {
		p.link.State, p.link.Reason, p.link.LastPoll = state, "gone", p.clock()
		p.do(func(tx store.Tx) error { return tx.SaveLink(p.Context(), p.link) })
	}
	p.happen()
	p.pass(time.Hour)
	if err := p.work(); err != nil {
		t.Fatal(err)
	}
	l := p.last(2)
	if len(l.Header["Bcc"]) != 0 || len(l.Header["To"]) != 1 || strings.Contains(l.html, "<script") || strings.Contains(l.text, "\u202e") {
		t.Errorf("%v\n%s", l.Header, l.html)
	}
	for _, said := range p.commands("RCPT") {
		want(t, "to", said, "RCPT TO:<ann@example.org>")
	}
}

func TestMailIsSentAsItsServerAndItsOwnerWish(t *testing.T) {
	for name, row := range map[string]struct {
		set  func(p *posted)
		sent bool
	}{
		"encrypted":                      {func(*posted) {}, true},
		"to a server without encryption": {func(p *posted) { p.plain.Store(true) }, false},
		"in the open, if it must":        {func(p *posted) { p.plain.Store(true); p.mails.Server.Encryption = notify.Plain }, true},
		"to whom nobody vouches for":     {func(p *posted) { p.mails.Server.Config = nil }, false},
		"encrypted from the first byte":  {func(p *posted) { p.first.Store(true); p.mails.Server.Encryption = notify.TLS }, true},
		"so to a server that is not":     {func(p *posted) { p.mails.Server.Encryption = notify.TLS }, false},
		"by a name, from the first byte": {func(p *posted) {
			p.first.Store(true)
			p.mails.Server.Encryption, p.mails.Server.User, p.mails.Server.Password = notify.TLS, "me", "hunter2"
		}, true},
		"by a name and a password":          {func(p *posted) { p.mails.Server.User, p.mails.Server.Password = "me", "hunter2" }, true},
		"by a wrong password":               {func(p *posted) { p.mails.Server.User, p.mails.Server.Password = "me", "hunter2"; p.refuse("AUTH", 535) }, false},
		"never a password in the open":      {func(p *posted) { p.plain.Store(true); p.mails.Server.User, p.mails.Server.Password = "me", "hunter2" }, false},
		"to a server that is in trouble":    {func(p *posted) { p.refuse("MAIL", 451) }, false},
		"to a server that does not know us": {func(p *posted) { p.refuse("MAIL", 550) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPosted(t)
			row.set(p)
			err := p.mails.Address(p.Context(), p.ann, "ann@example.org")
			e, outside := errors.AsType[*flattery.OutsideError](err)
			if len(p.letters()) == 1 != row.sent || (err == nil) != row.sent || outside == row.sent {
				t.Fatalf("sent %d, %v", len(p.letters()), err)
			}
			if outside && (strings.Contains(e.Detail, "hunter2") || strings.Contains(e.Detail, "ann@example.org")) {
				t.Errorf("it tells %s", e.Detail)
			}
			m, err := p.Mail(p.Context(), p.ann)
			if err != nil || (m.Typed != "") != row.sent {
				t.Errorf("waits: %+v, %v", m, err)
			}
			if p.plain.Load() && len(p.commands("AUTH")) > 0 {
				t.Error("somebody signed in in the open")
			}
		})
	}
}

func TestAServerInTroubleIsAskedAgainAndARefusalIsShown(t *testing.T) {
	p := newPosted(t)
	p.confirmed(flattery.MailEach)
	p.happen()
	p.pass(time.Hour)
	p.refuse("RCPT", 451)
	if err := p.work(); err == nil || strings.Contains(err.Error(), "example.org") {
		t.Errorf("in trouble: %v", err)
	}
	p.refuse("", 0)
	p.pass(time.Hour)
	if err := p.work(); err != nil {
		t.Fatal(err)
	}
	first := p.last(2).Get("Message-Id")
	for _, word := range []string{"RCPT", "."} {
		p.pass(25 * time.Hour)
		p.happen()
		p.pass(time.Hour)
		p.refuse(word, 550)
		for range 2 {
			if err := p.work(); err != nil {
				t.Fatal(err)
			}
		}
		m, err := p.Mail(p.Context(), p.ann)
		if err != nil || !strings.HasPrefix(m.Failed, "the mail server answered 550") {
			t.Errorf("%s: %+v, %v", word, m, err)
		}
	}
	p.refuse("", 0)
	p.pass(25 * time.Hour)
	p.happen()
	p.pass(time.Hour)
	if err := p.work(); err != nil {
		t.Fatal(err)
	}
	if l := p.last(3); l.Get("Message-Id") == first || !strings.HasSuffix(first, "@flattery.example>") || strings.Count(l.text, "flickr is not read") != 1 {
		t.Errorf("%s and %s: %s", first, l.Get("Message-Id"), l.text)
	}
	if m, err := p.Mail(p.Context(), p.ann); err != nil || m.Failed != "" {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestOnlyAnAddressIsWrittenToAndNotTooOften(t *testing.T) {
	p := newPosted(t)
	for _, address := range []string{"", "ann", "Ann <ann@example.org>", "ann@example.org, bob@example.org", "ann@example.org\r\nBcc: x@example.org", "<ann@example.org>", "änn@example.org",
		`"a b"@example.org`, strings.Repeat("x", 250) + "@example.org", "ann@example.org ", "@example.org"} {
		if err := p.mails.Address(p.Context(), p.ann, address); !isInput(err) {
			t.Errorf("%q: %v", address, err)
		}
	}
	if err := p.mails.Wish(p.Context(), p.ann, "hourly"); !isInput(err) {
		t.Errorf("an unknown wish: %v", err)
	}
	bob := p.account("bob")
	for i, row := range []struct {
		who     flattery.AccountID
		address string
		often   bool
	}{{p.ann, "a@example.org", false}, {p.ann, "b@example.org", false}, {p.ann, "c@example.org", false}, {p.ann, "d@example.org", true},
		{bob, "a@example.org", false}, {bob, "A@example.org", false}, {bob, "a@example.org", true}} {
		if err := p.mails.Address(p.Context(), row.who, row.address); errors.Is(err, flattery.ErrOften) != row.often || err != nil && !row.often {
			t.Errorf("%d, to %s: %v", i, row.address, err)
		}
	}
	p.pass(24 * time.Hour)
	if err := p.mails.Address(p.Context(), p.ann, "d@example.org"); err != nil {
		t.Errorf("the next day: %v", err)
	}
	if err := p.mails.Forget(p.Context(), p.ann); err != nil {
		t.Fatal(err)
	}
	if m, err := p.Mail(p.Context(), p.ann); err != nil || m != (flattery.Mail{}) {
		t.Errorf("forgotten: %+v, %v", m, err)
	}
}
