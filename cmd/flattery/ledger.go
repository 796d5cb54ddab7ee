package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"flattery"
	"flattery/internal/ledger"
)

func (p *program) ledger() *cobra.Command {
	return group("ledger", "The book: audit it, export it", p.ledgerAudit(), p.ledgerExport())
}

func (p *program) ledgerAudit() *cobra.Command {
	return &cobra.Command{Use: "audit", Short: "Recompute the chain, all totals, all debts and the months' control sums", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		return p.with(cmd.Context(), func(in *instance) error {
			r, err := in.audit(cmd.Context())
			if err != nil {
				return err
			}
			if err := p.print(r, func(out io.Writer) {
				fmt.Fprintf(out, "%s, %s, %s, %s settled\nhead %s\n", count(int(r.Transactions), "transaction"),
					plural(int(r.Entries), "entry", "entries"), count(r.Accounts, "account"), count(r.Months, "month"), r.Head)
				for _, f := range r.Faults {
					fmt.Fprintln(out, "FAULT", plain(f))
				}
				if len(r.Faults) == 0 {
					fmt.Fprintln(out, "clean")
				}
			}); err != nil {
				return err
			}
			if len(r.Faults) > 0 {
				return fmt.Errorf("the ledger has %s: stop the daemon, keep the file, and restore a backup", count(len(r.Faults), "fault"))
			}
			return nil
		})
	}}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func (in *instance) audit(ctx context.Context) (ledger.Report, error) {
	b, done, err := in.store.Book(ctx)
	if err != nil {
		return ledger.Report{}, err
	}
	defer done()
	return ledger.Audit(b)
}

func (p *program) ledgerExport() *cobra.Command {
	var format, output string
	cmd := &cobra.Command{Use: "export", Short: "Write the book as a journal that other programs check", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		if p.json && cmd.Flags().Changed("format") {
			return flattery.Input("--json is a format of its own, a transaction a line: leave out --format or --json")
		}
		if p.json {
			format = "ndjson"
		}
		return p.with(cmd.Context(), func(in *instance) error {
			b, done, err := in.store.Book(cmd.Context())
			if err != nil {
				return err
			}
			defer done()
			write := func(w io.Writer) error { return ledger.Export(w, format, b) }
			if output == "-" {
				return write(p.stdout)
			}
			return writeFile(output, write)
		})
	}}
	cmd.Flags().StringVar(&format, "format", "hledger", strings.Join(ledger.Formats(), ", "))
	cmd.Flags().StringVarP(&output, "output", "o", "-", "file to write; - is stdout")
	return cmd
}
