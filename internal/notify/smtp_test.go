package notify_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// postbox is a mail server: it takes what it is given, encrypted if it can, and keeps it.
type postbox struct {
	net.Listener
	cert tls.Certificate
	pool *x509.CertPool

	plain atomic.Bool // knows no STARTTLS
	first atomic.Bool // is encrypted from the first byte
	dumb  atomic.Bool // lets nobody sign in
	still atomic.Bool // does not greet

	mu     sync.Mutex
	answer map[string]int // by the first word of a command, another answer than yes
	got    []string       // messages as they came
	said   []string       // commands
	users  []string       // who signed in, with their password
}

func newPostbox(t *testing.T) *postbox {
	t.Helper()
	server := httptest.NewTLSServer(nil) // for its certificate
	defer server.Close()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &postbox{Listener: l, cert: server.TLS.Certificates[0], pool: x509.NewCertPool(), answer: map[string]int{}}
	p.pool.AddCert(server.Certificate())
	var open sync.WaitGroup
	open.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			open.Go(func() { p.serve(c) })
		}
	})
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		open.Wait()
	})
	return p
}

func (p *postbox) port() int { return p.Addr().(*net.TCPAddr).Port }

// serve speaks SMTP as far as our letters need it.
func (p *postbox) serve(c net.Conn) {
	defer func() { _ = c.Close() }()
	secure := p.first.Load()
	if secure {
		c = tls.Server(c, &tls.Config{Certificates: []tls.Certificate{p.cert}})
	}
	in := bufio.NewReader(c)
	say := func(format string, args ...any) { fmt.Fprintf(c, format+"\r\n", args...) }
	if !p.still.Load() {
		say("220 post.example")
	}
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		word := strings.ToUpper(strings.SplitN(line+" ", " ", 2)[0])
		code := p.hear(line, word)
		switch {
		case code != 0 && word == "RCPT":
			say("%d no %s", code, line)
		case code != 0:
			say("%d no", code)
		case word == "EHLO" && !secure && !p.plain.Load():
			say("250-post.example\r\n250 STARTTLS")
		case word == "EHLO" && p.dumb.Load():
			say("250 post.example")
		case word == "EHLO":
			say("250-post.example\r\n250 AUTH PLAIN")
		case word == "STARTTLS":
			say("220 go on")
			c = tls.Server(c, &tls.Config{Certificates: []tls.Certificate{p.cert}})
			in, secure = bufio.NewReader(c), true
		case word == "DATA":
			say("354 go on")
			say("%s", p.take(in))
		case word == "AUTH":
			say("235 come in")
		case word == "QUIT":
			say("221 bye")
			return
		default:
			say("250 well")
		}
	}
}

func (p *postbox) hear(line, word string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.said = append(p.said, line)
	if secret, ok := strings.CutPrefix(line, "AUTH PLAIN "); ok {
		b, err := base64.StdEncoding.DecodeString(secret)
		p.users = append(p.users, fmt.Sprintf("%q %v", b, err))
	}
	return p.answer[word]
}

// take reads a message up to its point.
func (p *postbox) take(in *bufio.Reader) string {
	var b strings.Builder
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return "451 broken off"
		}
		if line == ".\r\n" {
			break
		}
		b.WriteString(strings.TrimPrefix(line, "."))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if code := p.answer["."]; code != 0 {
		return fmt.Sprint(code, " not this")
	}
	p.got = append(p.got, b.String())
	return "250 taken"
}

func (p *postbox) refuse(word string, code int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = map[string]int{word: code}
}

func (p *postbox) letters() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string{}, p.got...)
}

// commands are those that began with a word.
func (p *postbox) commands(word string) (all []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.said {
		if strings.HasPrefix(strings.ToUpper(s), word) {
			all = append(all, s)
		}
	}
	return all
}
