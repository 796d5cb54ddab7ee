package tables

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"flattery"
)

// The names of the settings' rows.
const (
	settingBudget      = "budget"
	settingCurrency    = "currency"
	settingCap         = "cap"
	settingPaused      = "paused"
	settingDestination = "destination"
	settingPublic      = "public"
	settingClaimedOnly = "claimed_only"
	settingGiveOn      = "give_on"
	settingOnTop       = "on_top"
	settingNetting     = "netting"
)

const accountColumns = `a.id, a.name, a.admin, a.language, a.created_at`

func scanAccount(s Row) (a flattery.Account, err error) {
	var created int64
	err = s.Scan(&a.ID, &a.Name, &a.Admin, &a.Language, &created)
	a.CreatedAt = at(created)
	return a, err
}

// Account finds an account by number; one that was removed is not found.
func (s *Reader) Account(ctx context.Context, id flattery.AccountID) (flattery.Account, error) {
	a, err := scanAccount(s.DB.Row(ctx, `SELECT `+accountColumns+` FROM accounts a WHERE a.id = ? AND a.removed_at IS NULL`, id))
	if err == nil {
		a.Settings, err = settingsAt(ctx, s.DB, id, forever)
	}
	return a, wrap(fmt.Sprintf("account %d", id), err)
}

// AccountNamed finds an account by its name, upper and lower case alike.
func (s *Reader) AccountNamed(ctx context.Context, name string) (flattery.Account, error) {
	var id flattery.AccountID
	if err := s.DB.Row(ctx, `SELECT id FROM accounts WHERE lower(name) = lower(?) AND removed_at IS NULL`, name).Scan(&id); err != nil {
		return flattery.Account{}, wrap(fmt.Sprintf("account %q", name), err)
	}
	return s.Account(ctx, id)
}

// Accounts lists the accounts in the order of their making.
func (s *Reader) Accounts(ctx context.Context) ([]flattery.Account, error) {
	list, err := all(ctx, s.DB, scanAccount, `SELECT `+accountColumns+` FROM accounts a WHERE a.removed_at IS NULL ORDER BY a.id`)
	for i := range list {
		if err == nil {
			list[i].Settings, err = settingsAt(ctx, s.DB, list[i].ID, forever)
		}
	}
	return list, wrap("accounts", err)
}

// forever is later than every setting.
const forever = int64(1) << 62

// settingsAt are an account's settings as they stood at a time, in seconds.
func settingsAt(ctx context.Context, db DB, id flattery.AccountID, when int64) (flattery.Settings, error) {
	rows, err := all(ctx, db, scanSetting, `SELECT name, value FROM settings WHERE account_id = ? AND since <= ? ORDER BY name, since`, id, when)
	if err != nil {
		return flattery.Settings{}, err
	}
	var set flattery.Settings
	for _, r := range rows { // the later row of a name wins
		if err := setSetting(&set, r[0], r[1]); err != nil {
			return set, err
		}
	}
	return set, nil
}

func scanSetting(s Row) (r [2]string, err error) {
	err = s.Scan(&r[0], &r[1])
	return r, err
}

func setSetting(set *flattery.Settings, name, value string) (err error) {
	switch name {
	case settingBudget:
		err = set.Budget.UnmarshalText([]byte(value))
	case settingCap:
		err = set.Cap.UnmarshalText([]byte(value))
	case settingCurrency:
		set.Currency = value
	case settingPaused:
		set.Paused, err = strconv.ParseBool(value)
	case settingDestination:
		set.Destination = flattery.Destination(value)
	case settingPublic:
		set.Public, err = strconv.ParseBool(value)
	case settingClaimedOnly:
		set.ClaimedOnly, err = strconv.ParseBool(value)
	case settingGiveOn:
		set.GiveOn, err = strconv.ParseInt(value, 10, 64)
	case settingOnTop:
		set.OnTop, err = strconv.ParseBool(value)
	case settingNetting:
		set.Netting, err = strconv.ParseBool(value)
	}
	return err
}

func settingRows(set flattery.Settings) [][2]string {
	return [][2]string{
		{settingBudget, set.Budget.String()},
		{settingCap, set.Cap.String()},
		{settingCurrency, set.Currency},
		{settingPaused, strconv.FormatBool(set.Paused)},
		{settingDestination, string(set.Destination)},
		{settingPublic, strconv.FormatBool(set.Public)},
		{settingClaimedOnly, strconv.FormatBool(set.ClaimedOnly)},
		{settingGiveOn, strconv.FormatInt(set.GiveOn, 10)},
		{settingOnTop, strconv.FormatBool(set.OnTop)},
		{settingNetting, strconv.FormatBool(set.Netting)},
	}
}

