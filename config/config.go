// Package config reads every setting once: defaults, what the database keeps of them (Keep), then a TOML file, then FLATTERY_* variables, then FLATTERY_*_FILE
// variables, each over the one before. It reports all mistakes at once and says of each setting where it is from. What
// the settings are for is not its business.
package config

import (
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"time"
	_ "time/tzdata" // a bare machine may have no time zones of its own

	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/v2"

	"flattery"
)

// Options is what the command line knows before any setting is read.
type Options struct {
	Data     string                  // --data; "" leaves it to FLATTERY_DATA, the file and the default
	File     string                  // --config; "" leaves it to FLATTERY_CONFIG, then flattery.toml in the data directory
	Environ  []string                // os.Environ()
	Networks []string                // the networks that this program knows
	Cron     func(spec string) error // judges settle.cron; nil: anything but nothing is right
}

// Mode is who moves the money.
type Mode string

// Pledge: donors pay by slips. Prepaid: this house collects and pays.
const (
	Pledge  Mode = "pledge"
	Prepaid Mode = "prepaid"
)

// Clicks says how often one person's click on one button counts.
type Clicks string

// The two ways to count clicks.
const (
	ClicksMany Clicks = "many"
	ClicksOnce Clicks = "once"
)

// Config is every setting, typed and checked.
type Config struct {
	Data              string // directory, absolute
	File              string // the TOML file that was read; "": none
	Listen            string // host:port
	BaseURL           string // as people type it, without a slash at the end; "": the address it listens on (see URL)
	Database          flattery.Secret
	TimeZone          *time.Location
	Currencies        []string // at least one; the first is the default
	Mode              Mode
	Grace             time.Duration // between the end of a month and its freeze
	SettleCron        string
	BudgetMinimum     flattery.Amount
	PendingLapse      time.Duration // 0: never
	PendingMost       int           // of what waited for a creator joins a month, of each donor; 0: all
	Split             flattery.SplitBy
	Clicks            Clicks
	Fee               flattery.Rate
	FeeAccount        string // pledge: who gets it, by slips
	ReceiversMustGive bool
	SlipsMax          int           // a donor and month
	SlipsVoid         time.Duration // a slip that is not paid for so long is voided; 0: never
	Netting           bool
	SlipsMinimum      flattery.Amount
	SEPA              Account
	OwnerName         string // who runs the instance, for its terms; "": they do not say
	OwnerContact      string // where they are reached: a mail address or a web address
	Mail              Mail
	AllowPrivate      bool          // outbound requests may go to private addresses
	Liberapay         string        // where it is asked who is paid there; "": it is not
	MetricsListen     string        // host:port; "": no metrics
	Lease             time.Duration // PostgreSQL: a job that takes longer is taken for lost, and given to another
	LogLevel          slog.Level
	Now               time.Time // zero, or the instant from where the clock goes on
	Networks          map[string]Network
	Warnings          []flattery.Sentence // what works, but hardly as meant; one line each

	origins []Origin
	read    *loader
}

// Account is the house's at a bank, from which it pays in prepaid mode.
type Account struct {
	Name string // of its holder
	IBAN string // "": there is none
	BIC  string // "": the bank knows
}

// Encryption says how the mail server is spoken to.
type Encryption string

// StartTLS begins in the open and goes on only encrypted; TLS is encrypted from the first byte; Plain never is.
const (
	StartTLS Encryption = "starttls"
	TLS      Encryption = "tls"
	Plain    Encryption = "none"
)

// Mail is the server that takes mail.
type Mail struct {
	Host     string // "": nothing is mailed
	Port     int
	TLS      Encryption
	User     string // "": nobody signs in there
	Password flattery.Secret
	From     string // the address that mail comes from
}

// Network is the settings of one network.
type Network struct {
	Enabled      bool
	Base         string // API root without a slash at the end; "": the network's own
	ClientID     string
	ClientSecret flattery.Secret
	Key          flattery.Secret
	AcceptTerms  bool            // the sentence of the network's terms that must be accepted
	SpendCap     flattery.Amount // what reading may cost in a month, in the currency of the network's prices
}

// Keyed reports whether any key is set.
func (n Network) Keyed() bool { return n.ClientID != "" || n.ClientSecret != "" || n.Key != "" }

// Origin says where the value of a setting is from. The value of a secret is dots.
type Origin struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	From  string `json:"from"` // "default", "database", "--data", "flattery.toml:3", "FLATTERY_X", "FLATTERY_X_FILE (path)"
}

