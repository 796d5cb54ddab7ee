package notify

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"html/template"
	"strings"

	"flattery"
	"flattery/connectors"
)

// letter is one mail in its two forms.
type letter struct {
	To, Subject string
	ID          string // of the message, without a host; "": any
	Text, HTML  string
	End         string // address that ends all mail by one click; "": this is none of those
}

// sheet is what stands in a letter, as text and as HTML alike.
type sheet struct {
	Lang, Subject string
	Opening       string
	Lines         []sheetLine
	Foot          []sheetLink
	Why           string
}

type sheetLine struct{ Title, Text, URL string }

type sheetLink struct{ Text, URL string }

//go:embed letter.html
var letterHTML string

// digest is what happened.
func (m *Mails) digest(ctx context.Context, a flattery.Account, notices []flattery.Notice) (letter, error) {
	ending, err := m.Store.MailEnding(ctx, a.ID)
	if err != nil {
		return letter{}, err
	}
	schema, err := m.Store.Schema(ctx)
	if err != nil {
		return letter{}, err
	}
	s := sheet{Lang: m.Words.Code(a.Language)}
	for _, n := range notices {
		l, err := m.Line(a.Language, n)
		if err != nil {
			return letter{}, err
		}
		s.Lines = append(s.Lines, sheetLine{l.Title, l.Text, m.Base() + l.Path})
	}
	if s.Subject = s.Lines[0].Title; len(notices) > 1 {
		if s.Subject, err = m.Words.Say(a.Language, "mail.subject", "n", len(notices)); err != nil {
			return letter{}, err
		}
	}
	end := m.Base() + "/mail/end/" + string(ending)
	if s.Why, err = m.Words.Say(a.Language, "mail.why", "home", m.Base()); err != nil {
		return letter{}, err
	}
	if s.Foot, err = m.links(a.Language, "mail.choose", m.Base()+MessagesPath, "mail.end", end); err != nil {
		return letter{}, err
	}
	l, err := s.letter()
	l.ID, l.End = fmt.Sprintf("%s.%d.%d", schema.Instance, a.ID, notices[len(notices)-1].ID), end
	return l, err
}

// confirmation asks whether an address is the account's.
func (m *Mails) confirmation(a flattery.Account, token string) (letter, error) {
	s := sheet{Lang: m.Words.Code(a.Language)}
	var err error
	if s.Subject, err = m.Words.Say(a.Language, "mail.confirm.subject"); err != nil {
		return letter{}, err
	}
	if s.Opening, err = m.Words.Say(a.Language, "mail.confirm.opening", "name", connectors.Clean(a.Name, longestName), "home", m.Base(), "n", int(confirmWithin.Hours()/24)); err != nil {
		return letter{}, err
	}
	if s.Why, err = m.Words.Say(a.Language, "mail.confirm.why"); err != nil {
		return letter{}, err
	}
	if s.Foot, err = m.links(a.Language, "mail.confirm.link", m.Base()+"/mail/confirm/"+token); err != nil {
		return letter{}, err
	}
	return s.letter()
}

// links are addresses with what they are for.
func (m *Mails) links(language string, pairs ...string) (all []sheetLink, err error) {
	for ; len(pairs) > 1; pairs = pairs[2:] {
		text, err := m.Words.Say(language, pairs[0])
		if err != nil {
			return nil, err
		}
		all = append(all, sheetLink{text, pairs[1]})
	}
	return all, nil
}

func (s sheet) letter() (letter, error) {
	t, err := template.New("letter").Parse(letterHTML)
	if err != nil {
		return letter{}, err
	}
	var html bytes.Buffer
	if err := t.Execute(&html, s); err != nil {
		return letter{}, err
	}
	return letter{Subject: s.Subject, Text: s.text(), HTML: html.String()}, nil
}

func (s sheet) text() string {
	var b strings.Builder
	if s.Opening != "" {
		fmt.Fprintf(&b, "%s\n\n", s.Opening)
	}
	for _, l := range s.Lines {
		fmt.Fprintf(&b, "%s\n%s\n%s\n\n", l.Title, l.Text, l.URL)
	}
	if len(s.Lines) > 0 {
		b.WriteString("-- \n") // what follows is a signature to programs that know them
		fmt.Fprintf(&b, "%s\n", s.Why)
	}
	for _, l := range s.Foot {
		fmt.Fprintf(&b, "%s\n%s\n", l.Text, l.URL)
	}
	if len(s.Lines) == 0 {
		fmt.Fprintf(&b, "\n%s\n", s.Why)
	}
	return b.String()
}
