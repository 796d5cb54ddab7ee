package web

import (
	"context"
	"slices"
	"time"

	"flattery"
)

// Authors groups the flattrs of a donor by author. The first who waits has been asked for; the last takes money elsewhere.
func (w *world) Authors(_ context.Context, id flattery.AccountID, m flattery.Month) ([]flattery.DonorAuthor, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var list []flattery.DonorAuthor
	for _, f := range w.flattrs {
		if f.Account != id || f.State != flattery.Pending && (f.State != flattery.Counting || f.CountsIn < m-1) {
			continue
		}
		i := slices.IndexFunc(list, func(a flattery.DonorAuthor) bool { return a.Author.Identity == f.Author.Identity })
		if i < 0 {
			i, list = len(list), append(list, flattery.DonorAuthor{Author: f.Author, Reach: flattery.ReachHere, Since: f.FoundAt})
		}
		if list[i].Newest = f.FoundAt; f.State == flattery.Pending {
			list[i].Reach, list[i].Pending = flattery.ReachNot, list[i].Pending+1
		} else {
			list[i].Flattrs++
		}
	}
	slices.SortStableFunc(list, func(a, b flattery.DonorAuthor) int { return b.Pending - a.Pending })
	for i := range list {
		if list[i].Pending > 0 && (i == 0 || slices.Contains(w.told, list[i].Author.Identity) || slices.Contains(w.told, flattery.Identity{})) {
			list[i].Link = "waits"
		}
	}
	if len(list) > 0 {
		list[len(list)-1].Reach = flattery.ReachElsewhere
		list[len(list)-1].Place = flattery.Place{Destination: "https://liberapay.com/copperline", Verified: true}
	}
	return list, w.broken
}

// Admitted: of the second author something waited.
func (w *world) Admitted(ctx context.Context, id flattery.AccountID, m flattery.Month) ([]flattery.Admitted, error) {
	list, err := w.Authors(ctx, id, m)
	for i, a := range list {
		if i > 0 && a.Flattrs > 0 && m == w.months[0].Month {
			return []flattery.Admitted{{Author: a.Author, Flattrs: a.Flattrs, Later: 2}}, err
		}
	}
	return nil, err
}

func (w *world) AuthorsWaiting(ctx context.Context, id flattery.AccountID) (n int, err error) {
	list, err := w.Authors(ctx, id, w.months[0].Month)
	for _, a := range list {
		if a.Pending > 0 {
			n++
		}
	}
	return n, err
}

func (w *world) TellAuthors(_ context.Context, id flattery.AccountID, author flattery.Identity) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if id != ada && author != (flattery.Identity{}) {
		return flattery.ErrNotFound
	}
	w.told = append(w.told, author)
	return w.refuse
}

func (w *world) ClaimLink(_ context.Context, token string, _ time.Time) (flattery.ClaimLink, error) {
	l := flattery.ClaimLink{ID: 7, Author: author("github", "55", "ottoline"), Flattrs: 14, Donors: 3, Since: today.AddDate(0, 0, -40), Newest: today,
		Things: []flattery.Thing{{Network: "github", URL: "https://github.example/ottoline/fog", Title: "ottoline/fog"}}}
	if w.rough {
		l.Author.Name, l.Author.Handle, l.Things[0].Title = hostile[0], hostile[2], hostile[1]
	}
	switch {
	case token == "claimed" || token == "waits" && w.claimed:
		l.Flattrs, l.Donors, l.Things, l.Claimed = 0, 0, nil, true
	case token == "group":
		l.Author.Organisation = true
	case token == "unlinkable":
		l.Author.Network = "vimeo"
	case token == "profile":
		l.ID = 8
	case token == "keyless":
		l.ID, l.Author.Network = 9, "twitter"
	case token != "waits":
		return flattery.ClaimLink{}, flattery.ErrNotFound
	}
	return l, w.broken
}

func (w *world) ClaimMonths(_ context.Context, id flattery.ClaimID) ([]flattery.ClaimMonth, error) {
	if id != 1 {
		return nil, w.broken
	}
	return []flattery.ClaimMonth{{Month: w.months[0].Month, Flattrs: 14, Donors: 3}}, w.broken
}
