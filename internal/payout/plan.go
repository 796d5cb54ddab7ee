package payout

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"flattery"
)

// Plan says which slips the donors get for a month, given what they owe: of each donor's debts those with a
// destination that nothing holds, the largest first, none below the minimum, at most max. What the house owes (Donor 0) has no most.
// A debt goes by the first rail that its destination suits, in amounts that are taken there. It is pure: the order of debts does not matter.
func Plan(month flattery.Month, debts []flattery.Debt, rules Rules, rails ...Rail) []flattery.Payment {
	var list []candidate
	for i, d := range debts {
		rail, to := suits(d, rails)
		if d.Held != "" || d.Donor != 0 && d.Account == d.Donor || rail == nil {
			continue // it waits; the payee's own page says what is wrong with its destination
		}
		info := rail.Info()
		whole := max(info.Step, to.Way().Whole(d.Currency)) // one is whole of the other
		open := d.Amount - d.Planned
		open -= open % whole
		if open > 0 && open >= max(rules.Minimum, info.Minimum) {
			list = append(list, candidate{i, info.Rail, to, open})
		}
	}
	slices.SortFunc(list, func(a, b candidate) int {
		d, e := &debts[a.debt], &debts[b.debt]
		return cmp.Or(cmp.Compare(d.Donor, e.Donor), cmp.Compare(b.open, a.open), cmp.Compare(d.Payee, e.Payee), cmp.Compare(d.Currency, e.Currency))
	})
	given := map[flattery.AccountID]int{}
	list = slices.DeleteFunc(list, func(c candidate) bool {
		donor := debts[c.debt].Donor
		given[donor]++
		return donor != 0 && given[donor] > rules.Max
	})
	slips := make([]flattery.Payment, len(list))
	for i, c := range list {
		d := &debts[c.debt]
		slips[i] = flattery.Payment{
			Code: code(month, *d), Plan: month, Rail: c.rail, Donor: d.Donor, Payee: d.Payee, PayeeName: d.PayeeName,
			Currency: d.Currency, Amount: c.open, Destination: c.to, State: flattery.PaymentPlanned, Joined: d.Account != 0, Published: d.Published,
		}
	}
	return slips
}

// candidate is a debt that could be paid, and how.
type candidate struct {
	debt int // its place among all
	rail string
	to   flattery.Destination
	open flattery.Amount
}

// suits finds the first rail that can pay a debt, and its destination as that rail writes it.
func suits(d flattery.Debt, rails []Rail) (Rail, flattery.Destination) {
	for _, r := range rails {
		if in := r.Info().Currencies; len(in) > 0 && !slices.Contains(in, d.Currency) {
			continue
		}
		if to, err := r.Canon(d.Destination); err == nil && to != "" {
			return r, to
		}
	}
	return nil, ""
}

// code is what a slip is known by to donor and payee: 60 bits, made of what it pays.
func code(m flattery.Month, d flattery.Debt) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x1f%d\x1f%d\x1f%s", m, d.Donor, d.Payee, d.Currency))
	return written(sum)
}

// hash is the SHA-256 of a plan's payments, and of what it changed of who owes whom, in hex.
func hash(payments []flattery.Payment, netted []flattery.Netted) string {
	h := sha256.New()
	for _, p := range payments {
		fmt.Fprintf(h, "%s %s %d %d %s %s %s\n", p.Code, p.Rail, p.Donor, p.Payee, p.Currency, p.Amount, p.Destination)
	}
	for _, n := range netted {
		fmt.Fprintf(h, "netted %d %d %s %s %s\n", n.Donor, n.Payee, n.Currency, n.Was, n.Becomes)
	}
	return hex.EncodeToString(h.Sum(nil))
}
