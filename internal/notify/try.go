package notify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"os"
	"strconv"
	"time"

	"github.com/wneessen/go-mail/smtp"
)

// tryWithin is how long a try of the mail server takes at most.
const tryWithin = 10 * time.Second

// Try speaks with the server as a letter would, up to the point at which one is handed in. Its error says what is wrong, where, and
// how to mend it.
func (s Server) Try(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, tryWithin)
	defer cancel()
	err := s.greet(ctx)
	if err == nil && s.User != "" {
		err = s.enter(ctx)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", net.JoinHostPort(s.Host, strconv.Itoa(s.Port)), err)
	}
	return nil
}

// greet goes as far as one comes without signing in.
func (s Server) greet(ctx context.Context) error {
	line, err := s.dial(ctx)
	if err != nil {
		return s.unreached(err)
	}
	defer func() { _ = line.Close() }()
	done := context.AfterFunc(ctx, func() { _ = line.Close() }) // nobody is waited for after that
	defer done()
	c, err := smtp.NewClient(line, s.Host)
	if err == nil {
		err = c.Hello(domain(s.From))
	}
	if err != nil {
		return s.mute(ctx, err)
	}
	if s.Encryption == StartTLS {
		if knows, _ := c.Extension("STARTTLS"); !knows {
			return errors.New(`it knows no STARTTLS: set mail.tls = "tls" and mail.port to the one for that (465), or let the server offer it`)
		}
		if err := c.StartTLS(s.secure()); err != nil {
			return s.unreached(err)
		}
	}
	_ = c.Quit() // what it says to that changes nothing
	return nil
}

// enter signs in.
func (s Server) enter(ctx context.Context) error {
	c, err := s.client(func(line net.Conn) { context.AfterFunc(ctx, func() { _ = line.Close() }) })
	if err != nil {
		return err
	}
	err = c.DialWithContext(ctx)
	if err == nil {
		_ = c.Close()
		return nil
	}
	if said, ok := errors.AsType[*textproto.Error](err); ok {
		return fmt.Errorf("it does not let %q in (it answered %d): correct mail.user and mail.password", s.User, said.Code)
	}
	if ctx.Err() != nil {
		return s.mute(ctx, err)
	}
	return fmt.Errorf("%q cannot sign in there: %w: correct mail.tls, or leave mail.user empty if it lets everybody in", s.User, err)
}

// unreached says why there is no line to the server, or none that is encrypted.
func (s Server) unreached(err error) error {
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return fmt.Errorf("its name leads nowhere (%w): correct mail.host, or mend how this machine looks names up", err)
	}
	_, foreign := errors.AsType[x509.HostnameError](err)
	_, unknown := errors.AsType[*tls.CertificateVerificationError](err)
	if foreign || unknown {
		return fmt.Errorf("its certificate is not to be trusted (%w): set mail.host to the name that stands in it, or give the server one that this machine trusts", err)
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return errors.New(`it does not begin encrypted: set mail.tls = "starttls" and mail.port to the one for that (587)`)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) {
		return errors.New("it cannot be reached in time: correct mail.host and mail.port, or let this machine through to it")
	}
	return fmt.Errorf("it cannot be reached (%w): correct mail.host and mail.port, or let this machine through to it", err)
}

// mute says why the server that was reached does not greet as it should.
func (s Server) mute(ctx context.Context, err error) error {
	if said, ok := errors.AsType[*textproto.Error](err); ok && said.Code != 0 {
		return fmt.Errorf("it does not want to be spoken to (it answered %d): ask who runs it, or correct mail.from, whose domain we give as our name", said.Code)
	}
	if s.Encryption != TLS {
		return fmt.Errorf(`it does not greet (%w): if it is encrypted from the first byte, as on port 465, set mail.tls = "tls"; else correct mail.port`, cause(ctx, err))
	}
	return fmt.Errorf("it does not greet (%w): correct mail.port", cause(ctx, err))
}

func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return errors.New("it says nothing in time")
	}
	return err
}
