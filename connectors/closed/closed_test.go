package closed

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"flattery"
	"flattery/connectors"
)

func TestEveryClosedNetworkSaysWhyAndAsksNobody(t *testing.T) {
	states := map[string]connectors.Life{
		"instagram": connectors.ImportOnly, "facebook": connectors.ImportOnly, "appnet": connectors.Retired, "dailymotion": connectors.Forbidden,
	}
	all := All()
	if len(all) != len(states) {
		t.Errorf("%d networks, want %d", len(all), len(states))
	}
	for key, state := range states {
		c, err := all.Get(key)
		if err != nil {
			t.Error(err)
			continue
		}
		i := c.Info()
		if i.State != state || i.Since == "" || i.Title == "" || i.Host == "" || i.Noun == "" || i.Auth != connectors.AuthNone || i.Feed == "" || i.Proven == "" || i.Interval <= 0 {
			t.Errorf("%s: something is missing: %+v", key, i)
		}
		if why := i.Reason.String(); !strings.HasSuffix(why, ".") || why != connectors.Clean(why, connectors.MaxTitle) {
			t.Errorf("%s: no sentence: %q", key, i.Reason)
		}
		if i.Terms != (connectors.Terms{}) && (i.Terms.Sure == "" || i.Terms.Date == "" || i.Terms.Tick || connectors.WebURL(i.Terms.Link) == "") {
			t.Errorf("%s: terms without a source: %+v", key, i.Terms)
		}
		if !reflect.DeepEqual(i, c.Info()) {
			t.Errorf("%s: Info changes", key)
		}
		// A session without a client: to ask anybody would be a panic.
		_, err = c.Identify(t.Context(), connectors.Session{})
		refused := []error{err}
		for _, after := range []flattery.Cursor{"", "x"} {
			for p, err := range c.Likes(t.Context(), connectors.Session{}, after) {
				if p.Next != "" || p.Likes != nil {
					t.Errorf("%s: a page: %+v", key, p)
				}
				refused = append(refused, err)
			}
		}
		for _, err := range refused {
			if !errors.Is(err, connectors.ErrForbidden) || !strings.Contains(err.Error(), i.Reason.String()) {
				t.Errorf("%s: %v", key, err)
			}
		}
		if len(refused) != 3 {
			t.Errorf("%s: %d refusals", key, len(refused))
		}
	}
}
