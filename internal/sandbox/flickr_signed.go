package sandbox

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// flickrCall is a method call: its arguments, and who signed it.
type flickrCall struct {
	url.Values
	by     signer
	caller *person // nil: nobody is signed in
}

// may reports whether a caller is signed in and has agreed to so much.
func (c flickrCall) may(perm string) bool {
	ranks := []string{"", "read", "write", "delete"}
	return c.caller != nil && slices.Index(ranks, c.by.perms) >= slices.Index(ranks, perm)
}

// signer tells who signed a call. What is wrong with a signature is a failure where Flickr has a code for it and else,
// as with a call that a program signs without a token, an oauth_problem.
func (f *Flickr) signer(r *http.Request) (by signer, no failure, problem string) {
	if !signs(r) {
		if r.Form.Get("method") == "flickr.auth.oauth.checkToken" {
			return by, fail(97, "Missing signature"), ""
		}
		if r.Form.Has("oauth_token") || r.Form.Has("auth_token") {
			return by, fail(98, "Invalid auth token"), ""
		}
		return by, no, ""
	}
	by, problem = f.oauth.signed(r)
	switch {
	case problem == "signature_invalid":
		return by, fail(96, "Invalid signature"), ""
	case problem == "token_rejected":
		return by, fail(98, "Invalid auth token"), ""
	case problem == "consumer_key_unknown":
		return by, fail(100, "Invalid API Key (Key not found)"), ""
	case problem == "" && by.user == "":
		problem = absent + "oauth_token"
	}
	return by, no, problem
}

// signIn finds who has a name, an address of words or an NSID.
func (f *Flickr) signIn(login string) (nsid string, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := f.called(login)
	if p == nil {
		p = f.first(func(p *person) bool { return strings.EqualFold(p.name, login) })
	}
	if p == nil {
		return "", false
	}
	return p.nsid, true
}

// told is what goes along with an access token.
func (f *Flickr) told(nsid string) url.Values {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := f.people[nsid]
	return url.Values{"fullname": {""}, "user_nsid": {p.nsid}, "username": {p.name}}
}

func nobody() failure { return fail(99, "User not logged in / Insufficient permissions") }

func login(c flickrCall) any {
	if !c.may("read") {
		return nobody()
	}
	return map[string]any{"stat": "ok", "user": map[string]any{
		"id": c.caller.nsid, "username": content{c.caller.name}, "path_alias": alias(c.caller)}}
}

func checkToken(c flickrCall) any {
	perms := c.by.perms
	if perms == "" {
		perms = "none"
	}
	return map[string]any{"stat": "ok", "oauth": map[string]any{"token": content{c.by.token}, "perms": content{perms},
		"user": map[string]any{"nsid": c.caller.nsid, "username": c.caller.name, "fullname": ""}}}
}

// getList lists somebody's faves as the caller sees them; without a user_id the caller's own.
func (f *Flickr) getList(c flickrCall) any {
	if c.Get("user_id") == "" && !c.may("read") {
		return nobody()
	}
	if !c.may("read") {
		return f.getPublicList(c)
	}
	nsid := c.Get("user_id")
	if nsid == "" {
		nsid = c.caller.nsid
	}
	return f.faves(c, nsid, c.caller)
}

// getPhoto tells whose a photo is.
func (f *Flickr) getPhoto(c flickrCall) any {
	p := f.photos[c.Get("photo_id")]
	if p == nil || !p.seen(c.caller) {
		return fail(1, "Photo not found")
	}
	public, friend := 1, 0
	if p.private {
		public, friend = 0, 1
	}
	page := f.base + "photos/" + p.owner.nsid + "/" + p.id + "/"
	return map[string]any{"stat": "ok", "photo": map[string]any{
		"id": p.id, "secret": p.secret, "server": "5686", "farm": 6, "isfavorite": 0, "media": "photo",
		"dateuploaded": strconv.FormatInt(p.uploaded.Unix(), 10),
		"title":        content{p.title}, "description": content{""},
		"owner": map[string]any{"nsid": p.owner.nsid, "username": p.owner.name, "realname": "", "location": "",
			"iconserver": "0", "iconfarm": 0, "path_alias": alias(p.owner)},
		"visibility": map[string]any{"ispublic": public, "isfriend": friend, "isfamily": 0},
		"urls":       map[string]any{"url": []any{map[string]any{"type": "photopage", "_content": page}}},
	}}
}
