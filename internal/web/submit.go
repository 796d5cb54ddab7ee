package web

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"flattery"
)

// Asked is what stands in a button's address. All of it is somebody's text.
type Asked struct {
	User  string // name of an account here, or network:handle; "": the page alone
	URL   string
	Title string
}

// Offer is what a button stands for.
type Offer struct {
	Thing   flattery.Thing
	Author  flattery.Profile
	Claimed bool   // somebody here has shown to be the author
	Name    string // of that account, where it wants to be seen
	Site    bool   // the page is on a site of that account's
	Own     bool   // it is of who asks
}

// Clicked is what became of a press on a button.
type Clicked struct {
	Flattr flattery.FlattrID
	State  flattery.State
	Known  bool // it was there already
}

// submitPage is the window of a button: what would be flattred, whose it is, and one button.
type submitPage struct {
	frame
	Asked
	Offer
	Turn        int64 // makes this one press, however often it is sent
	Once        bool
	Language    string // of title and description; "": not told
	Description string
	Tags        []string
	Category    string
	Host        string
}

func (*submitPage) name() string { return "submit" }

// submitPath is Flattr's own address for it.
const submitPath = "/submit/auto"

// The kinds of thing that Flattr knew, and how it wrote a language.
var (
	categories     = []string{"text", "images", "video", "audio", "software", "people", "rest"}
	languageOfText = regexp.MustCompile(`^[A-Za-z]{2,3}([_-][A-Za-z]{2,4})?$`)
)

// mostTags is how many words beside a thing are shown.
const mostTags = 10

func (s *site) submit(v *visit) (view, error) {
	q := v.URL.Query()
	p := &submitPage{Asked: Asked{q.Get("user_id"), q.Get("url"), q.Get("title")}, Once: s.ClickOnce, Description: clean(q.Get("description"))}
	var err error
	if p.Offer, err = s.Doors.Offer(v.ctx, v.account.ID, p.Asked); err != nil {
		return view{}, err
	}
	p.Title, p.Host = p.Thing.Title, hostOf(p.Thing.URL)
	for tag := range strings.SplitSeq(q.Get("tags"), ",") {
		if tag = clean(tag); tag != "" && len(p.Tags) < mostTags {
			p.Tags = append(p.Tags, tag)
		}
	}
	if c := q.Get("category"); slices.Contains(categories, c) {
		p.Category = c
	}
	if l := q.Get("language"); languageOfText.MatchString(l) {
		p.Language = strings.ReplaceAll(l, "_", "-")
	}
	p.Turn = newTurn()
	if v.account.ID == 0 {
		v.remember(s, p)
	}
	return view{page: p}, nil
}

// newTurn is a number that no other press has.
func newTurn() int64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // it never fails
	return int64(binary.BigEndian.Uint64(b[:])>>1 | 1)
}

func (s *site) press(v *visit) (view, error) {
	if err := v.form(); err != nil {
		return view{}, err
	}
	turn, err := strconv.ParseInt(v.PostFormValue("turn"), 10, 64)
	if err != nil {
		turn = 0
	}
	got, err := s.Doors.Click(v.ctx, v.account.ID, Asked{v.PostFormValue("user_id"), v.PostFormValue("url"), v.PostFormValue("title")}, turn)
	if err != nil {
		return view{}, err
	}
	says := "flash.flattred"
	switch {
	case got.State == flattery.Own:
		says = "flash.own"
	case got.Known:
		says = "flash.known"
	case got.State == flattery.Pending:
		says = "flash.waits"
	}
	return view{redirect: "/flattrs/" + strconv.FormatInt(int64(got.Flattr), 10)}, s.tell(v, false, "", says)
}

// --- to sign in, and back ---

// backLife is how long the way back is remembered, in seconds.
const backLife = 60 * 60

func backCookie(s *site) string { return cookieName("flattery-back", s.secure) }

// longestBack is what a cookie holds for certain.
const longestBack = 3000

// remember keeps the address of a button's window in the browser of a stranger, who signs in and is led back; without its title
// where that makes it too long. Nothing is kept here.
func (v *visit) remember(s *site, p *submitPage) {
	q := url.Values{"url": {p.Thing.URL}}
	if p.User != "" {
		q.Set("user_id", p.User)
	}
	for _, title := range []string{p.Title, ""} {
		if q.Del("title"); title != "" {
			q.Set("title", title)
		}
		if to := base64.RawURLEncoding.EncodeToString([]byte(submitPath + "?" + q.Encode())); len(to) <= longestBack {
			v.cookies = append(v.cookies, s.back(to, backLife))
			return
		}
	}
}

func (s *site) back(to string, age int) *http.Cookie {
	return &http.Cookie{ //nolint:gosec // Secure wherever people come by https
		Name: backCookie(s), Value: to, Path: "/", MaxAge: age, Secure: s.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
}

// remembered is where the visitor was before signing in, once; "" where that was nowhere. It leads to a button's window only.
func (v *visit) remembered(s *site) string {
	c, err := v.Cookie(backCookie(s))
	if err != nil {
		return ""
	}
	v.cookies = append(v.cookies, s.back("", -1))
	b, err := base64.RawURLEncoding.DecodeString(c.Value)
	if err != nil {
		return ""
	}
	u, err := url.Parse(string(b))
	if err != nil || u.Scheme != "" || u.Host != "" || u.Path != submitPath || !strings.HasPrefix(string(b), submitPath+"?") {
		return ""
	}
	return submitPath + "?" + u.RawQuery
}
