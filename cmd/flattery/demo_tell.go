package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"flattery"
	"flattery/store"
)

// demoAnswer is what happened in a demo.
type demoAnswer struct {
	Months   []demoMonth         `json:"months"` // oldest first
	Gave     []demoGave          `json:"gave"`
	Received []flattery.Received `json:"received"`
	Waits    []store.Waiting     `json:"waits"`
	Settled  flattery.Amount     `json:"settled"` // all shares
	Paid     flattery.Amount     `json:"paid"`
	Percent  int                 `json:"paid_percent"`           // of Settled, rounded down
	Oldest   flattery.Month      `json:"oldest_claim,omitempty"` // first month of which something is not paid
	URL      string              `json:"url,omitempty"`
}

type demoMonth struct {
	flattery.MonthState
	Slips int             `json:"slips"`
	Paid  flattery.Amount `json:"paid"` // of its slips
}

type demoGave struct {
	Name  string          `json:"name"`
	Gave  flattery.Amount `json:"gave"`
	Owes  flattery.Amount `json:"owes"`
	Slips int             `json:"slips"`
}

func (d *demo) tell(ctx context.Context, url string) error {
	a, err := d.sum(ctx)
	if err != nil {
		return err
	}
	a.URL = url
	return d.p.print(a, func(w io.Writer) { a.show(w, d.Currencies[0]) })
}

func (d *demo) sum(ctx context.Context) (*demoAnswer, error) {
	a := &demoAnswer{Months: []demoMonth{}, Gave: []demoGave{}}
	months, err := d.store.Months(ctx)
	if err != nil {
		return nil, err
	}
	for i := len(months) - 1; i >= 0; i-- {
		m := demoMonth{MonthState: months[i]}
		slips, err := d.store.Payments(ctx, store.PaymentQuery{Plan: m.Month})
		if err != nil {
			return nil, err
		}
		m.Slips = len(slips)
		for _, s := range slips {
			if s.State == flattery.PaymentPaid {
				m.Paid += s.Amount
			}
		}
		if !m.SettledAt.IsZero() {
			a.Months = append(a.Months, m)
			a.Settled += m.Shares
			a.Paid += m.Paid
		}
	}
	if a.Settled > 0 {
		a.Percent = int(a.Paid * 100 / a.Settled)
	}
	if a.Received, err = d.store.Received(ctx, 0); err != nil {
		return nil, err
	}
	if a.Waits, err = d.store.Waiting(ctx); err != nil {
		return nil, err
	}
	debts, err := d.store.Debts(ctx, 0)
	if err != nil {
		return nil, err
	}
	owes := map[flattery.AccountID]flattery.Amount{}
	for _, debt := range debts {
		owes[debt.Donor] += debt.Amount
		if a.Oldest == 0 || debt.Since < a.Oldest {
			a.Oldest = debt.Since
		}
	}
	return a, d.gave(ctx, a, owes)
}

func (d *demo) gave(ctx context.Context, a *demoAnswer, owes map[flattery.AccountID]flattery.Amount) error {
	accounts, err := d.store.Accounts(ctx)
	if err != nil {
		return err
	}
	for _, account := range accounts {
		if account.Budget == 0 {
			continue
		}
		g := demoGave{Name: account.Name, Owes: owes[account.ID]}
		settled, err := d.store.Settlements(ctx, account.ID)
		if err != nil {
			return err
		}
		for _, s := range settled {
			g.Gave += s.Shares
		}
		slips, err := d.store.Payments(ctx, store.PaymentQuery{Donor: account.ID})
		if err != nil {
			return err
		}
		g.Slips = len(slips)
		a.Gave = append(a.Gave, g)
	}
	return nil
}

// shown is how many lines of a list a person reads.
const shown = 15

func (a *demoAnswer) show(w io.Writer, currency string) {
	rows := [][]string{{"MONTH", "DONORS", "FLATTRS", "GIVEN " + currency, "SHARED", "SLIPS", "PAID"}}
	for _, m := range a.Months {
		rows = append(rows, []string{m.Month.String(), fmt.Sprint(m.Donors), fmt.Sprint(m.Flattrs), m.Budgets.String(), m.Shares.String(), fmt.Sprint(m.Slips), m.Paid.String()})
	}
	table(w, rows...)
	fmt.Fprintln(w)
	rows = [][]string{{"WHO GAVE", "SHARED", "SLIPS", "STILL OWES"}}
	for _, g := range a.Gave {
		rows = append(rows, []string{g.Name, g.Gave.String(), fmt.Sprint(g.Slips), g.Owes.String()})
	}
	table(w, rows...)
	fmt.Fprintln(w)
	rows = [][]string{{"WHO RECEIVED", "PROMISED", "PAID"}}
	for _, r := range a.Received[:min(shown, len(a.Received))] {
		rows = append(rows, []string{r.Name, r.Promised.String(), r.Paid.String()})
	}
	table(w, rows...)
	rest(w, len(a.Received))
	if len(a.Waits) > 0 {
		fmt.Fprintln(w)
		rows = [][]string{{"WHO WAITS (nobody claimed them yet)", "FLATTRS", "OF DONORS"}}
		for _, p := range a.Waits[:min(shown, len(a.Waits))] {
			rows = append(rows, []string{p.Author.String(), fmt.Sprint(p.Flattrs), fmt.Sprint(p.Donors)})
		}
		table(w, rows...)
		rest(w, len(a.Waits))
	}
	fmt.Fprintf(w, "\nSettled %s %s, paid %s (%d %%).", a.Settled, currency, a.Paid, a.Percent)
	if a.Oldest != 0 {
		fmt.Fprintf(w, " The oldest claim that still waits is of %s.", a.Oldest)
	}
	fmt.Fprintln(w)
	if a.URL != "" {
		fmt.Fprintf(w, "\nLook at the month, the slips and the links of %s:\n\n  %s\n\nIt opens once. Ctrl-C ends the demo.\n", a.Gave[0].Name, a.URL)
	}
}

func rest(w io.Writer, n int) {
	if n > shown {
		fmt.Fprintf(w, "… and %d more\n", n-shown)
	}
}

// progress shows how far a demo is: one line that is written over on a terminal, else a line a month.
func (p *program) progress() func(day, days int, now time.Time) {
	f, ok := p.stderr.(*os.File)
	terminal := false
	if ok {
		st, err := f.Stat()
		terminal = err == nil && st.Mode()&os.ModeCharDevice != 0
	}
	return func(day, days int, now time.Time) {
		const width = 24
		switch {
		case terminal:
			done := width * day / days
			fmt.Fprintf(p.stderr, "\r%s%s %s ", strings.Repeat("█", done), strings.Repeat("░", width-done), now.Format("2 January 2006"))
			if day == days {
				fmt.Fprint(p.stderr, "\r"+strings.Repeat(" ", width+24)+"\r")
			}
		case now.Day() == 1:
			fmt.Fprintf(p.stderr, "%s begins\n", now.Format("January 2006"))
		}
	}
}
