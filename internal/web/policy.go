package web

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"flattery"
)

// policyPage is the rules of the instance, for who runs it: what they are, what they mean, and where they are from.
type policyPage struct {
	frame
	Parts []policyPart
	Zones []string
}

func (*policyPage) name() string { return "policy" }

const policyPath = "/admin/policy"

// A policyPart has the phrase policy.part.KEY.
type policyPart struct {
	Key    string
	Fields []policyField
}

// A policyField is one setting. It has the phrase policy.NAME, and policy.NAME.tip or one for each of its choices.
type policyField struct {
	Name    string
	Kind    string // zone, line, amount, percent, number, choice
	Value   string // as it is typed
	Most    int    // of a number
	Least   int
	Choices []string
	From    string // where it was made; "": nowhere, or in the pages
	Fixed   string // the phrase for why it cannot be changed here; "": it can
}

// ID is its name, as elements of a page are named.
func (f policyField) ID() string { return strings.ReplaceAll(f.Name, ".", "-") }

// policyParts is how the rules are laid out. An account at a bank has only a house that collects and pays.
func policyParts(mode Mode) []layout {
	parts := []layout{
		{"months", []string{"time_zone", "months.grace"}},
		{"money", []string{"mode", "currencies", "budget.minimum", "slips.max", "slips.minimum", "slips.void", "netting", "receivers_must_give", "fee"}},
		{"likes", []string{"split", "pending.lapse", "pending.most", "clicks"}},
		{"owner", []string{"owner.name", "owner.contact"}},
	}
	if mode == Pledge {
		parts[1].names = append(parts[1].names, "fee_account")
	}
	if mode == Prepaid {
		parts = slices.Insert(parts, 2, layout{"bank", []string{"sepa.name", "sepa.iban", "sepa.bic"}})
	}
	return parts
}

type layout struct {
	key   string
	names []string
}

// policyField reads one as it stands.
func (s *site) policyField(v *visit, p Policy, name string) policyField {
	f := policyField{Name: name, Kind: "line"}
	in := func(d time.Duration, unit time.Duration) string { return strconv.FormatInt(int64(d/unit), 10) }
	switch name {
	case "time_zone":
		f.Kind, f.Value = "zone", s.Location.String()
	case "months.grace":
		f.Kind, f.Value, f.Most = "number", in(s.Grace, time.Hour), 28*24
	case "mode":
		f.Kind, f.Value, f.Choices = "choice", string(s.Mode), []string{string(Pledge), string(Prepaid)}
	case "currencies":
		f.Value = strings.Join(s.Currencies, ",")
	case "budget.minimum":
		f.Kind, f.Value = "amount", v.tongue.typed(s.Minimum)
	case "slips.max":
		f.Kind, f.Value, f.Least, f.Most = "number", strconv.Itoa(s.Slips.Max), 1, 1000
	case "slips.minimum":
		f.Kind, f.Value = "amount", v.tongue.typed(s.Slips.Minimum)
	case "slips.void":
		f.Kind, f.Value, f.Most = "number", in(s.Slips.Void, 24*time.Hour), 36_500
	case "netting":
		f.Kind, f.Value, f.Choices = "choice", strconv.FormatBool(s.Netting), []string{"false", "true"}
	case "receivers_must_give":
		f.Kind, f.Value, f.Choices = "choice", strconv.FormatBool(s.MustGive), []string{"false", "true"}
	case "fee":
		f.Kind, f.Value = "percent", s.fee(v.tongue)
	case "fee_account":
		f.Value = s.FeeTo
	case "split":
		f.Kind, f.Value, f.Choices = "choice", string(s.Split), []string{string(flattery.SplitByFlattr), string(flattery.SplitByCreator)}
		if f.Value == "" {
			f.Value = f.Choices[0]
		}
	case "pending.lapse":
		f.Kind, f.Value, f.Most = "number", in(s.Lapse, 24*time.Hour), 36_500
	case "pending.most":
		f.Kind, f.Value, f.Most = "number", strconv.Itoa(s.Most), 1000
	case "clicks":
		f.Kind, f.Choices = "choice", []string{"many", "once"}
		f.Value = f.Choices[0]
		if s.ClickOnce {
			f.Value = f.Choices[1]
		}
	case "sepa.name":
		f.Value = s.Bank.Name
	case "sepa.iban":
		f.Value = s.Bank.IBAN
	case "sepa.bic":
		f.Value = s.Bank.BIC
	case "owner.name":
		f.Value = s.Owner.Name
	case "owner.contact":
		f.Value = s.Owner.Contact
	}
	f.Fixed, f.From = s.fixed(p, name)
	return f
}

