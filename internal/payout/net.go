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
	n, _ := net(debts, joined, nil, nil, rail, rules)
	return n.debts, n.changes()
}

// net is Net, after those have got their part who wait for what was not paid in the end.
func net(debts []flattery.Debt, joined map[flattery.AccountID]bool, unmet []flattery.Unmet, owing map[owingKey]flattery.Amount, rail Rail, rules Rules) (*nets, []meeting) {
	n := newNets(debts, joined, rail)
	met := n.meet(unmet, owing)
	n.net(max(rules.Minimum, rail.Info().Minimum))
	return n, met
}

// nets are debts that change, and how.
type nets struct {
	joined map[flattery.AccountID]bool
	rail   Rail
	debts  []flattery.Debt
	index  map[debtKey]int
	met    map[debtKey]flattery.Amount // what was added before netting
	netted map[debtKey]change
}

type pair struct {
	donor flattery.AccountID
	payee flattery.PayeeID
}

type debtKey struct {
	pair
	currency string
}

func newNets(debts []flattery.Debt, joined map[flattery.AccountID]bool, rail Rail) *nets {
	n := &nets{joined: joined, rail: rail, debts: slices.Clone(debts), index: map[debtKey]int{}, met: map[debtKey]flattery.Amount{}, netted: map[debtKey]change{}}
	slices.SortFunc(n.debts, func(a, b flattery.Debt) int {
		return cmp.Or(cmp.Compare(a.Currency, b.Currency), cmp.Compare(a.Donor, b.Donor), cmp.Compare(a.Payee, b.Payee))
	})
	for i, d := range n.debts {
		n.index[debtKey{pair{d.Donor, d.Payee}, d.Currency}] = i
	}
	return n
}

// open is what a rail could move of a debt for which no slip is out.
func (n *nets) open(d flattery.Debt) flattery.Amount {
	open := d.Amount - d.Planned
	return max(0, open-open%n.rail.Info().Step)
}

// takesPart reports whether the payee of a debt joined and can be paid.
func (n *nets) takesPart(d flattery.Debt) bool {
	if d.Account == 0 || d.Held != "" || !n.joined[d.Account] {
		return false
	}
	to, err := n.rail.Canon(d.Destination)
	return err == nil && to != ""
}

// move changes a debt; like is one to the same payee, where there is none yet.
func (n *nets) move(p pair, like flattery.Debt, by flattery.Amount) {
	k := debtKey{p, like.Currency}
	i, there := n.index[k]
	if !there {
		like.Donor, like.Amount, like.Planned = p.donor, 0, 0
		i = len(n.debts)
		n.index[k], n.debts = i, append(n.debts, like)
	}
	n.debts[i].Amount += by
}

// net nets each currency.
func (n *nets) net(least flattery.Amount) {
	byCurrency := map[string]*netting{}
	for _, d := range n.debts {
		open := n.open(d)
		if open == 0 || d.Account == d.Donor || !n.joined[d.Donor] || !n.takesPart(d) {
			continue
		}
		c := byCurrency[d.Currency]
		if c == nil {
			c = &netting{pairs: map[pair]*change{}, payees: map[flattery.PayeeID]flattery.Debt{}}
			byCurrency[d.Currency] = c
		}
		c.pairs[pair{d.Donor, d.Payee}] = &change{was: open, since: d.Since}
		c.payees[d.Payee] = d
	}
	for _, currency := range slices.Sorted(maps.Keys(byCurrency)) {
		c := byCurrency[currency]
		c.leaveSmall(least)
		if !c.largestToLargest() {
			continue
		}
		for _, p := range c.sorted() {
			y, like := c.pairs[p], c.payees[p.payee]
			like.Since = y.since
			n.netted[debtKey{p, currency}] = *y
			n.move(p, like, y.becomes-y.was)
		}
	}
}

// changes are what took part, as it was before anything moved and as it becomes.
func (n *nets) changes() []flattery.Netted {
	all := []flattery.Netted{}
	add := func(k debtKey, since flattery.Month, was, becomes flattery.Amount) {
		if was+becomes > 0 {
			all = append(all, flattery.Netted{Donor: k.donor, Payee: k.payee, Currency: k.currency, Was: was, Becomes: becomes, Since: since})
		}
	}
	for k, c := range n.netted {
		add(k, c.since, c.was-n.met[k], c.becomes)
	}
	for k, by := range n.met {
		if _, netted := n.netted[k]; !netted {
			add(k, n.debts[n.index[k]].Since, max(0, -by), max(0, by))
		}
	}
	slices.SortFunc(all, func(a, b flattery.Netted) int {
		return cmp.Or(cmp.Compare(a.Currency, b.Currency), cmp.Compare(a.Donor, b.Donor), cmp.Compare(a.Payee, b.Payee))
	})
	return all
}

// change is what one donor owes one payee in a netting.
type change struct {
	was, becomes flattery.Amount
	since        flattery.Month
}

// netting is what takes part, in one currency.
type netting struct {
	pairs  map[pair]*change
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
		maps.DeleteFunc(n.pairs, func(p pair, _ *change) bool { return donors[p.donor] < least || payees[p.payee] < least })
		if len(n.pairs) == before {
			return
		}
	}
}

func (n *netting) sums() (donors map[flattery.AccountID]flattery.Amount, payees map[flattery.PayeeID]flattery.Amount) {
	donors, payees = map[flattery.AccountID]flattery.Amount{}, map[flattery.PayeeID]flattery.Amount{}
	for p, c := range n.pairs {
		donors[p.donor] += c.was
		payees[p.payee] += c.was
	}
	return donors, payees
}

// largestToLargest lets whoever owes most pay whom most is owed, until all is paid: each payment ends at least one of them, the
// last one two. It reports whether that makes fewer payments.
func (n *netting) largestToLargest() bool {
	donors, payees := n.sums()
	since := map[flattery.AccountID]flattery.Month{}
	for p, c := range n.pairs {
		if s, ok := since[p.donor]; !ok || c.since < s {
			since[p.donor] = c.since
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
			n.pairs[p] = &change{since: since[p.donor]}
		}
		n.pairs[p].becomes = amount
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
