package web

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"flattery"
)

// Only ada has these; nobody else may ever see them.
var adasOwn = []string{"lighthouse-keeper", "tinywebkit", "ada-w", "FLT-7K1", "kettle-works", "flattery-k7rm", "telephone-of-ada", "earned-by-ada", "FLT-9AA", "ada@lighthouse"}

func TestEveryRouteAnswersEachVisitorAsItShould(t *testing.T) {
	const (
		page    = http.StatusOK
		sent    = http.StatusSeeOther
		refused = http.StatusForbidden
		missing = http.StatusNotFound
		unknown = http.StatusBadRequest
	)
	// What a stranger, the owner (who is an admin too) and another account get.
	want := map[string]struct {
		path                   string
		stranger, owner, other int
	}{
		"GET /signin":                          {"/signin", page, sent, sent},
		"POST /signin":                         {"/signin", refused, refused, refused},
		"POST /signin/network":                 {"/signin/network", sent, sent, sent},
		"POST /stepup/network":                 {"/stepup/network", refused, missing, missing},
		"POST /signin/passkey":                 {"/signin/passkey", refused, refused, refused},
		"POST /signin/passkey/begin":           {"/signin/passkey/begin", page, page, page},
		"GET /invite/{token}":                  {"/invite/invited", page, page, page},
		"POST /invite/{token}":                 {"/invite/spent", refused, refused, refused},
		"POST /invite/{token}/passkey/begin":   {"/invite/spent/passkey/begin", refused, refused, refused},
		"GET /stepup":                          {"/stepup", sent, page, page},
		"POST /stepup":                         {"/stepup", refused, refused, refused},
		"POST /stepup/passkey":                 {"/stepup/passkey", refused, refused, refused},
		"POST /stepup/passkey/begin":           {"/stepup/passkey/begin", refused, page, page},
		"GET /settings/security":               {"/settings/security", sent, page, page},
		"POST /settings/security/password":     {"/settings/security/password", refused, sent, sent},
		"POST /settings/security/passkeys":     {"/settings/security/passkeys", refused, sent, sent},
		"POST /settings/security/sessions/end": {"/settings/security/sessions/end", refused, sent, sent},

		"POST /settings/security/passkeys/begin":       {"/settings/security/passkeys/begin", refused, page, page},
		"POST /settings/security/passkeys/{id}/remove": {"/settings/security/passkeys/1/remove", refused, sent, missing},
		"POST /settings/security/sessions/{id}/end":    {"/settings/security/sessions/1/end", refused, sent, missing},

		"GET /admin/health":                     {"/admin/health", sent, page, missing},
		"GET /admin/months":                     {"/admin/months", sent, page, missing},
		"POST /admin/audit":                     {"/admin/audit", refused, sent, missing},
		"GET /admin/payments":                   {"/admin/payments", sent, page, missing},
		"POST /admin/payments/batches":          {"/admin/payments/batches", refused, sent, missing},
		"GET /admin/payments/batches/{id}/file": {"/admin/payments/batches/FLABCDEFGHIJKLMNOP/file", sent, page, missing},
		"POST /admin/payments/{id}/{state}":     {"/admin/payments/3/paid", refused, sent, missing},
		"GET /admin/bank":                       {"/admin/bank", sent, page, missing},
		"POST /admin/bank":                      {"/admin/bank", refused, unknown, missing},
		"POST /admin/bank/{id}":                 {"/admin/bank/12", refused, sent, missing},
		"GET /admin/instance":                   {"/admin/instance", sent, page, missing},
		"GET /admin/policy":                     {"/admin/policy", sent, page, missing},
		"POST /admin/policy":                    {"/admin/policy", refused, sent, missing},
		"GET /setup":                            {"/setup", sent, sent, missing},
		"GET /setup/{step}":                     {"/setup/place", sent, page, missing},
		"POST /setup/{step}":                    {"/setup/money", refused, sent, missing},
		"GET /admin/accounts":                   {"/admin/accounts", sent, page, missing},
		"POST /admin/accounts/{id}/role":        {"/admin/accounts/2/role", refused, sent, missing},
		"POST /admin/invites":                   {"/admin/invites", refused, page, missing},
		"POST /admin/invites/{id}/end":          {"/admin/invites/1/end", refused, sent, missing},

		"GET /{$}":                   {"/", page, sent, sent},
		"GET /enter/{token}":         {"/enter/abc", page, page, page},
		"POST /enter/{token}":        {"/enter/abc", refused, refused, refused},
		"POST /leave":                {"/leave", sent, sent, sent},
		"POST /language":             {"/language", sent, sent, sent},
		"GET /welcome":               {"/welcome", sent, page, page},
		"GET /month":                 {"/month", sent, page, page},
		"POST /flattrs/{id}/remove":  {"/flattrs/55/remove", refused, sent, missing},
		"POST /flattrs/{id}/restore": {"/flattrs/41/restore", refused, sent, missing},
		"GET /months":                {"/months", sent, page, page},

		"GET /flattrs/{id}":             {"/flattrs/55", sent, page, missing},
		"POST /flattrs/{id}/subscribe":  {"/flattrs/55/subscribe", refused, sent, missing},
		"GET /subscriptions":            {"/subscriptions", sent, page, page},
		"POST /subscriptions/{id}/stop": {"/subscriptions/1/stop", refused, sent, missing},
		"GET /terms":                    {"/terms", page, page, page},
		"GET /submit/auto":              {"/submit/auto?url=https://blog.example/", page, page, page},
		"POST /submit/auto":             {"/submit/auto", refused, sent, sent},
		"GET /button":                   {"/button", page, page, page},
		"POST /button/public":           {"/button/public", refused, sent, sent},
		"GET /p/{name}":                 {"/p/Ada", missing, missing, missing},
		"GET /c/{token}":                {"/c/waits", page, page, page},
		"POST /c/{token}":               {"/c/waits", sent, sent, sent},
		"POST /c/{token}/token":         {"/c/waits/token", sent, sent, sent},
		"POST /c/{token}/look":          {"/c/waits/look", unknown, sent, sent},
		"GET /authors":                  {"/authors", sent, page, page},
		"POST /authors":                 {"/authors", refused, sent, missing},
		"GET /claims/{id}":              {"/claims/1", sent, page, missing},
		"GET /import":                   {"/import", sent, page, page},
		"POST /import":                  {"/import", refused, unknown, unknown},
		"GET /links/{id}":               {"/links/1", sent, page, missing},
		"POST /links/{id}":              {"/links/1", refused, sent, missing},
		"POST /links/{id}/never":        {"/links/1/never", refused, sent, missing},
		"POST /links/{id}/allow":        {"/links/1/allow", refused, sent, missing},

		"GET /months/{month}/statement.csv":         {"/months/2026-09/statement.csv", sent, page, missing},
		"GET /mail/confirm/{token}":                 {"/mail/confirm/adas-mail", page, page, page},
		"POST /mail/confirm/{token}":                {"/mail/confirm/none", missing, missing, missing},
		"GET /mail/end/{token}":                     {"/mail/end/adas-end", page, page, page},
		"POST /mail/end/{token}":                    {"/mail/end/none", missing, missing, missing},
		"POST /settings/messages/mail":              {"/settings/messages/mail", refused, sent, sent},
		"POST /settings/messages/mail/wish":         {"/settings/messages/mail/wish", refused, sent, sent},
		"POST /settings/messages/mail/forget":       {"/settings/messages/mail/forget", refused, sent, sent},
		"GET /feed/{token}":                         {"/feed/adas-feed", page, page, page},
		"GET /settings/messages":                    {"/settings/messages", sent, page, page},
		"POST /settings/messages/feed":              {"/settings/messages/feed", refused, page, page},
		"POST /settings/messages/feed/end":          {"/settings/messages/feed/end", refused, sent, sent},
		"POST /settings/messages/hooks":             {"/settings/messages/hooks", refused, page, page},
		"POST /settings/messages/hooks/{id}/test":   {"/settings/messages/hooks/1/test", refused, sent, missing},
		"POST /settings/messages/hooks/{id}/rotate": {"/settings/messages/hooks/1/rotate", refused, page, missing},
		"POST /settings/messages/hooks/{id}/remove": {"/settings/messages/hooks/1/remove", refused, sent, missing},
		"GET /income":                               {"/income", sent, page, page},
		"POST /income/destination":                  {"/income/destination", refused, sent, sent},
		"POST /income/trial":                        {"/income/trial", refused, missing, missing},
		"POST /income/trial/number":                 {"/income/trial/number", refused, missing, missing},
		"GET /income/{month}":                       {"/income/2026-09", sent, page, missing},
		"GET /income/{month}/income.csv":            {"/income/2026-09/income.csv", sent, page, missing},
		"GET /settings":                             {"/settings", sent, page, page},
		"POST /settings":                            {"/settings", refused, sent, sent},
		"POST /settings/language":                   {"/settings/language", refused, sent, sent},
		"GET /settings/export.zip":                  {"/settings/export.zip", sent, page, page},
		"POST /settings/forget":                     {"/settings/forget", refused, sent, sent},

		"GET /months/{month}":            {"/months/2026-09", sent, page, page},
		"GET /slips":                     {"/slips", sent, page, page},
		"POST /slips/{id}/{state}":       {"/slips/1/paid", refused, sent, missing},
		"GET /slips/{id}":                {"/slips/1", sent, page, missing},
		"GET /slips/{id}/code.svg":       {"/slips/2/code.svg", sent, page, missing},
		"POST /slips/{id}/invoice":       {"/slips/3/invoice", refused, sent, missing},
		"POST /slips/{id}/invoice/check": {"/slips/3/invoice/check", refused, sent, missing},
		"GET /slips/sponsors":            {"/slips/sponsors?currency=EUR", sent, page, missing},
		"POST /slips/sponsors":           {"/slips/sponsors", refused, sent, missing},
		"GET /slips/sponsors/file.csv":   {"/slips/sponsors/file.csv?currency=EUR&rate=1.0842", sent, missing, missing},
		"POST /slips/sponsors/paid":      {"/slips/sponsors/paid", refused, sent, sent},
		"GET /links":                     {"/links", sent, page, page},
		"POST /links":                    {"/links", refused, sent, sent},
		"POST /links/{id}/remove":        {"/links/1/remove", refused, sent, missing},
		"GET /networks/{network}":        {"/networks/github", sent, page, page},

		"GET /networks/{network}/keys":       {"/networks/github/keys", sent, page, missing},
		"POST /networks/{network}/keys":      {"/networks/github/keys", refused, sent, missing},
		"POST /networks/{network}/keys/test": {"/networks/github/keys/test", refused, sent, missing},

		"POST /connect":                  {"/connect", refused, sent, missing},
		"GET /oauth/cb/{network}/{host}": {"/oauth/cb/github/github.example?state=adas&code=x", unknown, sent, unknown},
		"GET /oauth/code":                {"/oauth/code", sent, sent, sent},
		"POST /oauth/code":               {"/oauth/code", refused, unknown, unknown},
		"GET /identities":                {"/identities", sent, page, page},
		"POST /claims/{id}/remove":       {"/claims/1/remove", refused, sent, missing},
		"POST /claims/{id}/check":        {"/claims/1/check", refused, sent, missing},

		"GET /identities/{network}/prove":     {"/identities/github/prove", sent, page, page},
		"POST /identities/{network}/prove":    {"/identities/github/prove", refused, sent, sent},
		"POST /proofs/{id}/look":              {"/proofs/1/look", refused, sent, missing},
		"POST /proofs/{id}/remove":            {"/proofs/1/remove", refused, sent, missing},
		"GET /admin/disputes":                 {"/admin/disputes", sent, page, missing},
		"POST /admin/disputes/{id}/{outcome}": {"/admin/disputes/1/first", refused, sent, missing},
	}
	routes := (&site{}).routes()
	if len(routes) != len(want) {
		t.Errorf("there are %d routes and %d rows for them", len(routes), len(want))
	}
	house, h := lend(t)
	for _, rt := range routes {
		row, ok := want[rt.pattern]
		if !ok {
			t.Errorf("route %s has no row here", rt.pattern)
			continue
		}
		method, _, _ := strings.Cut(rt.pattern, " ")
		for who, status := range map[flattery.AccountID]int{0: row.stranger, ada: row.owner, bob: row.other} {
			w := populated(false)
			w.collects = strings.Contains(rt.pattern, paymentsPath) || strings.Contains(rt.pattern, bankPath)
			house.to(w)
			b := visitor(t, h)
			if who != 0 {
				visitor(t, b.h).signIn(w, ada) // session 1
				b.signIn(w, who)
			}
			form := map[string][]string{
				"language": {"fr"}, "network": {"github"}, "handle": {"somebody"}, "purpose": {"linking"}, "link": {"1"}, "id": {"client"}, "code": {"x"},
				"role": {"admin"}, "mode": {"prepaid"},
				"months": {"3"}, "weight": {"3"}, "host": {"github.example"}, "subject": {"spam"}, "address": {"me@example.org"}, "wish": {"each"}, "url": {"https://blog.example/"}, "turn": {"7"},
			}
			got := b.do(method, row.path, form)
			if got.Code != status {
				t.Errorf("%s as account %d: answered %d, want %d", rt.pattern, who, got.Code, status)
			}
			checkHeaders(t, rt.pattern, got.Header())
			if who == ada {
				continue
			}
			for _, secret := range adasOwn {
				if strings.Contains(got.Body.String(), secret) {
					t.Errorf("%s shows account %d what is ada's: %s", rt.pattern, who, secret)
				}
			}
			if w.flattrs[54].State != flattery.Counting || w.payments[0].State != flattery.PaymentPlanned || w.links[0].State != flattery.LinkActive ||
				len(w.claims) != 3 || w.saved != 0 || len(w.policy) != 0 || len(w.provings) == 0 || len(w.did) != 0 || w.provings[0].Account != ada || !w.disputes[0].Open() ||
				w.accounts[ada].Public || len(w.subscriptions) != 4 || !w.subscriptions[0].StoppedAt.IsZero() || w.links[0].Rules != (flattery.Rules{}) || len(w.nevers[1]) != 1 ||
				len(w.keys[ada].Passkeys) != 2 || !w.accounts[ada].Admin || w.accounts[bob].Admin || len(w.invites) != 2 || len(w.post.Hooks) != 3 || w.rotated != 0 || w.post.Feed.MadeAt.Day() != 2 || w.post.Mail != (flattery.Mail{Address: "ada@lighthouse.example", Wish: flattery.MailMonthly}) || who != 0 && len(w.visits) != 2 && rt.pattern != "POST /leave" {
				t.Errorf("%s as account %d changed what is ada's", rt.pattern, who)
			}
		}
	}
}

