package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"flattery"
	"flattery/config"
	"flattery/internal/click"
	"flattery/internal/payout/manual"
	"flattery/store"
)

// entrance is how long a one-time link may be used.
const entrance = 24 * time.Hour

func (p *program) account() *cobra.Command {
	return group("account", "Accounts: make, set, sign in, invite, show, remove", p.accountAdd(), p.accountSet(), p.accountSignin(), p.accountInvite(), p.accountList(), p.accountShow(), p.accountRemove())
}

// wishes are the flags that say what a donor wants.
type wishes struct{ budget, limit, currency, destination, pause, claimedOnly, public, giveOn, onTop, netting string }

func (w *wishes) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&w.budget, "budget", "", "what is given a month, like 5.00; 0 gives nothing")
	cmd.Flags().StringVar(&w.limit, "cap", "", "the most one flattr may be worth, like 0.50; 0: no cap")
	cmd.Flags().StringVar(&w.currency, "currency", "", "currency of the budget")
	cmd.Flags().StringVar(&w.destination, "destination", "", "where the account is paid: payto://iban/…, lightning:…, https://…")
	cmd.Flags().StringVar(&w.pause, "pause", "", "pause giving: yes or no")
	cmd.Flag("pause").NoOptDefVal = "yes"
	cmd.Flags().StringVar(&w.claimedOnly, "claimed-only", "", "let those authors alone count who have joined, not those who only publish where to be paid: yes or no")
	cmd.Flag("claimed-only").NoOptDefVal = "yes"
	cmd.Flags().StringVar(&w.public, "public", "", "show a page and a button by the account's name to everybody: yes or no")
	cmd.Flag("public").NoOptDefVal = "yes"
	cmd.Flags().StringVar(&w.giveOn, "give-on", "", "how much of what the account receives it gives on, in percent: 0–100")
	cmd.Flags().StringVar(&w.onTop, "on-top", "", "what is given on is spent on top of the budget: yes, or no: inside it")
	cmd.Flag("on-top").NoOptDefVal = "yes"
	cmd.Flags().StringVar(&w.netting, "netting", "", "fewer and larger payments, also to and from others than by likes: yes or no")
	cmd.Flag("netting").NoOptDefVal = "yes"
}

// apply checks what was wished and writes it over what stands.
func (w *wishes) apply(in *instance, s flattery.Settings, cmd *cobra.Command) (flattery.Settings, error) {
	given := func(flag string) bool { return cmd.Flags().Changed(flag) }
	var err error
	if given("budget") {
		if s.Budget, err = flattery.ParseAmount(w.budget); err != nil {
			return s, flattery.Input("--budget %v", err)
		}
	}
	if given("cap") {
		if s.Cap, err = flattery.ParseAmount(w.limit); err != nil {
			return s, flattery.Input("--cap %v", err)
		}
	}
	if given("currency") || s.Currency == "" {
		if s.Currency = in.Currencies[0]; given("currency") {
			s.Currency = w.currency
		}
	}
	if given("destination") {
		s.Destination = flattery.Destination(w.destination)
	}
	if given("pause") {
		if s.Paused, err = yesOrNo("pause", w.pause); err != nil {
			return s, err
		}
	}
	if given("claimed-only") {
		if s.ClaimedOnly, err = yesOrNo("claimed-only", w.claimedOnly); err != nil {
			return s, err
		}
	}
	if given("public") {
		if s.Public, err = yesOrNo("public", w.public); err != nil {
			return s, err
		}
	}
	if given("give-on") {
		if s.GiveOn, err = strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(w.giveOn), "%"), 10, 64); err != nil {
			return s, flattery.Input("--give-on is a whole number from 0 to 100, not %q", w.giveOn)
		}
	}
	if given("on-top") {
		if s.OnTop, err = yesOrNo("on-top", w.onTop); err != nil {
			return s, err
		}
	}
	if given("netting") {
		if s.Netting, err = yesOrNo("netting", w.netting); err != nil {
			return s, err
		}
		if s.Netting && !in.netting() {
			return s, flattery.Input("this instance offers no netting: it is offered in pledge mode where the setting netting is true")
		}
	}
	return in.allowed(s)
}

