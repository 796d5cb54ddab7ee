package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"flattery"
	"flattery/store"
	"flattery/store/postgres"
	"flattery/store/seal"
)

// finding is what doctor has to say of one thing.
type finding struct {
	What  string            `json:"what"`
	Grade string            `json:"grade"` // ok, warning, fault
	Words flattery.Sentence `json:"words"`
}

const (
	gradeOK      = "ok"
	gradeWarning = "warning"
	gradeFault   = "fault"
)

func (p *program) doctor() *cobra.Command {
	var rotate, adopt bool
	cmd := &cobra.Command{Use: "doctor", Short: "Look at everything that can be wrong, and say how to mend it", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		switch {
		case rotate:
			return p.rotateKey(cmd.Context())
		case adopt:
			return p.adoptKey(cmd.Context())
		}
		return p.with(cmd.Context(), func(in *instance) error {
			var all []finding
			for _, look := range []func(context.Context) []finding{in.lookSettings, in.lookData, in.lookDaemon, in.lookDatabase, in.lookClock, in.lookMonths, in.lookLinks, in.lookMail, in.lookBackup} {
				all = append(all, look(cmd.Context())...)
			}
			faults := 0
			for _, f := range all {
				if f.Grade == gradeFault {
					faults++
				}
			}
			if err := p.print(all, func(out io.Writer) {
				for _, f := range all {
					fmt.Fprintf(out, "%-8s %-10s %s\n", f.Grade, f.What, strings.ReplaceAll(f.Words.String(), "\n", " "))
				}
			}); err != nil {
				return err
			}
			if faults > 0 {
				return fmt.Errorf("%s found", count(faults, "fault"))
			}
			return nil
		})
	}}
	cmd.Flags().BoolVar(&rotate, "rotate-key", false, "seal every token anew with a new key, and forget the old one; no other command may run meanwhile")
	cmd.Flags().BoolVar(&adopt, "adopt-key", false, "PostgreSQL: the old key is lost for good; seal with the one of this data directory from now on, and let all links be connected again")
	return cmd
}

// adoptKey lets a database be opened with this directory's key. What was sealed with another stays closed.
func (p *program) adoptKey(ctx context.Context) error {
	c, err := p.settings()
	if err != nil {
		return err
	}
	if c.Database == "" {
		return flattery.Input("--adopt-key is for PostgreSQL (setting database): with SQLite a new key is taken as it is")
	}
	box, err := seal.Open(c.Data)
	if err != nil {
		return err
	}
	in := p.outside(c)
	s, err := postgres.Open(ctx, postgres.Options{DSN: in.Database, Location: in.TimeZone, Now: in.now, Seal: box, Log: in.log, NewKey: true})
	if err != nil {
		return err
	}
	p.say("the database is sealed with the key in %s from now on", c.Data)
	return s.Close()
}

// rotateKey seals everything that is secret with a new key. Broken off at any point, everything can still be read, and
// the next rotation goes on where this one ended.
func (p *program) rotateKey(ctx context.Context) (err error) {
	c, err := p.settings()
	if err != nil {
		return err
	}
	in := p.outside(c)
	if !in.exists() {
		return flattery.Input("%s has no instance, so there is no key to change", c.Data)
	}
	free, err := in.alone(ctx, "stop the daemon first; it would go on with the old key")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, free()) }()
	box, finish, err := seal.Rotate(c.Data)
	if err != nil {
		return err
	}
	if err := p.openSealed(ctx, in, box); err != nil {
		return err
	}
	sealed := 0
	err = in.update(ctx, func(tx store.Tx) error {
		n, err := tx.Reseal(ctx)
		sealed = n
		return err
	})
	if err := errors.Join(err, in.store.Close()); err != nil {
		return err
	}
	if err := finish(); err != nil {
		return err
	}
	return p.print(map[string]any{"sealed": sealed}, func(out io.Writer) {
		fmt.Fprintf(out, "%s sealed anew with a new key (%s): keep a copy of it away from your backups\n", count(sealed, "secret"), seal.KeyFile)
	})
}

func graded(what string, err error, ok string) finding {
	if err != nil {
		return finding{what, gradeFault, flattery.Say("%v", err)}
	}
	return well(what, ok)
}

// well is of no interest to the pages, and so said in English alone.
func well(what, words string) finding { return finding{what, gradeOK, flattery.Say("%s", words)} }

func (in *instance) lookSettings(context.Context) []finding {
	from := in.File
	if from == "" {
		from = "no file; defaults and environment"
	}
	if len(in.kept) > 0 {
		from += fmt.Sprintf("; %s of the pages", count(len(in.kept), "setting"))
	}
	all := []finding{well("settings", from)}
	for _, w := range in.Warnings {
		all = append(all, finding{"settings", gradeWarning, w})
	}
	if in.AllowPrivate {
		all = append(all, finding{"settings", gradeWarning, flattery.Say("outbound.allow_private is on: networks may be asked at private addresses; for tests only")})
	}
	if !in.Now.IsZero() {
		all = append(all, finding{"settings", gradeWarning, flattery.Say("now is set: this instance pretends it is %s; for rehearsals only", in.now().Format(time.DateTime))})
	}
	return all
}

