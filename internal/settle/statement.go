package settle

import (
	"cmp"
	"slices"

	"flattery"
	"flattery/internal/ledger"
	"flattery/store"
)

// Statement is one donor's month, split and ready to post.
type Statement struct {
	flattery.Settlement
	Name    string         `json:"name"`
	Parts   []Share        `json:"-"` // above 0
	Entries []ledger.Entry `json:"-"`
	Owed    []Owed         `json:"-"` // pledge: to whom, by payee
	Pledged bool           `json:"-"` // pledge mode
}

// Share is what one flattr of a statement receives.
type Share struct {
	Flattr flattery.FlattrID
	Payee  flattery.PayeeID
	Amount flattery.Amount
}

// Owed is what the donor of a statement owes one payee for this month.
type Owed struct {
	Payee  flattery.PayeeID
	Amount flattery.Amount
}

// Statement splits a donor's month. It is a pure function: the same month gives the same statement.
func (r Rules) Statement(m flattery.Month, d store.DonorMonth) Statement {
	a := d.Account
	st := Statement{Name: a.Name, Pledged: r.Mode == Pledge}
	given := d.Given
	if st.Pledged {
		given = d.Promised
	}
	st.Month, st.Donor, st.Currency, st.Flattrs = m, a.ID, a.Currency, len(d.Parts)
	if !a.Paused {
		st.Budget = a.Budget
		if a.OnTop {
			st.Budget += given
		}
	}
	if r.Mode == Prepaid {
		st.Budget = min(st.Budget, d.Means) // spends at most what is there
	}
	st.Fee = r.Fee.Of(st.Budget)
	shares := flattery.Split(st.Budget-st.Fee, a.Cap, r.Split, m, a.Name, d.Parts)
	for i, amount := range shares {
		st.Shares += amount
		if amount > 0 {
			st.Parts = append(st.Parts, Share{d.Flattrs[i], d.Payees[i], amount})
		}
	}
	st.Given = min(given, st.Shares) // spent first
	st.Unspent = st.Budget - st.Fee - st.Shares
	r.entries(&st)
	return st
}

func (r Rules) entries(st *Statement) {
	means := ledger.DonorMeans(st.Donor)
	if pledge := st.Fee + st.Shares - st.Given; st.Pledged && pledge > 0 { // what was given on was pledged then
		st.Entries = append(st.Entries, ledger.Entry{Debit: ledger.Pledge(st.Donor), Credit: means, Currency: st.Currency, Amount: pledge})
	}
	owed := map[flattery.PayeeID]flattery.Amount{}
	if st.Fee > 0 {
		to := ledger.IncomeFee
		if st.Pledged {
			to = ledger.PayeePayable(r.collector)
			owed[r.collector] = st.Fee
		}
		st.Entries = append(st.Entries, ledger.Entry{Debit: means, Credit: to, Currency: st.Currency, Amount: st.Fee})
	}
	for _, s := range st.Parts {
		st.Entries = append(st.Entries, ledger.Entry{Debit: means, Credit: ledger.PayeePayable(s.Payee), Currency: st.Currency, Amount: s.Amount, Flattr: s.Flattr})
		owed[s.Payee] += s.Amount
	}
	if !st.Pledged {
		return
	}
	for payee, amount := range owed {
		st.Owed = append(st.Owed, Owed{payee, amount})
	}
	slices.SortFunc(st.Owed, func(a, b Owed) int { return cmp.Compare(a.Payee, b.Payee) })
}
