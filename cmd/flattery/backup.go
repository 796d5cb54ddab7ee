package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"flattery/store"

	"flattery"
	"flattery/store/seal"
)

func (p *program) backup() *cobra.Command {
	return &cobra.Command{Use: "backup FILE", Short: "Write a verified copy of the database, while the daemon runs",
		Long: `Write a verified, compressed copy of the database, while the daemon runs. FILE must not exist.
The key file (flattery.key) is not in it: keep a copy of that elsewhere, or linked accounts must reconnect after a restore.`,
		Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
			if args[0] == "-" {
				return flattery.Input("a backup is written to a file and then checked: name one")
			}
			return p.with(cmd.Context(), func(in *instance) error {
				r, err := in.audit(cmd.Context())
				if err != nil {
					return err
				}
				if len(r.Faults) > 0 {
					return fmt.Errorf("nothing was written: the ledger has %s (flattery ledger audit); your older backups are the good ones", count(len(r.Faults), "fault"))
				}
				if err := writeFile(args[0], func(w io.Writer) error { return in.backupTo(cmd.Context(), w) }); err != nil {
					return err
				}
				st, err := os.Stat(args[0])
				if err != nil {
					return err
				}
				where, err := filepath.Abs(args[0])
				if err != nil {
					return err
				}
				if err := in.update(cmd.Context(), func(tx store.Tx) error { return tx.NoteBackup(cmd.Context(), in.now(), where) }); err != nil {
					return err
				}
				return p.print(map[string]any{"file": args[0], "bytes": st.Size(), "transactions": r.Transactions}, func(out io.Writer) {
					fmt.Fprintf(out, "%s: %d bytes, %s at least\n", args[0], st.Size(), count(int(r.Transactions), "transaction"))
					p.say("Not in it: %s. Keep a copy of that too, elsewhere.", filepath.Join(in.Data, seal.KeyFile))
				})
			})
		}}
}

func (p *program) restore() *cobra.Command {
	return &cobra.Command{Use: "restore FILE", Short: "Put a backup into an empty data directory, and audit it", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) (err error) {
		c, err := p.settings()
		if err != nil {
			return err
		}
		f, err := os.Open(args[0])
		if err != nil {
			return fmt.Errorf("%s cannot be read: %w: name a file that flattery backup wrote", args[0], cause(err))
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		if err := p.prepare(c.Data, false); err != nil {
			return err
		}
		in := p.outside(c)
		free, err := in.alone(cmd.Context(), "a backup is restored into a house where nobody lives")
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, free()) }()
		if err := in.restoreFrom(cmd.Context(), f); err != nil {
			return err
		}
		if err := p.openStore(cmd.Context(), in); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, in.store.Close()) }()
		r, err := in.audit(cmd.Context())
		if err != nil {
			return err
		}
		if len(r.Faults) > 0 {
			return fmt.Errorf("the backup was restored into %s, and its ledger has %s (flattery ledger audit): do not serve it", c.Data, count(len(r.Faults), "fault"))
		}
		if err := in.update(cmd.Context(), func(tx store.Tx) error { return tx.NoteRestore(cmd.Context(), in.now()) }); err != nil {
			return err
		}
		return p.print(map[string]any{"data": c.Data, "transactions": r.Transactions, "head": r.Head}, func(out io.Writer) {
			fmt.Fprintf(out, "restored into %s: %s, audit clean, head %s\n", c.Data, count(int(r.Transactions), "transaction"), r.Head)
		})
	}}
}
