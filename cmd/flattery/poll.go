package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"flattery"
	"flattery/internal/poll"
)

func (p *program) poll() *cobra.Command {
	return &cobra.Command{Use: "poll [LINK]", Short: "Poll what is due, or one link, now", Args: cobra.MaximumNArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		return p.with(cmd.Context(), func(in *instance) error {
			var found []poll.Found
			var err error
			if len(args) == 1 {
				found, err = in.pollOne(cmd.Context(), args[0])
			} else {
				found, err = in.poller.Due(cmd.Context())
			}
			if err != nil {
				return err
			}
			left, err := in.nameAuthors(cmd.Context())
			if err != nil {
				return err
			}
			if _, err := in.seeker.Work(cmd.Context()); err != nil {
				return err
			}
			err = p.print(found, func(out io.Writer) {
				for _, f := range found {
					showFound(out, f)
				}
				if len(found) == 0 {
					fmt.Fprintln(out, "nothing is due")
				}
			})
			if left > 0 {
				p.say("Who made %s of your export files is still to be found out: flattery serve does that, slowly.", count(left, "thing"))
			}
			return errors.Join(err, in.unread(cmd.Context(), found))
		})
	}}
}

func (in *instance) pollOne(ctx context.Context, arg string) ([]poll.Found, error) {
	id, err := number("link", arg)
	if err != nil {
		return nil, err
	}
	f, err := in.poller.Poll(ctx, flattery.LinkID(id))
	if errors.Is(err, flattery.ErrNotFound) {
		err = flattery.Input("there is no link %d: see flattery link list", id)
	}
	return []poll.Found{f}, err
}

func showFound(w io.Writer, f poll.Found) {
	fmt.Fprintf(w, "link %d: %s new", f.Link, count(f.Likes, "like"))
	for _, part := range []struct {
		n    int
		word string
	}{{f.Counting, "counting"}, {f.Pending, "pending"}, {f.Own, "own"}, {f.Excluded, "excluded by rules"}, {f.Seen, "older than the link"}, {f.Unliked, "taken back"}} {
		if part.n > 0 {
			fmt.Fprintf(w, ", %d %s", part.n, part.word)
		}
	}
	if f.Reason != "" {
		fmt.Fprintf(w, "; then %s", f.Reason)
	}
	fmt.Fprintln(w)
}

// unread says of each link that could not be read to its end why, and how to go on.
func (in *instance) unread(ctx context.Context, found []poll.Found) error {
	var errs []error
	for _, f := range found {
		if f.Reason == "" {
			continue
		}
		l, err := in.store.Link(ctx, f.Link)
		if err == nil {
			how := "it is tried again by itself"
			if l.State == flattery.LinkSuspended {
				how = advice(l.Identity.Network, f.Reason)
			}
			err = fmt.Errorf("link %d is not read: %s: %s", f.Link, plainLine(f.Detail), how)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
