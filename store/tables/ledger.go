package tables

import (
	"context"
	"slices"
	"time"

	"flattery"
	"flattery/internal/ledger"
)

// head is the end of the chain inside a transaction.
type head struct {
	number int64
	posted int64 // microseconds
	entry  int64 // number that the next entry gets
	hash   ledger.Hash
}

// delta is what a transaction adds to an account's totals.
type delta struct {
	debits, credits flattery.Amount
	number          int64
}

// head reads the end of the chain once, and keeps others from posting; PostAll moves it on.
func (t *Tx) head(ctx context.Context) (*head, error) {
	if t.last != nil {
		return t.last, nil
	}
	if err := t.Hold(ctx, "instance", "name", "id"); err != nil {
		return nil, err
	}
	h := &head{entry: 1}
	var sum []byte
	err := t.Row(ctx, `SELECT number, posted_at, first_entry + entries, hash FROM transactions ORDER BY number DESC LIMIT 1`).
		Scan(&h.number, &h.posted, &h.entry, &sum)
	if err != nil && !missing(err) {
		return nil, err
	}
	h.hash = hash(sum)
	t.last = h
	return h, nil
}

func (t *Tx) Post(ctx context.Context, d ledger.Draft) (int64, error) {
	numbers, err := t.PostAll(ctx, []ledger.Draft{d})
	if err != nil {
		return 0, err
	}
	return numbers[0], nil
}

func (t *Tx) PostAll(ctx context.Context, drafts []ledger.Draft) ([]int64, error) {
	for _, d := range drafts {
		if err := d.Check(); err != nil {
			return nil, err
		}
	}
	numbers := make([]int64, 0, len(drafts))
	for part := range slices.Chunk(drafts, t.Dialect().Batch) {
		some, err := t.post(ctx, part)
		if err != nil {
			return nil, err
		}
		numbers = append(numbers, some...)
	}
	return numbers, nil
}

// posted is a transaction that has a key already.
type posted struct {
	number int64
	body   ledger.Hash
}

// post writes the drafts whose keys are new, and refuses another body under a key that is not.
func (t *Tx) post(ctx context.Context, drafts []ledger.Draft) ([]int64, error) {
	h, err := t.head(ctx)
	if err != nil {
		return nil, wrap("post", err)
	}
	known, err := t.posted(ctx, drafts)
	if err != nil {
		return nil, wrap("post", err)
	}
	numbers := make([]int64, len(drafts))
	var news []ledger.Draft
	var rows []any
	next := *h
	for i, d := range drafts {
		body := d.BodyHash()
		if was, ok := known[d.Key]; ok {
			if was.body != body {
				return nil, wrap("post "+d.Key, flattery.ErrConflict)
			}
			numbers[i] = was.number
			continue
		}
		at := max(d.At.UnixMicro(), next.posted)
		number := next.number + 1
		sum := ledger.Chain(next.hash, number, time.UnixMicro(at), body)
		rows = append(rows, number, d.Key, d.Kind, at, d.Note, null(d.Reverses), next.entry, len(d.Entries), body[:], sum[:])
		next = head{number, at, next.entry + int64(len(d.Entries)), sum}
		known[d.Key] = posted{number, body}
		numbers[i], news = number, append(news, d)
	}
	if len(news) == 0 {
		return numbers, nil
	}
	if err := t.insert(ctx, "post "+news[0].Key, `transactions (number, key, kind, posted_at, note, reverses, first_entry, entries, body, hash)`,
		`bigint text text bigint text bigint bigint bigint bytea bytea`, rows, ``); err != nil {
		return nil, err
	}
	if err := t.addEntries(ctx, *h, news); err != nil {
		return nil, wrap("post "+news[0].Key, err)
	}
	*h = next
	return numbers, nil
}

// posted finds the transactions that have the keys of drafts.
func (t *Tx) posted(ctx context.Context, drafts []ledger.Draft) (map[string]posted, error) {
	keys := make([]any, 0, len(drafts))
	for _, d := range drafts {
		keys = append(keys, d.Key)
	}
	known := map[string]posted{}
	_, err := listed(ctx, t, func(r Row) (struct{}, error) {
		var key string
		var number int64
		var body []byte
		err := r.Scan(&key, &number, &body)
		known[key] = posted{number, hash(body)}
		return struct{}{}, err
	}, `k (key)`, `text`, keys, `SELECT t.key, t.number, t.body FROM k CROSS JOIN transactions t WHERE t.key = k.key`)
	return known, err
}

