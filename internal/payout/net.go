package payout

import (
	"cmp"
	"container/heap"
	"maps"
	"slices"

	"flattery"
)

// Net says who owes whom instead, so that fewer and larger payments pay the same: the sums of each donor and each payee stay.
// Only what joined donors owe joined payees takes part, as far as it could be paid now and no slip is out, each currency for
// itself. Whose sum is below the minimum of a slip could pay or be paid nothing, and stays out. Where it would not make fewer
// payments nothing changes. Net is pure: the order of debts does not matter.
//
// What is netted below the minimum, or beyond the most slips a donor gets, waits as other debts do, and is netted again with
// the next plan.
func Net(debts []flattery.Debt, joined map[flattery.AccountID]bool, rail Rail, rules Rules) ([]flattery.Debt, []flattery.Netted) {
	all := slices.Clone(debts)
	slices.SortFunc(all, func(a, b flattery.Debt) int {
		return cmp.Or(cmp.Compare(a.Currency, b.Currency), cmp.Compare(a.Donor, b.Donor), cmp.Compare(a.Payee, b.Payee))
	})
	index := map[debtKey]int{}
	byCurrency := map[string]*netting{}
	for i, d := range all {
		index[debtKey{pair{d.Donor, d.Payee}, d.Currency}] = i
		open := d.Amount - d.Planned
		open -= open % rail.Info().Step
		if d.Held != "" || d.Account == 0 || d.Account == d.Donor || open <= 0 || !joined[d.Donor] || !joined[d.Account] {
			continue
		}
		if to, err := rail.Canon(d.Destination); err != nil || to == "" {
			continue
		}
		n := byCurrency[d.Currency]
		if n == nil {
			n = &netting{pairs: map[pair]*flattery.Netted{}, payees: map[flattery.PayeeID]flattery.Debt{}}
			byCurrency[d.Currency] = n
		}
		n.pairs[pair{d.Donor, d.Payee}] = &flattery.Netted{Donor: d.Donor, Payee: d.Payee, Currency: d.Currency, Was: open, Since: d.Since}
		n.payees[d.Payee] = d
	}
	var changes []flattery.Netted
	for _, currency := range slices.Sorted(maps.Keys(byCurrency)) {
		n := byCurrency[currency]
		n.leaveSmall(max(rules.Minimum, rail.Info().Minimum))
		if !n.largestToLargest() {
			continue
		}
		for _, p := range n.sorted() {
			c := n.pairs[p]
			changes = append(changes, *c)
			i, there := index[debtKey{p, currency}]
			if !there {
				d := n.payees[p.payee]
				d.Donor, d.Amount, d.Planned, d.Since = p.donor, 0, 0, c.Since
				i, all = len(all), append(all, d)
			}
			all[i].Amount += c.Becomes - c.Was
		}
	}
	return all, changes
}

type pair struct {
	donor flattery.AccountID
	payee flattery.PayeeID
}

type debtKey struct {
	pair
	currency string
}

// netting is what takes part, in one currency.
type netting struct {
	pairs  map[pair]*flattery.Netted
	payees map[flattery.PayeeID]flattery.Debt // one to each of them
}

func (n *netting) sorted() []pair {
	return slices.SortedFunc(maps.Keys(n.pairs), func(a, b pair) int {
		return cmp.Or(cmp.Compare(a.donor, b.donor), cmp.Compare(a.payee, b.payee))
	})
}

// leaveSmall leaves out whoever has less than the minimum, and then whoever has less without them.
func (n *netting) leaveSmall(least flattery.Amount) {
	for {
		donors, payees := n.sums()
		before := len(n.pairs)
		maps.DeleteFunc(n.pairs, func(p pair, _ *flattery.Netted) bool { return donors[p.donor] < least || payees[p.payee] < least })
		if len(n.pairs) == before {
			return
		}
	}
}

func (n *netting) sums() (donors map[flattery.AccountID]flattery.Amount, payees map[flattery.PayeeID]flattery.Amount) {
	donors, payees = map[flattery.AccountID]flattery.Amount{}, map[flattery.PayeeID]flattery.Amount{}
	for p, c := range n.pairs {
		donors[p.donor] += c.Was
		payees[p.payee] += c.Was
	}
	return donors, payees
}

// largestToLargest lets whoever owes most pay whom most is owed, until all is paid: each payment ends at least one of them, the
// last one two. It reports whether that makes fewer payments.
func (n *netting) largestToLargest() bool {
	donors, payees := n.sums()
	since := map[flattery.AccountID]flattery.Month{}
	for p, c := range n.pairs {
		if s, ok := since[p.donor]; !ok || c.Since < s {
			since[p.donor] = c.Since
		}
	}
	var from, to pile
	for d, sum := range donors {
		from = append(from, heapPart{id: int64(d), account: d, left: sum})
	}
	for y, sum := range payees {
		to = append(to, heapPart{id: int64(y), account: n.payees[y].Account, left: sum})
	}
	heap.Init(&from)
	heap.Init(&to)
	becomes := map[pair]flattery.Amount{}
	for len(from) > 0 && len(to) > 0 {
		d, y := from.take(), to.take()
		if d.account == y.account && len(to) > 0 { // no slip to oneself; if nobody else is left, one's pledge meets one's payable
			next := to.take()
			to.put(y)
			y = next
		}
		amount := min(d.left, y.left)
		becomes[pair{d.account, flattery.PayeeID(y.id)}] += amount
		if d.left -= amount; d.left > 0 {
			from.put(d)
		}
		if y.left -= amount; y.left > 0 {
			to.put(y)
		}
	}
	if len(becomes) >= len(n.pairs) {
		return false
	}
	for p, amount := range becomes {
		if n.pairs[p] == nil {
			n.pairs[p] = &flattery.Netted{Donor: p.donor, Payee: p.payee, Currency: n.payees[p.payee].Currency, Since: since[p.donor]}
		}
		n.pairs[p].Becomes = amount
	}
	return true
}

// pile is a heap, the largest on top; of equal ones the first by number.
type pile []heapPart

type heapPart struct {
	id      int64
	account flattery.AccountID
	left    flattery.Amount
}

func (h pile) Len() int { return len(h) }
func (h pile) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(h[j].left, h[i].left), cmp.Compare(h[i].id, h[j].id)) < 0
}
func (h pile) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

// Push and Pop are heap's.
func (h *pile) Push(v any) { *h = append(*h, v.(heapPart)) } //nolint:errcheck // nothing else is pushed
func (h *pile) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

func (h *pile) take() heapPart { return heap.Pop(h).(heapPart) } //nolint:errcheck // nothing else is in it
func (h *pile) put(p heapPart) { heap.Push(h, p) }
