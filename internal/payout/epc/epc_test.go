package epc

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"flattery"
	"flattery/internal/judges"
)

func slip() Transfer {
	return Transfer{Name: "Grete Müller", IBAN: "DE75512108001245126199", Amount: 12*flattery.Unit + 30*flattery.Cent, Currency: "EUR", Text: "Flattery AAAA-BBBB-CCCC"}
}

func TestThePayloadIsThatOfEPC069(t *testing.T) {
	for _, row := range []struct {
		name string
		make func(*Transfer)
		want string
	}{
		{"without a BIC", func(*Transfer) {}, "BCD\n002\n1\nSCT\n\nGrete Müller\nDE75512108001245126199\nEUR12.30\n\n\nFlattery AAAA-BBBB-CCCC"},
		{"with one", func(s *Transfer) { s.BIC = "SOGEDEFF" }, "BCD\n002\n1\nSCT\nSOGEDEFF\nGrete Müller\nDE75512108001245126199\nEUR12.30\n\n\nFlattery AAAA-BBBB-CCCC"},
		{"without a text", func(s *Transfer) { s.Text = "" }, "BCD\n002\n1\nSCT\n\nGrete Müller\nDE75512108001245126199\nEUR12.30"},
		{"a cent, and lines in the name", func(s *Transfer) { s.Amount, s.Name = flattery.Cent, "Ada\nEUR999\r\nx" }, "BCD\n002\n1\nSCT\n\nAda EUR999 x\nDE75512108001245126199\nEUR0.01\n\n\nFlattery AAAA-BBBB-CCCC"},
	} {
		s := slip()
		row.make(&s)
		if got, err := s.Payload(); got != row.want || err != nil {
			t.Errorf("%s: %q, error %v", row.name, got, err)
		}
	}
}

func TestWhatHasNoCodeIsRefused(t *testing.T) {
	for why, spoil := range map[string]func(*Transfer){
		"needs a name": func(s *Transfer) { s.Name = " \u202e\x00" }, "IBAN": func(s *Transfer) { s.IBAN = "DE75512108001245126198" }, "BIC": func(s *Transfer) { s.BIC = "NONE" },
		"EUR only": func(s *Transfer) { s.Currency = "CHF" }, "12.300001": func(s *Transfer) { s.Amount++ }, "whole cents": func(s *Transfer) { s.Amount = 0 }, "-1.00": func(s *Transfer) { s.Amount = -flattery.Unit },
		"to 999999999.99": func(s *Transfer) { s.Amount = flattery.MaxAmount },
	} {
		s := slip()
		spoil(&s)
		got, err := s.SVG()
		if _, ok := errors.AsType[*flattery.InputError](err); !ok || got != nil || !strings.Contains(err.Error(), why) {
			t.Errorf("error %v does not say %q", err, why)
		}
	}
	for _, text := range []string{"", "\xff", strings.Repeat("é", 2000)} {
		if _, err := QR(text); err == nil {
			t.Errorf("%.10q makes a code", text)
		}
	}
}

func texts() *rapid.Generator[string] {
	return rapid.OneOf(rapid.String(), rapid.StringN(60, 200, -1), rapid.SampledFrom([]string{"名前名前名前", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢", "a\nb", "\u202ex", "", strings.Repeat("😀", 200), strings.Repeat("é", 200)}))
}

func TestWhateverTheNamesACodeFitsAndSaysThem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := slip()
		s.Name, s.Text = "N"+texts().Draw(t, "name"), "AAAA-BBBB-CCCC "+texts().Draw(t, "text")
		s.BIC = rapid.SampledFrom([]string{"", "SOGEDEFFXXX"}).Draw(t, "bic")
		got, err := s.Payload()
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(got, "\n")
		if len(got) > wholeMost || !utf8.ValidString(got) || len(lines) != 11 || utf8.RuneCountInString(lines[5]) > nameMost || utf8.RuneCountInString(lines[10]) > textMost ||
			lines[5] == "" || !strings.HasPrefix(lines[10], "AAAA-BBBB-CCCC") || lines[6] != s.IBAN || lines[7] != "EUR12.30" {
			t.Errorf("%d bytes: %q", len(got), lines)
		}
		if _, err := QR(got); err != nil {
			t.Error(err)
		}
	})
}

