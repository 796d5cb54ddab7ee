package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"flattery"
	"flattery/connectors"
	"flattery/internal/claim"
	"flattery/internal/poll"
	"flattery/store"
)

func (p *program) link() *cobra.Command {
	return group("link", "Links: whose likes count for an account", p.linkAdd(), p.linkList(), p.linkRemove())
}

// splitName takes "github:octocat" apart and finds its connector.
func (in *instance) splitName(name string) (connectors.Connector, string, error) {
	network, handle, ok := strings.Cut(name, ":")
	if !ok || network == "" {
		return nil, "", flattery.Input("%q is not somebody on a network: write it like github:octocat", name)
	}
	c, err := in.enabled.Get(network)
	return c, handle, err
}

// session is for asking a network without a link.
func (in *instance) session(c connectors.Connector) connectors.Session {
	return connectors.Session{App: in.apps[c.Info().Network], Client: in.client, Now: in.now()}
}

// resolve finds somebody by public handle.
func (in *instance) resolve(ctx context.Context, c connectors.Connector, handle string) (flattery.Profile, error) {
	info := c.Info()
	if handle == "" {
		return flattery.Profile{}, flattery.Input("say who: %s:%s", info.Network, info.HandleTip)
	}
	if info.NeedsKey && in.apps[info.Network].Key == "" {
		return flattery.Profile{}, flattery.Input("%s is read with an API key: get one at %s, then set networks.%s.key", info.Title, info.Console, info.Network)
	}
	r, ok := c.(connectors.Resolver)
	if !ok {
		return flattery.Profile{}, flattery.Input("%s cannot be linked by name: link it with a token", info.Title)
	}
	who, err := r.Resolve(ctx, in.session(c), handle)
	if errors.Is(err, connectors.ErrGone) {
		err = fmt.Errorf("%s knows nobody called %q: check the spelling", info.Title, handle)
	} else if err != nil {
		err = advised(info, err)
	}
	return who, err
}

// advised adds to what a network refused how to go on.
func advised(info connectors.Info, err error) error {
	if _, ok := errors.AsType[*flattery.InputError](err); ok || errors.Is(err, context.Canceled) {
		return err
	}
	_, reason := poll.FateOf(err)
	return fmt.Errorf("%w: %s", err, advice(info.Network, reason))
}

// advice says how to go on, for each of the reasons of poll.
func advice(network, reason string) string {
	switch reason {
	case poll.ReasonReconnect:
		return "link it again, with a new token"
	case poll.ReasonForbidden:
		return "ask the network why, then link it again"
	case poll.ReasonGone:
		return "look for the new name, then link that"
	case poll.ReasonPayment:
		return "the owner of this instance must decide whether to pay"
	case poll.ReasonKeys:
		return "set networks." + network + ".key to a key that it accepts"
	case poll.ReasonUnknown:
		return "see flattery networks"
	case poll.ReasonRate:
		return "try again after that"
	default:
		return "check networks." + network + ".base, or try again later"
	}
}

func (p *program) linkAdd() *cobra.Command {
	var account, tokenFile string
	var device, thisMonth bool
	cmd := &cobra.Command{Use: "add NETWORK:HANDLE", Short: "Link an identity: what it likes from now on counts",
		Long: `Link an identity: what it likes from now on counts for the account.

By name alone a link is unproved: it steers the account's own budget and proves nothing. With --device or
--token-file it is proved (NETWORK: is then enough), and private likes are read too where the network has them.`,
		Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
			if device && tokenFile != "" {
				return flattery.Input("--device and --token-file are two ways to prove the same: choose one")
			}
			return p.with(cmd.Context(), func(in *instance) error {
				ctx := cmd.Context()
				a, err := in.accountNamed(ctx, account)
				if err != nil {
					return err
				}
				name := args[0]
				if !strings.Contains(name, ":") && (device || tokenFile != "") {
					name += ":"
				}
				c, handle, err := in.splitName(name)
				if err != nil {
					return err
				}
				token, proof, err := p.prove(ctx, in, c, tokenFile, device)
				if err != nil {
					return err
				}
				who, err := in.who(ctx, c, handle, token)
				if err != nil {
					return err
				}
				l, err := in.addLink(ctx, flattery.Link{Account: a.ID, Identity: who, Proof: proof, Interval: c.Info().Interval}, token, thisMonth)
				if err != nil {
					return err
				}
				return p.print(l, func(out io.Writer) {
					fmt.Fprintf(out, "link %d: %s likes for %s from %s on\n", l.ID, plain(who.String()), a.Name, l.BeginsAt.Format(time.DateTime+" MST"))
					if !proof.Proved() {
						p.say("By name only: unproved. It steers this account's own budget.")
					}
				})
			})
		}}
	cmd.Flags().StringVar(&account, "account", "", "account; may be left out while there is one")
	cmd.Flags().BoolVar(&device, "device", false, "prove it with the browser of any device")
	cmd.Flags().StringVar(&tokenFile, "token-file", "", "prove it with a personal token read from this file (- for stdin)")
	cmd.Flags().BoolVar(&thisMonth, "this-month", false, "count this month so far, where the network tells the time of a like")
	return cmd
}

