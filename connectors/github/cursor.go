package github

import (
	"encoding/json"
	"fmt"

	"flattery"
)

const (
	version = 1
	// topIDs are remembered of a list without times, and a run of them in their old order is known ground.
	topIDs   = 50
	knownRun = 10
)

// cursor is where the link is in its list of stars.
type cursor struct {
	V int `json:"v"`
	// Ground is known: what lies below was yielded. Nil until the baseline is done.
	Ground *ground `json:"ground,omitempty"`
	// Begun is the top of the list when the baseline began, until it is done: what comes above it later is news.
	Begun *ground `json:"begun,omitempty"`
	// Seen is the ground that the walk before this one found. A list that gets shorter while it is walked moves a star
	// from a page that is not read yet to one that was, so a walk over several pages is made twice before it counts.
	Seen *ground `json:"seen,omitempty"`
	// ETag of the answer to the request For, which ended a walk by itself.
	ETag string `json:"etag,omitempty"`
	For  string `json:"for,omitempty"`
	// Login is the name under which the identity was last found, at Checked (seconds since 1970). Public reading only.
	Login   string `json:"login,omitempty"`
	Checked int64  `json:"checked,omitempty"`
}

// ground is the top of a list as a walk found it. With times it is Since, without it is Top; an empty list is both.
type ground struct {
	Since int64    `json:"since,omitempty"` // seconds since 1970; the newest star that is not in the future
	Top   []string `json:"top,omitempty"`   // ids of the newest, newest first
	Empty bool     `json:"empty,omitempty"`
}

func (g *ground) timed() bool { return len(g.Top) == 0 && !g.Empty }

// decode reads a cursor. One that cannot be read is an error and not a new baseline: a baseline would silently leave
// out every star since the last poll, and only somebody's fault (or an older program) can bring it here.
func decode(from flattery.Cursor) (cursor, error) {
	c := cursor{V: version}
	if from == "" {
		return c, nil
	}
	c.V = 0
	if err := json.Unmarshal([]byte(from), &c); err != nil {
		return cursor{}, fmt.Errorf("the cursor cannot be read (%w): remove the link and add it again", err)
	}
	if c.V != version {
		return cursor{}, fmt.Errorf("the cursor is of version %d, this program knows %d: update it, or remove the link and add it again", c.V, version)
	}
	for _, g := range []*ground{c.Ground, c.Begun, c.Seen} {
		if g != nil && (g.Since < 0 || len(g.Top) > topIDs) {
			return cursor{}, fmt.Errorf("the cursor is damaged: remove the link and add it again")
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
