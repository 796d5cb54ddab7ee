package web

import (
	"cmp"
	"errors"
	"net/http"
	"slices"

	"flattery"
)

// startPage says to a stranger what this is and how to get in.
type startPage struct {
	frame
	Plain bool // signing in is refused here, because the way is not private
}

func (*startPage) name() string { return "start" }

func (s *site) start(v *visit) (view, error) {
	if v.account.ID != 0 {
		return view{redirect: cmp.Or(v.remembered(s), "/month")}, nil
	}
	return view{page: &startPage{Plain: !s.private(v.Request)}}, nil
}

// doorPage has one button. Only pressing it spends the token, so that nothing which merely looks at links does.
type doorPage struct {
	frame
	Days int // how long one stays signed in
}

func (*doorPage) name() string { return "door" }

func (s *site) door(v *visit) (view, error) {
	if !s.private(v.Request) {
		return view{}, errPlain
	}
	return view{page: &doorPage{Days: int(sessionLife.Hours() / 24)}}, nil
}

func (s *site) enter(v *visit) (view, error) {
	if !s.private(v.Request) {
		return view{}, errPlain
	}
	if !s.doorbell.Allow() {
		return view{}, errOften
	}
	id, err := s.Doors.Enter(v.ctx, v.PathValue("token"))
	if errors.Is(err, flattery.ErrNotFound) {
		return view{}, errToken
	}
	if err != nil {
		return view{}, err
	}
	keys, err := s.Desk.Keys(v.ctx, id)
	if err != nil {
		return view{}, err
	}
	if err := s.letIn(v, id); err != nil {
		return view{}, err
	}
	switch {
	case s.Demo: // nobody comes back to it
		return view{redirect: "/"}, nil
	case keys.Has():
		return view{redirect: "/"}, s.tell(v, false, "", "flash.entered", "n", int(recent.Minutes()))
	}
	a, err := s.Store.Account(v.ctx, id)
	switch {
	case err != nil && !errors.Is(err, flattery.ErrNotFound):
		return view{}, err
	case a.Admin: // of a house that nobody has moved into yet
		return view{redirect: setupPath}, nil
	default:
		return view{redirect: welcomePath}, s.tell(v, false, "", "flash.first")
	}
}

func (s *site) leave(v *visit) (view, error) {
	return view{redirect: "/"}, s.sessions.Destroy(v.ctx)
}

// language remembers the visitor's choice in a cookie of its own, so that a stranger needs no session.
func (s *site) language(v *visit) (view, error) {
	if err := v.form(); err != nil {
		return view{}, err
	}
	code := v.PostFormValue("language")
	if !slices.Contains(languages[:], code) {
		return view{}, flattery.Input("no such language: %q", code)
	}
	v.cookies = append(v.cookies, s.languageCookie(code, 365*24*60*60))
	return view{redirect: v.back("/")}, nil
}

func (s *site) languageCookie(code string, seconds int) *http.Cookie {
	return &http.Cookie{ //nolint:gosec // Secure wherever people come by https
		Name: cookieName("flattery-language", s.secure), Value: code, Path: "/", MaxAge: seconds,
		Secure: s.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
}

// chosen is the language that the visitor once chose here, or "".
func (s *site) chosen(r *http.Request) string {
	c, err := r.Cookie(cookieName("flattery-language", s.secure))
	if err != nil {
		return ""
	}
	return c.Value
}
