package tables

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"time"

	"flattery"
	"flattery/internal/ledger"
	"flattery/store"
)

const monthQuery = `SELECT month, starts_at, ends_at, frozen_at, settled_at, flattrs, donors, digest, budgets, shares, head FROM months `

func scanMonth(s Row) (m flattery.MonthState, err error) {
	var starts, ends int64
	var frozen, settled *int64
	var digest, head []byte
	err = s.Scan(&m.Month, &starts, &ends, &frozen, &settled, &m.Flattrs, &m.Donors, &digest, &m.Budgets, &m.Shares, &head)
	m.Starts, m.Ends, m.FrozenAt, m.SettledAt = at(starts), at(ends), at(zero(frozen)), at(zero(settled))
	m.Digest, m.Head = hex.EncodeToString(digest), hex.EncodeToString(head)
	return m, err
}

// Month finds a month that has begun here.
func (s *Reader) Month(ctx context.Context, m flattery.Month) (flattery.MonthState, error) {
	st, err := scanMonth(s.DB.Row(ctx, monthQuery+`WHERE month = ?`, m))
	return st, wrap("month "+m.String(), err)
}

// Months lists the months that have begun here, newest first.
func (s *Reader) Months(ctx context.Context) ([]flattery.MonthState, error) {
	list, err := all(ctx, s.DB, scanMonth, monthQuery+`ORDER BY month DESC`)
	return list, wrap("months", err)
}

// Current is the month that contains now, as it stands or will stand.
func (s *Reader) Current(ctx context.Context, now time.Time) (flattery.MonthState, error) {
	list, err := s.Months(ctx)
	if err != nil {
		return flattery.MonthState{}, err
	}
	for i, m := range list {
		if !now.Before(m.Starts) && now.Before(m.Ends) && m.FrozenAt.IsZero() || i == len(list)-1 && now.Before(m.Starts) {
			return m, nil
		}
	}
	m := flattery.MonthState{Month: flattery.MonthOf(now, s.Zone)}
	m.Starts, m.Ends = m.Month.Starts(s.Zone), m.Month.Ends(s.Zone)
	return m, nil
}

// months are those in which something may still count. They stay open until the transaction ends.
type months struct {
	open    []flattery.MonthState // oldest first
	current flattery.Month
}

// openMonths makes the months up to now. Should the clock have gone back into a frozen month, the current one is the first
// that is open.
func (t *Tx) openMonths(ctx context.Context, now time.Time) (months, error) {
	m, last, err := t.readOpen(ctx)
	if err != nil {
		return m, err
	}
	begun := false
	if last.Month == 0 {
		first := flattery.MonthOf(now, t.Zone)
		last = flattery.MonthState{Month: first, Starts: first.Starts(t.Zone), Ends: first.Ends(t.Zone)}
		if err := t.addMonth(ctx, last); err != nil {
			return m, err
		}
		begun = true
	}
	for !now.Before(last.Ends) || !last.FrozenAt.IsZero() {
		next := last.Month + 1
		last = flattery.MonthState{Month: next, Starts: last.Ends, Ends: next.Ends(t.Zone)} // begins where the last one ended, also when the zone changed
		if err := t.addMonth(ctx, last); err != nil {
			return m, err
		}
		begun = true
	}
	if begun { // another may have made, or frozen, the same
		if m, _, err = t.readOpen(ctx); err != nil {
			return m, err
		}
	}
	for _, o := range m.open {
		if m.current == 0 && now.Before(o.Ends) {
			m.current = o.Month
		}
	}
	if m.current == 0 {
		err = fmt.Errorf("no month is open at %s: %w", now.Format(time.DateTime), flattery.ErrFrozen)
	}
	return m, err
}

// readOpen reads the open months, and the newest of all.
func (t *Tx) readOpen(ctx context.Context) (m months, last flattery.MonthState, err error) {
	list, err := all(ctx, t, scanMonth, monthQuery+`WHERE frozen_at IS NULL OR month = (SELECT max(month) FROM months) ORDER BY month `+t.Dialect().Stay)
	for _, st := range list {
		if last = st; st.FrozenAt.IsZero() {
			m.open = append(m.open, st)
		}
	}
	return m, last, err
}

