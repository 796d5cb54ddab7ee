package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"flattery"
	"flattery/connectors"
	"flattery/internal/claim"
	"flattery/store"
)

func (p *program) claim() *cobra.Command {
	return group("claim", "Claims: whose things are an account's own", p.claimAdd(), p.claimList(), p.claimCheck(), p.claimRemove(), p.claimDisputes(), p.claimDecide())
}

func (p *program) claimAdd() *cobra.Command {
	var account, by string
	var check bool
	cmd := &cobra.Command{Use: "add NETWORK:HANDLE", Short: "Make an identity an account's own: on your word as administrator, or by a token in its public profile",
		Long: `Make an identity an account's own.

Without --by it is your word as administrator that counts. With --by profile a token is printed; write it into the public profile of
HANDLE, then give the same command with --check.`,
		Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
			if by != "" && by != "profile" {
				return flattery.Input("--by %q is no way to prove a claim here: it is profile, or left out", by)
			}
			if check && by == "" {
				return flattery.Input("--check goes with --by profile")
			}
			return p.with(cmd.Context(), func(in *instance) error {
				ctx := cmd.Context()
				a, err := in.accountNamed(ctx, account)
				if err != nil {
					return err
				}
				c, handle, err := in.splitName(args[0])
				switch {
				case err != nil:
					return err
				case check:
					return p.claimProved(ctx, in, a, c.Info(), handle)
				case by != "":
					return p.claimBegin(ctx, in, a, c.Info(), handle)
				}
				return p.claimWord(ctx, in, a, c, handle)
			})
		}}
	cmd.Flags().StringVar(&account, "account", "", "account; may be left out while there is one")
	cmd.Flags().StringVar(&by, "by", "", "profile: prove it by a token in the public profile")
	cmd.Flags().BoolVar(&check, "check", false, "look whether the token is there")
	return cmd
}

// claimWord takes the administrator's word.
func (p *program) claimWord(ctx context.Context, in *instance, a flattery.Account, c connectors.Connector, handle string) error {
	who, err := in.resolve(ctx, c, handle)
	if err != nil {
		return err
	}
	taken, err := claim.Take(ctx, in.store, flattery.Claim{Account: a.ID, Identity: who, Proof: flattery.ByAdmin, ProvedAt: in.now().Truncate(time.Second)}, flattery.Token{})
	if errors.Is(err, flattery.ErrClaimed) {
		return fmt.Errorf("%s is claimed by another account: remove that claim first (flattery claim list), or prove it (--by profile)", who)
	}
	if err != nil {
		return err
	}
	return p.claimTaken(a, who, taken)
}

// claimBegin prints the token.
func (p *program) claimBegin(ctx context.Context, in *instance, a flattery.Account, info connectors.Info, handle string) error {
	begun, err := in.profiles.Begin(ctx, a.ID, info.Network, handle)
	if err != nil {
		return err
	}
	return p.print(begun, func(out io.Writer) {
		fmt.Fprintln(out, begun.Token)
		p.say("write this into the public profile of %s at %s until %s, then:\n\n  flattery claim add --account %q %s:%s --by profile --check", plain(begun.Handle), info.Title,
			moment(begun.Expires), a.Name, info.Network, plain(begun.Handle))
	})
}

// claimProved looks for the token that claimBegin printed.
func (p *program) claimProved(ctx context.Context, in *instance, a flattery.Account, info connectors.Info, handle string) error {
	list, err := in.store.Provings(ctx, a.ID, in.now())
	if err != nil {
		return err
	}
	at := slices.IndexFunc(list, func(b flattery.Proving) bool {
		return b.Network == info.Network && strings.EqualFold(b.Handle, strings.TrimPrefix(handle, "@"))
	})
	if at < 0 {
		return flattery.Input("no proof of %s:%s was begun, or its token has expired: leave out --check to get one", info.Network, plain(handle))
	}
	c, taken, err := in.look(ctx, a.ID, list[at].ID)
	if errors.Is(err, flattery.ErrUnproved) {
		return fmt.Errorf("%s is not in the profile of %s:%s, nor on a page that it links to and that links back: %w", list[at].Token, info.Network, plain(handle), err)
	}
	if err != nil {
		return err
	}
	return p.claimTaken(a, c.Identity, taken)
}

func (p *program) claimTaken(a flattery.Account, who flattery.Profile, taken claim.Taken) error {
	answer := map[string]any{"account": a.Name, "identity": who, "joined": taken.Joined}
	if taken.Dispute != 0 {
		answer["dispute"] = taken.Dispute
	}
	return p.print(answer, func(out io.Writer) {
		if taken.Dispute != 0 {
			fmt.Fprintf(out, "%s is claimed by another account too: dispute %d; it is %s's in ten days, unless the other proves it again\n", plain(who.String()), taken.Dispute, a.Name)
			return
		}
		fmt.Fprintf(out, "%s is %s; %s that waited now %s\n", plain(who.String()), a.Name, count(taken.Joined, "flattr"), map[bool]string{true: "counts", false: "count"}[taken.Joined == 1])
		if a.Destination == "" {
			p.say("%s has no destination yet: flattery account set %q --destination payto://…", a.Name, a.Name)
		}
	})
}

