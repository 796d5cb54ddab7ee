package web

import (
	"context"
	"fmt"
	"testing"

	"flattery"
)

// idle is a world in which every author whose things wait has joined and gives nothing.
type idle struct{ *world }

func (w idle) Authors(ctx context.Context, id flattery.AccountID, m flattery.Month) ([]flattery.DonorAuthor, error) {
	list, err := w.world.Authors(ctx, id, m)
	for i := range list {
		if list[i].Reach == flattery.ReachNot {
			list[i].Reach, list[i].Link = flattery.ReachIdle, ""
		}
	}
	return list, err
}

func TestWhoReceivesLearnsThatTheyMustGive(t *testing.T) {
	const budget, paused = "You receive once you give: set a budget.", "and you have paused it"
	for name, row := range map[string]struct {
		must      bool
		set       flattery.Settings
		says, not []string
	}{
		"who gives":                  {must: true, set: flattery.Settings{Budget: flattery.Unit, Currency: "EUR"}, not: []string{budget, paused}},
		"who has no budget":          {must: true, says: []string{budget, `href="/settings"`}, not: []string{paused}},
		"who is paused":              {must: true, set: flattery.Settings{Budget: flattery.Unit, Currency: "EUR", Paused: true}, says: []string{paused}, not: []string{budget}},
		"where nobody need give":     {not: []string{budget, paused}},
		"who is paused, and need it": {set: flattery.Settings{Budget: flattery.Unit, Currency: "EUR", Paused: true}, not: []string{paused}},
	} {
		t.Run(name, func(t *testing.T) {
			w := populated(false)
			o := options(t, w)
			o.MustGive = row.must
			w.change(func(a *flattery.Account) { a.Settings = row.set })
			b := visitor(t, handler(t, o)).signIn(w, ada)
			for _, path := range []string{"/identities", "/income", fmt.Sprintf("/claims/%d", w.claims[0].ID)} {
				expect(t, b, path, row.says, row.not)
			}
		})
	}
}

func TestThatReceiversMustGiveIsSaidWhereItIsOfWeight(t *testing.T) {
	w := populated(false)
	o := options(t, w)
	b := visitor(t, handler(t, o)).signIn(w, ada)
	pending := ""
	for _, f := range w.flattrs {
		if f.State == flattery.Pending && f.Account == ada {
			pending = fmt.Sprintf("/flattrs/%d", f.ID)
		}
	}
	const terms, waits, link = "Who receives here must give too", "and gives too", "You set a budget: here"
	expect(t, b, "/terms", nil, []string{terms})
	expect(t, b, pending, nil, []string{waits})
	expect(t, b, "/c/waits", nil, []string{link})
	for _, path := range []string{"/admin/policy", "/setup/money"} {
		expect(t, b, path, []string{"Must receivers give?", `name="receivers_must_give" value="false" checked`}, nil)
	}
	if got := b.post("/setup/money", "mode", "pledge", "receivers_must_give", "true"); got.Code != 303 || fmt.Sprint(w.policy) != "map[receivers_must_give:true]" {
		t.Errorf("the first run answered %d and made %v", got.Code, w.policy)
	}
	o.MustGive, o.Store = true, idle{w}
	b = visitor(t, handler(t, o)).signIn(w, ada)
	expect(t, b, "/terms", []string{terms}, nil)
	expect(t, b, pending, []string{waits}, nil)
	expect(t, b, "/c/waits", []string{link}, nil)
	expect(t, b, "/authors", []string{"Joined, and do not give yet", "Who receives here must give too.", "wait"}, []string{`action="/authors"`})
	expect(t, b, "/admin/policy", []string{`name="receivers_must_give" value="true" checked`, "as with the Flattr of 2010"}, nil)
}
