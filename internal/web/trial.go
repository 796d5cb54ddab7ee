package web

import (
	"time"

	"flattery"
)

// Trial is the last cent that was sent to where an account is paid; the zero flattery.Trial: none. The number on it is in no page.
type Trial struct {
	flattery.Trial

	Can bool // the house is able to send one there
	Ask bool // and would now
}

// trial is that of the visitor.
func (s *site) trial(v *visit, now time.Time) (Trial, error) {
	if s.Mode != Prepaid || v.account.Destination == "" {
		return Trial{}, nil
	}
	t, err := s.House.Trial(v.ctx, v.account)
	t.Ask = t.Can && !t.Proves() && !t.Again().After(now)
	return t, err
}

// tryDestination has a cent sent to where the visitor is paid.
func (s *site) tryDestination(v *visit) (view, error) {
	if s.Mode != Prepaid {
		return view{}, flattery.ErrNotFound
	}
	if err := s.House.Try(v.ctx, v.account); err != nil {
		return view{}, err
	}
	return view{redirect: trialPath}, s.tell(v, false, "", "flash.trial")
}

// proveDestination takes the number that the visitor read on it.
func (s *site) proveDestination(v *visit) (view, error) {
	if s.Mode != Prepaid {
		return view{}, flattery.ErrNotFound
	}
	if err := v.form(); err != nil {
		return view{}, err
	}
	if err := s.House.ProveTrial(v.ctx, v.account, v.PostFormValue("number")); err != nil {
		return view{}, err
	}
	return view{redirect: trialPath}, s.tell(v, false, "", "flash.sure")
}

const trialPath = incomePath + "#trial"
