package lightning

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"flattery"
)

var now = time.Date(2026, 10, 5, 12, 0, 0, 0, time.UTC)

const metadata = `[["text/plain","Pay Ada\n\u202enow"],["text/identifier","ada@example.org"]]`

var (
	preimage = sha256.Sum256([]byte("a secret"))
	paidFor  = sha256.Sum256(preimage[:])
)

// wallet is a host of addresses. What it answers is what an honest one would, until a test turns a part of it into a lie.
type wallet struct {
	*httptest.Server

	offer   map[string]any
	head    string // of the invoice
	msat    string // "": what was asked for; "any": none
	at      int64
	about   string // of what the invoice's hash is
	hash    [32]byte
	asked   url.Values
	reply   func(http.ResponseWriter, *http.Request) bool // before all else; true: it answered
	verdict map[string]any
}

func honest(t *testing.T) *wallet {
	t.Helper()
	w := &wallet{head: "lnbc", at: now.Unix(), about: metadata, hash: paidFor,
		verdict: map[string]any{"status": "OK", "settled": true, "preimage": hex.EncodeToString(preimage[:])}}
	w.Server = httptest.NewTLSServer(http.HandlerFunc(w.serve))
	t.Cleanup(w.Close)
	w.offer = map[string]any{"tag": "payRequest", "callback": w.URL + "/pay?id=7", "minSendable": 1000, "maxSendable": 5_000_000, "metadata": metadata, "commentAllowed": 10}
	return w
}

func (w *wallet) serve(out http.ResponseWriter, r *http.Request) {
	if w.reply != nil && w.reply(out, r) {
		return
	}
	switch r.URL.Path {
	case "/.well-known/lnurlp/ada":
		_ = json.NewEncoder(out).Encode(w.offer)
	case "/pay":
		w.asked = r.URL.Query()
		amount := w.msat
		switch amount {
		case "":
			amount = w.asked.Get("amount") + "0p" // a p is a tenth of a thousandth
		case "any":
			amount = ""
		}
		fields := []field{hashField(fieldHash, w.hash)}
		if w.about != "" {
			fields = append(fields, hashField(fieldDescribed, sha256.Sum256([]byte(w.about))))
		}
		_ = json.NewEncoder(out).Encode(map[string]any{"pr": encoded(w.head+amount, w.at, fields...), "routes": []any{}, "verify": w.URL + "/verify/1"})
	case "/verify/1":
		_ = json.NewEncoder(out).Encode(w.verdict)
	default:
		http.NotFound(out, r)
	}
}

func (w *wallet) address(name string) string {
	return name + "@" + strings.TrimPrefix(w.URL, "https://")
}

func (w *wallet) client() *Client {
	return &Client{HTTP: w.Client(), Now: func() time.Time { return now }}
}

func TestAnInvoiceIsAskedForAndPaid(t *testing.T) {
	w := honest(t)
	c := w.client()
	inv, err := c.Ask(t.Context(), "lightning:"+strings.ToUpper(w.address("ada")), 1_234_567, "Flattery AAAA-BBBB-CCCC")
	if err != nil {
		t.Fatal(err)
	}
	if inv.Msat != 1_234_567 || inv.Hash != paidFor || inv.For != "Pay Ada now" || !inv.Comment || !inv.Expires.Equal(now.Add(time.Hour)) || inv.Verify != w.URL+"/verify/1" || !strings.HasPrefix(inv.Text, "lnbc12345670p1") {
		t.Errorf("%+v", inv)
	}
	if w.asked.Get("id") != "7" || w.asked.Get("amount") != "1234567" || w.asked.Get("comment") != "Flattery A" {
		t.Errorf("asked %v", w.asked)
	}
	if paid, err := c.Paid(t.Context(), inv); !paid || err != nil {
		t.Errorf("paid %v, error %v", paid, err)
	}
	w.verdict = map[string]any{"status": "OK", "settled": false, "preimage": nil}
	if paid, err := c.Paid(t.Context(), inv); paid || err != nil {
		t.Errorf("paid %v, error %v", paid, err)
	}
}

func TestACommentThatIsNotWantedIsLeftOut(t *testing.T) {
	w := honest(t)
	for _, allowed := range []any{nil, 0, -5} {
		w.offer["commentAllowed"] = allowed
		inv, err := w.client().Ask(t.Context(), w.address("ada"), 1000, "hello")
		if err != nil || inv.Comment || w.asked.Has("comment") {
			t.Errorf("%v: %+v asked %v, error %v", allowed, inv, w.asked, err)
		}
	}
}

