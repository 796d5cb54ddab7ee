package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"flattery"
	"flattery/internal/click"
	"flattery/store"
)

// entrance is how long a one-time link may be used.
const entrance = 24 * time.Hour

func (p *program) account() *cobra.Command {
	return group("account", "Accounts: make, set, sign in, invite, show, remove", p.accountAdd(), p.accountSet(), p.accountSignin(), p.accountInvite(), p.accountList(), p.accountShow(), p.accountProve(), p.accountRemove())
}

func (p *program) accountAdd() *cobra.Command {
	var w wishes
	var admin bool
	cmd := &cobra.Command{Use: "add NAME", Short: "Make an account", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		if !flattery.AccountName(args[0]) {
			return flattery.Input("%q is not a name for an account: letters and digits, with spaces, points and dashes between, at most 64", args[0])
		}
		return p.with(cmd.Context(), func(in *instance) error {
			set, err := w.apply(in, flattery.Settings{}, cmd)
			if err != nil {
				return err
			}
			a, err := in.addAccount(cmd.Context(), flattery.Account{Name: args[0], Admin: admin, Settings: set})
			if err != nil {
				return err
			}
			return p.print(a, func(out io.Writer) { fmt.Fprintf(out, "account %s\n", a.Name); showSettings(out, a) })
		})
	}}
	cmd.Flags().BoolVar(&admin, "admin", false, "may administrate the instance")
	w.flags(cmd)
	return cmd
}

func (in *instance) addAccount(ctx context.Context, a flattery.Account) (flattery.Account, error) {
	a.CreatedAt = in.now().Truncate(time.Second)
	var id flattery.AccountID
	err := in.update(ctx, func(tx store.Tx) (err error) {
		if id, err = tx.AddAccount(ctx, a); err != nil || !a.Public {
			return err
		}
		a.ID = id
		return click.Own(ctx, tx, a, a.CreatedAt)
	})
	if errors.Is(err, flattery.ErrNameTaken) {
		err = flattery.Input("there is an account %q already: choose another name, or change that one with flattery account set", a.Name)
	}
	a.ID = id
	return a, err
}

func (p *program) accountSet() *cobra.Command {
	var w wishes
	var admin, noAdmin bool
	cmd := &cobra.Command{Use: "set NAME", Short: "Change what an account gives, where it is paid, and whether it runs the instance", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		return p.with(cmd.Context(), func(in *instance) error {
			a, err := in.accountNamed(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if a.Settings, err = w.apply(in, a.Settings, cmd); err != nil {
				return err
			}
			if admin && noAdmin {
				return flattery.Input("--admin and --no-admin: choose one of them")
			}
			err = in.update(cmd.Context(), func(tx store.Tx) error {
				if admin || noAdmin {
					if err := tx.SetAdmin(cmd.Context(), a.ID, admin); err != nil {
						return err
					}
				}
				return nil
			})
			if errors.Is(err, flattery.ErrLastAdmin) {
				err = flattery.Input("%s is the last administrator: let another account be one first, with flattery account set NAME --admin", a.Name)
			}
			if err == nil {
				err = in.buttons.Save(cmd.Context(), a)
			}
			if err != nil {
				return err
			}
			a.Admin = (a.Admin || admin) && !noAdmin
			return p.print(a, func(out io.Writer) { showSettings(out, a) })
		})
	}}
	cmd.Flags().BoolVar(&admin, "admin", false, "may administrate the instance")
	cmd.Flags().BoolVar(&noAdmin, "no-admin", false, "may no longer administrate the instance")
	w.flags(cmd)
	return cmd
}

