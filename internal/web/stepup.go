package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"flattery"
)

// recent is how long somebody counts as being there who showed a password or a passkey, or came by a one-time link.
const recent = 10 * time.Minute

// A stepUp is a command that asks first who is there, and the page on which it is given.
type stepUp struct {
	back string
	when func(*visit) bool // nil: always
}

// stepUps are all of them, by route: whatever changes where money goes, whose something is, and who may come in.
func stepUps() map[string]stepUp {
	security, admin := stepUp{back: "/settings/security"}, stepUp{back: "/admin/accounts"}
	return map[string]stepUp{
		"POST /slips/{id}/{state}":                     {back: slipsPath},
		"POST /slips/{id}/invoice/check":               {back: slipsPath + "/{id}"},
		"POST /slips/sponsors":                         {back: slipsPath},
		"POST /slips/sponsors/paid":                    {back: slipsPath},
		"POST /connect":                                {back: "/identities", when: func(v *visit) bool { return v.PostForm.Get("purpose") == Claiming }},
		"POST /c/{token}":                              {back: claimPath + "{token}", when: func(v *visit) bool { return v.account.ID != 0 }},
		"POST /claims/{id}/remove":                     {back: "/identities"},
		"POST /income/destination":                     {back: incomePath},
		"POST /income/trial":                           {back: incomePath},
		"POST /settings/forget":                        {back: settingsPath},
		"POST /proofs/{id}/look":                       {back: "/identities"},
		"POST /admin/disputes/{id}/{outcome}":          {back: "/admin/disputes"},
		"POST /settings/security/password":             security,
		"POST /settings/security/passkeys":             security,
		"POST /settings/security/passkeys/begin":       security,
		"POST /settings/security/passkeys/{id}/remove": security,
		"POST /admin/policy":                           {back: policyPath},
		"POST /admin/payments/batches":                 {back: paymentsPath},
		"POST /admin/payments/{id}/{state}":            {back: paymentsPath},
		"POST /admin/bank":                             {back: bankPath},
		"POST /admin/bank/{id}":                        {back: bankPath},
		"POST /setup/{step}":                           {back: setupPath, when: func(v *visit) bool { return v.PathValue("step") != "budget" }},
		"POST /admin/accounts/{id}/role":               admin,
		"POST /admin/invites":                          admin,
		"POST /admin/invites/{id}/end":                 admin,
	}
}

// mustProve is where a visitor is led first who commands what asks who is there; "": nowhere. In a demonstration nothing
// is real, and nobody has a password.
func (s *site) mustProve(rt route, v *visit) (string, error) {
	step, ok := stepUps()[rt.pattern]
	if !ok || s.Demo || s.fresh(v) {
		return "", nil
	}
	if err := v.form(); err != nil {
		return "", err
	}
	if step.when != nil && !step.when(v) {
		return "", nil
	}
	return "/stepup?next=" + url.QueryEscape(strings.NewReplacer("{token}", v.PathValue("token"), "{id}", v.PathValue("id")).Replace(step.back)), nil
}

// fresh reports whether the visitor showed lately who they are.
func (s *site) fresh(v *visit) bool {
	ago := s.Clock().Sub(time.Unix(s.sessions.GetInt64(v.ctx, provedKey), 0))
	return ago >= 0 && ago < recent
}

// stepupPage asks who is signed in for their password or passkey once more.
type stepupPage struct {
	frame
	device
	Next     string
	Password bool      // there is one
	Keyed    bool      // there is a passkey
	Ways     []Network // where the account can show who it is, having nothing else
	Wrong    bool
	Minutes  int
	Command  string // that prints a one-time link
}

func (*stepupPage) name() string { return "stepup" }

func (s *site) stepupPage(v *visit) (view, error) {
	return s.stepupAgain(v, v.URL.Query().Get("next"), false)
}

