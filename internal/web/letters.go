package web

import (
	"errors"

	"flattery"
)

// letterPage is where a link in a mail leads: it asks once more, since programs that look at mail open links too. Whoever has the
// link need not be signed in.
type letterPage struct {
	frame
	Phrase  string // confirm, confirmed, end or ended
	Address string // that is to be confirmed
}

func (*letterPage) name() string { return "letter" }

func (s *site) confirmPage(v *visit) (view, error) {
	address, err := s.Post.MailAsked(v.ctx, v.PathValue("token"))
	if err != nil {
		return view{}, err
	}
	return view{page: &letterPage{Phrase: "confirm", Address: clean(address)}}, nil
}

func (s *site) confirmMail(v *visit) (view, error) {
	if err := s.Post.ConfirmMail(v.ctx, v.PathValue("token")); err != nil {
		return view{}, err
	}
	return s.letterDone("confirmed")
}

func (s *site) endPage(v *visit) (view, error) {
	if err := s.Post.EndsMail(v.ctx, v.PathValue("token")); err != nil {
		return view{}, err
	}
	return view{page: &letterPage{Phrase: "end"}}, nil
}

// endMail is what mail programs post to as well (RFC 8058): without a cookie, and as often as they like.
func (s *site) endMail(v *visit) (view, error) {
	if err := s.Post.EndMail(v.ctx, v.PathValue("token")); err != nil {
		return view{}, err
	}
	return s.letterDone("ended")
}

func (s *site) letterDone(phrase string) (view, error) {
	p := &letterPage{Phrase: phrase}
	p.Here = "/"
	return view{page: p}, nil
}

// askMail sends a link to the address that was typed.
func (s *site) askMail(v *visit) (view, error) {
	if err := v.form(); err != nil {
		return view{}, err
	}
	err := s.Post.AskMail(v.ctx, v.account.ID, clean(v.PostFormValue("address")))
	to := view{redirect: messagesPath}
	if outside, ok := errors.AsType[*flattery.OutsideError](err); ok {
		s.Log.Warn("web: the mail server refused", "account", int64(v.account.ID), "error", outside.Detail)
		return to, s.tell(v, true, outside.Detail, "flash.mailunsent")
	}
	if err != nil {
		return view{}, err
	}
	return to, s.tell(v, false, "", "flash.mailsent")
}

func (s *site) wishMail(v *visit) (view, error) {
	if err := v.form(); err != nil {
		return view{}, err
	}
	if err := s.Post.WishMail(v.ctx, v.account.ID, flattery.MailWish(v.PostFormValue("wish"))); err != nil {
		return view{}, err
	}
	return view{redirect: messagesPath}, s.tell(v, false, "", "flash.mailwish")
}

func (s *site) forgetMail(v *visit) (view, error) {
	if err := s.Post.ForgetMail(v.ctx, v.account.ID); err != nil {
		return view{}, err
	}
	return view{redirect: messagesPath}, s.tell(v, false, "", "flash.mailforgot")
}
