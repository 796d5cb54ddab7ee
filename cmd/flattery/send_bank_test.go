package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"flattery"
	"flattery/internal/payout"
	"flattery/internal/payout/railtest"
	"flattery/store"
)

// What a process asks of its bank, and what it tells it of its own writes.
const (
	toSubmit = "Submit"
	toStatus = "Status"
	toBefore = "before write" // and which one
	toAfter  = "after write"
	atAll    = "at a random instant"
)

// Points of an exchange.
const (
	first  = "nothing was done"
	half   = "half of it was done"
	done   = "it was done, nothing was answered"
	midway = "half was answered"
	after  = "all was answered"
)

// strike is one thing that goes wrong.
type strike struct {
	on    string
	at    string         // of an exchange
	kill  bool           // else the answer is cut
	fault railtest.Fault // in place of a point: the bank says so
}

func (s strike) String() string {
	switch {
	case s.fault != railtest.Fine:
		return s.on + ": " + string(s.fault)
	case s.at == "":
		return "killed " + s.on
	case s.kill:
		return s.on + ": killed when " + s.at
	}
	return s.on + ": cut when " + s.at
}

// strikes are all there are.
func strikes() (all []strike) {
	for _, at := range []string{first, half, done, midway, after} {
		all = append(all, strike{on: toSubmit, at: at, kill: true})
	}
	for _, at := range []string{first, half, done, midway} {
		all = append(all, strike{on: toSubmit, at: at})
	}
	for _, at := range []string{first, midway, after} {
		all = append(all, strike{on: toStatus, at: at, kill: true})
	}
	for _, at := range []string{first, midway} {
		all = append(all, strike{on: toStatus, at: at})
	}
	for _, f := range []railtest.Fault{railtest.NotReached, railtest.Refused, railtest.Twice, railtest.Backwards} {
		all = append(all, strike{on: toSubmit, fault: f})
	}
	for _, f := range []railtest.Fault{railtest.Twice, railtest.Backwards} {
		all = append(all, strike{on: toStatus, fault: f})
	}
	for n := range 4 { // the batch, its job, that it may have been handed over, what became of it
		all = append(all, strike{on: fmt.Sprint(toBefore, " ", n+1), kill: true}, strike{on: fmt.Sprint(toAfter, " ", n+1), kill: true})
	}
	return append(all, strike{on: atAll, kill: true})
}

// killBank is the other side of a rail, in the parent of the processes that it kills. One exchange goes on at a time.
type killBank struct {
	*testing.T
	world *railtest.World
	rail  railtest.Rail

	mu        sync.Mutex
	deck      []strike
	next      map[string][]strike // by what they strike on
	processes map[int]*process
	codes     map[string]flattery.Amount // of payments that were handed over, or were to be
	batches   map[string]*handed
	struck    map[string]int
	kills     int
	cuts      int
	lost      int           // answers to a Submit of which something was done
	resolved  int           // such of which Status said what became of it
	takes     time.Duration // about how long a process takes that nothing stops
}

// handed is what the bank remembers of a batch.
type handed struct {
	whole bool // all of it was ordered
	blind bool // it was handed over, and Status was not asked since
	lost  bool // the answer was
}

// process is one that was started.
type process struct {
	cmd    *exec.Cmd
	dead   chan struct{}
	killed bool
	err    error
}

func newKillBank(t *testing.T) *killBank {
	w := &railtest.World{Rejects: func(y flattery.Payment) bool { return y.Code[0]%5 == 0 }}
	return &killBank{T: t, world: w, rail: railtest.Rail{World: w}, next: map[string][]strike{}, processes: map[int]*process{},
		codes: map[string]flattery.Amount{}, batches: map[string]*handed{}, struck: map[string]int{}, takes: time.Second}
}

// draw arms the next strike: all of them come, in an order that is another each time.
func (b *killBank) draw(dice *rand.Rand) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.deck) == 0 {
		b.deck = append(strikes(), strike{on: atAll, kill: true}, strike{on: atAll, kill: true}, strike{on: atAll, kill: true})
		dice.Shuffle(len(b.deck), func(i, j int) { b.deck[i], b.deck[j] = b.deck[j], b.deck[i] })
	}
	s := b.deck[0]
	b.deck = b.deck[1:]
	b.next[s.on] = append(b.next[s.on], s)
	if s.on == toStatus && len(b.next[toSubmit]) == 0 { // it is asked where an answer was lost
		b.next[toSubmit] = append(b.next[toSubmit], strike{on: toSubmit, at: done, kill: dice.IntN(2) == 0})
	}
}

// spared are the strikes of which none has come yet.
func (b *killBank) spared() (all []strike) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range strikes() {
		if b.struck[s.String()] == 0 {
			all = append(all, s)
		}
	}
	return all
}

func (b *killBank) take(on string) (s strike, armed bool) {
	list := b.next[on]
	if len(list) == 0 {
		return s, false
	}
	b.next[on] = list[1:]
	return list[0], true
}

// instant says after how long a process is to be killed that is about to be started; 0: it is not.
func (b *killBank) instant(dice *rand.Rand) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, armed := b.take(atAll); !armed {
		return 0
	}
	return max(time.Duration(dice.Float64()*1.1*float64(b.takes)), 1)
}

func (b *killBank) start(cmd *exec.Cmd) (*process, error) {
	b.mu.Lock() // it cannot ask before it is known
	defer b.mu.Unlock()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	c := &process{cmd: cmd, dead: make(chan struct{})}
	b.processes[cmd.Process.Pid] = c
	go func() {
		c.err = cmd.Wait()
		close(c.dead)
	}()
	return c, nil
}

