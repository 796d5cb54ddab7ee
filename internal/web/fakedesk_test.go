package web

import (
	"context"
	"fmt"
	"slices"
	"time"

	"flattery"
)

// The password of everybody in the worlds of these tests, and what their devices answer.
const (
	sesame = "open sesame 1001"
	nod    = "nod"
)

func (w *world) AddSession(_ context.Context, s flattery.Session, data []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	s.ID = flattery.SessionID(len(w.sessions) + 1)
	w.sessions[s.Token], w.visits[s.Token] = data, s
	return nil
}

func (w *world) ChangeSession(_ context.Context, s flattery.Session, data []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if was, ok := w.visits[s.Token]; ok {
		s.ID, s.MadeAt = was.ID, was.MadeAt
		w.sessions[s.Token], w.visits[s.Token] = data, s
	}
	return nil
}

func (w *world) RemoveSession(_ context.Context, token string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.sessions, token)
	delete(w.visits, token)
	return nil
}

func (w *world) SignIn(_ context.Context, name string, password flattery.Secret, address string) (flattery.AccountID, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.from = address
	if w.refuse != nil {
		return 0, w.refuse
	}
	for id, a := range w.accounts {
		if a.Name == name && password == sesame && !w.keys[id].PasswordAt.IsZero() {
			return id, nil
		}
	}
	return 0, flattery.ErrWrong
}

func (w *world) Knock(_ context.Context, address string) error {
	w.from = address
	w.knocks++
	if w.often {
		return flattery.ErrOften
	}
	return nil
}

func (w *world) Prove(ctx context.Context, id flattery.AccountID, password flattery.Secret, address string) error {
	_, err := w.SignIn(ctx, w.accounts[id].Name, password, address)
	return err
}

func (w *world) Keys(_ context.Context, id flattery.AccountID) (flattery.Keys, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.keys[id], w.broken
}

func (w *world) SetPassword(_ context.Context, id flattery.AccountID, password flattery.Secret, but string) error {
	if len(password) < flattery.ShortestPassword {
		return flattery.ErrWeak
	}
	w.mu.Lock()
	k := w.keys[id]
	k.PasswordAt = today
	w.keys[id] = k
	w.mu.Unlock()
	return w.EndSessions(context.Background(), id, but)
}

func (w *world) Origin() string { return w.origin }

func (w *world) BeginPasskey(_ context.Context, id flattery.AccountID, newcomer string) (options, kept []byte, err error) {
	return []byte(`{"publicKey":{"challenge":"AA","user":{"id":"AA"}}}`), fmt.Append(nil, "new ", id, newcomer), nil
}

