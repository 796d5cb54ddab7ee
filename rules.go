package flattery

import (
	"strings"
	"time"
)

// Rules say which likes of a link count, and how much. The zero value lets all count once.
type Rules struct {
	Paused bool  `json:"paused"` // nothing counts; what comes meanwhile is set aside
	Weight int64 `json:"weight"` // 1–10; 0 is 1
	// Matching has a pattern a line: what is liked must match one of them, by its title or address. "": everything does. A
	// pattern is looked for, upper and lower case alike; with * or ? in it, it must fit from beginning to end.
	Matching string `json:"matching,omitempty"`
}

// The most that Rules.Matching may be.
const (
	MostPatterns   = 50
	LongestPattern = 200
)

// Check says in words what is wrong with rules, and sets them well.
func (r Rules) Check() (Rules, error) {
	if r.Weight == 0 {
		r.Weight = 1
	}
	if r.Weight < 1 || r.Weight > 10 {
		return r, Input("a weight is a whole number from 1 to 10, not %d", r.Weight)
	}
	list := r.patterns()
	if len(list) > MostPatterns {
		return r, Input("%d patterns are too many: at most %d", len(list), MostPatterns)
	}
	for _, p := range list {
		if len(p) > LongestPattern {
			return r, Input("a pattern is at most %d letters long", LongestPattern)
		}
	}
	r.Matching = strings.Join(list, "\n")
	return r, nil
}

func (r Rules) patterns() []string {
	var list []string
	for p := range strings.SplitSeq(r.Matching, "\n") {
		if p = strings.Join(strings.Fields(p), " "); p != "" {
			list = append(list, p)
		}
	}
	return list
}

// Judge sets aside what would count, or wait, and is not let through.
func (r Rules) Judge(s State, t Thing) State {
	if (s == Counting || s == Pending) && !r.Lets(t) {
		return Excluded
	}
	return s
}

// Lets reports whether a thing may count.
func (r Rules) Lets(t Thing) bool {
	list := r.patterns()
	if r.Paused || len(list) == 0 {
		return !r.Paused
	}
	title, address := strings.ToLower(t.Title), strings.ToLower(t.URL)
	for _, p := range list {
		p = strings.ToLower(p)
		if !strings.ContainsAny(p, "*?") {
			p = "*" + p + "*"
		}
		if fits(p, title) || fits(p, address) {
			return true
		}
	}
	return false
}

// fits matches a whole text, * being any run of letters and ? any one. It goes back to the last * only, so that no pattern
// takes long.
func fits(pattern, text string) bool {
	p, s := []rune(pattern), []rune(text)
	i, star, from := 0, -1, 0
	for j := 0; j < len(s); {
		switch {
		case i < len(p) && p[i] == '*':
			star, from = i, j
			i++
		case i < len(p) && (p[i] == '?' || p[i] == s[j]):
			i++
			j++
		case star >= 0:
			from++
			i, j = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(string(p[i:]), "*") == ""
}

// SubscriptionID is the number of a subscription.
type SubscriptionID int64

// Subscription lets a thing count again each month, from First on.
type Subscription struct {
	ID        SubscriptionID `json:"id"`
	Account   AccountID      `json:"account"`
	Thing     Thing          `json:"thing"`
	Author    Profile        `json:"author"`
	First     Month          `json:"first"`
	Last      Month          `json:"last,omitempty"` // 0: until stopped
	MadeAt    time.Time      `json:"made_at"`
	StoppedAt time.Time      `json:"stopped_at"` // zero: not
}

// SubscriptionMonths are the lengths that a subscription can have; 0: until stopped.
func SubscriptionMonths() []int { return []int{3, 6, 12, 0} }
