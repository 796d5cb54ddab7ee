// Command flattery makes likes pay. This is the only place that chooses parts: connectors, store, rail. One file a
// command.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"flattery"
	"flattery/config"
)

// version is set by the linker; a build without says "dev".
var version = "dev"

// Exit codes, as scripts rely on them.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
	exitConfig = 78
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// program is what every command has.
type program struct {
	environ        []string
	stdin          io.Reader
	stdout, stderr io.Writer
	data, file     string // --data, --config
	json           bool
}

// run is main without the process: it says how it ended.
func run(ctx context.Context, args, environ []string, stdin io.Reader, stdout, stderr io.Writer) int {
	p := &program{environ: environ, stdin: stdin, stdout: stdout, stderr: stderr}
	root := p.root()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintln(stderr, "flattery:", plainLine(line))
	}
	if _, ok := errors.AsType[*config.Error](err); ok {
		return exitConfig
	}
	if _, ok := errors.AsType[*flattery.InputError](err); ok {
		return exitUsage
	}
	if _, ok := errors.AsType[*usageError](err); ok {
		return exitUsage
	}
	return exitFailed
}

// usageError is a command line that cannot be understood.
type usageError struct{ error }

func (e *usageError) Unwrap() error { return e.error }

// misuse makes a usage error, in one line, of what was typed.
func misuse(cmd *cobra.Command, err error) error {
	return &usageError{fmt.Errorf("%s (see %s --help)", plainLine(err.Error()), cmd.CommandPath())}
}

func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "flattery",
		Short: "Your likes pay the people who made the things",
		Long: `Flattery makes likes pay: link your accounts once, set one monthly budget, and every like, star or
favourite you give becomes a share of it for its author.

Begin with    flattery demo                  months pass in seconds on networks in miniature; nothing to set up
or            flattery likes github:NAME     what somebody starred, and what a budget would give each
then          flattery serve                 the daemon with its pages`,
		SilenceErrors: true, SilenceUsage: true,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.PersistentFlags().StringVar(&p.data, "data", "", "data directory (FLATTERY_DATA)")
	root.PersistentFlags().StringVar(&p.file, "config", "", "settings file (FLATTERY_CONFIG; flattery.toml in the data directory)")
	root.PersistentFlags().BoolVar(&p.json, "json", false, "print JSON on stdout")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return misuse(cmd, err)
	})
	root.AddCommand(p.serve(), p.demo(), p.likes(), p.reach(), p.account(), p.link(), p.flattr(), p.claim(), p.networks(), p.poll(), p.importFiles(), p.means(),
		p.settle(), p.ledger(), p.payout(), p.database(), p.backup(), p.restore(), p.doctor(), p.config(), p.version())
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		switch c.Name() {
		case "completion":
			c.Args, c.RunE = noCommands, func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
		case "help":
			c.Args = func(cmd *cobra.Command, args []string) error {
				_, rest, err := root.Find(args)
				return errors.Join(err, noCommands(cmd, rest))
			}
		}
	}
	strict(root)
	return root
}

// strict makes wrong arguments usage errors, and words that are no command too.
func strict(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return misuse(cmd, err)
			}
			return nil
		}
	}
	for _, c := range cmd.Commands() {
		strict(c)
	}
}

// group is a command that only has commands below it.
func group(use, short string, below ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Args: noCommands, RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	c.AddCommand(below...)
	return c
}

// noCommands refuses words that are no command.
func noCommands(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("unknown command %q", args[0])
	}
	return nil
}
