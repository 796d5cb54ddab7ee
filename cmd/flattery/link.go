package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/url"
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

// session is for asking a network without a link, in the name of this instance.
func (in *instance) session(ctx context.Context, c connectors.Connector) (s connectors.Session, err error) {
	s = connectors.Session{Client: in.client, Now: in.now()}
	if s.App, err = in.app(ctx, c.Info().Network); err != nil {
		return s, err
	}
	s.AppToken, err = in.tokens.Instance(ctx, c.Info())
	return s, err
}

// resolve finds somebody by public handle, or says how to go on.
func (in *instance) resolve(ctx context.Context, c connectors.Connector, handle string) (flattery.Profile, error) {
	who, err := in.find(ctx, c, handle)
	if errors.Is(err, connectors.ErrGone) {
		err = fmt.Errorf("%s knows nobody called %q: check the spelling", c.Info().Title, handle)
	} else if err != nil {
		err = advised(c.Info(), err)
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
		return "set networks." + network + ".key, or .client_id and .client_secret, to what it accepts"
	case poll.ReasonTerms:
		return "the owner of this instance must accept the network's terms (networks." + network + ".accept_terms)"
	case poll.ReasonSpend:
		return "it goes on next month, or raise networks." + network + ".spend_cap"
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
	var device, code, thisMonth bool
	cmd := &cobra.Command{Use: "add NETWORK:HANDLE", Short: "Link an identity: what it likes from now on counts",
		Long: `Link an identity: what it likes from now on counts for the account.

By name alone a link is unproved: it steers the account's own budget and proves nothing. With --device, --code or
--token-file it is proved (NETWORK: is then enough), and private likes are read too where the network has them. In
the browser it is one click: flattery serve, then Links.`,
		Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
			if device && code || (device || code) && tokenFile != "" {
				return flattery.Input("--device, --code and --token-file are ways to prove the same: choose one")
			}
			return p.with(cmd.Context(), func(in *instance) error {
				ctx := cmd.Context()
				a, err := in.accountNamed(ctx, account)
				if err != nil {
					return err
				}
				name := args[0]
				if !strings.Contains(name, ":") && (device || code || tokenFile != "") {
					name += ":"
				}
				c, handle, err := in.splitName(name)
				if err != nil {
					return err
				}
				token, proof, err := p.prove(ctx, in, c, a.ID, ways{tokenFile, device, code})
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
	cmd.Flags().BoolVar(&code, "code", false, "prove it in any browser, and type here the code that the network shows")
	cmd.Flags().StringVar(&tokenFile, "token-file", "", "prove it with a personal token read from this file (- for stdin)")
	cmd.Flags().BoolVar(&thisMonth, "this-month", false, "count this month so far, where the network tells the time of a like")
	return cmd
}

// ways are how a link or a claim may be proved in a terminal.
type ways struct {
	tokenFile    string
	device, code bool
}

// prove gets a token as the flags say; none is a link by name.
func (p *program) prove(ctx context.Context, in *instance, c connectors.Connector, account flattery.AccountID, w ways) (flattery.Token, flattery.Proof, error) {
	switch {
	case w.device:
		app, err := in.app(ctx, c.Info().Network)
		if err != nil {
			return flattery.Token{}, "", err
		}
		token, err := claim.Device(ctx, c.Info(), app, in.client, in.now, claim.Linking, func(ask claim.Prompt) {
			p.say("Open %s and type %s", ask.URL, ask.Code)
		})
		return token, flattery.ByOAuth, err
	case w.code:
		token, err := p.typed(ctx, in, c, account)
		return token, flattery.ByOAuth, err
	case w.tokenFile != "":
		token, err := p.readToken(w.tokenFile)
		return token, flattery.ByToken, err
	}
	return flattery.Token{}, flattery.ByName, nil
}

// readToken reads a personal token: one word, or two where the network's tokens have a secret.
func (p *program) readToken(file string) (flattery.Token, error) {
	read := func() ([]byte, error) { return os.ReadFile(file) }
	if file == "-" {
		read = func() ([]byte, error) { return io.ReadAll(io.LimitReader(p.stdin, 64<<10)) }
	}
	b, err := read()
	if err != nil {
		return flattery.Token{}, fmt.Errorf("--token-file %s cannot be read: %w: name a file with nothing but the token in it", file, cause(err))
	}
	words := strings.Fields(string(b))
	switch len(words) {
	case 1:
		return flattery.Token{Access: flattery.Secret(words[0])}, nil
	case 2:
		return flattery.Token{Access: flattery.Secret(words[0]), Secret: flattery.Secret(words[1])}, nil
	case 0:
		return flattery.Token{}, flattery.Input("--token-file: there is no token in it")
	}
	return flattery.Token{}, flattery.Input("--token-file: there are %d words in it: write the token, and its secret where it has one", len(words))
}

// typed lets somebody say yes in a browser anywhere and type the code that the network shows.
func (p *program) typed(ctx context.Context, in *instance, c connectors.Connector, account flattery.AccountID) (flattery.Token, error) {
	network, host, browser := c.Info().Network, c.Info().Host, rand.Text()
	begun, err := in.flow.Begin(ctx, claim.Asked{Account: account, Browser: browser, Network: network, Purpose: claim.Linking, Code: true})
	if err != nil {
		return flattery.Token{}, err
	}
	p.say("Open %s\nand type here the code that it shows:", begun.URL)
	line, err := bufio.NewReader(io.LimitReader(p.stdin, 4<<10)).ReadString('\n')
	if code := strings.TrimSpace(line); code != "" {
		got, err := in.flow.Finish(ctx, claim.Answered{Account: account, Browser: browser, Network: network, Host: host,
			Query: url.Values{"state": {begun.State}, "oauth_verifier": {code}}})
		return got.Token, err
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return flattery.Token{}, err
	}
	return flattery.Token{}, flattery.Input("no code was typed; nothing was linked")
}

// who is the identity to link: the token's, which must be the handle that was named, or the public one.
func (in *instance) who(ctx context.Context, c connectors.Connector, handle string, token flattery.Token) (flattery.Profile, error) {
	if !token.Has() {
		return in.resolve(ctx, c, handle)
	}
	app, err := in.app(ctx, c.Info().Network)
	if err != nil {
		return flattery.Profile{}, err
	}
	s := connectors.Session{Token: token, App: app, Client: in.client, Now: in.now()}
	who, err := c.Identify(ctx, s)
	if err != nil {
		return who, advised(c.Info(), err)
	}
	if handle != "" && !strings.EqualFold(handle, who.Handle) {
		return who, flattery.Input("the token is %s's, not %s's: nothing was linked", plain(who.Handle), handle)
	}
	return who, nil
}

func (in *instance) addLink(ctx context.Context, l flattery.Link, token flattery.Token, thisMonth bool) (flattery.Link, error) {
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
			l, err := in.store.Link(cmd.Context(), flattery.LinkID(id))
			gaveBack := false
			if err == nil {
				gaveBack, err = in.unlink(cmd.Context(), l)
			}
			if errors.Is(err, flattery.ErrNotFound) {
				err = flattery.Input("there is no link %d: see flattery link list", id)
			}
			if err != nil {
				return err
			}
			if !gaveBack {
				p.say("The network did not take the token back: end it there, in your settings.")
			}
			return p.print(map[string]any{"removed": id}, func(out io.Writer) {
				fmt.Fprintf(out, "link %d is removed; what it liked stays counted once\n", id)
			})
		})
	}}
}
