package discover

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"flattery"
	"flattery/connectors"
)

var now = time.Date(2026, 10, 14, 12, 0, 0, 0, time.UTC)

// site is a network and the web around it: pages by path, and what was asked.
type site struct {
	*httptest.Server
	pages map[string]string // "" with a leading "→": leads there
	mu    sync.Mutex
	asked []string
	same  int // answers that nothing has changed
}

func newSite(t *testing.T, pages map[string]string) *site {
	s := &site{pages: pages}
	s.Server = httptest.NewTLSServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, r.URL.Path)
	text, there := s.pages[r.URL.Path]
	to, leads := strings.CutPrefix(text, "→")
	etag := fmt.Sprintf(`"%d"`, len(text))
	switch {
	case !there:
		http.NotFound(w, r)
	case leads:
		http.Redirect(w, r, strings.ReplaceAll(to, "SITE", s.URL), http.StatusFound)
	case text == "wait":
		w.Header().Set("Retry-After", "60")
		w.WriteHeader(http.StatusTooManyRequests)
	case text == "bad":
		w.WriteHeader(http.StatusBadRequest)
	case text == "broken":
		w.WriteHeader(http.StatusBadGateway)
	case r.Header.Get("If-None-Match") == etag:
		s.same++
		w.WriteHeader(http.StatusNotModified)
	default:
		if strings.HasSuffix(r.URL.Path, ".html") {
			w.Header().Set("Content-Type", "text/html")
		}
		w.Header().Set("ETag", etag)
		fmt.Fprint(w, strings.ReplaceAll(text, "SITE", s.URL))
	}
}

// fake is a network with files: cat's things are at SITE/cat/….
type fake struct {
	*site
	links  []string
	holder map[string]string // by where files stand; none: cat
	forks  map[string]bool
}

func cat() flattery.Profile {
	return flattery.Profile{Identity: flattery.Identity{Network: "github", Host: "github.com", Subject: "1"}, Handle: "cat", URL: "https://github.com/cat"}
}

func (f *fake) Info() connectors.Info { return connectors.Info{Network: "github", Host: "github.com"} }
func (f *fake) Identify(context.Context, connectors.Session) (flattery.Profile, error) {
	return cat(), nil
}
func (f *fake) Likes(context.Context, connectors.Session, flattery.Cursor) iter.Seq2[connectors.Page, error] {
	return func(func(connectors.Page, error) bool) {}
}
func (f *fake) Prove(context.Context, connectors.Session, string) (flattery.Profile, connectors.Showing, error) {
	return cat(), connectors.Showing{Links: f.links, Pages: []string{"https://github.com/cat"}}, nil
}

func (f *fake) FundingFiles(_ flattery.Profile, things []flattery.Thing) (all []connectors.FundingFile) {
	for _, th := range things {
		for _, name := range []string{"/.github/FUNDING.yml", "/FUNDING.yml"} {
			all = append(all, connectors.FundingFile{URL: f.URL + "/" + th.Title + name, Form: connectors.FormFunding, Within: th.Title, Group: th.Title + " funding"})
		}
	}
	all = append(all, connectors.FundingFile{URL: f.URL + "/cat/.github/FUNDING.yml", Form: connectors.FormFunding, Within: "cat/.github", Default: true, Group: "default"})
	for _, th := range things {
		page := "https://github.com/" + th.Title
		all = append(all, connectors.FundingFile{URL: f.URL + "/" + th.Title + "/funding.json", Form: connectors.FormManifest, Within: th.Title, Page: page, Group: th.Title + " manifest"},
			connectors.FundingFile{URL: f.URL + "/" + th.Title + "/urls", Form: connectors.FormManifests, Within: th.Title, Page: page, Group: th.Title + " urls"},
			connectors.FundingFile{URL: f.URL + "/" + th.Title + "/package.json", Form: connectors.FormPackage, Within: th.Title, Page: page, Group: th.Title + " package"})
	}
	return all
}