func (p *program) claimList() *cobra.Command {
	return &cobra.Command{Use: "list", Short: "List the claims", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		return p.with(cmd.Context(), func(in *instance) error {
			claims, err := in.store.Claims(cmd.Context(), 0)
			if err != nil {
				return err
			}
			name, err := in.names(cmd.Context())
			if err != nil {
				return err
			}
			return p.print(claims, func(out io.Writer) {
				rows := [][]string{{"CLAIM", "ACCOUNT", "IDENTITY", "PROOF", "PROVED", "VERIFIED", "STATE"}}
				for _, c := range claims {
					rows = append(rows, []string{strconv.FormatInt(int64(c.ID), 10), name(c.Account), c.Identity.String(), string(c.Proof), moment(c.ProvedAt), moment(c.CheckedAt), stands(c)})
				}
				table(out, rows...)
			})
		})
	}}
}

// stands says how a claim is.
func stands(c flattery.Claim) string {
	switch {
	case c.Disputed:
		return "disputed"
	case !c.LapsedAt.IsZero():
		return "not verified since " + moment(c.LapsedAt) + " (" + c.Reason + ")"
	}
	return "verified"
}

func (p *program) claimCheck() *cobra.Command {
	return &cobra.Command{Use: "check CLAIM", Short: "Look now whether a claim still holds", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		id, err := number("claim", args[0])
		if err != nil {
			return err
		}
		return p.with(cmd.Context(), func(in *instance) error {
			c, err := in.store.Claim(cmd.Context(), flattery.ClaimID(id))
			if errors.Is(err, flattery.ErrNotFound) {
				return flattery.Input("there is no claim %d: see flattery claim list", id)
			}
			if err == nil {
				err = in.rechecks.Again(cmd.Context(), c)
			}
			if err != nil {
				return err
			}
			if c, err = in.store.Claim(cmd.Context(), c.ID); errors.Is(err, flattery.ErrNotFound) {
				return fmt.Errorf("claim %d has ended: its account no longer administers %s", id, plain(c.Identity.String()))
			} else if err != nil {
				return err
			}
			return p.print(c, func(out io.Writer) { fmt.Fprintf(out, "claim %d: %s\n", id, stands(c)) })
		})
	}}
}

func (p *program) claimDisputes() *cobra.Command {
	return &cobra.Command{Use: "disputes", Short: "List the identities that two accounts have proved", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		return p.with(cmd.Context(), func(in *instance) error {
			list, err := in.store.Disputes(cmd.Context(), 0)
			if err != nil {
				return err
			}
			name, err := in.names(cmd.Context())
			if err != nil {
				return err
			}
			if list == nil {
				list = []flattery.Dispute{}
			}
			return p.print(list, func(out io.Writer) {
				rows := [][]string{{"DISPUTE", "IDENTITY", "FIRST", "SECOND", "PROOF", "SINCE", "ENDS", "OUTCOME"}}
				for _, d := range list {
					rows = append(rows, []string{strconv.FormatInt(int64(d.ID), 10), d.Identity.String(), name(d.First), name(d.Second), string(d.Proof), moment(d.OpenedAt), moment(d.EndsAt),
						cmp.Or(string(d.Outcome), "open")})
				}
				table(out, rows...)
			})
		})
	}}
}

func (p *program) claimDecide() *cobra.Command {
	return &cobra.Command{Use: "decide DISPUTE first|second", Short: "Decide a dispute, on your word as administrator", Args: cobra.ExactArgs(2), RunE: func(cmd *cobra.Command, args []string) error {
		id, err := number("dispute", args[0])
		if err != nil {
			return err
		}
		outcome := flattery.Outcome(args[1])
		if outcome != flattery.OutcomeFirst && outcome != flattery.OutcomeSecond {
			return flattery.Input("%q is nobody in a dispute: first or second", args[1])
		}
		return p.with(cmd.Context(), func(in *instance) error {
			err := in.update(cmd.Context(), func(tx store.Tx) error {
				return tx.EndDispute(cmd.Context(), flattery.DisputeID(id), outcome, in.now())
			})
			switch {
			case errors.Is(err, flattery.ErrNotFound):
				return flattery.Input("there is no dispute %d: see flattery claim disputes", id)
			case errors.Is(err, flattery.ErrState):
				return fmt.Errorf("dispute %d was decided already: see flattery claim disputes", id)
			case err != nil:
				return err
			}
			return p.print(map[string]any{"dispute": id, "outcome": outcome}, func(out io.Writer) { fmt.Fprintf(out, "dispute %d: %s\n", id, outcome) })
		})
	}}
}

func (p *program) claimRemove() *cobra.Command {
	return &cobra.Command{Use: "remove CLAIM", Short: "End a claim; what it made count in open months is pending again", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		id, err := number("claim", args[0])
		if err != nil {
			return err
		}
		return p.with(cmd.Context(), func(in *instance) error {
			claims, err := in.store.Claims(cmd.Context(), 0)
			if err != nil {
				return err
			}
			at := slices.IndexFunc(claims, func(c flattery.Claim) bool { return c.ID == flattery.ClaimID(id) })
			if at < 0 {
				return flattery.Input("there is no claim %d: see flattery claim list", id)
			}
			if err := in.unclaim(cmd.Context(), claims[at]); err != nil {
				return err
			}
			return p.print(map[string]any{"removed": id}, func(out io.Writer) { fmt.Fprintf(out, "claim %d is ended\n", id) })
		})
	}}
}
