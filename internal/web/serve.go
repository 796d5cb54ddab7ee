package web

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"flattery"
)

// A visit is one request, once it is known who asks in which language.
type visit struct {
	*http.Request
	ctx     context.Context
	account flattery.Account // zero for a stranger
	tongue  *tongue
	now     time.Time
	cookies []*http.Cookie // to be set with the answer
}

// A view is what a handler answers: a page, or where to look next, or something that is no page.
type view struct {
	page     page
	status   int // of the page; 0: OK
	redirect string
	refresh  int // seconds after which the page is asked for again; 0: it is not
	raw      *raw
}

// A raw is what is no page: for a script of ours, or a file to be kept.
type raw struct {
	kind string // Content-Type
	file string // name to keep it by; "": it is not kept
	body []byte
	// When it changed last, of what is asked for again and again: who has it already is told so. Zero: it is sent each time.
	changed time.Time
}

// longestBody is more than any form here fills.
const longestBody = 64 << 10

// policy is the Content-Security-Policy up to where forms may lead. No page needs a script; those that ask for passkeys
// have one of our own.
const policy = "default-src 'self'; script-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"

// What goes with every answer, beside the policy.
var headers = [...][2]string{
	{"X-Content-Type-Options", "nosniff"},
	{"Referrer-Policy", "same-origin"},
	{"Cross-Origin-Opener-Policy", "same-origin"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
	{"Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()"},
}

// handler joins the routes to one handler.
func (s *site) handler(base *url.URL) (http.Handler, error) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", s.serveHealth)
	mux.HandleFunc("GET /assets/{name}", s.serveAsset)
	mux.HandleFunc("GET /manifest.webmanifest", s.serveManifest)
	mux.HandleFunc("GET /favicon.ico", s.serveIcon("favicon.png"))
	mux.HandleFunc("GET /apple-touch-icon.png", s.serveIcon("touch-icon.png"))
	mux.HandleFunc("GET /button.js", s.serveButton)
	mux.HandleFunc("GET /badge/{file}", s.serveBadge)
	for _, r := range s.routes() {
		mux.Handle(r.pattern, s.serve(r))
	}
	mux.Handle("/", s.serve(route{handle: func(v *visit) (view, error) {
		if allow := allowed(mux, v.Request); allow != "" {
			return view{}, &methodError{allow}
		}
		return view{}, flattery.ErrNotFound
	}}))

	foreign := http.NewCrossOriginProtection()
	if base.Host != "" {
		if err := foreign.AddTrustedOrigin(base.Scheme + "://" + base.Host); err != nil {
			return nil, fmt.Errorf("web: base_url: %w", err)
		}
	}
	foreign.SetDenyHandler(s.serve(route{handle: func(*visit) (view, error) { return view{}, errForeign }}))
	guarded := foreign.Handler(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", s.policy)
		for _, h := range headers {
			w.Header().Set(h[0], h[1])
		}
		most := int64(longestBody)
		if brings := map[string]int64{importPath: s.MostUpload, bankPath: longestStatement}[r.URL.Path]; r.Method == http.MethodPost && brings > 0 {
			most = brings
			s.roomy(w)
		}
		r.Body = http.MaxBytesReader(w, r.Body, most)
		guarded.ServeHTTP(w, r)
	}), nil
}

// allowed lists the methods that a path exists for, "" when it exists for none.
func allowed(mux *http.ServeMux, r *http.Request) string {
	var found []string
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		if _, pattern := mux.Handler(&http.Request{Method: method, Host: r.Host, URL: r.URL}); strings.HasPrefix(pattern, method+" ") {
			found = append(found, method)
		}
	}
	return strings.Join(found, ", ")
}

