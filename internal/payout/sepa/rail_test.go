package sepa_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"flattery"
	"flattery/internal/payout"
	"flattery/internal/payout/railtest"
	"flattery/internal/payout/sepa"
)

func batch() flattery.Batch {
	return flattery.Batch{ID: "FLABCDEFGHIJKLMNOP", Rail: "sepa", Currency: "EUR", MadeAt: time.Date(2026, 11, 4, 5, 0, 0, 0, time.UTC), Payments: []flattery.Payment{
		{ID: 1, Code: "AAAA-BBBB-CCCC", PayeeName: "ada", Currency: "EUR", Amount: 5 * flattery.Unit, Destination: "payto://iban/FR1420041010050500013M02606?receiver-name=Ada%20L"},
		{ID: 2, Code: "DDDD-EEEE-FFFF", PayeeName: "ben", Currency: "EUR", Amount: 242 * flattery.Cent, Destination: "payto://iban/SOGEDEFFXXX/DE75512108001245126199"}}}
}

func rail(o payout.Outbox) sepa.Rail {
	return sepa.Rail{From: sepa.Party{Name: "Club", IBAN: "NL91ABNA0417164300"}, Outbox: o}
}

func TestTheRailPromisesWhatARailMust(t *testing.T) {
	railtest.Run(t, func(t *testing.T) railtest.Keeper {
		o := &railtest.Outbox{}
		return railtest.Keeper{Rail: rail(o), Break: o.Break, Batch: batch(),
			Ordered: func(code string) int {
				f, err := o.Outgoing(t.Context(), batch().ID)
				if err != nil {
					return 0
				}
				return o.Puts * strings.Count(string(f.Body), "<EndToEndId>"+code+"</EndToEndId>")
			},
			Good: map[string]string{
				"payto://iban/de75512108001245126199":                                       "payto://iban/DE75512108001245126199",
				" payto://IBAN/sogedeffxxx/DE75512108001245126199 ":                         "payto://iban/SOGEDEFFXXX/DE75512108001245126199",
				"payto://iban/DE75512108001245126199?receiver-name=Ada%20L&amount=EUR:9999": "payto://iban/DE75512108001245126199?receiver-name=Ada%20L",
			},
			Bad: []flattery.Destination{"", "https://example.org", "payto://iban/DE75512108001245126198", "payto://upi/ada@bank", "payto://iban/a/b/DE75512108001245126199", "lightning:ada@example.org", "payto://iban/"}}
	})
}

// A payment that no bank would take fails alone, and the same each time it is asked.
func TestABadPaymentDoesNotSinkTheOthers(t *testing.T) {
	o := &railtest.Outbox{}
	b := batch()
	b.Payments[1].Amount = flattery.Cent / 2
	for _, ask := range []string{"Submit", "Status", "Submit"} {
		do := rail(o).Submit
		if ask == "Status" {
			do = rail(o).Status
		}
		events, err := do(t.Context(), b)
		if err != nil || len(events) != 2 || events[0].State != flattery.PaymentSent || events[1].State != flattery.PaymentFailed || events[1].Note == "" {
			t.Errorf("%s: %+v, %v", ask, events, err)
		}
	}
	b.ID, b.Payments = "FLB", b.Payments[1:]
	if _, err := rail(o).Submit(t.Context(), b); !errors.Is(err, payout.ErrRejected) {
		t.Errorf("nothing to send: %v", err)
	}
	if _, err := o.Outgoing(t.Context(), "FLB"); !errors.Is(err, flattery.ErrNotFound) {
		t.Errorf("a file of nothing: %v", err)
	}
}

// The number of a trial stands before the code, where the statement of whoever is paid shows it.
func TestTheNumberOfATrialStandsOnItsTransfer(t *testing.T) {
	o, b := &railtest.Outbox{}, batch()
	b.Payments[1].Number = "482913"
	if _, err := rail(o).Submit(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	f, err := o.Outgoing(t.Context(), b.ID)
	for _, y := range b.Payments {
		want := "<Ustrd>Flattery " + strings.TrimSpace(string(y.Number)+" "+y.Code) + "</Ustrd>"
		if err != nil || strings.Count(string(f.Body), want) != 1 {
			t.Errorf("%s is not once in the file, %v", want, err)
		}
	}
}

// The owner's account changed after a file was made, which may be at the bank: it is not made anew.
func TestAFileIsMadeOnce(t *testing.T) {
	o := &railtest.Outbox{}
	if _, err := rail(o).Submit(t.Context(), batch()); err != nil {
		t.Fatal(err)
	}
	other := rail(o)
	other.From = sepa.Party{Name: "Other", IBAN: "DE75512108001245126199"}
	if events, err := other.Submit(t.Context(), batch()); err != nil || len(events) != 2 {
		t.Errorf("%+v, %v", events, err)
	}
	if f, err := o.Outgoing(t.Context(), batch().ID); err != nil || o.Puts != 1 || !strings.Contains(string(f.Body), "NL91ABNA0417164300") {
		t.Errorf("%d files, %v", o.Puts, err)
	}
}

func TestWhatAStatementSaysIsTakenForTheBook(t *testing.T) {
	at := time.Date(2026, 11, 5, 0, 0, 0, 0, time.UTC)
	lines, err := rail(nil).Lines([]sepa.Statement{{ID: "1", Account: "NL91ABNA0417164300", Entries: []sepa.Entry{
		{Key: "a", Booked: at, Amount: flattery.Unit, Currency: "EUR", Code: "AAAA-BBBB-CCCC", Text: "Flattery", Name: "Ada", IBAN: "FR14"},
		{Key: "b", Booked: at, Amount: flattery.Unit, Currency: "EUR", In: true, Return: true, Reason: "AC04", Code: "AAAA-BBBB-CCCC"},
		{Key: "c", Booked: at, Currency: "EUR", In: true}}}})
	if err != nil || len(lines) != 2 || lines[0].Text != "AAAA-BBBB-CCCC · Flattery · Ada · FR14" || lines[0].Incoming || !lines[1].Returned || !lines[1].Incoming {
		t.Errorf("%+v, %v", lines, err)
	}
	_, err = rail(nil).Lines([]sepa.Statement{{ID: "2", Account: "DE75512108001245126199"}})
	if _, ok := errors.AsType[*flattery.InputError](err); !ok {
		t.Errorf("another's statement: %v", err)
	}
}
