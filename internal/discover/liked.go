package discover

import (
	"context"
	"fmt"

	"flattery"
	"flattery/connectors"
)

// MostLiked is how many likes of one account are read with what stands beside them.
const MostLiked = 5000

// Liked is what somebody likes, by author, with what the network shows beside the things.
type Liked struct {
	Who     flattery.Profile
	Authors []Author // in the order of their newest likes, each with what is shown
	Likes   map[flattery.Identity]int
	Read    int   // likes
	All     int   // likes that there are, as the network says
	More    bool  // there are older ones
	Why     error // that they could not be read; nil: they are more than MostLiked, or there are none
}

// Liked walks from the newest like back, until MostLiked, or until the network breaks or asks to wait: then it is told beside what was
// read until then. An error is that nothing could be.
func (f *Finder) Liked(ctx context.Context, from connectors.Shower, network, handle string) (*Liked, error) {
	app, err := f.App(ctx, network)
	if err != nil {
		return nil, err
	}
	l := &Liked{Likes: map[flattery.Identity]int{}}
	index, known := map[flattery.Identity]int{}, map[string]bool{}
	pages := 0
	for page, err := range from.LikesShown(ctx, connectors.Session{App: app, Client: f.Client, Now: f.Now()}, handle) {
		f.Pace.heard("of "+network, f.Now(), err)
		if err != nil {
			if pages == 0 || ctx.Err() != nil {
				return nil, err
			}
			l.More, l.Why = true, err
			return l, nil
		}
		l.Who, l.All, l.More = page.Who, page.All, page.More
		for i, like := range page.Likes {
			if known[like.Thing.ID] { // the list moved while it was read
				continue
			}
			known[like.Thing.ID] = true
			at, met := index[like.Author.Identity]
			if !met {
				at = len(l.Authors)
				index[like.Author.Identity], l.Authors = at, append(l.Authors, Author{Profile: like.Author})
			}
			a := &l.Authors[at]
			a.Things, a.Shown = append(a.Things, like.Thing), append(a.Shown, page.Shown[i])
			l.Likes[like.Author.Identity]++
			l.Read++
		}
		if pages++; pages == MostLiked/connectors.MaxLinked || !page.More {
			return l, nil
		}
		if err := f.Pace.wait(ctx, "of "+network, f.Now()); err != nil {
			return nil, fmt.Errorf("discover: %w", err)
		}
	}
	return l, nil
}