func (f *fake) Holder(_ context.Context, _ connectors.Session, within string) (flattery.Profile, bool, error) {
	who := cat()
	switch f.holder[within] {
	case "":
	case "nobody":
		return who, false, connectors.ErrGone
	case "wait":
		return who, false, &connectors.RateLimitError{RetryAfter: time.Minute}
	default:
		who.Subject = "2"
	}
	return who, f.forks[within], nil
}

func (f *fake) finder() *Finder {
	one := &Finder{Networks: connectors.Set{f}, Client: f.Client(), Now: func() time.Time { return now }, Liberapay: f.URL,
		App: func(context.Context, string) (flattery.App, error) { return flattery.App{}, nil }}
	one.Read = func(ctx context.Context, _, handle string) (flattery.Profile, connectors.Showing, error) {
		return f.Prove(ctx, connectors.Session{}, handle)
	}
	return one
}

// spelled writes places in one line each, "+" before those that are verified.
func spelled(p flattery.Payable) string {
	var all []string
	for _, one := range p.Places {
		sign := "-"
		if one.Verified {
			sign = "+"
		}
		all = append(all, fmt.Sprintf("%s%s %s %s", sign, one.Source, one.Destination, one.Reason))
	}
	return strings.Join(all, "; ")
}

const manifest = `{"version":"v1.0.0","entity":{"name":"Cat","webpageUrl":{"url":"https://github.com/cat/tool"}},"funding":{"channels":[{"guid":"a","address":"https://cat.example.org/pay"}]}}`

