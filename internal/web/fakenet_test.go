package web

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"time"

	"flattery"
)

func (w *world) Networks(context.Context) ([]Network, error) { return w.networks, w.broken }

func (w *world) Claims(_ context.Context, id flattery.AccountID) ([]flattery.Claim, error) {
	return own(w, w.claims, func(v flattery.Claim) bool { return v.Account == id })
}

// ask notes a question to a network, and refuses it where the world does.
func (w *world) ask(what string, a ...any) error {
	w.asked = append(w.asked, fmt.Sprintf(what, a...))
	return w.refuse
}

func (w *world) Connect(_ context.Context, c Connecting) (to, state string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c.Link != 0 && !slices.ContainsFunc(w.links, func(l flattery.Link) bool { return l.ID == c.Link && l.Account == c.Account }) {
		return "", "", flattery.ErrNotFound
	}
	if err := w.ask("connect %s %s link=%d handle=%q month=%v code=%v", c.Network, c.Purpose, c.Link, c.Handle, c.Month, c.Code); err != nil {
		return "", "", err
	}
	state = fmt.Sprintf("state-%d", len(w.attempts))
	w.attempts[state] = c
	if to = "https://" + c.Network + ".example/authorize?state=" + state; w.authorize != "" {
		to = w.authorize + "/authorize?state=" + state
	}
	if c.Code {
		return to, state, nil
	}
	return to, "", nil
}

// Connected takes an attempt once, for who began it in the browser that began it. The code "no" is a refusal.
func (w *world) Connected(_ context.Context, account flattery.AccountID, browser, network, host string, query url.Values) (Connected, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.ask("connected %s %s code=%s", network, host, query.Get("code")); err != nil {
		return Connected{}, err
	}
	c, ok := w.attempts[query.Get("state")]
	delete(w.attempts, query.Get("state"))
	if !ok || browser == "" || c.Account != account || c.Network != network || c.Browser != "" && c.Browser != browser {
		return Connected{}, fmt.Errorf("callback: %w", flattery.ErrAttempt)
	}
	if query.Get("code") == "no" {
		return Connected{}, flattery.ErrDenied
	}
	if c.Purpose == Entering {
		switch {
		case w.enters == 0:
			return Connected{}, flattery.ErrNobody
		case account != 0 && account != w.enters:
			return Connected{}, flattery.ErrOther
		}
		return Connected{Purpose: c.Purpose, Account: w.enters}, nil
	}
	if c.ClaimLink != 0 {
		return Connected{Purpose: c.Purpose, Profile: author(network, "55", "ottoline"), Account: w.enters, Claim: w.follows}, nil
	}
	return Connected{Purpose: c.Purpose, Profile: author(network, "7", "ada\u202e-of-"+network), Joined: w.joined}, nil
}

func (w *world) LinkByName(_ context.Context, account flattery.AccountID, network, handle string, month bool) (flattery.Link, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return flattery.Link{Account: account, Identity: author(network, "8", handle)}, w.ask("name %s %s month=%v", network, handle, month)
}

func (w *world) Unlink(_ context.Context, account flattery.AccountID, link flattery.LinkID) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := slices.IndexFunc(w.links, func(l flattery.Link) bool { return l.ID == link && l.Account == account })
	if i < 0 {
		return flattery.ErrNotFound
	}
	w.links[i].State = flattery.LinkRemoved
	return nil
}

func (w *world) Unclaim(_ context.Context, account flattery.AccountID, claim flattery.ClaimID) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := slices.IndexFunc(w.claims, func(c flattery.Claim) bool { return c.ID == claim && c.Account == account })
	if i < 0 {
		return flattery.ErrNotFound
	}
	w.claims = slices.Delete(w.claims, i, i+1)
	return nil
}

func (w *world) Provings(_ context.Context, id flattery.AccountID, now time.Time) ([]flattery.Proving, error) {
	return own(w, w.provings, func(v flattery.Proving) bool { return v.Account == id && v.Expires.After(now) })
}

