package lightning

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Network is the chain that an invoice is paid on.
type Network string

// The networks of BOLT 11; only the first is money.
const (
	Mainnet Network = "bc"
	Testnet Network = "tb"
	Signet  Network = "tbs"
	Regtest Network = "bcrt"
)

// Order is what a BOLT 11 invoice says. Its signature is not looked at: the wallet that pays does that, and nobody here would know
// whose it must be; what was asked for is compared by Client.Ask.
type Order struct {
	Network     Network
	Msat        int64 // thousandths of a satoshi; 0: the payer chooses
	At          time.Time
	Expires     time.Time
	Hash        [32]byte // of the preimage, which whoever was paid gives away
	Description string
	Described   [32]byte // SHA-256 of the description, where that is elsewhere
	Hashed      bool     // Described is there
}

const (
	invoiceMost   = 8_000 // characters; wallets make some hundred
	msatMost      = 21_000_000 * msatPerCoin
	msatPerCoin   = 100_000_000_000
	expiryDefault = 3600             // seconds
	expiryMost    = 10 * 8766 * 3600 // ten years, in seconds: what is longer means never
	alphabet      = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
	checksumLen   = 6
	stampLen      = 7
	signatureLen  = 104
	hashLen       = 52
)

// Kinds of tagged fields, by their numbers: p, d, x, h.
const (
	fieldHash        = 1
	fieldDescription = 13
	fieldExpiry      = 6
	fieldDescribed   = 23
)

// Decode reads a BOLT 11 invoice, in small letters or in capitals, "lightning:" before it or not.
func Decode(invoice string) (Order, error) {
	o, err := decode(invoice)
	if err != nil {
		return Order{}, fmt.Errorf("invoice: %w", err)
	}
	return o, nil
}

func decode(s string) (Order, error) {
	if len(s) > invoiceMost {
		return Order{}, fmt.Errorf("it is longer than %d characters", invoiceMost)
	}
	head, values, err := unbech32(s)
	if err != nil {
		return Order{}, err
	}
	var o Order
	if o.Network, o.Msat, err = readHead(head); err != nil {
		return Order{}, err
	}
	if len(values) < stampLen+signatureLen {
		return Order{}, errors.New("it is too short to have a time and a signature")
	}
	o.At = time.Unix(int64(number(values[:stampLen])), 0).UTC()
	expiry := uint64(expiryDefault)
	if err := o.readFields(values[stampLen:len(values)-signatureLen], &expiry); err != nil {
		return Order{}, err
	}
	o.Expires = o.At.Add(time.Duration(expiry) * time.Second)
	return o, nil
}

// readFields takes the first field of a kind. A hash of another length is passed over, as the specification wants; then it is missing.
func (o *Order) readFields(rest []byte, expiry *uint64) error {
	var hashed, described, expires bool
	for len(rest) > 0 {
		if len(rest) < 3 {
			return errors.New("its last field is cut off")
		}
		kind, length := rest[0], int(number(rest[1:3]))
		if len(rest) < 3+length {
			return errors.New("its last field is cut off")
		}
		field := rest[3 : 3+length]
		rest = rest[3+length:]
		switch {
		case kind == fieldHash && length == hashLen && !hashed:
			hashed = true
			b, err := bytesOf(field)
			if err != nil {
				return err
			}
			copy(o.Hash[:], b)
		case kind == fieldDescribed && length == hashLen && !o.Hashed:
			o.Hashed = true
			b, err := bytesOf(field)
			if err != nil {
				return err
			}
			copy(o.Described[:], b)
		case kind == fieldDescription && !described:
			described = true
			b, err := bytesOf(field)
			if err != nil {
				return err
			}
			if !utf8.Valid(b) {
				return errors.New("its description is no text")
			}
			o.Description = string(b)
		case kind == fieldExpiry && !expires:
			expires = true
			*expiry = expiryMost
			if trimmed := trimZeros(field); len(trimmed) <= 12 { // 60 bits
				*expiry = min(number(trimmed), expiryMost)
			}
		}
	}
	if !hashed {
		return errors.New("it has no payment hash")
	}
	return nil
}

