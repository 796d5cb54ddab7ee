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
	n, _ := net(slices.Clone(debts), joined, nil, nil, rail, rules)
	return n.debts, n.netted
}

// net is Net, after those have got their part who wait for what was not paid in the end. The debts are its own from now on.
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
	debts  []flattery.Debt             // those there were, by currency, donor and payee; behind them what somebody owes to somebody new
	were   int                         // how many there were
	anew   map[debtKey]int             // where in debts the others are
	met    map[debtKey]flattery.Amount // what was added before netting, until it is noted
	netted []flattery.Netted           // what changes, by currency, donor and payee
}

type pair struct {
	donor flattery.AccountID
	payee flattery.PayeeID
}

func (p pair) compare(q pair) int {
	return cmp.Or(cmp.Compare(p.donor, q.donor), cmp.Compare(p.payee, q.payee))
}

type debtKey struct {
	pair
	currency string
}

func (k debtKey) compare(l debtKey) int {
	return cmp.Or(cmp.Compare(k.currency, l.currency), k.pair.compare(l.pair))
}

func keyOf(d flattery.Debt) debtKey { return debtKey{pair{d.Donor, d.Payee}, d.Currency} }

// newNets makes debts its own.
func newNets(debts []flattery.Debt, joined map[flattery.AccountID]bool, rail Rail) *nets {
	slices.SortFunc(debts, func(a, b flattery.Debt) int { return keyOf(a).compare(keyOf(b)) })
	return &nets{joined: joined, rail: rail, debts: debts, were: len(debts), anew: map[debtKey]int{}, met: map[debtKey]flattery.Amount{}}
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

// find says where in debts a debt is.
func (n *nets) find(k debtKey) (i int, there bool) {
	if i, there = n.anew[k]; there {
		return i, true
	}
	return slices.BinarySearchFunc(n.debts[:n.were], k, func(d flattery.Debt, k debtKey) int { return keyOf(d).compare(k) })
}

// move changes a debt; like is one to the same payee, where there is none yet.
func (n *nets) move(p pair, like flattery.Debt, by flattery.Amount) {
	k := debtKey{p, like.Currency}
	i, there := n.find(k)
	if !there {
		like.Donor, like.Amount, like.Planned = p.donor, 0, 0
		i = len(n.debts)
		n.anew[k], n.debts = i, append(n.debts, like)
	}
	n.debts[i].Amount += by
}

// net nets each currency, and notes what changed.
func (n *nets) net(least flattery.Amount) {
	byCurrency := map[string]*netting{}
	for i, d := range n.debts {
		open := n.open(d)
		if open == 0 || d.Account == d.Donor || !n.joined[d.Donor] || !n.takesPart(d) {
			continue
		}
		c := byCurrency[d.Currency]
		if c == nil {
			c = &netting{payees: map[flattery.PayeeID]payee{}}
			byCurrency[d.Currency] = c
		}
		c.changes = append(c.changes, change{pair: pair{d.Donor, d.Payee}, was: open, since: d.Since})
		c.payees[d.Payee] = payee{d.Account, i}
	}
	for _, currency := range slices.Sorted(maps.Keys(byCurrency)) {
		c := byCurrency[currency]
		c.leaveSmall(least)
		if !c.largestToLargest() {
			continue
		}
		n.netted = slices.Grow(n.netted, len(c.changes))
		for _, y := range c.changes {
			like, k := n.debts[c.payees[y.payee].debt], debtKey{y.pair, currency}
			like.Since = y.since
			n.move(y.pair, like, y.becomes-y.was)
			n.note(k, y.since, y.was-n.met[k], y.becomes)
			delete(n.met, k)
		}
	}
	for k, by := range n.met {
		if i, there := n.find(k); there {
			n.note(k, n.debts[i].Since, max(0, -by), max(0, by))
		}
	}
	slices.SortFunc(n.netted, func(a, b flattery.Netted) int {
		return debtKey{pair{a.Donor, a.Payee}, a.Currency}.compare(debtKey{pair{b.Donor, b.Payee}, b.Currency})
	})
}

// note notes a change as it was before anything moved and as it becomes.
func (n *nets) note(k debtKey, since flattery.Month, was, becomes flattery.Amount) {
	if was+becomes > 0 {
		n.netted = append(n.netted, flattery.Netted{Donor: k.donor, Payee: k.payee, Currency: k.currency, Was: was, Becomes: becomes, Since: since})
	}
}

// change is what one donor owes one payee in a netting.
type change struct {
	pair
	was, becomes flattery.Amount
	since        flattery.Month
}

// payee is somebody who takes part.
type payee struct {
	account flattery.AccountID
	debt    int // one of those to them, among all
}

// netting is what takes part, in one currency.
type netting struct {
	changes []change // a pair once
	payees  map[flattery.PayeeID]payee
}

// leaveSmall leaves out whoever has less than the minimum, and then whoever has less without them.
func (n *netting) leaveSmall(least flattery.Amount) {
	for {
		donors, payees := n.sums()
		before := len(n.changes)
		n.changes = slices.DeleteFunc(n.changes, func(c change) bool { return donors[c.donor] < least || payees[c.payee] < least })
		if len(n.changes) == before {
			return
		}
	}
}

func (n *netting) sums() (donors map[flattery.AccountID]flattery.Amount, payees map[flattery.PayeeID]flattery.Amount) {
	donors, payees = map[flattery.AccountID]flattery.Amount{}, map[flattery.PayeeID]flattery.Amount{}
	for _, c := range n.changes {
		donors[c.donor] += c.was
		payees[c.payee] += c.was
	}
	return donors, payees
}

// largestToLargest lets whoever owes most pay whom most is owed, until all is paid: each payment ends at least one of them, the
// last one two. It reports whether that makes fewer payments.
func (n *netting) largestToLargest() bool {
	donors, payees := n.sums()
	var from, to pile
	for d, sum := range donors {
		from = append(from, heapPart{id: int64(d), account: d, left: sum})
	}
	for y, sum := range payees {
		to = append(to, heapPart{id: int64(y), account: n.payees[y].account, left: sum})
	}
	heap.Init(&from)
	heap.Init(&to)
	var becomes []change // a pair once: each payment ends one of its two
	for len(from) > 0 && len(to) > 0 {
		d, y := from.take(), to.take()
		if d.account == y.account && len(to) > 0 { // no slip to oneself; if nobody else is left, one's pledge meets one's payable
			next := to.take()
			to.put(y)
			y = next
		}
		amount := min(d.left, y.left)
		becomes = append(becomes, change{pair: pair{d.account, flattery.PayeeID(y.id)}, becomes: amount})
		if d.left -= amount; d.left > 0 {
			from.put(d)
		}
		if y.left -= amount; y.left > 0 {
			to.put(y)
		}
	}
	if len(becomes) >= len(n.changes) {
		return false
	}
	n.join(becomes)
	return true
}

// join says in changes what becomes, of whom nothing was too: that is as old as the oldest that its donor owed. Then they are
// sorted.
func (n *netting) join(becomes []change) {
	oldest := map[flattery.AccountID]flattery.Month{}
	for _, c := range n.changes {
		if s, ok := oldest[c.donor]; !ok || c.since < s {
			oldest[c.donor] = c.since
		}
	}
	sort := func() { slices.SortFunc(n.changes, func(a, b change) int { return a.compare(b.pair) }) }
	sort()
	var anew []change
	for _, b := range becomes {
		if i, there := slices.BinarySearchFunc(n.changes, b.pair, func(c change, p pair) int { return c.compare(p) }); there {
			n.changes[i].becomes = b.becomes
		} else {
			b.since = oldest[b.donor]
			anew = append(anew, b)
		}
	}
	n.changes = append(n.changes, anew...)
	sort()
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
