package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"flattery"
	"flattery/connectors/archive"
	"flattery/internal/poll"
	"flattery/internal/queue"
	"flattery/store"
)

// importPage is how many likes are written at a time. All are one transaction: 100,000 of them take about three seconds, in
// which a daemon's writes wait.
const importPage = 500

// imported is what became of the likes of one archive.
type imported struct {
	Files    []string         `json:"files"`
	Owner    flattery.Profile `json:"owner"`
	First    bool             `json:"first"` // of this owner: all of it is remembered, nothing counts
	Likes    int              `json:"likes"` // in it
	Counting int              `json:"counts"`
	Pending  int              `json:"pending"`
	Own      int              `json:"own"`
	Excluded int              `json:"excluded,omitempty"`
	Seen     int              `json:"seen"`    // remembered, never counted
	Known    int              `json:"known"`   // from before, by poll or archive
	Unnamed  int              `json:"unnamed"` // of Pending: who made them is still to be found out

	named bool // the file itself says whose it is
	likes []flattery.Like
}

func (p *program) importFiles() *cobra.Command {
	var account, owner string
	cmd := &cobra.Command{Use: "import FILE…", Short: "Take in the likes of export files: the archive of X, the export of Flickr",
		Long: `Take in the likes of export files: the archive of an X account (zip as downloaded, unpacked folder, or data/like.js)
and the export of Flickr (zip, folder, or faves_part001.json).

No export tells the time of a like. So the first archive of somebody counts nothing: it is remembered, and the next one
counts what is new. Give archives in the order in which they were made. Nor does an export tell who made the things:
flattery serve finds that out, slowly.

A file with likes that does not say whose they are needs --owner. Such files are one archive together: give all parts at once.`,
		Args: cobra.MinimumNArgs(1), RunE: func(cmd *cobra.Command, files []string) error {
			return p.with(cmd.Context(), func(in *instance) error {
				ctx := cmd.Context()
				a, err := in.accountNamed(ctx, account)
				if err != nil {
					return err
				}
				tell := p.counter("likes read")
				all, err := in.readArchives(ctx, files, owner, tell)
				if tell(0); err != nil {
					return err
				}
				if err := in.owns(ctx, a, all); err != nil {
					return err
				}
				if all, err = in.writeArchives(ctx, a.ID, all, func() func(int) { return p.counter("likes written") }); err != nil {
					return err
				}
				return p.print(all, func(out io.Writer) { showImported(out, all) })
			})
		}}
	cmd.Flags().StringVar(&account, "account", "", "account; may be left out while there is one")
	cmd.Flags().StringVar(&owner, "owner", "", "id at the network of whose likes they are, for files that do not say it")
	return cmd
}

// readArchives reads every file to its end, before anything is written.
func (in *instance) readArchives(ctx context.Context, files []string, owner string, tell func(int)) ([]imported, error) {
	if owner != "" && !accountID.MatchString(owner) {
		return nil, notAnOwner(owner)
	}
	var all []imported
	for _, name := range files {
		one, err := in.readArchive(ctx, name, owner, tell)
		if base := plainLine(filepath.Base(name)); err != nil && !strings.HasPrefix(err.Error(), base) {
			err = fmt.Errorf("%s: %w", base, err) // which of the archives
		}
		if err != nil {
			return nil, err
		}
		same := slices.IndexFunc(all, func(o imported) bool { return !o.named && !one.named && o.Owner.Identity == one.Owner.Identity })
		if same < 0 {
			all = append(all, one)
			continue
		}
		// Parts of one archive. Were each an archive, the second would count what is only older.
		o := &all[same]
		o.Files, o.Likes, o.likes = append(o.Files, one.Files...), o.Likes+one.Likes, append(o.likes, one.likes...)
	}
	return all, nil
}

func notAnOwner(owner string) error {
	return flattery.Input("the owner %q is not the id of an account: write a number like 783214 (X), or one like 12345678@N00 (Flickr)", plain(owner))
}

// accountID is an id at X, or at Flickr. A handle is none: it may become somebody else's.
var accountID = regexp.MustCompile(`^[0-9]{1,20}(@N[0-9]{2})?$`)

