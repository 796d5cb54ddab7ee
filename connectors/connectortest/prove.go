package connectortest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"flattery"
	"flattery/connectors"
)

// Writer is a Network whose person has a public profile to write in.
type Writer interface {
	Network
	// Write changes what the profile says, and its page of the person's own. A network without such a field ignores the page.
	Write(text, page string)
}

const (
	proof  = "flattery-k7rm2pq9xyzabcdefghj"
	own    = "https://example.org/me"
	nobody = "nobody"
	canary = "canary-of-a-person"
)

// Prove checks every promise of a connectors.Prover. The session of the harness is the public way, and its Handle is whom the
// identity of that session is of; Network gives Writers.
func Prove(t *testing.T, h Harness) {
	for _, p := range proofs {
		t.Run(p.name, func(t *testing.T) {
			w := newWorld(t, h)
			w.session.Token, w.session.Now = flattery.Token{}, w.now
			p.check(w)
		})
	}
}

// shown is what one call of Prove brought.
type shown struct {
	connectors.Showing
	who flattery.Profile
	err error
}

// prove asks, and checks what may be relied on whatever the network sent.
func (w *world) prove(handle string) shown {
	w.Helper()
	return w.proveIn(w.Context(), handle)
}

func (w *world) proveIn(ctx context.Context, handle string) (got shown) {
	w.Helper()
	prover, ok := w.connector.(connectors.Prover)
	if !ok {
		w.Fatal("the connector is no Prover")
	}
	w.mu.Lock()
	w.requests = 0
	w.mu.Unlock()
	got.who, got.Showing, got.err = prover.Prove(ctx, w.session, handle)
	w.checkShown(got)
	return got
}

func (w *world) checkShown(got shown) {
	w.Helper()
	info, size := w.connector.Info(), 0
	for _, text := range got.Texts {
		size = max(size, len(text))
		if !utf8.ValidString(text) {
			w.Errorf("a text that is no UTF-8: %.80q", text)
		}
	}
	if len(got.Texts) > connectors.MaxTexts || size > connectors.MaxText || len(got.Links) > connectors.MaxLinks || len(got.Pages) > connectors.MaxLinks {
		w.Errorf("too much is shown: %d texts of up to %d bytes, %d links, %d pages", len(got.Texts), size, len(got.Links), len(got.Pages))
	}
	for _, address := range slices.Concat(got.Links, got.Pages) {
		if address == "" || connectors.WebURL(address) != address {
			w.Errorf("no address of a page: %.80q", address)
		}
	}
	if got.Cost < 0 || info.Price.Currency == "" && got.Cost != 0 {
		w.Errorf("it cost %v", got.Cost)
	}
	if got.err != nil {
		w.wantLine(got.err)
		if got.who != (flattery.Profile{}) || len(got.Texts)+len(got.Links)+len(got.Pages) > 0 {
			w.Errorf("something is shown beside the error %v: %+v", got.err, got)
		}
		return
	}
	if who := got.who; who.Subject == "" || who.Subject[0] == '-' || who.Provisional() || who.Network != info.Network || who.Host != info.Host {
		w.Errorf("a profile without a key: %+v", who)
	}
	for _, s := range []string{got.who.Subject, got.who.Handle, got.who.Name} {
		if s != connectors.Clean(s, connectors.MaxName) {
			w.Errorf("text that is not clean: %.80q", s)
		}
	}
	if got.who.URL != "" && !slices.Contains(got.Pages, got.who.URL) {
		w.Errorf("the page %s is not among %q", got.who.URL, got.Pages)
	}
}

func (w *world) write(text, page string) {
	w.Helper()
	writer, ok := w.net.(Writer)
	if !ok {
		w.Fatal("nobody can write on the fake network: Network must give a Writer")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	writer.Write(text, page)
}

// serving says what may answer from now on. What was begun before is ended first.
func (w *world) serving(before func(int, http.ResponseWriter, *http.Request) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.before = before
}

// asked is how many requests there were since the last proof began.
func (w *world) asked() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.requests
}

