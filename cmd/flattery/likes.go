package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"flattery"
	"flattery/internal/discover"
)

// likesAnswer is what somebody liked, and what a budget would give each.
type likesAnswer struct {
	Who     flattery.Profile `json:"who"`
	Likes   []likeLine       `json:"likes"`
	Own     int              `json:"own"`
	Authors int              `json:"authors"` // of all that is listed
	Looked  bool             `json:"looked"`  // whether they can be paid was looked for
	Payable int              `json:"payable"` // of the authors
	Budget  flattery.Amount  `json:"budget,omitempty"`
	More    bool             `json:"more"` // there are older ones
}

type likeLine struct {
	At     time.Time        `json:"at"` // zero: the network does not tell
	Thing  flattery.Thing   `json:"thing"`
	Author flattery.Profile `json:"author"`
	Own    bool             `json:"own"` // one's own thing: it never counts
	Share  flattery.Amount  `json:"share"`
	Places []flattery.Place `json:"places"` // where the author takes money, the one that is paid first
}

func (p *program) likes() *cobra.Command {
	var budget string
	var limit int
	var look bool
	cmd := &cobra.Command{Use: "likes NETWORK:HANDLE", Short: "Show what somebody liked, and what a budget would give each author",
		Long: `Show what somebody liked, newest first, with its author. No account and no database are needed.

With --budget each share is shown, as if the listed likes were one month's. Own things are marked; they never count.
Where each author takes money is looked up too, slowly: in funding files, by what the network shows and by whom Liberapay
knows. --places=false leaves that out.`,
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
			if look {
				if err := p.lookUp(cmd.Context(), in, a); err != nil {
					return err
				}
			}
			if a.Budget = gives; gives > 0 {
				a.split(flattery.MonthOf(in.now(), c.TimeZone))
			}
			return p.print(a, func(out io.Writer) { a.show(out, c.Currencies[0]) })
		}}
	cmd.Flags().StringVar(&budget, "budget", "", "what would be given in a month, like 5")
	cmd.Flags().IntVar(&limit, "limit", 100, "at most so many; 0: all")
	cmd.Flags().BoolVar(&look, "places", true, "look up where the authors take money")
	return cmd
}

// lookUp finds out where the authors take money.
func (p *program) lookUp(ctx context.Context, in *instance, a *likesAnswer) error {
	var authors []discover.Author
	index := map[flattery.Identity]int{}
	for _, l := range a.Likes {
		at, known := index[l.Author.Identity]
		if !known && !l.Own {
			at = len(authors)
			index[l.Author.Identity], authors = at, append(authors, discover.Author{Profile: l.Author})
		}
		if !l.Own {
			authors[at].Things = append(authors[at].Things, l.Thing)
		}
	}
	finder := in.newFinder()
	trouble := finder.Show(ctx, authors)
	found := make([]flattery.Payable, len(authors))
	err := findAll(ctx, finder, authors, func(n int, at flattery.Payable, err error) {
		if found[n] = at; trouble == nil {
			trouble = err
		}
	})
	if err != nil {
		return err
	}
	for i, l := range a.Likes {
		a.Likes[i].Places = []flattery.Place{}
		if at, known := index[l.Author.Identity]; known {
			a.Likes[i].Places = listed(found[at].Places)
		}
	}
	for _, one := range found {
		if _, payable := one.Place(); payable {
			a.Payable++
		}
	}
	if a.Looked = true; trouble != nil {
		p.say("Not every source could be asked: %s", plainLine(trouble.Error()))
	}
	return nil
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
	if a.Looked {
		head = append(head, "PAYABLE AT")
	}
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
		if a.Looked {
			row = append(row, paidAt(l.Places))
		}
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
	if a.Looked {
		fmt.Fprintf(w, "; %d of the authors can be paid without having joined", a.Payable)
	}
	if a.More {
		fmt.Fprint(w, "; there are more (--limit 0 lists all)")
	}
	fmt.Fprintln(w)
}

// paidAt is where an author is paid, in few words: "example.org/pay (FUNDING.yml)".
func paidAt(places []flattery.Place) string {
	first, payable := flattery.Payable{Places: places}.Place()
	if !payable {
		return "-"
	}
	return strings.TrimPrefix(string(first.Destination), "https://") + " (" + whereName(first.Source) + ")"
}
