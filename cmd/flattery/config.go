package main

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"flattery/config"
)

func (p *program) config() *cobra.Command {
	return &cobra.Command{Use: "config", Short: "Print every setting and where it is from; secrets are dots", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		c, err := p.settings()
		if err != nil {
			return err
		}
		if c, err = p.furnished(cmd.Context(), c); err != nil {
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

// furnished adds what the database keeps, where there is one.
func (p *program) furnished(ctx context.Context, c *config.Config) (_ *config.Config, err error) {
	in := p.outside(c)
	if !in.exists() {
		return c, nil
	}
	if err := p.openStore(ctx, in); err != nil {
		if _, wrong := errors.AsType[*config.Error](err); wrong {
			return nil, err
		}
		p.say("warning: what was set in the pages is not shown: %v", err)
		return c, nil
	}
	return in.Config, in.store.Close()
}
