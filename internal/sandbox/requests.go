package sandbox

import (
	"maps"
	"net/http"
	"slices"
)

// How much a network remembers of what it was asked.
const (
	lastRequests = 1024
	requestKinds = 4096
)

// Request is one that a network was sent and how it answered. Status 0: the connection was dropped unanswered.
type Request struct {
	Method, Path, Query string
	Status              int
}

// Requests is what a network was asked: all of it counted, the last 1024 in full.
type Requests struct {
	Total int
	Last  []Request // oldest first

	counts map[kind]int
}

type kind struct {
	path   string
	status int
}

// Count tells how many requests for a path were answered with one of these statuses, or with any when none is given.
// Paths are told apart up to 4096 pairs of path and status; what comes after is in Total only.
func (r Requests) Count(path string, statuses ...int) int {
	n := 0
	for k, count := range r.counts {
		if k.path == path && (len(statuses) == 0 || slices.Contains(statuses, k.status)) {
			n += count
		}
	}
	return n
}

// Status tells how many requests were answered with a status.
func (r Requests) Status(status int) int {
	n := 0
	for k, count := range r.counts {
		if k.status == status {
			n += count
		}
	}
	return n
}

type requestLog struct {
	total  int
	ring   []Request
	counts map[kind]int
}

// Requests tells what the network was asked since it was opened or since ForgetRequests. An answer that a client has
// begun to read is in it.
func (h *host) Requests() Requests {
	h.notes.Lock()
	defer h.notes.Unlock()
	at := 0
	if len(h.log.ring) == lastRequests {
		at = h.log.total % lastRequests
	}
	return Requests{
		Total:  h.log.total,
		Last:   slices.Concat(h.log.ring[at:], h.log.ring[:at]),
		counts: maps.Clone(h.log.counts),
	}
}

// ForgetRequests begins the count anew.
func (h *host) ForgetRequests() {
	h.notes.Lock()
	defer h.notes.Unlock()
	h.log = requestLog{}
}

func (h *host) note(r *http.Request, status int) {
	h.notes.Lock()
	defer h.notes.Unlock()
	l := &h.log
	asked := Request{Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, Status: status}
	if len(l.ring) < lastRequests {
		l.ring = append(l.ring, asked)
	} else {
		l.ring[l.total%lastRequests] = asked
	}
	l.total++
	if l.counts == nil {
		l.counts = map[kind]int{}
	}
	k := kind{asked.Path, status}
	if _, known := l.counts[k]; known || len(l.counts) < requestKinds {
		l.counts[k]++
	}
}

// noting notes a request before the first byte of its answer leaves, so that who has the answer finds it noted.
type noting struct {
	http.ResponseWriter
	note  func(status int)
	noted bool
}

func (n *noting) WriteHeader(status int) {
	if !n.noted {
		n.noted = true
		n.note(status)
	}
	n.ResponseWriter.WriteHeader(status)
}

func (n *noting) Write(b []byte) (int, error) {
	if !n.noted {
		n.WriteHeader(http.StatusOK)
	}
	return n.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController flush.
func (n *noting) Unwrap() http.ResponseWriter { return n.ResponseWriter }

func (n *noting) end() {
	if !n.noted {
		n.noted = true
		n.note(0)
	}
}
