package sandbox

import (
	"sync"
	"time"
)

// Clock is the time of a world: it stands still until somebody moves it. It may be used by many goroutines at once.
type Clock struct {
	mu sync.Mutex
	at time.Time
}

// NewClock makes a clock that stands at the given time.
func NewClock(at time.Time) *Clock { return &Clock{at: at.UTC()} }

// Now tells the clock's time, in UTC.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

// Advance moves the clock on.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// Set puts the clock to a time, which may lie before the present one.
func (c *Clock) Set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at.UTC()
}