// netting reports whether accounts may join netting here.
func (in *instance) netting() bool { return in.Netting && in.Mode == config.Pledge }

// allowed checks what an account wishes against what this instance allows, and gives it as it is kept.
func (in *instance) allowed(s flattery.Settings) (_ flattery.Settings, err error) {
	if s.Budget != 0 && s.Budget < in.BudgetMinimum {
		return s, flattery.Input("a budget of %s is below the minimum of %s a month: give at least that, or 0 to give nothing", s.Budget, in.BudgetMinimum)
	}
	if !slices.Contains(in.Currencies, s.Currency) {
		return s, flattery.Input("currency %q is not one of this instance: %s (setting currencies)", s.Currency, strings.Join(in.Currencies, ", "))
	}
	if s.GiveOn < 0 || s.GiveOn > 100 {
		return s, flattery.Input("what is given on is a whole number of percent from 0 to 100, not %d", s.GiveOn)
	}
	if s.GiveOn > 0 && s.Budget == 0 && !s.OnTop {
		return s, flattery.Input("what is given on is spent inside the budget, and the budget is 0: set one, or let it be spent on top")
	}
	s.Netting = s.Netting && in.netting() // what is not offered any more is left
	s.Destination, err = manual.Rail{}.Canon(s.Destination)
	return s, err
}

func yesOrNo(flag, text string) (bool, error) {
	switch text {
	case "yes", "true":
		return true, nil
	case "no", "false":
		return false, nil
	}
	return false, flattery.Input("--%s is yes or no, not %q", flag, text)
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

func (p *program) accountShow() *cobra.Command {
	return &cobra.Command{Use: "show NAME", Short: "Show what an account gives, owes and receives", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		return p.with(cmd.Context(), func(in *instance) error {
			ctx := cmd.Context()
			a, err := in.accountNamed(ctx, args[0])
			if err != nil {
				return err
			}
			var answer struct {
				flattery.Account
				Links    []flattery.Link     `json:"links"`
				Claims   []flattery.Claim    `json:"claims"`
				Debts    []flattery.Debt     `json:"debts"`
				Received []flattery.Received `json:"received"`
				Given    []flattery.Given    `json:"given"`
			}
			answer.Account = a
			if answer.Links, err = in.store.Links(ctx, a.ID); err != nil {
				return err
			}
			if answer.Claims, err = in.store.Claims(ctx, a.ID); err != nil {
				return err
			}
			if answer.Debts, err = in.store.Debts(ctx, a.ID); err != nil {
				return err
			}
			if answer.Received, err = in.store.Received(ctx, a.ID); err != nil {
				return err
			}
			if answer.Given, err = in.store.Given(ctx, a.ID); err != nil {
				return err
			}
			answer.Given = listed(answer.Given)
			answer.Links, answer.Claims, answer.Debts, answer.Received = listed(answer.Links), listed(answer.Claims), listed(answer.Debts), listed(answer.Received)
			return p.print(answer, func(out io.Writer) {
				fmt.Fprintf(out, "account %s\n", a.Name)
				showSettings(out, a)
				for _, l := range answer.Links {
					fmt.Fprintf(out, "likes as    %s (%s, %s)\n", plain(l.Identity.String()), l.State, l.Proof)
				}
				for _, c := range answer.Claims {
					fmt.Fprintf(out, "is          %s, proved %s\n", plain(c.Identity.String()), c.ProvedAt.Format(time.DateOnly))
				}
				for _, d := range answer.Debts {
					fmt.Fprintf(out, "owes        %s %s to %s since %s\n", d.Amount, d.Currency, plain(d.PayeeName), d.Since)
				}
				for _, r := range answer.Received {
					fmt.Fprintf(out, "received    %s of %s %s promised\n", r.Paid, r.Promised, r.Currency)
				}
				for _, g := range answer.Given {
					fmt.Fprintf(out, "gave on     %s %s of what came in %s; %s are not spent yet\n", g.Amount, g.Currency, g.Month, g.Left())
				}
			})
		})
	}}
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
