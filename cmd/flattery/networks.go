package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

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

func (p *program) networks() *cobra.Command {
	return &cobra.Command{Use: "networks", Short: "Every network: its state, how it is linked, what is missing to link it", Args: cobra.NoArgs, RunE: func(*cobra.Command, []string) error {
		c, err := p.settings()
		if err != nil {
			return err
		}
		var lines []networkLine
		for _, k := range known(func(n string) string { return c.Networks[n].Base }) {
			info, set := k.Info(), c.Networks[k.Info().Network]
			l := networkLine{Network: info.Network, Title: info.Title, State: info.State, Since: info.Since, Reason: info.Reason, Noun: info.Noun,
				Auth: info.Auth, Feed: info.Feed, Proven: info.Proven, Enabled: set.Enabled}
			switch {
			case !set.Enabled:
				l.Missing = fmt.Sprintf("switched off: set networks.%s.enabled = true", info.Network)
			case info.NeedsKey && set.Key == "":
				l.Missing = fmt.Sprintf("needs an API key: get one at %s, then set networks.%s.key", info.Console, info.Network)
			case info.OAuth2.DeviceURL != "" && set.ClientID == "":
				l.Missing = fmt.Sprintf("linked by name or token as it is; --device needs an OAuth app (%s) and networks.%s.client_id", info.Console, info.Network)
			}
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