func checkHeaders(t *testing.T, what string, h http.Header) {
	t.Helper()
	csp := h.Get("Content-Security-Policy")
	if !strings.Contains(csp, "default-src 'self'") || !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") ||
		!strings.HasSuffix(csp, "; form-action 'self' https://x.example https://github.example https://flickr.example http://127.0.0.1:9000") {
		t.Errorf("%s: content security policy %q", what, csp)
	}
	if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Cache-Control") == "" {
		t.Errorf("%s: headers %v", what, h)
	}
	wish := "same-origin"
	if strings.Contains(what, "/enter/") || strings.Contains(what, "/oauth/") || strings.Contains(what, "/invite/") || strings.Contains(what, "/c/") || strings.Contains(what, " /feed/") || strings.Contains(what, " /mail/") {
		wish = "no-referrer"
	}
	if got := h.Get("Referrer-Policy"); got != wish {
		t.Errorf("%s: referrer policy %q, want %q", what, got, wish)
	}
}

func TestAddressesThatAreNotThereAreNamed(t *testing.T) {
	house, h := lend(t)
	for name, row := range map[string]struct {
		method, path string
		status       int
	}{
		"no such page":                  {"GET", "/nothing", 404},
		"a page is not commanded":       {"POST", "/month", 405},
		"a command is not read":         {"GET", "/leave", 405},
		"another method":                {"DELETE", "/month", 405},
		"a month in the future":         {"GET", "/months/2026-11", 404},
		"a month before the account":    {"GET", "/months/2026-06", 404},
		"not a month":                   {"GET", "/months/october", 404},
		"no such state":                 {"GET", "/month?state=seen", 404},
		"before what is no number":      {"GET", "/month?before=x", 404},
		"before what is negative":       {"GET", "/month?before=-1", 404},
		"a flattr that is no number":    {"POST", "/flattrs/x/remove", 404},
		"a slip into no state":          {"POST", "/slips/1/planned", 404},
		"a slip that is no number":      {"GET", "/slips/x", 404},
		"a slip that is not":            {"GET", "/slips/9999", 404},
		"a picture of a page":           {"GET", "/slips/1/code.svg", 404},
		"a picture of what is held":     {"GET", "/slips/8/code.svg", 404},
		"an invoice of a page":          {"POST", "/slips/1/invoice", 404},
		"an invoice of what is paid":    {"POST", "/slips/4/invoice", 404},
		"an invoice of no slip":         {"POST", "/slips/x/invoice", 404},
		"a check of what is paid":       {"POST", "/slips/4/invoice/check", 404},
		"sponsors of no currency":       {"GET", "/slips/sponsors?currency=SEK", 404},
		"a file without a rate":         {"GET", "/slips/sponsors/file.csv?currency=EUR", 404},
		"a file of a wrong rate":        {"GET", "/slips/sponsors/file.csv?currency=EUR&rate=x", 404},
		"a number that is too long":     {"POST", "/slips/99999999999999999999/paid", 404},
		"no such file":                  {"GET", "/assets/flattery.css", 404},
		"out of the folder of files":    {"GET", "/assets/..%2flocales%2fen.json", 404},
		"a language that nobody speaks": {"POST", "/language", 400},
		"no such network":               {"GET", "/networks/orkut", 404},
		"keys where there are none":     {"GET", "/networks/instagram/keys", 404},
		"keys of no network":            {"POST", "/networks/orkut/keys", 404},
		"no such network to link":       {"POST", "/links", 404},
		"no such network to connect":    {"POST", "/connect", 404},
		"a link that is no number":      {"POST", "/links/x/remove", 404},
		"a flattr to look at":           {"GET", "/flattrs/x", 404},
		"a flattr that is not":          {"GET", "/flattrs/9999", 404},
		"a link's rules that are not":   {"GET", "/links/9999", 404},
		"rules of a removed link":       {"GET", "/links/5", 404},
		"a claim link to nowhere":       {"GET", "/c/nobody", 404},
		"a claim link that is followed": {"POST", "/c/nobody", 404},
		"a claim that is no number":     {"GET", "/claims/x", 404},
		"a claim that is not":           {"GET", "/claims/9999", 404},
		"an account that hides":         {"GET", "/p/Ada", 404},
		"an account that is not":        {"GET", "/p/nobody", 404},
		"a badge of who hides":          {"GET", "/badge/Ada.svg", 404},
		"a badge of another kind":       {"GET", "/badge/Ada.png", 404},
		"the button is not commanded":   {"POST", "/button.js", 405},
		"a claim that is too long":      {"POST", "/claims/99999999999999999999/remove", 404},
		"a check of no claim":           {"POST", "/claims/x/check", 404},
		"a proof where there are none":  {"GET", "/identities/instagram/prove", 404},
		"a proof at no network":         {"POST", "/identities/orkut/prove", 404},
		"a proof of nobody":             {"POST", "/identities/github/prove", 400},
		"a proof that is no number":     {"POST", "/proofs/x/look", 404},
		"a proof that is not there":     {"POST", "/proofs/77/remove", 404},
		"a dispute that is no number":   {"POST", "/admin/disputes/x/first", 404},
		"a dispute with no such end":    {"POST", "/admin/disputes/1/withdrawn", 404},
		"a dispute that is not there":   {"POST", "/admin/disputes/77/second", 404},
	} {
		t.Run(name, func(t *testing.T) {
			w := house.to(populated(false))
			b := visitor(t, h).signIn(w, ada)
			got := b.do(row.method, row.path, map[string][]string{"language": {"tlh"}})
			if got.Code != row.status {
				t.Errorf("answered %d, want %d", got.Code, row.status)
			}
			if row.status == 405 && got.Header().Get("Allow") == "" {
				t.Error("does not say what is allowed")
			}
		})
	}
}

