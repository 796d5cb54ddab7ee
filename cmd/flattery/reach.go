package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"flattery"
	"flattery/connectors"
	"flattery/internal/discover"
)

// reachAnswer says which authors of some likes can be paid, and by which source.
type reachAnswer struct {
	Of      *flattery.Profile `json:"of,omitempty"`   // whose likes were read; none: a file's
	More    bool              `json:"more,omitempty"` // there are likes that were not read
	Likes   int               `json:"likes"`
	Authors int               `json:"authors"`
	Payable int               `json:"payable"` // by any source
	Asked   int               `json:"asked"`   // authors of whom every source could be asked
	Sources []reachSource     `json:"sources"`
	Who     []reachAuthor     `json:"who"` // payable ones first
}

type reachSource struct {
	Source flattery.PlaceSource `json:"source"`
	Alone  int                  `json:"alone"`    // authors payable by it, whatever else there is
	Added  int                  `json:"added"`    // of these, by no source before it
	Sum    int                  `json:"together"` // authors payable by it or one before it
}

type reachAuthor struct {
	Author flattery.Profile `json:"author"`
	Likes  int              `json:"likes"`
	Places []flattery.Place `json:"places"`
}

func (p *program) reach() *cobra.Command {
	return &cobra.Command{Use: "reach FILE|github:HANDLE", Short: "Of these likes, which authors can be paid, and by which source",
		Long: `Say of the likes in a file, or of somebody's stars, which authors can be paid though they never joined, and by which source.

FILE is JSON or lines of JSON: what flattery likes --json prints, likes with "thing" and "author", or starred repositories with
"name_with_owner" (or "full_name") and "url". - is standard input; a file whose name begins like github: is written ./github:…
Names are taken at their word, and each source is asked, slowly: some minutes for a hundred authors. With a token of GitHub
(networks.github.key) a hundred repositories are asked for at once.

github:HANDLE reads the newest 5,000 stars of that account with what GitHub shows of who is paid, a hundred a query. It needs the token.`,
		Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
			c, err := p.settings()
			if err != nil {
				return err
			}
			a, err := p.reachOf(cmd.Context(), p.outside(c), args[0])
			if err != nil {
				return err
			}
			return p.print(a, func(out io.Writer) { a.show(out) })
		}}
}

// reachOf answers for a file, or for somebody on a network.
func (p *program) reachOf(ctx context.Context, in *instance, name string) (*reachAnswer, error) {
	finder := in.newFinder()
	finder.Trust = true
	finder.Pace.Every = min(finder.Pace.Every, reachPace)
	if network, handle, ok := strings.Cut(name, ":"); ok && slices.ContainsFunc(known(func(string) string { return "" }), func(c connectors.Connector) bool { return c.Info().Network == network }) {
		return p.reachAccount(ctx, in, finder, network, handle)
	}
	authors, likes, err := p.readReach(name)
	if err != nil {
		return nil, err
	}
	a, err := p.measure(ctx, finder, authors)
	if err != nil {
		return nil, err
	}
	for i := range a.Who {
		a.liked(i, likes[named(a.Who[i].Author)])
	}
	return a, nil
}

// liked notes how often the things of an author are liked.
func (a *reachAnswer) liked(i, n int) {
	a.Who[i].Likes = n
	a.Likes += n
}

// named is an author for whom only a name may be known.
func named(p flattery.Profile) string {
	return p.Network + " " + p.Host + " " + strings.ToLower(p.Handle)
}

// reachLike is a like in any of the forms that are taken.
type reachLike struct {
	Thing    flattery.Thing   `json:"thing"`
	Author   flattery.Profile `json:"author"`
	Full     string           `json:"name_with_owner"`
	FullName string           `json:"full_name"`
	URL      string           `json:"url"`
	Repo     *reachLike       `json:"repo"`
}

// readReach reads the authors, in the order in which they come, each with some things, and how often each is liked.
func (p *program) readReach(name string) ([]discover.Author, map[string]int, error) {
	text, err := p.readInput(name)
	if err != nil {
		return nil, nil, err
	}
	list, err := likesIn(text)
	if err != nil {
		return nil, nil, flattery.Input("%s: %v: give what flattery likes --json prints, or starred repositories as JSON", plain(name), err)
	}
	var authors []discover.Author
	index, likes := map[string]int{}, map[string]int{}
	for _, l := range list {
		if l.Repo != nil {
			l = *l.Repo
		}
		if full := cmp.Or(l.Full, l.FullName); full != "" {
			owner, _, _ := strings.Cut(full, "/")
			l.Thing = flattery.Thing{Network: "github", Host: "github.com", ID: full, URL: l.URL, Title: full}
			l.Author = flattery.Profile{Identity: flattery.Identity{Network: "github", Host: "github.com", Subject: "@" + owner}, Handle: owner, URL: "https://github.com/" + owner}
		}
		if l.Author.Network == "" || l.Author.Handle == "" {
			continue
		}
		key := named(l.Author)
		likes[key]++
		at, known := index[key]
		if !known {
			at = len(authors)
			index[key], authors = at, append(authors, discover.Author{Profile: l.Author})
		}
		authors[at].Things = append(authors[at].Things, l.Thing)
	}
	if len(authors) == 0 {
		return nil, nil, flattery.Input("%s has no likes with an author: give what flattery likes --json prints, or starred repositories as JSON", plain(name))
	}
	return authors, likes, nil
}

