package web

import (
	"bytes"
	"encoding/xml"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"flattery"
)

// buttonPage has what creators put on their pages, and what donors put into their browser.
type buttonPage struct {
	frame
	Public      bool
	Name        string // of who is signed in, as in addresses
	Page        string // address of the public page
	Badge       string
	Snippet     string // a button
	BadgeCode   string
	PaymentCode string
	Bookmarklet template.URL
	Code        string // the same as text
}

func (*buttonPage) name() string { return "button" }

// home is the address of the instance, without a slash at the end.
func (s *site) home(r *http.Request) string {
	if s.BaseURL != "" {
		return strings.TrimSuffix(s.BaseURL, "/")
	}
	host := r.Host
	if !plainHost.MatchString(host) {
		host = "localhost"
	}
	return "http://" + host
}

// publicPath and badgePath are addresses by an account's name.
func publicPath(name string) string { return "/p/" + url.PathEscape(name) }
func badgePath(name string) string  { return "/badge/" + url.PathEscape(name) + ".svg" }

// submitFor is the address of a button by a name, for a page.
func (s *site) submitFor(r *http.Request, name, page, title string) string {
	q := url.Values{"user_id": {name}, "url": {page}}
	if title != "" {
		q.Set("title", title)
	}
	return s.home(r) + submitPath + "?" + q.Encode()
}

// The bookmarklet opens the window with the address and title of the page one is on, and nothing else.
func (s *site) bookmarklet(r *http.Request) string {
	return "javascript:(function(){window.open('" + s.home(r) + submitPath +
		"?url='+encodeURIComponent(location.href)+'&title='+encodeURIComponent(document.title),'_blank','noopener,width=560,height=760')})()"
}

func (s *site) button(v *visit) (view, error) {
	p := &buttonPage{Code: s.bookmarklet(v.Request)}
	p.Bookmarklet = template.URL(p.Code) //nolint:gosec // ours, and of a host in plain letters
	if a := v.account; a.ID != 0 {
		home := s.home(v.Request)
		p.Public, p.Name, p.Page, p.Badge = a.Public, a.Name, home+publicPath(a.Name), badgePath(a.Name)
		to := template.HTMLEscapeString(s.submitFor(v.Request, a.Name, "https://example.org/page", "My page"))
		p.Snippet = `<a class="flattery-button" href="` + to + `">Flattr this</a>` + "\n" + `<script async src="` + home + `/button.js"></script>`
		p.BadgeCode = `<a href="` + template.HTMLEscapeString(p.Page) + `"><img src="` + template.HTMLEscapeString(home+p.Badge) + `" alt="Flattr me" width="110" height="28"></a>`
		p.PaymentCode = `<link rel="payment" type="text/html" title="Flattr this" href="` + to + `">`
	}
	return view{page: p}, nil
}

func (s *site) publish(v *visit) (view, error) {
	if err := v.form(); err != nil {
		return view{}, err
	}
	public := v.PostFormValue("public") != ""
	if err := s.Doors.Publish(v.ctx, v.account.ID, public); err != nil {
		return view{}, err
	}
	return view{redirect: "/button"}, s.tell(v, false, "", map[bool]string{true: "flash.public", false: "flash.private"}[public])
}

// publicPage is what everybody may see of an account that wants that: who it is, and a button. Nothing of sums.
type publicPage struct {
	frame
	Name   string
	Claims []flattery.Claim
	Submit string
}

func (*publicPage) name() string { return "public" }

// seen finds an account that wants to be seen. Nobody learns which others there are.
func (s *site) seen(r *http.Request, name string) (flattery.Account, error) {
	a, err := s.Store.AccountNamed(r.Context(), name)
	if err == nil && !a.Public {
		err = flattery.ErrNotFound
	}
	return a, err
}

func (s *site) public(v *visit) (view, error) {
	a, err := s.seen(v.Request, v.PathValue("name"))
	if err != nil {
		return view{}, err
	}
	claims, err := s.Store.Claims(v.ctx, a.ID)
	if err != nil {
		return view{}, err
	}
	return view{page: &publicPage{Name: a.Name, Claims: outward(claims), Submit: s.submitFor(v.Request, a.Name, s.home(v.Request)+publicPath(a.Name), a.Name)}}, nil
}

// outward leaves out what an account is here by itself.
func outward(claims []flattery.Claim) []flattery.Claim {
	var list []flattery.Claim
	for _, c := range claims {
		if c.Identity.Network != flattery.House {
			list = append(list, c)
		}
	}
	return list
}

// --- files for other people's pages: no session, no cookie ---

// foreign lets other sites load an answer.
func foreign(w http.ResponseWriter, kind string) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Cache-Control", "public, max-age=86400")
}

func (s *site) serveButton(w http.ResponseWriter, _ *http.Request) {
	foreign(w, "text/javascript; charset=utf-8")
	s.write(w, "", s.assets.files[s.assets.names["button.js"]])
}

func (s *site) serveBadge(w http.ResponseWriter, r *http.Request) {
	name, ok := strings.CutSuffix(r.PathValue("file"), ".svg")
	a, err := s.seen(r, name)
	if !ok || errors.Is(err, flattery.ErrNotFound) {
		w.Header().Set("Cache-Control", "no-store")
		http.Error(w, "no such file", http.StatusNotFound)
		return
	}
	if err != nil {
		s.Log.Error("web: badge", "error", err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	foreign(w, "image/svg+xml")
	var title bytes.Buffer
	if err := xml.EscapeText(&title, []byte(clean(a.Name))); err != nil {
		s.Log.Error("web: badge", "error", err)
	}
	s.write(w, "", []byte(strings.Replace(badge, "{name}", title.String(), 1)))
}

// badge is the same for everybody but for its title: no figure that would tell how much anybody receives.
const badge = `<svg xmlns="http://www.w3.org/2000/svg" width="110" height="28" viewBox="0 0 110 28" role="img"><title>Flattr {name}</title>
<rect width="110" height="28" rx="6" fill="#1b6b56"/>
<path d="M16 21.6c-4.7-3.3-7.4-5.9-7.4-9a4.1 4.1 0 0 1 7.4-2.5 4.1 4.1 0 0 1 7.4 2.5c0 3.1-2.7 5.7-7.4 9z" fill="#fff"/>
<text x="31" y="18.6" font-family="system-ui,-apple-system,Segoe UI,Roboto,sans-serif" font-size="13.5" font-weight="600" fill="#fff" textLength="66" lengthAdjust="spacingAndGlyphs">Flattr me</text></svg>
`
