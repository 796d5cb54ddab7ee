package ledger

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"flattery"
)

// Book is a whole ledger as a store keeps it.
type Book struct {
	Transactions iter.Seq2[Transaction, error] // by number
	Totals       map[Account]Total             // as kept beside the entries
	Months       []flattery.MonthState         // those that are settled
	Digests      map[flattery.Month]string     // of their flattrs, as they are today
	Settlements  iter.Seq2[flattery.Settlement, error]
	Debts        iter.Seq2[flattery.Debt, error] // who owes whom how much, and how much of it is planned
	Given        []flattery.Given
	Netted       []flattery.Netted
	Unmet        []flattery.Unmet
	OnWay        map[string]flattery.Amount  // by currency: payments of the house that have left and are not confirmed
	Trials       map[string]flattery.Amount  // by currency: payments that prove destinations, which have left
	Suspense     map[Account]flattery.Amount // lines of a bank of which nobody has said yet what they are
	Strays       int64                       // entries that belong to no transaction
}

// Report is what an audit saw.
type Report struct {
	Transactions int64    `json:"transactions"`
	Entries      int64    `json:"entries"`
	Accounts     int      `json:"accounts"`
	Months       int      `json:"months"`
	Head         string   `json:"head"`
	Faults       []string `json:"faults"` // empty: clean
}

// maxFaults: the first ones tell what is wrong; a million lines would not.
const maxFaults = 50

func (r *Report) fault(format string, args ...any) {
	if len(r.Faults) < maxFaults {
		r.Faults = append(r.Faults, fmt.Sprintf(format, args...))
	}
}

// Audit recomputes everything that can be recomputed: hashes and numbers of the chain, account totals and their
// sides, what donors owe, and the control sums of the settled months.
func Audit(b Book) (Report, error) {
	r := Report{Faults: []string{}}
	sums := map[Account]Total{}
	settled := map[string]flattery.Amount{} // shares by settle:<month>:<donor>
	gave := map[string]flattery.Amount{}    // by give:<month>:<account>:<currency>
	var last Transaction
	for t, err := range b.Transactions {
		if err != nil {
			return r, fmt.Errorf("ledger: audit: %w", err)
		}
		r.link(&last, &t)
		for _, e := range t.Entries {
			d, c := Account{e.Debit, e.Currency}, Account{e.Credit, e.Currency}
			dt, ct := sums[d], sums[c]
			dt.Debits += e.Amount
			sums[d] = dt
			ct.Credits += e.Amount
			sums[c] = ct
			if e.Flattr != 0 {
				settled[t.Key] += e.Amount
			}
			if t.Kind == "give" {
				gave[t.Key] += e.Amount
			}
		}
		r.Transactions++
		r.Entries += int64(len(t.Entries))
		last = t
	}
	r.Head = last.Hash.String()
	r.totals(sums, b.Totals)
	spent, err := r.months(b, settled)
	if err != nil {
		return r, err
	}
	promised := r.given(sums, gave, spent, b.Given)
	if err := r.debts(sums, promised, b); err != nil {
		return r, err
	}
	r.netted(sums, b)
	r.suspense(sums, b)
	r.trials(sums, b)
	if b.Strays != 0 {
		r.fault("%d entries belong to no transaction", b.Strays)
	}
	return r, nil
}

func (r *Report) link(last, t *Transaction) {
	if t.Number != last.Number+1 {
		r.fault("transaction %d follows %d: the numbers have a gap", t.Number, last.Number)
	}
	if t.At.Before(last.At) {
		r.fault("transaction %d is posted at %s, before the one it follows", t.Number, t.At.Format(time.RFC3339Nano))
	}
	if err := t.Check(); err != nil {
		r.fault("transaction %d: %v", t.Number, err)
	}
	if body := t.BodyHash(); body != t.Body {
		r.fault("transaction %d (%s): its entries are not those that were posted", t.Number, t.Key)
	}
	if t.Hash != Chain(last.Hash, t.Number, t.At, t.Body) {
		r.fault("transaction %d (%s): the chain is broken here", t.Number, t.Key)
	}
}

func (r *Report) totals(sums, kept map[Account]Total) {
	r.Accounts = len(kept)
	for _, a := range slices.SortedFunc(maps.Keys(kept), byName) {
		if sums[a] != kept[a] {
			r.fault("%s %s: kept totals %s/%s, the entries say %s/%s", a.Name, a.Currency,
				kept[a].Debits, kept[a].Credits, sums[a].Debits, sums[a].Credits)
		}
		if kept[a].Balance(SideOf(a.Name)) < 0 {
			r.fault("%s %s: overdrawn by %s", a.Name, a.Currency, -kept[a].Balance(SideOf(a.Name)))
		}
	}
	for a := range sums {
		if _, ok := kept[a]; !ok {
			r.fault("%s %s: has entries and no totals", a.Name, a.Currency)
		}
	}
}

