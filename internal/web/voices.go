package web

import (
	"time"

	"flattery"
)

// Voices say outside of the pages (in feeds, webhooks and mail) what the pages say, in the same words. They may be used by many
// at once.
type Voices struct{ all tongues }

// NewVoices reads the words; days and months are those of the zone.
func NewVoices(zone *time.Location) (*Voices, error) {
	all, err := readTongues(zone)
	return &Voices{all}, err
}

// tongue is a language's, or English where it is none of ours.
func (v *Voices) tongue(language string) *tongue {
	if g, ok := v.all.byCode[language]; ok {
		return g
	}
	return v.all.byCode[languages[0]]
}

// Code is the language that is spoken to who chose this one, or none.
func (v *Voices) Code(language string) string { return v.tongue(language).code }

// Say gives a phrase with its places filled.
func (v *Voices) Say(language, key string, pairs ...any) (string, error) {
	return v.tongue(language).say(key, pairs...)
}

// Money, Month and Date write them as the language does.
func (v *Voices) Money(language string, a flattery.Amount, currency string) (string, error) {
	return v.tongue(language).money(a, currency)
}

func (v *Voices) Month(language string, m flattery.Month) (string, error) {
	return v.tongue(language).month(m)
}

func (v *Voices) Date(language string, t time.Time) (string, error) {
	return v.tongue(language).date(t)
}