func TestWhatAnAuthorPublishesIsFoundAndJudged(t *testing.T) {
	for name, v := range map[string]struct {
		pages  map[string]string
		links  []string
		holder map[string]string
		forks  map[string]bool
		want   string
		fails  bool
		fresh  time.Duration
	}{
		"nothing": {fresh: freshNothing},
		"a file beside the thing": {pages: map[string]string{"/cat/tool/FUNDING.yml": "ko_fi: cat"},
			want: "+FUNDING.yml https://ko-fi.com/cat owner", fresh: freshFound},
		"of two files the first": {pages: map[string]string{"/cat/tool/.github/FUNDING.yml": "ko_fi: one", "/cat/tool/FUNDING.yml": "ko_fi: two"},
			want: "+FUNDING.yml https://ko-fi.com/one owner", fresh: freshFound},
		"an owner's default comes after": {pages: map[string]string{"/cat/.github/FUNDING.yml": "github: cat", "/cat/tool/FUNDING.yml": "ko_fi: cat"},
			want: "+FUNDING.yml https://ko-fi.com/cat owner; +default https://github.com/sponsors/cat owner", fresh: freshFound},
		"a page for people is no file": {pages: map[string]string{"/cat/tool/FUNDING.yml": "<!DOCTYPE html>\nko_fi: cat"}, fresh: freshNothing},
		"a fork says what somebody else wrote": {pages: map[string]string{"/cat/tool/FUNDING.yml": "ko_fi: dog", "/cat/.github/FUNDING.yml": "ko_fi: cat"}, forks: map[string]bool{"cat/tool": true},
			want: "+default https://ko-fi.com/cat owner; -FUNDING.yml https://ko-fi.com/dog fork", fresh: freshFound},
		"a thing that was given away": {pages: map[string]string{"/cat/tool/FUNDING.yml": "ko_fi: dog"}, holder: map[string]string{"cat/tool": "dog"},
			want: "-FUNDING.yml https://ko-fi.com/dog others", fresh: freshNothing},
		"a thing that is gone": {pages: map[string]string{"/cat/tool/FUNDING.yml": "ko_fi: dog"}, holder: map[string]string{"cat/tool": "nobody"},
			want: "-FUNDING.yml https://ko-fi.com/dog others", fresh: freshNothing},
		"whose it is cannot be asked": {pages: map[string]string{"/cat/tool/FUNDING.yml": "ko_fi: cat"}, holder: map[string]string{"cat/tool": "wait"},
			want: "-FUNDING.yml https://ko-fi.com/cat unproved", fails: true, fresh: freshTrouble},
		"a manifest beside the thing": {pages: map[string]string{"/cat/tool/funding.json": manifest},
			want: "+funding.json https://cat.example.org/pay owner", fresh: freshFound},
		"a manifest of another schema": {pages: map[string]string{"/cat/tool/funding.json": `{"drips":{}}`}, fresh: freshNothing},
		"a manifest that is listed": {pages: map[string]string{"/cat/tool/urls": "SITE/far/funding.json", "/far/funding.json": manifest},
			want: "+funding.json https://cat.example.org/pay well-known", fresh: freshFound},
		"a manifest that a stranger lists": {pages: map[string]string{"/cat/tool/urls": "SITE/far/funding.json", "/far/funding.json": manifest}, holder: map[string]string{"cat/tool": "dog"},
			want: "-funding.json https://cat.example.org/pay others", fresh: freshNothing},
		"a package": {pages: map[string]string{"/cat/tool/package.json": `{"funding":"https://example.org/pay"}`},
			want: "+package https://example.org/pay owner", fresh: freshFound},
		"Liberapay leads on": {pages: map[string]string{"/on/github/cat/public.json": "→SITE/Cat.name/public.json"},
			want: "+liberapay https://liberapay.com/Cat.name network", fresh: freshFound},
		"Liberapay leads elsewhere": {pages: map[string]string{"/on/github/cat/public.json": "→https://evil.example.org/cat/public.json"}, fresh: freshNothing},
		"Liberapay answers itself":  {pages: map[string]string{"/on/github/cat/public.json": `{"username":"cat"}`}, fresh: freshNothing},
		"a page of one's own": {links: []string{"/me.html"}, pages: map[string]string{"/me.html": `<a rel=me href="https://github.com/Cat"><a rel=payment href="https://example.org/pay">`},
			want: "+page https://example.org/pay rel-me", fresh: freshFound},
		"a page that does not link back": {links: []string{"/me.html"}, pages: map[string]string{"/me.html": `<a rel=me href="https://github.com/dog"><a rel=payment href="https://example.org/pay">`},
			want: "-page https://example.org/pay untied", fresh: freshNothing},
		"a manifest of one's own site": {links: []string{"/me.html"}, pages: map[string]string{"/funding.json": manifest},
			want: "+funding.json https://cat.example.org/pay site", fresh: freshFound},
		"a manifest of another's site": {links: []string{"/me.html"}, pages: map[string]string{"/funding.json": strings.ReplaceAll(manifest, "/cat/", "/catdog/")},
			want: "-funding.json https://cat.example.org/pay untied", fresh: freshNothing},
		"a file that is led on to another site": {pages: map[string]string{"/cat/tool/FUNDING.yml": "→https://localhost:1/x"}, fails: true, fresh: freshTrouble},
		"a file that is too long":               {pages: map[string]string{"/cat/tool/FUNDING.yml": "ko_fi: cat\n#" + strings.Repeat("x", maxText)}, fresh: freshNothing},
		"one that breaks does not hide the rest": {pages: map[string]string{"/cat/tool/.github/FUNDING.yml": "broken", "/cat/.github/FUNDING.yml": "ko_fi: cat"},
			want: "+default https://ko-fi.com/cat owner", fails: true, fresh: freshTrouble},
		"the nearest first, what is not verified last": {links: []string{"/me.html"}, forks: map[string]bool{"cat/tool": true}, pages: map[string]string{
			"/me.html": `<a rel=me href="https://github.com/cat"><a rel=payment href="https://example.org/a">`, "/cat/tool/FUNDING.yml": "ko_fi: dog", "/on/github/cat/public.json": "→/cat/public.json"},
			want: "+liberapay https://liberapay.com/cat network; +page https://example.org/a rel-me; -FUNDING.yml https://ko-fi.com/dog fork", fresh: freshFound},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fake{site: newSite(t, v.pages), holder: v.holder, forks: v.forks}
			for _, l := range v.links {
				f.links = append(f.links, f.URL+l)
			}
			got, err := f.finder().Find(t.Context(), Author{Profile: cat(), Things: []flattery.Thing{{Title: "cat/tool"}}})
			if spelled(got) != v.want || (err != nil) != v.fails || got.Expires.Sub(now) != v.fresh || !got.LookedAt.Equal(now) {
				t.Errorf("got  %s, for %v, %v\nwant %s, for %v", spelled(got), got.Expires.Sub(now), err, v.want, v.fresh)
			}
		})
	}
}