func (t *Tx) addMonth(ctx context.Context, m flattery.MonthState) error {
	return t.Later(ctx, "month "+m.Month.String(), `INSERT INTO months (month, starts_at, ends_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, m.Month, seconds(m.Starts), seconds(m.Ends))
}

// has reports whether a time is in an open month.
func (m months) has(when time.Time) bool {
	return slices.ContainsFunc(m.open, func(o flattery.MonthState) bool { return !when.Before(o.Starts) && when.Before(o.Ends) })
}

// of chooses the month in which a like counts: that of its own time while it is open, else the current one. A time in the
// future is no time.
func (m months) of(liked, now time.Time) flattery.Month {
	if liked.IsZero() || liked.After(now) {
		return m.current
	}
	for _, o := range m.open {
		if !liked.Before(o.Starts) && liked.Before(o.Ends) {
			return o.Month
		}
	}
	return m.current
}

// Freeze fixes the flattrs of a month.
func (t *Tx) Freeze(ctx context.Context, m flattery.Month, now time.Time) (flattery.MonthState, error) {
	doing := "freeze " + m.String()
	if err := t.Hold(ctx, "months", "month", m); err != nil { // who still writes into it ends first
		return flattery.MonthState{}, wrap(doing, err)
	}
	if _, err := t.openMonths(ctx, now); err != nil { // the months up to now exist, so late likes have a place to go
		return flattery.MonthState{}, wrap(doing, err)
	}
	digest, flattrs, err := digest(ctx, t, m)
	if err != nil {
		return flattery.MonthState{}, wrap(doing, err)
	}
	n, err := t.Exec(ctx, `UPDATE months SET frozen_at = ?1, digest = ?2, flattrs = ?3,
		donors = (SELECT count(DISTINCT account_id) FROM flattrs WHERE counts_in = ?4) WHERE month = ?4 AND frozen_at IS NULL`, seconds(now), digest, flattrs, m)
	if err == nil && n == 0 {
		err = flattery.ErrFrozen
	}
	if err != nil {
		return flattery.MonthState{}, wrap(doing, err)
	}
	st, err := scanMonth(t.Row(ctx, monthQuery+`WHERE month = ?`, m))
	return st, wrap(doing, err)
}

// digest is the SHA-256 over the sorted numbers of the flattrs of a month, in decimal, a line each.
func digest(ctx context.Context, db DB, m flattery.Month) (sum []byte, n int, err error) {
	rows, err := db.Rows(ctx, `SELECT id FROM flattrs WHERE counts_in = ? ORDER BY id`, m)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	h := sha256.New()
	w := bufio.NewWriter(h)
	var line []byte
	for ; rows.Next(); n++ {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, 0, err
		}
		line = append(strconv.AppendInt(line[:0], id, 10), '\n')
		if _, err := w.Write(line); err != nil {
			return nil, 0, err
		}
	}
	if err := rows.Err(); err != nil {
		return nil, 0, err
	}
	return h.Sum(nil), n, w.Flush()
}

// Donors lists who has yet to be settled in a month.
func (s *Reader) Donors(ctx context.Context, m flattery.Month, after flattery.AccountID, limit int) ([]flattery.AccountID, error) {
	list, err := all(ctx, s.DB, value[flattery.AccountID], `SELECT DISTINCT account_id FROM flattrs f WHERE counts_in = ? AND account_id > ?
		AND NOT EXISTS (SELECT 1 FROM settlements s WHERE s.month = f.counts_in AND s.account_id = f.account_id) ORDER BY account_id`+atMost, m, after, limit)
	return list, wrap("donors of "+m.String(), err)
}

// span is how many donors' months are read at once.
const span = 500

// DonorMonths reads the months of a span of donors at once, and yields them. No rows are open while a caller asks another
// question: as many callers as there are connections would wait for each other for ever.
func (s *Reader) DonorMonths(ctx context.Context, m flattery.Month, first, last flattery.AccountID) iter.Seq2[store.DonorMonth, error] {
	return func(yield func(store.DonorMonth, error) bool) {
		month, err := s.Month(ctx, m)
		for err == nil {
			var some []store.DonorMonth
			some, err = s.donorMonths(ctx, month, first, last)
			for i := range some {
				if !yield(some[i], nil) {
					return
				}
			}
			if len(some) < span {
				break
			}
			first = some[len(some)-1].Account.ID + 1
		}
		if err != nil {
			yield(store.DonorMonth{}, wrap("donors' months", err))
		}
	}
}

// donorMonths reads the months of the first donors from first on, a span at most.
func (s *Reader) donorMonths(ctx context.Context, m flattery.MonthState, first, last flattery.AccountID) ([]store.DonorMonth, error) {
	list, err := all(ctx, s.DB, func(r Row) (d store.DonorMonth, err error) {
		d.Account, err = scanAccount(r)
		return d, err
	}, `SELECT `+accountColumns+` FROM accounts a WHERE a.id IN (SELECT DISTINCT account_id FROM flattrs WHERE counts_in = ? AND account_id BETWEEN ? AND ?
		ORDER BY account_id`+atMost+`) ORDER BY a.id`, m.Month, first, last, span)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	first, last = list[0].Account.ID, list[len(list)-1].Account.ID
	index := make(map[flattery.AccountID]*store.DonorMonth, len(list))
	for i := range list {
		index[list[i].Account.ID] = &list[i]
	}
	if err := s.donorSettings(ctx, m, first, last, index); err != nil {
		return nil, err
	}
	if err := s.donorMeans(ctx, index); err != nil {
		return nil, err
	}
	if err := s.donorGiven(ctx, first, last, index); err != nil {
		return nil, err
	}
	return list, s.donorParts(ctx, m, first, last, index)
}

// donorSettings are as they stood when the month was frozen, whether or not the donor was removed since.
func (s *Reader) donorSettings(ctx context.Context, m flattery.MonthState, first, last flattery.AccountID, index map[flattery.AccountID]*store.DonorMonth) error {
	frozen := seconds(m.FrozenAt)
	if frozen == 0 {
		frozen = forever // a preview of an open month
	}
	_, err := all(ctx, s.DB, func(r Row) (struct{}, error) {
		var id flattery.AccountID
		var name, set string
		err := r.Scan(&id, &name, &set)
		if d := index[id]; err == nil && d != nil { // the later row of a name wins
			err = setSetting(&d.Account.Settings, name, set)
		}
		return struct{}{}, err
	}, `SELECT account_id, name, value FROM settings WHERE account_id BETWEEN ? AND ? AND since <= ? ORDER BY account_id, name, since`, first, last, frozen)
	return err
}

func (s *Reader) donorMeans(ctx context.Context, index map[flattery.AccountID]*store.DonorMonth) error {
	byName := make(map[string]*store.DonorMonth, len(index))
	names := make([]any, 0, len(index))
	for id, d := range index {
		name := ledger.DonorMeans(id)
		byName[name], names = d, append(names, name)
	}
	for part := range slices.Chunk(names, s.DB.Dialect().Batch) {
		if _, err := listed(ctx, s.DB, func(r Row) (struct{}, error) {
			a, err := scanTotal(r)
			if d := byName[a.Name]; err == nil && d.Account.Currency == a.Currency {
				d.Means = a.Balance(ledger.Credit)
			}
			return struct{}{}, err
		}, `k (name)`, `text`, part, `SELECT a.name, a.currency, a.debits, a.credits FROM k CROSS JOIN ledger_accounts a WHERE a.name = k.name`); err != nil {
			return err
		}
	}
	return nil
}

func (s *Reader) donorParts(ctx context.Context, m flattery.MonthState, first, last flattery.AccountID, index map[flattery.AccountID]*store.DonorMonth) error {
	rows, err := s.DB.Rows(ctx, `SELECT f.account_id, f.id, f.kind, f.turn, f.weight, h.network, h.host, t.network_id, f.author_id, coalesce(p.id, q.id, 0)
		FROM flattrs f JOIN things t ON t.id = f.thing_id JOIN hosts h ON h.id = t.host_id
		LEFT JOIN claims c ON c.identity_id = f.author_id AND c.lapsed_at = 0 AND NOT EXISTS (SELECT 1 FROM disputes x WHERE x.identity_id = f.author_id AND x.decided_at = 0)
		LEFT JOIN payees p ON p.account_id = c.account_id
		LEFT JOIN payees q ON q.identity_id = f.author_id
		WHERE f.counts_in = ? AND f.account_id BETWEEN ? AND ? ORDER BY f.account_id, f.id`, m.Month, first, last)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var account flattery.AccountID
		var id flattery.FlattrID
		var part flattery.Part
		var payee flattery.PayeeID
		if err := rows.Scan(&account, &id, &part.Kind, &part.Turn, &part.Weight, &part.Thing.Network, &part.Thing.Host, &part.Thing.ID, &part.Author, &payee); err != nil {
			return err
		}
		if d := index[account]; d != nil { // who came after the donors were read waits for the next span
			d.Parts, d.Flattrs, d.Payees = append(d.Parts, part), append(d.Flattrs, id), append(d.Payees, payee)
		}
	}
	return rows.Err()
}

func (t *Tx) Settle(ctx context.Context, statements ...flattery.Settlement) error {
	for part := range slices.Chunk(statements, t.Dialect().Batch) {
		rows := make([]any, 0, 10*len(part))
		for _, st := range part {
			rows = append(rows, st.Month, st.Donor, st.Currency, st.Budget, st.Fee, st.Shares, st.Unspent, st.Flattrs, null(st.Transaction), st.Given)
		}
		if err := t.insert(ctx, "settle "+part[0].Month.String(), `settlements (month, account_id, currency, budget, fee, shares, unspent, flattrs, number, given)`,
			`bigint bigint text bigint bigint bigint bigint bigint bigint bigint`, rows, ``); err != nil {
			return err
		}
	}
	return nil
}

// CloseMonth writes the control sums once every donor is settled.
func (t *Tx) CloseMonth(ctx context.Context, m flattery.Month, now time.Time) (flattery.MonthState, bool, error) {
	doing := "close " + m.String()
	head, err := t.head(ctx) // in the order of those who settle: the chain, then the month
	if err == nil {
		err = t.Hold(ctx, "months", "month", m)
	}
	if err != nil {
		return flattery.MonthState{}, false, wrap(doing, err)
	}
	st, err := scanMonth(t.Row(ctx, monthQuery+`WHERE month = ?`, m))
	if err != nil || !st.SettledAt.IsZero() || st.FrozenAt.IsZero() {
		return st, false, wrap(doing, err)
	}
	n, err := t.Exec(ctx, `UPDATE months SET settled_at = ?1, head = ?2, (budgets, shares) =
		(SELECT CAST(coalesce(sum(budget), 0) AS BIGINT), CAST(coalesce(sum(shares), 0) AS BIGINT) FROM settlements s WHERE s.month = ?3)
		WHERE month = ?3 AND donors = (SELECT count(*) FROM settlements s WHERE s.month = ?3)`, seconds(now), head.hash[:], m)
	if err != nil || n == 0 {
		return st, false, wrap(doing, err)
	}
	if err := t.tellMonth(ctx, m, now); err != nil {
		return st, false, err
	}
	st, err = scanMonth(t.Row(ctx, monthQuery+`WHERE month = ?`, m))
	return st, true, wrap(doing, err)
}

const settlementQuery = `SELECT month, account_id, currency, budget, fee, shares, unspent, flattrs, coalesce(number, 0), given FROM settlements `

func scanSettlement(s Row) (st flattery.Settlement, err error) {
	err = s.Scan(&st.Month, &st.Donor, &st.Currency, &st.Budget, &st.Fee, &st.Shares, &st.Unspent, &st.Flattrs, &st.Transaction, &st.Given)
	return st, err
}

// Settled counts the donors of a month that are settled.
func (s *Reader) Settled(ctx context.Context, m flattery.Month) (int, error) {
	n, err := value[int](s.DB.Row(ctx, `SELECT count(*) FROM settlements WHERE month = ?`, m))
	return n, wrap("settled of "+m.String(), err)
}

// Settlements lists the statements of an account, newest first.
func (s *Reader) Settlements(ctx context.Context, account flattery.AccountID) ([]flattery.Settlement, error) {
	list, err := all(ctx, s.DB, scanSettlement, settlementQuery+`WHERE account_id = ? ORDER BY month DESC`, account)
	return list, wrap("settlements", err)
}
