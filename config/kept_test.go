package config

import (
	"testing"
	"time"
)

func TestWhatTheDatabaseKeepsLiesOverTheDefaultsAndBelowAllElse(t *testing.T) {
	c, err := load(t, "mode = \"prepaid\"\n[slips]\nmax = 7\n", "FLATTERY_CLICKS=once")
	if err != nil {
		t.Fatal(err)
	}
	with, err := c.With(map[string]string{"time_zone": "Europe/Berlin", "mode": "pledge", "slips.max": "3", "clicks": "many", "months.grace": "24h", "listen": ":1", "later.setting": "x"})
	if err != nil {
		t.Fatal(err)
	}
	if c.TimeZone != time.UTC || c.Grace != 72*time.Hour {
		t.Error("what was loaded has changed")
	}
	for name, pair := range map[string][2]any{
		"a setting of the house is taken":         {with.TimeZone.String(), "Europe/Berlin"},
		"and another":                             {with.Grace, 24 * time.Hour},
		"the file goes before":                    {with.Mode, Prepaid},
		"its line is told":                        {from(with, "slips.max"), "flattery.toml:3"},
		"a variable goes before":                  {with.Clicks, ClicksOnce},
		"where it is kept is told":                {from(with, "time_zone"), "database"},
		"what nobody says is the default":         {from(with, "split"), "default"},
		"what is not of the house is passed over": {with.Listen, "127.0.0.1:8080"},
		"and that is said":                        {len(with.Warnings) - len(c.Warnings), 2},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: got %v, want %v", name, pair[0], pair[1])
		}
	}
	again, err := with.With(nil)
	if err != nil || again.TimeZone != time.UTC || from(again, "time_zone") != "default" || again.Grace != 72*time.Hour {
		t.Errorf("forgotten: %v %v %v %s", err, again.TimeZone, again.Grace, from(again, "time_zone"))
	}
}

func TestWhatTheDatabaseKeepsMustBeRight(t *testing.T) {
	for name, row := range map[string]struct{ toml, setting, value, want string }{
		"no zone":                     {"", "time_zone", "Mars/North", `database: time_zone: "Mars/North" is not a time zone: write its name like Europe/Berlin`},
		"right alone, together not":   {"fee = \"1 %\"\nmode = \"prepaid\"", "currencies", "EUR,EUR", `database: currencies: "EUR" stands twice: remove one`},
		"a fee that nobody gets":      {"", "fee", "2 %", `database: fee: where donors pay by slips, a fee is a slip too; set fee_account to the account that gets it, or fee = 0`},
		"an account without a holder": {"mode = \"prepaid\"", "sepa.iban", "DE75 5121 0800 1245 1261 99", `database: sepa.iban: an account at a bank has a number and a holder; set both sepa.iban and sepa.name`},
		"a holder without an account": {"mode = \"prepaid\"", "sepa.name", "Club", `default: sepa.iban: an account at a bank has a number and a holder; set both sepa.iban and sepa.name`},
		"a bank that is none":         {"mode = \"prepaid\"", "sepa.bic", "COBA", `database: sepa.bic: "COBA" is no BIC: write its 8 or 11 letters and digits, like COBADEFFXXX, or leave it empty`},
		"a name that hides its ends":  {"", "owner.name", "Ada\u202e", `database: owner.name: is too long, or has spaces around it or signs that cannot be seen: write one line of at most 200 letters`},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := load(t, row.toml)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.With(map[string]string{row.setting: row.value}); err == nil || err.Error() != row.want {
				t.Errorf("got  %v\nwant %s", err, row.want)
			}
		})
	}
	if len(House()) != 21 || Usual("slips.max") != "5" {
		t.Errorf("of the house: %v", House())
	}
}

func from(c *Config, name string) string {
	for _, o := range c.Origins() {
		if o.Name == name {
			return o.From
		}
	}
	return ""
}