func TestWhatNobodyCanBePaidAtIsNoPlace(t *testing.T) {
	f := &fake{site: newSite(t, map[string]string{"/cat/tool/FUNDING.yml": "custom: ['payto://iban/DE00', 'https://example.org']"})}
	finder := f.finder()
	finder.Canon = func(d flattery.Destination) (flattery.Destination, error) {
		if strings.HasPrefix(string(d), "payto") {
			return "", errors.New("the check digits are wrong")
		}
		return d + "/", nil
	}
	got, err := finder.Find(t.Context(), Author{Profile: cat(), Things: []flattery.Thing{{Title: "cat/tool"}}})
	if err != nil || spelled(got) != "+FUNDING.yml https://example.org/ owner" {
		t.Errorf("%s, %v", spelled(got), err)
	}
}

func TestNobodyIsAskedForWhoIsNotKnown(t *testing.T) {
	f := &fake{site: newSite(t, nil)}
	for _, subject := range []string{"@cat", "~thing"} {
		who := cat()
		who.Subject = subject
		if got, err := f.finder().Find(t.Context(), Author{Profile: who}); err != nil || len(got.Places) > 0 || len(f.asked) > 0 {
			t.Errorf("%s: %v %v, asked %q", subject, got, err, f.asked)
		}
	}
}

func TestWhatHasNotChangedIsNotReadAgain(t *testing.T) {
	f := &fake{site: newSite(t, map[string]string{"/cat/tool/FUNDING.yml": "ko_fi: cat\npatreon: cat", "/cat/tool/funding.json": manifest})}
	a := Author{Profile: cat(), Things: []flattery.Thing{{Title: "cat/tool"}}}
	first, err := f.finder().Find(t.Context(), a)
	if err != nil || len(first.Places) != 3 {
		t.Fatalf("%s, %v", spelled(first), err)
	}
	a.Known = first.Places
	again, err := f.finder().Find(t.Context(), a)
	if err != nil || spelled(again) != spelled(first) || f.same != 2 {
		t.Errorf("%s, %v; %d answers were that nothing has changed", spelled(again), err, f.same)
	}
	f.pages["/cat/tool/FUNDING.yml"] = "ko_fi: kitten"
	if again, err = f.finder().Find(t.Context(), a); err != nil || !strings.HasPrefix(spelled(again), "+FUNDING.yml https://ko-fi.com/kitten") {
		t.Errorf("%s, %v", spelled(again), err)
	}
}

func TestAHostThatAsksToWaitIsLeftAlone(t *testing.T) {
	f := &fake{site: newSite(t, map[string]string{"/cat/tool/.github/FUNDING.yml": "wait"})}
	finder := f.finder()
	finder.Read, finder.Liberapay = nil, ""
	for range 3 {
		_, err := finder.Find(t.Context(), Author{Profile: cat(), Things: []flattery.Thing{{Title: "cat/tool"}}})
		if limit, ok := errors.AsType[*connectors.RateLimitError](err); !ok || limit.RetryAfter != time.Minute {
			t.Errorf("%v", err)
		}
	}
	if len(f.asked) != 1 {
		t.Errorf("asked %q", f.asked)
	}
}

