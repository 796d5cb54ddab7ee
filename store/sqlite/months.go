package sqlite

import (
	"bufio"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"iter"
	"strconv"
	"time"

	"flattery"
	"flattery/internal/ledger"
	"flattery/store"
)

const monthQuery = `SELECT month, starts_at, ends_at, frozen_at, settled_at, flattrs, donors, digest, budgets, shares, head FROM months `

func scanMonth(s scanner) (m flattery.MonthState, err error) {
	var starts, ends int64
	var frozen, settled sql.NullInt64
	var digest, head []byte
	err = s.Scan(&m.Month, &starts, &ends, &frozen, &settled, &m.Flattrs, &m.Donors, &digest, &m.Budgets, &m.Shares, &head)
	m.Starts, m.Ends, m.FrozenAt, m.SettledAt = at(starts), at(ends), atNull(frozen), atNull(settled)
	m.Digest, m.Head = hex.EncodeToString(digest), hex.EncodeToString(head)
	return m, err
}

// Month finds a month that has begun here.
func (s *Store) Month(ctx context.Context, m flattery.Month) (flattery.MonthState, error) {
	st, err := scanMonth(s.row(ctx, monthQuery+`WHERE month = ?`, m))
	return st, wrap("month "+m.String(), err)
}

// Months lists the months that have begun here, newest first.
func (s *Store) Months(ctx context.Context) ([]flattery.MonthState, error) {
	list, err := all(ctx, s, scanMonth, monthQuery+`ORDER BY month DESC`)
	return list, wrap("months", err)
}

// Current is the month that contains now, as it stands or will stand.
func (s *Store) Current(ctx context.Context, now time.Time) (flattery.MonthState, error) {
	list, err := s.Months(ctx)
	if err != nil {
		return flattery.MonthState{}, err
	}
	for i, m := range list {
		if !now.Before(m.Starts) && now.Before(m.Ends) && m.FrozenAt.IsZero() || i == len(list)-1 && now.Before(m.Starts) {
			return m, nil
		}
	}
	m := flattery.MonthState{Month: flattery.MonthOf(now, s.opts.Location)}
	m.Starts, m.Ends = m.Month.Starts(s.opts.Location), m.Month.Ends(s.opts.Location)
	return m, nil
}

// current is the number of the month that contains now, made when it has not begun yet. Should the clock have gone back
// into a frozen month, it is the first open one.
func (t *tx) current(ctx context.Context, now time.Time) (flattery.Month, error) {
	loc := t.w.store.opts.Location
	last, err := scanMonth(t.row(ctx, monthQuery+`ORDER BY month DESC LIMIT 1`))
	if missing(err) {
		m := flattery.MonthOf(now, loc)
		last, err = flattery.MonthState{Month: m, Starts: m.Starts(loc), Ends: m.Ends(loc)}, nil
		if err := t.addMonth(ctx, last); err != nil {
			return 0, err
		}
	}
	if err != nil {
		return 0, err
	}
	for !now.Before(last.Ends) || !last.FrozenAt.IsZero() {
		m := last.Month + 1
		last = flattery.MonthState{Month: m, Starts: last.Ends, Ends: m.Ends(loc)} // begins where the last one ended, also when the zone changed
		if err := t.addMonth(ctx, last); err != nil {
			return 0, err
		}
	}
	if !now.Before(last.Starts) {
		return last.Month, nil
	}
	return value[flattery.Month](t.row(ctx, `SELECT coalesce((SELECT month FROM months WHERE frozen_at IS NULL AND ends_at > ? ORDER BY month LIMIT 1),
		(SELECT max(month) FROM months))`, seconds(now)))
}

func (t *tx) addMonth(ctx context.Context, m flattery.MonthState) error {
	_, err := t.exec(ctx, `INSERT INTO months (month, starts_at, ends_at) VALUES (?, ?, ?)`, m.Month, seconds(m.Starts), seconds(m.Ends))
	return err
}

