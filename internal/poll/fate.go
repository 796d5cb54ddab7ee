package poll

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"flattery"
	"flattery/connectors"
	"flattery/store/seal"
)

// What can be wrong with a link before a network is asked.
var (
	errNoConnector = errors.New("this program does not know the network")
	errTerms       = errors.New("the owner of this instance has not accepted the network's terms")
)

// capError: what the network may take in this month is spent.
type capError struct {
	limit    flattery.Amount
	currency string
	now      time.Time
}

func (e *capError) Error() string {
	return fmt.Sprintf("the %s %s that it may cost in a month are spent", e.limit, e.currency)
}

// wait is until the month that the network reckons by is over.
func (e *capError) wait() time.Duration {
	return time.Date(e.now.Year(), e.now.Month()+1, 1, 0, 0, 0, 0, time.UTC).Sub(e.now)
}

// Reasons are the keys under which pages and commands have words for a donor. "" is a link that is well.
const (
	ReasonReconnect = "reconnect" // suspended: the network no longer accepts the token
	ReasonForbidden = "forbidden" // suspended: the network refuses
	ReasonGone      = "gone"      // suspended: nobody there by that name
	ReasonPayment   = "payment"   // suspended: the network wants money of the instance
	ReasonKeys      = "keys"      // suspended: the instance's keys for the network are missing or wrong
	ReasonTerms     = "terms"     // suspended: the owner must accept the network's terms
	ReasonUnknown   = "unknown"   // suspended: no such network in this program
	ReasonSpend     = "spend"     // snoozing: the month's money for this network is spent
	ReasonRate      = "rate"      // snoozing: the network asks to wait
	ReasonTrouble   = "trouble"   // trying again: the network or the way to it is in trouble
)

// Fate is what an error means for a link.
type Fate string

// Suspend waits for somebody, snooze for a time, retry tries again with growing pauses.
const (
	FateGood    Fate = "good"
	FateSuspend Fate = "suspend"
	FateSnooze  Fate = "snooze"
	FateRetry   Fate = "retry"
)

// FateOf is the one place that decides what each error means.
func FateOf(err error) (fate Fate, reason string) {
	if _, ok := errors.AsType[*connectors.RateLimitError](err); ok {
		return FateSnooze, ReasonRate
	}
	if _, ok := errors.AsType[*capError](err); ok {
		return FateSnooze, ReasonSpend
	}
	if _, ok := errors.AsType[*connectors.PaymentRequiredError](err); ok {
		return FateSuspend, ReasonPayment
	}
	switch {
	case err == nil:
		return FateGood, ""
	case errors.Is(err, connectors.ErrUnauthorized), errors.Is(err, seal.ErrSealed):
		return FateSuspend, ReasonReconnect
	case errors.Is(err, errTerms):
		return FateSuspend, ReasonTerms
	case errors.Is(err, connectors.ErrForbidden):
		return FateSuspend, ReasonForbidden
	case errors.Is(err, connectors.ErrGone):
		return FateSuspend, ReasonGone
	case errors.Is(err, connectors.ErrKey):
		return FateSuspend, ReasonKeys
	case errors.Is(err, errNoConnector):
		return FateSuspend, ReasonUnknown
	default:
		return FateRetry, ReasonTrouble
	}
}

// The pauses after failures double from the first to the last.
const (
	firstPause = time.Minute
	spread     = 2 * time.Hour // over which those who wait long come back
	detailMax  = 300
)

// decide writes into the link when it is polled next, and why not sooner.
func (p *Poller) decide(l *flattery.Link, f *Found, info connectors.Info, cause error) {
	now := p.Now()
	l.LastPoll = now
	fate, reason := FateOf(cause)
	f.Reason, f.Detail = reason, ""
	if cause != nil {
		f.Detail = connectors.Clean(cause.Error(), detailMax)
	}
	l.Reason, l.Detail = f.Reason, f.Detail
	switch fate {
	case FateGood:
		l.State, l.LastGood, l.Failures = flattery.LinkActive, now, 0
		l.Interval = adapt(l.Interval, info.Interval, f.Likes > 0)
		l.NextPoll = now.Add(p.jitter(l.Interval))
		if l.NextWalk.IsZero() {
			l.NextWalk = now.Add(p.jitter(lookEvery))
		}
	case FateSuspend:
		l.State, l.Failures = flattery.LinkSuspended, l.Failures+1
	case FateSnooze:
		wait := max(pause(cause), info.Interval)
		l.NextPoll = now.Add(wait + p.jitter(min(wait/5, spread))) // never sooner than asked, and not all at once
	case FateRetry:
		l.Failures++
		l.NextPoll = now.Add(p.jitter(min(firstPause<<min(l.Failures-1, 10), Slowest)))
	}
}

// pause is how long who snoozes must.
func pause(cause error) time.Duration {
	if spent, ok := errors.AsType[*capError](cause); ok {
		return spent.wait()
	}
	limit, _ := errors.AsType[*connectors.RateLimitError](cause)
	return limit.RetryAfter
}

// adapt polls twice as often after news and a little less often without, within the network's interval and Slowest.
func adapt(interval, shortest time.Duration, news bool) time.Duration {
	if news {
		interval /= 2
	} else {
		interval += interval / 4
	}
	return max(min(interval, Slowest), shortest).Truncate(time.Second)
}

// jitter spreads a pause by ±20 %, so that links made together do not stay together.
func (p *Poller) jitter(d time.Duration) time.Duration {
	roll := rand.Float64
	if p.Jitter != nil {
		roll = p.Jitter
	}
	return d + time.Duration((roll()-0.5)*0.4*float64(d))
}