// Every lie that a host can tell before somebody pays, and what becomes of it.
func TestALieIsNotPaid(t *testing.T) {
	elsewhere := httptest.NewTLSServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		t.Errorf("another host was asked for %s", r.URL)
	}))
	defer elsewhere.Close()
	first := func(w *wallet, answer func(http.ResponseWriter, *http.Request)) {
		w.reply = func(out http.ResponseWriter, r *http.Request) bool { answer(out, r); return true }
	}
	at := func(w *wallet, path string, answer func(http.ResponseWriter, *http.Request)) {
		w.reply = func(out http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == path {
				answer(out, r)
			}
			return r.URL.Path == path
		}
	}
	says := func(status int, text string) func(http.ResponseWriter, *http.Request) {
		return func(out http.ResponseWriter, _ *http.Request) { out.WriteHeader(status); fmt.Fprint(out, text) }
	}
	to := func(address string) func(http.ResponseWriter, *http.Request) {
		return func(out http.ResponseWriter, r *http.Request) { http.Redirect(out, r, address, http.StatusFound) }
	}
	for _, row := range []struct {
		name string
		lie  func(*wallet)
		is   error // nil: an InputError
		why  string
	}{
		{"another amount", func(w *wallet) { w.msat = "20m" }, ErrRejected, "2000000 satoshi, and 2 were asked for"},
		{"any amount", func(w *wallet) { w.msat = "any" }, ErrRejected, "over 0 satoshi, and 2 were asked for"},
		{"a thousandth more", func(w *wallet) { w.msat = "20010p" }, ErrRejected, "2.001 satoshi"},
		{"another thing", func(w *wallet) { w.about = `[["text/plain","Pay Bob"]]` }, ErrRejected, "something else"},
		{"nothing said", func(w *wallet) { w.about = "" }, ErrRejected, "something else"},
		{"play money", func(w *wallet) { w.head = "lntb" }, ErrRejected, `"tb"`},
		{"other play money", func(w *wallet) { w.head = "lnbcrt" }, ErrRejected, `"bcrt"`},
		{"expired", func(w *wallet) { w.at = now.Unix() - 3600 }, ErrRejected, "expired"},
		{"expiring at once", func(w *wallet) { w.at = now.Unix() - 3595 }, ErrRejected, "expired"},
		{"no invoice", func(w *wallet) { at(w, "/pay", says(200, `{"pr":"lnbc1"}`)) }, ErrRejected, "bech32"},
		{"no answer of an invoice", func(w *wallet) { at(w, "/pay", says(200, `{}`)) }, ErrRejected, "bech32"},
		{"a broken invoice", func(w *wallet) { at(w, "/pay", says(200, `{"pr":"`+exampleCoffee[:40]+"q"+exampleCoffee[41:]+`"}`)) }, ErrRejected, "checksum"},
		{"an invoice that is not text", func(w *wallet) { at(w, "/pay", says(200, `{"pr":5}`)) }, ErrRejected, "no JSON"},
		{"verify by plain http", func(w *wallet) {
			at(w, "/pay", func(out http.ResponseWriter, _ *http.Request) {
				fmt.Fprintf(out, `{"pr":%q,"verify":"http://example.org/"}`, encoded("lnbc20000p", now.Unix(), hashField(fieldHash, paidFor), hashField(fieldDescribed, sha256.Sum256([]byte(metadata)))))
			})
		}, ErrRejected, "verify is no https"},
		{"it refuses", func(w *wallet) { at(w, "/pay", says(200, `{"status":"ERROR","reason":"wallet\u001b[2J is\nfull"}`)) }, ErrRejected, "wallet[2J is full"},
		{"it refuses at first, with a status", func(w *wallet) { first(w, says(400, `{"status":"error","reason":"no"}`)) }, ErrRejected, `says "no"`},
		{"it forbids", func(w *wallet) { first(w, says(403, "no")) }, ErrRejected, "answered 403"},
		{"it knows nobody", func(w *wallet) { first(w, says(404, `{"status":"ERROR","reason":"no"}`)) }, nil, "knows nobody by the name of ada"},
		{"it is busy", func(w *wallet) { first(w, says(429, "")) }, ErrNotSent, "answered 429"},
		{"it is broken", func(w *wallet) { at(w, "/pay", says(502, `{"status":"ERROR"}`)) }, ErrNotSent, "answered 502"},
		{"it hangs up", func(w *wallet) { first(w, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }) }, ErrNotSent, ""},
		{"it hangs up within its answer", func(w *wallet) {
			first(w, func(out http.ResponseWriter, _ *http.Request) {
				out.Header().Set("Content-Length", "100")
				fmt.Fprint(out, "{")
				panic(http.ErrAbortHandler)
			})
		}, ErrNotSent, ""},
		{"a page for people", func(w *wallet) { first(w, says(200, "<!doctype html>")) }, ErrRejected, "no JSON"},
		{"a list", func(w *wallet) { first(w, says(200, "[]")) }, ErrRejected, "no JSON"},
		{"letters that are none", func(w *wallet) { first(w, says(200, "{\"tag\":\"\xff\"}")) }, ErrRejected, "no JSON"},
		{"too large", func(w *wallet) { first(w, says(200, `{"tag":"`+strings.Repeat("a", answerMost)+`"}`)) }, ErrRejected, "more than 1024 KiB"},
		{"another host", func(w *wallet) { first(w, to(elsewhere.URL+"/")) }, ErrRejected, "another host"},
		{"another host for the invoice", func(w *wallet) { at(w, "/pay", to(elsewhere.URL+"/")) }, ErrRejected, "another host"},
		{"plain http", func(w *wallet) { first(w, to("http"+strings.TrimPrefix(w.URL, "https"))) }, ErrRejected, "another host"},
		{"in circles", func(w *wallet) { first(w, to("/again")) }, ErrRejected, "redirects more than 3 times"},
		{"another tag", func(w *wallet) { w.offer["tag"] = "withdrawRequest" }, ErrRejected, "withdrawRequest"},
		{"no callback", func(w *wallet) { delete(w.offer, "callback") }, ErrRejected, "callback"},
		{"a callback of plain http", func(w *wallet) { w.offer["callback"] = "http://example.org/" }, ErrRejected, "callback"},
		{"a callback with a password", func(w *wallet) { w.offer["callback"] = "https://a:b@example.org/" }, ErrRejected, "callback"},
		{"a range that is none", func(w *wallet) { w.offer["minSendable"] = 6_000_000 }, ErrRejected, "no range"},
		{"a range from nothing", func(w *wallet) { w.offer["minSendable"] = 0 }, ErrRejected, "no range"},
		{"a range beyond all", func(w *wallet) { w.offer["maxSendable"] = int64(msatMost) + 1 }, ErrRejected, "no range"},
		{"a range of broken numbers", func(w *wallet) { w.offer["maxSendable"] = 1e300 }, ErrRejected, "no JSON"},
		{"no metadata", func(w *wallet) { w.offer["metadata"] = "" }, ErrRejected, "metadata"},
		{"metadata without words", func(w *wallet) { w.offer["metadata"] = `[["text/plain"],["image/png;base64","x"],["text/plain",5]]` }, ErrRejected, "metadata"},
		{"less than it takes", func(w *wallet) { w.offer["minSendable"] = 2001 }, nil, "takes from 2.001 to 5000 satoshi at once, and this is 2"},
		{"more than it takes", func(w *wallet) { w.offer["maxSendable"] = 1999 }, nil, "1.999"},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := honest(t)
			row.lie(w)
			w.Config.ErrorLog = nil
			inv, err := w.client().Ask(t.Context(), w.address("ada"), 2000, "")
			if err == nil || inv != (Invoice{}) || !strings.Contains(err.Error(), row.why) || strings.ContainsAny(err.Error(), "\n\x1b") {
				t.Fatalf("%+v, error %v does not say %q", inv, err, row.why)
			}
			if _, input := errors.AsType[*flattery.InputError](err); input != (row.is == nil) || row.is != nil && !errors.Is(err, row.is) || errors.Is(err, ErrRejected) && errors.Is(err, ErrNotSent) {
				t.Errorf("error %v is not %v", err, row.is)
			}
		})
	}
}