// proofs are what a Prover promises.
var proofs = []promise{
	{"what is written in a profile is shown, with an id that stays", func(w *world) {
		for _, text := range []string{proof, "Photos & more.\n" + proof, "<b>" + proof + "</b>"} {
			w.write(text, own)
			got := w.prove(w.h.Handle)
			if got.err != nil || got.who.Identity != w.session.Identity.Identity || !got.Has(proof) || got.LinksTo(own) == w.h.Linkless || len(got.Pages) == 0 {
				w.Fatalf("%q: %+v", text, got)
			}
			if (got.Cost > 0) != (w.connector.Info().Price.Currency != "") {
				w.Errorf("it cost %v", got.Cost)
			}
		}
	}},
	{"what is not written, or not any more, is not shown", func(w *world) {
		w.write(proof, own)
		w.prove(w.h.Handle)
		for _, text := range []string{"", "Photos.", proof + "k", proof[:20], "my page: " + own} {
			w.write(text, "")
			if got := w.prove(w.h.Handle); got.err != nil || got.Has(proof) || len(got.Links) > 0 {
				w.Errorf("%q: %+v", text, got)
			}
		}
	}},
	{"a page that is no address is not shown", func(w *world) {
		for _, page := range []string{"javascript:alert(1)", "https://me:secret@example.org/", "mailto:me@example.org", "https://", "x y", "\x00", "http://[::1"} {
			w.write("", page)
			if got := w.prove(w.h.Handle); got.err != nil || len(got.Links) > 0 {
				w.Errorf("%q: %+v", page, got)
			}
		}
	}},
	{"a handle that nobody has is gone", func(w *world) {
		w.write(proof, own)
		if got := w.prove(nobody); !errors.Is(got.err, connectors.ErrGone) || w.asked() == 0 {
			w.Errorf("%+v after %d requests", got, w.asked())
		}
	}},
	{"what is no handle is no request for something else", func(w *world) {
		w.write(proof, own)
		for _, handle := range []string{"", " ", ".", "..", "\x00", "../" + w.h.Handle, w.h.Handle + "/../x", w.h.Handle + "?x=1", w.h.Handle + "#x", w.h.Handle + "%2F", strings.Repeat("a", 3000), "é\u202e"} {
			if got := w.prove(handle); got.err == nil {
				w.Errorf("%.40q is taken for a handle: %+v", handle, got.who)
			}
		}
	}},
	{"the token of a person is not used", func(w *world) {
		w.write(proof, own)
		w.session.Token = flattery.Token{Access: canary, Secret: canary, Refresh: canary}
		w.serving(func(_ int, _ http.ResponseWriter, r *http.Request) bool {
			if said := fmt.Sprint(r.URL, r.Header); strings.Contains(said, canary) || strings.Contains(said, "oauth_token") {
				w.Errorf("it goes along: %s", said)
			}
			return false
		})
		if got := w.prove(w.h.Handle); got.err != nil || !got.Has(proof) {
			w.Errorf("%+v", got)
		}
	}},
	{"a refusal has its fate", func(w *world) {
		w.write(proof, own)
		for _, f := range fates {
			w.serving(func(_ int, rw http.ResponseWriter, _ *http.Request) bool {
				for k, v := range f.header {
					rw.Header().Set(k, v)
				}
				rw.Header().Set("Content-Type", "application/json")
				rw.WriteHeader(f.status)
				fmt.Fprint(rw, `{"message":"no"}`)
				return true
			})
			if got := w.prove(w.h.Handle); got.err == nil || !f.is(got.err) || errors.Is(got.err, connectors.ErrUnauthorized) {
				w.Errorf("%d %v: wrong fate: %T %v", f.status, f.header, got.err, got.err)
			}
		}
	}},
	{"a bad answer is one clear line", func(w *world) {
		w.write(proof, own)
		bomb()
		for _, bad := range badAnswers {
			w.serving(func(_ int, rw http.ResponseWriter, r *http.Request) bool { bad.serve(w, rw, r); return true })
			// Half of an answer that only leads on is as good as a whole one.
			if got := w.prove(w.h.Handle); got.err == nil && bad.name != "half an answer" || got.err != nil && !bad.cut && !isAnswer(got.err) {
				w.Errorf("%s: %+v", bad.name, got)
			}
		}
		w.serving(nil)
		if got := w.prove(w.h.Handle); got.err != nil || !got.Has(proof) {
			w.Errorf("after them: %+v", got)
		}
	}},
	{"nothing is asked of another host", func(w *world) {
		if w.session.App == (flattery.App{}) && w.session.AppToken == "" {
			return // nothing to keep
		}
		w.write(proof, own)
		other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { w.Error("the other host was asked") }))
		defer other.Close()
		w.serving(func(_ int, rw http.ResponseWriter, r *http.Request) bool {
			http.Redirect(rw, r, other.URL+r.URL.Path, http.StatusTemporaryRedirect)
			return true
		})
		if got := w.prove(w.h.Handle); !isAnswer(got.err) {
			w.Errorf("%+v", got)
		}
	}},
	{"a context that ends, ends it, at any request", func(w *world) {
		w.write(proof, own)
		for n, more := 1, true; more; n++ {
			ctx, cancel := context.WithCancel(w.Context())
			w.serving(func(k int, _ http.ResponseWriter, r *http.Request) bool {
				if k != n {
					return false
				}
				cancel()
				<-r.Context().Done()
				return true
			})
			got := w.proveIn(ctx, w.h.Handle)
			cancel()
			if more = w.asked() >= n; more && (!errors.Is(got.err, context.Canceled) || w.asked() > n) {
				w.Errorf("at request %d of %d: %v", n, w.asked(), got.err)
			}
		}
	}},
	{"answers that mean harm do none, at any request", func(w *world) {
		w.write(proof, own)
		var samples [][]byte
		w.serving(func(_ int, rw http.ResponseWriter, r *http.Request) bool {
			good := w.record(r)
			samples = append(samples, good.Body.Bytes())
			replay(rw, good, good.Body.Bytes())
			return true
		})
		w.prove(w.h.Handle)
		s := &survivor{world: w}
		of := func(samples ...[]byte) []attack {
			return slices.Concat(fromTree(samples), fromBody(samples[len(samples)-1]), fromStatus())
		}
		for _, a := range slices.Concat(of(samples...), fromHeaders(), onTheWire()) {
			s.meet(a, 0) // at all of them
		}
		for n, sample := range samples {
			for _, a := range of(sample) {
				s.meet(a, n+1)
			}
		}
		w.serving(nil)
		if got := w.prove(w.h.Handle); got.err != nil || !got.Has(proof) || s.served < 500 {
			w.Errorf("after %d of them: %+v", s.served, got)
		}
		w.Logf("%d hostile answers to %d requests, peak heap %d KiB", s.served, len(samples), s.peak>>10)
	}},
}

// meet proves once under an attack at the nth request, 0 for all.
func (s *survivor) meet(a attack, n int) {
	s.Helper()
	s.serving(func(k int, rw http.ResponseWriter, r *http.Request) bool {
		if n != 0 && k != n {
			return false
		}
		s.served++
		s.measure()
		a.serve(rw, r, s.record(r))
		return true
	})
	got := s.prove(s.h.Handle)
	if a.refused && n == 0 && got.err == nil || s.asked() > 20 {
		s.Errorf("%d requests, shown %+v", s.asked(), got)
	}
	if s.Failed() {
		s.Fatalf("%s, at request %d: error %v", a.name, n, got.err)
	}
}
