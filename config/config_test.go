package config

import (
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"flattery"
)

var update = flag.Bool("update", false, "write the golden files anew")

var networks = []string{"github", "flickr"}

// load reads a flattery.toml with this text ("": none) and these variables, in a directory of its own.
func load(t *testing.T, toml string, environ ...string) (*Config, error) {
	t.Helper()
	t.Chdir(t.TempDir())
	if toml != "" {
		write(t, "flattery.toml", toml)
	}
	return Load(Options{Data: ".", Environ: environ, Networks: networks})
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		write(t, path, got)
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s:\ngot:\n%s\nwant:\n%s", path, got, want)
	}
}

func TestNothingSetIsAWorkingHouse(t *testing.T) {
	c, err := load(t, "")
	if err != nil {
		t.Fatal(err)
	}
	dir, _ := os.Getwd()
	want := Config{
		Data: dir, Listen: "127.0.0.1:8080", TimeZone: time.UTC, Mode: Pledge, Grace: 72 * time.Hour,
		SettleCron: "15 4 * * *", BudgetMinimum: 2 * flattery.Unit, PendingLapse: 90 * 24 * time.Hour, PendingMost: 10,
		Split: flattery.SplitByFlattr, Clicks: ClicksMany, SlipsMax: 5, SlipsMinimum: flattery.Unit, Mail: Mail{Port: 587, TLS: StartTLS}, SlipsVoid: 120 * 24 * time.Hour, Liberapay: "https://liberapay.com", Lease: 5 * time.Minute, LogLevel: slog.LevelInfo,
	}
	got := *c
	got.Currencies, got.Networks, got.origins, got.read = nil, nil, nil, nil
	if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if !slices.Equal(c.Currencies, []string{"EUR"}) {
		t.Errorf("currencies %v", c.Currencies)
	}
	if n := c.Networks["flickr"]; len(c.Networks) != 2 || n != (Network{Enabled: true, SpendCap: 5 * flattery.Unit}) {
		t.Errorf("networks %+v", c.Networks)
	}
}

func TestLaterSourcesLieOverEarlierOnes(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	write(t, secret, "from a file\n")
	c, err := load(t, `
listen = "127.0.0.1:1"
budget.minimum = 3.00
slips = { max = 7, minimum = "0.50" }
currencies = ["SEK", "EUR"]
now = 2026-11-04T01:02:03+01:00

[networks.github]
enabled = false
client_id = "from TOML"
client_secret = "from TOML"
key = "from TOML"
`,
		"FLATTERY_LISTEN=127.0.0.1:2",
		"FLATTERY_NETWORKS_GITHUB_CLIENT_SECRET=from a variable",
		"FLATTERY_NETWORKS_GITHUB_KEY=from a variable",
		"FLATTERY_NETWORKS_GITHUB_KEY_FILE="+secret,
		"FLATTERY_NETWORKS_FLICKR_BASE=http://127.0.0.1:99/api/",
		"FLATTERY_FEE=0 %",
		"FLATTERY_PENDING_LAPSE=0",
		"FLATTERY_ARTEFACTS=x", "FLATTERY_AXE=x", "FLATTERY_CI=1", "FLATTERY_HTMLVALIDATE=x", "FLATTERY_LONG=1", "FLATTERY_POSTGRES=x", "FLATTERY_TEST_DATABASE=x", "FLATTERY_TOWN=x", "FLATTERY_SEED=1", "FLATTERY_SHARED=x", "OTHER=1", "PATH",
	)
	if err != nil {
		t.Fatal(err)
	}
	for name, pair := range map[string][2]any{
		"a variable beats the file":                {c.Listen, "127.0.0.1:2"},
		"a bare number with a point is no float":   {c.BudgetMinimum, 3 * flattery.Unit},
		"a table in one line is a table":           {c.SlipsMax, 7},
		"an amount may stand in quotes":            {c.SlipsMinimum, 50 * flattery.Cent},
		"the first currency stays first":           {c.Currencies[0], "SEK"},
		"TOML's own times are read":                {c.Now, time.Date(2026, 11, 4, 0, 2, 3, 0, time.UTC)},
		"the file beats the default":               {c.Networks["github"].Enabled, false},
		"what nobody overrides stays":              {c.Networks["github"].ClientID, "from TOML"},
		"a name with a _ of its own is found":      {string(c.Networks["github"].ClientSecret), "from a variable"},
		"a named file beats a variable":            {string(c.Networks["github"].Key), "from a file"},
		"a slash at the end of a base is taken":    {c.Networks["flickr"].Base, "http://127.0.0.1:99/api"},
		"one network's settings leave the others'": {c.Networks["flickr"].Enabled, true},
		"nothing at all is a percentage":           {c.Fee, flattery.Rate(0)},
		"never is a lapse":                         {c.PendingLapse, time.Duration(0)},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: got %v, want %v", name, pair[0], pair[1])
		}
	}
}