func (t *Tx) AddAccount(ctx context.Context, a flattery.Account) (flattery.AccountID, error) {
	id, err := value[flattery.AccountID](t.Row(ctx, `INSERT INTO accounts (name, admin, language, created_at) VALUES (?, ?, ?, ?) RETURNING id`,
		a.Name, a.Admin, a.Language, seconds(a.CreatedAt)))
	if err != nil {
		return 0, wrap(fmt.Sprintf("account %q", a.Name), err)
	}
	return id, t.SetSettings(ctx, id, a.Settings, a.CreatedAt)
}

// SetSettings writes what has changed. What is said last counts, also where the clock has gone back a little since.
func (t *Tx) SetSettings(ctx context.Context, id flattery.AccountID, set flattery.Settings, since time.Time) error {
	was, err := settingsAt(ctx, t, id, forever)
	if err != nil {
		return wrap("settings", err)
	}
	before := settingRows(was)
	for i, r := range settingRows(set) {
		if r == before[i] {
			continue
		}
		if err := t.Later(ctx, "settings: "+r[0], `INSERT INTO settings (account_id, name, since, value)
			SELECT ?1, ?2, CASE WHEN max(s.since) > ?3 THEN max(s.since) ELSE ?3 END, ?4 FROM settings s WHERE s.account_id = ?1 AND s.name = ?2
			ON CONFLICT (account_id, name, since) DO UPDATE SET value = excluded.value`, id, r[0], seconds(since), r[1]); err != nil {
			return err
		}
		if r[0] == settingClaimedOnly {
			if err := t.reconsider(ctx, id, set.ClaimedOnly, since); err != nil {
				return err
			}
		}
		if r[0] == settingDestination {
			if err := t.endTrials(ctx, id); err != nil {
				return err
			}
		}
	}
	if set.Gives() && !was.Gives() {
		return t.begins(ctx, id, since)
	}
	return nil
}

func (t *Tx) SetLanguage(ctx context.Context, id flattery.AccountID, language string) error {
	return t.Must(ctx, "language", `UPDATE accounts SET language = ? WHERE id = ? AND removed_at IS NULL`, language, id)
}

func (t *Tx) RemoveAccount(ctx context.Context, id flattery.AccountID, now time.Time) error {
	if err := t.Must(ctx, fmt.Sprintf("account %d", id), `UPDATE accounts SET name = 'removed ' || id, admin = FALSE, language = '', removed_at = ?
		WHERE id = ? AND removed_at IS NULL`, seconds(now), id); err != nil {
		return err
	}
	claims, err := all(ctx, t, value[flattery.ClaimID], `SELECT id FROM claims WHERE account_id = ?`, id)
	if err != nil {
		return wrap("claims", err)
	}
	if err := t.withdraw(ctx, id, now); err != nil {
		return err
	}
	for _, c := range claims {
		if err := t.RemoveClaim(ctx, c, now); err != nil {
			return err
		}
	}
	for _, q := range []string{
		`UPDATE links SET state = 'removed', token = NULL, held_until = 0, cursor = '', matching = '' WHERE account_id = ?`,
		`UPDATE flattrs SET state = 'removed', counts_in = NULL WHERE account_id = ? AND (state = 'pending'
			OR state = 'counts' AND counts_in IN (SELECT month FROM months WHERE frozen_at IS NULL))`,
		`DELETE FROM nevers WHERE link_id IN (SELECT id FROM links WHERE account_id = ?)`,
		`DELETE FROM subscriptions WHERE account_id = ?`,
		`DELETE FROM entrances WHERE account_id = ?`,
		`DELETE FROM attempts WHERE account_id = ?`,
		`DELETE FROM proofs WHERE account_id = ?`,
		`DELETE FROM imports WHERE account_id = ?`,
		`DELETE FROM uploads WHERE account_id = ?`,
		`DELETE FROM sessions WHERE account_id = ?`,
		`DELETE FROM passkeys WHERE account_id = ?`,
		`DELETE FROM keyrings WHERE account_id = ?`,
		`DELETE FROM invites WHERE made_by = ?`,
		`DELETE FROM deliveries WHERE hook_id IN (SELECT id FROM hooks WHERE account_id = ?)`,
		`DELETE FROM hooks WHERE account_id = ?`,
		`DELETE FROM mails WHERE account_id = ?`,
		`DELETE FROM feeds WHERE account_id = ?`,
		`DELETE FROM notices WHERE account_id = ?`,
	} {
		if err := t.Later(ctx, "remove account", q, id); err != nil {
			return err
		}
	}
	if err := errors.Join(t.unname(ctx, id), t.endTrials(ctx, id), t.Later(ctx, "remove account", `DELETE FROM trials WHERE account_id = ?`, id)); err != nil {
		return wrap("remove account", err)
	}
	set, err := settingsAt(ctx, t, id, forever)
	if err != nil {
		return wrap("settings", err)
	}
	// A frozen month still settles with what stood at its freeze; from now on nothing is given.
	set.Budget, set.Destination, set.Public, set.GiveOn, set.OnTop, set.Netting = 0, "", false, 0, false, false
	return t.SetSettings(ctx, id, set, now)
}

