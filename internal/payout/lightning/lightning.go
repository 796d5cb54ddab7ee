// Package lightning is the rail of Lightning addresses (LUD-16: name@example.org): it asks the address's host for an invoice over
// exactly so much (LUD-06, with a comment where LUD-12 allows it), believes nothing that it answers until it was compared, and
// asks later whether the invoice was paid (LUD-21). It pays nothing: the donor's wallet does. It knows no ledger and no slips.
package lightning

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"flattery"
	"flattery/connectors"
)

// What a caller must tell apart. Asking for an invoice pays nothing, so that nothing is ever in doubt then; what a host says of an
// invoice may be.
var (
	ErrRejected = errors.New("the host refuses, or answers what must not be paid") // final for this address
	ErrNotSent  = errors.New("the host could not be asked")                        // safe to try again
	ErrUnknown  = errors.New("whether it is paid cannot be told")                  // never take it for unpaid
)

const (
	answerMost   = 1 << 20 // bytes
	reasonMost   = 200     // runes of what a host says is wrong
	nameMost     = 64
	hostMost     = 253
	urlMost      = 2000
	expiresLeast = 30 * time.Second // what expires sooner cannot be paid by a person
)

// Client asks hosts. It is safe for concurrent use.
type Client struct {
	HTTP *http.Client // the guarded one, of connectors.NewClient
	Now  func() time.Time
	Test bool // invoices of test networks are taken too; they are no money
}

// Invoice is what a wallet pays, compared with what was asked for. All of it may be kept and handed to Paid later.
type Invoice struct {
	Text    string // BOLT 11
	Msat    int64
	Hash    [32]byte // of the payment
	Expires time.Time
	For     string // what the host says is paid, in its words, one line
	Comment bool   // the comment went along
	Verify  string // where to ask whether it was paid; "" where the host does not tell
}

// RangeError is a sum that an address does not take at once, in thousandths of a satoshi. It is an *InputError.
type RangeError struct {
	Address            string
	Least, Most, Asked int64
}

func (e *RangeError) Error() string { return e.Unwrap().Error() }

// Unwrap makes it one that a person can mend.
func (e *RangeError) Unwrap() error {
	return flattery.Input("%s takes from %s to %s satoshi at once, and this is %s", e.Address, sats(e.Least), sats(e.Most), sats(e.Asked))
}

// Worth is how many thousandths of a satoshi an amount is, whole satoshi rounded down, where one coin costs price in the same currency.
// It is an *InputError where that is none, or more than there can be.
func Worth(a, price flattery.Amount) (int64, error) {
	if a <= 0 || price <= 0 {
		return 0, flattery.Input("%s is no price of a bitcoin: write how much one costs today, like 61500", price)
	}
	sat := new(big.Int).Mul(big.NewInt(int64(a)), big.NewInt(msatPerCoin/1000))
	sat.Quo(sat, big.NewInt(int64(price)))
	if sat.Sign() == 0 || sat.Cmp(big.NewInt(msatMost/1000)) > 0 {
		return 0, flattery.Input("at %s a bitcoin this is %s satoshi: look at the price", price, sat)
	}
	return sat.Int64() * 1000, nil
}

// Canon reads "Ada@Example.org", "lightning:" before it or not, and gives the address as hosts know it; else an *InputError.
func Canon(address string) (string, error) {
	s := strings.ToLower(bare(strings.TrimSpace(address)))
	name, host, ok := strings.Cut(s, "@")
	odd := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune("-_.+", r)
	}
	oddHost := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune("-.:", r)
	}
	u, err := url.Parse("https://" + host)
	if !ok || name == "" || len(name) > nameMost || strings.ContainsFunc(name, odd) || strings.Trim(name, ".") == "" ||
		host == "" || len(host) > hostMost || strings.ContainsFunc(host, oddHost) || err != nil || u.Host != host || !strings.Contains(u.Hostname(), ".") {
		return "", flattery.Input("%.100q is no Lightning address: write it like name@example.org", address)
	}
	return s, nil
}

// offer is what an address's host answers at first (LUD-06).
type offer struct {
	Tag      string `json:"tag"`
	Callback string `json:"callback"`
	Min      int64  `json:"minSendable"`
	Max      int64  `json:"maxSendable"`
	Metadata string `json:"metadata"`
	Comment  int64  `json:"commentAllowed"`
}

