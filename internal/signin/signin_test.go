package signin

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"flattery"
	"flattery/store"
	"flattery/store/eachtest"
)

func TestMain(m *testing.M) { eachtest.Main(m) }

// light costs nothing: what is tested is not how hard it is to guess.
var light = Cost{Memory: 64, Passes: 1, Threads: 1}

// house is a desk with its clock, in which Ann has a password and Zoe has none.
type house struct {
	*Desk
	now time.Time
}

const sesame = flattery.Secret("open sesame 1001")

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{now: time.Date(2026, 10, 14, 9, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return h.now }
	s := eachtest.New(t).Open(t, eachtest.Options{Now: clock})
	var err error
	if h.Desk, err = New(Options{Store: s, Now: clock, Clock: clock, Address: "http://127.0.0.1:8080", Cost: light}); err != nil {
		t.Fatal(err)
	}
	err = s.Update(t.Context(), func(tx store.Tx) error {
		for _, name := range []string{"Ann", "Zoe"} {
			if _, err := tx.AddAccount(t.Context(), flattery.Account{Name: name, CreatedAt: h.now}); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = h.SetPassword(t.Context(), 1, sesame, "")
	}
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestWhoKnowsThePasswordComesIn(t *testing.T) {
	for name, row := range map[string]struct {
		name, password string
		id             flattery.AccountID
	}{
		"as it is":                     {"Ann", string(sesame), 1},
		"the name in other letters":    {"aNN", string(sesame), 1},
		"another password":             {"Ann", "open sesame 1002", 0},
		"no password":                  {"Ann", "", 0},
		"a name that nobody has":       {"Eve", string(sesame), 0},
		"no name":                      {"", string(sesame), 0},
		"an account without password":  {"Zoe", "", 0},
		"without password, with some":  {"Zoe", string(sesame), 0},
		"a password that is very long": {"Ann", strings.Repeat("x", 60_000), 0},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			id, err := h.SignIn(t.Context(), row.name, flattery.Secret(row.password), "a")
			if id != row.id || (row.id == 0) != errors.Is(err, flattery.ErrWrong) {
				t.Errorf("account %d, %v", id, err)
			}
		})
	}
}

func TestAPasswordIsTheSameHoweverItsLettersAreTyped(t *testing.T) {
	h := newHouse(t)
	if err := h.SetPassword(t.Context(), 1, "caf\u00e9 au lait", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := h.SignIn(t.Context(), "Ann", "cafe\u0301 au lait", "a"); err != nil {
		t.Error(err)
	}
}

func TestAWeakPasswordIsRefused(t *testing.T) {
	for name, row := range map[string]struct {
		password string
		weak     bool
	}{
		"nine letters":                 {"abcdefghi", true},
		"ten letters":                  {"abcdefghij", false},
		"ten letters of several bytes": {"äöüßéèêçñø", false},
		"one letter again and again":   {"aaaaaaaaaaaa", true},
		"the account's name":           {"ann of green gables", true},
		"the name and more":            {"ann of green gables 7", false},
		"two hundred letters":          {strings.Repeat("ab", 100), false},
		"more than that":               {strings.Repeat("ab", 100) + "a", true},
		"nothing":                      {"", true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := weak("Ann of Green Gables", flattery.Secret(row.password)); got != row.weak {
				t.Errorf("weak %v", got)
			}
		})
	}
}

// What takes the time is counted, and not measured: how often Argon2id runs at which cost.
func TestAWrongPasswordCostsAsMuchWhereThereIsNoAccount(t *testing.T) {
	h := newHouse(t)
	kept, err := h.Store.Password(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	cost := func(hash flattery.Secret) string { return strings.Join(strings.Split(string(hash), "$")[:4], "$") }
	if cost(h.dummy) != cost(kept) || cost(h.dummy) != "$argon2id$v=19$m=64,t=1,p=1" || len(h.dummy) != len(kept) {
		t.Errorf("nobody's password costs %q, Ann's %q", cost(h.dummy), cost(kept))
	}
	if testing.AllocsPerRun(1, func() { _ = h.compare(t.Context(), "", "x") }) == 0 {
		t.Error("nothing is computed where there is no hash")
	}
	slow, err := New(Options{Store: h.Store, Now: h.Now, Clock: h.Clock, Cost: Cost{Memory: 16 << 10, Passes: 2, Threads: 1}})
	if err != nil {
		t.Fatal(err)
	}
	if err := slow.SetPassword(t.Context(), 1, sesame, ""); err != nil {
		t.Fatal(err)
	}
	fastest := func(name string) (best time.Duration) {
		best = time.Hour
		for range 5 {
			began := time.Now()
			if _, err := slow.SignIn(t.Context(), name, "wrong", name); !errors.Is(err, flattery.ErrWrong) {
				t.Fatal(err)
			}
			best = min(best, time.Since(began))
		}
		return best
	}
	ann, eve := fastest("Ann"), fastest("Eve")
	if eve < ann/3 || ann < eve/3 { // ten times would be said; the machine is shared
		t.Errorf("Ann's took %s, nobody's %s", ann, eve)
	}
}

func TestWhatIsKeptOfAPasswordIsReadOrRefused(t *testing.T) {
	good := light.hash(string(sesame))
	if strings.Contains(string(good), string(sesame)) || good == light.hash(string(sesame)) {
		t.Error("the same password is kept in the same way twice")
	}
	for name, hash := range map[string]string{
		"empty": "", "another kind": strings.Replace(string(good), "argon2id", "argon2i", 1), "another version": strings.Replace(string(good), "v=19", "v=16", 1),
		"no passes": strings.Replace(string(good), "t=1", "t=0", 1), "cut off": string(good[:len(good)-4]), "not base64": string(good[:len(good)-1]) + "!",
	} {
		if ok, err := matches(flattery.Secret(hash), sesame); ok || err == nil {
			t.Errorf("%s: %v, %v", name, ok, err)
		}
	}
	if said := fmt.Sprintf("%v %+v %q", good, good, good); strings.Contains(said, "argon2") {
		t.Errorf("it prints as %s", said)
	}
}

func TestWhoTriesTooOftenWaits(t *testing.T) {
	wrong := func(h *house, t *testing.T, name, address string) error {
		_, err := h.SignIn(t.Context(), name, "wrong", address)
		return err
	}
	t.Run("as one account, from anywhere, also with the right password", func(t *testing.T) {
		h := newHouse(t)
		for i := range tries {
			if err := wrong(h, t, "Ann", fmt.Sprint(i)); !errors.Is(err, flattery.ErrWrong) {
				t.Fatalf("try %d: %v", i, err)
			}
		}
		other, err := New(h.Options) // another process of the same instance
		if err != nil {
			t.Fatal(err)
		}
		if _, err := other.SignIn(t.Context(), "ANN", sesame, "x"); !errors.Is(err, flattery.ErrOften) {
			t.Errorf("one more: %v", err)
		}
		if err := wrong(h, t, "Zoe", "x"); !errors.Is(err, flattery.ErrWrong) {
			t.Errorf("another account: %v", err)
		}
		h.now = h.now.Add(span)
		if _, err := h.SignIn(t.Context(), "Ann", sesame, "x"); err != nil {
			t.Errorf("a quarter of an hour later: %v", err)
		}
	})
	t.Run("an account that is not there, as well", func(t *testing.T) {
		h := newHouse(t)
		for i := range tries {
			_ = wrong(h, t, "Eve", fmt.Sprint(i))
		}
		if err := wrong(h, t, "Eve", "x"); !errors.Is(err, flattery.ErrOften) {
			t.Errorf("one more: %v", err)
		}
	})
	t.Run("from one address, as anybody", func(t *testing.T) {
		h := newHouse(t)
		for i := range triesFrom {
			if err := wrong(h, t, fmt.Sprint("nobody ", i), "a"); !errors.Is(err, flattery.ErrWrong) {
				t.Fatalf("try %d: %v", i, err)
			}
		}
		if _, err := h.SignIn(t.Context(), "Ann", sesame, "a"); !errors.Is(err, flattery.ErrOften) {
			t.Errorf("one more: %v", err)
		}
		if _, _, err := h.AskPasskey(t.Context(), 0, "a"); !errors.Is(err, flattery.ErrOften) {
			t.Errorf("with a passkey: %v", err)
		}
		if _, err := h.SignIn(t.Context(), "Ann", sesame, "b"); err != nil {
			t.Errorf("from another address: %v", err)
		}
	})
	t.Run("who comes in begins anew", func(t *testing.T) {
		h := newHouse(t)
		for range 3 {
			for range tries - 1 {
				_ = wrong(h, t, "Ann", "a")
			}
			if err := h.Prove(t.Context(), 1, sesame, "b"); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestANewPasswordEndsTheOtherSessions(t *testing.T) {
	h := newHouse(t)
	err := h.Store.Update(t.Context(), func(tx store.Tx) error {
		var all error
		for i, token := range []string{"here", "there", "zoe's"} {
			all = errors.Join(all, tx.AddSession(t.Context(), flattery.Session{Token: token, Account: flattery.AccountID(1 + i/2), Expires: h.now.Add(time.Hour)}, []byte("x")))
		}
		return all
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.SetPassword(t.Context(), 1, "another sesame", "here"); err != nil {
		t.Fatal(err)
	}
	ann, err := h.Sessions(t.Context(), 1)
	zoe, zoeErr := h.Sessions(t.Context(), 2)
	if len(ann) != 1 || ann[0].Token != "here" || len(zoe) != 1 || err != nil || zoeErr != nil {
		t.Errorf("Ann has %v, Zoe %v", ann, zoe)
	}
	if _, err := h.SignIn(t.Context(), "Ann", sesame, "a"); !errors.Is(err, flattery.ErrWrong) {
		t.Errorf("the old password: %v", err)
	}
}

func TestAnInviteMakesOneAccount(t *testing.T) {
	h := newHouse(t)
	token, expires, err := h.Invite(t.Context(), 1)
	if err != nil || expires.Sub(h.now) != inviteLife {
		t.Fatal(expires, err)
	}
	for name, row := range map[string]struct {
		token string
		n     flattery.Newcomer
		want  error
	}{
		"with a guess":              {"guess", flattery.Newcomer{Name: "Eve", Password: sesame}, flattery.ErrNotFound},
		"under no name":             {token, flattery.Newcomer{Name: " ", Password: sesame}, flattery.ErrName},
		"under a name that is none": {token, flattery.Newcomer{Name: "<b>", Password: sesame}, flattery.ErrName},
		"under another's name":      {token, flattery.Newcomer{Name: "ANN", Password: sesame}, flattery.ErrNameTaken},
		"with a weak password":      {token, flattery.Newcomer{Name: "Eve", Password: "short"}, flattery.ErrWeak},
		"with an answer to nothing": {token, flattery.Newcomer{Name: "Eve", Answer: "{}"}, flattery.ErrWrong},
		"with a broken ceremony":    {token, flattery.Newcomer{Name: "Eve", Answer: "{}", Ceremony: []byte("{")}, flattery.ErrWrong},
	} {
		if _, err := h.Accept(t.Context(), row.token, row.n, "EUR"); !errors.Is(err, row.want) {
			t.Errorf("%s: %v, want %v", name, err, row.want)
		}
	}
	id, err := h.Accept(t.Context(), token, flattery.Newcomer{Name: "Eve", Language: "fr", Password: sesame}, "EUR")
	a, readErr := h.Store.Account(t.Context(), id)
	if err != nil || readErr != nil || a.Name != "Eve" || a.Language != "fr" || a.Admin || a.Currency != "EUR" || a.Budget != 0 {
		t.Errorf("account %+v, %v %v", a, err, readErr)
	}
	if in, err := h.SignIn(t.Context(), "eve", sesame, "a"); in != id || err != nil {
		t.Errorf("signing in: %d, %v", in, err)
	}
	if _, err := h.Accept(t.Context(), token, flattery.Newcomer{Name: "Mallory", Password: sesame}, "EUR"); !errors.Is(err, flattery.ErrNotFound) {
		t.Errorf("the second time: %v", err)
	}
	token, _, err = h.Invite(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	h.now = h.now.Add(inviteLife)
	if err := h.Invited(t.Context(), token); !errors.Is(err, flattery.ErrNotFound) {
		t.Errorf("after seven days: %v", err)
	}
}

func TestWherePasskeysCanBeUsed(t *testing.T) {
	for address, want := range map[string]string{
		"https://flattery.example":         "https://flattery.example",
		"https://flattery.example/":        "https://flattery.example",
		"https://flattery.example:8443":    "https://flattery.example:8443",
		"http://127.0.0.1:8080":            "http://localhost:8080",
		"http://[::1]:8080":                "http://localhost:8080",
		"http://localhost:8080":            "http://localhost:8080",
		"http://flattery.example":          "",
		"http://192.168.1.5:8080":          "",
		"https://192.168.1.5":              "",
		"":                                 "",
		"https://xn--bcher-kva.example":    "https://xn--bcher-kva.example",
		"https://flattery.example/in/here": "https://flattery.example",
	} {
		if origin, p, err := party(address); origin != want || err != nil || (p == nil) != (want == "") {
			t.Errorf("%q: %q, %v", address, origin, err)
		}
	}
}

func TestWhatNoDeviceAnsweredIsRefused(t *testing.T) {
	h := newHouse(t)
	_, kept, err := h.AskPasskey(t.Context(), 0, "a")
	if err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		kept   []byte
		answer string
	}{
		"nothing was asked": {nil, `{}`}, "nothing": {kept, ``}, "an object": {kept, `{}`}, "a list": {kept, `[]`},
		"no signature": {kept, `{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"e30","authenticatorData":"AA","signature":"AA"}}`},
		"very deep":    {kept, strings.Repeat(`{"a":`, 10_000)},
	} {
		if id, err := h.ShowPasskey(t.Context(), 0, row.kept, row.answer, "a"); id != 0 || !errors.Is(err, flattery.ErrWrong) {
			t.Errorf("%s: %d, %v", name, id, err)
		}
		if err := h.AddPasskey(t.Context(), 1, row.kept, row.answer, "x"); !errors.Is(err, flattery.ErrWrong) {
			t.Errorf("%s, as a new one: %v", name, err)
		}
	}
	if _, _, err := h.AskPasskey(t.Context(), 2, "a"); !errors.Is(err, flattery.ErrNotFound) {
		t.Errorf("asked for one of an account that has none: %v", err)
	}
}
