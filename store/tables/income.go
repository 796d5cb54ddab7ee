package tables

import (
	"context"

	"flattery"
)

// Received lists what each payee, or an account, was promised and paid: what was settled is credited to its payable and debited again
// when it leaves, so the sums stand in the totals. A payment that failed was credited back.
func (s *Reader) Received(ctx context.Context, account flattery.AccountID) ([]flattery.Received, error) {
	whose, args := of("y.account_id", account)
	list, err := all(ctx, s.DB, func(r Row) (v flattery.Received, err error) {
		err = r.Scan(&v.Payee, &v.Account, &v.Name, &v.Currency, &v.Promised, &v.Paid, &v.Given, &v.Owes)
		v.Promised += v.Given
		return v, err
	}, `SELECT y.id, coalesce(y.account_id, 0), coalesce(a.name, h.network || ':' || i.handle), l.currency,
		CAST(l.credits - l.debits + coalesce((SELECT sum(p.amount) FROM payments p WHERE p.payee_id = y.id AND p.currency = l.currency AND p.state IN ('sent', 'unknown', 'paid')), 0) AS BIGINT),
		CAST(coalesce((SELECT sum(p.amount) FROM payments p WHERE p.payee_id = y.id AND p.currency = l.currency AND p.state = 'paid'), 0) AS BIGINT),
		CAST(coalesce((SELECT sum(g.amount) FROM given g WHERE g.account_id = y.account_id AND g.currency = l.currency AND NOT g.promised), 0) AS BIGINT),
		CAST(coalesce((SELECT o.debits - o.credits FROM ledger_accounts o WHERE o.name = 'payee:' || y.id || ':debt' AND o.currency = l.currency), 0) AS BIGINT)
		FROM payees y JOIN ledger_accounts l ON l.name = 'payee:' || y.id || ':payable'
		LEFT JOIN accounts a ON a.id = y.account_id LEFT JOIN identities i ON i.id = y.identity_id LEFT JOIN hosts h ON h.id = i.host_id
		WHERE `+whose+` ORDER BY y.id, l.currency`, args...)
	return list, wrap("received", err)
}

// Incomes adds up, by month, the flattrs of everybody whom an account claims to be. What was settled before the claim is in it.
func (s *Reader) Incomes(ctx context.Context, account flattery.AccountID) ([]flattery.Income, error) {
	list, err := all(ctx, s.DB, func(r Row) (i flattery.Income, err error) {
		err = r.Scan(&i.Month, &i.Currency, &i.Flattrs, &i.Donors, &i.Amount)
		return i, err
	}, `SELECT f.counts_in, coalesce(l.currency, ''), count(*), count(DISTINCT f.account_id), CAST(coalesce(sum(e.amount), 0) AS BIGINT)`+earned+`
		GROUP BY f.counts_in, coalesce(l.currency, '') ORDER BY f.counts_in DESC, coalesce(l.currency, '')`, account)
	return list, wrap("income", err)
}

// earned are the flattrs that count for an account, and what each received once its month is settled.
const earned = ` FROM claims c JOIN flattrs f ON f.author_id = c.identity_id AND f.counts_in IS NOT NULL
	LEFT JOIN entries e ON e.flattr_id = f.id LEFT JOIN ledger_accounts l ON l.id = e.credit_id WHERE c.account_id = ?`

// Earnings are what the things of an account received in a month.
func (s *Reader) Earnings(ctx context.Context, account flattery.AccountID, m flattery.Month) ([]flattery.Earning, error) {
	list, err := all(ctx, s.DB, func(r Row) (e flattery.Earning, err error) {
		err = r.Scan(&e.Thing.Network, &e.Thing.Host, &e.Thing.ID, &e.Thing.URL, &e.Thing.Title, &e.Currency, &e.Flattrs, &e.Amount, &e.Total)
		return e, err
	}, `WITH part AS (SELECT f.thing_id AS thing, f.counts_in AS month, coalesce(l.currency, '') AS currency, count(*) AS n, coalesce(sum(e.amount), 0) AS amount`+earned+`
			GROUP BY f.thing_id, f.counts_in, coalesce(l.currency, '')),
		whole AS (SELECT thing, month, currency, n, amount, sum(n) OVER (PARTITION BY thing) AS total FROM part)
		SELECT h.network, h.host, t.network_id, t.url, t.title, w.currency, CAST(w.n AS BIGINT), CAST(w.amount AS BIGINT), CAST(w.total AS BIGINT)
		FROM whole w JOIN things t ON t.id = w.thing JOIN hosts h ON h.id = t.host_id WHERE w.month = ? ORDER BY w.amount DESC, w.n DESC, t.id, w.currency`, account, m)
	return list, wrap("earnings", err)
}
