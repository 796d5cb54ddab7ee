package sandbox

import (
	"encoding/base32"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// read answers a call of a member's token under the limits of its kind.
func (x *X) read(kind string, ask func(*http.Request, *permit) (fields, *problem)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-cache, no-store, max-age=0")
		said, no := x.decide(w.Header(), r, kind, ask)
		if no != nil {
			no.send(w)
			return
		}
		send(w, http.StatusOK, "application/json; charset=utf-8", said)
	}
}

// decide is the one place that knows tokens, limits and money.
func (x *X) decide(header http.Header, r *http.Request, kind string, ask func(*http.Request, *permit) (fields, *problem)) (fields, *problem) {
	x.mu.Lock()
	defer x.mu.Unlock()
	p := x.caller(r, "Bearer")
	if p == nil || p.member != nil && p.member.gone {
		return nil, xProblem(http.StatusUnauthorized, "Unauthorized", "Unauthorized", "")
	}
	who := "app"
	if p.member != nil {
		who = p.member.id
	}
	left, reset := x.use(kind + " " + who)
	x.tellLimit(header, left, reset)
	switch {
	case left < 0:
		return nil, xProblem(http.StatusTooManyRequests, "Too Many Requests", "Too Many Requests", "")
	case p.member == nil && !strings.HasPrefix(kind, "users"):
		return nil, xProblem(http.StatusForbidden, "Unsupported Authentication", "Authenticating with OAuth 2.0 Application-Only is forbidden for this endpoint.",
			"unsupported-authentication")
	case p.member != nil && p.member.suspended:
		return nil, xProblem(http.StatusForbidden, "Forbidden", "Your account is suspended and is not permitted to access this feature.", "")
	case p.member != nil && (!p.may("users.read") || !p.may("tweet.read") || kind == "liked_tweets" && !p.may("like.read")):
		return nil, xProblem(http.StatusForbidden, "Forbidden", "Forbidden", "")
	case x.credits == 0:
		no := xProblem(http.StatusPaymentRequired, "CreditsDepleted", fmt.Sprintf("Your enrolled account [%s] does not have any credits to fulfill this request.",
			who), "")
		no.said["type"], no.said["account_id"] = "https://api.twitter.com/2/problems/credits", who
		delete(no.said, "status")
		return nil, no
	}
	return ask(r, p)
}

// xParameters are what the calls take; what a post is called may be spelt both ways.
var (
	userParameters  = [...]string{"user.fields", "expansions", "tweet.fields", "post.fields"}
	likedParameters = [...]string{"user.fields", "expansions", "tweet.fields", "post.fields", "media.fields", "poll.fields",
		"place.fields", "max_results", "pagination_token"}
)

// known refuses a query with a parameter that X does not know, as X does.
func known(query url.Values, parameters []string) *problem {
	for name := range query {
		if !slices.Contains(parameters, name) {
			return invalid(name, query.Get(name), fmt.Sprintf("The query parameter [%s] is not one of [%s]", name, strings.Join(parameters, ",")))
		}
	}
	return nil
}

func invalid(parameter, value, message string) *problem {
	no := xProblem(http.StatusBadRequest, "Invalid Request", "One or more parameters to your request was invalid.", "invalid-request")
	delete(no.said, "status")
	no.said["errors"] = []fields{{"parameters": map[string][]string{parameter: {value}}, "message": message}}
	return no
}

func (x *X) getMe(r *http.Request, p *permit) (fields, *problem) {
	if no := known(r.URL.Query(), userParameters[:]); no != nil {
		return nil, no
	}
	return fields{"data": xUser(p.member, several(r, "user.fields"))}, nil
}

// getUser answers what it does not find with 200 and errors.
func (x *X) getUser(r *http.Request, _ *permit) (fields, *problem) {
	if no := known(r.URL.Query(), userParameters[:]); no != nil {
		return nil, no
	}
	id := r.PathValue("id")
	if no := numbered(id); no != nil {
		return nil, no
	}
	return userOr(x.byID[id], "id", id, several(r, "user.fields")), nil
}

// getByUsername is open to an app's own token too.
func (x *X) getByUsername(r *http.Request, _ *permit) (fields, *problem) {
	if no := known(r.URL.Query(), userParameters[:]); no != nil {
		return nil, no
	}
	name := r.PathValue("username")
	if !named(name, "_") {
		return nil, invalid("username", name, fmt.Sprintf("The `username` query parameter value [%s] does not match ^[A-Za-z0-9_]{1,15}$", name))
	}
	return userOr(x.members[strings.ToLower(name)], "username", name, several(r, "user.fields")), nil
}

// userOr is a user, or why there is none.
func userOr(m *member, parameter, value string, wanted []string) fields {
	switch {
	case m == nil || m.gone:
		return fields{"errors": []fields{unknownUser(parameter, value, "Could not find user with %s: [%s].")}}
	case m.suspended:
		return fields{"errors": []fields{unknownUser(parameter, value, "User has been suspended, with %s: [%s].")}}
	}
	return fields{"data": xUser(m, wanted)}
}

func numbered(id string) *problem {
	if !digits(id) || len(id) > 19 {
		return invalid("id", id, fmt.Sprintf("The `id` query parameter value [%s] is not valid", id))
	}
	return nil
}