func TestWithinItsHostAnAddressMayBeLedOn(t *testing.T) {
	w := honest(t)
	w.reply = func(out http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/.well-known/lnurlp/old" {
			http.Redirect(out, r, "/.well-known/lnurlp/ada", http.StatusMovedPermanently)
			return true
		}
		return false
	}
	if _, err := w.client().Ask(t.Context(), w.address("old"), 2000, ""); err != nil {
		t.Error(err)
	}
}

func TestPlayMoneyIsTakenWhereItIsAllowed(t *testing.T) {
	w := honest(t)
	w.head = "lntb"
	c := w.client()
	c.Test = true
	if inv, err := c.Ask(t.Context(), w.address("ada"), 2000, ""); err != nil || !strings.HasPrefix(inv.Text, "lntb") {
		t.Errorf("%+v, error %v", inv, err)
	}
}

func TestWhatIsNotProvedIsUnknown(t *testing.T) {
	for name, lie := range map[string]func(*wallet, *Invoice){
		"no preimage":          func(w *wallet, _ *Invoice) { delete(w.verdict, "preimage") },
		"another preimage":     func(w *wallet, _ *Invoice) { w.verdict["preimage"] = hex.EncodeToString(paidFor[:]) },
		"half a preimage":      func(w *wallet, _ *Invoice) { w.verdict["preimage"] = hex.EncodeToString(preimage[:16]) },
		"a preimage of no hex": func(w *wallet, _ *Invoice) { w.verdict["preimage"] = "zz" },
		"another invoice":      func(_ *wallet, i *Invoice) { i.Hash[0]++ },
		"nowhere to ask":       func(_ *wallet, i *Invoice) { i.Verify = "" },
		"plain http":           func(_ *wallet, i *Invoice) { i.Verify = "http://example.org/" },
		"it forgot":            func(_ *wallet, i *Invoice) { i.Verify += "/gone" },
		"it refuses":           func(w *wallet, _ *Invoice) { w.verdict = map[string]any{"status": "ERROR", "reason": "Not found"} },
		"it is gone":           func(w *wallet, _ *Invoice) { w.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			w := honest(t)
			c := w.client()
			inv, err := c.Ask(t.Context(), w.address("ada"), 2000, "")
			if err != nil {
				t.Fatal(err)
			}
			lie(w, &inv)
			if paid, err := c.Paid(t.Context(), inv); paid || !errors.Is(err, ErrUnknown) {
				t.Errorf("paid %v, error %v", paid, err)
			}
		})
	}
}

