// Package flickr reads the favourites of a Flickr account: with its token those that only it may see too, and with the
// API key of this instance alone those that are public.
package flickr

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/dghubble/oauth1"

	"flattery"
	"flattery/connectors"
)

const (
	home = "https://www.flickr.com"
	// perPage is the most. One request takes what a donor faves in any sane time, and costs the same with fewer in it.
	perPage = 500
)

// Connector is Flickr. It keeps nothing between calls.
type Connector struct {
	base *url.URL
	info connectors.Info
	err  error // a base that is no address
}

// New makes the connector; base is the address of the REST API, "" is https://api.flickr.com/services/rest/. A base that
// is no http address is answered by every call.
func New(base string) *Connector {
	api, site, err := connectors.Base("flickr", base, "https://api.flickr.com/services/rest/", home)
	read := url.Values{"perms": {"read"}}
	return &Connector{base: api, err: err, info: connectors.Info{
		Network: "flickr", Title: "Flickr", Host: "flickr.com", Noun: "favourite", Auth: connectors.AuthOAuth1, NeedsKey: true,
		OAuth1: connectors.OAuth1{
			RequestURL: site + "/services/oauth/request_token", AuthURL: site + "/services/oauth/authorize", TokenURL: site + "/services/oauth/access_token",
			PollParams: read, ClaimParams: read, OutOfBand: true,
		},
		Feed: connectors.Timed, Reliable: true, Interval: 15 * time.Minute, // 3,600 requests an hour are for all links of a key together
		State: connectors.Alive, Proven: connectors.ProvenContract,
		Console: home + "/services/apps/create/", HandleTip: "a user name, 12345678@N00, or the address of a photo page",
		Terms: connectors.Terms{Link: home + "/services/apps/create/", Date: "2026-04", Sure: "inferred",
			Sentence: "The free key is for non-commercial use; whether paying the makers of faves is that, Flickr alone can say."},
	}}
}

// Info describes Flickr.
func (c *Connector) Info() connectors.Info { return c.info }

type (
	// answer is what any method tells. The words of a failure are left out: they may repeat our request, and with it the key.
	answer struct {
		date         time.Time // by the network's clock
		Stat         string
		Code         connectors.Number
		User, Person account
		Photo        struct{ Owner account }
		Photos       struct {
			Pages connectors.Number
			Photo []photo
		}
	}
	account struct {
		ID, NSID, Username, RealName connectors.Text
		Description                  connectors.Text // of a profile alone
		PathAlias                    connectors.Text `json:"path_alias"`
	}
	photo struct {
		ID, Owner, OwnerName, PathAlias, Title connectors.Text
		Faved                                  connectors.Number `json:"date_faved"`
	}
)

// Identify reports whose token the session carries.
func (c *Connector) Identify(ctx context.Context, s connectors.Session) (flattery.Profile, error) {
	if !s.Token.Has() {
		return flattery.Profile{}, fmt.Errorf("there is no token: %w", connectors.ErrUnauthorized)
	}
	a, err := c.ask(ctx, s, "flickr.test.login", nil)
	return c.profile(a.User, err)
}

// Resolve finds an account by its id, by the address of its pages, by its user name, or by the name in these
// addresses, in this order.
func (c *Connector) Resolve(ctx context.Context, s connectors.Session, handle string) (flattery.Profile, error) {
	handle = strings.TrimSpace(handle)
	if handle == "" || handle != connectors.Clean(handle, 200) {
		return flattery.Profile{}, flattery.Input("that is not a Flickr name: write it like %s", c.info.HandleTip)
	}
	if nsid.MatchString(handle) {
		a, err := c.ask(ctx, s, "flickr.people.getInfo", url.Values{"user_id": {handle}})
		return c.profile(a.Person, err)
	}
	if !strings.Contains(handle, "flickr.com/") {
		a, err := c.ask(ctx, s, "flickr.people.findByUsername", url.Values{"username": {handle}})
		if !errors.Is(err, connectors.ErrGone) || strings.ContainsAny(handle, "/?# ") {
			return c.profile(a.User, err)
		}
		handle = home + "/people/" + url.PathEscape(handle) + "/"
	}
	a, err := c.ask(ctx, s, "flickr.urls.lookupUser", url.Values{"url": {handle}})
	return c.profile(a.User, err)
}

