package config

import (
	"log/slog"
	"path/filepath"
	"time"

	"flattery"
)

// A setting is one thing that can be set. Its read keeps the text in the Config, or says what is wrong with it and how
// to mend it; where the setting is a secret it never repeats the text.
type setting struct {
	name   string
	value  string // what stands where nobody sets it
	secret bool
	house  bool // may also be made in the pages, and is kept in the database then
	read   func(c *Config, text string) error
}

// settings is the table of everything that can be set. The names of variables are made from it.
func settings(o Options) []setting {
	all := []setting{
		{name: "data", value: defaultData(o.Environ), read: func(c *Config, s string) (err error) {
			if s == "" {
				return mend("is empty", "name a directory")
			}
			c.Data, err = filepath.Abs(s)
			return err
		}},
		typed("listen", "127.0.0.1:8080", address, func(c *Config) *string { return &c.Listen }),
		typed("base_url", "", optional(root), func(c *Config) *string { return &c.BaseURL }),
		{name: "database", secret: true, read: func(c *Config, s string) (err error) {
			c.Database, err = database(s)
			return err
		}},
		house("time_zone", "UTC", zone, func(c *Config) **time.Location { return &c.TimeZone }),
		house("currencies", "EUR", currencies, func(c *Config) *[]string { return &c.Currencies }),
		house("mode", "pledge", oneOf(Pledge, Prepaid), func(c *Config) *Mode { return &c.Mode }),
		house("months.grace", "72h", between(0, 28*day), func(c *Config) *time.Duration { return &c.Grace }),
		typed("settle.cron", "15 4 * * *", cronSpec(o.Cron), func(c *Config) *string { return &c.SettleCron }),
		house("budget.minimum", "2.00", flattery.ParseAmount, func(c *Config) *flattery.Amount { return &c.BudgetMinimum }),
		house("pending.lapse", "90 days", between(0, 100*365*day), func(c *Config) *time.Duration { return &c.PendingLapse }),
		house("pending.most", "10", limit, func(c *Config) *int { return &c.PendingMost }),
		house("split", "flattr", oneOf(flattery.SplitByFlattr, flattery.SplitByCreator), func(c *Config) *flattery.SplitBy { return &c.Split }),
		house("clicks", "many", oneOf(ClicksMany, ClicksOnce), func(c *Config) *Clicks { return &c.Clicks }),
		house("fee", "0", percent, func(c *Config) *flattery.Rate { return &c.Fee }),
		house("fee_account", "", line, func(c *Config) *string { return &c.FeeAccount }),
		house("receivers_must_give", "false", boolean, func(c *Config) *bool { return &c.ReceiversMustGive }),
		house("slips.max", "5", count, func(c *Config) *int { return &c.SlipsMax }),
		house("slips.void", "120 days", between(0, 100*365*day), func(c *Config) *time.Duration { return &c.SlipsVoid }),
		house("netting", "false", boolean, func(c *Config) *bool { return &c.Netting }),
		house("slips.minimum", "1.00", flattery.ParseAmount, func(c *Config) *flattery.Amount { return &c.SlipsMinimum }),
		house("sepa.name", "", line, func(c *Config) *string { return &c.SEPA.Name }),
		house("sepa.iban", "", optional(iban), func(c *Config) *string { return &c.SEPA.IBAN }),
		house("sepa.bic", "", optional(bic), func(c *Config) *string { return &c.SEPA.BIC }),
		house("owner.name", "", line, func(c *Config) *string { return &c.OwnerName }),
		house("owner.contact", "", line, func(c *Config) *string { return &c.OwnerContact }),
		typed("outbound.allow_private", "false", boolean, func(c *Config) *bool { return &c.AllowPrivate }),
		typed("discover.liberapay", "https://liberapay.com", optional(webAddress), func(c *Config) *string { return &c.Liberapay }),
		typed("mail.host", "", line, func(c *Config) *string { return &c.Mail.Host }),
		typed("mail.port", "587", port, func(c *Config) *int { return &c.Mail.Port }),
		typed("mail.tls", "starttls", oneOf(StartTLS, TLS, Plain), func(c *Config) *Encryption { return &c.Mail.TLS }),
		typed("mail.user", "", line, func(c *Config) *string { return &c.Mail.User }),
		{name: "mail.password", secret: true, read: func(c *Config, s string) error { c.Mail.Password = flattery.Secret(s); return nil }},
		typed("mail.from", "", optional(mailbox), func(c *Config) *string { return &c.Mail.From }),
		typed("metrics.listen", "", optional(address), func(c *Config) *string { return &c.MetricsListen }),
		typed("jobs.lease", "5m", between(30*time.Second, day), func(c *Config) *time.Duration { return &c.Lease }),
		typed("log.level", "info", level, func(c *Config) *slog.Level { return &c.LogLevel }),
		typed("now", "", instant, func(c *Config) *time.Time { return &c.Now }),
	}
	for _, n := range o.Networks {
		all = append(all, network(n)...)
	}
	return all
}

func network(name string) []setting {
	one := func(key, value string, secret bool, keep func(n *Network, s string) error) setting {
		return setting{name: "networks." + name + "." + key, value: value, secret: secret, read: func(c *Config, s string) error {
			n := c.Networks[name]
			err := keep(&n, s)
			c.Networks[name] = n
			return err
		}}
	}
	return []setting{
		one("enabled", "true", false, func(n *Network, s string) (err error) { n.Enabled, err = boolean(s); return err }),
		one("base", "", false, func(n *Network, s string) (err error) { n.Base, err = optional(webAddress)(s); return err }),
		one("client_id", "", false, func(n *Network, s string) error { n.ClientID = s; return nil }),
		one("client_secret", "", true, func(n *Network, s string) error { n.ClientSecret = flattery.Secret(s); return nil }),
		one("key", "", true, func(n *Network, s string) error { n.Key = flattery.Secret(s); return nil }),
		one("accept_terms", "false", false, func(n *Network, s string) (err error) { n.AcceptTerms, err = boolean(s); return err }),
		one("spend_cap", "5.00", false, func(n *Network, s string) (err error) { n.SpendCap, err = flattery.ParseAmount(s); return err }),
	}
}

// typed is a setting that parse makes into a T, kept where keep points.
func typed[T any](name, value string, parse func(string) (T, error), keep func(*Config) *T) setting {
	return setting{name: name, value: value, read: func(c *Config, s string) (err error) {
		*keep(c), err = parse(s)
		return err
	}}
}

// house is a typed setting that may also be made in the pages.
func house[T any](name, value string, parse func(string) (T, error), keep func(*Config) *T) setting {
	s := typed(name, value, parse, keep)
	s.house = true
	return s
}

// defaultData is where a person's programs keep their data, as the environment says.
func defaultData(environ []string) string {
	env := variables(environ)
	switch {
	case env["XDG_DATA_HOME"] != "":
		return filepath.Join(env["XDG_DATA_HOME"], "flattery")
	case env["HOME"] != "":
		return filepath.Join(env["HOME"], ".local", "share", "flattery")
	case env["LOCALAPPDATA"] != "":
		return filepath.Join(env["LOCALAPPDATA"], "flattery")
	}
	return "flattery-data"
}
