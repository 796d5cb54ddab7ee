package web

import (
	"context"
	"errors"
	"net/url"
	"slices"

	"flattery"
)

// provePage is how one proves without signing in that somebody at a network is oneself.
type provePage struct {
	frame
	Network
	Handle string // to begin with
	Begun  []begunProof
}

func (*provePage) name() string { return "prove" }

// begunProof is a proof whose token waits to be found.
type begunProof struct {
	flattery.Proving
	Steps steps
}

// steps lead to a profile that shows a token.
type steps struct {
	Title, Token string
	Where        string // the phrase that says where it is looked for
}

func (s *site) steps(n Network, token string) steps {
	return steps{Title: n.Title, Token: token, Where: s.where(n.Key)}
}

// where is the phrase that says where the token is looked for at a network.
func (s *site) where(network string) string {
	if key := "prove.where." + network; s.tongues.byCode[languages[0]].has(key) {
		return key
	}
	return "prove.where.other"
}

// provable finds the network of the address, if something is proved there by the profile.
func (s *site) provable(v *visit) (Network, error) {
	n, err := s.network(v.ctx, v.PathValue("network"))
	if err == nil && !n.Proves {
		err = flattery.ErrNotFound
	}
	return n, err
}

func (s *site) provePage(v *visit) (view, error) {
	n, err := s.provable(v)
	if err != nil {
		return view{}, err
	}
	begun, err := s.Store.Provings(v.ctx, v.account.ID, v.now)
	if err != nil {
		return view{}, err
	}
	p := &provePage{Network: n}
	for _, b := range begun {
		if b.Network == n.Key {
			p.Begun = append(p.Begun, begunProof{b, s.steps(n, b.Token)})
		}
	}
	if handle := clean(v.URL.Query().Get("handle")); len(handle) <= longestName {
		p.Handle = handle
	}
	p.Nav = "identities"
	return view{page: p}, nil
}

func provePath(network string) string { return "/identities/" + url.PathEscape(network) + "/prove" }

func (s *site) beginProof(v *visit) (view, error) {
	if err := v.form(); err != nil {
		return view{}, err
	}
	n, err := s.provable(v)
	if err != nil {
		return view{}, err
	}
	handle := clean(v.PostFormValue("handle"))
	if handle == "" || len(handle) > longestName {
		return view{}, flattery.Input("type the public name that you have at %s, at most %d letters of it", n.Title, longestName)
	}
	if _, err := s.Doors.BeginProof(v.ctx, v.account.ID, n.Key, handle); err != nil {
		return view{}, err
	}
	return view{redirect: provePath(n.Key)}, nil
}

// begun finds the proof of the address.
func (s *site) begun(v *visit) (flattery.Proving, error) {
	id, err := v.number("id")
	if err != nil {
		return flattery.Proving{}, err
	}
	list, err := s.Store.Provings(v.ctx, v.account.ID, v.now)
	if err != nil {
		return flattery.Proving{}, err
	}
	i := slices.IndexFunc(list, func(b flattery.Proving) bool { return b.ID == flattery.ProvingID(id) })
	if i < 0 {
		return flattery.Proving{}, flattery.ErrNotFound
	}
	return list[i], nil
}

func (s *site) lookProof(v *visit) (view, error) {
	b, err := s.begun(v)
	if err != nil {
		return view{}, err
	}
	if !s.patience.allow(v.account.ID) {
		return view{}, errOften
	}
	done, err := s.Doors.LookProof(v.ctx, v.account.ID, b.ID)
	if errors.Is(err, flattery.ErrUnproved) {
		return view{redirect: provePath(b.Network)}, s.tell(v, true, "", "flash.unproved", "who", clean(b.Handle))
	}
	if err != nil {
		return view{}, err
	}
	return s.told(v, b.Network, done)
}

func (s *site) removeProof(v *visit) (view, error) {
	b, err := s.begun(v)
	if err != nil {
		return view{}, err
	}
	return s.release(v, provePath(b.Network), "flash.dropped", func(ctx context.Context, _ int64) error {
		return s.Doors.RemoveProof(ctx, v.account.ID, b.ID)
	})
}
