package connectors

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
)

// Number is a whole number from 0 that a network sends as a number or as a string; null and "" are 0.
type Number int64

// UnmarshalJSON refuses everything else.
func (n *Number) UnmarshalJSON(b []byte) error {
	s := strings.Trim(string(b), `"`)
	if s == "null" || s == "" {
		return nil
	}
	v, err := strconv.ParseInt(s, 10, 64)
	if err != nil || v < 0 {
		return errors.New("not a whole number from 0")
	}
	*n = Number(v)
	return nil
}

// Text is a string that a network sends plainly, as a whole number, or as {"_content": …}; null is "".
type Text string

// UnmarshalJSON refuses everything else.
func (t *Text) UnmarshalJSON(b []byte) error {
	if _, err := strconv.ParseInt(string(b), 10, 64); err == nil {
		*t = Text(b)
		return nil
	}
	var s *string
	if err := json.Unmarshal(b, &s); err != nil {
		var wrapped struct {
			Content string `json:"_content"`
		}
		if err := json.Unmarshal(b, &wrapped); err != nil {
			return errors.New("not a text")
		}
		s = &wrapped.Content
	}
	if s != nil {
		*t = Text(*s)
	}
	return nil
}