func (in *instance) lookData(context.Context) []finding {
	all := []finding{well("data", in.Data)}
	if st, err := os.Stat(filepath.Join(in.Data, seal.KeyFile)); err != nil {
		all = append(all, graded("key", err, ""))
	} else if st.Mode().Perm()&0o077 != 0 {
		all = append(all, finding{"key", gradeFault, flattery.Say("%s can be read by others: chmod 600 it", seal.KeyFile)})
	}
	if _, err := os.Stat(filepath.Join(in.Data, seal.NewKeyFile)); err == nil {
		all = append(all, finding{"key", gradeWarning, flattery.Say("a change of the key was broken off: nothing is lost; run flattery doctor --rotate-key again")})
	}
	return all
}

func (in *instance) lookDaemon(ctx context.Context) (all []finding) {
	free, err := in.alone(ctx, "")
	if err != nil {
		return append(all, well("daemon", "is running"))
	}
	return append(all, finding{"daemon", gradeWarning, flattery.Say("is not running: nothing is polled (flattery serve)")}, graded("lock", free(), "free"))
}

func (in *instance) lookDatabase(ctx context.Context) []finding {
	sc, err := in.store.Schema(ctx)
	all := []finding{graded("database", err, fmt.Sprintf("%s, schema %d", sc.Database, sc.Version))}
	all = append(all, graded("durable", in.store.Check(ctx), "whole"))
	r, err := in.audit(ctx)
	if err == nil && len(r.Faults) > 0 {
		err = errors.New(r.Faults[0])
	}
	return append(all, graded("ledger", err, fmt.Sprintf("%s, clean", count(int(r.Transactions), "transaction"))))
}

// offBy is how far our clock may be from a network's.
const offBy = 5 * time.Minute

func (in *instance) lookClock(ctx context.Context) []finding {
	date, seen, err := in.store.NetworkDate(ctx)
	if err != nil || seen.IsZero() {
		return []finding{graded("clock", err, "no network has told the time yet")}
	}
	if d := seen.Sub(date).Abs(); d > offBy {
		return []finding{{"clock", gradeWarning, flattery.Say("was %s off a network's on %s: set this machine's clock right", d, seen.Format(time.DateTime))}}
	}
	return []finding{well("clock", "agrees with the networks")}
}

func (in *instance) lookMonths(ctx context.Context) []finding {
	months, err := in.store.Months(ctx)
	if err != nil {
		return []finding{graded("months", err, "")}
	}
	var all []finding
	now := in.now()
	for _, m := range months {
		if m.SettledAt.IsZero() && in.settler.Due(m, now.Add(-24*time.Hour)) {
			all = append(all, finding{"months", gradeWarning, flattery.Say("%s is due since %s and not settled: is the daemon running? (flattery settle)", m.Month, m.Ends.Add(in.Grace).Format(time.DateTime))})
		}
	}
	if len(all) == 0 {
		all = append(all, well("months", fmt.Sprintf("%s, none late", count(len(months), "month"))))
	}
	return all
}

func (in *instance) lookLinks(ctx context.Context) []finding {
	links, err := in.store.Links(ctx, 0)
	if err != nil {
		return []finding{graded("links", err, "")}
	}
	var all []finding
	for _, l := range links {
		switch {
		case l.State == flattery.LinkSuspended:
			all = append(all, finding{"links", gradeWarning, flattery.Say("link %d is stopped: %s (%s)", l.ID, flattery.Why(l.Reason), plain(l.Detail))})
		case l.Failures > 2:
			all = append(all, finding{"links", gradeWarning, flattery.Say("link %d failed %d times: %s", l.ID, l.Failures, plain(l.Detail))})
		}
	}
	if len(all) == 0 {
		all = append(all, well("links", fmt.Sprintf("%s, all well", count(len(links), "link"))))
	}
	return all
}

// backupAge is after how long a backup is missed.
const backupAge = 7 * 24 * time.Hour

func (in *instance) lookBackup(ctx context.Context) []finding {
	at, where, err := in.store.LastBackup(ctx)
	switch {
	case err != nil:
		return []finding{graded("backup", err, "")}
	case at.IsZero():
		return []finding{{"backup", gradeWarning, flattery.Say("none was ever made: flattery backup FILE, on another disk")}}
	case in.now().Sub(at) > backupAge:
		return []finding{{"backup", gradeWarning, flattery.Say("the last is of %s (%s): make one more often, flattery backup FILE", at.Format(time.DateTime), plainLine(where))}}
	}
	return []finding{well("backup", fmt.Sprintf("%s, %s", at.Format(time.DateTime), plainLine(where)))}
}

// lookMail asks the mail server whether it would take a letter.
func (in *instance) lookMail(ctx context.Context) []finding {
	if in.Mail.Host == "" {
		return []finding{well("mail", "no server is set, so nothing is mailed (mail.host)")}
	}
	if err := in.mails.Server.Try(ctx); err != nil {
		return []finding{{"mail", gradeFault, flattery.Say("%s", plainLine(err.Error()))}}
	}
	return []finding{well("mail", net.JoinHostPort(in.Mail.Host, strconv.Itoa(in.Mail.Port))+" would take it")}
}

// pageWaits is how long a page waits for a mail server.
const pageWaits = 3 * time.Second

// findings are what can be seen without reading everything, for who runs the instance and looks at its pages.
func (in *instance) findings(ctx context.Context) (all []finding) {
	for _, look := range []func(context.Context) []finding{in.lookSettings, in.lookData, in.lookClock, in.lookMonths, in.lookLinks, in.lookBackup} {
		all = append(all, look(ctx)...)
	}
	ctx, cancel := context.WithTimeout(ctx, pageWaits)
	defer cancel()
	return append(all, in.lookMail(ctx)...)
}
