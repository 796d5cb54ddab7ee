package web

import (
	"context"
	"crypto/rand"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/alexedwards/scs/v2"
	"golang.org/x/time/rate"

	"flattery"
)

// How long a sign-in lasts, and under which names the session keeps its account, the secret by which networks' answers
// are bound to this browser, what the next page says first, and which network waits for a code.
const (
	sessionLife = 30 * 24 * time.Hour
	accountKey  = "account"
	browserKey  = "browser"
	flashKey    = "flash"
	codeKey     = "code"
)

// newSessions does without scs.New, whose store in memory cleans itself up for ever, in a goroutine that nobody waits for.
func newSessions(store Sessions, secure bool) *scs.SessionManager {
	return &scs.SessionManager{
		Store: keeper{store}, Codec: scs.GobCodec{}, HashTokenInStore: true, Lifetime: sessionLife,
		Cookie: scs.SessionCookie{
			Name: cookieName("flattery", secure), Path: "/", HttpOnly: true, Secure: secure, SameSite: http.SameSiteLaxMode, Persist: true,
		},
	}
}

// cookieName: browsers take a __Host- cookie only from this very host over https.
func cookieName(name string, secure bool) string {
	if secure {
		return "__Host-" + name
	}
	return name
}

// private reports whether a session may travel with this request: over https, or without ever leaving the machine.
func (s *site) private(r *http.Request) bool { return s.secure || loopback(r.Host) }

func loopback(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	} else if n := len(host); n > 2 && host[0] == '[' && host[n-1] == ']' {
		host = host[1 : n-1]
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// loadSession finds the visitor's session; without one the visit has a new and empty one, which is kept only when
// something is put into it.
func (s *site) loadSession(r *http.Request) (context.Context, error) {
	token := ""
	if c, err := r.Cookie(s.sessions.Cookie.Name); err == nil && s.private(r) {
		token = c.Value
	}
	return s.sessions.Load(r.Context(), token)
}

// saveSession keeps what the visit changed and tells the browser, before anything of the answer is written.
func (s *site) saveSession(ctx context.Context, w http.ResponseWriter) error {
	switch s.sessions.Status(ctx) {
	case scs.Modified:
		token, expiry, err := s.sessions.Commit(ctx)
		if err != nil {
			return err
		}
		s.sessions.WriteSessionCookie(ctx, w, token, expiry)
	case scs.Destroyed:
		s.sessions.WriteSessionCookie(ctx, w, "", time.Time{})
	}
	return nil
}

func (s *site) signedIn(ctx context.Context) flattery.AccountID {
	return flattery.AccountID(s.sessions.GetInt64(ctx, accountKey))
}

// browser is a secret of this session, made when it is first needed.
func (s *site) browser(ctx context.Context) string {
	secret := s.sessions.GetString(ctx, browserKey)
	if secret == "" {
		secret = rand.Text()
		s.sessions.Put(ctx, browserKey, secret)
	}
	return secret
}

// A flash is one message that the next page shows once.
type flash struct {
	Text   string
	Detail string // from outside, as it is
	Bad    bool
}

// tell lets the next page say a phrase.
func (s *site) tell(v *visit, bad bool, detail, key string, pairs ...any) error {
	text, err := v.tongue.say(key, pairs...)
	if err != nil {
		return err
	}
	s.sessions.Put(v.ctx, flashKey, []string{text, clean(detail), map[bool]string{true: "bad"}[bad]})
	return nil
}

// flash takes the message out of the session; nil where there is none.
func (s *site) flash(v *visit) *flash {
	if !s.sessions.Exists(v.ctx, flashKey) {
		return nil
	}
	if kept, ok := s.sessions.Pop(v.ctx, flashKey).([]string); ok && len(kept) == 3 {
		return &flash{Text: kept[0], Detail: kept[1], Bad: kept[2] != ""}
	}
	return nil
}

// patience counts what an account asks of networks: at most 20 at once, then one a second.
type patience struct {
	mu    sync.Mutex
	doors map[flattery.AccountID]*rate.Limiter
}

func (p *patience) allow(a flattery.AccountID) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.doors == nil {
		p.doors = map[flattery.AccountID]*rate.Limiter{}
	}
	if p.doors[a] == nil {
		p.doors[a] = rate.NewLimiter(1, 20)
	}
	return p.doors[a].Allow()
}

// keeper lets scs speak with Sessions. The methods without a context are never called, because scs prefers the others.
type keeper struct{ sessions Sessions }

func (k keeper) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	return k.sessions.FindSession(ctx, token)
}

func (k keeper) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	return k.sessions.SaveSession(ctx, token, data, expiry)
}

func (k keeper) DeleteCtx(ctx context.Context, token string) error {
	return k.sessions.RemoveSession(ctx, token)
}

func (k keeper) Find(token string) ([]byte, bool, error) {
	return k.FindCtx(context.Background(), token)
}

func (k keeper) Commit(token string, data []byte, expiry time.Time) error {
	return k.CommitCtx(context.Background(), token, data, expiry)
}

func (k keeper) Delete(token string) error { return k.DeleteCtx(context.Background(), token) }
