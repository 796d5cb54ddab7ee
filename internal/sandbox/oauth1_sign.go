package sandbox

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // OAuth 1.0a knows no better
	"encoding/base64"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// mostNonces is how many requests back a repeated one is known. A timestamp has to be a number and is not compared with
// any clock: clients stamp with real time, and here it is the world's.
const mostNonces = 10_000

// absent begins the problem of a parameter that is not there.
const absent = "parameter_absent&oauth_parameters_absent="

// signer is who signed a request. Without a user it was the program alone.
type signer struct{ app, user, perms, token string }

// signs reports whether a request says that it is signed.
func signs(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("Authorization"), "OAuth ") || parse(r) == nil && r.Form.Has("oauth_signature")
}

// parse reads the form, once, and not more than a login needs.
func parse(r *http.Request) error {
	if r.PostForm == nil && r.Body != nil {
		r.Body = http.MaxBytesReader(nil, r.Body, 64<<10)
	}
	return r.ParseForm()
}

// who tells whose access token signed a request. Not ok without a problem: it is not signed, or by a program alone.
func (o *oauth1) who(r *http.Request) (user string, ok bool, problem string) {
	if !signs(r) {
		return "", false, ""
	}
	s, problem := o.signed(r)
	return s.user, problem == "" && s.user != "", problem
}