func (w *world) Disputes(_ context.Context, id flattery.AccountID) ([]flattery.Dispute, error) {
	return own(w, w.disputes, func(v flattery.Dispute) bool { return v.First == id || v.Second == id })
}

func (w *world) BeginProof(_ context.Context, account flattery.AccountID, network, handle string) (flattery.Proving, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := flattery.Proving{ID: flattery.ProvingID(len(w.provings) + 1), Account: account, Network: network, Handle: handle, Token: "flattery-new", MadeAt: today, Expires: today.AddDate(0, 0, 14)}
	if err := w.ask("prove %s %s", network, handle); err != nil {
		return p, err
	}
	w.provings = append(w.provings, p)
	return p, nil
}

func (w *world) ShowToken() string { return "flattery-k7rmw3hs9dnpx2vqjc5e" }

// Shown finds the token of "shown", and another's profile for "other".
func (w *world) Shown(_ context.Context, s Showing) (Connected, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.ask("show %d %s %s %s", s.ClaimLink, s.Network, s.Handle, s.Token); err != nil {
		return Connected{}, err
	}
	switch s.Handle {
	case "shown":
		return Connected{Purpose: Claiming, Profile: author(s.Network, "55", "ottoline"), Account: w.enters, Claim: w.follows}, nil
	case "other":
		return Connected{}, flattery.ErrOther
	case "taken":
		return Connected{}, flattery.ErrClaimed
	}
	return Connected{}, fmt.Errorf("%w: nothing there", flattery.ErrUnproved)
}

// LookProof finds what was begun for "shown", and another's claim for "taken".
func (w *world) LookProof(_ context.Context, account flattery.AccountID, id flattery.ProvingID) (Connected, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.ask("look %d", id); err != nil {
		return Connected{}, err
	}
	i := slices.IndexFunc(w.provings, func(p flattery.Proving) bool { return p.ID == id && p.Account == account })
	if i < 0 {
		return Connected{}, flattery.ErrNotFound
	}
	p := w.provings[i]
	if p.Handle != "shown" && p.Handle != "taken" {
		return Connected{}, fmt.Errorf("%w: nothing there", flattery.ErrUnproved)
	}
	return Connected{Purpose: Claiming, Profile: author(p.Network, "9", p.Handle), Disputed: p.Handle == "taken"}, nil
}

func (w *world) RemoveProof(_ context.Context, account flattery.AccountID, id flattery.ProvingID) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(w.provings)
	if w.provings = slices.DeleteFunc(w.provings, func(p flattery.Proving) bool { return p.ID == id && p.Account == account }); len(w.provings) == n {
		return flattery.ErrNotFound
	}
	return nil
}

func (w *world) CheckClaim(_ context.Context, account flattery.AccountID, id flattery.ClaimID) (flattery.Claim, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := slices.IndexFunc(w.claims, func(c flattery.Claim) bool { return c.ID == id && c.Account == account })
	if i < 0 {
		return flattery.Claim{}, flattery.ErrNotFound
	}
	return w.claims[i], w.ask("check %d", id)
}

func (w *world) Disputed(context.Context) (all []Dispute, err error) {
	for _, d := range w.disputes {
		all = append(all, Dispute{Dispute: d, FirstName: "ada", SecondName: "Bob\u202e <b>", FirstProof: flattery.ByAdmin})
	}
	return told(w, all)
}

func (w *world) Decide(_ context.Context, id flattery.DisputeID, outcome flattery.Outcome) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := slices.IndexFunc(w.disputes, func(d flattery.Dispute) bool { return d.ID == id })
	switch {
	case i < 0:
		return flattery.ErrNotFound
	case !w.disputes[i].Open():
		return flattery.ErrState
	}
	w.disputes[i].Outcome, w.disputes[i].DecidedAt = outcome, today
	return w.refuse
}

func (w *world) SaveKeys(_ context.Context, network string, app flattery.App) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.apps[network] = app
	w.saved++
	return w.refuse
}

func (w *world) TestKeys(_ context.Context, network string) (good bool, detail string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.badkeys == "", w.badkeys, w.ask("test %s", network)
}
