package storetest

import (
	"context"
	"time"

	"flattery"
	"flattery/store"
)

// provisional is a like of which only a file told: by whom the thing is, is a subject like "@zoe" or "~thing".
func provisional(subject, handle, thing string) flattery.Like {
	l := like("file", thing, start)
	l.Thing.ID = thing
	l.Author = flattery.Profile{Identity: flattery.Identity{Network: "github", Host: "github.com", Subject: subject}, Handle: handle}
	return l
}

func handleBound(h *house) {
	ann, zoe := h.account("ann"), h.account("zoe")
	l, hers := h.link(ann, "ann", flattery.ByName), h.link(zoe, "zoe", flattery.ByName)
	other := provisional("@zoe", "zoe", "other host")
	other.Author.Host = "ghe.example"
	h.likes(l, start, other, provisional("@Zoe", "Zoe", "x"), provisional("@zoe", "zoe", "y"), provisional("@zoey", "zoey", "z"), provisional("~w", "", "w"))
	h.likes(hers, start, provisional("@ZOE", "ZOE", "x"))
	h.want("flattrs", h.states(ann), " w:pending: z:pending: y:pending: x:pending: other host:pending:")
	joined := 0
	h.do(func(ctx context.Context, tx store.Tx) (err error) {
		p := profile("zoe")
		p.Handle = "zOE"
		joined, err = tx.AddClaim(ctx, flattery.Claim{Account: zoe, Identity: p, Proof: flattery.ByOAuth, ProvedAt: start.AddDate(0, 1, 0)})
		return err
	})
	h.want("joined", joined, 2)
	h.want("flattrs", h.states(ann), " w:pending: z:pending: y:counts:2026-11 x:counts:2026-11 other host:pending:")
	h.want("her own", h.states(zoe), " x:own:")
	for _, f := range h.flattrs(ann) {
		h.want("the author of "+f.Thing.Title, f.Author.Subject == "id-zoe", f.CountsIn != 0)
	}
	h.likes(l, start, provisional("@zoe", "zoe", "later file"))
	h.want("a file after the claim", h.flattrs(ann)[0].State, flattery.Pending)
	h.want("proved again", h.claim(zoe, "zoe", start.AddDate(0, 1, 0)), 1)
	h.want("flattrs", h.states(ann), " later file:counts:2026-11 w:pending: z:pending: y:counts:2026-11 x:counts:2026-11 other host:pending:")
	elsewhere := profile("zoe")
	elsewhere.Host = "ghe.example"
	h.do(func(ctx context.Context, tx store.Tx) (err error) {
		joined, err = tx.AddClaim(ctx, flattery.Claim{Account: zoe, Identity: elsewhere, Proof: flattery.ByOAuth, ProvedAt: start})
		return err
	})
	h.want("joined at the other host", joined, 1)
	h.want("the author there", h.flattrs(ann)[5].Author, elsewhere)
}

func provisionalUnclaimed(h *house) {
	a := h.account("ann")
	for _, subject := range []string{"@zoe", "~x"} {
		h.refused(flattery.ErrState, func(ctx context.Context, tx store.Tx) error {
			_, err := tx.AddClaim(ctx, flattery.Claim{Account: a, Identity: provisional(subject, "zoe", "x").Author, Proof: flattery.ByOAuth, ProvedAt: start})
			return err
		})
	}
	claims, err := h.Claims(h.Context(), 0)
	h.want("claims", say(len(claims), err), "0 <nil>")
}

