package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"flattery"
)

// likesAnswer is what somebody liked, and what a budget would give each.
type likesAnswer struct {
	Who     flattery.Profile `json:"who"`
	Likes   []likeLine       `json:"likes"`
	Own     int              `json:"own"`
	Authors int              `json:"authors"` // of all that is listed
	Budget  flattery.Amount  `json:"budget,omitempty"`
	More    bool             `json:"more"` // there are older ones
}

type likeLine struct {
	At     time.Time        `json:"at"` // zero: the network does not tell
	Thing  flattery.Thing   `json:"thing"`
	Author flattery.Profile `json:"author"`
	Own    bool             `json:"own"` // one's own thing: it never counts
	Share  flattery.Amount  `json:"share"`
}

func (p *program) likes() *cobra.Command {
	var budget string
	var limit int
	cmd := &cobra.Command{Use: "likes NETWORK:HANDLE", Short: "Show what somebody liked, and what a budget would give each author",
		Long: `Show what somebody liked, newest first, with its author. No account and no database are needed.

With --budget each share is shown, as if the listed likes were one month's. Own things are marked; they never count.
Whether an author takes money anywhere is not looked up yet.`,
		Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
			c, err := p.settings()
			if err != nil {
				return err
			}
			var gives flattery.Amount
			if budget != "" {
				if gives, err = flattery.ParseAmount(budget); err != nil {
					return flattery.Input("--budget %v", err)
				}
				if gives < c.BudgetMinimum {
					return flattery.Input("--budget %s is below the minimum of %s a month: give at least that", gives, c.BudgetMinimum)
				}
			}
			if limit < 0 {
				return flattery.Input("--limit %d is below nothing: write 0 for all, or 1 or more", limit)
			}
			in := p.outside(c)
			a, err := in.readLikes(cmd.Context(), args[0], limit)
			if err != nil {
				return err
			}
			if a.Budget = gives; gives > 0 {
				a.split(flattery.MonthOf(in.now(), c.TimeZone))
			}
			return p.print(a, func(out io.Writer) { a.show(out, c.Currencies[0]) })
		}}
	cmd.Flags().StringVar(&budget, "budget", "", "what would be given in a month, like 5")
	cmd.Flags().IntVar(&limit, "limit", 100, "at most so many; 0: all")
	return cmd
}

// readLikes walks from the newest like back.
func (in *instance) readLikes(ctx context.Context, name string, limit int) (*likesAnswer, error) {
	c, handle, err := in.splitName(name)
	if err != nil {
		return nil, err
	}
	who, err := in.resolve(ctx, c, handle)
	if err != nil {
		return nil, err
	}
	a := &likesAnswer{Who: who, Likes: []likeLine{}}
	s, err := in.session(ctx, c)
	if err != nil {
		return nil, advised(c.Info(), err)
	}
	s.Identity = who
	authors, things := map[flattery.Identity]bool{}, map[flattery.Thing]bool{}
	for page, err := range c.Likes(ctx, s, "") {
		if err != nil {
			return nil, advised(c.Info(), err)
		}
		for _, l := range page.Likes {
			key := flattery.Thing{Network: l.Thing.Network, Host: l.Thing.Host, ID: l.Thing.ID}
			if things[key] { // the list moved while it was read
				continue
			}
			if limit > 0 && len(a.Likes) == limit {
				a.More = true
				a.Authors = len(authors)
				return a, nil
			}
			things[key], authors[l.Author.Identity] = true, true
			own := l.Author.Identity == who.Identity
			if own {
				a.Own++
			}
			a.Likes = append(a.Likes, likeLine{At: l.At, Thing: l.Thing, Author: l.Author, Own: own})
		}
	}
	a.Authors = len(authors)
	return a, nil
}

// split gives each like its share of the budget.
func (a *likesAnswer) split(m flattery.Month) {
	var parts []flattery.Part
	var index []int
	for i, l := range a.Likes {
		if !l.Own {
			parts = append(parts, flattery.Part{Thing: l.Thing, Kind: flattery.KindLike, Weight: 1})
			index = append(index, i)
		}
	}
	for i, share := range flattery.Split(a.Budget, 0, flattery.SplitByFlattr, m, a.Who.String(), parts) {
		a.Likes[index[i]].Share = share
	}
}

func (a *likesAnswer) show(w io.Writer, currency string) {
	head := []string{"TIME", "THING", "AUTHOR"}
	if a.Budget > 0 {
		head = append(head, "SHARE "+currency)
	}
	rows := [][]string{head}
	for _, l := range a.Likes {
		at, who := "unknown", l.Author.String()
		if !l.At.IsZero() {
			at = moment(l.At)
		}
		if l.Own {
			who += " (own)"
		}
		row := []string{at, l.Thing.Title, who}
		if a.Budget > 0 && !l.Own {
			row = append(row, l.Share.String())
		}
		rows = append(rows, row)
	}
	table(w, rows...)
	fmt.Fprintf(w, "\n%s liked %s of %s", plain(a.Who.String()), count(len(a.Likes), "thing"), count(a.Authors, "author"))
	if a.Own > 0 {
		fmt.Fprintf(w, ", %d of them own", a.Own)
	}
	if a.More {
		fmt.Fprint(w, "; there are more (--limit 0 lists all)")
	}
	fmt.Fprintln(w)
}
