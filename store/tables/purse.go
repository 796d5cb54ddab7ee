package tables

import (
	"context"
	"time"

	"flattery"
	"flattery/internal/ledger"
)

// purseLine is the balance of all accounts of one kind, on the side of what is owed.
type purseLine struct {
	currency, kind string
	balance        flattery.Amount
}

// Purses are what the house has and owes, by currency.
func (s *Reader) Purses(ctx context.Context) (list []flattery.Purse, err error) {
	lines, err := all(ctx, s.DB, func(r Row) (l purseLine, err error) {
		err = r.Scan(&l.currency, &l.kind, &l.balance)
		return l, err
	}, `SELECT currency, kind, CAST(sum(credits - debits) AS BIGINT) FROM (SELECT currency, credits, debits,
		CASE WHEN name LIKE 'donor:%:means' THEN 'means' WHEN name LIKE 'donor:%:debt' THEN 'debt' WHEN name LIKE 'payee:%:payable' THEN 'payable'
		WHEN name LIKE 'transit:%' THEN 'transit' ELSE name END AS kind FROM ledger_accounts) k GROUP BY currency, kind ORDER BY currency, kind`)
	for _, l := range lines {
		if n := len(list); n == 0 || list[n-1].Currency != l.currency {
			list = append(list, flattery.Purse{Currency: l.currency})
		}
		p := &list[len(list)-1]
		switch l.kind {
		case ledger.Bank:
			p.Bank = -l.balance
		case ledger.SuspenseIn:
			p.In = l.balance
		case ledger.SuspenseOut:
			p.Out = -l.balance
		case "means":
			p.Means = l.balance
		case "debt":
			p.Debts = -l.balance
		case "payable":
			p.Owed = l.balance
		case "transit":
			p.OnWay = l.balance
		case ledger.Sponsor:
			p.Sponsor = l.balance
		case ledger.BankFees, ledger.Trials:
			p.Costs -= l.balance
		}
	}
	return list, wrap("purses", err)
}

// PaidIn lists what a donor paid in and got back, newest first.
func (s *Reader) PaidIn(ctx context.Context, donor flattery.AccountID, limit int) ([]flattery.PaidIn, error) {
	const mine = `(SELECT id FROM ledger_accounts WHERE name IN (?1, ?2))`
	list, err := all(ctx, s.DB, func(r Row) (p flattery.PaidIn, err error) {
		var posted int64
		err = r.Scan(&posted, &p.Currency, &p.Amount)
		p.At = time.UnixMicro(posted).UTC()
		return p, err
	}, `SELECT t.posted_at, max(l.currency), CAST(sum(CASE WHEN e.credit_id IN `+mine+` THEN e.amount ELSE -e.amount END) AS BIGINT)
		FROM transactions t JOIN entries e ON e.number >= t.first_entry AND e.number < t.first_entry + t.entries JOIN ledger_accounts l ON l.id = e.debit_id
		WHERE t.kind IN ('means', 'refund', 'bank') AND (e.credit_id IN `+mine+` OR e.debit_id IN `+mine+`)
		GROUP BY t.number ORDER BY t.number DESC LIMIT CAST(?3 AS bigint)`, ledger.DonorMeans(donor), ledger.DonorDebt(donor), limit)
	return list, wrap("what was paid in", err)
}