func (w *world) AddPasskey(_ context.Context, id flattery.AccountID, kept []byte, answer, name string) error {
	if answer != nod || string(kept) != fmt.Sprint("new ", id) {
		return flattery.ErrWrong
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	k := w.keys[id]
	k.Passkeys = append(slices.Clip(k.Passkeys), flattery.Passkey{ID: flattery.PasskeyID(10*int64(id) + int64(len(k.Passkeys)+1)), Name: name, MadeAt: today})
	w.keys[id] = k
	return nil
}

func (w *world) RemovePasskey(_ context.Context, id flattery.AccountID, key flattery.PasskeyID, but string) error {
	w.mu.Lock()
	k := w.keys[id]
	was := len(k.Passkeys)
	k.Passkeys = slices.DeleteFunc(slices.Clone(k.Passkeys), func(p flattery.Passkey) bool { return p.ID == key })
	w.keys[id] = k
	w.mu.Unlock()
	if len(k.Passkeys) == was {
		return flattery.ErrNotFound
	}
	return w.EndSessions(context.Background(), id, but)
}

func (w *world) AskPasskey(_ context.Context, id flattery.AccountID, address string) (options, kept []byte, err error) {
	w.from = address
	return []byte(`{"publicKey":{"challenge":"AA"}}`), fmt.Append(nil, "ask ", id), w.refuse
}

func (w *world) ShowPasskey(_ context.Context, id flattery.AccountID, kept []byte, answer, address string) (flattery.AccountID, error) {
	if answer != nod || string(kept) != fmt.Sprint("ask ", id) {
		return 0, flattery.ErrWrong
	}
	return max(id, ada), nil
}

func (w *world) Sessions(_ context.Context, id flattery.AccountID) (list []flattery.Session, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.visits {
		if s.Account == id {
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(a, b flattery.Session) int { return int(b.ID - a.ID) })
	return list, w.broken
}

func (w *world) end(is func(flattery.Session) bool) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for token, s := range w.visits {
		if is(s) {
			delete(w.visits, token)
			delete(w.sessions, token)
			n++
		}
	}
	return n
}

func (w *world) EndSession(_ context.Context, id flattery.AccountID, session flattery.SessionID) error {
	if w.end(func(s flattery.Session) bool { return s.Account == id && s.ID == session }) == 0 {
		return flattery.ErrNotFound
	}
	return nil
}

func (w *world) EndSessions(_ context.Context, id flattery.AccountID, but string) error {
	w.end(func(s flattery.Session) bool { return s.Account == id && s.Token != but })
	return nil
}

func (w *world) Invited(_ context.Context, token string) error {
	if !w.invites[token] {
		return flattery.ErrNotFound
	}
	return nil
}

func (w *world) Accept(_ context.Context, token string, n flattery.Newcomer, currency string) (flattery.AccountID, error) {
	switch {
	case !w.invites[token]:
		return 0, flattery.ErrNotFound
	case !flattery.AccountName(n.Name):
		return 0, flattery.ErrName
	case n.Name == "Ada":
		return 0, flattery.ErrNameTaken
	case n.Answer == "" && len(n.Password) < flattery.ShortestPassword:
		return 0, flattery.ErrWeak
	case n.Answer != "" && (n.Answer != nod || string(n.Ceremony) != fmt.Sprint("new ", 0, n.Name)):
		return 0, flattery.ErrWrong
	}
	delete(w.invites, token)
	id := flattery.AccountID(len(w.accounts) + 10)
	w.accounts[id] = flattery.Account{ID: id, Name: n.Name, Language: n.Language, CreatedAt: today, Settings: flattery.Settings{Currency: currency}}
	return id, nil
}

func (w *world) Accounts(context.Context) (list []flattery.Account, err error) {
	for _, a := range w.accounts {
		list = append(list, a)
	}
	slices.SortFunc(list, func(a, b flattery.Account) int { return int(a.ID - b.ID) })
	return list, w.broken
}

func (w *world) SetAdmin(_ context.Context, id flattery.AccountID, admin bool) error {
	a, ok := w.accounts[id]
	if !ok {
		return flattery.ErrNotFound
	}
	if !admin && !slices.ContainsFunc([]flattery.AccountID{ada, bob}, func(o flattery.AccountID) bool { return o != id && w.accounts[o].Admin }) {
		return flattery.ErrLastAdmin
	}
	a.Admin = admin
	w.accounts[id] = a
	return nil
}

func (w *world) Invites(context.Context) (list []flattery.Invite, err error) {
	for i := range len(w.invites) {
		list = append(list, flattery.Invite{ID: flattery.InviteID(i + 1), By: flattery.AccountID(i % 2), MadeAt: today, Expires: today.Add(5 * 24 * time.Hour)})
	}
	return list, w.broken
}

func (w *world) Invite(context.Context, flattery.AccountID) (string, time.Time, error) {
	w.invites["fresh"] = true
	return "fresh", today.Add(7 * 24 * time.Hour), nil
}

func (w *world) EndInvite(_ context.Context, id flattery.InviteID) error {
	if int(id) > len(w.invites) {
		return flattery.ErrNotFound
	}
	for token := range w.invites {
		delete(w.invites, token)
		return nil
	}
	return nil
}