// addEntries writes the entries of drafts that follow the head.
func (t *Tx) addEntries(ctx context.Context, h head, drafts []ledger.Draft) error {
	if err := t.chart(ctx, drafts); err != nil {
		return err
	}
	const columns = 5
	most := columns * t.Dialect().Batch
	rows := make([]any, 0, most)
	write := func() error {
		err := t.insert(ctx, "entries", `entries (number, debit_id, credit_id, amount, flattr_id)`, `bigint bigint bigint bigint bigint`, rows, ``)
		rows = make([]any, 0, most) // the written ones may still be on their way
		return err
	}
	for _, d := range drafts {
		h.number++
		for _, e := range d.Entries {
			debit, credit := t.Known.accounts[ledger.Account{Name: e.Debit, Currency: e.Currency}], t.Known.accounts[ledger.Account{Name: e.Credit, Currency: e.Currency}]
			t.total(debit, h.number).debits += e.Amount
			t.total(credit, h.number).credits += e.Amount
			rows = append(rows, h.entry, debit, credit, e.Amount, null(int64(e.Flattr)))
			h.entry++
			if len(rows) == most {
				if err := write(); err != nil {
					return err
				}
			}
		}
	}
	if len(rows) == 0 {
		return nil
	}
	return write()
}

// mostKnown bounds the accounts that are remembered: about 10 MiB.
const mostKnown = 100_000

// chart makes known the numbers of the accounts that drafts speak of; an account is made when it is first used.
func (t *Tx) chart(ctx context.Context, drafts []ledger.Draft) error {
	if len(t.Known.accounts) > mostKnown {
		t.Known.accounts = map[ledger.Account]int64{}
	}
	var names, accounts []any
	asked := map[ledger.Account]bool{}
	for _, d := range drafts {
		for _, e := range d.Entries {
			for _, name := range []string{e.Debit, e.Credit} {
				key := ledger.Account{Name: name, Currency: e.Currency}
				if _, ok := t.Known.accounts[key]; !ok && !asked[key] {
					asked[key] = true
					names, accounts = append(names, name, e.Currency), append(accounts, name, e.Currency, ledger.SideOf(name))
				}
			}
		}
	}
	batch := t.Dialect().Batch
	for part := range slices.Chunk(accounts, 3*batch) {
		if err := t.insert(ctx, "chart", `ledger_accounts (name, currency, side)`, `text text text`, part, `ON CONFLICT DO NOTHING`); err != nil {
			return err
		}
	}
	for part := range slices.Chunk(names, 2*batch) {
		if _, err := listed(ctx, t, func(r Row) (struct{}, error) {
			var key ledger.Account
			var id int64
			err := r.Scan(&key.Name, &key.Currency, &id)
			t.Known.accounts[key] = id
			return struct{}{}, err
		}, `k (name, currency)`, `text text`, part,
			`SELECT a.name, a.currency, a.id FROM k CROSS JOIN ledger_accounts a WHERE a.name = k.name AND a.currency = k.currency`); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tx) total(account, number int64) *delta {
	if t.totals == nil {
		t.totals = map[int64]*delta{}
	}
	d := t.totals[account]
	if d == nil {
		d = &delta{}
		t.totals[account] = d
		t.order = append(t.order, account)
	}
	d.number = number
	return d
}

// Posted reports whether a transaction has a key.
func (t *Tx) Posted(ctx context.Context, key string) (bool, error) {
	posted, err := value[bool](t.Row(ctx, `SELECT EXISTS (SELECT 1 FROM transactions WHERE key = ?)`, key))
	return posted, wrap("transaction "+key, err)
}

// Flush writes what was gathered: debts, and the totals of all that was posted, once an account. Here it shows whether
// one is overdrawn.
func (t *Tx) Flush(ctx context.Context) error {
	if err := t.flushOwed(ctx); err != nil {
		return err
	}
	for part := range slices.Chunk(t.order, t.Dialect().Batch) {
		rows := make([]any, 0, 4*len(part))
		for _, account := range part {
			d := t.totals[account]
			rows = append(rows, account, d.debits, d.credits, d.number)
		}
		list, args := t.Dialect().List(`bigint bigint bigint bigint`, rows)
		if err := t.Later(ctx, "totals", `WITH d (id, debits, credits, number) AS (`+list+`)
			UPDATE ledger_accounts SET debits = ledger_accounts.debits + d.debits, credits = ledger_accounts.credits + d.credits, last_number = d.number
			FROM d WHERE ledger_accounts.id = d.id`, args...); err != nil {
			return err
		}
	}
	t.totals, t.order = nil, nil
	return nil
}