// Ask gets an invoice of an address over exactly msat thousandths of a satoshi, with a comment that is cut to what the host takes or
// left out. What the address cannot be, or is not paid so little or so much, is an *InputError; else errors.Is tells ErrRejected
// and ErrNotSent.
func (c *Client) Ask(ctx context.Context, address string, msat int64, comment string) (Invoice, error) {
	canon, err := Canon(address)
	if err != nil {
		return Invoice{}, err
	}
	name, host, _ := strings.Cut(canon, "@")
	var o offer
	status, err := c.get(ctx, "https://"+host+"/.well-known/lnurlp/"+url.PathEscape(name), &o)
	if status == http.StatusNotFound || status == http.StatusGone {
		return Invoice{}, flattery.Input("%s knows nobody by the name of %s: look at the address", host, name)
	}
	if err != nil {
		return Invoice{}, fmt.Errorf("lightning: %s: %w", canon, err)
	}
	if err := o.check(); err != nil {
		return Invoice{}, fmt.Errorf("lightning: %s: %w", canon, err)
	}
	if msat < o.Min || msat > o.Max {
		return Invoice{}, &RangeError{Address: canon, Least: o.Min, Most: o.Max, Asked: msat}
	}
	inv, err := c.order(ctx, o, msat, comment)
	if err != nil {
		return Invoice{}, fmt.Errorf("lightning: %s: %w", canon, err)
	}
	return inv, nil
}

func (o offer) check() error {
	switch {
	case o.Tag != "payRequest":
		return rejected("it offers %.40q and not payRequest", o.Tag)
	case !secure(o.Callback):
		return rejected("its callback is no https address")
	case o.Min < 1 || o.Max < o.Min || o.Max > msatMost:
		return rejected("it takes from %d to %d, which is no range", o.Min, o.Max)
	case o.text() == "":
		return rejected("its metadata does not say what is paid")
	}
	return nil
}

// text is what a person reads of the metadata, a list of pairs of a kind and its content; "" where it is missing.
func (o offer) text() string {
	var pairs [][]any
	if err := json.Unmarshal([]byte(o.Metadata), &pairs); err != nil {
		return ""
	}
	for _, p := range pairs {
		if len(p) < 2 || p[0] != "text/plain" {
			continue
		}
		if s, ok := p[1].(string); ok {
			return connectors.Clean(s, reasonMost)
		}
	}
	return ""
}

// order asks for the invoice and compares it.
func (c *Client) order(ctx context.Context, o offer, msat int64, comment string) (Invoice, error) {
	u, err := url.Parse(o.Callback)
	if err != nil {
		return Invoice{}, rejected("its callback is no https address")
	}
	q := u.Query()
	q.Set("amount", strconv.FormatInt(msat, 10))
	comment = connectors.Clean(comment, int(min(max(o.Comment, 0), urlMost/10)))
	if comment != "" {
		q.Set("comment", comment)
	}
	u.RawQuery = q.Encode()
	var answer struct {
		Invoice string `json:"pr"`
		Verify  string `json:"verify"`
	}
	if _, err := c.get(ctx, u.String(), &answer); err != nil {
		return Invoice{}, err
	}
	got, err := Decode(answer.Invoice)
	if err != nil {
		return Invoice{}, rejected("%s", err)
	}
	if err := c.compare(got, o, msat); err != nil {
		return Invoice{}, err
	}
	if answer.Verify != "" && !secure(answer.Verify) {
		return Invoice{}, rejected("its verify is no https address")
	}
	return Invoice{Text: strings.ToLower(bare(answer.Invoice)), Msat: msat, Hash: got.Hash, Expires: got.Expires, For: o.text(), Comment: comment != "", Verify: answer.Verify}, nil
}

// compare refuses an invoice that is not the one which was asked for.
func (c *Client) compare(got Order, o offer, msat int64) error {
	switch {
	case got.Network != Mainnet && !c.Test:
		return rejected("its invoice is of the network %q, which is no money", got.Network)
	case got.Msat != msat:
		return rejected("its invoice is over %s satoshi, and %s were asked for", sats(got.Msat), sats(msat))
	case !got.Hashed || got.Described != sha256.Sum256([]byte(o.Metadata)):
		return rejected("its invoice is for something else than it offered")
	case got.Expires.Before(c.Now().Add(expiresLeast)):
		return rejected("its invoice expired at %s", got.Expires.Format(time.RFC3339))
	}
	return nil
}