// readHead reads "lnbc2500u": the network, and how much.
func readHead(head string) (Network, int64, error) {
	rest, ok := strings.CutPrefix(head, "ln")
	if !ok {
		return "", 0, errors.New("it does not begin with ln")
	}
	end := strings.IndexAny(rest, "0123456789")
	if end < 0 {
		end = len(rest)
	}
	network, amount := Network(rest[:end]), rest[end:]
	switch network {
	case Mainnet, Testnet, Signet, Regtest:
	default:
		return "", 0, fmt.Errorf("its network %.20q is unknown", network)
	}
	if amount == "" {
		return network, 0, nil
	}
	msat, err := readAmount(amount)
	return network, msat, err
}

// readAmount reads a number of coins, or of their thousandths (m), millionths (u), milliardths (n) or billionths (p), in thousandths
// of a satoshi: a p is a tenth of one, and must make whole ones.
func readAmount(s string) (int64, error) {
	wrong := fmt.Errorf("its amount %.30q is none", s)
	unit, parts := int64(msatPerCoin), int64(1)
	switch s[len(s)-1] {
	case 'm':
		unit /= 1_000
	case 'u':
		unit /= 1_000_000
	case 'n':
		unit /= 1_000_000_000
	case 'p':
		unit, parts = 1, 10
	}
	if unit != msatPerCoin {
		s = s[:len(s)-1]
	}
	if s == "" || s[0] == '0' || len(s) > 18 {
		return 0, wrong
	}
	var n int64
	for _, c := range s {
		if c < '0' || c > '9' {
			return 0, wrong
		}
		n = n*10 + int64(c-'0')
	}
	if n%parts != 0 || n/parts > msatMost/unit {
		return 0, wrong
	}
	return n / parts * unit, nil
}

// bare is a text without the scheme that wallets put before it.
func bare(s string) string {
	const scheme = "lightning:"
	if len(s) > len(scheme) && strings.EqualFold(s[:len(scheme)], scheme) {
		return s[len(scheme):]
	}
	return s
}

// unbech32 checks a text by its checksum (BIP 173, without its limit of length) and gives what stands before the last 1, and the
// five-bit values after it without the checksum.
func unbech32(s string) (head string, values []byte, err error) {
	s = bare(s)
	small, large := strings.ToLower(s), strings.ToUpper(s)
	if s != small && s != large {
		return "", nil, errors.New("it mixes small letters and capitals")
	}
	at := strings.LastIndexByte(small, '1')
	if at < 1 || len(small)-at-1 < checksumLen {
		return "", nil, errors.New("it is no bech32 text")
	}
	head = small[:at]
	values = make([]byte, 0, len(small)-at-1)
	for _, c := range []byte(small[at+1:]) {
		v := strings.IndexByte(alphabet, c)
		if v < 0 {
			return "", nil, fmt.Errorf("it has %q, which no such text has", c)
		}
		values = append(values, byte(v))
	}
	for _, c := range []byte(head) {
		if c < 33 || c > 126 {
			return "", nil, fmt.Errorf("it has %q, which no such text has", c)
		}
	}
	if checksum(head, values) != 1 {
		return "", nil, errors.New("its checksum is wrong: a letter was changed or lost")
	}
	return head, values[:len(values)-checksumLen], nil
}

// checksum is the polynomial of BIP 173; it is 1 for a text that is whole.
func checksum(head string, values []byte) uint32 {
	sum := uint32(1)
	add := func(v byte) {
		top := sum >> 25
		sum = sum&0x1ffffff<<5 ^ uint32(v)
		for i, g := range [...]uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3} {
			if top>>i&1 == 1 {
				sum ^= g
			}
		}
	}
	for _, c := range []byte(head) {
		add(c >> 5)
	}
	add(0)
	for _, c := range []byte(head) {
		add(c & 31)
	}
	for _, v := range values {
		add(v)
	}
	return sum
}

// number reads at most twelve five-bit values, the highest first.
func number(values []byte) (n uint64) {
	for _, v := range values {
		n = n<<5 | uint64(v)
	}
	return n
}

func trimZeros(values []byte) []byte {
	for len(values) > 0 && values[0] == 0 {
		values = values[1:]
	}
	return values
}

// bytesOf makes bytes of five-bit values. What is over at the end is less than a value, and nothing.
func bytesOf(values []byte) ([]byte, error) {
	all := make([]byte, 0, len(values)*5/8)
	bits, n := uint(0), 0
	for _, v := range values {
		bits = bits<<5 | uint(v)
		if n += 5; n >= 8 {
			n -= 8
			all = append(all, byte(bits>>n))
			bits &= 1<<n - 1
		}
	}
	if n >= 5 || bits != 0 {
		return nil, errors.New("a field of it has bits too many")
	}
	return all, nil
}
