package storetest

import (
	"context"
	"time"

	"flattery"
	"flattery/store"
	"flattery/store/tables"
)

// keptPromises are those of the instance's own settings.
func keptPromises() map[string]func(*house) {
	return map[string]func(*house){
		"a setting of the instance is kept, changed and forgotten": kept,
		"how far the money has come is told":                       begun,
		"another time zone moves no month that has begun":          zoneChanges,
	}
}

func kept(h *house) {
	keep := func(name, value string) {
		h.do(func(ctx context.Context, tx store.Tx) error { return tx.Keep(ctx, name, value) })
	}
	have := func(what, want string) {
		h.Helper()
		all, err := h.Kept(h.Context())
		h.want(what, say(all, err), want)
	}
	have("at first", "map[] <nil>")
	keep("mode", "prepaid")
	keep("months.grace", "24h")
	keep("mode", "pledge")
	have("changed", "map[mode:pledge months.grace:24h] <nil>")
	keep("mode", "")
	keep("split", "")
	have("forgotten", "map[months.grace:24h] <nil>")
	at, where, err := h.LastBackup(h.Context())
	h.want("no backup", say(at.IsZero(), where, err), "true  <nil>")
	for _, file := range []string{"/old", "/mnt/a disk/one.db"} {
		h.do(func(ctx context.Context, tx store.Tx) error { return tx.NoteBackup(ctx, start, file) })
	}
	at, where, err = h.LastBackup(h.Context())
	h.want("a backup", say(at.Equal(start), where, err), "true /mnt/a disk/one.db <nil>")
	sc, err := h.Schema(h.Context())
	h.want("the instance is the same", say(len(sc.Instance), err), "26 <nil>")
}

func begun(h *house) {
	var got store.Begun
	look := func(what string, want store.Begun) {
		h.Helper()
		h.do(func(ctx context.Context, tx store.Tx) (err error) { got, err = tx.Begun(ctx); return err })
		h.want(what, got, want)
	}
	look("nothing", store.Begun{})
	l := h.link(h.account("ann"), "ann", flattery.ByName)
	h.claim(h.account("zoe"), "zoe", start)
	h.likes(l, start, like("zoe", "x", start))
	look("a month is open", store.Begun{})
	h.do(func(ctx context.Context, tx store.Tx) error {
		return post(ctx, tx, "k", entry("assets:bank", "equity:sponsor", 5))
	})
	look("something is posted", store.Begun{Posted: true})
	h.freeze(october, start.AddDate(0, 1, 0))
	look("a month is frozen", store.Begun{Posted: true, Frozen: true, Settling: true})
}

// zoneChanges: a house moves to another zone in the middle of October. October ends as it began, November ends as the new zone
// says, and no instant is in two months or in none.
func zoneChanges(h *house) {
	zone, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		h.Fatal(err)
	}
	a := h.account("ann")
	h.claim(h.account("zoe"), "zoe", start)
	l := h.link(a, "ann", flattery.ByName)
	h.likes(l, start, like("zoe", "in October", start))
	h.Store.(interface{ Tables() *tables.Reader }).Tables().Zone = zone //nolint:errcheck // both databases have them
	end := time.Date(2026, 10, 31, 23, 0, 0, 0, time.UTC)               // midnight in Berlin
	h.likes(l, end, like("zoe", "the last second", end.Add(-time.Second)), like("zoe", "midnight", end))
	later := time.Date(2026, 12, 1, 7, 59, 59, 0, time.UTC) // the last second of November there
	h.likes(l, later, like("zoe", "an afternoon in November", later))
	months, err := h.Months(h.Context())
	if err != nil || len(months) != 2 {
		h.Fatal(months, err)
	}
	h.want("October", say(months[1].Starts, months[1].Ends), say(october.Starts(berlin(h)), end))
	h.want("November", say(months[0].Starts, months[0].Ends), say(end, later.Add(time.Second)))
	counted := map[string]flattery.Month{}
	for _, f := range h.flattrs(a) {
		counted[f.Thing.Title] = f.CountsIn
	}
	h.want("where they count", say(counted["in October"], counted["the last second"], counted["midnight"], counted["an afternoon in November"]), say(october, october, november, november))
	now, err := h.Current(h.Context(), end)
	h.want("the month of the store", say(now.Month, err), say(november, error(nil)))
}

func berlin(h *house) *time.Location {
	zone, err := time.LoadLocation(Zone)
	if err != nil {
		h.Fatal(err)
	}
	return zone
}
