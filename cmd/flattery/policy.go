package main

import (
	"context"
	"errors"
	"maps"
	"slices"

	"flattery"
	"flattery/config"
	"flattery/internal/web"
	"flattery/store"
)

func (p pages) Instance(ctx context.Context) (web.Instance, error) {
	schema, err := p.Schema(ctx)
	if err != nil {
		return web.Instance{}, err
	}
	i := web.Instance{Database: schema.Database, Schema: schema.Version, ID: schema.Instance}
	if i.Policy, err = p.Policy(ctx); err != nil {
		return i, err
	}
	if i.BackupAt, i.BackupTo, err = p.LastBackup(ctx); err != nil {
		return i, err
	}
	for _, f := range p.in.findings(ctx) {
		if f.Grade != gradeOK {
			i.Findings = append(i.Findings, web.Finding{Grade: f.Grade, What: f.What, Words: f.Words})
		}
	}
	return i, nil
}

func (p pages) Policy(ctx context.Context) (web.Policy, error) {
	begun, err := p.Begun(ctx)
	if err != nil {
		return web.Policy{}, err
	}
	made, house := web.Policy{Begun: begun.Posted || begun.Frozen, Settling: begun.Settling}, config.House()
	for _, o := range p.in.Origins() {
		made.Settings = append(made.Settings, web.Setting{Name: o.Name, Value: o.Value, From: o.From, Open: slices.Contains(house, o.Name) && ours(o)})
	}
	return made, nil
}

// ours reports whether nobody but the database has a word on a setting.
func ours(o config.Origin) bool { return o.From == config.Default || o.From == config.Database }

// SetPolicy makes settings of the house in the database, all of them or none. What is as it always is, is forgotten there.
func (p pages) SetPolicy(ctx context.Context, made map[string]string) error {
	err := p.in.setPolicy(ctx, made)
	if wrong, ok := errors.AsType[*config.Error](err); ok {
		return &flattery.InputError{Sentence: wrong.Mistakes[0].What}
	}
	return err
}

func (in *instance) setPolicy(ctx context.Context, made map[string]string) error {
	for _, o := range in.Origins() {
		if _, wanted := made[o.Name]; wanted && !ours(o) {
			return flattery.Input("%s is set in %s, which goes before what the pages say: change it there, or remove it there", o.Name, o.From)
		}
	}
	next := maps.Clone(in.kept)
	for name, value := range made {
		if !slices.Contains(config.House(), name) {
			return flattery.Input("%s is no setting that is made in the pages", name)
		}
		if next[name] = value; value == config.Usual(name) {
			delete(next, name)
		}
	}
	with, err := in.loaded.With(next)
	if err != nil {
		return err
	}
	if err := in.spends(ctx, with.Currencies); err != nil {
		return err
	}
	if err := in.collects(ctx, with.FeeAccount); err != nil {
		return err
	}
	err = in.update(ctx, func(tx store.Tx) error {
		b, err := tx.Begun(ctx)
		if err != nil {
			return err
		}
		if err := late(in.Config, with, b); err != nil {
			return err
		}
		for name := range made {
			if err := tx.Keep(ctx, name, next[name]); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		in.turn()
	}
	return err
}

// spends refuses a list of currencies that lacks one in which somebody gives.
func (in *instance) spends(ctx context.Context, currencies []string) error {
	accounts, err := in.store.Accounts(ctx)
	if err != nil {
		return err
	}
	for _, a := range accounts {
		if a.Budget > 0 && !slices.Contains(currencies, a.Currency) {
			return flattery.Input("currencies: somebody here gives in %s: leave it in the list, or let them choose another first", a.Currency)
		}
	}
	return nil
}

// collects refuses to give a fee to nobody.
func (in *instance) collects(ctx context.Context, name string) error {
	if name == "" {
		return nil
	}
	_, err := in.store.AccountNamed(ctx, name)
	if errors.Is(err, flattery.ErrNotFound) {
		return flattery.Input("fee_account: nobody here is called %q: write the name of an account", name)
	}
	return err
}

// late refuses what would change the rules of money that has begun to move.
func late(was, with *config.Config, b store.Begun) error {
	switch {
	case was.Mode != with.Mode && (b.Posted || b.Frozen):
		return flattery.Input("mode: months were closed or money was noted in mode %s, and what is owed by it stands: it can no longer be changed", was.Mode)
	case was.Split != with.Split && b.Settling:
		return flattery.Input("split: a month is being settled: try again when that has ended")
	case (was.Fee != with.Fee || was.FeeAccount != with.FeeAccount) && b.Settling:
		return flattery.Input("fee: a month is being settled: try again when that has ended")
	}
	return nil
}
