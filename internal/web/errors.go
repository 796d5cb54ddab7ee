package web

import (
	"context"
	"errors"
	"net/http"

	"flattery"
)

// Refusals that the pages make themselves.
var (
	errStranger = errors.New("not signed in")
	errToken    = errors.New("this sign-in link is spent, too old or wrong")
	errPlain    = errors.New("signing in needs https or this machine itself")
	errOften    = errors.New("too many attempts")
	errForeign  = errors.New("sent from another site")
)

// methodError: the address exists, but not for this method.
type methodError struct{ allow string }

func (e *methodError) Error() string { return "only " + e.allow }

// errorPage says what went wrong and what to do now.
type errorPage struct {
	frame
	Status int
	Key    string // of the phrases error.KEY.title and error.KEY.text
}

func (*errorPage) name() string { return "error" }

// meaning decides what each error is for the visitor: a status and the phrase for it.
func meaning(err error) (status int, key string) {
	_, tooLong := errors.AsType[*http.MaxBytesError](err)
	_, method := errors.AsType[*methodError](err)
	_, input := errors.AsType[*flattery.InputError](err)
	switch {
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
	case method:
		return http.StatusMethodNotAllowed, "method"
	case errors.Is(err, flattery.ErrFrozen), errors.Is(err, flattery.ErrSettled):
		return http.StatusConflict, "frozen"
	case errors.Is(err, flattery.ErrState), errors.Is(err, flattery.ErrConflict):
		return http.StatusConflict, "state"
	case errors.Is(err, flattery.ErrUnknown):
		return http.StatusServiceUnavailable, "unknown"
	case tooLong:
		return http.StatusRequestEntityTooLarge, "long"
	case input:
		return http.StatusBadRequest, "input"
	default:
		return http.StatusInternalServerError, "broken"
	}
}

// fail makes an error into a page. What is our own fault is logged, by route and never by address: addresses may hold
// a sign-in token.
func (s *site) fail(w http.ResponseWriter, v *visit, rt route, err error) {
	if errors.Is(err, context.Canceled) && v.Context().Err() != nil {
		return // nobody waits for the answer any more
	}
	status, key := meaning(err)
	if status >= http.StatusInternalServerError {
		s.Log.Error("web: page failed", "route", rt.pattern, "account", int64(v.account.ID), "error", err)
	}
	p := &errorPage{Status: status, Key: key}
	if v.Method == http.MethodPost || v.Pattern == "" {
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
	s.send(w, status, body)
}
