package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"flattery"
	"flattery/config"
	"flattery/internal/ledger"
	"flattery/store"
)

func (p *program) means() *cobra.Command {
	return group("means", "Means: what donors paid in before it is spent (prepaid mode)", p.meansAdd())
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
			draft := ledger.Draft{Key: "means:" + key, Kind: "means", Note: note, At: in.now(), Entries: []ledger.Entry{
				{Debit: ledger.Bank, Credit: ledger.DonorMeans(a.ID), Currency: a.Currency, Amount: amount}}}
			err = in.update(ctx, func(tx store.Tx) error { _, err := tx.Post(ctx, draft); return err })
			if errors.Is(err, flattery.ErrConflict) {
				err = fmt.Errorf("the key %q was noted with another amount, account or note: choose another --key for another arrival", key)
			}
			if err != nil {
				return err
			}
			balance, err := in.store.Balance(ctx, ledger.DonorMeans(a.ID), a.Currency)
			if err != nil {
				return err
			}
			return p.print(map[string]any{"account": a.Name, "added": amount, "means": balance, "currency": a.Currency, "key": key}, func(out io.Writer) {
				fmt.Fprintf(out, "%s has %s %s to give\n", a.Name, balance, a.Currency)
			})
		})
	}}
	cmd.Flags().StringVar(&account, "account", "", "account; may be left out while there is one")
	cmd.Flags().StringVar(&key, "key", "", "what tells this arrival from others; the same key is noted once")
	cmd.Flags().StringVar(&note, "note", "", "a word for the ledger, like cash")
	return cmd
}
