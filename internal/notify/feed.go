package notify

import (
	"context"
	"crypto/rand"
	"encoding/xml"
	"fmt"
	"time"

	"flattery"
	"flattery/store"
)

// FeedStore is what feeds need of the store.
type FeedStore interface {
	Account(ctx context.Context, id flattery.AccountID) (flattery.Account, error)
	FeedOwner(ctx context.Context, token string) (flattery.AccountID, error)
	Feed(ctx context.Context, account flattery.AccountID) (flattery.Feed, error)
	Notices(ctx context.Context, account flattery.AccountID, limit int) ([]flattery.Notice, error)
	Schema(ctx context.Context) (store.Schema, error)
	Update(ctx context.Context, fn func(store.Tx) error) error
}

// Feeds are Atom feeds of what accounts are told. Whoever knows a feed's address can read it.
type Feeds struct {
	*Teller
	Store FeedStore
	Base  func() string // where people reach the pages
	Now   func() time.Time
}

// feedLength is how many notices a feed shows.
const feedLength = 50

// Make gives an account a feed, or its feed another address, and answers the secret part of it: it is kept nowhere.
func (f *Feeds) Make(ctx context.Context, account flattery.AccountID) (token string, err error) {
	token = rand.Text()
	err = f.Store.Update(ctx, func(tx store.Tx) error { return tx.SetFeed(ctx, account, token, f.Now()) })
	return token, wrap("feed", err)
}

// End takes the feed away.
func (f *Feeds) End(ctx context.Context, account flattery.AccountID) error {
	return wrap("feed", f.Store.Update(ctx, func(tx store.Tx) error { return tx.EndFeed(ctx, account) }))
}

// Path is where a feed is.
func (f *Feeds) Path(token string) string { return "/feed/" + token }

// The elements of RFC 4287, as far as they are used.
type (
	atomFeed struct {
		XMLName  xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
		Lang     string      `xml:"xml:lang,attr"`
		ID       string      `xml:"id"`
		Title    string      `xml:"title"`
		Subtitle string      `xml:"subtitle"`
		Updated  string      `xml:"updated"`
		Author   string      `xml:"author>name"`
		Links    []atomLink  `xml:"link"`
		Entries  []atomEntry `xml:"entry"`
	}
	atomLink struct {
		Rel  string `xml:"rel,attr"`
		Type string `xml:"type,attr"`
		Href string `xml:"href,attr"`
	}
	atomEntry struct {
		ID       string     `xml:"id"`
		Title    string     `xml:"title"`
		Updated  string     `xml:"updated"`
		Category atomTerm   `xml:"category"`
		Links    []atomLink `xml:"link"`
		Summary  string     `xml:"summary"`
	}
	atomTerm struct {
		Term string `xml:"term,attr"`
	}
)

const htmlType, atomType = "text/html", "application/atom+xml"

// Atom is the feed that a token opens, in its account's language, and when it changed last. A token that opens none is
// flattery.ErrNotFound.
func (f *Feeds) Atom(ctx context.Context, token string) (body []byte, changed time.Time, err error) {
	body, changed, err = f.atom(ctx, token)
	return body, changed, wrap("feed", err)
}

func (f *Feeds) atom(ctx context.Context, token string) ([]byte, time.Time, error) {
	id, err := f.Store.FeedOwner(ctx, token)
	if err != nil {
		return nil, time.Time{}, err
	}
	a, err := f.Store.Account(ctx, id)
	if err != nil {
		return nil, time.Time{}, err
	}
	made, err := f.Store.Feed(ctx, id)
	if err != nil {
		return nil, time.Time{}, err
	}
	notices, err := f.Store.Notices(ctx, id, feedLength)
	if err != nil {
		return nil, time.Time{}, err
	}
	schema, err := f.Store.Schema(ctx)
	if err != nil {
		return nil, time.Time{}, err
	}
	changed := made.MadeAt
	if len(notices) > 0 && notices[0].At.After(changed) {
		changed = notices[0].At
	}
	urn := "urn:flattery:" + schema.Instance
	feed := atomFeed{ID: fmt.Sprintf("%s:feed:%d", urn, id), Updated: changed.Format(time.RFC3339), Author: "Flattery",
		Links: []atomLink{{"alternate", htmlType, f.Base() + MessagesPath}, {"self", atomType, f.Base() + f.Path(token)}}}
	if err := f.title(&feed, a); err != nil {
		return nil, changed, err
	}
	for _, n := range notices {
		l, err := f.Line(a.Language, n)
		if err != nil {
			return nil, changed, err
		}
		feed.Entries = append(feed.Entries, atomEntry{ID: fmt.Sprintf("%s:notice:%d", urn, n.ID), Title: l.Title, Updated: n.At.Format(time.RFC3339),
			Category: atomTerm{string(n.Kind)}, Links: []atomLink{{"alternate", htmlType, f.Base() + l.Path}}, Summary: l.Text})
	}
	b, err := xml.MarshalIndent(feed, "", " ")
	return append([]byte(xml.Header), b...), changed, err
}

func (f *Feeds) title(feed *atomFeed, a flattery.Account) (err error) {
	feed.Lang = f.Words.Code(a.Language)
	if feed.Title, err = f.Words.Say(a.Language, "feed.title", "name", a.Name); err != nil {
		return err
	}
	feed.Subtitle, err = f.Words.Say(a.Language, "feed.subtitle")
	return err
}
