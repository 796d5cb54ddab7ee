package lightning

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The examples of the specification; their checksums say that no letter of them was lost on the way here.
const (
	exampleStart   = "1pvjluezsp5zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zygspp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypq"
	exampleDonate  = "lnbc" + exampleStart + "dpl2pkx2ctnv5sxxmmwwd5kgetjypeh2ursdae8g6twvus8g6rfwvs8qun0dfjkxaq9qrsgq357wnc5r2ueh7ck6q93dj32dlqnls087fxdwk8qakdyafkq3yap9us6v52vjjsrvywa6rt52cm9r9zqt8r2t7mlcwspyetp5h2tztugp9lfyql"
	exampleCoffee  = "lnbc2500u" + exampleStart + "dq5xysxxatsyp3k7enxv4jsxqzpu9qrsgquk0rl77nj30yxdy8j9vdx85fkpmdla2087ne0xh8nhedh8w27kyke0lp53ut353s06fv3qfegext0eh0ymjpf39tuven09sam30g4vgpfna3rh"
	exampleCake    = "lnbc20m" + exampleStart + "hp58yjmdan79s6qqdhdzgynm4zwqd5d7xmw5fk98klysy043l2ahrqs9qrsgq7ea976txfraylvgzuxs8kgcw23ezlrszfnh8r6qtfpr6cxga50aj6txm9rxrydzd06dfeawfk6swupvz4erwnyutnjq7x39ymw6j38gp7ynn44"
	exampleBack    = "lnbc20m" + exampleStart + "hp58yjmdan79s6qqdhdzgynm4zwqd5d7xmw5fk98klysy043l2ahrqsfpp3qjmp7lwpagxun9pygexvgpjdc4jdj85fr9yq20q82gphp2nflc7jtzrcazrra7wwgzxqc8u7754cdlpfrmccae92qgzqvzq2ps8pqqqqqqpqqqqq9qqqvpeuqafqxu92d8lr6fvg0r5gv0heeeqgcrqlnm6jhphu9y00rrhy4grqszsvpcgpy9qqqqqqgqqqqq7qqzq9qrsgqdfjcdk6w3ak5pca9hwfwfh63zrrz06wwfya0ydlzpgzxkn5xagsqz7x9j4jwe7yj7vaf2k9lqsdk45kts2fd0fkr28am0u4w95tt2nsq76cqw0"
	exampleTest    = "lntb20m1pvjluezsp5zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zygshp58yjmdan79s6qqdhdzgynm4zwqd5d7xmw5fk98klysy043l2ahrqspp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqfpp3x9et2e20v6pu37c5d9vax37wxq72un989qrsgqdj545axuxtnfemtpwkc45hx9d2ft7x04mt8q7y6t0k2dge9e7h8kpy9p34ytyslj3yu569aalz2xdk8xkd7ltxqld94u8h2esmsmacgpghe9k8"
	exampleHash    = "0001020304050607080900010203040506070809000102030405060708090102"
	exampleHashed  = "3925b6f67e2c340036ed12093dd44e0368df1b6ea26c53dbe4811f58fd5db8c1"
	exampleSeconds = 1496314658
)

func TestTheExamplesOfTheSpecificationAreRead(t *testing.T) {
	for name, row := range map[string]struct {
		text    string
		network Network
		msat    int64
		says    string
		hashed  string
		lasts   time.Duration
	}{
		"of any amount":          {exampleDonate, Mainnet, 0, "Please consider supporting this project", "", time.Hour},
		"with an expiry":         {exampleCoffee, Mainnet, 250_000_000, "1 cup coffee", "", time.Minute},
		"in capitals":            {strings.ToUpper(exampleCoffee), Mainnet, 250_000_000, "1 cup coffee", "", time.Minute},
		"with a scheme":          {"lightning:" + exampleCoffee, Mainnet, 250_000_000, "1 cup coffee", "", time.Minute},
		"with a hash":            {exampleCake, Mainnet, 2_000_000_000, "", exampleHashed, time.Hour},
		"with fields of no need": {exampleBack, Mainnet, 2_000_000_000, "", exampleHashed, time.Hour},
		"of a test network":      {exampleTest, Testnet, 2_000_000_000, "", exampleHashed, time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			o, err := Decode(row.text)
			at := time.Unix(exampleSeconds, 0).UTC()
			if err != nil || o.Network != row.network || o.Msat != row.msat || o.Description != row.says || !o.At.Equal(at) || !o.Expires.Equal(at.Add(row.lasts)) || hex.EncodeToString(o.Hash[:]) != exampleHash ||
				o.Hashed != (row.hashed != "") || o.Hashed && hex.EncodeToString(o.Described[:]) != row.hashed {
				t.Errorf("%+v, error %v", o, err)
			}
		})
	}
}