func TestANamedFileLosesItsLastEndOfLineOnly(t *testing.T) {
	for text, want := range map[string]string{"a": "a", "a\n": "a", "a\r\n": "a", "a\n\n": "a\n", " a \n": " a ", "": ""} {
		path := filepath.Join(t.TempDir(), "key")
		write(t, path, text)
		c, err := load(t, "", "FLATTERY_NETWORKS_FLICKR_KEY_FILE="+path)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(c.Networks["flickr"].Key); got != want {
			t.Errorf("%q gave %q, want %q", text, got, want)
		}
	}
}

func TestOriginsNameThePlaceOfEachSettingAndNoSecret(t *testing.T) {
	t.Chdir("testdata/origins")
	c, err := Load(Options{Data: ".", Networks: networks, Environ: []string{
		"FLATTERY_TIME_ZONE=Europe/Paris",
		"FLATTERY_NETWORKS_GITHUB_CLIENT_SECRET_FILE=secret.txt",
		"FLATTERY_NETWORKS_FLICKR_KEY=canary-in-a-variable",
		"FLATTERY_DATABASE=postgres://me:canary-in-a-dsn@localhost/flattery",
	}})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, o := range c.Origins() {
		if o.Name == "data" {
			o.Value = filepath.Base(o.Value)
		}
		fmt.Fprintf(&b, "%s = %s  # %s\n", o.Name, o.Value, o.From)
	}
	golden(t, "want.txt", b.String())
	for _, all := range []string{b.String(), fmt.Sprintf("%+v %#v", *c, *c)} {
		if strings.Contains(all, "canary") {
			t.Errorf("a secret is told: %s", all)
		}
	}
}