// Author finds who made a photo, of which an export file tells the id alone.
func (c *Connector) Author(ctx context.Context, s connectors.Session, t flattery.Thing) (flattery.Profile, error) {
	a, err := c.ask(ctx, s, "flickr.photos.getInfo", url.Values{"photo_id": {t.ID}})
	return c.profile(a.Photo.Owner, err)
}

var (
	// nsid is what Flickr calls the immutable id of an account.
	nsid = regexp.MustCompile(`^[0-9]{1,20}@N[0-9]{2}$`)
	// alias is what stands in the addresses of somebody's pages, an nsid where they have no other name for it.
	alias = regexp.MustCompile(`^[A-Za-z0-9_@-]{1,100}$`)
)

// profile understands an account. The name in addresses is nobody else's; many have none.
func (c *Connector) profile(a account, err error) (flattery.Profile, error) {
	id := string(cmp.Or(a.NSID, a.ID))
	if err == nil && !nsid.MatchString(id) {
		err = c.refuse("names somebody by the unusable id %q", connectors.Clean(id, 40))
	}
	if err != nil {
		return flattery.Profile{}, err
	}
	return flattery.Profile{
		Identity: flattery.Identity{Network: "flickr", Host: "flickr.com", Subject: id},
		Handle:   connectors.Clean(string(cmp.Or(a.PathAlias, a.Username)), connectors.MaxHandle),
		Name:     connectors.Clean(string(a.RealName), connectors.MaxName),
		URL:      home + "/photos/" + id,
	}, nil
}

// Likes reads the favourites that are news. See connectors.Connector for what it promises.
func (c *Connector) Likes(ctx context.Context, s connectors.Session, after flattery.Cursor) iter.Seq2[connectors.Page, error] {
	page := func(ctx context.Context, ask connectors.Ask) (connectors.Answer, error) { return c.page(ctx, s, ask) }
	return connectors.Walk{Feed: connectors.Timed, List: page}.Likes(ctx, s, after)
}

// page reads a page; a place is its number. The order of the list is documented nowhere, but what is older than asked
// for the network itself leaves out.
func (c *Connector) page(ctx context.Context, s connectors.Session, ask connectors.Ask) (connectors.Answer, error) {
	method, place := "flickr.favorites.getPublicList", cmp.Or(ask.Place, "1")
	if s.Token.Has() {
		method = "flickr.favorites.getList"
	}
	args := url.Values{"user_id": {s.Identity.Subject}, "extras": {"owner_name,path_alias"}, "per_page": {strconv.Itoa(perPage)}, "page": {place}}
	if !ask.Since.IsZero() {
		args.Set("min_fave_date", strconv.FormatInt(ask.Since.Unix(), 10))
	}
	a, err := c.ask(ctx, s, method, args)
	if err != nil {
		return connectors.Answer{}, err
	}
	ans := connectors.Answer{Date: a.date}
	if n, err := strconv.Atoi(place); err == nil && connectors.Number(n) < a.Photos.Pages {
		ans.Next = strconv.Itoa(n + 1)
	}
	for _, p := range a.Photos.Photo {
		if p.ID == "" || p.Owner == "" {
			continue // nobody's
		}
		author, err := c.profile(account{ID: p.Owner, Username: p.OwnerName, PathAlias: p.PathAlias, RealName: p.OwnerName}, nil)
		if n, bad := strconv.ParseUint(string(p.ID), 10, 64); err != nil || bad != nil || n == 0 || p.Faved > 1<<36 {
			return ans, c.refuse("sent a photo with the id %q of %q at %d", connectors.Clean(string(p.ID), 40), connectors.Clean(string(p.Owner), 40), p.Faved)
		}
		like := flattery.Like{Author: author, Thing: flattery.Thing{Network: "flickr", Host: "flickr.com", ID: string(p.ID),
			URL: author.URL + "/" + string(p.ID), Title: connectors.Clean(string(p.Title), connectors.MaxTitle)}}
		if p.Faved > 0 {
			like.At, like.Source = time.Unix(int64(p.Faved), 0).UTC(), flattery.Exact
		}
		ans.Likes = append(ans.Likes, like)
	}
	if a.Photos.Photo == nil || len(ans.Likes) == 0 && len(a.Photos.Photo) > 0 {
		return ans, c.refuse("sent no list of photos")
	}
	return ans, nil
}