// unname takes the names from what stays of an account: its own identity, the identities of its links and of its disputes, and where
// it was paid. What others know of these identities they keep.
func (t *Tx) unname(ctx context.Context, id flattery.AccountID) error {
	nobody := func(subject string) (int64, error) {
		return t.identity(ctx, flattery.Profile{Identity: flattery.Identity{Network: flattery.House, Host: flattery.House, Subject: subject}})
	}
	if _, err := nobody(strconv.FormatInt(int64(id), 10)); err != nil {
		return err
	}
	links, err := all(ctx, t, value[flattery.LinkID], `SELECT id FROM links WHERE account_id = ?`, id)
	if err != nil {
		return err
	}
	for _, l := range links { // an account links an identity once
		of, err := nobody(fmt.Sprintf("link %d", l))
		if err != nil {
			return err
		}
		if err := t.Later(ctx, "unname link", `UPDATE links SET identity_id = ?, reason = '', detail = '' WHERE id = ?`, of, l); err != nil {
			return err
		}
	}
	disputes, err := all(ctx, t, value[flattery.DisputeID], `SELECT id FROM disputes WHERE (first_id = ?1 OR second_id = ?1) AND decided_at > 0`, id)
	if err != nil {
		return err
	}
	for _, d := range disputes {
		about, err := nobody(fmt.Sprintf("dispute %d", d))
		if err != nil {
			return err
		}
		if err := t.Later(ctx, "unname dispute", `UPDATE disputes SET identity_id = ?, shown = '', page = '' WHERE id = ?`, about, d); err != nil {
			return err
		}
	}
	return t.Later(ctx, "unname settings", `UPDATE settings SET value = '' WHERE account_id = ? AND name = ?`, id, settingDestination)
}

// identity gives the number of a profile and keeps what it shows up to date. It is 0 for none.
func (t *Tx) identity(ctx context.Context, p flattery.Profile) (int64, error) {
	host, err := t.host(ctx, p.Network, p.Host)
	if err != nil {
		return 0, err
	}
	var id int64
	err = t.Row(ctx, `INSERT INTO identities (host_id, subject, handle, name, url, organisation) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (host_id, subject) DO UPDATE SET handle = excluded.handle, name = excluded.name, url = excluded.url, organisation = excluded.organisation
		RETURNING id`, host, subject(p.Identity), p.Handle, p.Name, p.URL, p.Organisation).Scan(&id)
	return id, err
}

func (t *Tx) host(ctx context.Context, network, host string) (int64, error) {
	key := [2]string{network, host}
	if id, ok := t.Known.hosts[key]; ok {
		return id, nil
	}
	if err := t.Later(ctx, "host", `INSERT INTO hosts (network, host) VALUES (?, ?) ON CONFLICT DO NOTHING`, network, host); err != nil {
		return 0, err
	}
	id, err := value[int64](t.Row(ctx, `SELECT id FROM hosts WHERE network = ? AND host = ?`, network, host))
	if err == nil {
		t.Known.hosts[key] = id
	}
	return id, err
}

// profileColumns of an identity i with its host h.
const profileColumns = `h.network, h.host, i.subject, i.handle, i.name, i.url, i.organisation`

func profileInto(p *flattery.Profile) []any {
	return []any{&p.Network, &p.Host, &p.Subject, &p.Handle, &p.Name, &p.URL, &p.Organisation}
}

// hold keeps others from judging an identity until this transaction ends: whether it is claimed, and whose it is.
func (t *Tx) hold(ctx context.Context, identity int64) error {
	return t.Hold(ctx, "identities", "id", identity)
}

// PayeeOf is the payee of an account; it is made when first asked for.
func (t *Tx) PayeeOf(ctx context.Context, account flattery.AccountID) (flattery.PayeeID, error) {
	id, err := t.payee(ctx, int64(account), 0)
	return id, wrap(fmt.Sprintf("payee of account %d", account), err)
}

// payee is the payee of an account, or of an identity that no account claims; it is made when first asked for.
func (t *Tx) payee(ctx context.Context, account, identity int64) (flattery.PayeeID, error) {
	column, owner := "account_id", account
	if account == 0 {
		column, owner = "identity_id", identity
	}
	if err := t.Later(ctx, "payee", `INSERT INTO payees (`+column+`) VALUES (?) ON CONFLICT DO NOTHING`, owner); err != nil {
		return 0, err
	}
	return value[flattery.PayeeID](t.Row(ctx, `SELECT id FROM payees WHERE `+column+` = ?`, owner))
}
