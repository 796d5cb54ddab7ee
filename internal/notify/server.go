package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
	"unicode"

	gomail "github.com/wneessen/go-mail"

	"flattery"
)

// Encryption says how the mail server is spoken to.
type Encryption string

// StartTLS begins in the open and goes on only encrypted; TLS is encrypted from the first byte; Plain never is.
const (
	StartTLS Encryption = "starttls"
	TLS      Encryption = "tls"
	Plain    Encryption = "none"
)

// Server takes our mail. An empty Host: there is none.
type Server struct {
	Host       string
	Port       int
	User       string // "": nobody signs in
	Password   flattery.Secret
	From       string
	Encryption Encryption
	Config     *tls.Config // nil: the machine's authorities
}

// refusal is a server's word that it will not take a mail, however often it is asked. It names nobody.
type refusal struct {
	code  int
	stage string
}

func (r *refusal) Error() string {
	return fmt.Sprintf("the mail server answered %d (%s)", r.code, r.stage)
}

// send hands a letter to the server. What it refuses for good is a *refusal; no error repeats an address of anybody.
func (s Server) send(ctx context.Context, l letter, now time.Time) error {
	m, err := s.message(l, now)
	if err != nil {
		return err
	}
	var line net.Conn // the library leaves it open where it gives up early
	c, err := s.client(func(c net.Conn) { line = c })
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, sendWithin)
	defer cancel()
	err = c.DialAndSendWithContext(ctx, m)
	if line != nil {
		_ = line.Close()
	}
	e, ok := errors.AsType[*gomail.SendError](err)
	if !ok {
		return err
	}
	r := &refusal{e.ErrorCode(), e.Reason.String()}
	if r.code/100 == 5 && !e.IsTemp() && e.Reason != gomail.ErrSMTPMailFrom { // as whom we come is ours to mend
		return r
	}
	return errors.New(r.Error())
}

func (s Server) client(dialled func(net.Conn)) (*gomail.Client, error) {
	policy := gomail.TLSMandatory
	switch s.Encryption {
	case TLS:
		policy = gomail.TLSOpportunistic // it is encrypted already
	case Plain:
		policy = gomail.NoTLS
	}
	options := []gomail.Option{gomail.WithPort(s.Port), gomail.WithTimeout(sendWithin), gomail.WithHELO(domain(s.From)), gomail.WithoutNoop(),
		gomail.WithTLSPolicy(policy), gomail.WithTLSConfig(s.secure()),
		gomail.WithDialContextFunc(func(ctx context.Context, _, _ string) (net.Conn, error) {
			c, err := s.dial(ctx)
			if err == nil {
				dialled(c)
			}
			return c, err
		})}
	if s.User != "" {
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(s.User), gomail.WithPassword(string(s.Password)))
	}
	return gomail.NewClient(s.Host, options...)
}

// dial makes a line to the server, encrypted if it is so from the first byte.
func (s Server) dial(ctx context.Context) (net.Conn, error) {
	address := net.JoinHostPort(s.Host, strconv.Itoa(s.Port))
	if s.Encryption == TLS {
		return (&tls.Dialer{Config: s.secure()}).DialContext(ctx, "tcp", address)
	}
	return (&net.Dialer{}).DialContext(ctx, "tcp", address)
}

func (s Server) secure() *tls.Config {
	if s.Config != nil {
		return s.Config
	}
	return &tls.Config{ServerName: s.Host, MinVersion: tls.VersionTLS12}
}

// message writes the letter down. Whatever is in it, its headers end where they should: the library encodes what is not plain, and
// a line is made one here.
func (s Server) message(l letter, now time.Time) (*gomail.Msg, error) {
	m := gomail.NewMsg()
	if err := m.FromFormat("Flattery", s.From); err != nil {
		return nil, err
	}
	if err := m.To(l.To); err != nil {
		return nil, err
	}
	m.Subject(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, l.Subject))
	m.SetDateWithValue(now)
	m.SetUserAgent("Flattery")
	m.SetGenHeader("Auto-Submitted", "auto-generated")
	if l.ID == "" {
		m.SetMessageID()
	} else {
		m.SetMessageIDWithValue(l.ID + "@" + domain(s.From))
	}
	if l.End != "" {
		m.SetGenHeaderPreformatted("List-Unsubscribe", "<"+l.End+">")
		m.SetGenHeader("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
	}
	m.SetBodyString(gomail.TypeTextPlain, l.Text)
	m.AddAlternativeString(gomail.TypeTextHTML, l.HTML)
	return m, nil
}

func domain(address string) string {
	return address[strings.LastIndexByte(address, '@')+1:]
}
