package click_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"flattery"
	"flattery/connectors"
	"flattery/connectors/github"
	"flattery/internal/click"
	"flattery/internal/subscribe"
	"flattery/store"
	"flattery/store/eachtest"
)

func TestMain(m *testing.M) { eachtest.Main(m) }

var start = time.Date(2026, 10, 10, 12, 0, 0, 0, time.UTC)

// house is an instance with ann, who gives, zoe, who is seen and has claimed github:zoe, and eve, who is not seen.
type house struct {
	store.Store
	*click.Buttons
	ann, zoe, eve flattery.AccountID
	clock         time.Time
}

func who(subject, handle string) flattery.Profile {
	return flattery.Profile{Identity: flattery.Identity{Network: "github", Host: "github.com", Subject: subject}, Handle: handle, URL: "https://github.com/" + strings.ToLower(handle)}
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{clock: start}
	now := func() time.Time { return h.clock }
	h.Store = eachtest.New(t).Open(t, eachtest.Options{Now: now})
	h.Buttons = &click.Buttons{Store: h.Store, Networks: connectors.Set{github.New("")}, Base: func() string { return "https://house.example" }, Now: now}
	h.do(t, func(ctx context.Context, tx store.Tx) error {
		for name, id := range map[string]*flattery.AccountID{"ann": &h.ann, "zoe": &h.zoe, "eve": &h.eve} {
			made, err := tx.AddAccount(ctx, flattery.Account{Name: name, CreatedAt: start})
			if err != nil {
				return err
			}
			*id = made
		}
		for account, p := range map[flattery.AccountID]flattery.Profile{h.zoe: who("7", "Zoe"), h.eve: who("8", "eve")} {
			if _, err := tx.AddClaim(ctx, flattery.Claim{Account: account, Identity: p, Proof: flattery.ByOAuth, ProvedAt: start}); err != nil {
				return err
			}
		}
		_, err := tx.AddLink(ctx, flattery.Link{Account: h.ann, Identity: who("9", "ann"), Proof: flattery.ByOAuth, BeginsAt: start, NextPoll: start}, flattery.Token{Access: "t"})
		return err
	})
	if err := h.Publish(t.Context(), h.zoe, true); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *house) do(t *testing.T, fn func(context.Context, store.Tx) error) {
	t.Helper()
	if err := h.Update(t.Context(), func(tx store.Tx) error { return fn(t.Context(), tx) }); err != nil {
		t.Fatal(err)
	}
}

func TestAButtonStandsForAPageOfSomebody(t *testing.T) {
	h := newHouse(t)
	const page = "https://blog.example/zips"
	for name, row := range map[string]struct {
		account   flattery.AccountID
		user, url string
		author    string // subject
		claimed   bool
		shown     string // the account's name
		site, own bool
	}{
		"an account that is seen":               {h.ann, "zoe", page, "2", true, "zoe", false, false},
		"in capitals":                           {h.ann, "ZOE", page, "2", true, "zoe", false, false},
		"a handle that is claimed":              {h.ann, "github:zoe", page, "7", true, "zoe", false, false},
		"of somebody who is not seen":           {h.ann, "github:eve", page, "8", true, "", false, false},
		"a handle that nobody claims":           {h.ann, "github:Kim", page, "@kim", false, "", false, false},
		"a handle with its sign":                {h.ann, "GitHub:@Kim", page, "@kim", false, "", false, false},
		"a page alone":                          {h.ann, "", page, "~" + page, false, "", false, false},
		"a page of the author's at a network":   {h.ann, "zoe", "https://github.com/zoe/zips", "2", true, "zoe", true, false},
		"a page that only begins like it":       {h.ann, "zoe", "https://github.com/zoeful", "2", true, "zoe", false, false},
		"the author's page here":                {h.ann, "zoe", "https://house.example/p/zoe", "2", true, "zoe", true, false},
		"to a stranger":                         {0, "zoe", page, "2", true, "zoe", false, false},
		"one's own, by name":                    {h.zoe, "zoe", page, "2", true, "zoe", false, true},
		"one's own, by handle":                  {h.zoe, "github:ZOE", page, "7", true, "zoe", false, true},
		"a handle that one linked, by its name": {h.ann, "github:ann", page, "@ann", false, "", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			o, err := h.Offer(t.Context(), row.account, click.Asked{User: row.user, URL: row.url, Title: " A\u202e title\n"})
			if err != nil {
				t.Fatal(err)
			}
			if row.author == "2" { // whatever number zoe has
				row.author = (flattery.Account{ID: h.zoe}).Self().Subject
			}
			if o.Author.Subject != row.author || o.Claimed != row.claimed || o.Name != row.shown || o.Site != row.site || o.Own != row.own || o.Thing.Title != "A title" {
				t.Errorf("offers %+v", o)
			}
		})
	}
}