// Load reads the settings. Its error is an *Error with every mistake that was found.
func Load(o Options) (*Config, error) {
	l := &loader{known: settings(o), networks: o.Networks, values: koanf.New("."), from: map[string]place{}}
	l.env = readEnv(o.Environ, l)
	c := &Config{Networks: map[string]Network{}}
	l.layer(defaults(l.known))
	l.chooseFile(o, c)
	l.layer(l.env.plain)
	l.layer(l.env.files)
	if o.Data != "" {
		l.layer(layer{"data": {text: o.Data, place: place{where: "--data"}}})
	}
	for _, s := range l.known {
		if err := s.read(c, l.text(s.name)); err != nil {
			l.refuse(l.from[s.name], flattery.Say("%s: %v", s.name, err))
		}
	}
	l.cross(c)
	if err := l.mistakes.err(); err != nil {
		return nil, err
	}
	c.Warnings, c.origins, c.read = l.warnings, l.origins(c), l
	return c, nil
}

// Origins lists every setting in the order of the manual, networks last.
func (c *Config) Origins() []Origin { return slices.Clone(c.origins) }

// URL is the address that people type: base_url, or else the address that is listened on.
func (c *Config) URL(listening string) string {
	if c.BaseURL != "" {
		return c.BaseURL
	}
	host, port, err := net.SplitHostPort(listening)
	if err != nil {
		return "http://" + listening
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// A loader lays one layer of settings over the other and collects the mistakes.
type loader struct {
	known    []setting
	networks []string
	env      environment
	values   *koanf.Koanf
	from     map[string]place
	mistakes mistakes
	warnings []flattery.Sentence
}

// A layer is settings by name as one source has them.
type layer map[string]value

type value struct {
	text string
	place
}

// A place is where a value stands. The line is 0 outside of files.
type place struct {
	where string
	line  int
}

func defaults(known []setting) layer {
	l := layer{}
	for _, s := range known {
		l[s.name] = value{text: s.value, place: place{where: "default"}}
	}
	return l
}

func (l *loader) layer(from layer) {
	flat := make(map[string]any, len(from))
	for name, v := range from {
		flat[name], l.from[name] = v.text, v.place
	}
	if err := l.values.Load(confmap.Provider(flat, "."), nil); err != nil {
		l.mistake(place{where: "settings"}, err.Error())
	}
}

func (l *loader) text(name string) string { return l.values.String(name) }

// mistake is for what only files and variables can have wrong, refuse for what may also be entered in the pages.
func (l *loader) mistake(p place, what string) { l.refuse(p, flattery.Say("%s", what)) }

func (l *loader) refuse(p place, what flattery.Sentence) {
	l.mistakes = append(l.mistakes, Mistake{Where: p.where, What: what, line: p.line})
}

func (l *loader) origins(c *Config) []Origin {
	all := make([]Origin, 0, len(l.known))
	for _, s := range l.known {
		o := Origin{Name: s.name, Value: l.text(s.name), From: l.from[s.name].where}
		if s.secret {
			o.Value = flattery.Secret(o.Value).String()
		}
		if s.name == "data" {
			o.Value = c.Data
		}
		all = append(all, o)
	}
	return all
}

// chooseFile finds the TOML file and lays it over the defaults. In the data directory it may be absent; where it was
// named it may not.
func (l *loader) chooseFile(o Options, c *Config) {
	data := o.Data
	for _, from := range []layer{l.env.files, l.env.plain, defaults(l.known)} {
		if v, ok := from["data"]; ok && data == "" {
			data = v.text
		}
	}
	path, named := o.File, place{where: "--config"}
	if v, ok := l.env.config(); path == "" && ok {
		path, named = v.text, v.place
	}
	if path == "" {
		path, named = filepath.Join(data, "flattery.toml"), place{}
	}
	file, ok := l.readFile(path, named)
	if !ok {
		return
	}
	c.File = path
	if d, ok := file["data"]; ok {
		if named == (place{}) {
			l.mistake(d.place, "data: cannot be set by the file that lies in it; use --data or FLATTERY_DATA")
			delete(file, "data")
		} else if !filepath.IsAbs(d.text) {
			d.text = filepath.Join(filepath.Dir(path), d.text)
			file["data"] = d
		}
	}
	l.layer(file)
}