// getLiked gives a page of the caller's own likes, the last given first. A page is max_results likes long before the
// posts that nobody may see fall out of it: a short page is not the end, and the last may be empty.
func (x *X) getLiked(r *http.Request, p *permit) (fields, *problem) {
	query := r.URL.Query()
	most, under, no := likedQuery(r, query)
	if no != nil {
		return nil, no
	}
	if r.PathValue("id") != p.member.id {
		no := xProblem(http.StatusForbidden, "Authorization Error", fmt.Sprintf("Sorry, you are not authorized to see the likes of the user with id: [%s].",
			r.PathValue("id")), "not-authorized-for-resource")
		no.said["resource_type"], no.said["resource_id"] = "user", r.PathValue("id")
		return nil, no
	}
	list := slices.DeleteFunc(x.listed(p.member), func(l *liked) bool { return under > 0 && x.rank(l) >= under })
	page := list[:min(most, len(list))]
	meta := fields{}
	if len(page) == most {
		meta["next_token"] = xCursor(x.rank(page[most-1]))
	}
	if under > 0 {
		meta["previous_token"] = xCursor(under + int64(most))
	}
	said := fields{"meta": meta}
	data, authors, lost := x.posts(r, page)
	meta["result_count"] = len(data)
	if len(data) > 0 {
		said["data"] = data
	}
	if len(lost) > 0 {
		said["errors"] = lost
	}
	if slices.Contains(several(r, "expansions"), "author_id") && len(authors) > 0 {
		said["includes"] = fields{"users": authors}
	}
	if x.credits > 0 {
		x.credits = max(x.credits-len(data), 0)
	}
	return said, nil
}

// likedQuery reads how many are wanted, and under which rank; 0: from the top.
func likedQuery(r *http.Request, query url.Values) (most int, under int64, no *problem) {
	if no := known(query, likedParameters[:]); no != nil {
		return 0, 0, no
	}
	if no := numbered(r.PathValue("id")); no != nil {
		return 0, 0, no
	}
	most = 100
	if said := query.Get("max_results"); said != "" {
		n, err := strconv.Atoi(said)
		if err != nil || n < 5 || n > 100 {
			return 0, 0, invalid("max_results", said, fmt.Sprintf("The `max_results` query parameter value [%s] is not between 5 and 100", said))
		}
		most = n
	}
	if said := query.Get("pagination_token"); query.Has("pagination_token") {
		b, err := base32.HexEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ToUpper(said))
		_, digits, ok := strings.Cut(string(b), "likes:")
		n, bad := strconv.ParseInt(digits, 10, 64)
		if err != nil || !ok || bad != nil || n < 1 {
			return 0, 0, invalid("pagination_token", said, fmt.Sprintf("The `pagination_token` query parameter value [%s] is not valid", said))
		}
		under = n
	}
	return most, under, nil
}

func xCursor(rank int64) string {
	return strings.ToLower(base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(fmt.Appendf(nil, "likes:%d", rank)))
}

// posts gives what may be shown of a page, who wrote it, and the errors for what suspended authors wrote.
func (x *X) posts(r *http.Request, page []*liked) (data, authors, lost []fields) {
	wanted := append(several(r, "tweet.fields"), several(r, "post.fields")...)
	wanted = append(wanted, several(r, "expansions")...)
	seen := map[*member]bool{}
	for _, l := range page {
		t := l.thing
		switch {
		case t.gone || t.owner.gone:
			continue
		case t.owner.suspended:
			no := xProblem(0, "Resource Unavailable", fmt.Sprintf("User has been suspended: the post [%s] cannot be shown.", t.id), "resource-unavailable")
			delete(no.said, "status")
			no.said["resource_type"], no.said["resource_id"] = string(x.spelling), t.id
			lost = append(lost, no.said)
			continue
		}
		data = append(data, x.post(t, wanted))
		if !seen[t.owner] {
			seen[t.owner] = true
			authors = append(authors, xUser(t.owner, several(r, "user.fields")))
		}
	}
	return data, authors, lost
}

func (x *X) post(t *thing, wanted []string) fields {
	said := fields{"id": t.id, "text": t.title, "edit_history_" + string(x.spelling) + "_ids": []string{t.id}}
	if slices.Contains(wanted, "author_id") {
		said["author_id"] = t.owner.id
	}
	if slices.Contains(wanted, "created_at") { // of the post, never of the like
		said["created_at"] = t.created.Format("2006-01-02T15:04:05.000Z")
	}
	if slices.Contains(wanted, "lang") {
		said["lang"] = "en"
	}
	return said
}

func xUser(m *member, wanted []string) fields {
	said := fields{"id": m.id, "name": m.handle, "username": m.handle}
	if slices.Contains(wanted, "created_at") {
		said["created_at"] = m.created.Format("2006-01-02T15:04:05.000Z")
	}
	if slices.Contains(wanted, "description") {
		said["description"] = m.bio
	}
	if slices.Contains(wanted, "url") && m.link != "" {
		said["url"] = shortened(m)
	}
	if slices.Contains(wanted, "entities") && m.link != "" {
		said["entities"] = fields{"url": fields{"urls": []fields{linkOf(m)}}}
	}
	return said
}

// shortened is how X writes the address of a user's page.
func shortened(m *member) string { return "https://t.co/" + m.id }

// linkOf says what the shortened address is short for.
func linkOf(m *member) fields {
	short := shortened(m)
	return fields{"start": 0, "end": len(short), "url": short, "expanded_url": m.link, "display_url": m.link}
}

// several splits a list that a parameter holds.
func several(r *http.Request, parameter string) []string {
	said := r.URL.Query().Get(parameter)
	if said == "" {
		return nil
	}
	return strings.Split(said, ",")
}
