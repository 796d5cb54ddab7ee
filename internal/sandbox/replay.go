package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// OpenReplay opens a world whose GitHub answers with a recording, see ReplayRecorded. Somebody must Close it.
func OpenReplay(clock *Clock, recording []byte) (*World, error) {
	w, err := Open(clock, 1)
	if err != nil {
		return nil, err
	}
	if _, err := w.GitHub.ReplayRecorded(recording); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

// recorded is how a replayed user's list is answered: all of it on page 1 whatever is asked for, `[]` on every other
// page, and never with times.
type recorded struct {
	header http.Header
	links  string // as recorded: page 1 only
	origin string // scheme and host that the links name
}

func (r *recorded) link(base string, page int) string {
	if page != 1 {
		return ""
	}
	return strings.ReplaceAll(r.links, r.origin, base)
}

// exchange is one request of a recording with its answer.
type exchange struct {
	Request struct {
		URL string `json:"url"`
	} `json:"request"`
	Response struct {
		Headers map[string]json.RawMessage `json:"headers"` // a text or a list of them
		Body    json.RawMessage            `json:"body"`
	} `json:"response"`
}

type recordedRepo struct {
	ID          int64  `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Owner       struct {
		ID    int64  `json:"id"`
		Login string `json:"login"`
		Type  string `json:"type"`
	} `json:"owner"`
}

// ReplayRecorded adds the user whose stars a recording of GitHub shows, and answers for that user as recorded: the
// repositories byte for byte, without times, the headers as they were (but for Date, limits, ETag and what concerns the
// connection). A recording is a JSON array of requests with their answers, of which the one for /users/{login}/starred
// is taken. The user's number is the one in the answer's Link header.
//
// Stars given to the user afterwards stand in front. The clock must be later than the recording's Date.
func (g *GitHub) ReplayRecorded(recording []byte) (login string, err error) {
	x, login, err := starredIn(recording)
	if err != nil {
		return "", fmt.Errorf("sandbox: recording: %w", err)
	}
	header := recordedHeader(x.Response.Headers)
	date, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return "", fmt.Errorf("sandbox: recording: date: %w", err)
	}
	if now := g.clock.Now(); !now.After(date) {
		return "", fmt.Errorf("sandbox: the clock stands at %s, before the recording of %s", now, date)
	}
	var raws []json.RawMessage
	if err := json.Unmarshal(x.Response.Body, &raws); err != nil {
		return "", fmt.Errorf("sandbox: recording: stars: %w", err)
	}
	at, err := url.Parse(x.Request.URL)
	if err != nil {
		return "", fmt.Errorf("sandbox: recording: %w", err)
	}
	as := &recorded{links: header.Get("Link"), origin: at.Scheme + "://" + at.Host + "/"}
	var id int64
	if _, tail, ok := strings.Cut(as.links, "/user/"); ok {
		number, _, _ := strings.Cut(tail, "/")
		id, _ = strconv.ParseInt(number, 10, 64) // 0: the next number
	}
	for _, own := range [...]string{"Date", "Link", "Etag", "Content-Length", "Transfer-Encoding", "Connection",
		"X-Ratelimit-Limit", "X-Ratelimit-Remaining", "X-Ratelimit-Reset"} {
		header.Del(own)
	}
	as.header = header
	g.change(func() { err = g.replay(login, id, as, raws, date) })
	if err != nil {
		return "", fmt.Errorf("sandbox: recording: %w", err)
	}
	return login, nil
}

func (g *GitHub) replay(login string, id int64, as *recorded, raws []json.RawMessage, date time.Time) error {
	u, err := g.ensureUser(login, About{ID: id})
	if err != nil {
		return err
	}
	u.recorded = as
	for i, raw := range raws {
		var seen recordedRepo
		if err := json.Unmarshal(raw, &seen); err != nil {
			return fmt.Errorf("star %d: %w", i, err)
		}
		owner, err := g.ensureUser(seen.Owner.Login, About{ID: seen.Owner.ID, Organisation: seen.Owner.Type == "Organization"})
		if err != nil {
			return err
		}
		r, err := g.ensureRepo(owner, seen.Name, RepoAbout{ID: seen.ID, Description: seen.Description, raw: raw})
		if err != nil {
			return err
		}
		g.star(u, r, date.Add(-time.Duration(i)*time.Second))
	}
	return nil
}

func starredIn(recording []byte) (x exchange, login string, err error) {
	var all []exchange
	if err := json.Unmarshal(recording, &all); err != nil {
		return exchange{}, "", err
	}
	for _, x := range all {
		if _, path, ok := strings.Cut(x.Request.URL, "/users/"); ok {
			if login, ok := strings.CutSuffix(path, "/starred"); ok {
				return x, login, nil
			}
		}
	}
	return exchange{}, "", errors.New("it holds no answer to /users/{login}/starred")
}

func recordedHeader(said map[string]json.RawMessage) http.Header {
	header := http.Header{}
	for name, raw := range said {
		var one string
		var many []string
		if json.Unmarshal(raw, &one) == nil {
			many = []string{one}
		} else if json.Unmarshal(raw, &many) != nil {
			continue // neither: no header
		}
		for _, value := range many {
			header.Add(name, value)
		}
	}
	return header
}

// pastStar is a star with its time, as public collections of stars keep them.
type pastStar struct {
	Node string    `json:"node_id"`
	Full string    `json:"name_with_owner"`
	At   time.Time `json:"starred_at"`
}

// ReplayStars gives a user (a new one, where there is none of that login) real stars with their times, from a JSON array
// of objects with node_id, name_with_owner and starred_at. Each is seen from its own time on, as the clock gets there.
// It tells how many stars there are.
//
// Such collections have no numbers of owners, so these are made up: a hash of the login, above 2^40, the same each time
// and out of the way of all others. A repository's number is the one inside its node_id, or a hash of that.
func (g *GitHub) ReplayStars(login string, stars []byte) (n int, err error) {
	var past []pastStar
	if err := json.Unmarshal(stars, &past); err != nil {
		return 0, fmt.Errorf("sandbox: stars: %w", err)
	}
	g.change(func() { n, err = g.replayStars(login, past) })
	if err != nil {
		return n, fmt.Errorf("sandbox: stars of %s: %w", login, err)
	}
	return n, nil
}

func (g *GitHub) replayStars(login string, past []pastStar) (int, error) {
	u, err := g.ensureUser(login, About{ID: madeUpID(strings.ToLower(login))})
	if err != nil {
		return 0, err
	}
	for i, p := range past {
		owner, name, ok := strings.Cut(p.Full, "/")
		if !ok || p.At.IsZero() {
			return i, fmt.Errorf("star %d: name %q, time %s: it needs owner/name and a time", i, p.Full, p.At)
		}
		of, err := g.ensureUser(owner, About{ID: madeUpID(strings.ToLower(owner))})
		if err != nil {
			return i, fmt.Errorf("star %d: %w", i, err)
		}
		id := repoIDOf(p.Node)
		if id == 0 {
			id = madeUpID(p.Node)
		}
		r, err := g.ensureRepo(of, name, RepoAbout{ID: id, Node: p.Node})
		if err != nil {
			return i, fmt.Errorf("star %d: %w", i, err)
		}
		g.star(u, r, p.At)
	}
	return len(past), nil
}

func madeUpID(of string) int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(of)) // never an error
	return 1<<40 | int64(h.Sum64()&(1<<40-1))
}

// ensureUser and ensureRepo take what is there or add it; what comes from a file must not panic.
func (g *GitHub) ensureUser(login string, about About) (*user, error) {
	if u := g.users[strings.ToLower(login)]; u != nil {
		return u, nil
	}
	if !usable(login) {
		return nil, fmt.Errorf("nobody can be called %q", login)
	}
	if there := g.byID[about.ID]; there != nil {
		return nil, fmt.Errorf("user id %d of %s is %s's", about.ID, login, there.login)
	}
	return g.addUser(login, about), nil
}

func (g *GitHub) ensureRepo(owner *user, name string, about RepoAbout) (*repo, error) {
	if r := g.repos[strings.ToLower(owner.login+"/"+name)]; r != nil && r.shown() {
		return r, nil
	}
	if !named(name, "-_.") {
		return nil, fmt.Errorf("no repository can be called %q", name)
	}
	if there := g.repoIDs[about.ID]; there != nil {
		return nil, fmt.Errorf("repository id %d of %s/%s is %s's", about.ID, owner.login, name, there.full())
	}
	return g.addRepo(owner, name, about), nil
}
