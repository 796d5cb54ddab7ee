// Package notify tells accounts outside of the pages what happened: by feed, webhook and mail. What is told was written
// in the transaction in which it happened; here it gets words and goes out. Nobody is told who did not ask.
package notify

import (
	"fmt"
	"time"

	"flattery"
	"flattery/connectors"
)

// Words say things in the languages of the pages. "" is the language that everybody gets who chose none.
type Words interface {
	// Code is the language that is spoken to who chose this one.
	Code(language string) string
	// Say fills the {places} of a phrase from pairs of name and value; a value named "n" chooses the plural form.
	Say(language, key string, pairs ...any) (string, error)
	Money(language string, a flattery.Amount, currency string) (string, error)
	Month(language string, m flattery.Month) (string, error)
	Date(language string, t time.Time) (string, error)
}

// Line is a notice in words.
type Line struct {
	flattery.Notice
	Title, Text string
	Path        string // of the page where one sees it
}

// Teller finds the words for notices.
type Teller struct {
	Words    Words
	Networks connectors.Set
	Prepaid  bool // this house pays, not the donors
}

// MessagesPath is the page on which somebody chooses what they are told.
const MessagesPath = "/settings/messages"

// Line says a notice in a language.
func (t *Teller) Line(language string, n flattery.Notice) (Line, error) {
	key, path := t.about(n)
	pairs, err := t.pairs(language, n)
	if err != nil {
		return Line{}, err
	}
	title, err := t.Words.Say(language, key+".title", pairs...)
	if err != nil {
		return Line{}, err
	}
	text, err := t.text(language, key, n, pairs)
	return Line{n, title, text, path}, err
}

// about is the key of a notice's phrases, and its page.
func (t *Teller) about(n flattery.Notice) (key, path string) {
	key = "notice." + string(n.Kind)
	switch n.Kind {
	case flattery.NoticeMonth:
		path = "/months/" + n.Month.String()
	case flattery.NoticeAuthor:
		path = "/months/" + n.Month.String()
	case flattery.NoticeIncome:
		path = "/income/" + n.Month.String()
	case flattery.NoticeHomeless:
		path = "/slips"
	case flattery.NoticeSlips:
		path = "/slips"
		if t.Prepaid {
			key = "notice.slips.prepaid"
		}
	case flattery.NoticeVoided:
		path = "/settings"
	case flattery.NoticeMeans:
		path = "/slips"
	case flattery.NoticeSent, flattery.NoticePaid, flattery.NoticeReturned, flattery.NoticeLate:
		path = "/income"
	case flattery.NoticeLost:
		if path = "/income"; n.Word == "" {
			key = "notice.payment.owed"
		}
	case flattery.NoticeStopped:
		path = "/links"
	case flattery.NoticeVerified, flattery.NoticeLapsed, flattery.NoticeDisputed, flattery.NoticeKept, flattery.NoticeGone, flattery.NoticeRefused:
		path = "/identities"
	default:
		path = MessagesPath
	}
	return key, path
}

// longestName is how much of a name from outside is repeated.
const longestName = 100

func (t *Teller) pairs(language string, n flattery.Notice) ([]any, error) {
	pairs := []any{"n", n.Count, "who", connectors.Clean(n.Who, longestName), "code", n.Word}
	if n.Network != "" {
		title := n.Network
		if c, err := t.Networks.Get(n.Network); err == nil {
			title = c.Info().Title
		}
		pairs = append(pairs, "network", title)
	}
	if n.Month != 0 {
		month, err := t.Words.Month(language, n.Month)
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, "month", month)
	}
	if n.Currency != "" {
		amount, err := t.Words.Money(language, n.Amount, n.Currency)
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, "amount", amount)
	}
	if !n.Until.IsZero() {
		date, err := t.Words.Date(language, n.Until)
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, "date", date)
	}
	return pairs, nil
}

// text is what stands below the title: why something stopped, else a phrase of the notice's own.
func (t *Teller) text(language, key string, n flattery.Notice, pairs []any) (string, error) {
	switch n.Kind {
	case flattery.NoticeStopped:
		key = "reason." + n.Word
	case flattery.NoticeLapsed:
		key = "lapsed." + n.Word
	default:
		key += ".text"
	}
	text, err := t.Words.Say(language, key, pairs...)
	if err != nil && n.Kind == flattery.NoticeStopped { // a reason that has no words
		text, err = t.Words.Say(language, "reason.other")
	}
	return text, err
}

// wrap says what was being done.
func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("notify: %s: %w", doing, err)
}
