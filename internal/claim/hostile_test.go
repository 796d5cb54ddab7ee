package claim_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"flattery/connectors"
	"flattery/internal/claim"
)

// says answers every token request the same.
func says(status int, kind, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

const (
	asJSON = "application/json"
	asForm = "application/x-www-form-urlencoded"
	asHTML = "text/html; charset=utf-8"
)

func TestTokensAreTakenAsNetworksWriteThem(t *testing.T) {
	for _, row := range []struct {
		name, kind, body string
		life             time.Duration // 0: the network does not say
	}{
		{"JSON", asJSON, `{"access_token":"a","token_type":"bearer","expires_in":7200}`, 2 * time.Hour},
		{"JSON with capitals", asJSON, `{"access_token":"a","token_type":"Bearer"}`, 0},
		{"a type of its own name", asJSON, `{"access_token":"a","token_type":"OAuth","expires_in":3599}`, 3599 * time.Second},
		{"a number in a string", asJSON, `{"access_token":"a","token_type":"bearer","expires_in":"3600"}`, time.Hour},
		{"no end", asJSON, `{"access_token":"a","token_type":"bearer","expires_in":null}`, 0},
		{"an end in the past", asJSON, `{"access_token":"a","token_type":"bearer","expires_in":-5}`, 0},
		{"an end beyond all ends", asJSON, `{"access_token":"a","token_type":"bearer","expires_in":999999999999}`, 10 * 365 * 24 * time.Hour},
		{"a form", asForm, `access_token=a&token_type=bearer&expires_in=60`, time.Minute},
		{"a form as text", "text/plain", `access_token=a&token_type=bearer&scope=`, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newBench(oauth2Info())
			c := b.begin(t, 1, "browser")
			b.net.answer = says(http.StatusOK, row.kind, row.body)
			got, err := b.Finish(t.Context(), claim.Answered(c))
			var end time.Time
			if row.life > 0 {
				end = b.now.Add(row.life)
			}
			if err != nil || got.Token.Access != "a" || !got.Token.Expires.Equal(end) {
				t.Errorf("token ends %v, want %v, error %v", got.Token.Expires, end, err)
			}
		})
	}
}