// kill returns when the process is dead.
func (b *killBank) kill(c *process) {
	if err := c.cmd.Process.Kill(); err != nil {
		if !errors.Is(err, os.ErrProcessDone) {
			b.Error(err)
		}
		return
	}
	c.killed = true
	b.kills++
	<-c.dead
}

func (b *killBank) atRandom(c *process) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !c.killed {
		b.kill(c)
		b.struck[strike{on: atAll, kill: true}.String()]++
	}
}

// ServeHTTP is the bank as its processes reach it.
func (b *killBank) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	what := strings.TrimPrefix(r.URL.Path, "/")
	pid, _ := strconv.Atoi(r.Header.Get("Pid"))
	c := b.processes[pid]
	var batch flattery.Batch
	if err := json.NewDecoder(r.Body).Decode(&batch); c == nil || c.killed || err != nil {
		panic(http.ErrAbortHandler) // it was killed while it asked
	}
	s, armed := b.take(what)
	stop := func(at string) {
		if armed && s.at == at && s.fault == railtest.Fine {
			b.strike(s, c)
		}
	}
	if what != toSubmit && what != toStatus {
		stop("")
		return
	}
	b.asked(what, batch, armed && s.fault == railtest.NotReached)
	stop(first)
	switch {
	case s.fault != railtest.Fine:
		b.world.Break(s.fault)
		b.struck[s.String()]++
		b.cuts++
	case s.at == half:
		b.world.Break(railtest.Half)
	}
	status, text := b.answer(r.Context(), what, batch, s)
	stop(half)
	stop(done)
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	if armed && s.at == midway {
		text = text[:len(text)/2]
	}
	if _, err := w.Write(text); err != nil {
		return
	}
	if err := http.NewResponseController(w).Flush(); err != nil {
		return
	}
	stop(midway)
	b.heard(what, batch.ID, status)
	stop(after)
}

// strike kills the process that asks, or hangs up.
func (b *killBank) strike(s strike, c *process) {
	b.struck[s.String()]++
	if s.kill {
		b.kill(c)
	} else {
		b.cuts++
	}
	panic(http.ErrAbortHandler)
}

// asked holds a process to what it promises: it asks before it hands anything over again, and hands over nothing again that is there.
func (b *killBank) asked(what string, batch flattery.Batch, unreached bool) {
	h := b.batches[batch.ID]
	if h == nil {
		h = &handed{}
		b.batches[batch.ID] = h
	}
	if what == toStatus {
		h.blind = false
		return
	}
	if h.blind {
		b.Errorf("batch %s was handed over again, and nobody had asked what became of it", batch.ID)
	}
	if h.whole {
		b.Errorf("batch %s was handed over again, which was there", batch.ID)
	}
	h.blind = !unreached
	for _, y := range batch.Payments {
		b.codes[y.Code] = y.Amount
	}
}

// answer is the bank's, and what it is in the words of HTTP.
func (b *killBank) answer(ctx context.Context, what string, batch flattery.Batch, s strike) (status int, text []byte) {
	h, ask := b.batches[batch.ID], b.rail.Status
	if what == toSubmit {
		ask = b.rail.Submit
	}
	events, err := ask(ctx, batch)
	switch {
	case errors.Is(err, payout.ErrNotSent):
		return http.StatusNotFound, []byte("never seen")
	case errors.Is(err, payout.ErrRejected):
		return http.StatusUnprocessableEntity, []byte("refused")
	}
	if what == toSubmit {
		h.lost = true // until it has come through
		b.lost++
		h.whole = s.at != half
	}
	return http.StatusOK, answered{events}.text()
}

// heard notes that an answer was sent whole.
func (b *killBank) heard(what, id string, status int) {
	h := b.batches[id]
	if status != http.StatusOK || !h.lost {
		return
	}
	h.lost = false
	if what == toStatus {
		b.resolved++
	} else {
		b.lost--
	}
}

// farBank is the bank as a process sees it.
type farBank struct {
	railtest.Rail
	at string
}

func (f *farBank) Submit(ctx context.Context, b flattery.Batch) ([]payout.Event, error) {
	return f.ask(ctx, toSubmit, b)
}

func (f *farBank) Status(ctx context.Context, b flattery.Batch) ([]payout.Event, error) {
	return f.ask(ctx, toStatus, b)
}

func (f *farBank) ask(ctx context.Context, what string, b flattery.Batch) ([]payout.Event, error) {
	body, err := json.Marshal(b)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, f.at+"/"+strings.ReplaceAll(what, " ", "%20"), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Pid", strconv.Itoa(os.Getpid()))
	req.Close = true // nothing is asked twice because a connection was old
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return nil, err
	case resp.StatusCode == http.StatusNotFound:
		return nil, payout.ErrNotSent
	case resp.StatusCode == http.StatusUnprocessableEntity:
		return nil, payout.ErrRejected
	case len(text) == 0: // of a write
		return nil, nil
	}
	var a answered
	return a.Events, json.Unmarshal(text, &a)
}

// farStore tells the bank of every write, so that it can kill before and after each.
type farStore struct {
	payout.Store
	bank   *farBank
	writes int
}

func (f *farStore) Update(ctx context.Context, fn func(store.Tx) error) error {
	f.writes++
	if _, err := f.bank.ask(ctx, fmt.Sprint(toBefore, " ", f.writes), flattery.Batch{}); err != nil {
		return err
	}
	if err := f.Store.Update(ctx, fn); err != nil {
		return err
	}
	_, err := f.bank.ask(ctx, fmt.Sprint(toAfter, " ", f.writes), flattery.Batch{})
	return err
}
