package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"flattery"
	"flattery/config"
	"flattery/internal/ledger"
)

func (p *program) means() *cobra.Command {
	return group("means", "Means: what donors paid in before it is spent (prepaid mode)", p.meansAdd(), p.meansRefund())
}

func (p *program) meansAdd() *cobra.Command {
	var account, key, note string
	cmd := &cobra.Command{Use: "add AMOUNT", Short: "Note what arrived from a donor", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		amount, err := flattery.ParseAmount(args[0])
		if err != nil {
			return flattery.Input("%v", err)
		}
		if amount == 0 {
			return flattery.Input("nothing arrived: the amount is above 0")
		}
		return p.with(cmd.Context(), func(in *instance) error {
			if in.Mode != config.Prepaid {
				return flattery.Input("this instance is in pledge mode and holds nobody's money: donors pay by slips (setting mode = \"prepaid\" would change that)")
			}
			ctx := cmd.Context()
			a, err := in.accountNamed(ctx, account)
			if err != nil {
				return err
			}
			if key == "" {
				key = rand.Text()
			}
			err = in.planner.Means(ctx, a.ID, a.Currency, amount, key, note)
			if errors.Is(err, flattery.ErrConflict) {
				err = fmt.Errorf("the key %q was noted with another amount, account or note: choose another --key for another arrival", key)
			}
			if err != nil {
				return err
			}
			return p.printMeans(ctx, in, a, "added", amount, key)
		})
	}}
	cmd.Flags().StringVar(&account, "account", "", "account; may be left out while there is one")
	cmd.Flags().StringVar(&key, "key", "", "what tells this arrival from others; the same key is noted once")
	cmd.Flags().StringVar(&note, "note", "", "a word for the ledger, like cash")
	return cmd
}

func (p *program) meansRefund() *cobra.Command {
	var account, key, note string
	cmd := &cobra.Command{Use: "refund AMOUNT", Short: "Note what was given back to a donor by hand (a statement of the bank says it by itself)", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		amount, err := flattery.ParseAmount(args[0])
		if err != nil || amount == 0 {
			return flattery.Input("%q is nothing that can be given back: write it like 5.00", args[0])
		}
		return p.with(cmd.Context(), func(in *instance) error {
			ctx := cmd.Context()
			a, err := in.accountNamed(ctx, account)
			if err != nil {
				return err
			}
			if key == "" {
				key = rand.Text()
			}
			err = in.planner.Refund(ctx, a.ID, a.Currency, amount, key, note)
			switch {
			case errors.Is(err, flattery.ErrOverdrawn):
				return flattery.Input("%s has less than %s %s to give: see flattery account show %s", a.Name, amount, a.Currency, a.Name)
			case errors.Is(err, flattery.ErrConflict):
				return fmt.Errorf("the key %q was noted with another amount, account or note: choose another --key for another refund", key)
			case err != nil:
				return err
			}
			return p.printMeans(ctx, in, a, "refunded", amount, key)
		})
	}}
	cmd.Flags().StringVar(&account, "account", "", "account; may be left out while there is one")
	cmd.Flags().StringVar(&key, "key", "", "what tells this refund from others; the same key is noted once")
	cmd.Flags().StringVar(&note, "note", "", "a word for the ledger, like cash")
	return cmd
}

// printMeans says what a donor has to give after something was noted.
func (p *program) printMeans(ctx context.Context, in *instance, a flattery.Account, noted string, amount flattery.Amount, key string) error {
	balance, err := in.store.Balance(ctx, ledger.DonorMeans(a.ID), a.Currency)
	if err != nil {
		return err
	}
	return p.print(map[string]any{"account": a.Name, noted: amount, "means": balance, "currency": a.Currency, "key": key}, func(out io.Writer) {
		fmt.Fprintf(out, "%s has %s %s to give\n", a.Name, balance, a.Currency)
	})
}