// months holds statements against entries, and says what each donor's spent of what was given on.
func (r *Report) months(b Book, settled map[string]flattery.Amount) (map[Account]flattery.Amount, error) {
	spent := map[Account]flattery.Amount{}
	type sum struct {
		budgets, shares flattery.Amount
		donors          int
	}
	by := map[flattery.Month]*sum{}
	for s, err := range b.Settlements {
		if err != nil {
			return nil, fmt.Errorf("ledger: audit: %w", err)
		}
		spent[Account{DonorMeans(s.Donor), s.Currency}] += s.Given
		m := by[s.Month]
		if m == nil {
			m = &sum{}
			by[s.Month] = m
		}
		m.budgets, m.shares, m.donors = m.budgets+s.Budget, m.shares+s.Shares, m.donors+1
		key := SettleKey(s.Month, s.Donor)
		if settled[key] != s.Shares {
			r.fault("%s: the statement says %s were shared, the entries %s", key, s.Shares, settled[key])
		}
		if s.Budget != s.Fee+s.Shares+s.Unspent {
			r.fault("%s: budget %s is not fee + shares + unspent", key, s.Budget)
		}
		delete(settled, key)
	}
	for key := range settled {
		if strings.HasPrefix(key, "settle:") {
			r.fault("%s: posted, and no statement says so", key)
		}
	}
	for _, m := range b.Months {
		r.Months++
		if m.Digest != b.Digests[m.Month] {
			r.fault("%s: its flattrs are not those that were frozen", m.Month)
		}
		s := by[m.Month]
		if s == nil {
			s = &sum{}
		}
		if s.budgets != m.Budgets || s.shares != m.Shares || s.donors != m.Donors {
			r.fault("%s: control sums %s given, %s shared, %d donors; the statements say %s, %s, %d",
				m.Month, m.Budgets, m.Shares, m.Donors, s.budgets, s.shares, s.donors)
		}
	}
	return spent, nil
}

// given holds what was given on against entries, statements and means, and says what of it is promised and not spent yet, by
// the pledge that stands for it.
func (r *Report) given(sums map[Account]Total, gave map[string]flattery.Amount, spent map[Account]flattery.Amount, given []flattery.Given) map[Account]flattery.Amount {
	promised, left := map[Account]flattery.Amount{}, map[Account]flattery.Amount{}
	for _, g := range given {
		key := GiveKey(g.Month, g.Account, g.Currency)
		if gave[key] != g.Amount {
			r.fault("%s: %s were given on, the entries say %s", key, g.Amount, gave[key])
		}
		delete(gave, key)
		means := Account{DonorMeans(g.Account), g.Currency}
		left[means] += g.Left()
		spent[means] -= g.Spent
		if g.Promised {
			promised[Account{Pledge(g.Account), g.Currency}] += g.Left()
		}
	}
	for key := range gave {
		r.fault("%s: posted, and nothing says that it was given on", key)
	}
	for means, amount := range left {
		if balance := sums[means].Balance(Credit); amount > balance {
			r.fault("%s %s: %s of what was given on are left, and there are %s", means.Name, means.Currency, amount, balance)
		}
	}
	for means, amount := range spent {
		if amount != 0 {
			r.fault("%s %s: the statements spent %s more of what was given on than was taken from it", means.Name, means.Currency, amount)
		}
	}
	return promised
}

