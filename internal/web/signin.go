package web

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"flattery"
)

// signinPage asks for a name and its password, or for a passkey.
type signinPage struct {
	frame
	device
	Plain bool      // signing in is refused here, because the way is not private
	Ways  []Network // by whose accounts one can sign in
	Name  string    // as it was typed
	Wrong bool
}

func (*signinPage) name() string { return "signin" }

func (s *site) signinPage(v *visit) (view, error) {
	if v.account.ID != 0 {
		return view{redirect: "/"}, nil
	}
	return s.signinAgain(v, "", false)
}

func (s *site) signinAgain(v *visit, name string, wrong bool) (view, error) {
	all, err := s.networks(v.ctx)
	if err != nil {
		return view{}, err
	}
	p := &signinPage{device: s.device(v.Request), Plain: !s.private(v.Request), Name: name, Wrong: wrong,
		Ways: slices.DeleteFunc(slices.Clone(all), func(n Network) bool { return !n.SignIn() })}
	p.Here = "/signin"
	answer := view{page: p}
	if wrong {
		answer.status = http.StatusForbidden
	}
	return answer, nil
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
		return s.signinAgain(v, name, true)
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

// How long the session of a stranger lasts, who was asked for a passkey or sent to a network, or told to show a token.
const (
	longestAsking  = 10 * time.Minute
	longestShowing = time.Hour
)

// ask keeps what a question to a device leaves behind, under the purpose it is for, and answers the question.
func (s *site) ask(v *visit, purpose string, options, kept []byte, err error) (view, error) {
	if err != nil {
		return view{}, err
	}
	s.sessions.Put(v.ctx, purpose, kept)
	s.brief(v)
	return view{raw: &raw{kind: "application/json", body: options}}, nil
}

// brief lets the session of a stranger end soon, and later where it keeps a token that has to be shown in a profile first.
func (s *site) brief(v *visit) {
	if v.account.ID != 0 {
		return
	}
	span := longestAsking
	if slices.ContainsFunc(s.sessions.Keys(v.ctx), func(key string) bool { return strings.HasPrefix(key, shownKey) }) {
		span = longestShowing
	}
	s.sessions.SetDeadline(v.ctx, s.Clock().Add(span))
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

// signinNetwork sends a stranger to a network, to come back as whoever claims the account that is signed in there.
func (s *site) signinNetwork(v *visit) (view, error) {
	if !s.private(v.Request) {
		return view{}, errPlain
	}
	if v.account.ID != 0 {
		return view{redirect: "/"}, nil
	}
	return s.depart(v, Connecting{Purpose: Entering})
}

// depart sends the browser to the network of a form, or of c.
func (s *site) depart(v *visit, c Connecting) (view, error) {
	if err := v.form(); err != nil {
		return view{}, err
	}
	n, err := s.network(v.ctx, cmp.Or(c.Network, v.PostFormValue("network")))
	if err == nil && !n.SignIn() {
		err = flattery.ErrNotFound
	}
	if err == nil {
		err = s.Desk.Knock(v.ctx, from(v.Request))
	}
	if err != nil {
		return view{}, err
	}
	c.Account, c.Network, c.Browser = v.account.ID, n.Key, s.browser(v.ctx)
	s.brief(v)
	to, _, err := s.Doors.Connect(v.ctx, c)
	return view{redirect: to}, err
}

// entered lets in who came back from a network. A network sends back whoever has a session there, and need not ask for anything:
// that counts as being there only for an account that has neither password nor passkey to show instead.
func (s *site) entered(v *visit, done Connected) (view, error) {
	keys, err := s.Desk.Keys(v.ctx, done.Account)
	if err != nil {
		return view{}, err
	}
	if err := s.letIn(v, done.Account); err != nil {
		return view{}, err
	}
	if keys.Has() {
		s.sessions.Remove(v.ctx, provedKey)
	}
	if done.Claim != 0 {
		to := "/claims/" + strconv.FormatInt(int64(done.Claim), 10)
		return view{redirect: to}, s.tell(v, false, "", "flash.newcomer")
	}
	return view{redirect: "/"}, nil
}