func TestWhatTheNetworkShowsNeedsNoFile(t *testing.T) {
	f := &fake{site: newSite(t, map[string]string{"/cat/tool/FUNDING.yml": "ko_fi: dog"})}
	finder := f.finder()
	a := Author{Profile: cat(), Things: []flattery.Thing{{Title: "cat/tool"}}, Shown: []connectors.Funding{{Holder: cat(), Listed: "https://github.com/sponsors/cat", Links: []string{"https://ko-fi.com/cat", "nonsense"}}}}
	got, err := finder.Find(t.Context(), a)
	if err != nil || spelled(got) != "+network https://github.com/sponsors/cat network; +FUNDING.yml https://ko-fi.com/cat owner" {
		t.Errorf("%s, %v", spelled(got), err)
	}
	a.Shown[0].Holder.Subject = "2"
	if got, err = finder.Find(t.Context(), a); err != nil || spelled(got) != "-FUNDING.yml https://ko-fi.com/cat others" {
		t.Errorf("%s, %v", spelled(got), err)
	}
}

// What stands beside several things is all read; whose these are, and which pages the profile names, is not asked again.
func TestWhatTheNetworkShowsIsNotAskedForAgain(t *testing.T) {
	f := &fake{holder: map[string]string{"cat/tool": "wait", "cat/fork": "wait"}}
	f.site = newSite(t, map[string]string{"/cat/tool/package.json": `{"funding":"https://liberapay.com/cat"}`, "/cat/fork/package.json": `{"funding":"https://liberapay.com/dog"}`,
		"/me.html": `<a rel="me" href="https://github.com/cat">me</a><a rel="payment" href="https://buymeacoffee.com/cat">pay</a>`})
	finder := f.finder()
	finder.Liberapay, finder.Read = "", func(context.Context, string, string) (flattery.Profile, connectors.Showing, error) {
		t.Error("the profile was asked for")
		return flattery.Profile{}, connectors.Showing{}, nil
	}
	shows := &connectors.Showing{Links: []string{f.URL + "/me.html"}, Pages: []string{"https://github.com/cat"}}
	a := Author{Profile: cat(), Things: []flattery.Thing{{Title: "cat/tool"}, {Title: "cat/fork"}, {Title: "cat/lib"}, {Title: "cat/more"}}, Shown: []connectors.Funding{
		{Holder: cat(), Shows: shows}, {Holder: cat(), Copied: true, Links: []string{"https://ko-fi.com/dog"}, Shows: shows}, {Holder: cat(), Links: []string{"https://ko-fi.com/cat"}},
		{Holder: cat(), Links: []string{"https://ko-fi.com/more"}}}} // of which there are enough
	got, err := finder.Find(t.Context(), a)
	want := "+FUNDING.yml https://ko-fi.com/cat owner; +page https://buymeacoffee.com/cat rel-me; +package https://liberapay.com/cat owner; " +
		"-FUNDING.yml https://ko-fi.com/dog fork; -package https://liberapay.com/dog fork"
	if err != nil || spelled(got) != want {
		t.Errorf("%s, %v\nwant %s", spelled(got), err, want)
	}
	// A profile that is somebody else's says nothing of the author.
	a.Things, a.Shown = a.Things[:1], a.Shown[:1]
	a.Shown[0].Holder.Subject, finder.Read = "2", nil
	if got, err = finder.Find(t.Context(), a); err != nil || strings.Contains(spelled(got), "buymeacoffee") || strings.Contains(spelled(got), "+") {
		t.Errorf("%s, %v", spelled(got), err)
	}
}