// ask calls a method, signed where there is a token.
func (c *Connector) ask(ctx context.Context, s connectors.Session, method string, args url.Values) (a answer, err error) {
	key := cmp.Or(s.App.ID, string(s.App.Key))
	switch {
	case c.err != nil:
		return a, c.err
	case key == "":
		return a, fmt.Errorf("networks.flickr.key is empty: %w", connectors.ErrKey)
	}
	// The key goes along with a signature too: by it the outbound client sees what it may not redirect.
	query := "?format=json&nojsoncallback=1&api_key=" + url.QueryEscape(key) + "&method=" + method + "&" + args.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base.String()+query, nil)
	if err != nil {
		return a, connectors.Failure(c.base.Host, err)
	}
	if s.Token.Has() {
		client, ctx := *s.Client, context.WithValue(ctx, oauth1.HTTPClient, s.Client)
		client.Transport = oauth1.NewClient(ctx, oauth1.NewConfig(key, string(s.App.Secret)), oauth1.NewToken(string(s.Token.Access), string(s.Token.Secret))).Transport
		s.Client = &client
	}
	resp, err := connectors.Fetch(s, req, 2<<20, &a) //nolint:bodyclose // it is read; 500 photos are 150 to 250 KiB
	if err = c.fate(s, a, resp, err); err == nil {
		a.date = connectors.Date(resp)
	}
	return a, err
}

// fate says what a failure means; the codes are Flickr's. Nearly everything comes with 200, so that 404 can only be about
// the address of the API, and 401 about the key or a signature.
func (c *Connector) fate(s connectors.Session, a answer, resp *http.Response, err error) error {
	said, _ := errors.AsType[*connectors.AnswerError](err)
	switch {
	case err == nil && a.Stat == "ok":
		return nil
	case err == nil:
		said = c.refuse("answered with failure %d", a.Code)
	case errors.Is(err, connectors.ErrGone):
		return said
	case !errors.Is(err, connectors.ErrUnauthorized):
		return err
	default:
		a.Code = 98
		if body, _ := io.ReadAll(resp.Body); bytes.Contains(body, []byte("nonce_used")) {
			a.Code = 105
		} else if !s.Token.Has() || bytes.Contains(body, []byte("consumer_key")) {
			a.Code = 100
		}
	}
	switch a.Code {
	case 1, 2, 5: // not found; not to be seen; deleted
		return fmt.Errorf("%w: %w", said, connectors.ErrGone)
	case 96, 97, 98: // wrong signature, none; token invalid or revoked
		return fmt.Errorf("%w: %w", said, connectors.ErrUnauthorized)
	case 99: // not logged in, or too few permissions
		return fmt.Errorf("%w: %w", said, connectors.ErrForbidden)
	case 100:
		return fmt.Errorf("%w: %w", said, connectors.ErrKey)
	}
	return said // 105 and 106 are temporary; of any other another try does no harm
}

func (c *Connector) refuse(format string, args ...any) *connectors.AnswerError {
	return &connectors.AnswerError{Host: c.base.Host, Reason: fmt.Sprintf(format, args...)}
}
