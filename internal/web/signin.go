package web

import (
	"errors"
	"net/http"
	"time"

	"flattery"
)

// signinPage asks for a name and its password, or for a passkey.
type signinPage struct {
	frame
	device
	Plain bool   // signing in is refused here, because the way is not private
	Name  string // as it was typed
	Wrong bool
}

func (*signinPage) name() string { return "signin" }

func (s *site) signinPage(v *visit) (view, error) {
	if v.account.ID != 0 {
		return view{redirect: "/"}, nil
	}
	return view{page: &signinPage{device: s.device(v.Request), Plain: !s.private(v.Request)}}, nil
}

func (s *site) signin(v *visit) (view, error) {
	if !s.private(v.Request) {
		return view{}, errPlain
	}
	if err := v.form(); err != nil {
		return view{}, err
	}
	name, password := clean(v.PostFormValue("name")), flattery.Secret(v.PostFormValue("password"))
	id, err := s.Desk.SignIn(v.ctx, name, password, from(v.Request))
	if errors.Is(err, flattery.ErrWrong) {
		p := &signinPage{device: s.device(v.Request), Name: name, Wrong: true}
		p.Here = "/signin"
		return view{page: p, status: http.StatusForbidden}, nil
	}
	if err != nil {
		return view{}, err
	}
	return view{redirect: "/"}, s.letIn(v, id)
}

// letIn signs the visitor in, in a session of its own.
func (s *site) letIn(v *visit, id flattery.AccountID) error {
	if err := s.sessions.Clear(v.ctx); err != nil {
		return err
	}
	if err := s.sessions.RenewToken(v.ctx); err != nil {
		return err
	}
	s.sessions.Put(v.ctx, accountKey, int64(id))
	for _, key := range []string{madeKey, seenKey, provedKey} {
		s.sessions.Put(v.ctx, key, s.Clock().Unix())
	}
	return nil
}

// longestAsking is how long the session of a stranger lasts, who was asked for a passkey.
const longestAsking = 10 * time.Minute

// ask keeps what a question to a device leaves behind, under the purpose it is for, and answers the question.
func (s *site) ask(v *visit, purpose string, options, kept []byte, err error) (view, error) {
	if err != nil {
		return view{}, err
	}
	s.sessions.Put(v.ctx, purpose, kept)
	if v.account.ID == 0 {
		s.sessions.SetDeadline(v.ctx, s.Clock().Add(longestAsking))
	}
	return view{raw: &raw{kind: "application/json", body: options}}, nil
}

// The purposes for which a device is asked: names under which the session keeps what was asked. Each is used once.
const (
	askedSignin = "passkey: sign in"
	askedProof  = "passkey: prove"
	askedKey    = "passkey: new"
	askedInvite = "passkey: newcomer"
)

func (s *site) askSignin(v *visit) (view, error) {
	if !s.private(v.Request) {
		return view{}, errPlain
	}
	options, kept, err := s.Desk.AskPasskey(v.ctx, 0, from(v.Request))
	return s.ask(v, askedSignin, options, kept, err)
}

func (s *site) signinPasskey(v *visit) (view, error) {
	if !s.private(v.Request) {
		return view{}, errPlain
	}
	if err := v.form(); err != nil {
		return view{}, err
	}
	kept := s.sessions.PopBytes(v.ctx, askedSignin)
	id, err := s.Desk.ShowPasskey(v.ctx, 0, kept, v.PostFormValue("answer"), from(v.Request))
	if err != nil {
		return view{}, err
	}
	return view{redirect: "/"}, s.letIn(v, id)
}
