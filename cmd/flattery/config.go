package main

import (
	"io"

	"github.com/spf13/cobra"
)

func (p *program) config() *cobra.Command {
	return &cobra.Command{Use: "config", Short: "Print every setting and where it is from; secrets are dots", Args: cobra.NoArgs, RunE: func(*cobra.Command, []string) error {
		c, err := p.settings()
		if err != nil {
			return err
		}
		all := c.Origins()
		return p.print(all, func(out io.Writer) {
			rows := [][]string{{"SETTING", "VALUE", "FROM"}}
			for _, o := range all {
				rows = append(rows, []string{o.Name, o.Value, o.From})
			}
			columns(out, plainLine, rows...) // whole: they are the owner's own
			for _, w := range c.Warnings {
				p.say("warning: %s", w)
			}
		})
	}}
}
