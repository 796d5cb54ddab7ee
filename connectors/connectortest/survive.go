package connectortest

import (
	"cmp"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime/metrics"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"flattery"
	"flattery/connectors"
)

// An attack is what a network that means harm serves in place of its good answers.
type attack struct {
	name    string
	refused bool // it must be an error, and no like may come of it
	serve   func(rw http.ResponseWriter, r *http.Request, good *httptest.ResponseRecorder)
}

// Survive runs a connector through answers that mean harm: some hundred made from the good ones of its fake network, and
// those that were written by hand. None may panic, bring a like that is not clean, or one at all when it is refused;
// and after each the link goes on. It says how many there were, and how much memory was in use at most.
func Survive(t *testing.T, h Harness) {
	w := newWorld(t, h)
	w.like(1)
	w.begin()
	w.like(2)
	s := &survivor{world: w, start: w.cursor}
	for _, a := range slices.Concat(fromTree(s.sample()), fromBody(s.sample()[0]), fromStatus(), fromHeaders(), onTheWire(), byHand(t, h)) {
		s.suffer(a)
	}
	t.Logf("%d hostile answers, peak heap %d KiB", s.served, s.peak>>10)
	if s.served < 300 {
		t.Errorf("%d hostile answers are too few", s.served)
	}
	if s.peak > 640<<20 {
		t.Errorf("a peak heap of %d MiB", s.peak>>20)
	}
}

// survivor is a link at the cursor from which every attack begins.
type survivor struct {
	*world
	start  flattery.Cursor
	served int
	peak   uint64
}

// suffer polls once under the attack, and once after it.
func (s *survivor) suffer(a attack) {
	s.Helper()
	s.cursor, s.seen = s.start, map[string]bool{s.h.ID(1): true}
	s.before = func(_ int, rw http.ResponseWriter, r *http.Request) bool {
		s.served++
		s.measure() // before it is served: afterwards the poll goes on
		a.serve(rw, r, s.record(r))
		return true
	}
	p := s.poll(0)
	s.measure()
	if p.err != nil {
		s.wantLine(p.err)
	}
	if a.refused && (p.err == nil || p.told > 0) || isAnswer(p.err) && p.told >= s.requests {
		s.Errorf("%s: %d likes on %d pages of %d answers, error %v", a.name, len(p.likes), p.told, s.requests, p.err)
	}
	if s.requests > 20 {
		s.Errorf("%s: asked %d times", a.name, s.requests)
	}
	for _, l := range p.likes {
		s.checkLike(l)
	}
	if s.Failed() {
		s.Fatalf("%s: error %v", a.name, p.err)
	}
	s.before = nil
	if p := s.poll(0); p.err != nil || !s.seen[s.h.ID(2)] {
		s.Fatalf("%s: the next poll: %q, error %v", a.name, p.news, p.err)
	}
}

func (s *survivor) measure() {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	s.peak = max(s.peak, sample[0].Value.Uint64())
}

// sample is the good answers of one poll, the list first.
func (s *survivor) sample() (all [][]byte) {
	s.cursor = s.start
	s.before = func(_ int, rw http.ResponseWriter, r *http.Request) bool {
		good := s.record(r)
		all = append(all, good.Body.Bytes())
		replay(rw, good, good.Body.Bytes())
		return true
	}
	if p := s.poll(0); p.err != nil || len(all) == 0 {
		s.Fatal(p.err)
	}
	return all
}

// record asks the fake network for its whole answer, without the ETag, which would say that what follows is the same.
func (w *world) record(r *http.Request) *httptest.ResponseRecorder {
	r = r.Clone(r.Context())
	r.Header.Del("If-None-Match")
	rec := httptest.NewRecorder()
	w.net.ServeHTTP(rec, r)
	rec.Header().Del("ETag")
	return rec
}

// replay serves an answer with another body.
func replay(rw http.ResponseWriter, good *httptest.ResponseRecorder, body []byte) {
	for name, values := range good.Header() {
		rw.Header()[name] = values
	}
	rw.WriteHeader(good.Code)
	_, _ = rw.Write(body)
}

// byHand reads the hostile answers that were written by hand. Each is served in place of the list; one whose name begins
// with "refused-" must be an error.
func byHand(t *testing.T, h Harness) (all []attack) {
	files, err := filepath.Glob(filepath.Join(cmp.Or(h.Hostile, filepath.Join("testdata", "hostile")), "*.json"))
	if err != nil || len(files) < 12 {
		t.Fatalf("%d hostile answers by hand, want a dozen; error %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		list := ""
		all = append(all, attack{file, strings.HasPrefix(filepath.Base(file), "refused-"), func(rw http.ResponseWriter, r *http.Request, good *httptest.ResponseRecorder) {
			if list = cmp.Or(list, r.URL.Path); r.URL.Path != list {
				replay(rw, good, good.Body.Bytes())
				return
			}
			body(jsonType, strings.ReplaceAll(string(text), "HERE", "http://"+r.Host))(nil, rw, r)
		}})
	}
	return all
}

// checkLike is what may be relied on in a like, whatever the network sent.
func (w *world) checkLike(l flattery.Like) {
	w.Helper()
	info := w.connector.Info()
	if l.Thing.ID == "" || l.Thing.Network != info.Network || l.Thing.Host != info.Host {
		w.Errorf("a thing without a key: %+v", l.Thing)
	}
	if a := l.Author.Identity; a.Subject == "" || a.Subject[0] == '-' || a.Network != info.Network || a.Host != info.Host {
		w.Errorf("an author without a key: %+v", a)
	}
	for _, s := range []string{l.Thing.ID, l.Thing.Title, l.Author.Subject, l.Author.Handle, l.Author.Name} {
		if s != connectors.Clean(s, connectors.MaxTitle) || utf8.RuneCountInString(s) > connectors.MaxTitle {
			w.Errorf("text that is not clean: %.80q", s)
		}
	}
	for _, s := range []string{l.Thing.URL, l.Author.URL} {
		if u, err := url.Parse(s); err != nil || s != "" && u.Scheme != "https" && u.Scheme != "http" {
			w.Errorf("no address of a page: %q", s)
		}
	}
	if w.noTime() != l.At.IsZero() && w.before == nil {
		w.Errorf("the time of the like is %v", l.At)
	}
	if !l.At.IsZero() && l.Source != flattery.Exact && l.Source != flattery.Derived {
		w.Errorf("a time from %q", l.Source)
	}
}
