package web

import (
	"context"
	"net/url"
	"time"

	"flattery"
)

// Post is what an account is told outside of the pages, and what it commands there. What is another account's is answered with
// flattery.ErrNotFound.
type Post interface {
	// Messages is what the account was told lately, in a language, and where it goes.
	Messages(ctx context.Context, account flattery.AccountID, language string) (Messages, error)

	// MakeFeed gives the account a feed, or its feed another address, and answers the secret part of it. Atom is the feed that
	// it opens, and when that changed last.
	MakeFeed(ctx context.Context, account flattery.AccountID) (token string, err error)
	EndFeed(ctx context.Context, account flattery.AccountID) error
	Atom(ctx context.Context, token string) (body []byte, changed time.Time, err error)

	// AddHook makes a webhook, RotateHook changes its key: both answer the key that signs. An address that is none is an
	// *InputError. TestHook posts to it now, and answers how that went.
	AddHook(ctx context.Context, account flattery.AccountID, address string) (flattery.Secret, error)
	RotateHook(ctx context.Context, account flattery.AccountID, hook flattery.HookID) (flattery.Secret, error)
	RemoveHook(ctx context.Context, account flattery.AccountID, hook flattery.HookID) error
	TestHook(ctx context.Context, account flattery.AccountID, hook flattery.HookID) (flattery.Delivery, error)

	// AskMail sends a link to an address. Refusals: *InputError, ErrOften, *OutsideError. MailAsked is the address that a link
	// confirms, and ConfirmMail confirms it. WishMail says how often; ForgetMail forgets the address.
	AskMail(ctx context.Context, account flattery.AccountID, address string) error
	MailAsked(ctx context.Context, token string) (address string, err error)
	ConfirmMail(ctx context.Context, token string) error
	WishMail(ctx context.Context, account flattery.AccountID, wish flattery.MailWish) error
	ForgetMail(ctx context.Context, account flattery.AccountID) error

	// EndsMail asks whether a link in a mail ends somebody's, and EndMail ends it; twice is as good as once.
	EndsMail(ctx context.Context, token string) error
	EndMail(ctx context.Context, token string) error
}

// Messages is what the page shows.
type Messages struct {
	Lines     []Message
	Feed      flattery.Feed
	Hooks     []Hook
	MostHooks int
	Mails     bool // this instance sends mail
	Mail      flattery.Mail
}

// Message is a notice in words; Path is the page where one sees it.
type Message struct {
	At                time.Time
	Title, Text, Path string
}

// Hook is a webhook with its last deliveries.
type Hook struct {
	flattery.Hook
	Deliveries []flattery.Delivery // newest first
}

// messagesPage is what an account is told, and how.
type messagesPage struct {
	frame
	Messages
	Link string // of a feed that was made just now; nobody can see it again
	Key  string // of a webhook, likewise
}

func (*messagesPage) name() string { return "messages" }

const messagesPath = "/settings/messages"

func (s *site) messages(v *visit) (view, error) { return s.messagesWith(v, "", "") }

// messagesWith shows what is secret in its own answer, so that it is kept nowhere.
func (s *site) messagesWith(v *visit, link, key string) (view, error) {
	m, err := s.Post.Messages(v.ctx, v.account.ID, v.tongue.code)
	if err != nil {
		return view{}, err
	}
	p := &messagesPage{Messages: m, Link: link, Key: key}
	p.Nav, p.Here = "messages", messagesPath
	return view{page: p}, nil
}

func (s *site) makeFeed(v *visit) (view, error) {
	token, err := s.Post.MakeFeed(v.ctx, v.account.ID)
	if err != nil {
		return view{}, err
	}
	link, err := url.JoinPath(s.home(v.Request), "feed", token)
	if err != nil {
		return view{}, err
	}
	return s.messagesWith(v, link, "")
}

func (s *site) endFeed(v *visit) (view, error) {
	if err := s.Post.EndFeed(v.ctx, v.account.ID); err != nil {
		return view{}, err
	}
	return view{redirect: messagesPath}, s.tell(v, false, "", "flash.feed")
}

// feed is for feed readers, which are not signed in: the address is what lets them in.
func (s *site) feed(v *visit) (view, error) {
	body, changed, err := s.Post.Atom(v.ctx, v.PathValue("token"))
	if err != nil {
		return view{}, err
	}
	return view{raw: &raw{kind: "application/atom+xml; charset=utf-8", body: body, changed: changed}}, nil
}

func (s *site) addHook(v *visit) (view, error) {
	if err := v.form(); err != nil {
		return view{}, err
	}
	key, err := s.Post.AddHook(v.ctx, v.account.ID, clean(v.PostFormValue("url")))
	if err != nil {
		return view{}, err
	}
	return s.messagesWith(v, "", string(key))
}

func (s *site) rotateHook(v *visit) (view, error) {
	id, err := v.number("id")
	if err != nil {
		return view{}, err
	}
	key, err := s.Post.RotateHook(v.ctx, v.account.ID, flattery.HookID(id))
	if err != nil {
		return view{}, err
	}
	return s.messagesWith(v, "", string(key))
}

func (s *site) removeHook(v *visit) (view, error) {
	return s.release(v, messagesPath, "flash.unhooked", func(ctx context.Context, id int64) error {
		return s.Post.RemoveHook(ctx, v.account.ID, flattery.HookID(id))
	})
}

func (s *site) testHook(v *visit) (view, error) {
	id, err := v.number("id")
	if err != nil {
		return view{}, err
	}
	if !s.patience.allow(v.account.ID) {
		return view{}, errOften
	}
	d, err := s.Post.TestHook(v.ctx, v.account.ID, flattery.HookID(id))
	if err != nil {
		return view{}, err
	}
	to := view{redirect: messagesPath}
	switch {
	case d.Status == 0:
		return to, s.tell(v, true, d.Cause, "flash.hooknone")
	case d.State == flattery.DeliveryDone:
		return to, s.tell(v, false, "", "flash.hookgood", "status", d.Status)
	}
	return to, s.tell(v, true, "", "flash.hookbad", "status", d.Status)
}