func TestRefusalsBecomePagesWithWords(t *testing.T) {
	house, h := lend(t)
	for name, row := range map[string]struct {
		refuse error
		status int
		words  string
	}{
		"the month was frozen meanwhile":  {flattery.ErrFrozen, 409, "That month is closed"},
		"the month was settled":           {flattery.ErrSettled, 409, "That month is closed"},
		"done already":                    {flattery.ErrState, 409, "not possible any more"},
		"nobody knows whether":            {flattery.ErrUnknown, 503, "do not know whether"},
		"bad input":                       {flattery.Input("no"), 400, "did not understand"},
		"bad input, in words":             {flattery.Input("type <b>less\u202e"), 400, `<p class="note"><bdi>type &lt;b&gt;less</bdi></p>`},
		"an attempt that is over":         {flattery.ErrAttempt, 400, "This attempt is over"},
		"refused at the network":          {flattery.ErrDenied, 403, "You said no at the network"},
		"nobody comes in by it":           {flattery.ErrNobody, 403, "Nobody here comes in that way"},
		"somebody else signed in":         {flattery.ErrOther, 409, "That was another account"},
		"disputed by others":              {flattery.ErrDisputed, 409, "Two others dispute this"},
		"claimed by another":              {flattery.ErrClaimed, 409, "already somebody’s"},
		"the network broke":               {&flattery.OutsideError{Network: "github", Reason: "keys", Detail: "<i>401\u202e"}, 502, "&lt;i&gt;401</bdi>"},
		"the network broke, in our words": {&flattery.OutsideError{Network: "github", Reason: "keys", Detail: "401"}, 502, "does not accept the keys of this instance"},
		"the owner may mend it":           {&flattery.OutsideError{Network: "github", Reason: "terms"}, 502, "before it is asked for anything. You run this instance, so you can mend that."},
		"the network broke it off":        {&flattery.OutsideError{Network: "github", Reason: "refused", Detail: "server_error"}, 502, "broke the sign-in off with an error"},
		"the network talks nonsense":      {&flattery.OutsideError{Network: "github", Reason: "answer"}, 502, "cannot be used. That is not your doing"},
		"a fault of ours":                 {errDown, 500, "broke on our side"},
	} {
		t.Run(name, func(t *testing.T) {
			w := house.to(populated(false))
			b := visitor(t, h).signIn(w, ada)
			w.refuse = row.refuse
			got := b.post("/flattrs/55/remove")
			if got.Code != row.status || !strings.Contains(got.Body.String(), row.words) {
				t.Errorf("answered %d: %s", got.Code, got.Body)
			}
			if strings.Contains(got.Body.String(), "/var/lib/secret") {
				t.Error("the page tells the inner error")
			}
		})
	}
}

