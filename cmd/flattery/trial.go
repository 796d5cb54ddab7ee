package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"flattery"
	"flattery/internal/web"
)

func (p *program) payoutProve() *cobra.Command {
	return &cobra.Command{Use: "prove NAME", Short: "Prepaid: have one cent sent to where an account is paid, with a number on it", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		return p.with(cmd.Context(), func(in *instance) error {
			a, err := in.accountNamed(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			t, err := in.planner.Try(cmd.Context(), a)
			if err != nil {
				return err
			}
			return p.print(t, func(out io.Writer) {
				fmt.Fprintf(out, "payment %d over %s %s to %s is planned: it goes with the next file (flattery payout export --rail sepa)\n", t.Payment, t.Amount, t.Currency, t.Destination)
			})
		})
	}}
}

func (p *program) accountProve() *cobra.Command {
	return &cobra.Command{Use: "prove NAME NUMBER", Short: "Prepaid: prove where an account is paid, by the number that stands on the cent sent there", Args: cobra.ExactArgs(2), RunE: func(cmd *cobra.Command, args []string) error {
		return p.with(cmd.Context(), func(in *instance) error {
			a, err := in.accountNamed(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			t, err := in.planner.Prove(cmd.Context(), a, args[1])
			if err != nil {
				return err
			}
			return p.print(t, func(out io.Writer) { fmt.Fprintf(out, "%s is paid at %s: %s\n", a.Name, t.Destination, trialSays(t)) })
		})
	}}
}

// trialOf is the last trial to where an account is paid; nil: none.
func (in *instance) trialOf(ctx context.Context, a flattery.Account) (*flattery.Trial, error) {
	t, _, err := in.planner.Trial(ctx, a)
	if err != nil || t.Payment == 0 {
		return nil, err
	}
	return &t, nil
}

// trialSays is how a trial stands, in a few words.
func trialSays(t flattery.Trial) string {
	switch t.Is() {
	case "back":
		return "a cent to it did not arrive"
	case "proved":
		return "proved by a payment on " + t.ProvedAt.Format(time.DateOnly)
	case "planned":
		return "a cent to it is planned"
	case "spent":
		return "a cent was sent to it, and too many wrong numbers were typed"
	}
	return "a cent was sent to it on " + t.SentAt.Format(time.DateOnly) + ": its number is to be typed"
}

func (p pages) Trial(ctx context.Context, a flattery.Account) (web.Trial, error) {
	t, can, err := p.in.planner.Trial(ctx, a)
	return web.Trial{Trial: t, Can: can}, err
}

func (p pages) Try(ctx context.Context, a flattery.Account) error {
	_, err := p.in.planner.Try(ctx, a)
	return err
}

func (p pages) ProveTrial(ctx context.Context, a flattery.Account, number string) error {
	_, err := p.in.planner.Prove(ctx, a, number)
	return err
}
