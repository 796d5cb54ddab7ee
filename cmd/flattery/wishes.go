package main

import (
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"flattery"
	"flattery/config"
	"flattery/internal/payout/manual"
)

// wishes are the flags that say what a donor wants. Those that are yes or no stand by name.
type wishes struct {
	budget, limit, currency, destination, giveOn string
	yes                                          map[string]*string
}

// A choice is a wish that is yes or no.
type choice struct {
	flag, use string
	of        func(*flattery.Settings) *bool
}

func choices() []choice {
	return []choice{
		{"pause", "pause giving", func(s *flattery.Settings) *bool { return &s.Paused }},
		{"claimed-only", "let those authors alone count who have joined, not those who only publish where to be paid", func(s *flattery.Settings) *bool { return &s.ClaimedOnly }},
		{"public", "show a page and a button by the account's name to everybody", func(s *flattery.Settings) *bool { return &s.Public }},
		{"on-top", "what is given on is spent on top of the budget, and not inside it", func(s *flattery.Settings) *bool { return &s.OnTop }},
		{"netting", "fewer and larger payments, also to and from others than by likes", func(s *flattery.Settings) *bool { return &s.Netting }},
	}
}

func (w *wishes) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&w.budget, "budget", "", "what is given a month, like 5.00; 0 gives nothing")
	cmd.Flags().StringVar(&w.limit, "cap", "", "the most one flattr may be worth, like 0.50; 0: no cap")
	cmd.Flags().StringVar(&w.currency, "currency", "", "currency of the budget")
	cmd.Flags().StringVar(&w.destination, "destination", "", "where the account is paid: payto://iban/…, lightning:…, https://…")
	cmd.Flags().StringVar(&w.giveOn, "give-on", "", "how much of what the account receives it gives on, in percent: 0–100")
	w.yes = map[string]*string{}
	for _, c := range choices() {
		w.yes[c.flag] = cmd.Flags().String(c.flag, "", c.use+": yes or no")
		cmd.Flag(c.flag).NoOptDefVal = "yes"
	}
}

// apply checks what was wished and writes it over what stands.
func (w *wishes) apply(in *instance, s flattery.Settings, cmd *cobra.Command) (flattery.Settings, error) {
	given := func(flag string) bool { return cmd.Flags().Changed(flag) }
	var err error
	if given("budget") {
		if s.Budget, err = flattery.ParseAmount(w.budget); err != nil {
			return s, flattery.Input("--budget %v", err)
		}
	}
	if given("cap") {
		if s.Cap, err = flattery.ParseAmount(w.limit); err != nil {
			return s, flattery.Input("--cap %v", err)
		}
	}
	if given("currency") || s.Currency == "" {
		if s.Currency = in.Currencies[0]; given("currency") {
			s.Currency = w.currency
		}
	}
	if given("destination") {
		s.Destination = flattery.Destination(w.destination)
	}
	if given("give-on") {
		if s.GiveOn, err = strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(w.giveOn), "%"), 10, 64); err != nil {
			return s, flattery.Input("--give-on is a whole number from 0 to 100, not %q", w.giveOn)
		}
	}
	for _, c := range choices() {
		if !given(c.flag) {
			continue
		}
		if *c.of(&s), err = yesOrNo(c.flag, *w.yes[c.flag]); err != nil {
			return s, err
		}
	}
	if given("netting") && s.Netting && !in.netting() {
		return s, flattery.Input("this instance offers no netting: it is offered in pledge mode where the setting netting is true")
	}
	return in.allowed(s)
}

// netting reports whether accounts may join netting here.
func (in *instance) netting() bool { return in.Netting && in.Mode == config.Pledge }

// allowed checks what an account wishes against what this instance allows, and gives it as it is kept.
func (in *instance) allowed(s flattery.Settings) (_ flattery.Settings, err error) {
	if s.Budget != 0 && s.Budget < in.BudgetMinimum {
		return s, flattery.Input("a budget of %s is below the minimum of %s a month: give at least that, or 0 to give nothing", s.Budget, in.BudgetMinimum)
	}
	if !slices.Contains(in.Currencies, s.Currency) {
		return s, flattery.Input("currency %q is not one of this instance: %s (setting currencies)", s.Currency, strings.Join(in.Currencies, ", "))
	}
	if s.GiveOn < 0 || s.GiveOn > 100 {
		return s, flattery.Input("what is given on is a whole number of percent from 0 to 100, not %d", s.GiveOn)
	}
	if s.GiveOn > 0 && s.Budget == 0 && !s.OnTop {
		return s, flattery.Input("what is given on is spent inside the budget, and the budget is 0: set one, or let it be spent on top")
	}
	s.Netting = s.Netting && in.netting() // what is not offered any more is left
	s.Destination, err = manual.Rail{}.Canon(s.Destination)
	return s, err
}

func yesOrNo(flag, text string) (bool, error) {
	switch text {
	case "yes", "true":
		return true, nil
	case "no", "false":
		return false, nil
	}
	return false, flattery.Input("--%s is yes or no, not %q", flag, text)
}
