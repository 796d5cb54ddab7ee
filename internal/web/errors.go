package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"flattery"
)

// Refusals that the pages make themselves.
var (
	errStranger  = errors.New("not signed in")
	errToken     = errors.New("this sign-in link is spent, too old or wrong")
	errPlain     = errors.New("signing in needs https or this machine itself")
	errInvite    = errors.New("this invite is spent, too old or wrong")
	errClaimLink = errors.New("this claim link is too old or wrong, or nothing waits any more")
	errOften     = flattery.ErrOften
	errForeign   = errors.New("sent from another site")
)

// methodError: the address exists, but not for this method.
type methodError struct{ allow string }

func (e *methodError) Error() string { return "only " + e.allow }

// errorPage says what went wrong and what to do now.
type errorPage struct {
	frame
	Status int
	Key    string // of the phrases error.KEY.title and error.KEY.text
	Why    string // of the phrase reason.WHY, where a network is to blame
	Owner  bool   // who runs the instance can mend it
	Admin  bool   // and is who reads this
	Detail string // in the network's words
	Says   string // what is wrong with what was entered, and how to mend it
	Back   string // where to try again; "": there is no such place
}

func (*errorPage) name() string { return "error" }

// meaning decides what each error is for the visitor: a status and the phrase for it.
func meaning(err error) (status int, key string) {
	_, tooLong := errors.AsType[*http.MaxBytesError](err)
	_, method := errors.AsType[*methodError](err)
	_, input := errors.AsType[*flattery.InputError](err)
	_, outside := errors.AsType[*flattery.OutsideError](err)
	switch {
	case outside:
		return http.StatusBadGateway, "outside"
	case errors.Is(err, flattery.ErrNotFound):
		return http.StatusNotFound, "missing"
	case errors.Is(err, errStranger):
		return http.StatusForbidden, "stranger"
	case errors.Is(err, errToken):
		return http.StatusForbidden, "token"
	case errors.Is(err, errPlain):
		return http.StatusForbidden, "plain"
	case errors.Is(err, errForeign):
		return http.StatusForbidden, "foreign"
	case errors.Is(err, errOften):
		return http.StatusTooManyRequests, "often"
	case errors.Is(err, errInvite):
		return http.StatusForbidden, "invite"
	case errors.Is(err, errClaimLink):
		return http.StatusNotFound, "claimlink"
	case errors.Is(err, flattery.ErrWrong):
		return http.StatusForbidden, "wrong"
	case errors.Is(err, flattery.ErrLastAdmin):
		return http.StatusConflict, "lastadmin"
	case errors.Is(err, flattery.ErrAttempt):
		return http.StatusBadRequest, "attempt"
	case errors.Is(err, flattery.ErrDenied):
		return http.StatusForbidden, "denied"
	case errors.Is(err, flattery.ErrNobody):
		return http.StatusForbidden, "nobody"
	case errors.Is(err, flattery.ErrOther):
		return http.StatusConflict, "other"
	case errors.Is(err, flattery.ErrClaimed):
		return http.StatusConflict, "claimed"
	case errors.Is(err, flattery.ErrDisputed):
		return http.StatusConflict, "disputed"
	case method:
		return http.StatusMethodNotAllowed, "method"
	case errors.Is(err, flattery.ErrFrozen), errors.Is(err, flattery.ErrSettled):
		return http.StatusConflict, "frozen"
	case errors.Is(err, flattery.ErrState), errors.Is(err, flattery.ErrConflict):
		return http.StatusConflict, "state"
	case errors.Is(err, flattery.ErrUnknown):
		return http.StatusServiceUnavailable, "unknown"
	case errors.Is(err, errLarge):
		return http.StatusRequestEntityTooLarge, "large"
	case tooLong:
		return http.StatusRequestEntityTooLarge, "long"
	case input:
		return http.StatusBadRequest, "input"
	default:
		return http.StatusInternalServerError, "broken"
	}
}