// debts: in pledge mode the balance of the pledge is what a donor owes, what is on its way, and what the donor has been paid
// and promised to give on. What is owed to a payee is in that payee's payable.
func (r *Report) debts(sums map[Account]Total, promised map[Account]flattery.Amount, b Book) error {
	owed := maps.Clone(promised)
	payable := map[Account]flattery.Amount{}
	for d, err := range b.Debts {
		if err != nil {
			return fmt.Errorf("ledger: audit: %w", err)
		}
		owed[Account{Pledge(d.Donor), d.Currency}] += d.Amount
		payable[Account{PayeePayable(d.Payee), d.Currency}] += d.Amount
		if d.Amount < 0 || d.Planned < 0 || d.Planned > d.Amount {
			r.fault("donor %d owes payee %d %s, %s of it planned", d.Donor, d.Payee, d.Amount, d.Planned)
		}
	}
	for _, u := range b.Unmet {
		payable[Account{PayeePayable(u.To.Payee), u.To.Currency}] += u.Left
	}
	for a, amount := range payable {
		if balance := sums[a].Balance(Credit); amount > balance {
			r.fault("%s %s: %s are owed to it, and only %s are to be paid", a.Name, a.Currency, amount, balance)
		}
	}
	transit := map[string]flattery.Amount{}
	pledged, owing := map[string]flattery.Amount{}, map[string]flattery.Amount{}
	for a, t := range sums {
		switch {
		case strings.HasPrefix(a.Name, "transit:"):
			transit[a.Currency] += t.Balance(Credit)
		case strings.HasPrefix(a.Name, "assets:pledge:"):
			pledged[a.Currency] += t.Balance(Debit)
			if owed[a] > t.Balance(Debit) {
				r.fault("%s %s: owes %s and pledged only %s", a.Name, a.Currency, owed[a], t.Balance(Debit))
			}
		}
	}
	for a, amount := range owed {
		owing[a.Currency] += amount
	}
	for cur := range pledged {
		if way := transit[cur] - b.OnWay[cur]; pledged[cur] != owing[cur]+way {
			r.fault("%s: pledges of %s are not what is owed (%s) and on its way (%s)", cur, pledged[cur], owing[cur], way)
		}
	}
	for cur, amount := range b.OnWay {
		if _, pledges := pledged[cur]; !pledges && amount != transit[cur] {
			r.fault("%s: payments of %s are on their way, and the entries say %s", cur, amount, transit[cur])
		}
	}
	return nil
}

// suspense is what lines of a bank say that wait.
func (r *Report) suspense(sums map[Account]Total, b Book) {
	for _, name := range []string{SuspenseIn, SuspenseOut} {
		for a, t := range sums {
			if balance := t.Balance(SideOf(name)); a.Name == name && balance != b.Suspense[a] {
				r.fault("%s %s: %s stand there, the lines that wait say %s", a.Name, a.Currency, balance, b.Suspense[a])
			}
		}
	}
	for a, amount := range b.Suspense {
		if _, ok := sums[a]; !ok {
			r.fault("%s %s: lines over %s wait, and nothing was posted", a.Name, a.Currency, amount)
		}
	}
}

// trials: what proved destinations is the house's expense, and nothing else is in it.
func (r *Report) trials(sums map[Account]Total, b Book) {
	left := maps.Clone(b.Trials)
	for a, t := range sums {
		if a.Name == Trials && t.Balance(Debit) != left[a.Currency] {
			r.fault("%s %s: %s stand there, the payments say %s", a.Name, a.Currency, t.Balance(Debit), left[a.Currency])
		}
		if a.Name == Trials {
			delete(left, a.Currency)
		}
	}
	for cur, amount := range left {
		r.fault("%s: trials over %s have left, and nothing was posted", cur, amount)
	}
}

// netted: each plan leaves every donor's sum as it was; and what payees of voided slips wait for is what others owe who were
// paid in their place.
func (r *Report) netted(sums map[Account]Total, b Book) {
	type donor struct {
		plan     flattery.Month
		id       flattery.AccountID
		currency string
	}
	more := map[donor]flattery.Amount{}
	for _, n := range b.Netted {
		more[donor{n.Plan, n.Donor, n.Currency}] += n.Becomes - n.Was
	}
	for d, amount := range more {
		if amount != 0 {
			r.fault("netting of %s: donor %d owes %s %s more than before", d.plan, d.id, amount, d.currency)
		}
	}
	waits := map[string]flattery.Amount{}
	for _, u := range b.Unmet {
		waits[u.To.Currency] += u.Left
	}
	for a, t := range sums {
		if strings.HasPrefix(a.Name, "payee:") && SideOf(a.Name) == Debit {
			waits[a.Currency] -= t.Balance(Debit)
		}
	}
	for currency, amount := range waits {
		if amount != 0 {
			r.fault("%s: payees of voided slips wait for %s more than others owe", currency, amount)
		}
	}
}

func byName(a, b Account) int {
	if c := strings.Compare(a.Name, b.Name); c != 0 {
		return c
	}
	return strings.Compare(a.Currency, b.Currency)
}

// SettleKey is the idempotency key of a donor's month.
func SettleKey(m flattery.Month, d flattery.AccountID) string {
	return "settle:" + m.String() + ":" + id(int64(d))
}

// GiveKey is the idempotency key of what an account gives on of a month.
func GiveKey(m flattery.Month, a flattery.AccountID, currency string) string {
	return "give:" + m.String() + ":" + id(int64(a)) + ":" + currency
}
