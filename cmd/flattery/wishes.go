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

// wishes are the flags that say what a donor wants.
type wishes struct{ budget, limit, currency, destination, pause, claimedOnly, public, giveOn, onTop, netting string }

func (w *wishes) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&w.budget, "budget", "", "what is given a month, like 5.00; 0 gives nothing")
	cmd.Flags().StringVar(&w.limit, "cap", "", "the most one flattr may be worth, like 0.50; 0: no cap")
	cmd.Flags().StringVar(&w.currency, "currency", "", "currency of the budget")
	cmd.Flags().StringVar(&w.destination, "destination", "", "where the account is paid: payto://iban/…, lightning:…, https://…")
	cmd.Flags().StringVar(&w.pause, "pause", "", "pause giving: yes or no")
	cmd.Flag("pause").NoOptDefVal = "yes"
	cmd.Flags().StringVar(&w.claimedOnly, "claimed-only", "", "let those authors alone count who have joined, not those who only publish where to be paid: yes or no")
	cmd.Flag("claimed-only").NoOptDefVal = "yes"
	cmd.Flags().StringVar(&w.public, "public", "", "show a page and a button by the account's name to everybody: yes or no")
	cmd.Flag("public").NoOptDefVal = "yes"
	cmd.Flags().StringVar(&w.giveOn, "give-on", "", "how much of what the account receives it gives on, in percent: 0–100")
	cmd.Flags().StringVar(&w.onTop, "on-top", "", "what is given on is spent on top of the budget: yes, or no: inside it")
	cmd.Flag("on-top").NoOptDefVal = "yes"
	cmd.Flags().StringVar(&w.netting, "netting", "", "fewer and larger payments, also to and from others than by likes: yes or no")
	cmd.Flag("netting").NoOptDefVal = "yes"
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
	if given("pause") {
		if s.Paused, err = yesOrNo("pause", w.pause); err != nil {
			return s, err
		}
	}
	if given("claimed-only") {
		if s.ClaimedOnly, err = yesOrNo("claimed-only", w.claimedOnly); err != nil {
			return s, err
		}
	}
	if given("public") {
		if s.Public, err = yesOrNo("public", w.public); err != nil {
			return s, err
		}
	}
	if given("give-on") {
		if s.GiveOn, err = strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(w.giveOn), "%"), 10, 64); err != nil {
			return s, flattery.Input("--give-on is a whole number from 0 to 100, not %q", w.giveOn)
		}
	}
	if given("on-top") {
		if s.OnTop, err = yesOrNo("on-top", w.onTop); err != nil {
			return s, err
		}
	}
	if given("netting") {
		if s.Netting, err = yesOrNo("netting", w.netting); err != nil {
			return s, err
		}
		if s.Netting && !in.netting() {
			return s, flattery.Input("this instance offers no netting: it is offered in pledge mode where the setting netting is true")
		}
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
