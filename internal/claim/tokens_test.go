package claim_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"flattery"
	"flattery/connectors"
	"flattery/internal/claim"
	"flattery/store"
)

var link7 = flattery.Link{ID: 7}

// purse is a bench whose link 7 has a token that ends after a time; 0: the network does not say when.
func purse(life time.Duration) (*bench, *claim.Tokens, flattery.Token) {
	b := newBench(oauth2Info())
	b.net.refresh = canaryRefresh + "-0"
	old := flattery.Token{Access: canaryAccess + "-0", Refresh: canaryRefresh + "-0"}
	if life != 0 {
		old.Expires = b.now.Add(life)
	}
	b.store.tokens[7] = old
	return b, b.process(), old
}

// process is another one on the same store.
// fresh is the token of link 7 as a poll gets it.
func (b *bench) fresh(ctx context.Context, tokens *claim.Tokens) (flattery.Token, error) {
	stored, err := b.store.Token(ctx, link7.ID)
	if err != nil {
		return stored, err
	}
	return tokens.Fresh(ctx, link7, stored, b.net.info)
}

func (b *bench) process() *claim.Tokens {
	return &claim.Tokens{Store: b.store, App: b.App, Client: b.Client, Now: b.Now}
}

func TestATokenIsRenewedInTime(t *testing.T) {
	plain, signed := flattery.Token{Access: "a"}, flattery.Token{Access: "a", Secret: "b"}
	for _, row := range []struct {
		name   string
		life   time.Duration
		token  *flattery.Token // instead
		answer http.HandlerFunc
		asked  int // token requests
		same   bool
	}{
		{name: "with time left", life: 5*time.Minute + time.Second, same: true},
		{name: "with five minutes left", life: 5 * time.Minute, asked: 1},
		{name: "after its end", life: -time.Hour, asked: 1},
		{name: "without a word on its end", same: true},
		{name: "linked by name", token: &flattery.Token{}, same: true},
		{name: "without a refresh token", token: &plain, same: true},
		{name: "of OAuth 1.0a", token: &signed, same: true},
		{name: "while the network is in trouble, to its end", life: time.Minute, answer: says(http.StatusBadGateway, asHTML, "<html>"), asked: 1, same: true},
		{name: "while the network asks to wait, to its end", life: time.Minute, answer: says(http.StatusTooManyRequests, asJSON, "{}"), asked: 1, same: true},
	} {
		t.Run(row.name, func(t *testing.T) {
			b, tokens, old := purse(row.life)
			if row.token != nil {
				old = *row.token
				b.store.tokens[7] = old
			}
			b.net.answer = row.answer
			got, err := b.fresh(t.Context(), tokens)
			want := flattery.Token{Access: canaryAccess + "-1", Refresh: canaryRefresh + "-1", Expires: b.now.Add(time.Hour)}
			if row.same {
				want = old
			}
			if err != nil || got != want || b.store.tokens[7] != want || b.net.grants != row.asked {
				t.Errorf("got %+v, stored %+v, error %v, %d token requests", got, b.store.tokens[7], err, b.net.grants)
			}
		})
	}
}

func TestTheOldRefreshTokenStaysWhereThereIsNoNewOne(t *testing.T) {
	b, tokens, old := purse(time.Minute)
	b.net.answer = says(http.StatusOK, asJSON, `{"access_token":"new","token_type":"bearer","expires_in":3600}`)
	got, err := b.fresh(t.Context(), tokens)
	if err != nil || got.Access != "new" || got.Refresh != old.Refresh || b.store.tokens[7] != got {
		t.Errorf("got %+v, error %v", got, err)
	}
}

func TestARefusedTokenIsRenewedUnlessSomebodyDid(t *testing.T) {
	b, tokens, old := purse(time.Hour)
	first, err := tokens.Renew(t.Context(), link7, b.net.info, old)
	if err != nil || first == old || b.net.grants != 1 {
		t.Fatalf("got %+v, error %v", first, err)
	}
	if again, err := b.process().Renew(t.Context(), link7, b.net.info, old); err != nil || again != first || b.net.grants != 1 {
		t.Errorf("got %+v, error %v, %d token requests", again, err, b.net.grants)
	}
	for _, hopeless := range []flattery.Token{{}, {Access: "a"}} {
		b.store.tokens[7] = hopeless
		got, err := tokens.Renew(t.Context(), link7, b.net.info, hopeless)
		if !errors.Is(err, connectors.ErrUnauthorized) || got != (flattery.Token{}) || b.net.grants != 1 || !strings.Contains(err.Error(), "claim: link 7: songs: the token cannot be renewed, connect again") {
			t.Errorf("got %+v, error %v", got, err)
		}
	}
}