// signed tells who signed a request; problem is what an oauth_problem says, "" when all is well.
func (o *oauth1) signed(r *http.Request) (who signer, problem string) {
	said, problem := parameters(r) // before the lock: a body may be slow
	if problem != "" {
		return signer{}, problem
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	problem = o.signature(r, said, func(token, app string) (string, bool) {
		g, ok := o.access[token]
		return g.secret, ok && g.app == app
	})
	if problem != "" {
		return signer{}, problem
	}
	token := said.Get("oauth_token")
	g := o.access[token]
	return signer{app: said.Get("oauth_consumer_key"), user: g.user, perms: g.perms, token: token}, ""
}

// signature checks what a request says of itself. secretOf tells the secret of a token that a program may use; nil:
// none is due.
func (o *oauth1) signature(r *http.Request, said url.Values, secretOf func(token, app string) (string, bool)) (problem string) {
	for _, name := range []string{"oauth_consumer_key", "oauth_signature_method", "oauth_signature", "oauth_timestamp", "oauth_nonce"} {
		if said.Get(name) == "" {
			return absent + name
		}
	}
	app, known := o.apps[said.Get("oauth_consumer_key")]
	_, untimed := strconv.ParseUint(said.Get("oauth_timestamp"), 10, 63)
	switch {
	case said.Has("oauth_version") && said.Get("oauth_version") != "1.0":
		return "version_rejected"
	case said.Get("oauth_signature_method") != "HMAC-SHA1":
		return "signature_method_rejected"
	case untimed != nil:
		return "timestamp_refused"
	case !known:
		return "consumer_key_unknown"
	}
	secret := ""
	if token := said.Get("oauth_token"); token != "" && secretOf != nil {
		if secret, known = secretOf(token, app.key); !known {
			return "token_rejected"
		}
	}
	if !genuine(r, said, app.secret, secret) {
		return "signature_invalid"
	}
	if !o.fresh(strings.Join([]string{app.key, said.Get("oauth_token"), said.Get("oauth_timestamp"), said.Get("oauth_nonce")}, " ")) {
		return "nonce_used"
	}
	return ""
}

// fresh reports whether a nonce was not heard before, and remembers it.
func (o *oauth1) fresh(nonce string) bool {
	if o.nonces[nonce] {
		return false
	}
	if len(o.heard) == mostNonces {
		delete(o.nonces, o.heard[0])
		o.heard = o.heard[1:]
	}
	o.nonces[nonce] = true
	o.heard = append(o.heard, nonce)
	return true
}

// parameters are those of the header, the query and the form together. An oauth_ parameter may come once.
func parameters(r *http.Request) (url.Values, string) {
	if parse(r) != nil {
		return url.Values{}, "parameter_rejected"
	}
	all := url.Values{}
	for name, values := range r.Form { // the query and, where it is one, the form
		all[name] = slices.Clone(values)
	}
	if list, ok := strings.CutPrefix(r.Header.Get("Authorization"), "OAuth "); ok {
		for one := range strings.SplitSeq(list, ",") {
			name, value, _ := strings.Cut(strings.TrimSpace(one), "=")
			decoded, err := url.PathUnescape(strings.Trim(value, `"`))
			if err != nil {
				return all, "parameter_rejected"
			}
			if name != "realm" {
				all.Add(name, decoded)
			}
		}
	}
	for name, values := range all {
		if strings.HasPrefix(name, "oauth_") && len(values) > 1 {
			return all, "parameter_rejected&oauth_parameters_rejected=" + url.QueryEscape(name)
		}
	}
	return all, ""
}

// genuine compares the signature with the one that is due, for the address as the client wrote it: which host that is
// the client says, and whether it was https nobody here can know.
func genuine(r *http.Request, said url.Values, appSecret, tokenSecret string) bool {
	got, err := base64.StdEncoding.DecodeString(said.Get("oauth_signature"))
	if err != nil {
		return false
	}
	pairs := paired(said)
	for _, scheme := range []string{"http", "https"} {
		address := scheme + "://" + hostOf(r, scheme) + r.URL.EscapedPath()
		base := strings.Join([]string{r.Method, escaped(address), escaped(pairs)}, "&")
		mac := hmac.New(sha1.New, []byte(escaped(appSecret)+"&"+escaped(tokenSecret)))
		mac.Write([]byte(base))
		if hmac.Equal(got, mac.Sum(nil)) {
			return true
		}
	}
	return false
}

// paired are the parameters that are signed, by name and then by value.
func paired(said url.Values) string {
	type pair struct{ name, value string }
	var pairs []pair
	for name, values := range said {
		for _, value := range values {
			if name != "oauth_signature" {
				pairs = append(pairs, pair{escaped(name), escaped(value)})
			}
		}
	}
	slices.SortFunc(pairs, func(a, b pair) int { return cmp.Or(strings.Compare(a.name, b.name), strings.Compare(a.value, b.value)) })
	texts := make([]string, len(pairs))
	for i, p := range pairs {
		texts[i] = p.name + "=" + p.value
	}
	return strings.Join(texts, "&")
}

// hostOf is the host that was asked for, without the port that is usual.
func hostOf(r *http.Request, scheme string) string {
	host := strings.ToLower(r.Host)
	name, port, err := net.SplitHostPort(host)
	if err == nil && (scheme == "http" && port == "80" || scheme == "https" && port == "443") {
		return name
	}
	return host
}

// escaped is RFC 3986's: all but letters, digits and -._~ as %XX.
func escaped(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// refuse answers with an oauth_problem: 400 where the request is wrong in itself, else 401.
func refuse(w http.ResponseWriter, problem string) {
	body := []byte("oauth_problem=" + problem)
	w.Header().Set("Content-Type", "text/plain;charset=UTF-8")
	w.Header().Set("Cache-Control", "private")
	w.WriteHeader(problemStatus(problem))
	_, _ = w.Write(body) // an error is the client's leaving
}

func problemStatus(problem string) int {
	reason, _, _ := strings.Cut(problem, "&")
	if slices.Contains([]string{"parameter_absent", "parameter_rejected", "version_rejected", "signature_method_rejected", "timestamp_refused"}, reason) {
		return http.StatusBadRequest
	}
	return http.StatusUnauthorized
}

func answerForm(w http.ResponseWriter, form url.Values) {
	w.Header().Set("Content-Type", "text/plain;charset=UTF-8")
	w.Header().Set("Cache-Control", "private")
	_, _ = w.Write([]byte(form.Encode()))
}