func TestNoHostileTokenAnswerIsBelieved(t *testing.T) {
	token := func(access, rest string) string {
		return fmt.Sprintf(`{"access_token":"%s","token_type":"bearer"%s}`, access, rest)
	}
	for _, row := range []struct {
		name   string
		status int
		kind   string
		body   string
		reason string
		words  string // "" of an own word
		oauth1 bool   // means something there too
	}{
		{name: "50 MB", status: 200, kind: asJSON, body: token(strings.Repeat("a", 50<<20), ""), reason: claim.ReasonAnswer, words: "sent more than 64 KiB", oauth1: true},
		{name: "a little too much", status: 200, kind: asJSON, body: token("a", `,"x":"`+strings.Repeat("a", 64<<10)+`"`), reason: claim.ReasonAnswer, words: "sent more than 64 KiB", oauth1: true},
		{name: "HTML", status: 200, kind: asHTML, body: "<html>" + canaryAccess, reason: claim.ReasonAnswer, words: "sent HTML", oauth1: true},
		{name: "HTML that says it is JSON", status: 200, kind: asJSON, body: " <html>" + canaryAccess, reason: claim.ReasonAnswer, words: "sent HTML", oauth1: true},
		{name: "nothing", status: 200, kind: asJSON, reason: claim.ReasonAnswer, words: "sent no token", oauth1: true},
		{name: "nothing in a form", status: 200, kind: asForm, reason: claim.ReasonAnswer, words: "sent no token", oauth1: true},
		{name: "no content", status: 204, kind: asJSON, reason: claim.ReasonAnswer, words: "sent no token"},
		{name: "an empty object", status: 200, kind: asJSON, body: "{}", reason: claim.ReasonAnswer, words: "sent no token", oauth1: true},
		{name: "null", status: 200, kind: asJSON, body: "null", reason: claim.ReasonAnswer, words: "sent no token"},
		{name: "a list", status: 200, kind: asJSON, body: "[]", reason: claim.ReasonAnswer, words: "sent no token"},
		{name: "broken JSON", status: 200, kind: asJSON, body: `{"access_token":"` + canaryAccess, reason: claim.ReasonAnswer, words: "sent no token"},
		{name: "a number for a token", status: 200, kind: asJSON, body: `{"access_token":5,"token_type":"bearer"}`, reason: claim.ReasonAnswer, words: "sent no token"},
		{name: "an empty token", status: 200, kind: asJSON, body: token("", ""), reason: claim.ReasonAnswer, words: "sent no token"},
		{name: "another type", status: 200, kind: asJSON, body: `{"access_token":"` + canaryAccess + `","token_type":"mac"}`, reason: claim.ReasonAnswer, words: "not of the type bearer"},
		{name: "no type", status: 200, kind: asJSON, body: `{"access_token":"` + canaryAccess + `"}`, reason: claim.ReasonAnswer, words: "not of the type bearer"},
		{name: "a type with something behind", status: 200, kind: asJSON, body: `{"access_token":"a","token_type":"bearer mac"}`, reason: claim.ReasonAnswer, words: "not of the type bearer"},
		{name: "a token with a new line", status: 200, kind: asJSON, body: token(`a\r\nX-Evil: 1`, ""), reason: claim.ReasonAnswer, words: "visible characters"},
		{name: "a token with a zero byte", status: 200, kind: asJSON, body: token(`a\u0000b`, ""), reason: claim.ReasonAnswer, words: "visible characters"},
		{name: "a token with letters beyond ASCII", status: 200, kind: asJSON, body: token("é", ""), reason: claim.ReasonAnswer, words: "visible characters"},
		{name: "a token of more than 8 KiB", status: 200, kind: asJSON, body: token(strings.Repeat("a", 8<<10+1), ""), reason: claim.ReasonAnswer, words: "too long"},
		{name: "a refresh token with a tab", status: 200, kind: asJSON, body: token("a", `,"refresh_token":"a\tb"`), reason: claim.ReasonAnswer, words: "refresh token"},
		{name: "a refresh token of more than 8 KiB", status: 200, kind: asJSON, body: token("a", `,"refresh_token":"`+strings.Repeat("a", 8<<10+1)+`"`), reason: claim.ReasonAnswer, words: "refresh token"},
		{name: "an error with a success", status: 200, kind: asJSON, body: `{"error":"bad_verification_code","error_description":"The code ` + canaryCode + `-1 passed is incorrect"}`, reason: claim.ReasonRefused, words: "bad_verification_code (The code •••"},
		{name: "an error beside a token", status: 200, kind: asJSON, body: token("a", `,"error":"invalid_grant"`), reason: claim.ReasonRefused, words: "invalid_grant"},
		{name: "an error that echoes the secret with something between", status: 400, kind: asJSON, body: `{"error":"invalid_grant","error_description":"canary\u0000-app-\u001bsecret"}`, reason: claim.ReasonRefused, words: "invalid_grant (•••)"},
		{name: "an error that is the secret", status: 400, kind: asJSON, body: `{"error":"` + canarySecret + `"}`, reason: claim.ReasonRefused, words: "refused: •••"},
		{name: "a refusal that echoes all in plain text", status: 418, kind: "text/html", body: canarySecret + canaryCode + canaryVerifier, reason: claim.ReasonRefused, words: "answered 418", oauth1: true},
		{name: "wrong keys", status: 401, kind: asJSON, body: `{"error":"invalid_client"}`, reason: claim.ReasonKeys, words: "invalid_client"},
		{name: "wrong keys with a success", status: 200, kind: asJSON, body: `{"error":"incorrect_client_credentials"}`, reason: claim.ReasonKeys, words: "incorrect_client_credentials"},
		{name: "too much asked", status: 429, kind: asJSON, body: `{}`, reason: claim.ReasonRate, words: "rate limit: wait 1m0s", oauth1: true},
		{name: "ruins", status: 502, kind: asHTML, body: "<html>" + canarySecret, reason: claim.ReasonTrouble, words: "songs: songs.example answered 502 Bad Gateway", oauth1: true},
	} {
		shapes := []connectors.Info{oauth2Info()}
		if row.oauth1 {
			shapes = append(shapes, oauth1Info())
		}
		for _, info := range shapes {
			t.Run(row.name+" by "+string(info.Auth), func(t *testing.T) {
				b := newBench(info)
				c := b.begin(t, 1, "browser")
				b.net.answer = says(row.status, row.kind, row.body)
				got, err := b.Finish(t.Context(), claim.Answered(c))
				checkOutside(t, err, row.reason, row.words)
				if got != (claim.Granted{}) {
					t.Errorf("granted %+v", got)
				}
			})
		}
	}
}

func TestNoHostileRequestTokenIsBelieved(t *testing.T) {
	for _, row := range []struct {
		name   string
		status int
		body   string
		reason string
		words  string
	}{
		{"not confirmed", 200, "oauth_token=a&oauth_token_secret=b", claim.ReasonAnswer, "sent no token"},
		{"no secret", 200, "oauth_token=a&oauth_callback_confirmed=true", claim.ReasonAnswer, "sent no token"},
		{"a token with a new line", 200, "oauth_token=a%0Ab&oauth_token_secret=b&oauth_callback_confirmed=true", claim.ReasonAnswer, "cannot be used"},
		{"a token of more than 2 KiB", 200, "oauth_token=" + strings.Repeat("a", 2<<10+1) + "&oauth_token_secret=b&oauth_callback_confirmed=true", claim.ReasonAnswer, "cannot be used"},
		{"wrong keys", 401, "oauth_problem=consumer_key_rejected", claim.ReasonKeys, "consumer_key_rejected"},
		{"wrong keys in other words", 401, "Could not authenticate " + canarySecret, claim.ReasonKeys, "answered 401 Unauthorized"},
		{"ruins", 503, "", claim.ReasonTrouble, "answered 503"},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newBench(oauth1Info())
			b.net.info.OAuth1.RequestURL = "https://songs.example/other"
			b.net.answer = says(row.status, asForm, row.body)
			begun, err := b.Begin(t.Context(), claim.Asked{Account: 1, Browser: "browser", Network: "songs", Purpose: claim.Linking})
			checkOutside(t, err, row.reason, row.words)
			if begun != (claim.Begun{}) || len(b.store.attempts) != 0 {
				t.Errorf("begun %+v", begun)
			}
		})
	}
}