func TestWhatARefusedRenewalMeans(t *testing.T) {
	for _, row := range []struct {
		name   string
		status int
		kind   string
		body   string
		is     error // nil: worth another try
		words  string
	}{
		{"used up", 400, asJSON, `{"error":"invalid_grant","error_description":"` + canaryRefresh + `-0 is used up"}`, connectors.ErrUnauthorized, "invalid_grant (••• is used up): the refresh token is used up or was revoked, connect again"},
		{"used up, as X says it", 400, asJSON, `{"error":"invalid_request","error_description":"Value passed for the token was invalid."}`, connectors.ErrUnauthorized, "Value passed for the token was invalid."},
		{"used up, as GitHub says it", 200, asJSON, `{"error":"bad_refresh_token"}`, connectors.ErrUnauthorized, "bad_refresh_token"},
		{"a bare 400", 400, asHTML, "<html>" + canaryRefresh, connectors.ErrUnauthorized, "answered 400 Bad Request"},
		{"a bare 401", 401, asJSON, `{"errors":[{"error_message":"401 - Unauthorized"}]}`, connectors.ErrUnauthorized, "answered 401 Unauthorized"},
		{"wrong keys", 401, asJSON, `{"error":"invalid_client"}`, connectors.ErrKey, "invalid_client"},
		{"wrong keys, as GitHub says it", 200, asJSON, `{"error":"incorrect_client_credentials"}`, connectors.ErrKey, "incorrect_client_credentials"},
		{"a passing trouble said with 400", 400, asJSON, `{"error":"temporarily_unavailable"}`, nil, "temporarily_unavailable"},
		{"a limit", 429, asJSON, `{}`, nil, "rate limit: wait 1m0s"},
		{"ruins", 503, asHTML, "<html>", nil, "answered 503 Service Unavailable"},
		{"too much", 200, asJSON, strings.Repeat(" ", 64<<10+1), nil, "sent more than 64 KiB"},
		{"another type of token", 200, asJSON, `{"access_token":"` + canaryAccess + `","token_type":"mac"}`, nil, "not of the type bearer"},
	} {
		t.Run(row.name, func(t *testing.T) {
			b, tokens, old := purse(-time.Minute)
			b.net.answer = says(row.status, row.kind, row.body)
			got, err := b.fresh(t.Context(), tokens)
			fatal := errors.Is(err, connectors.ErrUnauthorized) || errors.Is(err, connectors.ErrKey)
			if got != (flattery.Token{}) || err == nil || row.is != nil && !errors.Is(err, row.is) || fatal != (row.is != nil) || !strings.Contains(err.Error(), row.words) {
				t.Errorf("got %+v, error %v", got, err)
			}
			if b.store.tokens[7] != old {
				t.Errorf("stored %+v", b.store.tokens[7])
			}
			keepsSecrets(t, err)
		})
	}
}

func TestADeadRefreshTokenIsSaidBeforeTheEnd(t *testing.T) {
	b, tokens, _ := purse(time.Minute)
	b.net.refresh = "another"
	if got, err := b.fresh(t.Context(), tokens); !errors.Is(err, connectors.ErrUnauthorized) || got.Has() {
		t.Errorf("got %+v, error %v", got, err)
	}
}

func TestWithinOneProcessNobodyLooksAtTheStoreAgainAndAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, tokens, old := purse(time.Minute)
		b.net.delay = 2 * time.Second
		begun := time.Now()
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if _, err := tokens.Renew(t.Context(), link7, b.net.info, old); err != nil || time.Since(begun) != 2*time.Second {
					t.Errorf("error %v after %v", err, time.Since(begun))
				}
			})
		}
		synctest.Wait()
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		if _, err := tokens.Renew(ctx, link7, b.net.info, old); !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) != time.Second {
			t.Errorf("error %v after %v", err, time.Since(begun))
		}
		wg.Wait()
	})
}

func TestMissingKeysAreToldApart(t *testing.T) {
	b, tokens, _ := purse(-time.Minute)
	b.app = flattery.App{}
	if _, err := b.fresh(t.Context(), tokens); !errors.Is(err, connectors.ErrKey) || b.net.grants != 0 || len(b.store.holds) != 0 {
		t.Errorf("error %v", err)
	}
}

func TestManyWhoAskAtOnceRenewOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, first, old := purse(time.Minute)
		second := b.process()
		b.net.delay = 2 * time.Second // the others have to wait
		var wg sync.WaitGroup
		var mu sync.Mutex
		got := map[flattery.Token]int{}
		for i := range 32 {
			tokens := []*claim.Tokens{first, second}[i%2]
			wg.Go(func() {
				token, err := tokens.Renew(t.Context(), link7, b.net.info, old)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				got[token]++
				mu.Unlock()
			})
		}
		wg.Wait()
		if b.net.grants != 1 || len(b.store.saved) != 1 || got[b.store.tokens[7]] != 32 || b.store.tokens[7] == old {
			t.Errorf("%d token requests, %d saved, %d different answers", b.net.grants, len(b.store.saved), len(got))
		}
	})
}

func TestWhoWaitsForAnotherProcessDoesNotWaitForever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, tokens, old := purse(-time.Minute)
		b.store.holds[7] = b.now.Add(time.Minute) // of a process that died
		begun := time.Now()
		_, err := b.fresh(t.Context(), tokens)
		limit, ok := errors.AsType[*connectors.RateLimitError](err)
		if !ok || limit.RetryAfter != time.Minute || b.net.grants != 0 || time.Since(begun) != 15*time.Second {
			t.Errorf("error %v after %v", err, time.Since(begun))
		}
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		if _, err := b.fresh(ctx, tokens); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		b.now = b.now.Add(time.Minute) // the hold has ended
		if got, err := b.fresh(t.Context(), tokens); err != nil || got == old || b.net.grants != 1 {
			t.Errorf("got %+v, error %v", got, err)
		}
	})
}

// stale answers the first look with the token of before: another process renews between the look and the hold.
type stale struct {
	*fakeStore
	once sync.Once
	old  flattery.Token
}

func (s *stale) Token(ctx context.Context, id flattery.LinkID) (got flattery.Token, err error) {
	got, err = s.fakeStore.Token(ctx, id)
	s.once.Do(func() { got = s.old })
	return got, err
}

func TestTheHoldIsFollowedByAnotherLook(t *testing.T) {
	b, tokens, old := purse(time.Hour)
	renewed := flattery.Token{Access: "renewed", Refresh: "r"}
	b.store.tokens[7] = renewed
	tokens.Store = &stale{fakeStore: b.store, old: old}
	if got, err := tokens.Renew(t.Context(), link7, b.net.info, old); err != nil || got != renewed || b.net.grants != 0 {
		t.Errorf("got %+v, error %v, %d token requests", got, err, b.net.grants)
	}
}

// watched sees in which order a token is stored and handed out.
type watched struct {
	*fakeStore
	save func()
}

func (s *watched) Update(ctx context.Context, fn func(store.Tx) error) error {
	before := len(s.saved)
	err := s.fakeStore.Update(ctx, fn)
	if len(s.saved) > before {
		s.save()
	}
	return err
}

func TestANewTokenIsStoredThoughItsContextEnds(t *testing.T) {
	b, tokens, _ := purse(-time.Minute)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	b.net.answer = func(w http.ResponseWriter, r *http.Request) {
		stop() // the daemon is told to end while the network answers
		b.net.token(w, r)
	}
	saved := false
	tokens.Store = &watched{b.store, func() { saved = true }}
	got, err := b.fresh(ctx, tokens)
	if err != nil || !saved || b.store.tokens[7] != got || string(got.Refresh) != b.net.refresh {
		t.Errorf("got %+v, stored %+v, error %v", got, b.store.tokens[7], err)
	}
	if _, err := tokens.Renew(ctx, link7, b.net.info, got); !errors.Is(err, context.Canceled) || b.net.grants != 1 {
		t.Errorf("error %v, %d token requests", err, b.net.grants)
	}
}