// private are addresses that anybody may write into a profile, a list or a file, and none of which may be connected to.
func private() (all []string) {
	hosts := []string{
		"127.0.0.1", "127.1.2.3", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.254", "192.168.0.1", "192.168.255.255",
		"169.254.169.254", "169.254.0.1", "100.64.0.1", "100.127.255.254", "192.0.0.1", "192.0.0.192", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250",
		"240.0.0.1", "255.255.255.255", "[::1]", "[::]", "[fe80::1]", "[fe80::1%25lo]", "[fc00::1]", "[fd00:ec2::254]", "[ff02::1]", "[fec0::1]",
		"[::ffff:127.0.0.1]", "[::ffff:10.0.0.1]", "[::ffff:a9fe:a9fe]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::1]",
		"[2001:db8::1]", "[2002:7f00:1::]", "[2002:a00:1::]", "[100::1]", "[2001::1]", "[2001:10::1]", "localhost", "127.1", "0x7f.1", "0x7f000001", "2130706433", "017700000001", "0",
	}
	for _, h := range hosts {
		all = append(all, "https://"+h+"/", "http://"+h+"/", "https://"+h+":22/")
	}
	return append(all, "https://localhost.:443/", "ftp://127.0.0.1/", "file:///etc/passwd", "gopher://127.0.0.1/", "https://user@127.0.0.1/", "//127.0.0.1/", "https://127.0.0.1#@example.org/")
}

// hostOf is the host of an address as it is written.
func hostOf(address string) string {
	_, rest, _ := strings.Cut(address, "//")
	host, _, _ := strings.Cut(rest, "/")
	return host
}

// Wherever an address stands that a stranger wrote, nothing inside of a house is connected to.
func TestNothingPrivateIsConnectedTo(t *testing.T) {
	vectors := private()
	if len(vectors) < 150 {
		t.Fatalf("%d vectors", len(vectors))
	}
	var connects, asks atomic.Int32
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
		ConnectDone: func(_, _ string, err error) {
			if err == nil {
				connects.Add(1)
			}
		},
		GotConn: func(httptrace.GotConnInfo) { connects.Add(1) },
	})
	// Something would answer there.
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	vectors = append(vectors, "https://"+listener.Addr().String()+"/", "http://"+listener.Addr().String()+"/")
	f := &fake{site: newSite(t, nil)}
	finder := f.finder()
	finder.Client = connectors.NewClient(connectors.ClientOptions{})
	finder.Liberapay = ""
	for _, v := range vectors {
		f.links = []string{v}
		if got, err := finder.fetch(ctx, v, "", maxText); err == nil {
			t.Errorf("%s answered %+v", v, got)
		}
		list := search{Finder: finder, Author: Author{Profile: cat()}, holders: map[string]flattery.PlaceReason{}}
		list.manifests(ctx, f, connectors.FundingFile{}, []byte(v+"funding.json\n"))
		list.ownPage(ctx, v, []string{"https://github.com/cat"})
		list.ownManifest(ctx, v, []string{"https://github.com/cat"})
		finder.Liberapay = strings.TrimSuffix(v, "/")
		list.liberapay(ctx)
		finder.Liberapay = ""
		finder.Bluesky = strings.TrimSuffix(v, "/")
		for network, subject := range map[string]string{mastodon: "1", bluesky: "did:plc:cat"} {
			list.Author = Author{Profile: flattery.Profile{Identity: flattery.Identity{Network: network, Host: hostOf(v), Subject: subject}, Handle: "cat"}}
			list.said(ctx)
		}
		asks.Add(7)
		if len(list.found) > 0 {
			t.Errorf("%s: %v", v, list.found)
		}
		// As a destination it is none either.
		if to := destination(v); strings.HasPrefix(string(to), "https://") && !strings.Contains(v, "#") {
			t.Errorf("%s is a destination: %s", v, to)
		}
	}
	if connects.Load() > 0 || len(f.asked) > 0 {
		t.Errorf("%d connects, %q", connects.Load(), f.asked)
	}
	t.Logf("%d vectors at 7 places each: %d connects", len(vectors), connects.Load())
}
