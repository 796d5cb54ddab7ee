package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"flattery"
)

func TestAnAddressIsTypedConfirmedAndForgotten(t *testing.T) {
	w := populated(false)
	w.post.Mail = flattery.Mail{}
	b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
	expect(t, b, "/settings/messages", []string{"Your address", ">Send the link<"}, []string{"Forget the address", "How often"})
	if got := b.post("/settings/messages/mail", "address", "ada"); got.Code != http.StatusBadRequest || !strings.Contains(got.Body.String(), `href="/settings/messages"`) {
		t.Errorf("no address answered %d", got.Code)
	}
	b.post("/settings/messages/mail", "address", "ada@ada.example")
	expect(t, b, "/settings/messages", []string{"A link was sent there", "A link was sent to ada@ada.example. Open it by 17\u00a0October 2026", "Forget the address"}, []string{"How often"})
	w.post.Mail = flattery.Mail{Address: "ada@ada.example", Wish: flattery.MailMonthly, Failed: "the mail server answered 550"}
	expect(t, b, "/settings/messages", []string{"Mail goes to ada@ada.example", `value="monthly" selected`, "could not be delivered", "Another address"}, nil)
	b.post("/settings/messages/mail/wish", "wish", "each")
	expect(t, b, "/settings/messages", []string{`value="each" selected`}, nil)
	b.post("/settings/messages/mail/forget")
	expect(t, b, "/settings/messages", []string{"The address is forgotten"}, []string{"ada@ada.example"})
	w.refuse = &flattery.OutsideError{Network: "mail", Reason: "mail", Detail: "the mail server answered <b>451"}
	b.post("/settings/messages/mail", "address", "ada@ada.example")
	expect(t, b, "/settings/messages", []string{"The link could not be sent", "answered &lt;b&gt;451"}, []string{"A link was sent"})
	w.refuse, w.post.Mails = nil, false
	expect(t, b, "/settings/messages", []string{"This instance sends no mail. You run it: set mail.host"}, []string{"Your address"})
	w.change(func(a *flattery.Account) { a.Admin = false })
	expect(t, b, "/settings/messages", []string{"This instance sends no mail."}, []string{"mail.host"})
}

func TestALinkInAMailAsksOnceMoreAndNeedsNobodySignedIn(t *testing.T) {
	for name, row := range map[string]struct {
		path, asks, done string
	}{
		"to confirm": {"/mail/confirm/adas-mail", "Messages of your account will go to new@ada.example", "The address is confirmed"},
		"to end":     {"/mail/end/adas-end", "You need not be signed in", "No more mail will come"},
	} {
		t.Run(name, func(t *testing.T) {
			w := populated(false)
			b := visitor(t, handler(t, options(t, w)))
			expect(t, b, row.path, []string{row.asks, `<form method="post" action="` + row.path + `">`}, nil)
			if w.rotated != 0 || w.post.Mail.Wish != flattery.MailMonthly {
				t.Error("to look changed something")
			}
			for range 2 {
				if got := b.post(row.path); got.Code != http.StatusOK || !strings.Contains(got.Body.String(), row.done) {
					t.Errorf("answered %d: %s", got.Code, got.Body)
				}
			}
			if got := b.post(row.path + "x"); got.Code != http.StatusNotFound {
				t.Errorf("a guess answered %d", got.Code)
			}
		})
	}
}

// Programs that show mail post by themselves: no cookie, no page before it, nothing that a browser would send (RFC 8058).
func TestOneClickEndsMail(t *testing.T) {
	w := populated(false)
	h := handler(t, options(t, w))
	for _, from := range []string{"", "cross-site"} {
		w.post.Mail.Wish = flattery.MailEach
		r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1:8080/mail/end/adas-end", strings.NewReader("List-Unsubscribe=One-Click"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if from != "" {
			r.Header.Set("Sec-Fetch-Site", from)
		}
		got := httptest.NewRecorder()
		h.ServeHTTP(got, r)
		if ended := w.post.Mail.Wish == flattery.MailNone; ended != (from == "") || ended != (got.Code == http.StatusOK) {
			t.Errorf("from %q: answered %d, %s", from, got.Code, w.post.Mail.Wish)
		}
	}
}
