package web

import (
	"strings"

	"flattery"
)

// keysPage is where who runs the instance enters the keys by which a network knows it.
type keysPage struct {
	frame
	Network
}

func (*keysPage) name() string { return "keys" }

func (s *site) keys(v *visit) (view, error) {
	n, err := s.keyed(v)
	if err != nil {
		return view{}, err
	}
	p := &keysPage{Network: n}
	p.Nav = "links"
	return view{page: p}, nil
}

// keyed finds the network of the address, if there is anything to enter for it.
func (s *site) keyed(v *visit) (Network, error) {
	n, err := s.network(v.ctx, v.PathValue("network"))
	if err == nil && !n.Keyed() {
		err = flattery.ErrNotFound
	}
	return n, err
}

func keysPath(n Network) string { return "/networks/" + n.Key + "/keys" }

// longestKey is more than any network's key has.
const longestKey = 4096

func (s *site) saveKeys(v *visit) (view, error) {
	if err := v.form(); err != nil {
		return view{}, err
	}
	n, err := s.keyed(v)
	if err != nil {
		return view{}, err
	}
	if v.PostFormValue("forget") != "" {
		if err := s.Doors.SaveKeys(v.ctx, n.Key, flattery.App{}); err != nil {
			return view{}, err
		}
		return view{redirect: keysPath(n)}, s.tell(v, false, "", "flash.forgotten")
	}
	app, err := enteredKeys(v, n)
	if err != nil {
		return view{}, err
	}
	if err := s.Doors.SaveKeys(v.ctx, n.Key, app); err != nil {
		return view{}, err
	}
	return view{redirect: keysPath(n)}, s.tell(v, false, "", "flash.saved")
}

// enteredKeys reads the form. What may not be entered here is left out, and what is left empty keeps what there is.
func enteredKeys(v *visit, n Network) (flattery.App, error) {
	var app flattery.App
	fields := []struct {
		name   string
		wanted bool
		set    func(string)
	}{
		{"id", n.NeedsID, func(s string) { app.ID = s }},
		{"secret", n.NeedsSecret, func(s string) { app.Secret = flattery.Secret(s) }},
		{"key", n.NeedsKey || n.WantsKey, func(s string) { app.Key = flattery.Secret(s) }},
	}
	for _, f := range fields {
		text := strings.TrimSpace(v.PostFormValue(f.name))
		if len(text) > longestKey {
			return app, flattery.Input("a key is at most %d letters long: copy it again", longestKey)
		}
		if f.wanted && !n.FromSettings {
			f.set(text)
		}
	}
	if n.Terms.Tick && !n.Accepted {
		if v.PostFormValue("accept") == "" {
			return app, flattery.Input("without the tick under the sentence nothing is asked of %s", n.Title)
		}
		app.Accepted = n.Terms.Sentence
	}
	if app == (flattery.App{}) {
		return app, flattery.Input("nothing was entered, so nothing was saved")
	}
	return app, nil
}

func (s *site) testKeys(v *visit) (view, error) {
	n, err := s.keyed(v)
	if err != nil {
		return view{}, err
	}
	if !s.patience.allow(v.account.ID) {
		return view{}, errOften
	}
	good, detail, err := s.Doors.TestKeys(v.ctx, n.Key)
	if err != nil {
		return view{}, err
	}
	if !good {
		return view{redirect: keysPath(n)}, s.tell(v, true, detail, "flash.badkeys", "network", n.Title)
	}
	return view{redirect: keysPath(n)}, s.tell(v, false, detail, "flash.goodkeys", "network", n.Title)
}
