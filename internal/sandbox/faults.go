package sandbox

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// longest is how long a fault may keep a client waiting.
const longest = 10 * time.Second

// Fault is what goes wrong, and for whom. With a Status, a Body, HTML or Huge it is an answer of its own; else the
// network's true answer is delayed, cut or lied about.
type Fault struct {
	Path  string                   // requests whose path begins so; "": all
	Match func(*http.Request) bool // and for which this is true; nil: all. Called while the network waits: be quick
	Skip  int                      // so many of them pass first
	Times int                      // how many are hit; 0: all until it is removed

	Status int         // 0: 200, or the true one
	Header http.Header // set over the answer's own; a header with no values is taken out
	Body   string      //
	HTML   bool        // a web page where an API answer is due; Body may replace its text
	Huge   int64       // so many bytes in all, blanks after Body, with no length said before

	Delay       time.Duration // before the answer, in real time, at most 10 s; ends with the client or the world
	Drop        bool          // the connection is closed without a byte
	CutAfter    int64         // the connection is closed after so many bytes of the body; 0: not
	WrongLength int64         // Content-Length says so many bytes more (or less) than there are
}

// Injection is a fault at work.
type Injection struct {
	host  *host
	fault Fault
	seen  int
	hits  int
}

// Inject makes a fault happen from now on. Where several match a request, the oldest that is not used up hits it.
func (h *host) Inject(f Fault) *Injection {
	h.notes.Lock()
	defer h.notes.Unlock()
	i := &Injection{host: h, fault: f}
	h.faults = append(h.faults, i)
	return i
}

// Hits tells how many requests the fault has hit.
func (i *Injection) Hits() int {
	i.host.notes.Lock()
	defer i.host.notes.Unlock()
	return i.hits
}

// Remove ends the fault.
func (i *Injection) Remove() {
	i.host.notes.Lock()
	defer i.host.notes.Unlock()
	i.host.faults = slices.DeleteFunc(i.host.faults, func(other *Injection) bool { return other == i })
}

func (h *host) fault(r *http.Request) (Fault, bool) {
	h.notes.Lock()
	defer h.notes.Unlock()
	for at, i := range h.faults {
		f := i.fault
		if !strings.HasPrefix(r.URL.Path, f.Path) || f.Match != nil && !f.Match(r) {
			continue
		}
		if i.seen++; i.seen <= f.Skip {
			continue
		}
		i.hits++
		if f.Times > 0 && i.hits == f.Times {
			h.faults = slices.Delete(h.faults, at, at+1)
		}
		return f, true
	}
	return Fault{}, false
}

// serve answers as the fault wants it.
func (f Fault) serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	if !f.wait(r) || f.Drop {
		panic(http.ErrAbortHandler) // net/http closes the connection and logs nothing
	}
	held := &holding{header: w.Header(), status: http.StatusOK}
	if f.own() {
		f.answer(held)
	} else {
		next.ServeHTTP(held, r)
	}
	for name, values := range f.Header {
		held.header.Del(name)
		for _, v := range values {
			held.header.Add(name, v)
		}
	}
	body := held.body.Bytes()
	if f.Huge > 0 {
		w.WriteHeader(held.status)
		pour(w, r, body, f.Huge)
		return
	}
	if held.status != http.StatusNotModified && held.status != http.StatusNoContent {
		said := max(int64(len(body))+f.WrongLength, 0)
		held.header.Set("Content-Length", strconv.FormatInt(said, 10))
		body = body[:min(said, int64(len(body)))]
	}
	w.WriteHeader(held.status)
	if f.CutAfter > 0 && f.CutAfter < int64(len(body)) {
		_, _ = w.Write(body[:f.CutAfter])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(body) // an error is the client's leaving; net/http closes what is shorter than was said
}

func (f Fault) own() bool { return f.Status != 0 || f.Body != "" || f.HTML || f.Huge > 0 }

func (f Fault) answer(held *holding) {
	if f.Status != 0 {
		held.status = f.Status
	}
	body := f.Body
	held.header.Set("Content-Type", "application/json; charset=utf-8")
	if f.HTML {
		held.header.Set("Content-Type", "text/html; charset=utf-8")
		if body == "" {
			body = "<!doctype html><title>Sorry</title><p>This page is taking too long to load."
		}
	}
	held.body.WriteString(body)
}

// wait reports whether there is still somebody to answer.
func (f Fault) wait(r *http.Request) bool {
	if f.Delay <= 0 {
		return true
	}
	timer := time.NewTimer(min(f.Delay, longest))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

// pour writes the body and then blanks, which every JSON reader passes over, until there are enough, nobody reads or the
// world is closed; a write that is stuck then ends by its deadline.
func pour(w http.ResponseWriter, r *http.Request, body []byte, total int64) {
	stop := context.AfterFunc(r.Context(), func() { _ = http.NewResponseController(w).SetWriteDeadline(time.Unix(1, 0)) })
	defer stop()
	blanks := bytes.Repeat([]byte{' '}, 32<<10)
	n, err := w.Write(body)
	for left := total - int64(n); left > 0 && err == nil && r.Context().Err() == nil; left -= int64(n) {
		n, err = w.Write(blanks[:min(left, int64(len(blanks)))])
	}
	if r.Context().Err() != nil {
		panic(http.ErrAbortHandler) // or it would look like the end
	}
}

// holding is an answer that is held back.
type holding struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (h *holding) Header() http.Header         { return h.header }
func (h *holding) WriteHeader(status int)      { h.status = status }
func (h *holding) Write(b []byte) (int, error) { return h.body.Write(b) }

// SecondaryLimit is GitHub's answer to who asks too quickly: 403 or 429, to be asked again after a while. A negative
// after leaves Retry-After out, as GitHub may.
func SecondaryLimit(status int, after time.Duration, times int) Fault {
	body := errorBody(status, "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
		"/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits")
	f := Fault{Status: status, Body: string(body), Times: times, Header: http.Header{}}
	if after >= 0 {
		f.Header.Set("Retry-After", fmt.Sprint(int(after.Seconds())))
	}
	return f
}
