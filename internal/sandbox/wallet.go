package sandbox

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Wallet is a host of Lightning addresses in miniature (LUD-16, 06, 12, 21), over https with a certificate of its own. It makes its
// invoices by itself, so that whoever is tried against it is not tried against himself; they are signed with nothing, and no wallet
// would pay them. It may be used by many goroutines at once.
type Wallet struct {
	clock *Clock
	host  string
	roots *x509.CertPool
	end   func() error

	mu       sync.Mutex
	names    map[string]bool
	mute     bool // does not tell whether it was paid
	factor   int64
	least    int64
	most     int64
	invoices []walletInvoice
}

type walletInvoice struct {
	preimage [32]byte
	comment  string
	msat     int64
	paid     bool
}

// OpenWallet starts one, which knows nobody yet. Somebody must Close it.
func OpenWallet(clock *Clock) (*Wallet, error) {
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("sandbox: wallet: %w", err)
	}
	w := &Wallet{clock: clock, host: listener.Addr().String(), roots: x509.NewCertPool(), names: map[string]bool{}, factor: 1, least: 1000, most: 100_000_000}
	own, err := certificate()
	if err != nil {
		_ = listener.Close()
		return nil, fmt.Errorf("sandbox: wallet: %w", err)
	}
	w.roots.AddCert(own.Leaf)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/lnurlp/{name}", w.offer)
	mux.HandleFunc("GET /pay/{name}", w.invoice)
	mux.HandleFunc("GET /verify/{hash}", w.verify)
	w.end = start(&http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, TLSConfig: &tls.Config{Certificates: []tls.Certificate{own}, MinVersion: tls.VersionTLS12}}, listener)
	return w, nil
}

// certificate is for this machine itself, and signed by itself.
func certificate() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	now := time.Now()
	made := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, made, made, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, err
	}
	leaf, err := x509.ParseCertificate(der)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, err
}

// Close ends the wallet and returns when the last answer has ended.
func (w *Wallet) Close() error {
	return w.end()
}

// Client believes the wallet's certificate, and no other.
func (w *Wallet) Client() *http.Client {
	return &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: w.roots, MinVersion: tls.VersionTLS12}}}
}

// AddName makes an address, and gives it.
func (w *Wallet) AddName(name string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.names[name] = true
	return name + "@" + w.host
}

// Lie lets it ask for so many times what was asked for; 1: it is honest again.
func (w *Wallet) Lie(factor int64) { w.mu.Lock(); defer w.mu.Unlock(); w.factor = factor }

// Mute lets it tell nobody whether an invoice was paid.
func (w *Wallet) Mute(mute bool) { w.mu.Lock(); defer w.mu.Unlock(); w.mute = mute }

// PayLast pays the invoice that it made last, and gives its comment and its sum in thousandths of a satoshi.
func (w *Wallet) PayLast() (comment string, msat int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.invoices) == 0 {
		panic("sandbox: the wallet has made no invoice")
	}
	last := &w.invoices[len(w.invoices)-1]
	last.paid = true
	return last.comment, last.msat
}

func (w *Wallet) metadata(name string) string {
	return fmt.Sprintf(`[["text/plain","Tips for %s"],["text/identifier","%s@%s"]]`, name, name, w.host)
}

// walletAnswer is any of its answers.
type walletAnswer struct {
	Status   string `json:"status,omitempty"`
	Reason   string `json:"reason,omitempty"`
	Tag      string `json:"tag,omitempty"`
	Callback string `json:"callback,omitempty"`
	Least    int64  `json:"minSendable,omitempty"`
	Most     int64  `json:"maxSendable,omitempty"`
	Metadata string `json:"metadata,omitempty"`
	Comment  int    `json:"commentAllowed,omitempty"`
	Invoice  string `json:"pr,omitempty"`
	Verify   string `json:"verify,omitempty"`
	Settled  bool   `json:"settled"`
	Preimage string `json:"preimage,omitempty"`
}

func (a walletAnswer) write(out http.ResponseWriter) {
	out.Header().Set("Content-Type", "application/json")
	if body, err := json.Marshal(a); err == nil { // it always can
		_, _ = out.Write(body) // an error is the asker's leaving
	}
}

