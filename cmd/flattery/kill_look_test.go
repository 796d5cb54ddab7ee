package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"flattery"
	"flattery/store/sqlite"
)

// query reads what the program left, through a connection of its own.
func (h *killHouse) query(fn func(*sql.DB) error) {
	h.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(h.dir, sqlite.File)+"?_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)")
	if err == nil {
		err = errors.Join(fn(db), db.Close())
	}
	if err != nil {
		h.Fatal(err)
	}
}

// pairs reads a query of two columns.
func pairs(ctx context.Context, db *sql.DB, q string) (map[string]string, error) {
	rows, err := db.QueryContext(ctx, q)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := map[string]string{}
	for rows.Next() {
		var k, v string
		if err := rows.Scan(&k, &v); err != nil {
			return nil, err
		}
		found[k] = v
	}
	return found, rows.Err()
}

// acknowledged looks for everything that the program ever said was done.
func (h *killHouse) acknowledged() {
	h.Helper()
	h.query(func(db *sql.DB) error {
		if err := h.halfway(db); err != nil {
			return err
		}
		likes, err := pairs(h.Context(), db, fmt.Sprintf(`SELECT link_id, count(*) FROM flattrs WHERE id > %d GROUP BY link_id`, h.known))
		if err != nil {
			return err
		}
		for link, n := range h.news {
			if got, _ := strconv.Atoi(likes[link]); got < n {
				h.Errorf("link %s: %d likes were acknowledged, %d are there", link, n, got)
			}
		}
		clear(h.news)
		if err := db.QueryRowContext(h.Context(), `SELECT coalesce(max(id), 0) FROM flattrs`).Scan(&h.known); err != nil {
			return err
		}
		for what, q := range map[string]string{
			"froze":   `SELECT month, flattrs FROM months WHERE frozen_at IS NOT NULL`,
			"settled": `SELECT month, lower(hex(head)) FROM months WHERE settled_at IS NOT NULL`,
			"planned": `SELECT month, lower(hex(hash)) FROM plans`,
		} {
			found, err := pairs(h.Context(), db, q)
			if err != nil {
				return err
			}
			for month, want := range h.months[what] {
				m, err := flattery.ParseMonth(month)
				if got := found[strconv.Itoa(int(m))]; err != nil || got != want {
					h.Errorf("%s was %s with %s, the store says %q", month, what, want, got)
				}
			}
		}
		return nil
	})
}

// halfway notes what was being done when the kill came, and how much of a settlement it left undone.
func (h *killHouse) halfway(db *sql.DB) error {
	left, err := pairs(h.Context(), db, fmt.Sprintf(`SELECT 'came into a job: ' || kind, '' FROM jobs WHERE due_at > %d AND tries > 0 UNION
		SELECT 'left a month half settled', '' FROM months m WHERE settled_at IS NULL AND EXISTS (SELECT 1 FROM settlements s WHERE s.month = m.month) UNION
		SELECT 'left a month frozen', '' FROM months WHERE settled_at IS NULL AND frozen_at IS NOT NULL`, h.world.Clock.Now().Unix()+60))
	for what := range left {
		h.last[what]++
	}
	return err
}

// Each of these counts what must not be.
func killFaults() map[string]string {
	return map[string]string{
		"likes that count twice":  `SELECT count(*) - count(DISTINCT account_id || ' ' || thing_id || ' ' || kind || ' ' || turn) FROM flattrs`,
		"things twice":            `SELECT count(*) - count(DISTINCT host_id || ' ' || network_id) FROM things`,
		"flattrs with two shares": `SELECT count(*) FROM (SELECT 1 FROM entries WHERE flattr_id IS NOT NULL GROUP BY flattr_id HAVING count(*) > 1)`,
		"shares of other months or donors": `SELECT count(*) FROM entries e JOIN flattrs f ON f.id = e.flattr_id
			JOIN transactions t ON e.number >= t.first_entry AND e.number < t.first_entry + t.entries
			LEFT JOIN settlements s ON s.number = t.number AND s.month = f.counts_in AND s.account_id = f.account_id WHERE s.month IS NULL`,
		"flattrs of a settled month without a share": `SELECT count(*) FROM flattrs f JOIN months m ON m.month = f.counts_in
			WHERE m.settled_at IS NOT NULL AND f.id NOT IN (SELECT flattr_id FROM entries WHERE flattr_id IS NOT NULL)
			AND coalesce((SELECT s.shares FROM settlements s WHERE s.month = f.counts_in AND s.account_id = f.account_id), 1) > 0`, // a donor whose slips were voided is paused
		"settlements without transaction, or the reverse": `SELECT (SELECT count(*) FROM transactions WHERE kind = 'settle') - (SELECT count(number) FROM settlements)`,
		"flattrs in a later month than their own, which was open": `SELECT count(*) FROM flattrs f JOIN months m ON m.starts_at <= f.liked_at AND m.ends_at > f.liked_at
			WHERE f.counts_in IS NOT NULL AND f.counts_in <> m.month AND coalesce(m.frozen_at, 1 << 62) > f.found_at + 60`,
		"foreign keys that lead nowhere": `SELECT count(*) FROM pragma_foreign_key_check`,
	}
}

// look counts what must not be, and looks for every flattr beside its star. At the end none may be missing.
func (h *killHouse) look(end bool) {
	h.Helper()
	h.query(func(db *sql.DB) error {
		for what, q := range killFaults() {
			var n int
			if err := db.QueryRowContext(h.Context(), q).Scan(&n); err != nil {
				return fmt.Errorf("%s: %w", what, err)
			}
			if n != 0 {
				h.Errorf("%d %s", n, what)
			}
		}
		return h.stars(db, end)
	})
}

func (h *killHouse) stars(db *sql.DB, end bool) error {
	found, err := pairs(h.Context(), db, `SELECT a.name || ' ' || t.title, f.liked_at || ' ' || CASE WHEN f.state = 'counts' AND
		(SELECT settled_at FROM months WHERE month = f.counts_in) IS NOT NULL THEN 'settled' ELSE f.state END
		FROM flattrs f JOIN accounts a ON a.id = f.account_id JOIN things t ON t.id = f.thing_id`)
	if err != nil {
		return err
	}
	stars := 0
	for donor, list := range h.starred {
		for full, at := range list {
			stars++
			states := []string{"counts", "settled"}
			switch {
			case strings.HasPrefix(full, donor+"/"):
				states = []string{"own"}
			case !h.claimed(full):
				states = []string{"pending", "lapsed"}
			}
			got, ok := found[donor+" "+full]
			when, state, _ := strings.Cut(got, " ")
			switch {
			case !ok && !end: // its page was not stored yet
			case when != strconv.FormatInt(at.Unix(), 10), !slices.Contains(states, state), end && state == "counts":
				h.Errorf("%s starred %s at %d: the store says %q", donor, full, at.Unix(), got)
			}
			delete(found, donor+" "+full)
		}
	}
	for what := range found {
		h.Errorf("nobody starred this: %s", what)
	}
	h.Logf("after %d kills: %d stars, clock at %s", h.kills, stars, h.world.Clock.Now().Format(time.DateOnly))
	return nil
}
