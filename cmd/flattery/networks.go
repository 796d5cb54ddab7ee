package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"flattery"
	"flattery/config"
	"flattery/connectors"
)

// networkLine is what one should know of a network before linking it.
type networkLine struct {
	Network string            `json:"network"`
	Title   string            `json:"title"`
	State   connectors.Life   `json:"state"`
	Since   string            `json:"since,omitempty"`
	Reason  string            `json:"reason,omitempty"`
	Noun    string            `json:"noun"`
	Auth    connectors.Auth   `json:"auth"`
	Feed    connectors.Feed   `json:"feed"`
	Proven  connectors.Proven `json:"proven"`
	Enabled bool              `json:"enabled"`
	Missing string            `json:"missing,omitempty"`
	Terms   *connectors.Terms `json:"terms,omitempty"`
}

// missingWords says what keeps a network from being linked, and what works without that.
func missingWords(k connectors.Connector, set config.Network, app flattery.App) string {
	info := k.Info()
	if !set.Enabled {
		return fmt.Sprintf("switched off: set networks.%s.enabled = true", info.Network)
	}
	missing := missingFor(info, app)
	if missing == nil {
		return ""
	}
	if _, ok := k.(connectors.Resolver); ok && missingByName(info, app) == nil {
		return "can be linked by name or token as it is; to sign in there: " + missing.Error()
	}
	return missing.Error()
}

func (p *program) networks() *cobra.Command {
	return &cobra.Command{Use: "networks", Short: "Every network: its state, how it is linked, what is missing to link it", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) (err error) {
		c, err := p.settings()
		if err != nil {
			return err
		}
		in := p.outside(c)
		if in.exists() { // keys may have been entered in the pages
			if err := p.openStore(cmd.Context(), in); err != nil {
				return err
			}
			defer func() { err = errors.Join(err, in.store.Close()) }()
		}
		var lines []networkLine
		for _, k := range known(func(n string) string { return c.Networks[n].Base }) {
			info, set := k.Info(), c.Networks[k.Info().Network]
			app, err := in.app(cmd.Context(), info.Network)
			if err != nil {
				return err
			}
			l := networkLine{Network: info.Network, Title: info.Title, State: info.State, Since: info.Since, Reason: info.Reason.String(), Noun: info.Noun,
				Auth: info.Auth, Feed: info.Feed, Proven: info.Proven, Enabled: set.Enabled}
			l.Missing = missingWords(k, set, app)
			if info.Terms != (connectors.Terms{}) {
				l.Terms = &info.Terms
			}
			lines = append(lines, l)
		}
		return p.print(lines, func(out io.Writer) {
			rows := [][]string{{"NETWORK", "STATE", "LIKES ARE", "LINKED BY", "SHOWN TO WORK WITH"}}
			for _, l := range lines {
				rows = append(rows, []string{l.Network, string(l.State), l.Noun + "s", string(l.Auth), string(l.Proven)})
			}
			table(out, rows...)
			for _, l := range lines {
				if l.Missing != "" {
					fmt.Fprintf(out, "%s: %s\n", l.Network, l.Missing)
				}
				if l.Terms != nil {
					fmt.Fprintf(out, "%s: %s (%s, %s)\n", l.Network, l.Terms.Sentence, l.Terms.Link, l.Terms.Date)
				}
			}
		})
	}}
}
