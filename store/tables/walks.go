package tables

import (
	"context"
	"fmt"
	"slices"

	"flattery"
	"flattery/store"
)

// walked is a flattr that a walk of its link's list may change.
type walked struct {
	id       flattery.FlattrID
	absences int
	liked    int64
	found    int64
	key      flattery.Thing
}

// Walked takes back what was absent twice in a row. From one walk alone nothing is taken back: lists shift while they are
// read. What is as it was is not written.
func (t *Tx) Walked(ctx context.Context, l flattery.Link, w store.Walk) (withdrawn int, err error) {
	listed := make(map[flattery.Thing]bool, len(w.Things))
	for _, th := range w.Things {
		listed[flattery.Thing{Network: th.Network, Host: th.Host, ID: th.ID}] = true
	}
	open, err := t.openFlattrs(ctx, l)
	if err != nil {
		return 0, wrap(fmt.Sprintf("walk of link %d", l.ID), err)
	}
	// By how many walks in a row each was missed now.
	missed := map[int][]any{}
	for _, f := range open {
		if f.liked < seconds(w.From) || f.liked >= seconds(w.Before) || f.found >= seconds(w.Before) {
			continue
		}
		switch found := listed[f.key]; {
		case found && f.absences > 0:
			missed[0] = append(missed[0], f.id)
		case !found:
			missed[f.absences+1] = append(missed[f.absences+1], f.id)
		}
	}
	for n, change := range []string{`absences = 0`, `absences = 1`, `state = 'removed', counts_in = NULL, absences = 2`} {
		for part := range slices.Chunk(missed[n], t.Dialect().Batch) {
			list, args := t.Dialect().List(`bigint`, part)
			if err := t.Later(ctx, fmt.Sprintf("walk of link %d", l.ID), `UPDATE flattrs SET `+change+` WHERE id IN (`+list+`)`, args...); err != nil {
				return 0, err
			}
		}
	}
	return len(missed[2]), nil
}

// openFlattrs are the likes of a link that still may leave. Two short walks along indexes find them.
func (t *Tx) openFlattrs(ctx context.Context, l flattery.Link) ([]walked, error) {
	return all(ctx, t, func(r Row) (f walked, err error) {
		err = r.Scan(&f.id, &f.absences, &f.liked, &f.found, &f.key.Network, &f.key.Host, &f.key.ID)
		return f, err
	}, `SELECT f.id, f.absences, f.liked_at, f.found_at, h.network, h.host, t.network_id FROM flattrs f
		JOIN things t ON t.id = f.thing_id JOIN hosts h ON h.id = t.host_id WHERE f.id IN (
			SELECT id FROM flattrs WHERE counts_in IN (SELECT month FROM months WHERE frozen_at IS NULL) AND account_id = ?1 UNION ALL
			SELECT id FROM flattrs WHERE account_id = ?1 AND counts_in IS NULL AND state <> 'seen' AND state = 'pending')
		AND f.link_id = ?2 AND f.kind = 'like' ORDER BY f.id`, l.Account, l.ID)
}