// monthFor chooses the month in which a like counts: that of its own time while it is open, else the current one. A
// time in the future is no time.
func (t *tx) monthFor(ctx context.Context, liked, now time.Time) (flattery.Month, error) {
	current, err := t.current(ctx, now)
	if err != nil || liked.IsZero() || liked.After(now) {
		return current, err
	}
	own, err := value[flattery.Month](t.row(ctx, `SELECT month FROM months WHERE starts_at <= ?1 AND ends_at > ?1 AND frozen_at IS NULL`, seconds(liked)))
	if missing(err) {
		return current, nil
	}
	return own, err
}

// Freeze fixes the flattrs of a month.
func (t *tx) Freeze(ctx context.Context, m flattery.Month, now time.Time) (flattery.MonthState, error) {
	doing := "freeze " + m.String()
	if _, err := t.current(ctx, now); err != nil { // the months up to now exist, so late likes have a place to go
		return flattery.MonthState{}, wrap(doing, err)
	}
	digest, flattrs, err := digest(ctx, t, m)
	if err != nil {
		return flattery.MonthState{}, wrap(doing, err)
	}
	n, err := t.changed(ctx, `UPDATE months SET frozen_at = ?, digest = ?, flattrs = ?,
		donors = (SELECT count(DISTINCT account_id) FROM flattrs WHERE counts_in = ?4) WHERE month = ?4 AND frozen_at IS NULL`, seconds(now), digest, flattrs, m)
	if err == nil && n == 0 {
		err = flattery.ErrFrozen
	}
	if err != nil {
		return flattery.MonthState{}, wrap(doing, err)
	}
	st, err := scanMonth(t.row(ctx, monthQuery+`WHERE month = ?`, m))
	return st, wrap(doing, err)
}