func (s *site) stepupAgain(v *visit, next string, wrong bool) (view, error) {
	keys, err := s.Desk.Keys(v.ctx, v.account.ID)
	if err != nil {
		return view{}, err
	}
	p := &stepupPage{device: s.device(v.Request), Next: local(next, "/month"), Password: !keys.PasswordAt.IsZero(), Keyed: len(keys.Passkeys) > 0, Wrong: wrong,
		Minutes: int(recent.Minutes()), Command: "flattery account signin " + shell(v.account.Name)}
	p.Here = "/stepup?next=" + url.QueryEscape(p.Next)
	if p.Ways, err = s.ways(v, keys); err != nil {
		return view{}, err
	}
	answer := view{page: p}
	if wrong {
		answer.status = http.StatusForbidden
	}
	return answer, nil
}

// ways are the networks by which the account comes in, where it has neither password nor passkey.
func (s *site) ways(v *visit, keys flattery.Keys) ([]Network, error) {
	if keys.Has() {
		return nil, nil
	}
	claims, err := s.Store.Claims(v.ctx, v.account.ID)
	if err != nil {
		return nil, err
	}
	all, err := s.networks(v.ctx)
	return slices.DeleteFunc(slices.Clone(all), func(n Network) bool {
		return !n.SignIn() || !slices.ContainsFunc(claims, func(c flattery.Claim) bool {
			return c.Identity.Network == n.Key && c.Proof.Own() && !c.Disputed && c.LapsedAt.IsZero() && !c.Identity.Organisation
		})
	}), err
}

// stepupNetwork lets an account that has nothing else show at a network who it is.
func (s *site) stepupNetwork(v *visit) (view, error) {
	keys, err := s.Desk.Keys(v.ctx, v.account.ID)
	if err == nil && keys.Has() {
		err = flattery.ErrNotFound
	}
	if err != nil {
		return view{}, err
	}
	if err := v.form(); err != nil {
		return view{}, err
	}
	s.sessions.Put(v.ctx, nextKey, local(v.PostFormValue("next"), "/month"))
	return s.depart(v, Connecting{Purpose: Entering})
}

func (s *site) stepup(v *visit) (view, error) {
	if err := v.form(); err != nil {
		return view{}, err
	}
	next := v.PostFormValue("next")
	err := s.Desk.Prove(v.ctx, v.account.ID, flattery.Secret(v.PostFormValue("password")), from(v.Request))
	if errors.Is(err, flattery.ErrWrong) {
		return s.stepupAgain(v, next, true)
	}
	if err != nil {
		return view{}, err
	}
	return s.proved(v, next)
}

func (s *site) askProof(v *visit) (view, error) {
	options, kept, err := s.Desk.AskPasskey(v.ctx, v.account.ID, from(v.Request))
	return s.ask(v, askedProof, options, kept, err)
}

func (s *site) stepupPasskey(v *visit) (view, error) {
	if err := v.form(); err != nil {
		return view{}, err
	}
	next, kept := v.PostFormValue("next"), s.sessions.PopBytes(v.ctx, askedProof)
	_, err := s.Desk.ShowPasskey(v.ctx, v.account.ID, kept, v.PostFormValue("answer"), from(v.Request))
	if errors.Is(err, flattery.ErrWrong) {
		return s.stepupAgain(v, next, true)
	}
	if err != nil {
		return view{}, err
	}
	return s.proved(v, next)
}

// proved remembers it under a new token, and leads back to where the command is given again.
func (s *site) proved(v *visit, next string) (view, error) {
	if err := s.sessions.RenewToken(v.ctx); err != nil {
		return view{}, err
	}
	s.sessions.Put(v.ctx, provedKey, s.Clock().Unix())
	return view{redirect: local(next, "/month")}, s.tell(v, false, "", "flash.proved", "n", int(recent.Minutes()))
}

// local is an address of a page of ours, or another one.
func local(to, otherwise string) string {
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "" || u.Host != "" || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") ||
		strings.ContainsAny(to, "\\\r\n\t") {
		return otherwise
	}
	return to
}