// drawn paints a picture by what it says, so that what is read is the SVG and nothing else.
func drawn(t *testing.T, svg []byte) []byte {
	t.Helper()
	var s struct {
		Box  string `xml:"viewBox,attr"`
		Rect struct {
			Fill string `xml:"fill,attr"`
		} `xml:"rect"`
		Path []struct {
			Fill string `xml:"fill,attr"`
			D    string `xml:"d,attr"`
		} `xml:"path"`
	}
	if err := xml.Unmarshal(svg, &s); err != nil || len(s.Path) != 1 || s.Path[0].Fill != "#000" || s.Rect.Fill != "#fff" {
		t.Fatalf("%+v, error %v", s, err)
	}
	var side int
	if _, err := fmt.Sscanf(s.Box, "0 0 %d %d", &side, &side); err != nil {
		t.Fatal(err)
	}
	const scale = 6
	pic := image.NewGray(image.Rect(0, 0, side*scale, side*scale))
	draw.Draw(pic, pic.Rect, image.NewUniform(color.White), image.Point{}, draw.Src)
	for _, run := range strings.SplitAfter(s.Path[0].D, "z") {
		if run == "" {
			continue
		}
		var x, y, n, back int
		if _, err := fmt.Sscanf(run, "M%d %dh%dv1h-%dz", &x, &y, &n, &back); err != nil || n != back || x < quiet || y < quiet || x+n > side-quiet || y >= side-quiet {
			t.Fatalf("%q: %v", run, err)
		}
		draw.Draw(pic, image.Rect(x*scale, y*scale, (x+n)*scale, (y+1)*scale), image.NewUniform(color.Black), image.Point{}, draw.Src)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, pic); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// readBack lets a program that is not ours read a picture.
func readBack(t *testing.T, svg []byte) string {
	t.Helper()
	program, there := judges.Find(t, "zbarimg")
	if !there {
		t.SkipNow()
	}
	path := filepath.Join(t.TempDir(), "code.png")
	if err := os.WriteFile(path, drawn(t, svg), 0o600); err != nil {
		t.Fatal(err)
	}
	// Bytes as they are: without being told, the program guesses at the alphabet, and takes a lone ü for half of a Chinese sign.
	out, err := exec.CommandContext(t.Context(), program, "--quiet", "--raw", "--oneshot", "-Sdisable", "-Sqrcode.enable", "-Sqrcode.binary", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(string(out), "\n")
}

func TestAReaderThatIsNotOursReadsWhatIsToBePaid(t *testing.T) {
	for name, change := range map[string]func(*Transfer){
		"as it is":    func(*Transfer) {},
		"a BIC":       func(s *Transfer) { s.BIC = "SOGEDEFFXXX" },
		"a long name": func(s *Transfer) { s.Name = strings.Repeat("Ada Lovelace ", 20) },
		"a long text": func(s *Transfer) { s.Text = strings.Repeat("Flattery AAAA ", 20) },
		"all long": func(s *Transfer) {
			s.Name, s.Text = strings.Repeat("Жанна ", 40), "AAAA-BBBB-CCCC "+strings.Repeat("ß", 200)
		},
		"other alphabets":    func(s *Transfer) { s.Name = "Ծովինար 名前 Žižek" },
		"a picture":          func(s *Transfer) { s.Name = "Ada 😀" },
		"markup":             func(s *Transfer) { s.Name, s.Text = `<b>&"'`, "</svg><script>" },
		"lines":              func(s *Transfer) { s.Name = "Ada\n\nEUR999999" },
		"the largest amount": func(s *Transfer) { s.Amount = amountMost },
	} {
		t.Run(name, func(t *testing.T) {
			s := slip()
			change(&s)
			want, err := s.Payload()
			if err != nil {
				t.Fatal(err)
			}
			svg, err := s.SVG()
			if err != nil {
				t.Fatal(err)
			}
			if got := readBack(t, svg); got != want {
				t.Errorf("read %q, want %q", got, want)
			}
		})
	}
}

func TestAnyAddressIsRead(t *testing.T) {
	for _, text := range []string{"payto://iban/DE75512108001245126199?amount=EUR%3A5.42&message=Flattery%20AAAA-BBBB-CCCC", "LIGHTNING:LNBC20M1PVJLUEZSP5ZYG3ZYG3ZYG3ZYG3ZYG3ZYG3ZYG3ZYG3", "https://example.org/", "0123456789", "a"} {
		svg, err := QR(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := readBack(t, svg); got != text {
			t.Errorf("read %q, want %q", got, text)
		}
	}
}

func TestASlipToAnIBANIsATransfer(t *testing.T) {
	const iban = "DE75512108001245126199"
	for _, row := range []struct {
		name string
		to   flattery.Destination
		with flattery.Published
		want string // name, BIC; "": no transfer
	}{
		{"the payee", "payto://iban/" + iban, flattery.Published{}, "ada "},
		{"as it is published", "payto://iban/" + iban, flattery.Published{Shown: "Ada's group"}, "Ada's group "},
		{"as the address says", "payto://iban/" + iban + "?receiver-name=Ada%20L", flattery.Published{Shown: "Ada's group"}, "Ada L "},
		{"a BIC", "payto://iban/SOGEDEFFXXX/" + iban, flattery.Published{}, "ada SOGEDEFFXXX"},
		{"a BIC that is none", "payto://iban/x/" + iban, flattery.Published{}, "ada "},
		{"an IBAN that is none", "payto://iban/DE75512108001245126198", flattery.Published{}, ""},
		{"too many parts", "payto://iban/a/b/" + iban, flattery.Published{}, ""},
		{"another address", "payto://upi/a@b", flattery.Published{}, ""},
		{"a page", "https://ko-fi.com/ada", flattery.Published{}, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, ok := Of(flattery.Payment{Code: "AAAA-BBBB-CCCC", PayeeName: "ada", Currency: "EUR", Amount: 5 * flattery.Unit, Destination: row.to, Published: row.with})
			if ok != (row.want != "") || ok && (got.Name+" "+got.BIC != row.want || got.IBAN != iban || got.Text != "Flattery AAAA-BBBB-CCCC" || got.Amount != 5*flattery.Unit) {
				t.Errorf("%t, %+v", ok, got)
			}
		})
	}
}
