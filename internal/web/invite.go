package web

import (
	"errors"
	"net/http"
	"slices"

	"flattery"
)

// invitePage lets a newcomer choose a name, a language, and a password or passkey.
type invitePage struct {
	frame
	device
	Token    string
	Name     string // as it was typed
	Wrong    string // what is not right: name, taken, weak, passkey; "": nothing
	Shortest int
	Longest  int
}

func (*invitePage) name() string { return "invite" }

func (s *site) invitePage(v *visit) (view, error) { return s.inviteAgain(v, "") }

func (s *site) inviteAgain(v *visit, wrong string) (view, error) {
	token := v.PathValue("token")
	if err := s.invited(v, token); err != nil {
		return view{}, err
	}
	p := &invitePage{device: s.device(v.Request), Token: token, Name: clean(v.PostForm.Get("name")), Wrong: wrong,
		Shortest: flattery.ShortestPassword, Longest: flattery.LongestPassword}
	p.Here = "/invite/" + token
	answer := view{page: p}
	if wrong != "" {
		answer.status = http.StatusBadRequest
	}
	return answer, nil
}

// invited looks whether the token lets somebody in.
func (s *site) invited(v *visit, token string) error {
	if !s.private(v.Request) {
		return errPlain
	}
	if !s.doorbell.Allow() {
		return errOften
	}
	err := s.Desk.Invited(v.ctx, token)
	if errors.Is(err, flattery.ErrNotFound) {
		err = errInvite
	}
	return err
}

func (s *site) askInvite(v *visit) (view, error) {
	if err := v.form(); err != nil {
		return view{}, err
	}
	if err := s.invited(v, v.PathValue("token")); err != nil {
		return view{}, err
	}
	name := clean(v.PostFormValue("name"))
	if !flattery.AccountName(name) {
		return view{}, flattery.Input("%q is not a name for an account", name)
	}
	options, kept, err := s.Desk.BeginPasskey(v.ctx, 0, name)
	return s.ask(v, askedInvite, options, kept, err)
}

func (s *site) accept(v *visit) (view, error) {
	if err := v.form(); err != nil {
		return view{}, err
	}
	token := v.PathValue("token")
	if err := s.invited(v, token); err != nil {
		return view{}, err
	}
	n := flattery.Newcomer{Name: clean(v.PostFormValue("name")), Language: v.PostFormValue("language"), Password: flattery.Secret(v.PostFormValue("password")),
		Answer: v.PostFormValue("answer"), Device: keyName(v)}
	if !slices.Contains(languages[:], n.Language) {
		n.Language = v.tongue.code
	}
	if n.Answer != "" {
		n.Ceremony = s.sessions.PopBytes(v.ctx, askedInvite)
	}
	id, err := s.Desk.Accept(v.ctx, token, n, s.Currencies[0])
	switch {
	case errors.Is(err, flattery.ErrNotFound):
		return view{}, errInvite
	case errors.Is(err, flattery.ErrName):
		return s.inviteAgain(v, "name")
	case errors.Is(err, flattery.ErrNameTaken):
		return s.inviteAgain(v, "taken")
	case errors.Is(err, flattery.ErrWeak):
		return s.inviteAgain(v, "weak")
	case errors.Is(err, flattery.ErrWrong), errors.Is(err, flattery.ErrConflict):
		return s.inviteAgain(v, "passkey")
	case err != nil:
		return view{}, err
	}
	if err := s.letIn(v, id); err != nil {
		return view{}, err
	}
	return view{redirect: "/"}, s.tell(v, false, "", "flash.welcome", "who", n.Name)
}
