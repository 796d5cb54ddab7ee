package config

import (
	"net"
	"net/url"
	"strings"

	"flattery"
)

// cross looks at settings that are right alone and wrong together.
func (l *loader) cross(c *Config) {
	if c.Mode == Pledge && c.Fee > 0 && c.FeeAccount == "" {
		l.refuse(l.from["fee"], flattery.Say("fee: where donors pay by slips, a fee is a slip too; set fee_account to the account that gets it, or fee = 0"))
	}
	if c.MetricsListen != "" {
		l.mistake(l.from["metrics.listen"], "metrics.listen: metrics are not there yet; leave it empty")
	}
	if c.SEPA.IBAN != "" && c.SEPA.Name == "" || c.SEPA.Name != "" && c.SEPA.IBAN == "" && l.from["sepa.iban"].where == Default {
		l.refuse(l.from["sepa.iban"], flattery.Say("sepa.iban: an account at a bank has a number and a holder; set both sepa.iban and sepa.name"))
	}
	if c.Mail.Host != "" && c.Mail.From == "" {
		l.mistake(l.from["mail.host"], "mail.host: mail needs an address that it comes from; set mail.from, like flattery@example.org")
	}
	if c.Mail.TLS == Plain && c.Mail.Host != "" && !loopback(c.Mail.Host) {
		if c.Mail.User != "" {
			l.mistake(l.from["mail.tls"], "mail.tls: the password would be sent in the open; write starttls or tls, or leave mail.user empty")
		}
		l.warn("mail.tls", flattery.Say("mail goes to another machine in the open, so it can be read on its way; write starttls or tls"))
	}
	switch {
	case plain(c.BaseURL):
		l.warn("base_url", flattery.Say("%q is plain http, so nobody can sign in there; put https in front", c.BaseURL))
	case c.BaseURL == "" && c.Listen != "" && !loopback(host(c.Listen)):
		l.warn("listen", flattery.Say("%q can be reached from elsewhere and base_url is not set; set base_url to the https address that people type", c.Listen))
	}
	for _, name := range l.networks {
		if base := c.Networks[name].Base; plain(base) {
			l.warn("networks."+name+".base", flattery.Say("%q is plain http, so tokens can be read on their way; use https", base))
		}
	}
}

func (l *loader) warn(name string, what flattery.Sentence) {
	l.warnings = append(l.warnings, flattery.Say("%s: %s: %s", oneLine(l.from[name].where), name, what))
}

// plain reports whether an address is http to another machine.
func plain(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "http" && !loopback(u.Hostname())
}

func host(address string) string {
	h, _, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	return h
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback() || host == "localhost" || strings.HasSuffix(host, ".localhost")
}