// Paid asks the host whether an invoice was paid. Only a preimage that fits is believed. Without one, and where the host cannot be
// asked or does not tell, it is ErrUnknown.
func (c *Client) Paid(ctx context.Context, inv Invoice) (bool, error) {
	if !secure(inv.Verify) {
		return false, fmt.Errorf("lightning: its host does not tell: %w", ErrUnknown)
	}
	var answer struct {
		Settled  bool   `json:"settled"`
		Preimage string `json:"preimage"`
	}
	if _, err := c.get(ctx, inv.Verify, &answer); err != nil {
		return false, fmt.Errorf("lightning: %w: %w", ErrUnknown, err)
	}
	if !answer.Settled {
		return false, nil
	}
	preimage, err := hex.DecodeString(answer.Preimage)
	if err != nil || len(preimage) != sha256.Size || sha256.Sum256(preimage) != inv.Hash {
		return false, fmt.Errorf("lightning: its host says so and does not prove it: %w", ErrUnknown)
	}
	return true, nil
}

// get reads an answer of JSON within the host that was asked. The status is 0 where there was none.
func (c *Client) get(ctx context.Context, address string, into any) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, connectors.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, rejected("it gives an address that is none")
	}
	req.Header.Set("Accept", "application/json")
	resp, err := c.within(req.URL).Do(req)
	if err != nil {
		err = connectors.Failure(req.URL.Host, err)
		if _, ok := errors.AsType[*connectors.AnswerError](err); ok {
			return 0, fmt.Errorf("%w: %w", ErrRejected, err)
		}
		return 0, fmt.Errorf("%w: %w", ErrNotSent, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, answerMost+1))
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrNotSent, connectors.Failure(req.URL.Host, err))
	}
	if len(text) > answerMost {
		return resp.StatusCode, rejected("%s sent more than %d KiB", req.URL.Host, answerMost>>10)
	}
	var refusal struct{ Status, Reason string }
	readable := utf8.Valid(text) && json.Unmarshal(text, &refusal) == nil
	switch {
	case resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode >= http.StatusInternalServerError:
		return resp.StatusCode, fmt.Errorf("%w: %s answered %d", ErrNotSent, req.URL.Host, resp.StatusCode)
	case readable && strings.EqualFold(refusal.Status, "ERROR"):
		return resp.StatusCode, rejected("%s says %q", req.URL.Host, connectors.Clean(refusal.Reason, reasonMost))
	case resp.StatusCode != http.StatusOK:
		return resp.StatusCode, rejected("%s answered %d", req.URL.Host, resp.StatusCode)
	case !readable || json.Unmarshal(text, into) != nil:
		return resp.StatusCode, rejected("%s sent no JSON of the kind that was expected", req.URL.Host)
	}
	return resp.StatusCode, nil
}

// within is the client, led on within one host and over https only: nobody else speaks for an address.
func (c *Client) within(u *url.URL) *http.Client {
	client := *c.HTTP
	client.CheckRedirect = func(next *http.Request, via []*http.Request) error {
		if next.URL.Scheme != "https" || next.URL.Host != u.Host {
			return &connectors.AnswerError{Host: u.Host, Reason: "redirects to " + connectors.Clean(next.URL.Scheme+"://"+next.URL.Host, 100) + ", which is another host"}
		}
		if len(via) > connectors.MaxRedirects {
			return &connectors.AnswerError{Host: u.Host, Reason: fmt.Sprintf("redirects more than %d times", connectors.MaxRedirects)}
		}
		if c.HTTP.CheckRedirect == nil {
			return nil
		}
		return c.HTTP.CheckRedirect(next, via)
	}
	return &client
}

func rejected(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrRejected, fmt.Sprintf(format, args...))
}

func secure(address string) bool {
	return strings.HasPrefix(address, "https://") && connectors.WebURL(address) != ""
}

// sats writes thousandths of a satoshi in satoshi: "1", "0.5".
func sats(msat int64) string {
	s := strconv.FormatInt(msat/1000, 10)
	if part := msat % 1000; part != 0 {
		s += "." + strings.TrimRight(fmt.Sprintf("%03d", max(part, -part)), "0")
	}
	return s
}