// fail makes an error into a page. What is our own fault is logged, by route and never by address: addresses may hold
// a sign-in token or the code of a network.
func (s *site) fail(w http.ResponseWriter, v *visit, rt route, err error) {
	if errors.Is(err, context.Canceled) && v.Context().Err() != nil {
		return // nobody waits for the answer any more
	}
	status, key := meaning(err)
	p := &errorPage{Status: status, Key: key, Back: retry(v)}
	outside, ok := errors.AsType[*flattery.OutsideError](err)
	switch {
	case ok:
		p.Why, p.Detail = outside.Reason, clean(outside.Detail)
		p.Owner, p.Admin = ours(outside.Reason), v.account.Admin
		s.Log.Warn("web: a network refused", "route", rt.pattern, "account", int64(v.account.ID), "network", outside.Network, "reason", outside.Reason)
	case status >= http.StatusInternalServerError:
		s.Log.Error("web: page failed", "route", rt.pattern, "account", int64(v.account.ID), "error", err)
	}
	if input, ok := errors.AsType[*flattery.InputError](err); ok && key == "input" {
		p.Says = v.tongue.sentence(input.Sentence)
	}
	if p.Here = p.Back; p.Here == "" && (v.Method == http.MethodPost || v.Pattern == "") {
		p.Here = "/"
	}
	s.frame(v, &p.frame)
	if errors.Is(err, errOften) {
		w.Header().Set("Retry-After", "60")
	}
	if m, ok := errors.AsType[*methodError](err); ok {
		w.Header().Set("Allow", m.allow)
	}
	body, err := s.render(v.tongue.code, p)
	if err != nil {
		s.Log.Error("web: error page failed", "error", err)
		http.Error(w, http.StatusText(status), status)
		return
	}
	s.send(w, status, htmlType, body)
}

// retry is the page from which the failed visit came, where that is plain: its own address may hold a code.
func retry(v *visit) string {
	path, network := v.URL.Path, url.PathEscape(v.PostForm.Get("network"))
	if strings.HasPrefix(path, "/oauth/") && v.account.ID == 0 {
		return "/signin"
	}
	for _, page := range []string{"/signin", "/stepup", securityPath, messagesPath} {
		if strings.HasPrefix(path, page) {
			return page
		}
	}
	switch {
	case v.Method == http.MethodPost && strings.HasSuffix(path, "/prove"):
		return path
	case (strings.HasPrefix(path, setupPath) || path == policyPath) && v.account.Admin && v.Method == http.MethodPost:
		return path
	case path == importPath:
		return path
	case strings.HasPrefix(path, bankPath) && v.account.Admin && v.Method == http.MethodPost:
		return bankPath
	case strings.HasPrefix(path, paymentsPath) && v.account.Admin:
		return paymentsPath
	case strings.HasPrefix(path, incomePath+"/trial"):
		return incomePath
	case strings.HasPrefix(path, slipsPath+"/"):
		return slipsPath
	case strings.HasPrefix(path, "/admin/disputes") && v.account.Admin:
		return "/admin/disputes"
	case strings.HasPrefix(path, "/admin/") && v.account.Admin && v.Method == http.MethodPost:
		return accountsPath
	case strings.HasPrefix(path, "/claims/"), strings.HasPrefix(path, "/proofs/"), v.PostForm.Get("purpose") == Claiming:
		return "/identities"
	case (path == "/connect" || path == "/links") && network != "" && !v.PostForm.Has("link"):
		return "/networks/" + network
	case strings.HasPrefix(path, "/oauth/"), path == "/connect", strings.HasPrefix(path, "/links"):
		return "/links"
	case v.Method == http.MethodPost && strings.Contains(path, "/keys") && v.account.Admin:
		return "/networks/" + url.PathEscape(v.PathValue("network")) + "/keys"
	}
	return ""
}