func authorFound(h *house) {
	ann, bob, zoe := h.account("ann"), h.account("bob"), h.account("zoe")
	h.claim(zoe, "zoe", start)
	l, bobs, zoes := h.link(ann, "ann", flattery.ByName), h.link(bob, "bob", flattery.ByOAuth), h.link(zoe, "zoe", flattery.ByName)
	unnamed := func(n int) (ids string) {
		h.Helper()
		list, err := h.Unnamed(h.Context(), n)
		if err != nil {
			h.Fatal(err)
		}
		for _, t := range list {
			ids += " " + t.ID + "=" + t.Title
		}
		return ids
	}
	name := func(id string, p flattery.Profile) {
		h.Helper()
		h.do(func(ctx context.Context, tx store.Tx) error {
			return tx.NameAuthor(ctx, flattery.Thing{Network: "github", Host: "github.com", ID: id}, p, start.AddDate(0, 1, 0))
		})
	}
	h.want("none", unnamed(10), "")
	h.link(ann, "zoe", flattery.ByName) // which proves nothing
	elsewhere := provisional("~9", "", "9 elsewhere")
	elsewhere.Thing.ID, elsewhere.Thing.Host, elsewhere.Author.Host = "9", "ghe.example", "ghe.example"
	h.likes(l, start, elsewhere)
	for _, from := range []flattery.Link{bobs, l, zoes} {
		h.likes(from, start, provisional("~9", "", "9"))
	}
	h.likes(l, start, provisional("~b", "", "b"), provisional("~e", "", "e"), provisional("@eve", "eve", "handle"), provisional("~gone", "", "gone"), like("eve", "known", start))
	out := h.likes(l, start, provisional("~removed", "", "removed"))
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.RemoveFlattr(ctx, ann, out[0].Flattr) })
	h.want("each thing once, oldest first", unnamed(10), " 9=9 elsewhere 9=9 b=b e=e gone=gone")
	h.want("the oldest two", unnamed(2), " 9=9 elsewhere 9=9")
	h.want("a claim never counts them", h.states(ann), " removed:removed: known:pending: gone:pending: handle:pending: e:pending: b:pending: 9:pending: 9 elsewhere:pending:")

	name("9", profile("zoe")) // claimed: her own, and in the current month for the others
	name("b", profile("bob")) // not claimed
	name("e", provisional("@Eve", "Eve", "").Author)
	name("unknown", profile("zoe"))
	name("removed", profile("zoe"))
	h.want("flattrs", h.states(ann), " removed:removed: known:pending: gone:pending: handle:pending: e:pending: b:pending: 9:counts:2026-11 9 elsewhere:pending:")
	h.want("flattrs of the author", h.states(zoe), " 9:own:")
	h.want("flattrs of another", h.states(bob), " 9:counts:2026-11")
	h.want("those left", unnamed(10), " 9=9 elsewhere gone=gone")
	h.likes(bobs, start, provisional("~bob's", "", "bob's"))
	name("bob's", profile("bob"))
	h.want("one's own by a proved link", h.states(bob), " bob's:own: 9:counts:2026-11")
	h.want("joined by the handle", h.claim(h.account("eve"), "eve", start), 3)
	name("gone", provisional("~gone", "", "").Author) // as nobody could say
	h.want("those left at the end", unnamed(10), " 9=9 elsewhere gone=gone")
}

func importFirst(h *house) {
	ann, bob := h.account("ann"), h.account("bob")
	owner := flattery.Identity{Network: "github", Host: "github.com", Subject: "id-ann"}
	handle := flattery.Identity{Network: "github", Host: "github.com", Subject: "@Ann"}
	lower := handle
	lower.Subject = "@ann"
	h.link(ann, "ann", flattery.ByName)
	for _, row := range []struct {
		account flattery.AccountID
		owner   flattery.Identity
		first   bool
	}{
		{ann, owner, true}, {ann, owner, false}, {bob, owner, true}, {ann, handle, true}, {ann, lower, false}, {ann, owner, false},
	} {
		h.do(func(ctx context.Context, tx store.Tx) error {
			first, err := tx.AddImport(ctx, store.Import{Account: row.account, Owner: row.owner, At: start.Add(time.Hour)})
			h.want(say("first of", row.account, row.owner), first, row.first)
			return err
		})
	}
	links, err := h.Links(h.Context(), ann)
	if err != nil {
		h.Fatal(err)
	}
	h.want("what is known of the owner", links[0].Identity, profile("ann"))
}
