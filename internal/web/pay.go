package web

import (
	"html/template"
	"slices"
	"strconv"
	"strings"

	"flattery"
)

// slipPage is one slip: whom it pays and why, and all that helps to pay it.
type slipPage struct {
	frame
	slip
	Pays    bool // it is to be paid now
	Way     flattery.Platform
	Where   string // what the button opens is called: a platform, or a host
	Order   template.URL
	Fields  []copied
	Picture bool // there is a code to be read
	Asks    bool // an invoice can be asked for
	Invoice *Invoice
	Expired bool
	Liked   []flattery.Flattr
	More    bool   // and more than these
	Fee     string // "2.5 %", where that is in it; "": it is not
}

func (*slipPage) name() string { return "slip" }

// copied is a text beside a button that copies it. Its label is a phrase.
type copied struct {
	Phrase, Text string
	Long         bool
}

// ID is its label's, as elements of a page are named.
func (c copied) ID() string { return strings.ReplaceAll(c.Phrase, ".", "-") }

const slipsPath = "/slips"

// likedMost is how many things a slip says it is for.
const likedMost = 20

// mostDrawn is how long an invoice may be to become a picture that a telephone still reads.
const mostDrawn = 1500

// mine finds a slip of the visitor's.
func (s *site) mine(v *visit) (flattery.Payment, error) {
	id, err := v.number("id")
	if err != nil {
		return flattery.Payment{}, err
	}
	all, err := s.Store.Payments(v.ctx, v.account.ID)
	if err != nil {
		return flattery.Payment{}, err
	}
	i := slices.IndexFunc(all, func(p flattery.Payment) bool { return p.ID == flattery.PaymentID(id) })
	if i < 0 {
		return flattery.Payment{}, flattery.ErrNotFound
	}
	return all[i], nil
}

// due finds a slip of the visitor's that is to be paid now.
func (s *site) due(v *visit) (flattery.Payment, error) {
	pay, err := s.mine(v)
	if err == nil && !s.pays(s.slip(pay, v.now)) {
		err = flattery.ErrNotFound
	}
	return pay, err
}

func (s *site) pays(sl slip) bool { return sl.CanMark && sl.Held == "" }

func (s *site) slipPage(v *visit) (view, error) {
	pay, err := s.mine(v)
	if err != nil {
		return view{}, err
	}
	p := &slipPage{slip: s.slip(pay, v.now), Way: pay.Destination.Way()}
	p.Nav, p.Pays = "slips", s.pays(p.slip)
	if p.Liked, err = s.Store.Liked(v.ctx, v.account.ID, pay.ID, likedMost+1); err != nil {
		return view{}, err
	}
	if p.More = len(p.Liked) > likedMost; p.More {
		p.Liked = p.Liked[:likedMost]
	}
	if s.Fee > 0 && s.Mode == Pledge && p.Joined && strings.EqualFold(p.PayeeName, s.FeeTo) {
		p.Fee = s.fee(v.tongue)
	}
	if p.Pays {
		s.payBy(v, p)
	}
	return view{page: p}, nil
}

// payBy fills in how the slip is paid.
func (s *site) payBy(v *visit, p *slipPage) {
	add := func(key, value string) {
		if value = clean(value); value != "" {
			p.Fields = append(p.Fields, copied{Phrase: "pay." + key, Text: value})
		}
	}
	p.Order = href(s.Doors.Order(p.Payment), "https", "payto", "lightning")
	p.Where = p.Way.Title
	if p.Where == "" {
		p.Where = p.Host
	}
	bank, byBank := s.Doors.Transfer(p.Payment)
	if byBank {
		add("name", bank.Name)
		add("iban", bank.IBAN)
		add("bic", bank.BIC)
	}
	p.Picture = bank.Code != ""
	p.Asks = p.Way.Key == flattery.WayLightning && strings.Contains(string(p.Destination), "@")
	if p.Asks {
		if inv, ok := s.keptInvoice(v, p.ID); ok {
			p.Invoice, p.Expired = &inv, !v.now.Before(inv.Expires)
			p.Picture = !p.Expired && len(inv.Text) <= mostDrawn
			p.Fields = []copied{{"pay.invoice", inv.Text, true}}
		}
		return
	}
	add("amount", v.tongue.typed(p.Amount))
	add("message", p.Message())
	if p.Link == "" || p.Way.Key == flattery.WayLightning {
		add("lnaddress", string(p.Destination))
	}
}

// slipCode is the picture that a telephone reads to pay.
func (s *site) slipCode(v *visit) (view, error) {
	pay, err := s.due(v)
	if err != nil {
		return view{}, err
	}
	bank, _ := s.Doors.Transfer(pay)
	text := bank.Code
	if inv, ok := s.keptInvoice(v, pay.ID); ok && v.now.Before(inv.Expires) && len(inv.Text) <= mostDrawn {
		text = strings.ToUpper("lightning:" + inv.Text) // capitals make a smaller picture
	}
	if text == "" {
		return view{}, flattery.ErrNotFound
	}
	svg, err := s.Doors.Picture(text)
	if err != nil {
		return view{}, err
	}
	return view{raw: &raw{kind: "image/svg+xml", body: svg}}, nil
}

func slipPath(id flattery.PaymentID) string {
	return slipsPath + "/" + strconv.FormatInt(int64(id), 10)
}