func showSettings(w io.Writer, a flattery.Account) {
	paused, limit, to := "", "none", "nowhere yet: set it with --destination"
	if a.Paused {
		paused = " (paused)"
	}
	if a.Cap > 0 {
		limit = a.Cap.String() + " " + a.Currency
	}
	if a.Destination != "" {
		to = string(a.Destination)
	}
	rows := [][]string{{"gives", a.Budget.String() + " " + a.Currency + " a month" + paused}, {"cap", limit}, {"is paid at", to}}
	if a.GiveOn > 0 {
		rows = append(rows, []string{"gives on", fmt.Sprintf("%d %% of what it receives, %s", a.GiveOn, map[bool]string{true: "on top of the budget", false: "inside the budget"}[a.OnTop])})
	}
	if a.Netting {
		rows = append(rows, []string{"netting", "may pay and be paid by others than by likes, in fewer payments"})
	}
	if a.ClaimedOnly {
		rows = append(rows, []string{"counts", "authors who have joined, and no others"})
	}
	if a.Public {
		rows = append(rows, []string{"is shown at", click.PagePath(a.Name)})
	}
	table(w, rows...)
}

func (p *program) accountSignin() *cobra.Command {
	return &cobra.Command{Use: "signin NAME", Short: "Print a one-time link that signs an account in", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		return p.with(cmd.Context(), func(in *instance) error {
			a, err := in.accountNamed(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			link, err := in.signinLink(cmd.Context(), a.ID, in.URL(in.Listen), in.now().Add(entrance))
			if err != nil {
				return err
			}
			return p.print(map[string]string{"account": a.Name, "url": link}, func(out io.Writer) {
				fmt.Fprintln(out, link)
				p.say("It opens once, within a day, while flattery serve is running. For ten minutes after, a new password or passkey can be set.")
			})
		})
	}}
}

// signinLink makes a one-time link on the given base.
func (in *instance) signinLink(ctx context.Context, a flattery.AccountID, base string, expires time.Time) (string, error) {
	token := rand.Text()
	if err := in.update(ctx, func(tx store.Tx) error { return tx.AddEntrance(ctx, token, a, expires) }); err != nil {
		return "", err
	}
	return url.JoinPath(base, "enter", token)
}

func (p *program) accountInvite() *cobra.Command {
	return &cobra.Command{Use: "invite", Short: "Print a link by which one person makes an account", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		return p.with(cmd.Context(), func(in *instance) error {
			desk, err := in.desk()
			if err != nil {
				return err
			}
			token, expires, err := desk.Invite(cmd.Context(), 0)
			if err != nil {
				return err
			}
			link, err := url.JoinPath(in.URL(in.Listen), "invite", token)
			if err != nil {
				return err
			}
			return p.print(map[string]any{"url": link, "expires": expires}, func(out io.Writer) {
				fmt.Fprintln(out, link)
				p.say("It works once, within 7 days, while flattery serve is running.")
			})
		})
	}}
}

func (p *program) accountList() *cobra.Command {
	return &cobra.Command{Use: "list", Short: "List the accounts", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		return p.with(cmd.Context(), func(in *instance) error {
			all, err := in.store.Accounts(cmd.Context())
			if err != nil {
				return err
			}
			return p.print(all, func(out io.Writer) {
				rows := [][]string{{"NAME", "GIVES A MONTH", "PAUSED", "ADMIN", "IS PAID AT"}}
				for _, a := range all {
					rows = append(rows, []string{a.Name, a.Budget.String() + " " + a.Currency, yes(a.Paused), yes(a.Admin), string(a.Destination)})
				}
				table(out, rows...)
			})
		})
	}}
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return ""
}

// portrait is all there is to show of an account.
type portrait struct {
	flattery.Account
	Links    []flattery.Link     `json:"links"`
	Claims   []flattery.Claim    `json:"claims"`
	Debts    []flattery.Debt     `json:"debts"`
	Received []flattery.Received `json:"received"`
	Given    []flattery.Given    `json:"given"`
	Means    *means              `json:"means,omitempty"`
	Trial    *flattery.Trial     `json:"trial,omitempty"`
}

