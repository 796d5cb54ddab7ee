package flattery

import (
	"strings"
	"testing"
	"time"
)

func TestRulesLetThroughWhatTheyShould(t *testing.T) {
	thing := Thing{Title: "Tide Tables for Ålesund", URL: "https://github.com/marenh/tide-tables"}
	for name, row := range map[string]struct {
		rules Rules
		lets  bool
	}{
		"none":                                {Rules{}, true},
		"paused":                              {Rules{Paused: true}, false},
		"paused, and it would match":          {Rules{Paused: true, Matching: "tide"}, false},
		"a word of the title":                 {Rules{Matching: "tables"}, true},
		"a word of the address":               {Rules{Matching: "marenh"}, true},
		"upper and lower case alike":          {Rules{Matching: "åLESUND"}, true},
		"another word":                        {Rules{Matching: "moon"}, false},
		"one of several":                      {Rules{Matching: "moon\n  tide  \n"}, true},
		"nothing but blanks":                  {Rules{Matching: " \n\t\n"}, true},
		"words together":                      {Rules{Matching: "tide   tables"}, true},
		"words that do not stand so":          {Rules{Matching: "tables tide"}, false},
		"a glob of the address":               {Rules{Matching: "https://github.com/marenh/*"}, true},
		"a glob fits from beginning to end":   {Rules{Matching: "github.com/*"}, false},
		"any letter":                          {Rules{Matching: "tide ?ables*"}, true},
		"any letter, one too many":            {Rules{Matching: "tide tables for ålesund?"}, false},
		"a star that is nothing":              {Rules{Matching: "tide*tables*for ålesund*"}, true},
		"stars alone":                         {Rules{Matching: "***"}, true},
		"a pattern that goes back":            {Rules{Matching: "*t*e*t*s"}, true},
		"brackets mean nothing but brackets":  {Rules{Matching: "[a-z]"}, false},
		"a long pattern of stars is not slow": {Rules{Matching: strings.Repeat("*t", 90) + "x"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			if got := row.rules.Lets(thing); got != row.lets {
				t.Errorf("lets it: %v", got)
			}
			row.rules.Lets(Thing{Title: strings.Repeat("t", 10_000)})
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

func TestRulesAreCheckedInWords(t *testing.T) {
	for name, row := range map[string]struct {
		in, out Rules
		wrong   string
	}{
		"none":                {in: Rules{}, out: Rules{Weight: 1}},
		"a weight":            {in: Rules{Weight: 10}, out: Rules{Weight: 10}},
		"too heavy":           {in: Rules{Weight: 11}, wrong: "from 1 to 10"},
		"below nothing":       {in: Rules{Weight: -1}, wrong: "from 1 to 10"},
		"lines are set well":  {in: Rules{Weight: 2, Matching: "\r\n a  b \r\n\r\nc"}, out: Rules{Weight: 2, Matching: "a b\nc"}},
		"too many patterns":   {in: Rules{Matching: strings.Repeat("a\n", 51)}, wrong: "too many"},
		"a pattern too long":  {in: Rules{Matching: strings.Repeat("a", 201)}, wrong: "at most 200"},
		"as many as there be": {in: Rules{Matching: strings.Repeat("a\n", 50)}, out: Rules{Weight: 1, Matching: strings.TrimSpace(strings.Repeat("a\n", 50))}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := row.in.Check()
			if row.wrong != "" {
				if err == nil || !strings.Contains(err.Error(), row.wrong) {
					t.Errorf("error %v, want %q", err, row.wrong)
				}
				return
			}
			if err != nil || got != row.out {
				t.Errorf("%+v, %v, want %+v", got, err, row.out)
			}
		})
	}
}