func TestWhatNoButtonStandsForIsSaidInWords(t *testing.T) {
	h := newHouse(t)
	for name, row := range map[string]struct {
		asked click.Asked
		words string
	}{
		"an account that is not seen":    {click.Asked{User: "eve", URL: "https://a.example/"}, "nobody here has a button"},
		"an account that is not":         {click.Asked{User: "nobody", URL: "https://a.example/"}, "nobody here has a button"},
		"a network that is not":          {click.Asked{User: "orkut:zoe", URL: "https://a.example/"}, "none of those known here"},
		"a network alone":                {click.Asked{User: "github:", URL: "https://a.example/"}, "no name after github:"},
		"a path for a handle":            {click.Asked{User: "github:zoe/x", URL: "https://a.example/"}, "no name after github:"},
		"a user of nothing but controls": {click.Asked{User: "\u202e\x01", URL: "https://a.example/"}, "name of an account"},
		"a user of 10 kB":                {click.Asked{User: strings.Repeat("x", 10_000), URL: "https://a.example/"}, "name of an account"},
		"a script":                       {click.Asked{User: "zoe", URL: "javascript:alert(1)"}, "only pages"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := h.Offer(t.Context(), h.ann, row.asked)
			if in, ok := errors.AsType[*flattery.InputError](err); !ok || !strings.Contains(in.Error(), row.words) {
				t.Errorf("said %v, want %q", err, row.words)
			}
			if _, err := h.Press(t.Context(), h.ann, row.asked, 1); err == nil {
				t.Error("it was pressed")
			}
		})
	}
}

func (h *house) press(t *testing.T, account flattery.AccountID, user, url string, turn int64) store.Outcome {
	t.Helper()
	o, err := h.Press(t.Context(), account, click.Asked{User: user, URL: url}, turn)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestAPressIsJudgedAndTheSameAddressIsTheSameThing(t *testing.T) {
	h := newHouse(t)
	first := h.press(t, h.ann, "zoe", "http://Blog.example/a?utm_source=x#y", 1)
	again := h.press(t, h.ann, "ZOE", "https://blog.example/a", 1)
	if first.State != flattery.Counting || again.Flattr != first.Flattr || !again.Known {
		t.Errorf("pressed %+v, then %+v", first, again)
	}
	if o := h.press(t, h.ann, "github:zoe", "https://blog.example/a", 1); o.Known {
		t.Error("for another user it is the same thing")
	}
	if o := h.press(t, h.zoe, "zoe", "https://blog.example/a", 1); o.State != flattery.Own {
		t.Errorf("one's own is %s", o.State)
	}
	h.Once = true
	if o := h.press(t, h.ann, "zoe", "https://blog.example/a", 99); !o.Known {
		t.Error("where one press counts, another does too")
	}
	if o := h.press(t, h.ann, "github:kim", "https://blog.example/k", 5); o.State != flattery.Pending {
		t.Errorf("of nobody yet it is %s", o.State)
	}
	h.do(t, func(ctx context.Context, tx store.Tx) error { // kim comes
		joined, err := tx.AddClaim(ctx, flattery.Claim{Account: h.eve, Identity: who("10", "Kim"), Proof: flattery.ByOAuth, ProvedAt: start})
		if joined != 1 {
			t.Errorf("%d joined", joined)
		}
		return err
	})
	if o := h.press(t, h.ann, "github:kim", "https://blog.example/k", 6); !o.Known || o.State != flattery.Counting {
		t.Errorf("after the claim the thing is %+v", o)
	}
	if err := h.Publish(t.Context(), h.zoe, false); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Press(t.Context(), h.ann, click.Asked{User: "zoe", URL: "https://blog.example/b"}, 7); err == nil {
		t.Error("the button of who is hidden works")
	}
	if f, err := h.Flattr(t.Context(), h.ann, first.Flattr); err != nil || f.State != flattery.Counting {
		t.Errorf("what was given is %s, %v", f.State, err)
	}
}

func TestWhatIsSubscribedCountsInTheNextMonthOnce(t *testing.T) {
	h := newHouse(t)
	o := h.press(t, h.ann, "zoe", "https://blog.example/a", 1)
	h.do(t, func(ctx context.Context, tx store.Tx) error {
		_, err := tx.Subscribe(ctx, h.ann, o.Flattr, 3, start)
		return err
	})
	h.clock = start.AddDate(0, 1, 0)
	s := &subscribe.Subscriber{Store: h.Store, Now: h.Now, Log: slog.New(slog.DiscardHandler)}
	for range 3 { // the job is asked for again, and done again
		if err := s.Enqueue(t.Context(), h.clock); err != nil {
			t.Fatal(err)
		}
		if n, err := h.Jobs().Drain(t.Context(), s.Handlers()); err != nil || n != 1 {
			t.Errorf("%d jobs, %v", n, err)
		}
	}
	list, err := h.Flattrs(t.Context(), store.FlattrQuery{Account: h.ann})
	if err != nil || len(list) != 2 || list[0].Kind != flattery.KindSubscription || list[0].CountsIn != flattery.MonthOf(h.clock, time.UTC) {
		t.Errorf("flattrs %+v, %v", list, err)
	}
}
