package web

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"flattery"
)

// settingsPage is what an account wishes, what there is about it to take along, and how it goes.
type settingsPage struct {
	frame
	Wishes     flattery.Settings
	Language   string
	Currency   string
	Currencies []string
	Minimum    flattery.Amount
	Month      flattery.Month // which the wishes count for first
	Closes     time.Time
	Counting   int             // flattrs that count in it so far
	Each       flattery.Amount // what each would receive
	Weighted   bool            // on average
	Netting    bool            // it is offered
	Last       bool            // it is the only one that runs the instance
}

func (*settingsPage) name() string { return "settings" }

const settingsPath = "/settings"

func (s *site) settings(v *visit) (view, error) {
	months, err := s.Store.Months(v.ctx)
	if err != nil {
		return view{}, err
	}
	m := s.openMonth(v, months)
	t, err := s.Store.Tally(v.ctx, v.account.ID, m)
	if err != nil {
		return view{}, err
	}
	a, err := s.withGiven(v)
	if err != nil {
		return view{}, err
	}
	me := s.measure(a, t)
	p := &settingsPage{
		Wishes: v.account.Settings, Language: v.account.Language, Currency: s.currency(v.account), Currencies: s.Currencies, Minimum: s.Minimum,
		Month: m, Closes: s.monthState(months, m).Ends.Add(s.Grace), Counting: t.Counting, Each: estimate(me.budget, 1, int64(t.Counting), me.limit),
		Weighted: t.Weight != int64(t.Counting) || s.Split == flattery.SplitByCreator, Netting: s.Netting,
	}
	p.Nav = "settings"
	return view{page: p}, nil
}

// openMonth is the first month that is not frozen: what is wished now counts for all of it.
func (s *site) openMonth(v *visit, months []flattery.MonthState) flattery.Month {
	current := s.currentMonth(v, months).Month
	before := s.monthState(months, current-1)
	if current-1 >= s.firstMonth(v.account) && before.FrozenAt.IsZero() && v.now.Before(before.Ends.Add(s.Grace)) {
		return current - 1
	}
	return current
}

func (s *site) saveSettings(v *visit) (view, error) {
	if err := v.form(); err != nil {
		return view{}, err
	}
	set := v.account.Settings
	var err error
	if set.Budget, err = v.amount("budget", flattery.Say("the budget")); err != nil {
		return view{}, err
	}
	if set.Cap, err = v.amount("cap", flattery.Say("the most that one flattr may be worth")); err != nil {
		return view{}, err
	}
	if set.Currency = v.PostFormValue("currency"); set.Currency == "" {
		set.Currency = s.currency(v.account)
	}
	set.Paused = v.PostFormValue("paused") != ""
	set.Netting = s.Netting && v.PostFormValue("netting") != ""
	set.OnTop = v.PostFormValue("on_top") != ""
	if set.GiveOn, err = v.percent("give_on", flattery.Say("what you give on")); err != nil {
		return view{}, err
	}
	set.ClaimedOnly = v.PostFormValue("claimed_only") != ""
	if err := s.Doors.SetWishes(v.ctx, v.account.ID, set); err != nil {
		return view{}, err
	}
	return view{redirect: settingsPath}, s.tell(v, false, "", "flash.settings")
}

// amount reads an amount of money as people type it: with a point or a comma; nothing is 0.
func (v *visit) amount(field string, what fmt.Stringer) (flattery.Amount, error) {
	return readAmount(what, v.PostFormValue(field))
}

func readAmount(what fmt.Stringer, text string) (flattery.Amount, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return 0, nil
	}
	if !strings.Contains(text, ".") {
		text = strings.Replace(text, ",", ".", 1)
	}
	a, err := flattery.ParseAmount(text)
	if err != nil {
		return 0, flattery.Input("%s: %v", what, err)
	}
	return a, nil
}

// percent reads a whole number of percent; nothing is 0.
func (v *visit) percent(field string, what fmt.Stringer) (int64, error) {
	text := strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(v.PostFormValue(field)), "%"))
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n > 100 {
		return 0, flattery.Input("%s: %q is not a whole number of percent from 0 to 100", what, text)
	}
	return n, nil
}

func (s *site) setLanguage(v *visit) (view, error) {
	if err := v.form(); err != nil {
		return view{}, err
	}
	code := v.PostFormValue("language")
	if code != "" && !slices.Contains(languages[:], code) {
		return view{}, flattery.Input("no such language: %q", code)
	}
	if err := s.Doors.SetLanguage(v.ctx, v.account.ID, code); err != nil {
		return view{}, err
	}
	v.cookies = append(v.cookies, s.languageCookie("", -1)) // the account's word stands from now on
	return view{redirect: settingsPath}, nil
}

// export is everything there is about the account, as one file.
func (s *site) export(v *visit) (view, error) {
	var b bytes.Buffer
	if err := s.Store.Export(v.ctx, v.account.ID, &b); err != nil {
		return view{}, err
	}
	return view{raw: &raw{kind: "application/zip", file: "flattery-" + v.now.In(s.Location).Format(time.DateOnly) + ".zip", body: b.Bytes()}}, nil
}

// forget ends the account. Whoever means it types its name.
func (s *site) forget(v *visit) (view, error) {
	if err := v.form(); err != nil {
		return view{}, err
	}
	if clean(v.PostFormValue("name")) != v.account.Name {
		return view{redirect: settingsPath}, s.tell(v, true, "", "flash.notforgotten")
	}
	if err := s.Doors.Forget(v.ctx, v.account.ID); err != nil {
		return view{}, err
	}
	return view{redirect: "/"}, s.sessions.Destroy(v.ctx)
}