func TestALetterThatWasChangedIsNoticed(t *testing.T) {
	for i := range exampleCoffee {
		for _, c := range []byte("q9lbn") {
			if wrong := exampleCoffee[:i] + string(c) + exampleCoffee[i+1:]; wrong != exampleCoffee {
				if o, err := Decode(wrong); err == nil {
					t.Errorf("%s is taken as %+v", wrong, o)
				}
			}
		}
	}
}

// field is a tagged field of an invoice that a test makes.
type field struct {
	kind   byte
	values []byte // of five bits
}

func fives(b []byte) (all []byte) {
	bits, n := uint(0), 0
	for _, c := range b {
		bits, n = bits<<8|uint(c), n+8
		for n >= 5 {
			n -= 5
			all = append(all, byte(bits>>n&31))
		}
	}
	if n > 0 {
		all = append(all, byte(bits<<(5-n)&31))
	}
	return all
}

// encoded makes an invoice; it is signed with nothing.
func encoded(head string, at int64, fields ...field) string {
	var values []byte
	for i := range stampLen {
		values = append(values, byte(at>>(5*(stampLen-1-i))&31))
	}
	for _, f := range fields {
		values = append(append(values, f.kind, byte(len(f.values)>>5), byte(len(f.values)&31)), f.values...)
	}
	return bech32(head, append(values, make([]byte, signatureLen)...))
}

func bech32(head string, values []byte) string {
	sum := checksum(head, append(append([]byte{}, values...), make([]byte, checksumLen)...)) ^ 1
	for i := range checksumLen {
		values = append(values, byte(sum>>(5*(checksumLen-1-i))&31))
	}
	out := head + "1"
	for _, v := range values {
		out += alphabet[v : v+1]
	}
	return out
}

func hashField(kind byte, sum [32]byte) field { return field{kind, fives(sum[:])} }

func TestWhatIsNoInvoiceIsRefused(t *testing.T) {
	sum := sha256.Sum256([]byte("x"))
	hash := hashField(fieldHash, sum)
	for _, row := range []struct{ name, text, why string }{
		{"nothing", "", "no bech32"},
		{"a word", "lnbc", "no bech32"},
		{"a bitcoin address", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "begin with ln"},
		{"a checksum of something else", bech32("lnbc", nil)[:8] + "qqqqqqq", "checksum"},
		{"capitals and not", "lnbc2500U" + exampleCoffee[9:], "mixes"},
		{"a letter of none", exampleCoffee[:30] + "b" + exampleCoffee[31:], `'b'`},
		{"letters of elsewhere", "lnbç1" + exampleCoffee[10:], "no such text has"},
		{"too long", strings.Repeat("q", invoiceMost+1), "longer than"},
		{"no signature", bech32("lnbc", make([]byte, stampLen+signatureLen-1)), "too short"},
		{"no hash", encoded("lnbc", exampleSeconds), "no payment hash"},
		{"a hash of another length", encoded("lnbc", exampleSeconds, field{fieldHash, hash.values[:51]}), "no payment hash"},
		{"a field that is cut off", bech32("lnbc", append(append(make([]byte, stampLen), fieldHash, 1), make([]byte, signatureLen)...)), "cut off"},
		{"a field that is longer than all", bech32("lnbc", append(append(make([]byte, stampLen), fieldHash, 31, 31), make([]byte, signatureLen)...)), "cut off"},
		{"a description that is no text", encoded("lnbc", exampleSeconds, hash, field{fieldDescription, fives([]byte{0xff, 0xfe})}), "no text"},
		{"bits too many", encoded("lnbc", exampleSeconds, hash, field{fieldDescription, []byte{1}}), "bits too many"},
		{"a network of nobody", encoded("lnxx", exampleSeconds, hash), `network "xx"`},
		{"no network", encoded("ln", exampleSeconds, hash), `network ""`},
		{"an amount with a zero first", encoded("lnbc01u", exampleSeconds, hash), "amount"},
		{"an amount of nothing", encoded("lnbc0u", exampleSeconds, hash), "amount"},
		{"an amount of an unknown unit", encoded("lnbc5x", exampleSeconds, hash), "amount"},
		{"a tenth of a thousandth", encoded("lnbc5p", exampleSeconds, hash), "amount"},
		{"more than there is", encoded("lnbc21000001", exampleSeconds, hash), "amount"},
		{"a number without end", encoded("lnbc9999999999999999999m", exampleSeconds, hash), "amount"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if o, err := Decode(row.text); err == nil || !strings.Contains(err.Error(), row.why) || o != (Order{}) {
				t.Errorf("%+v, error %v does not say %q", o, err, row.why)
			}
		})
	}
}

