package web

import (
	"context"
	"slices"
	"strconv"

	"flattery"
)

// identitiesPage is what is the account's own at the networks, and how more is claimed.
type identitiesPage struct {
	frame
	Claims   []flattery.Claim
	Networks []Network // where one can claim now
}

func (*identitiesPage) name() string { return "identities" }

func (s *site) identities(v *visit) (view, error) {
	claims, err := s.Store.Claims(v.ctx, v.account.ID)
	if err != nil {
		return view{}, err
	}
	all, err := s.networks(v.ctx)
	if err != nil {
		return view{}, err
	}
	p := &identitiesPage{Claims: outward(claims), Networks: slices.DeleteFunc(slices.Clone(all), func(n Network) bool { return !n.SignIn() })}
	p.Nav = "identities"
	return view{page: p}, nil
}

func (s *site) unclaim(v *visit) (view, error) {
	return s.release(v, "/identities", "flash.unclaimed", func(ctx context.Context, id int64) error {
		return s.Doors.Unclaim(ctx, v.account.ID, flattery.ClaimID(id))
	})
}

func (s *site) unlink(v *visit) (view, error) {
	return s.release(v, "/links", "flash.unlinked", func(ctx context.Context, id int64) error {
		return s.Doors.Unlink(ctx, v.account.ID, flattery.LinkID(id))
	})
}

// release ends what the address numbers, and says so where it was.
func (s *site) release(v *visit, to, says string, end func(ctx context.Context, id int64) error) (view, error) {
	id, err := strconv.ParseInt(v.PathValue("id"), 10, 64)
	if err != nil {
		return view{}, flattery.ErrNotFound
	}
	if err := end(v.ctx, id); err != nil {
		return view{}, err
	}
	return view{redirect: to}, s.tell(v, false, "", says)
}
