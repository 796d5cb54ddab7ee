package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strings"
	"testing"

	"flattery"
	"flattery/connectors"
	"flattery/internal/claim"
	"flattery/internal/claim/claimtest"
	"flattery/internal/sandbox"
	"flattery/internal/web"
	"flattery/store/tables"
)

// begins lets somebody go to a network and come back, and stops before the callback is read: to link, or to enter who is nobody
// here yet.
func (o *opened) begins(t *testing.T, account flattery.AccountID, browser, network, login string) claimtest.Callback {
	t.Helper()
	wish := web.Connecting{Account: account, Browser: browser, Network: network, Purpose: web.Linking}
	if account == 0 {
		wish.Purpose = web.Entering
	}
	to, _, err := gates{o.instance}.Connect(t.Context(), wish)
	if err != nil {
		t.Fatal(err)
	}
	back, err := sandbox.Agree(t.Context(), to, login)
	if err != nil {
		t.Fatal(err)
	}
	c, err := o.enabled.Get(network)
	if err != nil {
		t.Fatal(err)
	}
	return claimtest.Callback{Account: account, Browser: browser, Network: network, Host: c.Info().Host, Query: back.Query()}
}

// Every callback that may not be believed is refused at each network, before anything is asked of it.
func TestNoWrongCallbackIsBelievedAtAnyNetwork(t *testing.T) {
	b := newBench(t, october)
	o := openPages(b)
	ada, _ := o.member("ada", false)
	bob, _ := o.member("bob", false)
	for _, k := range theCard() {
		c, err := o.enabled.Get(k.name)
		if err != nil {
			t.Fatal(err)
		}
		who, other := k.person(b.world, "ada"), k.person(b.world, "bob")
		kind := claimtest.Kind{OAuth1: c.Info().Auth == connectors.AuthOAuth1, Issuer: c.Info().OAuth2.Issuer}
		begin := func(mine, theirs flattery.AccountID) func(*testing.T) (good, others claimtest.Callback) {
			return func(t *testing.T) (good, others claimtest.Callback) {
				return o.begins(t, mine, "browser of ada", k.name, who), o.begins(t, theirs, "browser of bob", k.name, other)
			}
		}
		o.refusesAll(t, k, kind, begin(ada, bob))
		kind.Stranger = true
		o.refusesAll(t, k, kind, begin(0, 0))
	}
}

// refusesAll refuses every wrong callback at a network, each begun anew, without a token request.
func (o *opened) refusesAll(t *testing.T, k card, kind claimtest.Kind, begin func(*testing.T) (good, others claimtest.Callback)) {
	t.Helper()
	rows := claimtest.Negatives(kind)
	t.Logf("%s: %d callbacks, of strangers: %t", k.name, len(rows), kind.Stranger)
	for _, row := range rows {
		t.Run(fmt.Sprintf("%s, %t: %s", k.name, kind.Stranger, row.Name), func(t *testing.T) {
			good, others := begin(t)
			if row.First != nil {
				o.comes(t.Context(), row.First(good.Clone(), others.Clone()))
			}
			before := k.asked(o.world).Count(k.token)
			o.world.Clock.Advance(row.Age)
			if got, err := o.comes(t.Context(), row.Mutate(good.Clone(), others.Clone())); err == nil {
				t.Errorf("believed: %+v", got)
			}
			if n := k.asked(o.world).Count(k.token) - before; n != 0 {
				t.Errorf("%d token requests were sent", n)
			}
		})
	}
}

func (o *opened) comes(ctx context.Context, c claimtest.Callback) (web.Connected, error) {
	return gates{o.instance}.Connected(ctx, c.Account, c.Browser, c.Network, c.Host, c.Query)
}