func (w *Wallet) knows(out http.ResponseWriter, r *http.Request) (name string, ok bool) {
	name = r.PathValue("name")
	if ok = w.names[name]; !ok {
		out.WriteHeader(http.StatusNotFound)
		walletAnswer{Status: "ERROR", Reason: "no such name"}.write(out)
	}
	return name, ok
}

func (w *Wallet) offer(out http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if name, ok := w.knows(out, r); ok {
		walletAnswer{Tag: "payRequest", Callback: "https://" + w.host + "/pay/" + name, Least: w.least, Most: w.most, Metadata: w.metadata(name), Comment: 100}.write(out)
	}
}

func (w *Wallet) invoice(out http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	name, ok := w.knows(out, r)
	if !ok {
		return
	}
	msat, err := strconv.ParseInt(r.URL.Query().Get("amount"), 10, 64)
	if err != nil || msat < w.least || msat > w.most {
		walletAnswer{Status: "ERROR", Reason: "an amount that is none"}.write(out)
		return
	}
	made := walletInvoice{preimage: sha256.Sum256(fmt.Appendf(nil, "%s %d", w.host, len(w.invoices))), comment: r.URL.Query().Get("comment"), msat: msat * w.factor}
	w.invoices = append(w.invoices, made)
	hash := sha256.Sum256(made.preimage[:])
	answer := walletAnswer{Invoice: bolt11(made.msat, w.clock.Now(), hash, sha256.Sum256([]byte(w.metadata(name))))}
	if !w.mute {
		answer.Verify = "https://" + w.host + "/verify/" + hex.EncodeToString(hash[:])
	}
	answer.write(out)
}

func (w *Wallet) verify(out http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, i := range w.invoices {
		if hash := sha256.Sum256(i.preimage[:]); hex.EncodeToString(hash[:]) != r.PathValue("hash") {
			continue
		}
		answer := walletAnswer{Status: "OK", Settled: i.paid}
		if i.paid {
			answer.Preimage = hex.EncodeToString(i.preimage[:])
		}
		answer.write(out)
		return
	}
	walletAnswer{Status: "ERROR", Reason: "Not found"}.write(out)
}

// bech32Letters are the 32 digits of an invoice.
const bech32Letters = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"

// bolt11 writes an invoice: the sum, the time, what it is paid with (p) and the hash of what it is for (h).
func bolt11(msat int64, at time.Time, hash, about [32]byte) string {
	head := fmt.Sprintf("lnbc%dp", msat*10) // a p is a tenth of a thousandth
	var digits []byte
	for shift := 30; shift >= 0; shift -= 5 {
		digits = append(digits, byte(at.Unix()>>shift&31))
	}
	digits = append(append(digits, 1, 1, 20), fiveBits(hash[:])...) // kind and length before each
	digits = append(append(digits, 23, 1, 20), fiveBits(about[:])...)
	digits = append(digits, make([]byte, 104)...) // no signature
	all := append(headDigits(head), digits...)
	sum := polymod(append(all, make([]byte, 6)...)) ^ 1
	for shift := 25; shift >= 0; shift -= 5 {
		digits = append(digits, byte(sum>>shift&31))
	}
	var text strings.Builder
	text.WriteString(head + "1")
	for _, d := range digits {
		text.WriteByte(bech32Letters[d])
	}
	return text.String()
}

// fiveBits cuts bytes into digits.
func fiveBits(b []byte) (digits []byte) {
	rest, n := uint(0), 0
	for _, c := range b {
		rest, n = rest<<8|uint(c), n+8
		for ; n >= 5; n -= 5 {
			digits = append(digits, byte(rest>>(n-5)&31))
		}
	}
	if n > 0 {
		digits = append(digits, byte(rest<<(5-n)&31))
	}
	return digits
}

// headDigits are the digits of the part before the 1, for the checksum (BIP 173).
func headDigits(head string) (digits []byte) {
	for _, c := range []byte(head) {
		digits = append(digits, c>>5)
	}
	digits = append(digits, 0)
	for _, c := range []byte(head) {
		digits = append(digits, c&31)
	}
	return digits
}

// polymod is the checksum of BIP 173.
func polymod(digits []byte) uint32 {
	sum := uint32(1)
	for _, d := range digits {
		top := sum >> 25
		sum = sum&0x1ffffff<<5 ^ uint32(d)
		for i, g := range [...]uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3} {
			if top>>i&1 == 1 {
				sum ^= g
			}
		}
	}
	return sum
}
