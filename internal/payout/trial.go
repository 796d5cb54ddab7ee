package payout

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"flattery"
	"flattery/store"
)

// trialsMost is how many trials an account gets in flattery.TrialAgain, wherever they go: each costs the house what its bank takes.
const trialsMost = 3

// Trial finds the last one to where an account is paid now; zero: none. Can: this house is able to send one there.
func (p *Planner) Trial(ctx context.Context, a flattery.Account) (t flattery.Trial, can bool, err error) {
	rail, to := p.trying(a.Destination)
	if rail == nil {
		return t, false, nil
	}
	_, t, err = p.trials(ctx, a, to)
	return t, true, err
}

// trying finds the rail of the house by which a trial goes to a destination, written as that rail writes it; nil: none.
func (p *Planner) trying(d flattery.Destination) (Rail, flattery.Destination) {
	if !p.Rules.Prepaid || d == "" {
		return nil, ""
	}
	for _, r := range p.House {
		if info := r.Info(); info.Words && !info.Hands {
			if to, err := r.Canon(d); err == nil {
				return r, to
			}
		}
	}
	return nil, ""
}

// trials are all of an account, and the last of them to a destination.
func (p *Planner) trials(ctx context.Context, a flattery.Account, to flattery.Destination) (all []flattery.Trial, last flattery.Trial, err error) {
	if all, err = p.Store.Trials(ctx, a.ID); err != nil {
		return nil, last, fmt.Errorf("payout: %w", err)
	}
	for _, t := range all {
		if t.Destination == to {
			return all, t, nil
		}
	}
	return all, last, nil
}

// Try plans a trial to where an account is paid: the least that its rail moves, with a number on it that nobody is shown here. It goes
// out with the next batch. A refusal is an *InputError.
func (p *Planner) Try(ctx context.Context, a flattery.Account) (flattery.Trial, error) {
	rail, to := p.trying(a.Destination)
	if rail == nil {
		return flattery.Trial{}, flattery.Input("no cent can be sent there: this house sends one from its bank, to an account at a bank")
	}
	all, last, err := p.trials(ctx, a, to)
	if err != nil {
		return last, err
	}
	now := p.Now()
	if err := another(all, last, now); err != nil {
		return last, err
	}
	number, err := rand.Int(rand.Reader, big.NewInt(900_000)) // no zero in front, which somebody might leave out
	if err != nil {
		return last, fmt.Errorf("payout: trial: %w", err)
	}
	info, currency := rail.Info(), a.Currency
	if len(info.Currencies) > 0 && !slices.Contains(info.Currencies, currency) {
		currency = info.Currencies[0] // in which it is paid there too
	}
	y := flattery.Payment{Code: trialCode(a.ID, len(all)), Rail: info.Rail, Currency: currency, Amount: max(info.Step, info.Minimum), Destination: to,
		PlannedAt: now, Trial: a.ID, Number: flattery.Secret(fmt.Sprint(100_000 + number.Int64()))}
	var id flattery.PaymentID
	err = p.Store.Update(ctx, func(tx store.Tx) (err error) { id, err = tx.AddTrial(ctx, y); return err })
	if errors.Is(err, flattery.ErrConflict) {
		err = flattery.Input("one was asked for at the same moment: look again")
	}
	if err != nil {
		return last, fmt.Errorf("payout: %w", err)
	}
	p.Log.Info("planned a trial", "payment", id, "account", a.ID)
	_, last, err = p.trials(ctx, a, to)
	return last, err
}

// another refuses a trial where one is proved or under way, where the last was not long ago, and where there were too many.
func another(all []flattery.Trial, last flattery.Trial, now time.Time) error {
	if last.Proves() {
		return flattery.Input("it is proved since %s: there is nothing more to prove", last.ProvedAt.Format(time.DateOnly))
	}
	if again := last.Again(); again.After(now) {
		return flattery.Input("a cent to it was asked for on %s: another can be from %s on", last.PlannedAt.Format(time.DateOnly), again.Format(time.DateOnly))
	}
	lately := 0
	for _, t := range all {
		if t.PlannedAt.Add(flattery.TrialAgain).After(now) {
			lately++
		}
	}
	if lately >= trialsMost {
		return flattery.Input("this account had %d cents sent in %d days, and gets no more for now", lately, int(flattery.TrialAgain.Hours()/24))
	}
	return nil
}

// trialCode is made of whose trial it is, and of how many there were: two that are asked for at once are one.
func trialCode(a flattery.AccountID, before int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "trial\x1f%d\x1f%d", a, before))
	return written(sum)
}

// Prove takes the number that an account read on the last trial to where it is paid. Each that is typed is counted before it is looked at.
// A refusal is an *InputError.
func (p *Planner) Prove(ctx context.Context, a flattery.Account, typed string) (flattery.Trial, error) {
	rail, to := p.trying(a.Destination)
	if rail == nil {
		return flattery.Trial{}, flattery.Input("no cent was sent to where %s is paid: have one sent first", a.Name)
	}
	_, t, err := p.trials(ctx, a, to)
	if err != nil || t.Proves() {
		return t, err
	}
	if err := typable(t, a.Name); err != nil {
		return t, err
	}
	typed = strings.NewReplacer(" ", "", "\u00a0", "", "-", "").Replace(typed)
	if len(typed) != 6 || strings.Trim(typed, "0123456789") != "" {
		return t, flattery.Input("the number has six digits, like 123456: it stands on the transfer, behind the word Flattery")
	}
	now, right := p.Now(), false
	err = p.Store.Update(ctx, func(tx store.Tx) error {
		number, err := tx.TryTrial(ctx, t.Payment)
		if err != nil {
			return err
		}
		if right = subtle.ConstantTimeCompare([]byte(number), []byte(typed)) == 1; right {
			return tx.ProveTrial(ctx, t.Payment, now)
		}
		return nil
	})
	if err != nil && !errors.Is(err, flattery.ErrState) {
		return t, fmt.Errorf("payout: %w", err)
	}
	if _, t, err = p.trials(ctx, a, to); err != nil || right || t.Proves() {
		return t, err
	}
	if err := typable(t, a.Name); err != nil {
		return t, err
	}
	return t, flattery.Input("that is not the number on the transfer; tries that are left: %d", t.Left())
}

// typable refuses to hear a number of a trial that has not left, came back, or was guessed at too often.
func typable(t flattery.Trial, name string) error {
	switch t.Is() {
	case "":
		return flattery.Input("no cent was sent to where %s is paid: have one sent first", name)
	case "planned":
		return flattery.Input("the cent has not left yet: it goes with the next file for the bank")
	case "back":
		return flattery.Input("the cent did not arrive: look whether the destination is right, and have another sent")
	case "spent":
		return flattery.Input("%d wrong numbers were typed: this cent proves nothing any more, and another can be sent from %s on", t.Tries, t.Again().Format(time.DateOnly))
	}
	return nil
}

// written is how codes are: 60 bits in three parts.
func written(sum [sha256.Size]byte) string {
	s := base32.StdEncoding.EncodeToString(sum[:8])
	return s[:4] + "-" + s[4:8] + "-" + s[8:12]
}