// What is secret of the keys, tokens and codes of all networks stands in nothing that anybody may see.
func TestNoSecretIsToldAnywhere(t *testing.T) {
	b := newBench(t, october)
	o := openPages(b)
	var log bytes.Buffer
	o.log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	o.poller.Log, o.settler.Log, o.planner.Log = o.log, o.log, o.log
	account, door := o.member("ada", true)
	v := visit(t)
	v.ask("POST", door, nil)
	var secrets []string
	for _, k := range theCard() {
		who := k.person(b.world, "ada")
		n := o.Networks[k.name]
		secrets = append(secrets, string(n.ClientSecret))
		callback := o.begins(t, account, "browser", k.name, who)
		for _, name := range []string{"code", "state", "oauth_verifier"} {
			if s := callback.Query.Get(name); s != "" {
				secrets = append(secrets, s)
			}
		}
		if _, err := o.comes(t.Context(), callback); err != nil {
			t.Fatal(err)
		}
		for _, purpose := range []claim.Purpose{claim.Linking, claim.Claiming} { // a second token, which the first way also stores
			got, err := o.connect(t.Context(), account, k.name, who, purpose)
			if err != nil {
				t.Fatal(err)
			}
			if purpose == claim.Linking {
				err = o.linked(t.Context(), got)
			} else {
				_, err = o.claimed(t.Context(), got)
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range []flattery.Secret{got.Token.Access, got.Token.Secret, got.Token.Refresh} {
				if s != "" {
					secrets = append(secrets, string(s))
				}
			}
		}
	}
	for range 3 {
		o.polls()
	}
	for _, k := range theCard() {
		k.revoke(b.world, secretsOwner(o, k, account, t))
	}
	o.polls()

	told := map[string]string{"the log": log.String(), "goroutines": goroutines(t)}
	for _, path := range []string{"/month", "/links", "/identities", "/slips", "/months"} {
		_, told["page "+path] = v.ask("GET", o.base+path, nil)
	}
	for _, k := range theCard() {
		_, told["network "+k.name] = v.ask("GET", o.base+"/networks/"+k.name, nil)
		_, told["keys "+k.name] = v.ask("GET", o.base+"/networks/"+k.name+"/keys", nil)
		_, told["a wrong callback of "+k.name] = v.ask("GET", o.base+"/oauth/cb/"+k.name+"/127.0.0.1?"+url.Values{"state": {secrets[1]}, "code": {secrets[2]}}.Encode(), nil)
	}
	var dump bytes.Buffer
	if err := o.backupTo(t.Context(), &dump); err != nil {
		t.Fatal(err)
	}
	for name, text := range atRest(t, o.instance) {
		told[name] = text
	}
	whole, err := gzip.NewReader(&dump)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(whole)
	if err != nil {
		t.Fatal(err)
	}
	told["the backup"] = string(text)
	t.Logf("%d secrets, %d places", len(secrets), len(told))
	for place, text := range told {
		if text == "" {
			t.Errorf("%s is empty: nothing is shown by it", place)
		}
		for i, s := range secrets {
			if len(s) < 8 {
				t.Fatalf("secret %d is too short to look for", i)
			}
			if strings.Contains(text, s) {
				t.Errorf("%s tells secret %d", place, i)
			}
		}
	}
}

// secretsOwner is who the account's link of a network is, as the network calls them.
func secretsOwner(o *opened, k card, account flattery.AccountID, t *testing.T) string {
	t.Helper()
	links, err := o.store.Links(t.Context(), account)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range links {
		if l.Identity.Network == k.name && k.name == "flickr" {
			return l.Identity.Subject
		}
	}
	return "ada"
}

func goroutines(t *testing.T) string {
	t.Helper()
	var all bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&all, 2); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(all.String())
}

// atRest is what stands in the database: its files, or all columns of its tables.
func atRest(t *testing.T, in *instance) map[string]string {
	t.Helper()
	all := map[string]string{}
	if !onPostgres() {
		for _, name := range []string{"flattery.db", "flattery.db-wal"} {
			text, err := os.ReadFile(filepath.Join(in.Data, name))
			if err != nil {
				t.Fatal(err)
			}
			all[name] = string(text)
		}
		return all
	}
	for _, column := range tables.Columns() {
		table, name, _ := strings.Cut(column, ".")
		found, err := rows(in.store).DB.Rows(t.Context(), `SELECT `+name+` FROM `+table)
		if err != nil {
			t.Fatal(err)
		}
		for found.Next() {
			var v any
			if err := found.Scan(&v); err != nil {
				t.Fatal(err)
			}
			if b, ok := v.([]byte); ok {
				v = string(b)
			}
			all["the tables"] += fmt.Sprintln(v)
		}
		found.Close()
	}
	return all
}