func (p *program) accountShow() *cobra.Command {
	return &cobra.Command{Use: "show NAME", Short: "Show what an account gives, owes and receives", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		return p.with(cmd.Context(), func(in *instance) error {
			a, err := in.accountNamed(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			s, err := in.show(cmd.Context(), a)
			if err != nil {
				return err
			}
			return p.print(s, s.print)
		})
	}}
}

func (in *instance) show(ctx context.Context, a flattery.Account) (portrait, error) {
	links, err := in.store.Links(ctx, a.ID)
	claims, err2 := in.store.Claims(ctx, a.ID)
	debts, err3 := in.store.Debts(ctx, a.ID)
	received, err4 := in.store.Received(ctx, a.ID)
	given, err5 := in.store.Given(ctx, a.ID)
	means, err6 := in.meansOf(ctx, a)
	trial, err7 := in.trialOf(ctx, a)
	return portrait{a, listed(links), listed(claims), listed(debts), listed(received), listed(given), means, trial}, cmp.Or(err, err2, err3, err4, err5, err6, err7)
}

func (s portrait) print(out io.Writer) {
	fmt.Fprintf(out, "account %s\n", s.Name)
	showSettings(out, s.Account)
	if s.Trial != nil {
		fmt.Fprintf(out, "trial       %s\n", trialSays(*s.Trial))
	}
	for _, l := range s.Links {
		fmt.Fprintf(out, "likes as    %s (%s, %s)\n", plain(l.Identity.String()), l.State, l.Proof)
	}
	for _, c := range s.Claims {
		fmt.Fprintf(out, "is          %s, proved %s\n", plain(c.Identity.String()), c.ProvedAt.Format(time.DateOnly))
	}
	for _, d := range s.Debts {
		fmt.Fprintf(out, "owes        %s %s to %s since %s\n", d.Amount, d.Currency, plain(d.PayeeName), d.Since)
	}
	if m := s.Means; m != nil {
		fmt.Fprintf(out, "has         %s %s to give%s\n", m.Balance, s.Currency, m.how())
	}
	for _, r := range s.Received {
		fmt.Fprintf(out, "received    %s of %s %s promised\n", r.Paid, r.Promised, r.Currency)
	}
	for _, g := range s.Given {
		fmt.Fprintf(out, "gave on     %s %s of what came in %s; %s are not spent yet\n", g.Amount, g.Currency, g.Month, g.Left())
	}
}

func (p *program) accountRemove() *cobra.Command {
	return &cobra.Command{Use: "remove NAME", Short: "Forget an account; the amounts in the ledger stay", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		return p.with(cmd.Context(), func(in *instance) error {
			a, err := in.accountNamed(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if err := in.forget(cmd.Context(), a.ID, func(store.Tx) error { return nil }); err != nil {
				return err
			}
			return p.print(map[string]any{"removed": a.Name}, func(out io.Writer) {
				fmt.Fprintf(out, "account %s is forgotten; its amounts stay in the ledger\n", a.Name)
			})
		})
	}}
}

// forget forgets an account, if first lets it, and gives its tokens back to the networks.
func (in *instance) forget(ctx context.Context, id flattery.AccountID, first func(store.Tx) error) error {
	var give []func()
	keep := func(who flattery.Profile, token flattery.Token, err error) {
		if err == nil && token.Has() {
			give = append(give, func() { in.giveBack(ctx, who, token) })
		}
	}
	links, err := in.store.Links(ctx, id)
	if err != nil {
		return err
	}
	for _, l := range links {
		token, err := in.store.Token(ctx, l.ID)
		keep(l.Identity, token, err)
	}
	claims, err := in.store.Claims(ctx, id)
	if err != nil {
		return err
	}
	for _, c := range claims {
		token, err := in.store.ClaimToken(ctx, c.ID)
		keep(c.Identity, token, err)
	}
	err = in.update(ctx, func(tx store.Tx) error {
		if err := first(tx); err != nil {
			return err
		}
		return tx.RemoveAccount(ctx, id, in.now())
	})
	if err != nil {
		return err
	}
	for _, one := range give {
		one()
	}
	return nil
}