// prove gets a token as the flags say; none is a link by name.
func (p *program) prove(ctx context.Context, in *instance, c connectors.Connector, tokenFile string, device bool) (flattery.Secret, flattery.Proof, error) {
	switch {
	case device:
		token, err := claim.Device(ctx, c.Info(), in.apps[c.Info().Network], in.client, claim.Linking, func(ask claim.Prompt) {
			p.say("Open %s and type %s", ask.URL, ask.Code)
		})
		return token, flattery.ByOAuth, err
	case tokenFile != "":
		read := func() ([]byte, error) { return os.ReadFile(tokenFile) }
		if tokenFile == "-" {
			read = func() ([]byte, error) { return io.ReadAll(io.LimitReader(p.stdin, 64<<10)) }
		}
		b, err := read()
		if err != nil {
			return "", "", fmt.Errorf("--token-file %s cannot be read: %w: name a file with nothing but the token in it", tokenFile, cause(err))
		}
		token := strings.TrimSpace(string(b))
		if token == "" {
			return "", "", flattery.Input("--token-file: there is no token in it")
		}
		return flattery.Secret(token), flattery.ByToken, nil
	}
	return "", flattery.ByName, nil
}

// who is the identity to link: the token's, which must be the handle that was named, or the public one.
func (in *instance) who(ctx context.Context, c connectors.Connector, handle string, token flattery.Secret) (flattery.Profile, error) {
	if token == "" {
		return in.resolve(ctx, c, handle)
	}
	s := in.session(c)
	s.Token = token
	who, err := c.Identify(ctx, s)
	if err != nil {
		return who, advised(c.Info(), err)
	}
	if handle != "" && !strings.EqualFold(handle, who.Handle) {
		return who, flattery.Input("the token is %s's, not %s's: nothing was linked", plain(who.Handle), handle)
	}
	return who, nil
}

func (in *instance) addLink(ctx context.Context, l flattery.Link, token flattery.Secret, thisMonth bool) (flattery.Link, error) {
	now := in.now().Truncate(time.Second)
	l.BeginsAt, l.NextPoll = now, now
	if thisMonth {
		m, err := in.store.Current(ctx, now)
		if err != nil {
			return l, err
		}
		l.BeginsAt = m.Starts
	}
	var id flattery.LinkID
	err := in.update(ctx, func(tx store.Tx) (err error) {
		id, err = tx.AddLink(ctx, l, token)
		return err
	})
	if err != nil {
		return l, err
	}
	return in.store.Link(ctx, id)
}

func (p *program) linkList() *cobra.Command {
	var account string
	cmd := &cobra.Command{Use: "list", Short: "List the links and how they are", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		return p.with(cmd.Context(), func(in *instance) error {
			ctx := cmd.Context()
			var id flattery.AccountID
			if account != "" {
				a, err := in.accountNamed(ctx, account)
				if err != nil {
					return err
				}
				id = a.ID
			}
			links, err := in.store.Links(ctx, id)
			if err != nil {
				return err
			}
			name, err := in.names(ctx)
			if err != nil {
				return err
			}
			return p.print(links, func(out io.Writer) {
				rows := [][]string{{"LINK", "ACCOUNT", "IDENTITY", "PROOF", "STATE", "LAST GOOD", "NEXT POLL", "WHY"}}
				for _, l := range links {
					rows = append(rows, []string{strconv.FormatInt(int64(l.ID), 10), name(l.Account), l.Identity.String(), string(l.Proof), string(l.State),
						moment(l.LastGood), moment(l.NextPoll), strings.TrimSpace(l.Reason + " " + l.Detail)})
				}
				table(out, rows...)
			})
		})
	}}
	cmd.Flags().StringVar(&account, "account", "", "only this account's")
	return cmd
}

func moment(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.Format("2006-01-02 15:04")
}

func number(what, s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 1 {
		return 0, flattery.Input("%q is not the number of a %s: see flattery %s list", s, what, what)
	}
	return n, nil
}

func (p *program) linkRemove() *cobra.Command {
	return &cobra.Command{Use: "remove LINK", Short: "Stop counting what an identity likes", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		id, err := number("link", args[0])
		if err != nil {
			return err
		}
		return p.with(cmd.Context(), func(in *instance) error {
			err := in.update(cmd.Context(), func(tx store.Tx) error { return tx.RemoveLink(cmd.Context(), flattery.LinkID(id)) })
			if errors.Is(err, flattery.ErrNotFound) {
				err = flattery.Input("there is no link %d: see flattery link list", id)
			}
			if err != nil {
				return err
			}
			return p.print(map[string]any{"removed": id}, func(out io.Writer) {
				fmt.Fprintf(out, "link %d is removed; what it liked stays counted once\n", id)
			})
		})
	}}
}
