package poll

import (
	"errors"
	"math/rand/v2"
	"time"

	"flattery"
	"flattery/connectors"
)

// What can be wrong with a link before a network is asked.
var (
	errNoConnector = errors.New("this program does not know the network")
	errNoToken     = errors.New("the link has no token that can be read")
)

// Reasons are the keys under which pages and commands have words for a donor. "" is a link that is well.
const (
	ReasonReconnect = "reconnect" // suspended: the network no longer accepts the token
	ReasonForbidden = "forbidden" // suspended: the network refuses
	ReasonGone      = "gone"      // suspended: nobody there by that name
	ReasonPayment   = "payment"   // suspended: the network wants money of the instance
	ReasonKeys      = "keys"      // suspended: the instance's keys for the network are missing or wrong
	ReasonUnknown   = "unknown"   // suspended: no such network in this program
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
	if _, ok := errors.AsType[*connectors.PaymentRequiredError](err); ok {
		return FateSuspend, ReasonPayment
	}
	switch {
	case err == nil:
		return FateGood, ""
	case errors.Is(err, connectors.ErrUnauthorized), errors.Is(err, errNoToken):
		return FateSuspend, ReasonReconnect
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
	case FateSuspend:
		l.State, l.Failures = flattery.LinkSuspended, l.Failures+1
	case FateSnooze:
		limit, _ := errors.AsType[*connectors.RateLimitError](cause)
		wait := max(limit.RetryAfter, info.Interval)
		l.NextPoll = now.Add(wait + p.jitter(wait/5)) // never sooner than asked, and not all at once
	case FateRetry:
		l.Failures++
		l.NextPoll = now.Add(p.jitter(min(firstPause<<min(l.Failures-1, 10), Slowest)))
	}
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
