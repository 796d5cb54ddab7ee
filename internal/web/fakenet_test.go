package web

import (
	"context"
	"fmt"
	"net/url"
	"slices"

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
