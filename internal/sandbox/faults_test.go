package sandbox

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestFaults(t *testing.T) {
	for _, c := range []struct {
		name   string
		fault  Fault
		status int // 0: the answer does not arrive whole
		body   string
		header string
	}{
		{"another status", Fault{Status: 502, Body: `{"message":"Bad Gateway"}`}, 502, `{"message":"Bad Gateway"}`, "Content-Type: application/json; charset=utf-8"},
		{"a web page", Fault{HTML: true}, 200, "<!doctype html>", "Content-Type: text/html; charset=utf-8"},
		{"a header more on the true answer", Fault{Header: http.Header{"X-Poll-Interval": {"60"}}}, 200, `{"login":"ann"`, "X-Poll-Interval: 60"},
		{"a header taken out", Fault{Header: http.Header{"Etag": nil}}, 200, `{"login":"ann"`, "Etag: "},
		{"a short delay", Fault{Delay: time.Millisecond}, 200, `{"login":"ann"`, ""},
		{"too much", Fault{Huge: 3 << 20, Body: "[]"}, 200, "[]" + strings.Repeat(" ", 3<<20-2), "Content-Length: "},
		{"no answer", Fault{Drop: true}, 0, "", ""},
		{"cut in the middle", Fault{CutAfter: 10}, 0, `{"login":"`, ""},
		{"more is said than there is", Fault{WrongLength: 10}, 0, `{"login":"ann"`, ""},
		{"less is said than there is", Fault{Body: "12345", WrongLength: -2}, 200, "123", "Content-Length: 3"},
		{"a secondary limit", SecondaryLimit(429, time.Minute, 1), 429, `{"message":"You have exceeded a secondary rate limit.`, "Retry-After: 60"},
		{"a secondary limit that says no time", SecondaryLimit(403, -1, 1), 403, `{"message"`, "Retry-After: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := visit(t)
			v.GitHub.AddUser("ann")
			at := v.GitHub.Inject(c.fault)
			got, err := v.try(http.MethodGet, v.GitHub.Base()+"users/ann", "")
			if (err != nil) != (c.status == 0) || err == nil && got.status != c.status {
				t.Errorf("status %d, error %v", got.status, err)
			}
			if !strings.HasPrefix(got.body, c.body) {
				t.Errorf("body %.100q", got.body)
			}
			if name, value, ok := strings.Cut(c.header, ": "); ok && got.header.Get(name) != value {
				t.Errorf("%s is %q, want %q", name, got.header.Get(name), value)
			}
			if at.Hits() != 1 {
				t.Errorf("%d hits", at.Hits())
			}
			at.Remove()
			if got := v.get(v.GitHub.Base() + "users/ann"); got.status != 200 {
				t.Errorf("when it is removed: %d", got.status)
			}
		})
	}
}

func TestFaultsHitWhomTheyAreMeantFor(t *testing.T) {
	v := visit(t)
	v.fill(3)
	third := v.GitHub.Inject(Fault{Path: "/users/fan/starred", Skip: 1, Times: 2, Status: 500})
	odd := v.GitHub.Inject(Fault{Match: func(r *http.Request) bool { return r.URL.Query().Get("page") == "7" }, Status: 503})
	var got []int
	for _, path := range []string{"users/fan/starred", "users/fan", "users/fan/starred", "users/fan/starred", "users/fan/starred", "users/fan/starred?page=7", "users/fan?page=7"} {
		got = append(got, v.get(v.GitHub.Base()+path).status)
	}
	if want := "[200 200 500 500 200 503 503]"; fmt.Sprint(got) != want {
		t.Errorf("answers %v, want %s", got, want)
	}
	if third.Hits() != 2 || odd.Hits() != 2 {
		t.Errorf("%d and %d hits, want 2 and 2", third.Hits(), odd.Hits())
	}
	asked := v.GitHub.Requests()
	if asked.Total != 7 || asked.Count("/users/fan/starred") != 5 || asked.Count("/users/fan/starred", 500, 503) != 3 ||
		asked.Status(200) != 3 || asked.Last[6].Query != "page=7" || asked.Last[0].Method != http.MethodGet {
		t.Errorf("noted: %+v", asked)
	}
	if f := v.Flickr.Requests(); f.Total != 0 {
		t.Errorf("Flickr was asked %d times", f.Total)
	}
}

func TestTheLogIsBounded(t *testing.T) {
	h := &host{}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://h/", nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 10_000 {
		r.URL.Path = fmt.Sprint("/", i)
		h.note(r, 200)
	}
	got := h.Requests()
	if got.Total != 10_000 || len(got.Last) != lastRequests || len(got.counts) != requestKinds {
		t.Errorf("%d, %d and %d are kept", got.Total, len(got.Last), len(got.counts))
	}
	if first, last := got.Last[0].Path, got.Last[lastRequests-1].Path; first != fmt.Sprint("/", 10_000-lastRequests) || last != "/9999" {
		t.Errorf("from %s to %s", first, last)
	}
	h.ForgetRequests()
	if got := h.Requests(); got.Total != 0 || len(got.Last) != 0 || got.Count("/1") != 0 {
		t.Errorf("forgotten: %+v", got)
	}
}
