package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Each testdata/mistakes/NAME.toml gives exactly the lines of NAME.want. A new case is a new file.
func TestEveryMistakeOfAFileIsToldAtOnce(t *testing.T) {
	t.Chdir("testdata/mistakes")
	files, err := filepath.Glob("*.toml")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			_, err := Load(Options{Data: "absent", File: file, Networks: networks, Cron: noon})
			if err == nil {
				t.Fatal("no mistake was found")
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Error("a secret is told")
			}
			golden(t, strings.TrimSuffix(file, ".toml")+".want", err.Error()+"\n")
		})
	}
}

func noon(spec string) error {
	if spec != "0 12 * * *" && spec != "15 4 * * *" {
		return errors.New("not a time of day")
	}
	return nil
}

func TestEachMistakeSaysWhatWhereAndHowToMend(t *testing.T) {
	const addressHow = `: write host:port like 127.0.0.1:8080`
	for _, tt := range []struct {
		name, toml, variable string
		want                 string
	}{
		{name: "an address without a port", toml: `listen = "localhost"`,
			want: `flattery.toml:1: listen: "localhost" is not an address to listen on` + addressHow},
		{name: "a port that is none", variable: "FLATTERY_LISTEN=:99999",
			want: `FLATTERY_LISTEN: listen: ":99999" is not an address to listen on` + addressHow},
		{name: "a house that is not alone on its host", variable: "FLATTERY_BASE_URL=https://a.example/b",
			want: `FLATTERY_BASE_URL: base_url: "https://a.example/b" has a path: give the house a host of its own, like https://flattery.example.org`},
		{name: "a password in an address is not repeated", variable: "FLATTERY_BASE_URL=https://me:hunter2@a.example",
			want: `FLATTERY_BASE_URL: base_url: holds a name or password: write the address without what stands before the @`},
		{name: "an address of another kind", variable: "FLATTERY_NETWORKS_GITHUB_BASE=ftp://a.example",
			want: `FLATTERY_NETWORKS_GITHUB_BASE: networks.github.base: "ftp://a.example" is not a web address: write it like https://example.org`},
		{name: "a zone of nowhere", toml: `time_zone = "Local"`,
			want: `flattery.toml:1: time_zone: "Local" is not a time zone: write its name like Europe/Berlin`},
		{name: "a currency in small letters", toml: `currencies = "eur"`,
			want: `flattery.toml:1: currencies: "eur" is not a currency: write ISO codes like EUR,SEK`},
		{name: "a currency without hundredths", toml: `currencies = ["EUR", "JPY"]`,
			want: `flattery.toml:1: currencies: "JPY" has no hundredths, which payments are cut to: choose another currency`},
		{name: "a currency twice", variable: "FLATTERY_CURRENCIES=EUR, EUR",
			want: `FLATTERY_CURRENCIES: currencies: "EUR" stands twice: remove one`},
		{name: "no currency", toml: `currencies = []`,
			want: `flattery.toml:1: currencies: "" is not a currency: write ISO codes like EUR,SEK`},
		{name: "a mode that is none", toml: `mode = "Pledge"`,
			want: `flattery.toml:1: mode: "Pledge" is none of the words it may be: write pledge or prepaid`},
		{name: "a grace of a year", toml: `months.grace = "365 days"`,
			want: `flattery.toml:1: months.grace: "365 days" is out of range: write something from 0 to 28 days`},
		{name: "a grace back in time", toml: `months.grace = "-1h"`,
			want: `flattery.toml:1: months.grace: "-1h" is out of range: write something from 0 to 28 days`},
		{name: "a duration without a unit", toml: `pending.lapse = 90`,
			want: `flattery.toml:1: pending.lapse: "90" is not a duration: write it like 72h or 90 days`},
		{name: "an amount with a comma", toml: `budget.minimum = "2,00"`,
			want: `flattery.toml:1: budget.minimum: "2,00" is not an amount: write it like 5 or 5.00, digits and one point only`},
		{name: "an amount below nothing", toml: `slips.minimum = -1.00`,
			want: `flattery.toml:1: slips.minimum: "-1.00" is not an amount: write it like 5 or 5.00, digits and one point only`},
		{name: "no slips at all", toml: `slips.max = 0`,
			want: `flattery.toml:1: slips.max: "0" is not a number from 1 to 1000: write it like 5`},
		{name: "a truth in big letters", toml: `outbound.allow_private = "True"`,
			want: `flattery.toml:1: outbound.allow_private: "True" is neither true nor false: write true or false`},
		{name: "a percentage without its sign", toml: `fee = 5`,
			want: `flattery.toml:1: fee: "5" is not a percentage: write it like "2.5 %"`},
		{name: "a percentage that is too fine", toml: "mode = 'prepaid'\nfee = '0.00001 %'",
			want: `flattery.toml:2: fee: "0.00001 %" is finer than a millionth of the whole: write at most four digits after the point`},
		{name: "more than everything", toml: "mode = 'prepaid'\nfee = '101%'",
			want: `flattery.toml:2: fee: "101%" is more than there is: write at most 100 %`},
		{name: "a fee of a pledge for nobody", variable: "FLATTERY_FEE=5%",
			want: `FLATTERY_FEE: fee: where donors pay by slips, a fee is a slip too; set fee_account to the account that gets it, or fee = 0`},
		{name: "a level that is none", variable: "FLATTERY_LOG_LEVEL=loud",
			want: `FLATTERY_LOG_LEVEL: log.level: "loud" is none of the words it may be: write debug or info or warn or error`},
		{name: "an instant without a zone", variable: "FLATTERY_NOW=2026-11-04T00:00:00",
			want: `FLATTERY_NOW: now: "2026-11-04T00:00:00" is not an instant: write it like 2026-11-04T00:00:00Z, or leave it empty for the real time`},
		{name: "no time to settle", toml: `settle.cron = ""`,
			want: `flattery.toml:1: settle.cron: is empty: write it like "15 4 * * *": minute, hour, day, month, weekday, in UTC`},
		{name: "a database that nobody knows", toml: `database = "mysql://me:hunter2@db"`,
			want: `flattery.toml:1: database: is not a database that is known: write postgres://…, or leave it empty for SQLite in the data directory`},
		{name: "a data directory without a name", variable: "FLATTERY_DATA=",
			want: `FLATTERY_DATA: data: is empty: name a directory`},
		{name: "a setting with a slip of the pen", toml: "\n\nlisten_ = 1",
			want: `flattery.toml:3: unknown setting "listen_" (did you mean "listen"?); remove it, or see flattery config for the settings`},
		{name: "a setting that is like none", toml: `colour = "blue"`,
			want: `flattery.toml:1: unknown setting "colour"; remove it, or see flattery config for the settings`},
		{name: "mail from nobody", toml: "[mail]\nhost = 'a.example'",
			want: `flattery.toml:2: mail.host: mail needs an address that it comes from; set mail.from, like flattery@example.org`},
		{name: "mail from what is no address", toml: "[mail]\nfrom = 'Me <me@a.example>'",
			want: `flattery.toml:2: mail.from: "Me <me@a.example>" is not a mail address: write it like flattery@example.org`},
		{name: "mail at no port", toml: "[mail]\nport = 0",
			want: `flattery.toml:2: mail.port: "0" is not a port: write a number from 1 to 65535, like 587`},
		{name: "mail by no known encryption", toml: "[mail]\ntls = 'ssl'",
			want: `flattery.toml:2: mail.tls: "ssl" is none of the words it may be: write starttls or tls or none`},
		{name: "a password for mail that would be read on its way", toml: "[mail]\nhost = 'a.example'\nfrom = 'f@a.example'\ntls = 'none'\nuser = 'me'\npassword = 'hunter2'",
			want: `flattery.toml:4: mail.tls: the password would be sent in the open; write starttls or tls, or leave mail.user empty`},
		{name: "a network with a slip of the pen", toml: "[networks.githib]\nkey = 'hunter2'\nbase = 'x'",
			want: `flattery.toml:1: unknown network "githib" (did you mean "github"?): known are github, flickr`},
		{name: "a network's setting with a slip of the pen", toml: "[networks.github]\nclientid = 'x'",
			want: `flattery.toml:2: unknown setting "networks.github.clientid" (did you mean "networks.github.client_id"?); remove it, or see flattery config for the settings`},
		{name: "a variable with a slip of the pen", variable: "FLATTERY_LISTN=:80",
			want: `FLATTERY_LISTN: no setting has this variable (did you mean "FLATTERY_LISTEN"?); remove it, or see flattery config for the settings`},
		{name: "a variable of an unknown network", variable: "FLATTERY_NETWORKS_MYSPACE_KEY=hunter2",
			want: `FLATTERY_NETWORKS_MYSPACE_KEY: no setting has this variable; known networks are github, flickr; remove it, or see flattery config for the settings`},
		{name: "a variable's file that is absent", variable: "FLATTERY_NETWORKS_FLICKR_KEY_FILE=absent",
			want: `FLATTERY_NETWORKS_FLICKR_KEY_FILE: cannot read "absent": no such file or directory; name a file that holds the value`},
		{name: "a variable's file that is a directory", variable: "FLATTERY_FEE_FILE=.",
			want: `FLATTERY_FEE_FILE: cannot read ".": is a directory; name a file that holds the value`},
		{name: "a value that should be a table", toml: `budget = 2`,
			want: `flattery.toml:1: budget: is one value, and should be a table; write [budget] above its settings`},
		{name: "a table that should be a value", toml: "[listen]\nport = 80",
			want: `flattery.toml:1: listen: is a table, and should be one value`},
		{name: "an empty table that should be a value", toml: `listen = {}`,
			want: `flattery.toml:1: listen: is a table, and should be one value`},
		{name: "a list of tables", toml: "[[networks]]\nname = 'github'",
			want: `flattery.toml:1: [[networks]] is a list of tables, which no setting is; write [networks]`},
		{name: "a list that holds numbers", toml: `currencies = [1]`,
			want: `flattery.toml:1: currencies: is not one value; write it like "…", 5, true or ["EUR", "SEK"]`},
		{name: "a table twice", toml: "[slips]\nmax = 1\n[slips]\nminimum = 1",
			want: `flattery.toml:3: [slips] stands twice, first on line 1; join the two`},
		{name: "a key twice", toml: "listen = ':1'\nlisten = ':2'",
			want: `flattery.toml:2: listen is set twice, first on line 1; remove one`},
		{name: "broken TOML", toml: "listen = ':1'\nmode = pledge",
			want: `flattery.toml:2:8: is not right TOML here: incomplete number`},
		{name: "an open string", toml: `listen = "abc`,
			want: `flattery.toml:1:14: is not right TOML here: basic string not terminated by "`},
		{name: "a name that would make a second line", toml: `"a\nb" = 1`,
			want: `flattery.toml:1: unknown setting "a\nb"; remove it, or see flattery config for the settings`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var environ []string
			if tt.variable != "" {
				environ = []string{tt.variable}
			}
			t.Chdir(t.TempDir())
			if tt.toml != "" {
				write(t, "flattery.toml", tt.toml)
			}
			o := Options{Data: ".", Environ: environ, Networks: networks}
			if strings.HasPrefix(tt.variable, "FLATTERY_DATA=") {
				o.Data = ""
			}
			_, err := Load(o)
			if err == nil || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestHugeFilesAreNotRead(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "flattery.toml", strings.Repeat("#", maxFile+1))
	write(t, "value", strings.Repeat("x", maxValue+1))
	_, err := Load(Options{Data: ".", Environ: []string{"FLATTERY_LISTEN_FILE=value"}})
	want := `FLATTERY_LISTEN_FILE: "value" is longer than 65536 bytes; name a file that holds the value and nothing else
flattery.toml: "flattery.toml" is larger than 1048576 bytes; settings are a few lines`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// FuzzFile: whatever stands in a settings file, it is read or told what is wrong with it, one line a mistake.
func FuzzFile(f *testing.F) {
	files, err := filepath.Glob("testdata/*/*.toml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(b))
	}
	f.Add("a.b.c = {d = [1, {e = 2}]}\n[[x.y]]\n")
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(dir, "fuzz.toml")
		write(t, path, text)
		_, err := Load(Options{Data: dir, File: path, Networks: networks, Environ: []string{"FLATTERY_FEE=" + strings.ReplaceAll(text, "\n", "")}})
		if err == nil {
			return
		}
		e, ok := errors.AsType[*Error](err)
		if !ok || len(e.Mistakes) != strings.Count(err.Error(), "\n")+1 {
			t.Errorf("not one line a mistake: %v", err)
		}
	})
}
