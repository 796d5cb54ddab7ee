package web

import (
	"context"
	"errors"
	"time"

	"flattery"
)

// securityPage is by what the account comes in, and where it is signed in.
type securityPage struct {
	frame
	device
	flattery.Keys
	Fresh    bool // who is there has shown it lately
	Sessions []sessionLine
	Others   bool // there are sessions beside this one
	Shortest int  // of a password
	Longest  int
}

func (*securityPage) name() string { return "security" }

// sessionLine is a session as the page shows it.
type sessionLine struct {
	flattery.Session
	Seen    time.Duration // ago
	Current bool
}

func (s *site) security(v *visit) (view, error) {
	keys, err := s.Desk.Keys(v.ctx, v.account.ID)
	if err != nil {
		return view{}, err
	}
	sessions, err := s.Desk.Sessions(v.ctx, v.account.ID)
	if err != nil {
		return view{}, err
	}
	p := &securityPage{device: s.device(v.Request), Keys: keys, Fresh: s.fresh(v), Others: len(sessions) > 1,
		Shortest: flattery.ShortestPassword, Longest: flattery.LongestPassword}
	p.Nav = "security"
	own := held(v.ctx).found
	for _, o := range sessions {
		line := sessionLine{Session: o, Seen: max(s.Clock().Sub(o.SeenAt), 0), Current: o.Token == own}
		line.Token = "" // no template has any use for it
		p.Sessions = append(p.Sessions, line)
	}
	return view{page: p}, nil
}

const securityPath = "/settings/security"

// keyed is where a new key leads: on, where it was made in the first run; back, where it was not taken.
func (v *visit) keyed(taken bool) string {
	switch {
	case v.PostFormValue("setup") == "" || !v.account.Admin:
		return securityPath
	case taken:
		return stepPath("keys", 1)
	default:
		return stepPath("keys", 0)
	}
}

func (s *site) setPassword(v *visit) (view, error) {
	if err := v.form(); err != nil {
		return view{}, err
	}
	err := s.Desk.SetPassword(v.ctx, v.account.ID, flattery.Secret(v.PostFormValue("password")), held(v.ctx).found)
	if errors.Is(err, flattery.ErrWeak) {
		return view{redirect: v.keyed(false)}, s.tell(v, true, "", "flash.weak", "n", flattery.ShortestPassword)
	}
	if err != nil {
		return view{}, err
	}
	return view{redirect: v.keyed(true)}, s.tell(v, false, "", "flash.password")
}

func (s *site) askKey(v *visit) (view, error) {
	options, kept, err := s.Desk.BeginPasskey(v.ctx, v.account.ID, "")
	return s.ask(v, askedKey, options, kept, err)
}

// longestKeyName is more than anybody types.
const longestKeyName = 60

// keyName is what a new passkey is called: as its owner says, or as its browser.
func keyName(v *visit) string {
	name := clean(v.PostFormValue("device"))
	if letters := []rune(name); len(letters) > longestKeyName {
		name = string(letters[:longestKeyName])
	}
	if name == "" {
		name = browserName(v.UserAgent())
	}
	return name
}

func (s *site) addPasskey(v *visit) (view, error) {
	if err := v.form(); err != nil {
		return view{}, err
	}
	kept := s.sessions.PopBytes(v.ctx, askedKey)
	err := s.Desk.AddPasskey(v.ctx, v.account.ID, kept, v.PostFormValue("answer"), keyName(v))
	if errors.Is(err, flattery.ErrWrong) || errors.Is(err, flattery.ErrConflict) {
		return view{redirect: v.keyed(false)}, s.tell(v, true, "", "flash.nopasskey")
	}
	if err != nil {
		return view{}, err
	}
	return view{redirect: v.keyed(true)}, s.tell(v, false, "", "flash.passkey")
}

func (s *site) removePasskey(v *visit) (view, error) {
	return s.release(v, securityPath, "flash.unpasskey", func(ctx context.Context, id int64) error {
		return s.Desk.RemovePasskey(ctx, v.account.ID, flattery.PasskeyID(id), held(ctx).found)
	})
}

func (s *site) endSession(v *visit) (view, error) {
	return s.release(v, securityPath, "flash.session", func(ctx context.Context, id int64) error {
		return s.Desk.EndSession(ctx, v.account.ID, flattery.SessionID(id))
	})
}

func (s *site) endSessions(v *visit) (view, error) {
	if err := s.Desk.EndSessions(v.ctx, v.account.ID, held(v.ctx).found); err != nil {
		return view{}, err
	}
	return view{redirect: securityPath}, s.tell(v, false, "", "flash.sessions")
}