// digest is the SHA-256 over the sorted numbers of the flattrs of a month, in decimal, a line each.
func digest(ctx context.Context, db querier, m flattery.Month) (sum []byte, n int, err error) {
	rows, err := db.rows(ctx, `SELECT id FROM flattrs WHERE counts_in = ? ORDER BY id`, m)
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
func (s *Store) Donors(ctx context.Context, m flattery.Month, after flattery.AccountID, limit int) ([]flattery.AccountID, error) {
	list, err := all(ctx, s, value[flattery.AccountID], `SELECT DISTINCT account_id FROM flattrs f WHERE counts_in = ? AND account_id > ?
		AND NOT EXISTS (SELECT 1 FROM settlements s WHERE s.month = f.counts_in AND s.account_id = f.account_id) ORDER BY account_id LIMIT ?`, m, after, limit)
	return list, wrap("donors of "+m.String(), err)
}

// DonorMonths yields donor after donor; one donor's flattrs are held at a time. No rows are open while another question is
// asked: as many callers as there are readers would wait for each other for ever.
func (s *Store) DonorMonths(ctx context.Context, m flattery.Month, first, last flattery.AccountID) iter.Seq2[store.DonorMonth, error] {
	return func(yield func(store.DonorMonth, error) bool) {
		month, err := s.Month(ctx, m)
		if err != nil {
			yield(store.DonorMonth{}, err)
			return
		}
		donors, err := all(ctx, s, value[flattery.AccountID], `SELECT DISTINCT account_id FROM flattrs WHERE counts_in = ? AND account_id BETWEEN ? AND ?
			ORDER BY account_id`, m, first, last)
		if err != nil {
			yield(store.DonorMonth{}, wrap("donors' months", err))
			return
		}
		for _, id := range donors {
			d, err := s.donorMonth(ctx, id, month)
			if !yield(d, wrap("donors' months", err)) || err != nil {
				return
			}
		}
	}
}

func (s *Store) donorMonth(ctx context.Context, id flattery.AccountID, m flattery.MonthState) (store.DonorMonth, error) {
	d, err := s.donor(ctx, id, m)
	if err != nil {
		return d, err
	}
	rows, err := s.rows(ctx, `SELECT f.id, f.kind, f.turn, f.weight, h.network, h.host, t.network_id, f.author_id, coalesce(p.id, q.id, 0)
		FROM flattrs f JOIN things t ON t.id = f.thing_id JOIN hosts h ON h.id = t.host_id
		LEFT JOIN claims c ON c.identity_id = f.author_id LEFT JOIN payees p ON p.account_id = c.account_id
		LEFT JOIN payees q ON q.identity_id = f.author_id
		WHERE f.counts_in = ? AND f.account_id = ? ORDER BY f.id`, m.Month, id)
	if err != nil {
		return d, err
	}
	defer rows.Close()
	for rows.Next() {
		var id flattery.FlattrID
		var part flattery.Part
		var payee flattery.PayeeID
		if err := rows.Scan(&id, &part.Kind, &part.Turn, &part.Weight, &part.Thing.Network, &part.Thing.Host, &part.Thing.ID, &part.Author, &payee); err != nil {
			return d, err
		}
		d.Parts, d.Flattrs, d.Payees = append(d.Parts, part), append(d.Flattrs, id), append(d.Payees, payee)
	}
	return d, rows.Err()
}

// donor is a donor as it stood when the month was frozen, whether or not it was removed since.
func (s *Store) donor(ctx context.Context, id flattery.AccountID, m flattery.MonthState) (d store.DonorMonth, err error) {
	if d.Account, err = scanAccount(s.row(ctx, `SELECT `+accountColumns+` FROM accounts a WHERE a.id = ?`, id)); err != nil {
		return d, err
	}
	frozen := seconds(m.FrozenAt)
	if frozen == 0 {
		frozen = forever // a preview of an open month
	}
	if d.Account.Settings, err = settingsAt(ctx, s, id, frozen); err != nil {
		return d, err
	}
	d.Means, err = s.Balance(ctx, ledger.DonorMeans(id), d.Account.Currency)
	return d, err
}

func (t *tx) Settle(ctx context.Context, st flattery.Settlement) error {
	_, err := t.exec(ctx, `INSERT INTO settlements (month, account_id, currency, budget, fee, shares, unspent, flattrs, number) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		st.Month, st.Donor, st.Currency, st.Budget, st.Fee, st.Shares, st.Unspent, st.Flattrs, null(st.Transaction))
	return wrap(fmt.Sprintf("settle %s of account %d", st.Month, st.Donor), err)
}

// CloseMonth writes the control sums once every donor is settled.
func (t *tx) CloseMonth(ctx context.Context, m flattery.Month, now time.Time) (flattery.MonthState, bool, error) {
	doing := "close " + m.String()
	st, err := scanMonth(t.row(ctx, monthQuery+`WHERE month = ?`, m))
	if err != nil || !st.SettledAt.IsZero() || st.FrozenAt.IsZero() {
		return st, false, wrap(doing, err)
	}
	head, err := t.head(ctx)
	if err != nil {
		return st, false, wrap(doing, err)
	}
	n, err := t.changed(ctx, `UPDATE months SET settled_at = ?1, head = ?2, (budgets, shares) =
		(SELECT coalesce(sum(budget), 0), coalesce(sum(shares), 0) FROM settlements s WHERE s.month = ?3)
		WHERE month = ?3 AND donors = (SELECT count(*) FROM settlements s WHERE s.month = ?3)`, seconds(now), head.hash[:], m)
	if err != nil || n == 0 {
		return st, false, wrap(doing, err)
	}
	st, err = scanMonth(t.row(ctx, monthQuery+`WHERE month = ?`, m))
	return st, true, wrap(doing, err)
}

const settlementQuery = `SELECT month, account_id, currency, budget, fee, shares, unspent, flattrs, coalesce(number, 0) FROM settlements `

func scanSettlement(s scanner) (st flattery.Settlement, err error) {
	err = s.Scan(&st.Month, &st.Donor, &st.Currency, &st.Budget, &st.Fee, &st.Shares, &st.Unspent, &st.Flattrs, &st.Transaction)
	return st, err
}

// Settlements lists the statements of an account, newest first.
func (s *Store) Settlements(ctx context.Context, account flattery.AccountID) ([]flattery.Settlement, error) {
	list, err := all(ctx, s, scanSettlement, settlementQuery+`WHERE account_id = ? ORDER BY month DESC`, account)
	return list, wrap("settlements", err)
}