func TestWhoWaitsNoMoreIsObeyed(t *testing.T) {
	w := honest(t)
	ctx, cancel := context.WithCancel(t.Context())
	w.reply = func(_ http.ResponseWriter, r *http.Request) bool {
		cancel()
		<-r.Context().Done()
		panic(http.ErrAbortHandler) // an empty answer could still overtake the end of the connection
	}
	if _, err := w.client().Ask(ctx, w.address("ada"), 2000, ""); !errors.Is(err, context.Canceled) || !errors.Is(err, ErrNotSent) {
		t.Error(err)
	}
}

func TestAddressesAreThoseOfLightning(t *testing.T) {
	for given, want := range map[string]string{
		"ada@example.org": "ada@example.org", " Ada@Example.ORG ": "ada@example.org", "lightning:ada@example.org": "ada@example.org", "LIGHTNING:a.b-c_d+e@x.example.org": "a.b-c_d+e@x.example.org",
		"ada@127.0.0.1:8080": "ada@127.0.0.1:8080",
		"":                   "", "ada": "", "@example.org": "", "ada@": "", "ada@localhost": "", "a b@example.org": "", "ada@example.org/x": "", "ada@example.org?x": "", "ada@bob@example.org": "", "../ada@example.org": "",
		"..@example.org": "", "ada@exämple.org": "", "ада@example.org": "", "ada@[::1]": "", "ada@example.org:x": "", "ada@example.org\n": "ada@example.org", "ada@exa\nmple.org": "", "%2e@example.org": "",
		strings.Repeat("a", 65) + "@example.org": "", "ada@" + strings.Repeat("a.", 130): "",
	} {
		got, err := Canon(given)
		if _, bad := errors.AsType[*flattery.InputError](err); got != want || bad != (want == "") {
			t.Errorf("%q: %q, error %v", given, got, err)
		}
		if want == "" {
			c := &Client{HTTP: &http.Client{Transport: nobody{}}}
			if _, err := c.Ask(t.Context(), given, 1000, ""); err == nil {
				t.Errorf("%q is asked", given)
			}
		}
	}
}

// nobody must not be asked.
type nobody struct{}

func (nobody) RoundTrip(*http.Request) (*http.Response, error) { panic("asked") }

func TestASumOutOfRangeSaysTheRange(t *testing.T) {
	w := honest(t)
	_, err := w.client().Ask(t.Context(), w.address("ada"), 5_000_001, "")
	if e, ok := errors.AsType[*RangeError](err); !ok || e.Least != 1000 || e.Most != 5_000_000 || e.Asked != 5_000_001 {
		t.Errorf("%v", err)
	}
}

func TestAnAmountIsWorthWholeSatoshi(t *testing.T) {
	for _, row := range []struct {
		amount, price flattery.Amount
		want          int64 // 0: refused
	}{
		{5_420_000, 61_500 * flattery.Unit, 8_813_000}, // 8813.008 satoshi
		{flattery.Unit, 100_000 * flattery.Unit, 1_000_000},
		{1, flattery.Unit, 100_000},
		{1, 100 * flattery.Unit, 1_000},
		{1, 101 * flattery.Unit, 0},
		{flattery.MaxAmount, 1, 0},
		{flattery.Unit, 0, 0},
		{flattery.Unit, -1, 0},
		{0, flattery.Unit, 0},
	} {
		got, err := Worth(row.amount, row.price)
		if _, bad := errors.AsType[*flattery.InputError](err); got != row.want || bad != (row.want == 0) {
			t.Errorf("%s at %s is %d, error %v; want %d", row.amount, row.price, got, err, row.want)
		}
	}
}