func TestASaveOfWhichNobodyKnowsIsDoneAgain(t *testing.T) {
	for _, row := range []struct {
		name string
		fail []error // of commits that wrote nothing
		lost int     // commits that wrote
		good bool
	}{
		{"twice nothing was written", []error{flattery.ErrUnknown, flattery.ErrUnknown}, 0, true},
		{"it was written each time", nil, 3, true},
		{"it never ends", []error{flattery.ErrUnknown, flattery.ErrUnknown, flattery.ErrUnknown, flattery.ErrUnknown, flattery.ErrUnknown}, 0, false},
		{"another error", []error{errors.New("disk full")}, 0, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, tokens, old := purse(-time.Minute)
				b.store.fail, b.store.lost = row.fail, row.lost
				got, err := b.fresh(t.Context(), tokens)
				if (err == nil) != row.good || got.Has() != row.good {
					t.Errorf("got %+v, error %v", got, err)
				}
				if row.good && b.store.tokens[7] != got || !row.good && b.store.tokens[7] != old {
					t.Errorf("stored %+v", b.store.tokens[7])
				}
				keepsSecrets(t, err)
			})
		})
	}
}

func TestACrashBetweenRotationAndSaveAsksToConnectAgain(t *testing.T) {
	b, tokens, old := purse(-time.Minute)
	b.store.fail = []error{errors.New("killed")}
	if _, err := b.fresh(t.Context(), tokens); err == nil || errors.Is(err, connectors.ErrUnauthorized) || !strings.Contains(err.Error(), "could not be stored: killed") {
		t.Errorf("error %v", err)
	}
	b.now = b.now.Add(time.Minute) // another start, after the hold
	got, err := b.fresh(t.Context(), b.process())
	if !errors.Is(err, connectors.ErrUnauthorized) || !strings.Contains(err.Error(), "connect again") || got != (flattery.Token{}) {
		t.Errorf("got %+v, error %v", got, err)
	}
	if b.store.tokens[7] != old || len(b.store.saved) != 0 {
		t.Errorf("stored %+v", b.store.tokens[7])
	}
	keepsSecrets(t, err)
}

func TestTheInstanceHasATokenOfItsOwn(t *testing.T) {
	b := newBench(oauth2Info())
	tokens, info := b.process(), b.net.info
	ask := func(want flattery.Secret, requests int) {
		t.Helper()
		got, err := tokens.Instance(t.Context(), info)
		if err != nil || got != want || b.net.grants != requests {
			t.Errorf("got %s, want %s, error %v, %d token requests, want %d", string(got), string(want), err, b.net.grants, requests)
		}
	}
	ask("", 0) // the network gives none
	info.OAuth2.AppURL, info.OAuth2.AppScopes = "https://songs.example/own", []string{"public", "read"}
	b.app = flattery.App{ID: "app"}
	ask("", 0) // no keys
	b.app.Secret = canarySecret
	ask(canaryAccess+"-1", 1)
	if b.net.form.Get("grant_type") != "client_credentials" || b.net.form.Get("scope") != "public read" {
		t.Errorf("asked with %v", b.net.form)
	}
	b.now = b.now.Add(54 * time.Minute)
	tokens = b.process() // kept in the store
	ask(canaryAccess+"-1", 1)
	b.now = b.now.Add(time.Minute)
	b.net.answer = says(http.StatusBadGateway, asHTML, "<html>")
	ask(canaryAccess+"-1", 2) // good to its end
	b.net.answer = nil
	ask(canaryAccess+"-2", 3)
	again, err := tokens.RenewInstance(t.Context(), info, canaryAccess+"-1")
	if err != nil || again != canaryAccess+"-2" || b.net.grants != 3 {
		t.Errorf("got %s, error %v", string(again), err)
	}
	again, err = tokens.RenewInstance(t.Context(), info, canaryAccess+"-2")
	if err != nil || again != canaryAccess+"-3" || b.store.apps["songs"].Access != again {
		t.Errorf("got %s, error %v", string(again), err)
	}
	b.app.Secret = "wrong"
	if _, err := tokens.RenewInstance(t.Context(), info, again); !errors.Is(err, connectors.ErrKey) || !strings.Contains(err.Error(), "claim: songs: token of the instance: songs.example") {
		t.Errorf("error %v", err)
	}
}

func TestManyWhoAskForTheInstanceAskOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(oauth2Info())
		b.net.info.OAuth2.AppURL = "https://songs.example/own"
		b.net.delay = time.Second
		tokens := b.process()
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				if got, err := tokens.Instance(t.Context(), b.net.info); err != nil || got != canaryAccess+"-1" {
					t.Errorf("got %s, error %v", string(got), err)
				}
			})
		}
		wg.Wait()
		if b.net.grants != 1 {
			t.Errorf("%d token requests", b.net.grants)
		}
	})
}
