package claim_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"flattery"
	"flattery/connectors"
	"flattery/internal/claim"
)

func TestWhatATestOfKeysShows(t *testing.T) {
	own := oauth2Info()
	own.OAuth2.AppURL = "https://songs.example/own"
	probe := func(err error) func(context.Context) error { return func(context.Context) error { return err } }
	wrong := flattery.App{ID: "app", Secret: "wrong"}
	for _, row := range []struct {
		name   string
		info   connectors.Info
		app    flattery.App // zero: the right one
		answer http.HandlerFunc
		probe  func(context.Context) error
		want   claim.Result
		words  string
	}{
		{name: "good", info: oauth2Info(), want: claim.Good},
		{name: "a wrong secret", info: oauth2Info(), app: wrong, want: claim.Bad, words: "invalid_client"},
		{name: "refused as GitHub does", info: oauth2Info(), answer: says(200, asJSON, `{"error":"incorrect_client_credentials","error_description":"The client_id and/or client_secret passed are incorrect."}`),
			want: claim.Bad, words: "incorrect_client_credentials (The client_id and/or client_secret passed are incorrect.)"},
		{name: "good as GitHub says it", info: oauth2Info(), answer: says(200, asJSON, `{"error":"bad_verification_code"}`), want: claim.Good},
		{name: "good as X says it", info: oauth2Info(), answer: says(400, asJSON, `{"error":"invalid_request"}`), want: claim.Good},
		{name: "a bare 401", info: oauth2Info(), answer: says(401, asHTML, "<html>"), want: claim.Bad, words: "answered 401 Unauthorized"},
		{name: "not for this flow", info: oauth2Info(), answer: says(400, asJSON, `{"error":"unauthorized_client"}`), want: claim.Bad, words: "unauthorized_client"},
		{name: "another address registered", info: oauth2Info(), answer: says(200, asJSON, `{"error":"redirect_uri_mismatch","error_description":"The\nredirect_uri"}`), want: claim.Unsure, words: "redirect_uri_mismatch (The redirect_uri)"},
		{name: "ruins", info: oauth2Info(), answer: says(502, asHTML, canarySecret), want: claim.Unsure, words: "answered 502 Bad Gateway"},
		{name: "an echo", info: oauth2Info(), answer: says(400, asJSON, `{"error":"odd `+canarySecret+`"}`), want: claim.Unsure, words: "refused: odd •••"},
		{name: "a token for a made-up code", info: oauth2Info(), answer: says(200, asJSON, `{"access_token":"a","token_type":"bearer"}`), want: claim.Unsure, words: "a code that was made up"},
		{name: "a token of the instance", info: own, want: claim.Good},
		{name: "no token of the instance", info: own, app: wrong, want: claim.Bad, words: "invalid_client"},
		{name: "no token of the instance, and no word why", info: own, answer: says(401, asJSON, `{}`), want: claim.Bad, words: "answered 401 Unauthorized"},
		{name: "no token of the instance for now", info: own, answer: says(429, asJSON, `{}`), want: claim.Unsure, words: "rate limit"},
		{name: "a request token", info: oauth1Info(), want: claim.Good},
		{name: "no request token", info: oauth1Info(), app: wrong, want: claim.Bad, words: "consumer_key_rejected"},
		{name: "a key that reads", info: connectors.Info{Auth: connectors.AuthKey}, app: flattery.App{Key: "k"}, probe: probe(nil), want: claim.Good},
		{name: "a key that is refused", info: connectors.Info{Auth: connectors.AuthKey}, app: flattery.App{Key: canaryCode}, probe: probe(errors.Join(errors.New("invalid "+canaryCode), connectors.ErrKey)), want: claim.Bad, words: "invalid •••"},
		{name: "a key in a storm", info: connectors.Info{Auth: connectors.AuthKey}, app: flattery.App{Key: "k"}, probe: probe(errors.New("no\nroute")), want: claim.Unsure, words: "no route"},
		{name: "a pair that is good and a key that is not", info: oauth1Info(), probe: probe(connectors.ErrKey), want: claim.Bad},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newBench(row.info)
			if row.app != (flattery.App{}) {
				b.app = row.app
			}
			b.net.answer = row.answer
			got, err := claim.Test(t.Context(), b.net.info, b.app, b.Client, b.Callback(b.net.info), b.now, row.probe)
			if err != nil || got.Result != row.want || !strings.Contains(got.Detail, row.words) || row.want == claim.Good && got.Detail != "" {
				t.Errorf("verdict %+v, error %v, want %s: %q", got, err, row.want, row.words)
			}
			keepsSecrets(t, errors.New(got.Detail))
		})
	}
}

func TestWithoutKeysThereIsNothingToTest(t *testing.T) {
	for _, app := range []flattery.App{{}, {ID: "app"}, {Secret: "s"}} {
		b := newBench(oauth2Info())
		_, err := claim.Test(t.Context(), b.net.info, app, b.Client, "", b.now, nil)
		if _, ok := errors.AsType[*flattery.InputError](err); !ok || b.net.grants != 0 {
			t.Errorf("error %v", err)
		}
	}
}

func TestATestOfKeysEndsWithItsContext(t *testing.T) {
	b := newBench(oauth2Info())
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if v, err := claim.Test(ctx, b.net.info, b.app, b.Client, "", b.now, nil); !errors.Is(err, context.Canceled) || v != (claim.Verdict{}) {
		t.Errorf("verdict %+v, error %v", v, err)
	}
}
