package tables

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"flattery"
)

// How much of what waited for an author joins a month is a value of the instance.
const pendingMost = "pending.most"

// longWait is how long a flattr waited that its donor may have forgotten, in seconds. Most authors are looked for within minutes.
const longWait = `86400`

// PendingMost is as SetPendingMost said last; 0: there is no limit.
func (s *Reader) PendingMost(ctx context.Context) (int, error) { return mostPending(ctx, s.DB) }

func mostPending(ctx context.Context, db DB) (int, error) {
	most, err := value[string](db.Row(ctx, `SELECT coalesce(max(value), '0') FROM instance WHERE name = '`+pendingMost+`'`))
	if err != nil {
		return 0, wrap("how much joins a month", err)
	}
	n, err := strconv.Atoi(most)
	return n, wrap("how much joins a month", err)
}

func (t *Tx) SetPendingMost(ctx context.Context, most int) error {
	return t.Later(ctx, "how much joins a month", `INSERT INTO instance (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
		pendingMost, strconv.Itoa(most))
}

// waits makes a flattr that counts in an open month pending again. When its author can be paid again it comes back whatever the limit is.
const waits = `UPDATE flattrs SET state = 'pending', counts_in = NULL, joined_at = CASE joined_at WHEN 0 THEN 1 ELSE joined_at END `

// creator is who made what a flattr is of: the account that claims the author, and else the author.
func creator(flattr string) string {
	return `coalesce((SELECT c.account_id FROM claims c WHERE c.identity_id = ` + flattr + `.author_id), -` + flattr + `.author_id)`
}

// admit lets what is pending count in the month that contains now, as far as a condition on flattrs f goes and the limit of what waited
// lets it: of each donor and creator the oldest first. The rest goes on waiting. Donors are told of what waited longer than a day.
func (t *Tx) admit(ctx context.Context, now time.Time, where string, args ...any) (int, error) {
	months, err := t.openMonths(ctx, now)
	if err != nil {
		return 0, err
	}
	most, err := mostPending(ctx, t)
	if err != nil {
		return 0, err
	}
	which := `SELECT f.id FROM flattrs f WHERE f.state = 'pending' AND ` + where
	month := fmt.Sprint(int64(months.current))
	if most > 0 {
		which = `SELECT w.id FROM (SELECT f.id, f.account_id, f.joined_at, ` + creator("f") + ` AS creator,
				row_number() OVER (PARTITION BY f.account_id, ` + creator("f") + `, CASE WHEN f.joined_at > 0 THEN 1 ELSE 0 END ORDER BY f.found_at, f.id) AS nth
				FROM flattrs f WHERE f.state = 'pending' AND ` + where + `) w
			WHERE w.joined_at > 0 OR w.nth <= ` + strconv.Itoa(most) + ` - (SELECT count(*) FROM flattrs g
				WHERE g.account_id = w.account_id AND g.joined_at > 1 AND (g.counts_in = ` + month + ` OR g.state = 'pending') AND ` + creator("g") + ` = w.creator)`
	}
	n, err := t.Exec(ctx, `UPDATE flattrs SET state = 'counts', counts_in = `+month+`, joined_at = CASE joined_at WHEN 0 THEN `+fmt.Sprint(seconds(now))+` ELSE joined_at END
		WHERE id IN (`+which+`)`, args...)
	if err == nil && n > 0 {
		err = t.tellAdmitted(ctx, months.current, now, where, args...)
	}
	return int(n), err
}

// JoinPending lets what waits because of the limit count, for all whose authors can be paid.
func (t *Tx) JoinPending(ctx context.Context, now time.Time) (joined int, err error) {
	const doing = "join what is pending"
	authors, err := all(ctx, t, value[int64], `SELECT DISTINCT f.author_id FROM flattrs f WHERE f.state = 'pending'
		AND (`+payable("f.author_id")+` OR EXISTS (SELECT 1 FROM claims c WHERE c.identity_id = f.author_id)) ORDER BY 1`)
	for _, author := range authors {
		if err == nil {
			err = t.hold(ctx, author)
		}
		if err == nil {
			var n int
			n, err = t.join(ctx, author, now)
			joined += n
		}
	}
	return joined, wrap(doing, err)
}

// Admitted lists whose flattrs waited and count in a month now, of one donor: those that waited longer than a day, and what waits on.
func (s *Reader) Admitted(ctx context.Context, donor flattery.AccountID, m flattery.Month) ([]flattery.Admitted, error) {
	list, err := all(ctx, s.DB, func(r Row) (a flattery.Admitted, err error) {
		err = r.Scan(append([]any{&a.Flattrs, &a.Later}, profileInto(&a.Author)...)...)
		return a, err
	}, `SELECT p.flattrs, (SELECT count(*) FROM flattrs l WHERE l.author_id = p.author_id AND l.account_id = ?1 AND l.state = 'pending'), `+profileColumns+`
		FROM (SELECT f.author_id, count(*) AS flattrs FROM flattrs f WHERE f.account_id = ?1 AND f.counts_in = ?2 AND f.joined_at > 1
			AND f.joined_at - f.found_at >= `+longWait+` GROUP BY f.author_id) p
		JOIN identities i ON i.id = p.author_id JOIN hosts h ON h.id = i.host_id ORDER BY p.flattrs DESC, p.author_id`, donor, m)
	return list, wrap("what waited and counts", err)
}
