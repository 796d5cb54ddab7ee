package web

import (
	"errors"
	"net/url"
	"strconv"
	"strings"

	"flattery"
)

// connect sends the browser to a network, to link or to claim, or to the page where the network's code is typed.
func (s *site) connect(v *visit) (view, error) {
	if err := v.form(); err != nil {
		return view{}, err
	}
	c, err := s.connecting(v)
	if err != nil {
		return view{}, err
	}
	if !s.patience.allow(v.account.ID) {
		return view{}, errOften
	}
	to, state, err := s.Doors.Connect(v.ctx, c)
	if err != nil {
		return view{}, err
	}
	if state == "" {
		return view{redirect: to}, nil
	}
	s.sessions.Put(v.ctx, codeKey, []string{c.Network, to, state})
	return view{redirect: "/oauth/code"}, nil
}

// connecting reads the form.
func (s *site) connecting(v *visit) (Connecting, error) {
	n, err := s.network(v.ctx, v.PostFormValue("network"))
	if err != nil {
		return Connecting{}, err
	}
	c := Connecting{
		Account: v.account.ID, Browser: s.browser(v.ctx), Network: n.Key, Purpose: v.PostFormValue("purpose"), Handle: clean(v.PostFormValue("handle")),
		Month: n.Timed && v.PostFormValue("month") != "", Code: n.Code && v.PostFormValue("code") != "",
	}
	if c.Purpose != Linking && c.Purpose != Claiming {
		return c, flattery.Input("one connects to link or to claim, not for %q", c.Purpose)
	}
	if v.PostForm.Has("handle") && (c.Handle == "" || len(c.Handle) > longestName) {
		return c, flattery.Input("type the name of the organisation, at most %d letters of it", longestName)
	}
	if link := v.PostFormValue("link"); link != "" {
		id, err := strconv.ParseInt(link, 10, 64)
		if err != nil || id <= 0 {
			return c, flattery.ErrNotFound
		}
		c.Link = flattery.LinkID(id)
	}
	return c, nil
}

// longestAnswer is more than any network puts into the address of a callback.
const longestAnswer = 8 << 10

// callback is where a network sends the browser back to.
func (s *site) callback(v *visit) (view, error) {
	query, err := url.ParseQuery(v.URL.RawQuery)
	if err != nil || len(v.URL.RawQuery) > longestAnswer {
		return view{}, flattery.ErrAttempt
	}
	return s.connected(v, v.PathValue("network"), v.PathValue("host"), query)
}

// codePage has the way to the network, and a field for the code that is shown there.
type codePage struct {
	frame
	Title string // of the network
	To    string
}

func (*codePage) name() string { return "code" }

func (s *site) codePage(v *visit) (view, error) {
	begun, ok := s.sessions.Get(v.ctx, codeKey).([]string)
	if !ok || len(begun) != 3 {
		return view{redirect: "/links"}, nil
	}
	p := &codePage{Title: s.known[begun[0]].Title, To: begun[1]}
	p.Nav = "links"
	return view{page: p}, nil
}

// enterCode ends what waits for a code. An empty one is a slip of the finger and spends nothing.
func (s *site) enterCode(v *visit) (view, error) {
	if err := v.form(); err != nil {
		return view{}, err
	}
	begun, ok := s.sessions.Get(v.ctx, codeKey).([]string)
	if !ok || len(begun) != 3 {
		return view{}, flattery.ErrAttempt
	}
	code := strings.TrimSpace(v.PostFormValue("code"))
	if code == "" || len(code) > longestName {
		return view{redirect: "/oauth/code"}, s.tell(v, true, "", "flash.nocode")
	}
	answer, err := s.connected(v, begun[0], "", url.Values{"state": {begun[2]}, "code": {code}})
	if !errors.Is(err, errOften) { // whatever else came of it, the attempt is spent
		s.sessions.Remove(v.ctx, codeKey)
	}
	return answer, err
}

// connected hands in what a network answered, and says what came of it.
func (s *site) connected(v *visit, network, host string, query url.Values) (view, error) {
	browser := s.sessions.GetString(v.ctx, browserKey) // a stranger who comes out of nowhere gets no session
	if v.account.ID != 0 {
		browser = s.browser(v.ctx)
	}
	if err := s.admit(v); err != nil {
		return view{}, err
	}
	done, err := s.Doors.Connected(v.ctx, v.account.ID, browser, network, host, query)
	switch {
	case err != nil:
		return view{}, err
	case v.account.ID == 0:
		return s.entered(v, done)
	case done.Purpose == Entering:
		return s.proved(v, s.sessions.PopString(v.ctx, nextKey))
	}
	return s.told(v, network, done)
}

// admit counts who comes back from a network: an account by itself, a stranger by the address.
func (s *site) admit(v *visit) error {
	switch {
	case v.account.ID == 0 && !s.private(v.Request):
		return errPlain
	case v.account.ID == 0:
		return s.Desk.Knock(v.ctx, from(v.Request))
	case !s.patience.allow(v.account.ID):
		return errOften
	}
	return nil
}

// told says what came of connecting or proving.
func (s *site) told(v *visit, network string, done Connected) (view, error) {
	title := network
	if n, ok := s.known[network]; ok {
		title = n.Title
	}
	name := who(done.Profile)
	switch {
	case done.Purpose == Linking:
		return view{redirect: "/links"}, s.tell(v, false, "", "flash.linked", "who", name, "network", title)
	case done.Claim != 0 && !done.Disputed:
		return view{redirect: "/claims/" + strconv.FormatInt(int64(done.Claim), 10)}, nil
	case done.Disputed:
		return view{redirect: "/identities"}, s.tell(v, false, "", "flash.disputed", "who", name, "network", title)
	case done.Joined > 0:
		return view{redirect: "/identities"}, s.tell(v, false, "", "flash.joined", "n", done.Joined, "who", name, "network", title)
	default:
		return view{redirect: "/identities"}, s.tell(v, false, "", "flash.claimed", "who", name, "network", title)
	}
}
