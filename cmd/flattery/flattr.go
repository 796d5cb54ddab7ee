package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"flattery"
	"flattery/store"
)

func (p *program) flattr() *cobra.Command {
	return group("flattr", "Flattrs: what was liked and where it counts", p.flattrList(), p.flattrRemove(), p.flattrRestore())
}

func (p *program) flattrList() *cobra.Command {
	var account, month string
	var limit int
	cmd := &cobra.Command{Use: "list", Short: "List flattrs, newest first", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		q := store.FlattrQuery{Limit: limit}
		if limit < 1 {
			return flattery.Input("--limit %d lists nothing: write 1 or more", limit)
		}
		if month != "" {
			var err error
			if q.Month, err = flattery.ParseMonth(month); err != nil {
				return flattery.Input("--month: %v", err)
			}
		}
		return p.with(cmd.Context(), func(in *instance) error {
			a, err := in.accountNamed(cmd.Context(), account)
			if err != nil {
				return err
			}
			q.Account = a.ID
			list, err := in.store.Flattrs(cmd.Context(), q)
			if err != nil {
				return err
			}
			return p.print(list, func(out io.Writer) {
				rows := [][]string{{"ID", "TIME", "THING", "AUTHOR", "STATE", "MONTH", "SHARE"}}
				for _, f := range list {
					share := ""
					if f.Share > 0 {
						share = f.Share.String()
					}
					rows = append(rows, []string{strconv.FormatInt(int64(f.ID), 10), moment(f.At), f.Thing.Title, f.Author.String(), string(f.State), f.CountsIn.String(), share})
				}
				table(out, rows...)
			})
		})
	}}
	cmd.Flags().StringVar(&account, "account", "", "account; may be left out while there is one")
	cmd.Flags().StringVar(&month, "month", "", "only this month, like 2026-10")
	cmd.Flags().IntVar(&limit, "limit", 100, "at most so many")
	return cmd
}

func (p *program) flattrRemove() *cobra.Command {
	return p.flattrChange("remove", "Take a flattr out of its month, before the freeze", func(ctx context.Context, _ *instance, tx store.Tx, a flattery.AccountID, id flattery.FlattrID) error {
		return tx.RemoveFlattr(ctx, a, id)
	})
}

func (p *program) flattrRestore() *cobra.Command {
	return p.flattrChange("restore", "Put a removed flattr back", func(ctx context.Context, in *instance, tx store.Tx, a flattery.AccountID, id flattery.FlattrID) error {
		return tx.RestoreFlattr(ctx, a, id, in.now())
	})
}

func (p *program) flattrChange(verb, short string, change func(context.Context, *instance, store.Tx, flattery.AccountID, flattery.FlattrID) error) *cobra.Command {
	var account string
	cmd := &cobra.Command{Use: verb + " ID", Short: short, Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		id, err := number("flattr", args[0])
		if err != nil {
			return err
		}
		return p.with(cmd.Context(), func(in *instance) error {
			a, err := in.accountNamed(cmd.Context(), account)
			if err != nil {
				return err
			}
			err = in.update(cmd.Context(), func(tx store.Tx) error { return change(cmd.Context(), in, tx, a.ID, flattery.FlattrID(id)) })
			switch {
			case errors.Is(err, flattery.ErrFrozen):
				return fmt.Errorf("flattr %d stays as it is: its month is frozen", id)
			case errors.Is(err, flattery.ErrNotFound):
				return flattery.Input("%s has no flattr %d that this can be done to: see flattery flattr list", a.Name, id)
			case err != nil:
				return err
			}
			return p.print(map[string]any{verb + "d": id}, func(out io.Writer) { fmt.Fprintf(out, "flattr %d %sd\n", id, verb) })
		})
	}}
	cmd.Flags().StringVar(&account, "account", "", "account; may be left out while there is one")
	return cmd
}
