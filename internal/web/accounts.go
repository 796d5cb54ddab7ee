package web

import (
	"context"
	"net/url"
	"strings"

	"flattery"
)

// accountsPage is who is here, for who runs the instance: names and roles, and nothing of what they give or like.
type accountsPage struct {
	frame
	Accounts []accountLine
	Invites  []inviteLine
	Link     string // of an invite that was made just now; nobody can see it again
}

func (*accountsPage) name() string { return "accounts" }

type accountLine struct {
	flattery.Account
	Keys flattery.Keys
	Self bool
}

type inviteLine struct {
	flattery.Invite
	Maker string // "": the command line
}

const accountsPath = "/admin/accounts"

func (s *site) accounts(v *visit) (view, error) { return s.accountsWith(v, "") }

func (s *site) accountsWith(v *visit, link string) (view, error) {
	all, err := s.Desk.Accounts(v.ctx)
	if err != nil {
		return view{}, err
	}
	invites, err := s.Desk.Invites(v.ctx)
	if err != nil {
		return view{}, err
	}
	p := &accountsPage{Link: link}
	p.Nav, p.Here = "accounts", accountsPath
	names := map[flattery.AccountID]string{}
	for _, a := range all {
		keys, err := s.Desk.Keys(v.ctx, a.ID)
		if err != nil {
			return view{}, err
		}
		names[a.ID] = a.Name
		p.Accounts = append(p.Accounts, accountLine{a, keys, a.ID == v.account.ID})
	}
	for _, i := range invites {
		p.Invites = append(p.Invites, inviteLine{i, names[i.By]})
	}
	return view{page: p}, nil
}

func (s *site) setRole(v *visit) (view, error) {
	id, err := v.number("id")
	if err != nil {
		return view{}, err
	}
	if err := v.form(); err != nil {
		return view{}, err
	}
	role := v.PostFormValue("role")
	if role != "admin" && role != "account" {
		return view{}, flattery.Input("no such role: %q", role)
	}
	if err := s.Desk.SetAdmin(v.ctx, flattery.AccountID(id), role == "admin"); err != nil {
		return view{}, err
	}
	to := accountsPath
	if flattery.AccountID(id) == v.account.ID && role != "admin" {
		to = "/month" // this page is theirs no more
	}
	return view{redirect: to}, s.tell(v, false, "", "flash.role")
}

// invite shows the link in its own answer, so that it is kept nowhere.
func (s *site) invite(v *visit) (view, error) {
	token, _, err := s.Desk.Invite(v.ctx, v.account.ID)
	if err != nil {
		return view{}, err
	}
	link, err := url.JoinPath(s.base(v), "invite", token)
	if err != nil {
		return view{}, err
	}
	return s.accountsWith(v, link)
}

// base is the address of the pages: as the owner of the instance says, or as the visitor on this machine typed it.
func (s *site) base(v *visit) string {
	if s.BaseURL != "" {
		return strings.TrimSuffix(s.BaseURL, "/")
	}
	return "http://" + v.Host
}

func (s *site) endInvite(v *visit) (view, error) {
	return s.release(v, accountsPath, "flash.invite", func(ctx context.Context, id int64) error {
		return s.Desk.EndInvite(ctx, flattery.InviteID(id))
	})
}
