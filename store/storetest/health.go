package storetest

import (
	"context"
	"fmt"
	"time"

	"flattery"
	"flattery/store"
)

// healthPromises are those of what who runs the instance is told.
func healthPromises() map[string]func(*house) {
	return map[string]func(*house){"how the links of a network are is added up": health}
}

func health(h *house) {
	none, err := h.Health(h.Context())
	h.want("of no links", say(len(none), err), "0 <nil>")
	well, late, stopped, gone := h.link(h.account("ann"), "ann", flattery.ByName), h.link(h.account("bob"), "bob", flattery.ByName), h.link(h.account("eve"), "eve", flattery.ByName),
		h.link(h.account("zoe"), "zoe", flattery.ByName)
	well.State, well.LastGood, well.NextPoll = flattery.LinkActive, start, start.Add(time.Hour)
	late.State, late.Reason, late.Detail, late.Failures, late.NextPoll = flattery.LinkActive, "trouble", "502", 3, start.Add(time.Minute)
	stopped.State, stopped.Reason, stopped.NextPoll = flattery.LinkSuspended, "reconnect", start.Add(-time.Hour)
	h.do(func(ctx context.Context, tx store.Tx) error {
		for _, l := range []flattery.Link{well, late, stopped} {
			if err := tx.SaveLink(ctx, l); err != nil {
				return err
			}
		}
		return tx.RemoveLink(ctx, gone.ID)
	})
	list, err := h.Health(h.Context())
	if err != nil || len(list) != 1 {
		h.Fatal(list, err)
	}
	n := list[0]
	h.want("the links", say(n.Well, n.Late, n.Stopped, n.LastGood.Equal(start), n.NextPoll.Equal(start.Add(time.Minute))), "1 1 1 true true")
	h.want("why", fmt.Sprint(n.Troubles), "[{reconnect 1 } {trouble 1 502}]")
}