// readInput reads a file whole; - is standard input.
func (p *program) readInput(name string) ([]byte, error) {
	in := p.stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, flattery.Input("%s cannot be read: %v", plain(name), cause(err))
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, connectors.MaxAnswer+1))
	if err == nil && len(text) > connectors.MaxAnswer {
		err = flattery.Input("%s is longer than %d MiB: give a part of it", plain(name), connectors.MaxAnswer>>20)
	}
	return text, err
}

// likesIn takes a list, a document with a list, or lines.
func likesIn(text []byte) (list []reachLike, err error) {
	text = bytes.TrimSpace(text)
	if bytes.HasPrefix(text, []byte("[")) {
		return list, json.Unmarshal(text, &list)
	}
	var document struct {
		Likes []reachLike `json:"likes"`
	}
	if json.Unmarshal(text, &document) == nil && document.Likes != nil {
		return document.Likes, nil
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		var l reachLike
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return nil, fmt.Errorf("line %d is no JSON", n)
		}
		list = append(list, l)
	}
	return list, lines.Err()
}

const (
	reachPace = 50 * time.Millisecond // between two requests to one host: no hurry for hosts that serve files
	reachTold = 100                   // authors between two words of how far it is
)

// measure looks for all authors.
func (p *program) measure(ctx context.Context, finder *discover.Finder, authors []discover.Author) (*reachAnswer, error) {
	if err := finder.Show(ctx, authors); err != nil {
		p.say("What the network itself shows is left out: %v", err)
	}
	a := &reachAnswer{Authors: len(authors), Who: make([]reachAuthor, len(authors))}
	done := 0
	err := findAll(ctx, finder, authors, func(n int, at flattery.Payable, err error) {
		if err == nil {
			a.Asked++
		}
		a.Who[n] = reachAuthor{Author: authors[n].Profile, Places: listed(at.Places)}
		if done++; done%reachTold == 0 {
			p.say("%d of %d authors looked for", done, len(authors))
		}
	})
	if err != nil {
		return nil, err
	}
	a.count()
	return a, nil
}

// count adds up, and puts the payable authors first.
func (a *reachAnswer) count() {
	by := func(who reachAuthor, sources ...flattery.PlaceSource) bool {
		return slices.ContainsFunc(who.Places, func(l flattery.Place) bool { return l.Verified && slices.Contains(sources, l.Source) })
	}
	sources := flattery.PlaceSources()[1:] // nobody has joined a file
	for n, source := range sources {
		s := reachSource{Source: source}
		for _, who := range a.Who {
			if by(who, source) {
				s.Alone++
				if !by(who, sources[:n]...) {
					s.Added++
				}
			}
			if by(who, sources[:n+1]...) {
				s.Sum++
			}
		}
		a.Sources = append(a.Sources, s)
		a.Payable = s.Sum
	}
	slices.SortStableFunc(a.Who, func(x, y reachAuthor) int { return cmp.Compare(rankOf(by(x, sources...)), rankOf(by(y, sources...))) })
}

func rankOf(first bool) int {
	if first {
		return 0
	}
	return 1
}

func (a *reachAnswer) show(w io.Writer) {
	share := func(n int) string { return fmt.Sprintf("%d (%.1f %%)", n, 100*float64(n)/float64(max(a.Authors, 1))) }
	rows := [][]string{{"AUTHOR", "LIKES", "PAID AT", "SOURCE", "PAYEE"}}
	for _, who := range a.Who {
		if len(who.Places) > 0 && who.Places[0].Verified {
			first := who.Places[0]
			rows = append(rows, []string{who.Author.String(), fmt.Sprint(who.Likes), string(first.Destination), whereName(first.Source), first.Payee})
		}
	}
	if len(rows) > 1 {
		table(w, rows...)
		fmt.Fprintln(w)
	}
	rows = [][]string{{"SOURCE", "PAYABLE BY IT", "NOT BY ONE ABOVE", "TOGETHER"}}
	for _, s := range a.Sources {
		rows = append(rows, []string{whereName(s.Source), share(s.Alone), fmt.Sprint(s.Added), share(s.Sum)})
	}
	table(w, rows...)
	fmt.Fprintf(w, "\n%s of %s: %s payable.", count(a.Likes, "like"), count(a.Authors, "author"), share(a.Payable))
	if a.Asked < a.Authors {
		fmt.Fprintf(w, " Of %s not every source could be asked.", count(a.Authors-a.Asked, "author"))
	}
	fmt.Fprintln(w)
}
