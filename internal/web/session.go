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

// How long a sign-in lasts, and under which names the session keeps its account, when it began, when it was seen last and
// when its account showed who it is, the secret by which networks' answers are bound to this browser, what the next page
// says first, which network waits for a code, where who shows at a network who they are goes on, and the token that who follows a
// claim link shows in their profile.
const (
	sessionLife = 30 * 24 * time.Hour
	accountKey  = "account"
	madeKey     = "made"
	seenKey     = "seen"
	provedKey   = "proved"
	browserKey  = "browser"
	flashKey    = "flash"
	codeKey     = "code"
	nextKey     = "next"
	shownKey    = "shown " // and the number of a claim link
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
	ctx := context.WithValue(r.Context(), heldKey{}, &hold{browser: browserName(r.UserAgent())})
	return s.sessions.Load(ctx, token)
}

// A hold is what the store is told of the session of a visit.
type hold struct {
	found   string // hash of the token that the visitor came with, if there was such a session
	account flattery.AccountID
	browser string
	made    time.Time
	seen    time.Time
}

type heldKey struct{}

// held is the hold of a visit; an empty one where there is none.
func held(ctx context.Context) *hold {
	if h, ok := ctx.Value(heldKey{}).(*hold); ok {
		return h
	}
	return &hold{}
}

// saw notes now and then that a session is used.
func (s *site) saw(ctx context.Context) {
	now := s.Clock()
	if now.Sub(time.Unix(s.sessions.GetInt64(ctx, seenKey), 0)) >= time.Hour {
		s.sessions.Put(ctx, seenKey, now.Unix())
	}
}

// saveSession keeps what the visit changed and tells the browser, before anything of the answer is written.
func (s *site) saveSession(ctx context.Context, w http.ResponseWriter) error {
	switch s.sessions.Status(ctx) {
	case scs.Modified:
		h := held(ctx)
		h.account, h.seen, h.made = s.signedIn(ctx), s.Clock(), time.Unix(s.sessions.GetInt64(ctx, madeKey), 0).UTC()
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
	data, found, err := k.sessions.FindSession(ctx, token)
	if found {
		held(ctx).found = token
	}
	return data, found, err
}

// CommitCtx changes the session that was found, or makes another: one that was ended meanwhile does not come back.
func (k keeper) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	h := held(ctx)
	v := flattery.Session{Account: h.account, Token: token, Browser: h.browser, MadeAt: h.made, SeenAt: h.seen, Expires: expiry}
	if token == h.found {
		return k.sessions.ChangeSession(ctx, v, data)
	}
	return k.sessions.AddSession(ctx, v, data)
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
