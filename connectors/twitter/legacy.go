package twitter

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/dghubble/go-twitter/twitter" //nolint:staticcheck // deprecated, as the API is that it speaks
	"github.com/dghubble/oauth1"

	"flattery"
	"flattery/connectors"
)

// where go-twitter believes that v1.1 is.
const where = "https://api.twitter.com/1.1/"

// roundTrip lets a function carry requests.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// wire is a client for go-twitter, which knows neither contexts nor other servers. What it sends goes to our base, is
// signed, and is then asked by the session's own client, which sees the signature and minds where it may be redirected.
// What is not a good answer never comes back through it but as an error.
func (c *Connector) wire(ctx context.Context, s connectors.Session) *http.Client {
	guarded := roundTrip(func(req *http.Request) (*http.Response, error) {
		var whole json.RawMessage
		resp, err := fetch(s, req, &whole)
		if err != nil {
			return nil, err
		}
		resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(whole)), int64(len(whole))
		return resp, nil
	})
	keys := oauth1.NewConfig(s.App.ID, string(s.App.Secret))
	token := oauth1.NewToken(string(s.Token.Access), string(s.Token.Secret))
	signed := keys.Client(context.WithValue(ctx, oauth1.HTTPClient, &http.Client{Transport: guarded}), token).Transport
	return &http.Client{Transport: roundTrip(func(req *http.Request) (*http.Response, error) {
		if c.err != nil {
			return nil, c.err
		}
		if s.App.ID == "" || s.App.Secret == "" {
			return nil, fmt.Errorf("the keys of this instance are missing: %w", connectors.ErrKey)
		}
		path, ok := strings.CutPrefix(req.URL.String(), where)
		if !ok {
			return nil, c.refuse("is not asked for what go-twitter wants of another address")
		}
		req, err := http.NewRequestWithContext(ctx, req.Method, c.base.String()+path, nil) //nolint:gosec // the base is the owner's, and the client is guarded
		if err != nil {
			return nil, connectors.Failure(c.base.Host, err)
		}
		return signed.RoundTrip(req)
	})}
}

// fate says what an error of go-twitter means: one of ours, or that an answer did not fit.
func (c *Connector) fate(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return c.refuse("sent JSON of other types than promised")
}

// favorites asks for a page.
func (c *Connector) favorites(ctx context.Context, s connectors.Session, ask connectors.Ask) (connectors.Answer, error) {
	params := &twitter.FavoriteListParams{Count: 200, IncludeEntities: twitter.Bool(false), TweetMode: "extended"}
	if ask.Few {
		params.Count = 20
	}
	var err error
	if params.UserID, err = strconv.ParseInt(s.Identity.Subject, 10, 64); err != nil {
		return connectors.Answer{}, fmt.Errorf("the number of the account: %w", err)
	}
	at := place{Spans: [][2]int64{{0, math.MaxInt64}}}
	if ask.Place != "" {
		_ = json.Unmarshal([]byte(ask.Place), &at) // our own
	}
	if params.SinceID = at.Spans[0][0]; at.Spans[0][1] < math.MaxInt64 {
		params.MaxID = at.Spans[0][1]
	}
	tweets, resp, err := twitter.NewClient(c.wire(ctx, s)).Favorites.List(params) //nolint:bodyclose // go-twitter closes it
	if err != nil {
		return connectors.Answer{}, c.fate(err)
	}
	if tweets == nil || len(tweets) > mostPosts {
		return connectors.Answer{}, c.refuse("sent no list of likes")
	}
	ans := connectors.Answer{Date: connectors.Date(resp)}
	var ids []int64
	for _, t := range tweets {
		if t.ID > 0 && t.User != nil && t.User.ID > 0 {
			author := c.profile(strconv.FormatInt(t.User.ID, 10), t.User.ScreenName, t.User.Name)
			ans.Likes = append(ans.Likes, c.like(strconv.FormatInt(t.ID, 10), cmp.Or(t.FullText, t.Text), author))
			ids = append(ids, t.ID)
		}
	}
	if len(tweets) > 0 && len(ids) == 0 {
		return connectors.Answer{}, c.refuse("sent posts without their authors")
	}
	ans.Next = at.next(ids)
	return ans, nil
}

// place is what of a list may still be untold. v1.1 lists by the time of a like and turns pages by the numbers of posts,
// so that a page with an old post among the newest likes says nothing of what lies between their numbers; and what was
// passed by would be taken for news when it shows up one day. Such a span is halved until it fits on a page.
type place struct {
	Full  int        `json:"full"`  // how many posts came on one page so far
	Spans [][2]int64 `json:"spans"` // of numbers of posts: above the first, up to the second
}

// next is the place after an answer about the first span.
func (p place) next(ids []int64) string {
	span := p.Spans[0]
	ids = slices.DeleteFunc(ids, func(id int64) bool { return id <= span[0] || id > span[1] })
	sorted := slices.Sorted(slices.Values(ids))
	p.Spans, p.Full = p.Spans[1:], max(p.Full, len(ids))
	slices.Reverse(ids)
	switch n := len(ids); {
	case n == 0 || sorted[0] == span[0]+1 && slices.Equal(ids, sorted):
	case slices.Equal(ids, sorted):
		p.Spans = slices.Insert(p.Spans, 0, [2]int64{span[0], sorted[0] - 1})
	case 2*n >= p.Full: // a page may be short of what is hidden, though not by more than half of it
		middle := sorted[(n-1)/2]
		p.Spans = slices.Insert(p.Spans, 0, [2]int64{middle, span[1]}, [2]int64{span[0], middle})
	}
	if len(p.Spans) == 0 {
		return ""
	}
	b, err := json.Marshal(p)
	if err != nil { // numbers cannot fail
		panic(err)
	}
	return string(b)
}

func (c *Connector) credentials(ctx context.Context, s connectors.Session) (flattery.Profile, error) {
	u, _, err := twitter.NewClient(c.wire(ctx, s)).Accounts.VerifyCredentials(&twitter.AccountVerifyParams{SkipStatus: twitter.Bool(true)}) //nolint:bodyclose // as above
	if err != nil {
		return flattery.Profile{}, c.fate(err)
	}
	if u.ID <= 0 || !handle.MatchString(u.ScreenName) {
		return flattery.Profile{}, c.refuse("names an account without a usable id and screen name")
	}
	return c.profile(strconv.FormatInt(u.ID, 10), u.ScreenName, u.Name), nil
}

func (c *Connector) invalidate(ctx context.Context, s connectors.Session) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, where+"oauth/invalidate_token.json", nil)
	if err != nil {
		return connectors.Failure(c.base.Host, err)
	}
	resp, err := c.wire(ctx, s).Do(req)
	if err == nil {
		return resp.Body.Close()
	}
	if err = c.fate(err); errors.Is(err, connectors.ErrUnauthorized) {
		return nil
	}
	return err
}