func TestAFaultIsAPageAndALineInTheLog(t *testing.T) {
	w := populated(false)
	var log strings.Builder
	o := options(t, w)
	o.Log = textLog(&log)
	b := visitor(t, handler(t, o)).signIn(w, ada)
	w.broken = errDown
	for _, path := range []string{"/month", "/healthz"} {
		if got := b.get(path); got.Code != 500 && got.Code != 503 || strings.Contains(got.Body.String(), "secret") {
			t.Errorf("%s answered %d: %s", path, got.Code, got.Body)
		}
	}
	b.post("/enter/very-secret-token")
	if !strings.Contains(log.String(), "disk on fire") || strings.Contains(log.String(), "very-secret-token") {
		t.Errorf("log: %s", log.String())
	}
}

// silent does not answer.
type silent struct{ *world }

func (silent) Months(ctx context.Context) ([]flattery.MonthState, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestWhoAsksForHealthIsNotKeptWaiting(t *testing.T) {
	o := options(t, populated(false))
	o.Store = silent{populated(false)}
	h := handler(t, o)
	synctest.Test(t, func(t *testing.T) {
		began, got := time.Now(), httptest.NewRecorder()
		h.ServeHTTP(got, httptest.NewRequest(http.MethodGet, "/healthz", nil))
		if took := time.Since(began); got.Code != http.StatusServiceUnavailable || took != healthWait {
			t.Errorf("answered %d after %s", got.Code, took)
		}
	})
}

func TestAPanicCostsOnePage(t *testing.T) {
	w := populated(false)
	o := options(t, w)
	o.Store = panicking{w}
	b := visitor(t, handler(t, o)).signIn(w, ada)
	if got := b.get("/links"); got.Code != 500 || !strings.Contains(got.Body.String(), "broke on our side") {
		t.Errorf("answered %d: %s", got.Code, got.Body)
	}
}
