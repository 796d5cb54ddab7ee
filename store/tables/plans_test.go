package tables_test

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"flattery"
	"flattery/store"
	"flattery/store/eachtest"
	"flattery/store/tables"
)

// asked keeps what a reader asks.
type asked struct {
	tables.DB
	questions []question
}

type question struct {
	q    string
	args []any
}

func (a *asked) Row(ctx context.Context, q string, args ...any) tables.Row {
	a.questions = append(a.questions, question{q, args})
	return a.DB.Row(ctx, q, args...)
}

func (a *asked) Rows(ctx context.Context, q string, args ...any) (tables.Rows, error) {
	a.questions = append(a.questions, question{q, args})
	return a.DB.Rows(ctx, q, args...)
}

// What pages ask is answered from indexes: no table that grows is read whole, and no list is sorted that an index has in order.
func TestPagesAreAnsweredFromIndexes(t *testing.T) {
	p := eachtest.New(t)
	if p.DSN != "" {
		t.Skip("PostgreSQL plans by what is in the tables")
	}
	s := p.Open(t, eachtest.Options{})
	fill(t, s)
	const month = flattery.Month(2026*12 + 9)
	for name, page := range map[string]struct {
		ask   func(ctx context.Context, r *tables.Reader) error
		sorts string // which sort is meant, by what it sorts
		reads string // which tables are meant to be read whole, as the question calls them
	}{
		"who asks":      {func(ctx context.Context, r *tables.Reader) error { _, err := r.Account(ctx, 1); return err }, "", ""},
		"by which name": {func(ctx context.Context, r *tables.Reader) error { _, err := r.AccountNamed(ctx, "Ann"); return err }, "", ""},
		"the session": {func(ctx context.Context, r *tables.Reader) error {
			_, _, err := r.Session(ctx, "x", time.Now())
			return err
		}, "", ""},
		"this month": {func(ctx context.Context, r *tables.Reader) error {
			_, err := r.Flattrs(ctx, store.FlattrQuery{Account: 1, Month: month, Limit: 51})
			return err
		}, "a month's flattrs of one donor, from two indexes", ""},
		"one state of it": {func(ctx context.Context, r *tables.Reader) error {
			_, err := r.Flattrs(ctx, store.FlattrQuery{Account: 1, Month: month, State: flattery.Pending, Before: 9, Limit: 51})
			return err
		}, "the same", ""},
		"its sums":       {func(ctx context.Context, r *tables.Reader) error { _, err := r.Tally(ctx, 1, month); return err }, "four states", ""},
		"one flattr":     {func(ctx context.Context, r *tables.Reader) error { _, err := r.Flattr(ctx, 1, 1); return err }, "", ""},
		"months":         {func(ctx context.Context, r *tables.Reader) error { _, err := r.Months(ctx); return err }, "", ""},
		"what was given": {func(ctx context.Context, r *tables.Reader) error { _, err := r.Settlements(ctx, 1); return err }, "", ""},
		"slips": {func(ctx context.Context, r *tables.Reader) error {
			_, err := r.Payments(ctx, store.PaymentQuery{Donor: 1})
			return err
		}, "the slips of one donor", ""},
		"debts":    {func(ctx context.Context, r *tables.Reader) error { _, err := r.Debts(ctx, 1); return err }, "the debts of one donor, largest first", ""},
		"links":    {func(ctx context.Context, r *tables.Reader) error { _, err := r.Links(ctx, 1); return err }, "a few links", ""},
		"claims":   {func(ctx context.Context, r *tables.Reader) error { _, err := r.Claims(ctx, 1); return err }, "a few claims", ""},
		"disputes": {func(ctx context.Context, r *tables.Reader) error { _, err := r.Disputes(ctx, 1); return err }, "a few disputes", ""},
		"proofs begun": {func(ctx context.Context, r *tables.Reader) error {
			_, err := r.Provings(ctx, 1, time.Now())
			return err
		}, "a few proofs", ""},
		"authors":          {func(ctx context.Context, r *tables.Reader) error { _, err := r.Authors(ctx, 1, month); return err }, "the authors of one donor", ""},
		"authors who wait": {func(ctx context.Context, r *tables.Reader) error { _, err := r.AuthorsWaiting(ctx, 1); return err }, "the authors of one donor", ""},
		"who claims": {func(ctx context.Context, r *tables.Reader) error {
			_, err := r.Claimed(ctx, flattery.Identity{Network: "github", Host: "github.com", Subject: "1"})
			return err
		}, "", ""},
		"where a claim link leads": {func(ctx context.Context, r *tables.Reader) error {
			_, err := r.ClaimLinkNumbered(ctx, 1, time.Now())
			return err
		}, "what waits for one author", ""},
		"what a claim made count": {func(ctx context.Context, r *tables.Reader) error { _, err := r.ClaimMonths(ctx, 1); return err }, "months", ""},
		"subscriptions":           {func(ctx context.Context, r *tables.Reader) error { _, err := r.Subscriptions(ctx, 1); return err }, "a few subscriptions", ""},
		"income":                  {func(ctx context.Context, r *tables.Reader) error { _, err := r.Incomes(ctx, 1); return err }, "months", ""},
		"earnings":                {func(ctx context.Context, r *tables.Reader) error { _, err := r.Earnings(ctx, 1, month); return err }, "the works of one creator", ""},
		"what waited and counts":  {func(ctx context.Context, r *tables.Reader) error { _, err := r.Admitted(ctx, 1, month); return err }, "whose flattrs of one donor waited, most first", "p"},
		"what was paid in":        {func(ctx context.Context, r *tables.Reader) error { _, err := r.PaidIn(ctx, 1, 20); return err }, "", "t"},
		"what a bank says":        {func(ctx context.Context, r *tables.Reader) error { _, err := r.BankLines(ctx, 50); return err }, "", "bank_lines"},
		"payments of the house": {func(ctx context.Context, r *tables.Reader) error {
			_, err := r.Payments(ctx, store.PaymentQuery{House: true, State: flattery.PaymentPaid, Limit: 100})
			return err
		}, "those of one plan", ""},
		"a payment by its code": {func(ctx context.Context, r *tables.Reader) error {
			_, err := r.Payments(ctx, store.PaymentQuery{House: true, Code: "x"})
			return err
		}, "", ""},
		"open batches":           {func(ctx context.Context, r *tables.Reader) error { _, err := r.OpenBatches(ctx); return err }, "", ""},
		"payments that are gone": {func(ctx context.Context, r *tables.Reader) error { _, err := r.Gone(ctx, time.Now()); return err }, "the few that are", ""},
		"for what a slip is":     {func(ctx context.Context, r *tables.Reader) error { _, err := r.Liked(ctx, 1, 1, 20); return err }, "what one donor liked of one payee", ""},
		"received":               {func(ctx context.Context, r *tables.Reader) error { _, err := r.Received(ctx, 1); return err }, "", ""},
		"where a claim link leads that was followed": {func(ctx context.Context, r *tables.Reader) error {
			_, err := r.ClaimLink(ctx, "x", time.Now())
			return err
		}, "what waits for one author", ""},
		"who claims a handle": {func(ctx context.Context, r *tables.Reader) error {
			_, err := r.ClaimOf(ctx, "github", "github.com", "ann")
			return err
		}, "those of one handle", ""},
		"where an author is paid": {func(ctx context.Context, r *tables.Reader) error {
			_, err := r.Payable(ctx, flattery.Identity{Network: "github", Host: "github.com", Subject: "1"})
			return err
		}, "", ""},
		"things without an author": {func(ctx context.Context, r *tables.Reader) error { _, err := r.Unnamed(ctx, 10); return err }, "what waits for a name", "h"},                                  // the hosts
		"authors to be looked for": {func(ctx context.Context, r *tables.Reader) error { _, err := r.Sought(ctx, time.Now(), 10); return err }, "the authors for whom somebody waits", "flattrs y"}, // all for whom somebody waits, from two indexes
		"messages":                 {func(ctx context.Context, r *tables.Reader) error { _, err := r.Notices(ctx, 1, 50); return err }, "", ""},
		"one message":              {func(ctx context.Context, r *tables.Reader) error { _, err := r.Notice(ctx, 1, 1); return err }, "", ""},
		"the feed":                 {func(ctx context.Context, r *tables.Reader) error { _, err := r.Feed(ctx, 1); return err }, "", ""},
		"whose feed":               {func(ctx context.Context, r *tables.Reader) error { _, err := r.FeedOwner(ctx, "x"); return err }, "", ""},
		"webhooks":                 {func(ctx context.Context, r *tables.Reader) error { _, err := r.Hooks(ctx, 1); return err }, "", ""},
		"one webhook":              {func(ctx context.Context, r *tables.Reader) error { _, err := r.Hook(ctx, 1); return err }, "", ""},
		"its keys":                 {func(ctx context.Context, r *tables.Reader) error { _, err := r.HookKeys(ctx, 1); return err }, "", ""},
		"its deliveries":           {func(ctx context.Context, r *tables.Reader) error { _, err := r.Deliveries(ctx, 1, 10); return err }, "", ""},
		"one delivery":             {func(ctx context.Context, r *tables.Reader) error { _, err := r.Delivery(ctx, 1); return err }, "", ""},
		"deliveries that wait":     {func(ctx context.Context, r *tables.Reader) error { _, err := r.OpenDeliveries(ctx); return err }, "", "deliveries"}, // of those that wait
		"the mail":                 {func(ctx context.Context, r *tables.Reader) error { _, err := r.Mail(ctx, 1); return err }, "", ""},
		"its end":                  {func(ctx context.Context, r *tables.Reader) error { _, err := r.MailEnding(ctx, 1); return err }, "", ""},
		"the address confirmed":    {func(ctx context.Context, r *tables.Reader) error { _, err := r.Typed(ctx, "x", time.Now()); return err }, "", ""},
		"whose mail ends":          {func(ctx context.Context, r *tables.Reader) error { _, err := r.MailEnds(ctx, "x"); return err }, "", ""},
		"whom to mail":             {func(ctx context.Context, r *tables.Reader) error { _, err := r.DueMails(ctx, time.Now()); return err }, "", "m"}, // those who want mail
		"what to mail":             {func(ctx context.Context, r *tables.Reader) error { _, err := r.Unmailed(ctx, 1, 50); return err }, "", ""},
		"the upload":               {func(ctx context.Context, r *tables.Reader) error { _, err := r.Upload(ctx, 1); return err }, "", ""},
		"uploads that wait":        {func(ctx context.Context, r *tables.Reader) error { _, err := r.OpenUploads(ctx); return err }, "", "uploads"},                      // likewise
		"invites":                  {func(ctx context.Context, r *tables.Reader) error { _, err := r.Invites(ctx, time.Now()); return err }, "a few invites", "invites"}, // those of a week
		"who is invited": {func(ctx context.Context, r *tables.Reader) error {
			_, err := r.Invited(ctx, "x", time.Now())
			return err
		}, "", ""},
		"keys": {func(ctx context.Context, r *tables.Reader) error { _, err := r.Keys(ctx, 1); return err }, "", ""},
		"sessions": {func(ctx context.Context, r *tables.Reader) error {
			_, err := r.Sessions(ctx, 1, time.Now())
			return err
		}, "a few sessions", ""},
		"whose passkey": {func(ctx context.Context, r *tables.Reader) error {
			_, err := r.PasskeyOwner(ctx, []byte("x"))
			return err
		}, "", ""},
		"what is being read":       {func(ctx context.Context, r *tables.Reader) error { _, err := r.Reading(ctx, 1); return err }, "", ""},
		"what a link never counts": {func(ctx context.Context, r *tables.Reader) error { _, err := r.Nevers(ctx, 1); return err }, "a few authors", ""},
		"the health of networks":   {func(ctx context.Context, r *tables.Reader) error { _, err := r.Health(ctx); return err }, "networks", "l"},   // every link is counted
		"settings of the house":    {func(ctx context.Context, r *tables.Reader) error { _, err := r.Kept(ctx); return err }, "", "instance"},      // a few rows
		"how far money is":         {func(ctx context.Context, r *tables.Reader) error { _, err := r.Begun(ctx); return err }, "", "transactions"}, // the first row
		"cents that prove":         {func(ctx context.Context, r *tables.Reader) error { _, err := r.Trials(ctx, 1); return err }, "", ""},
		"the means":                {func(ctx context.Context, r *tables.Reader) error { _, err := r.Given(ctx, 1); return err }, "months", ""},
		"payments to one": {func(ctx context.Context, r *tables.Reader) error {
			_, err := r.Payments(ctx, store.PaymentQuery{Payee: 1})
			return err
		}, "the payments to one account", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := *eachtest.Reader(s)
			a := &asked{DB: r.DB}
			r.DB = a
			if err := page.ask(t.Context(), &r); err != nil && !strings.Contains(err.Error(), "not") {
				t.Fatal(err)
			}
			if len(a.questions) == 0 {
				t.Fatal("nothing was asked")
			}
			for _, q := range a.questions {
				if strings.Contains(q.q, "LIMIT ?") {
					t.Errorf("planned anew at each call:\n%s", q.q)
				}
				for _, step := range plan(t, a.DB, q) {
					if table, whole := strings.CutPrefix(step, "SCAN "); whole && !small.MatchString(step) && !slices.Contains(strings.Fields(page.reads), strings.Fields(table)[0]) {
						t.Errorf("%s\n%s", step, q.q)
					}
					if page.sorts == "" && strings.HasPrefix(step, "USE TEMP B-TREE") {
						t.Errorf("%s\n%s", step, q.q)
					}
				}
			}
		})
	}
}

var (
	small = regexp.MustCompile(`^SCAN (months\b|CONSTANT ROW|\(subquery-\d+\)|w\b|part\b|whole\b|\d+ CONSTANT ROWS)`)
)

// plan is how SQLite would answer a question.
func plan(t *testing.T, db tables.DB, q question) []string {
	t.Helper()
	rows, err := db.Rows(t.Context(), "EXPLAIN QUERY PLAN "+q.q, q.args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var steps []string
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, detail)
	}
	if err := rows.Err(); err != nil || len(steps) == 0 && !slices.Contains(steps, "") {
		t.Fatal(steps, err)
	}
	return steps
}

func fill(t *testing.T, s store.Store) {
	t.Helper()
	err := s.Update(t.Context(), func(tx store.Tx) error {
		_, err := tx.AddAccount(t.Context(), flattery.Account{Name: "Ann", CreatedAt: time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
