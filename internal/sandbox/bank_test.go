package sandbox

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"flattery"
	"flattery/internal/payout/sepa"
)

const houseIBAN = "DE75512108001245126199"

func bankOrderOf(id string, codes ...string) sepa.Order {
	o := sepa.Order{ID: id, CreatedAt: october, On: october, Debtor: sepa.Party{Name: "Verein", IBAN: houseIBAN}}
	for i, c := range codes {
		o.Transfers = append(o.Transfers, sepa.Transfer{Code: c, Amount: flattery.Amount(i+1) * flattery.Unit, Currency: "EUR", To: sepa.Party{Name: "Ada & <Co>", IBAN: "GB29NWBK60161331926819"}, Text: "Flattery " + c})
	}
	return o
}

func takes(t *testing.T, b *Bank, o sepa.Order) error {
	t.Helper()
	var file bytes.Buffer
	if err := o.Write(&file); err != nil {
		t.Fatal(err)
	}
	return b.Take(&file)
}

// stated is what the rail reads of the bank's next statement.
func stated(t *testing.T, b *Bank) []sepa.Entry {
	t.Helper()
	var file bytes.Buffer
	if err := b.Statement(&file); err != nil {
		t.Fatal(err)
	}
	all, err := sepa.ReadStatement(&file)
	if err != nil || len(all) != 1 || all[0].Account != houseIBAN || all[0].Currency != "EUR" {
		t.Fatalf("%+v, error %v", all, err)
	}
	return all[0].Entries
}

func TestTheBankPaysWhatItIsTold(t *testing.T) {
	for _, batch := range []bool{false, true} {
		t.Run(fmt.Sprint("as one sum ", batch), func(t *testing.T) {
			clock := NewClock(october)
			b := NewBank(houseIBAN, 10*flattery.Unit, clock)
			b.Batch = batch
			b.Misbook("C-2", flattery.Unit)
			if err := takes(t, b, bankOrderOf("O-1", "C-1", "C-2", "C-3")); err != nil {
				t.Fatal(err)
			}
			list := stated(t, b)
			if len(list) != 3 || b.Balance() != 5*flattery.Unit {
				t.Fatalf("%+v, balance %s", list, b.Balance())
			}
			for i, want := range []flattery.Amount{flattery.Unit, flattery.Unit, 3 * flattery.Unit} {
				if e := list[i]; e.In || e.Return || e.Amount != want || e.Code != fmt.Sprintf("C-%d", i+1) || e.Text != "Flattery "+e.Code || e.Name != "Ada + .Co." || e.IBAN != "GB29NWBK60161331926819" || !e.Booked.Equal(october.Truncate(24*time.Hour)) {
					t.Errorf("%+v", e)
				}
			}
			clock.Advance(48 * time.Hour)
			b.Return("C-3", "AC04")
			b.Receive(7*flattery.Unit, "Grete <Müller>", "AT611904300234573201", "for GRETE-1")
			list = stated(t, b)
			if len(list) != 2 || b.Balance() != 15*flattery.Unit {
				t.Fatalf("%+v, balance %s", list, b.Balance())
			}
			if e := list[0]; !e.In || !e.Return || e.Reason != "AC04" || e.Code != "C-3" || e.Amount != 3*flattery.Unit || e.IBAN != "GB29NWBK60161331926819" {
				t.Errorf("%+v", e)
			}
			if e := list[1]; !e.In || e.Return || e.Code != "" || e.Amount != 7*flattery.Unit || e.Name != "Grete <Müller>" || e.Text != "for GRETE-1" || e.IBAN != "AT611904300234573201" {
				t.Errorf("%+v", e)
			}
			if list = stated(t, b); len(list) != 0 {
				t.Errorf("told twice: %+v", list)
			}
		})
	}
}

func TestTheBankRefusesWhatBanksRefuse(t *testing.T) {
	b := NewBank(houseIBAN, 10*flattery.Unit, NewClock(october))
	if err := takes(t, b, bankOrderOf("O-1", "C-1")); err != nil {
		t.Fatal(err)
	}
	other := bankOrderOf("O-2", "C-2")
	other.Debtor.IBAN = "AT611904300234573201"
	for name, err := range map[string]error{
		"taken before": takes(t, b, bankOrderOf("O-1", "C-2")), "C-1 was paid before": takes(t, b, bankOrderOf("O-3", "C-1")), "not the account": takes(t, b, other),
		"more than there is": takes(t, b, bankOrderOf("O-4", "A", "B", "C", "D", "E")), "EOF": b.Take(strings.NewReader("")),
		"are announced":   b.Take(strings.NewReader(strings.Replace(file(t, bankOrderOf("O-5", "C-2")), "<CtrlSum>1.00", "<CtrlSum>2.00", 1))),
		"cannot be moved": b.Take(strings.NewReader(strings.Replace(file(t, bankOrderOf("O-6", "C-2")), `"EUR">1.00`, `"USD">1.00`, 1))),
	} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if list := stated(t, b); len(list) != 1 || b.Balance() != 9*flattery.Unit {
		t.Errorf("%+v, balance %s", list, b.Balance())
	}
}

func file(t *testing.T, o sepa.Order) string {
	t.Helper()
	var b bytes.Buffer
	if err := o.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