// serve runs one route from request to answer. Whatever goes wrong on the way becomes a page here and nowhere else.
func (s *site) serve(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Add("Vary", "Cookie, Accept-Language")
		if secretive(r.URL.Path) {
			w.Header().Set("Referrer-Policy", "no-referrer")
			w.Header().Set("X-Robots-Tag", "noindex, nofollow")
		}
		v := &visit{Request: r, ctx: r.Context(), now: s.Now()}
		v.tongue = s.tongues.choose(r, s.chosen(r), "")
		answer, err := s.answer(rt, v)
		if v.ctx != nil { // after a failure too: what was spent stays spent
			if unsaved := s.saveSession(v.ctx, w); err == nil {
				err = unsaved
			}
		}
		for _, c := range v.cookies {
			http.SetCookie(w, c)
		}
		if err == nil && answer.redirect != "" {
			http.Redirect(w, r, answer.redirect, http.StatusSeeOther)
			return
		}
		var body []byte
		if err == nil && answer.raw == nil {
			body, err = s.render(v.tongue.code, answer.page)
		}
		if err != nil {
			s.fail(w, v, rt, err)
			return
		}
		if answer.raw != nil {
			if answer.raw.file != "" {
				w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": answer.raw.file}))
			}
			s.sendRaw(w, r, answer.raw)
			return
		}
		if answer.refresh > 0 {
			w.Header().Set("Refresh", strconv.Itoa(answer.refresh))
		}
		s.send(w, cmp.Or(answer.status, http.StatusOK), htmlType, body)
	})
}

// sendRaw sends it, or says that the visitor has it.
func (s *site) sendRaw(w http.ResponseWriter, r *http.Request, a *raw) {
	if a.changed.IsZero() {
		s.send(w, http.StatusOK, a.kind, a.body)
		return
	}
	sum := sha256.Sum256(a.body)
	w.Header().Set("Cache-Control", "private, no-cache")
	w.Header().Set("Content-Type", a.kind)
	w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:12])+`"`)
	http.ServeContent(w, r, "", a.changed, bytes.NewReader(a.body))
}

// secretive reports whether an address is a secret.
func secretive(path string) bool {
	return slices.ContainsFunc([]string{"/enter/", "/oauth/", "/invite/", "/feed/", "/mail/", claimPath}, func(secret string) bool { return strings.HasPrefix(path, secret) })
}

// answer finds out who asks and lets the route's handler answer.
func (s *site) answer(rt route, v *visit) (answer view, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	if v.ctx, err = s.loadSession(v.Request); err != nil {
		v.ctx = nil
		return view{}, err
	}
	if err := s.recognise(v); err != nil {
		return view{}, err
	}
	if rt.access != anyone && v.account.ID == 0 {
		if v.Method == http.MethodPost {
			return view{}, errStranger
		}
		return view{redirect: "/"}, nil
	}
	if rt.access == admins && !v.account.Admin {
		return view{}, flattery.ErrNotFound
	}
	if first, err := s.mustProve(rt, v); err != nil || first != "" {
		return view{redirect: first}, err
	}
	answer, err = rt.handle(v)
	if err == nil && answer.page != nil {
		s.frame(v, answer.page.framed())
		answer.page.framed().Flash = s.flash(v)
	}
	return answer, err
}

// recognise fills in the account of who is signed in. A session whose account is gone is a stranger's.
func (s *site) recognise(v *visit) error {
	id := s.signedIn(v.ctx)
	if id == 0 {
		return nil
	}
	a, err := s.Store.Account(v.ctx, id)
	if errors.Is(err, flattery.ErrNotFound) {
		return s.sessions.Destroy(v.ctx)
	}
	if err != nil {
		return err
	}
	v.account = a
	s.saw(v.ctx)
	v.tongue = s.tongues.choose(v.Request, s.chosen(v.Request), a.Language)
	return nil
}

func (s *site) frame(v *visit, f *frame) {
	f.Lang, f.Languages = v.tongue.code, languages[:]
	f.Runs, f.Prepaid = v.account.Admin, s.Mode == Prepaid
	f.Account, f.Demo, f.Version, f.Zone = clean(v.account.Name), s.Demo, s.Version, s.Location.String()
	if f.Here == "" {
		f.Here = v.URL.RequestURI()
	}
}

const htmlType = "text/html; charset=utf-8"

func (s *site) send(w http.ResponseWriter, status int, kind string, body []byte) {
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	if _, err := w.Write(body); err != nil {
		s.Log.Debug("web: the visitor left", "error", err)
	}
}

// back is where a command leads to when it is done: the page it was given on, if that is one of ours.
func (v *visit) back(otherwise string) string {
	return local(v.PostFormValue("back"), otherwise)
}

// number reads a number of the address.
func (v *visit) number(name string) (int64, error) {
	n, err := strconv.ParseInt(v.PathValue(name), 10, 64)
	if err != nil || n <= 0 {
		return 0, flattery.ErrNotFound
	}
	return n, nil
}

// form reads the form of a command, as far as bodies may go.
func (v *visit) form() error {
	if err := v.ParseForm(); err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return err
		}
		return flattery.Input("this form cannot be read")
	}
	return nil
}
