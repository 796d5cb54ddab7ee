package connectors

import (
	"errors"
	"fmt"
	"time"
)

// What a caller must tell apart. Any other error is worth another try.
var (
	ErrUnauthorized = errors.New("the network does not accept the token any more")
	ErrForbidden    = errors.New("the network refuses this")
	ErrGone         = errors.New("the network knows nobody by that name")
	ErrKey          = errors.New("the network does not accept the keys of this instance")
)

// RateLimitError: the network asks to wait. It is no fault of anybody.
type RateLimitError struct {
	RetryAfter time.Duration // at least this long; never negative
}

func (e *RateLimitError) Error() string {
	return fmt.Sprintf("rate limit: wait %s", e.RetryAfter.Round(time.Second))
}

// PaymentRequiredError: the network wants money for its API.
type PaymentRequiredError struct {
	Detail string // in the network's words
}

func (e *PaymentRequiredError) Error() string { return "payment required: " + e.Detail }

// AnswerError is an answer that cannot be used: wrong status, wrong type, too long, not what was promised.
type AnswerError struct {
	Host   string
	Status int    // 0 where it did not matter
	Reason string // "sent HTML where JSON was expected"
}

func (e *AnswerError) Error() string {
	if e.Status != 0 && e.Status/100 != 2 {
		return fmt.Sprintf("%s answered %d %s", e.Host, e.Status, e.Reason)
	}
	return e.Host + " " + e.Reason
}