func TestTheFileIsFoundWhereItIsSaid(t *testing.T) {
	for _, tt := range []struct {
		name    string
		o       Options
		listen  string
		data    string // last part of the directory
		mistake string
	}{
		{name: "in the data directory", o: Options{Data: "data"}, listen: "127.0.0.1:1", data: "data"},
		{name: "in the directory of a variable", o: Options{Environ: []string{"FLATTERY_DATA=data"}}, listen: "127.0.0.1:1", data: "data"},
		{name: "the command line beats the variable", o: Options{Data: "empty", Environ: []string{"FLATTERY_DATA=data"}}, listen: "127.0.0.1:8080", data: "empty"},
		{name: "where --config says", o: Options{Data: "empty", File: "other.toml"}, listen: "127.0.0.1:2", data: "empty"},
		{name: "where a variable says", o: Options{Environ: []string{"FLATTERY_CONFIG=other.toml"}}, listen: "127.0.0.1:2", data: "beside"},
		{name: "--config beats the variable", o: Options{File: "other.toml", Environ: []string{"FLATTERY_CONFIG=absent.toml"}}, listen: "127.0.0.1:2", data: "beside"},
		{name: "a home is where data is kept", o: Options{Environ: []string{"HOME=/home/ada"}}, listen: "127.0.0.1:8080", data: "flattery"},
		{name: "a named file must be there", o: Options{Data: "empty", File: "absent.toml"},
			mistake: `--config: cannot read "absent.toml": no such file or directory; name a TOML file`},
		{name: "a directory is no file", o: Options{Data: "empty", Environ: []string{"FLATTERY_CONFIG=data"}},
			mistake: `FLATTERY_CONFIG: "data" is not a file; name a TOML file`},
		{name: "a file cannot move the directory it lies in", o: Options{Data: "circle"},
			mistake: `circle/flattery.toml:1: data: cannot be set by the file that lies in it; use --data or FLATTERY_DATA`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			for _, dir := range []string{"data", "empty", "circle"} {
				if err := os.Mkdir(dir, 0o700); err != nil {
					t.Fatal(err)
				}
			}
			write(t, "data/flattery.toml", `listen = "127.0.0.1:1"`)
			write(t, "other.toml", "listen = '127.0.0.1:2'\ndata = 'beside'")
			write(t, "circle/flattery.toml", `data = "elsewhere"`)
			c, err := Load(tt.o)
			if tt.mistake != "" {
				if err == nil || err.Error() != tt.mistake {
					t.Fatalf("got  %v\nwant %s", err, tt.mistake)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if c.Listen != tt.listen || filepath.Base(c.Data) != tt.data || !filepath.IsAbs(c.Data) {
				t.Errorf("listens on %s, data in %s", c.Listen, c.Data)
			}
		})
	}
}

func TestWhatHardlyWorksIsWarnedOf(t *testing.T) {
	for _, tt := range []struct {
		name, toml, want string
	}{
		{"everybody may knock and nobody knows the address", `listen = ":8080"`,
			`flattery.toml:1: listen: ":8080" can be reached from elsewhere and base_url is not set; set base_url to the https address that people type`},
		{"plain http to the world", `base_url = "http://house.example.org"`,
			`flattery.toml:1: base_url: "http://house.example.org" is plain http, so nobody can sign in there; put https in front`},
		{"plain http on this machine is fine", `base_url = "http://localhost:8080"`, ""},
		{"https in front of everything is fine", "listen = '0.0.0.0:80'\nbase_url = 'https://house.example.org/'", ""},
		{"a network by plain http", "[networks.github]\nbase = 'http://ghe.example.org'",
			`flattery.toml:2: networks.github.base: "http://ghe.example.org" is plain http, so tokens can be read on their way; use https`},
		{"a network on this machine is fine", "[networks.github]\nbase = 'http://[::1]:99'", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := load(t, tt.toml)
			if err != nil {
				t.Fatal(err)
			}
			if got := english(c.Warnings); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// english is a line for each.
func english(all []flattery.Sentence) string {
	lines := make([]string, len(all))
	for i, s := range all {
		lines[i] = s.String()
	}
	return strings.Join(lines, "\n")
}

func TestASecretThatEverybodyCanReadIsWarnedOf(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "flattery.toml", "[networks.flickr]\nkey = 'canary'")
	if err := os.Chmod("flattery.toml", 0o644); err != nil {
		t.Fatal(err)
	}
	c, err := Load(Options{Data: ".", Networks: networks})
	if err != nil {
		t.Fatal(err)
	}
	want := "flattery.toml:2: holds networks.flickr.key and everybody here can read it; chmod 600 it"
	if got := english(c.Warnings); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTheAddressPeopleTypeIsKnown(t *testing.T) {
	for _, tt := range []struct{ base, listening, want string }{
		{"", "127.0.0.1:41233", "http://127.0.0.1:41233"},
		{"", "[::]:8080", "http://localhost:8080"},
		{"", "0.0.0.0:8080", "http://localhost:8080"},
		{"", "[::1]:8080", "http://[::1]:8080"},
		{"https://house.example.org", "127.0.0.1:8080", "https://house.example.org"},
	} {
		if got := (&Config{BaseURL: tt.base}).URL(tt.listening); got != tt.want {
			t.Errorf("%q listening on %s: got %s, want %s", tt.base, tt.listening, got, tt.want)
		}
	}
}

func TestAnErrorIsAllMistakes(t *testing.T) {
	_, err := load(t, "listen = 5", "FLATTERY_MODE=barter")
	e, ok := errors.AsType[*Error](err)
	if !ok || len(e.Mistakes) != 2 {
		t.Fatalf("got %#v", err)
	}
	if e.Mistakes[0].Where != "flattery.toml:1" || e.Mistakes[1].Where != "FLATTERY_MODE" {
		t.Errorf("places %+v", e.Mistakes)
	}
}
