package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"flattery"
	"flattery/store"
)

func (p *program) claim() *cobra.Command {
	return group("claim", "Claims: whose things are an account's own", p.claimAdd(), p.claimList(), p.claimRemove())
}

func (p *program) claimAdd() *cobra.Command {
	var account string
	cmd := &cobra.Command{Use: "add NETWORK:HANDLE", Short: "Make an identity an account's own, on your word as administrator", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		return p.with(cmd.Context(), func(in *instance) error {
			ctx := cmd.Context()
			a, err := in.accountNamed(ctx, account)
			if err != nil {
				return err
			}
			c, handle, err := in.splitName(args[0])
			if err != nil {
				return err
			}
			who, err := in.resolve(ctx, c, handle)
			if err != nil {
				return err
			}
			joined := 0
			err = in.update(ctx, func(tx store.Tx) error {
				n, err := tx.AddClaim(ctx, flattery.Claim{Account: a.ID, Identity: who, Proof: flattery.ByAdmin, ProvedAt: in.now().Truncate(time.Second)})
				joined = n
				return err
			})
			if errors.Is(err, flattery.ErrClaimed) {
				return fmt.Errorf("%s is claimed by another account: remove that claim first (flattery claim list)", who)
			}
			if err != nil {
				return err
			}
			return p.print(map[string]any{"account": a.Name, "identity": who, "joined": joined}, func(out io.Writer) {
				fmt.Fprintf(out, "%s is %s; %s that waited now %s\n", plain(who.String()), a.Name, count(joined, "flattr"), map[bool]string{true: "counts", false: "count"}[joined == 1])
				if a.Destination == "" {
					p.say("%s has no destination yet: flattery account set %q --destination payto://…", a.Name, a.Name)
				}
			})
		})
	}}
	cmd.Flags().StringVar(&account, "account", "", "account; may be left out while there is one")
	return cmd
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
				rows := [][]string{{"CLAIM", "ACCOUNT", "IDENTITY", "PROOF", "PROVED"}}
				for _, c := range claims {
					rows = append(rows, []string{strconv.FormatInt(int64(c.ID), 10), name(c.Account), c.Identity.String(), string(c.Proof), moment(c.ProvedAt)})
				}
				table(out, rows...)
			})
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
