package connectors

import (
	"encoding/json"
	"errors"
	"fmt"

	"flattery"
)

const (
	version = 2
	// topIDs are remembered of a list that does not go by times, and a run of them in their old order is known ground.
	topIDs   = 50
	knownRun = 5
	// maxETag is how long an ETag may be to be worth keeping: it comes back in a header of ours.
	maxETag = 200
)

// cursor is where a link is in its list of likes.
type cursor struct {
	V int `json:"v"`
	// Ground is known: what lies below was told. Nil until the baseline is done.
	Ground *ground `json:"ground,omitempty"`
	// Begun is the top of the list when the baseline began, until it is done: what comes above it later is news.
	Begun *ground `json:"begun,omitempty"`
	// Seen is the ground that the walk before this one found. A list that gets shorter while it is walked moves a like
	// from a page that is not read yet to one that was, so a walk over several pages is made twice before it counts.
	Seen *ground `json:"seen,omitempty"`
	ETag string  `json:"etag,omitempty"` // of the last glance, or first page in a crowd
	// Fresh is when the answer with that ETag was read, in seconds since 1970. Who shows it, a 304 does not prove: once a
	// day the ETag is left out.
	Fresh int64 `json:"fresh,omitempty"`
	// Crowd: more likes lie in the overlap than a glance sees, so that none meets known ground.
	Crowd bool `json:"crowd,omitempty"`
	// Deep: a brief walk left a part of the list unread, which must never be taken for news.
	Deep bool `json:"deep,omitempty"`
	// Whole is when all of a list without order was last read, in seconds since 1970.
	Whole int64 `json:"whole,omitempty"`
}

// ground is the top of a list as a walk found it. With times it is Since, without it is Top; an empty list is both.
type ground struct {
	Since int64    `json:"since,omitempty"` // seconds since 1970; the newest like that is not in the future
	Top   []string `json:"top,omitempty"`   // things, newest first
	Empty bool     `json:"empty,omitempty"`
	All   bool     `json:"all,omitempty"` // Top was the whole list: whatever else is in it is news
}

func (g *ground) timed() bool { return len(g.Top) == 0 && !g.Empty }

// decode reads a cursor. One that cannot be read is an error and not a new baseline: a baseline would silently leave
// out every like since the last poll, and only somebody's fault (or an older program) can bring it here.
func decode(from flattery.Cursor) (cursor, error) {
	c := cursor{V: version}
	if from == "" {
		return c, nil
	}
	c.V = 0
	if err := json.Unmarshal([]byte(from), &c); err != nil {
		return cursor{}, fmt.Errorf("the cursor cannot be read (%w): remove the link and add it again", err)
	}
	if c.V == 1 { // of a program before this walk was everybody's: Flickr's was a time alone
		var old struct {
			Since int64 `json:"since"`
		}
		if err := json.Unmarshal([]byte(from), &old); err == nil && c.Ground == nil && old.Since > 0 {
			c.Ground = &ground{Since: old.Since}
		}
		c.V, c.ETag, c.Fresh = version, "", 0
	}
	if c.V != version {
		return cursor{}, fmt.Errorf("the cursor is of version %d, this program knows %d: update it, or remove the link and add it again", c.V, version)
	}
	for _, g := range []*ground{c.Ground, c.Begun, c.Seen} {
		if g != nil && (g.Since < 0 || len(g.Top) > topIDs) {
			return cursor{}, errors.New("the cursor is damaged: remove the link and add it again")
		}
	}
	return c, nil
}

func (c cursor) encode() flattery.Cursor {
	b, err := json.Marshal(c)
	if err != nil { // numbers, strings and lists of them cannot fail
		panic(err)
	}
	return flattery.Cursor(b)
}