// fixed is the phrase for why a setting cannot be changed in the pages, and where it was made; "": it can.
func (s *site) fixed(p Policy, name string) (why, from string) {
	n := slices.IndexFunc(p.Settings, func(o Setting) bool { return o.Name == name })
	switch {
	case n < 0:
		return "policy.fixed", ""
	case !p.Settings[n].Open:
		return "policy.fixed", p.Settings[n].From
	case s.Demo:
		return "policy.demo", ""
	case name == "mode" && p.Begun:
		return "policy.begun", ""
	case (name == "split" || name == "fee" || name == "fee_account") && p.Settling:
		return "policy.settling", ""
	}
	return "", ""
}

func (s *site) policyFields(v *visit, names ...string) ([]policyField, error) {
	p, err := s.Doors.Policy(v.ctx)
	if err != nil {
		return nil, err
	}
	fields := make([]policyField, 0, len(names))
	for _, name := range names {
		fields = append(fields, s.policyField(v, p, name))
	}
	return fields, nil
}

func (s *site) rulesOfAll(v *visit) (view, error) {
	rules, err := s.Doors.Policy(v.ctx)
	if err != nil {
		return view{}, err
	}
	p := &policyPage{Zones: zones()}
	p.Nav = "policy"
	for _, l := range policyParts(s.Mode) {
		part := policyPart{Key: l.key}
		for _, name := range l.names {
			part.Fields = append(part.Fields, s.policyField(v, rules, name))
		}
		p.Parts = append(p.Parts, part)
	}
	return view{page: p}, nil
}

func (s *site) savePolicy(v *visit) (view, error) {
	var names []string
	for _, part := range policyParts(s.Mode) {
		names = append(names, part.names...)
	}
	changed, err := s.makePolicy(v, names...)
	if err != nil {
		return view{}, err
	}
	if !changed {
		return view{redirect: policyPath}, s.tell(v, false, "", "flash.samepolicy")
	}
	return view{redirect: policyPath}, s.tell(v, false, "", "flash.policy")
}

// makePolicy makes the settings of a form as far as they can be made here and are others than they were.
func (s *site) makePolicy(v *visit, names ...string) (bool, error) {
	if err := v.form(); err != nil {
		return false, err
	}
	fields, err := s.policyFields(v, names...)
	if err != nil {
		return false, err
	}
	made := map[string]string{}
	for _, f := range fields {
		if f.Fixed != "" || !v.PostForm.Has(f.Name) {
			continue
		}
		text := strings.TrimSpace(v.PostFormValue(f.Name))
		if text == f.Value {
			continue
		}
		if made[f.Name], err = f.setting(v, text); err != nil {
			return false, err
		}
	}
	if len(made) == 0 {
		return false, nil
	}
	return true, s.Doors.SetPolicy(v.ctx, made)
}

// setting is what was typed, as settings are written.
func (f policyField) setting(v *visit, text string) (string, error) {
	switch f.Kind {
	case "amount":
		a, err := v.amount(f.Name, flattery.Say("%s", f.Name))
		return a.String(), err
	case "percent":
		return strings.NewReplacer(v.tongue.point, ".", "\u00a0", " ").Replace(text), nil
	case "number":
		n, err := strconv.Atoi(text)
		if err != nil || n < f.Least || n > f.Most {
			return "", flattery.Input("%s: %q is not a number from %d to %d", f.Name, text, f.Least, f.Most)
		}
		unit := map[string]string{"months.grace": "h", "pending.lapse": " days", "slips.void": " days"}[f.Name]
		return strconv.Itoa(n) + unit, nil
	}
	return text, nil
}
