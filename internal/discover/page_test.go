package discover

import (
	"net/url"
	"strings"
	"testing"

	"flattery/connectors"
)

func TestAPageSaysWhereItsOwnerIsPaid(t *testing.T) {
	base, err := url.Parse("https://example.org/me/")
	if err != nil {
		t.Fatal(err)
	}
	const pay = "rel=payment: example.org/pay <https://example.org/pay>"
	for name, v := range map[string]struct{ page, want string }{
		"a link in the text":               {`<a rel="payment" href="/pay">`, pay},
		"a link in the head":               {`<link rel=PAYMENT href="../pay">`, pay},
		"among other relations":            {`<a rel="noopener payment" href="https://example.org/pay">`, pay},
		"from the base of the page":        {`<base href="https://example.org/"><a rel=payment href=pay>`, pay},
		"a feed":                           {`<?xml version="1.0"?><rss><channel><podcast:funding url="https://example.org/pay">Support us</podcast:funding>`, "podcast:funding: example.org/pay <https://example.org/pay>"},
		"a payto address":                  {`<a href="payto://iban/DE75512108001245126199">`, "payto: payto://iban/DE75512108001245126199 <payto://iban/DE75512108001245126199>"},
		"a lightning address":              {`<a href=" lightning:Me@example.org ">`, "lightning: lightning:me@example.org <lightning:me@example.org>"},
		"a lightning address as a payment": {`<a rel=payment href="lightning:me@example.org">`, "rel=payment: lightning:me@example.org <lightning:me@example.org>"},
		"a wallet comes last":              {`<link rel=monetization href="https://wallet.example.org/me"><a rel=payment href="/pay">`, pay + "; monetization: wallet.example.org/me <https://wallet.example.org/me>"},
		"a wallet as a pointer":            {`<meta name="monetization" content="$wallet.example.org/me">`, "monetization: wallet.example.org/me <https://wallet.example.org/me>"},
		"each once":                        {`<a rel=payment href="/pay"><a rel=payment href="/pay">`, pay},
		"what visitors wrote":              {`<a rel="payment ugc" href="/pay"><a rel="nofollow" href="payto://iban/DE75512108001245126199"><a rel="nofollow payment" href="/pay">`, ""},
		"another relation":                 {`<a rel="repayment payments" href="/pay"><a href="https://example.org/pay">`, ""},
		"another element":                  {`<area rel=payment href="/pay"><div rel=payment href="/pay">`, ""},
		"in a comment":                     {`<!-- <a rel=payment href="/pay"> -->`, ""},
		"in a script":                      {`<script>"<a rel=payment href='/pay'>"</script>`, ""},
		"in a text field":                  {`<textarea><a rel=payment href="/pay"></textarea>`, ""},
		"a script for an address":          {`<a rel=payment href="javascript:alert(1)"><a rel=payment href="data:text/html,x"><a rel=payment href="mailto:a@example.org">`, ""},
		"an address inside of a house":     {`<a rel=payment href="https://192.168.1.1/pay"><a rel=payment href="https://localhost/">`, ""},
		"no address":                       {`<a rel=payment>`, ""},
		"cut":                              {`<a rel=payment href="/pay`, ""},
		"a page that is too long":          {`<a rel=payment href="/pay">` + strings.Repeat(" ", connectors.MaxPage), ""},
		"nothing":                          {"", ""},
		"no HTML":                          {"\x00\xff{}", ""},
	} {
		if got := told(PageLinks([]byte(v.page), base)); got != v.want {
			t.Errorf("%s: %s, want %s", name, got, v.want)
		}
	}
	if got := told(PageLinks([]byte(`<a rel=payment href="/pay"><a rel=payment href="https://example.org/pay">`), nil)); got != pay {
		t.Errorf("a page of nowhere: %s", got)
	}
}