func TestAmountsAreReadExactly(t *testing.T) {
	for s, want := range map[string]int64{"1": msatPerCoin, "20m": 2_000_000_000, "2500u": 250_000_000, "1n": 100, "10p": 1, "12340p": 1234, "21000000": msatMost} {
		if got, err := readAmount(s); got != want || err != nil {
			t.Errorf("%s is %d, error %v", s, got, err)
		}
	}
}

func TestAnExpiryBeyondAllIsFarAway(t *testing.T) {
	hash := hashField(fieldHash, sha256.Sum256(nil))
	for name, values := range map[string][]byte{"large": {31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31}, "larger": append([]byte{1}, make([]byte, 40)...)} {
		o, err := Decode(encoded("lnbc", exampleSeconds, hash, field{fieldExpiry, values}))
		if err != nil || o.Expires.Sub(o.At) != expiryMost*time.Second {
			t.Errorf("%s: %s, error %v", name, o.Expires, err)
		}
	}
	if o, err := Decode(encoded("lnbc", exampleSeconds, hash, field{fieldExpiry, append(make([]byte, 20), 1)})); err != nil || o.Expires.Sub(o.At) != time.Second {
		t.Errorf("%s, error %v", o.Expires, err)
	}
}

func TestWhatATestEncodesIsDecoded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hash, described := sha256.Sum256([]byte(rapid.String().Draw(t, "hash"))), sha256.Sum256([]byte(rapid.String().Draw(t, "described")))
		at, says := rapid.Int64Range(0, 1<<35-1).Draw(t, "at"), rapid.StringN(0, 100, 600).Draw(t, "says")
		o, err := Decode(encoded("lnbc20m", at, hashField(fieldHash, hash), field{19, make([]byte, 53)}, hashField(fieldDescribed, described), field{fieldDescription, fives([]byte(says))}))
		if err != nil || o.Hash != hash || o.Described != described || !o.Hashed || o.Description != says || o.At.Unix() != at {
			t.Errorf("%+v, error %v", o, err)
		}
	})
}

func FuzzInvoice(f *testing.F) {
	for _, s := range []string{exampleDonate, exampleCoffee, exampleCake, exampleBack, exampleTest, "lnbc1", "LIGHTNING:LNBC1QQQQQQ", ""} {
		f.Add(s, []byte{1, 2, 3})
	}
	f.Fuzz(func(t *testing.T, s string, values []byte) {
		for i := range values {
			values[i] &= 31
		}
		// What is behind the checksum is reached by making the checksum right.
		for _, text := range []string{s, bech32("lnbc20m", append(values, make([]byte, signatureLen)...))} {
			o, err := Decode(text)
			if err != nil {
				if o != (Order{}) {
					t.Errorf("%q is refused and gives %+v", text, o)
				}
				continue
			}
			if o.Msat < 0 || o.Msat > msatMost || o.Expires.Before(o.At) || !strings.HasPrefix(strings.ToLower(bare(text)), "ln"+string(o.Network)) {
				t.Errorf("%q: %+v", text, o)
			}
		}
	})
}