func (in *instance) readArchive(ctx context.Context, name, owner string, tell func(int)) (one imported, err error) {
	f, err := archive.Open(name)
	if err != nil {
		return one, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	name = filepath.Base(name)
	one = imported{Files: []string{name}, Owner: f.Owner, named: f.Owner.Subject != ""}
	c, err := in.enabled.Get(f.Network)
	if err != nil {
		return one, err
	}
	host := c.Info().Host
	switch {
	case !one.named && owner == "":
		return one, flattery.Input("%s does not say whose likes these are: give the whole archive, or say it with --owner ID", plainLine(name))
	case !one.named:
		one.Owner = flattery.Profile{Identity: flattery.Identity{Network: f.Network, Subject: owner}}
	case owner != "" && owner != one.Owner.Subject:
		return one, flattery.Input("%s is of %s, not of %s: leave --owner out", plainLine(name), whose(one.Owner), owner)
	}
	one.Owner.Host = host
	for l, err := range f.Likes() {
		if err := errors.Join(err, ctx.Err()); err != nil {
			return one, err
		}
		// A file does not know which server stands for the network here.
		l.Thing.Host, l.Author.Host = host, host
		one.likes = append(one.likes, l)
		tell(1)
	}
	one.Likes = len(one.likes)
	return one, nil
}

// owns refuses what is somebody else's than who the account is linked to on that network.
func (in *instance) owns(ctx context.Context, a flattery.Account, all []imported) error {
	links, err := in.store.Links(ctx, a.ID)
	if err != nil {
		return err
	}
	for _, one := range all {
		var linked []string
		mine := false
		for _, l := range links {
			if l.Identity.Network == one.Owner.Network && l.Identity.Host == one.Owner.Host {
				linked = append(linked, whose(l.Identity))
				mine = mine || l.Identity.Identity == one.Owner.Identity
			}
		}
		if len(linked) > 0 && !mine {
			return flattery.Input("%s: these are the likes of %s, and %s is linked to %s: give their own archive, or say with --account whose it is; nothing was imported",
				plainLine(strings.Join(one.Files, ", ")), whose(one.Owner), plainLine(a.Name), strings.Join(linked, " and "))
		}
	}
	return nil
}

// whose names somebody by handle and id.
func whose(p flattery.Profile) string {
	if p.Handle == "" {
		return plainLine(p.String())
	}
	return fmt.Sprintf("%s (%s)", plain(p.String()), plain(p.Subject))
}

// writeArchives writes all or nothing; it counts anew where it begins anew.
func (in *instance) writeArchives(ctx context.Context, account flattery.AccountID, all []imported, count func() func(int)) ([]imported, error) {
	now := in.now().Truncate(time.Second)
	var written []imported
	err := in.update(ctx, func(tx store.Tx) error {
		tell, again := count(), slices.Clone(all)
		defer tell(0)
		for i := range again {
			if err := again[i].write(ctx, tx, account, now, tell); err != nil {
				return err
			}
		}
		written = again
		return nil
	})
	return written, err
}

func (i *imported) write(ctx context.Context, tx store.Tx, account flattery.AccountID, now time.Time, tell func(int)) (err error) {
	if i.First, err = tx.AddImport(ctx, store.Import{Account: account, Owner: i.Owner.Identity, At: now}); err != nil {
		return err
	}
	for page := range slices.Chunk(i.likes, importPage) {
		out, err := tx.AddLikes(ctx, flattery.Link{Account: account, BeginsAt: now}, page, i.First, now)
		if err != nil {
			return err
		}
		for n, o := range out {
			i.add(o, page[n].Author.Provisional())
		}
		tell(len(page))
	}
	return nil
}

func (i *imported) add(o store.Outcome, unnamed bool) {
	switch {
	case o.Known:
		i.Known++
	case o.State == flattery.Seen:
		i.Seen++
	case o.State == flattery.Own:
		i.Own++
	case o.State == flattery.Excluded:
		i.Excluded++
	case o.State == flattery.Counting:
		i.Counting++
	case o.State == flattery.Pending:
		i.Pending++
		if unnamed {
			i.Unnamed++
		}
	}
}

func showImported(w io.Writer, all []imported) {
	rows := [][]string{{"ARCHIVE", "OF", "LIKES", "NEW", "REMEMBERED", "KNOWN"}}
	unnamed := 0
	for _, i := range all {
		rows = append(rows, []string{strings.Join(i.Files, ", "), i.Owner.String(), thousands(i.Likes), thousands(i.Counting + i.Pending + i.Own + i.Excluded), thousands(i.Seen), thousands(i.Known)})
		unnamed += i.Unnamed
	}
	table(w, rows...)
	for _, i := range all {
		if i.First {
			fmt.Fprintf(w, "%s: 0 now; %s remembered; your next archive counts what is new\n", plain(i.Owner.String()), thousands(i.Seen+i.Known))
		} else {
			fmt.Fprintf(w, "%s: %s now; %s were known\n", plain(i.Owner.String()), thousands(i.Counting+i.Pending+i.Own+i.Excluded), thousands(i.Known))
		}
	}
	if unnamed > 0 {
		fmt.Fprintf(w, "who made %s of them is still to be found out: flattery serve does that, slowly\n", thousands(unnamed))
	}
}

// thousands writes 1234 as "1,234".
func thousands(n int) string { return message.NewPrinter(language.English).Sprint(n) }

// countStep is after how many a counter speaks where its line cannot be written over.
const countStep = 5_000

// counter counts on stderr what takes long: on a terminal in one line that is written over and gone at the end, which is
// the call with 0; else in a line for every 5,000.
func (p *program) counter(what string) func(n int) {
	done, shown := 0, 0
	f, terminal := p.stderr.(*os.File)
	if terminal {
		st, err := f.Stat()
		terminal = err == nil && st.Mode()&os.ModeCharDevice != 0
	}
	return func(n int) {
		done += n
		switch {
		case terminal && n == 0 && shown > 0:
			fmt.Fprintf(p.stderr, "\r%s\r", strings.Repeat(" ", len(what)+16))
		case terminal && done-shown >= 1000, !terminal && done-shown >= countStep:
			shown = done
			fmt.Fprintf(p.stderr, map[bool]string{true: "\r%s %s ", false: "%s %s\n"}[terminal], thousands(done), what)
		}
	}
}

// mostUnnamed is how far the things without a name are counted.
const mostUnnamed = 1000

// nameAuthors asks who made some of the things of which only export files told, and says how many still wait for an answer,
// counted up to 1,000.
func (in *instance) nameAuthors(ctx context.Context) (left int, err error) {
	waiting, err := in.store.Unnamed(ctx, 1)
	if err != nil || len(waiting) == 0 {
		return 0, err
	}
	if err := in.poller.WorkAuthors(ctx, queue.Job{Kind: poll.KindAuthors}); err != nil {
		return 0, err
	}
	waiting, err = in.store.Unnamed(ctx, mostUnnamed)
	return len(waiting), err
}
