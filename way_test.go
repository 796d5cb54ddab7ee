package flattery

import "testing"

func TestAWayIsKnownByItsDestination(t *testing.T) {
	for _, row := range []struct {
		name  string
		to    Destination
		key   string
		gifts Gifts
	}{
		{"nowhere", "", "", GiftsUnknown},
		{"what is no address", "\x00://", "", GiftsUnknown},
		{"what nobody is paid at", "javascript:alert(1)", "", GiftsUnknown},
		{"plain http", "http://ko-fi.com/ada", "", GiftsUnknown},
		{"an account at a bank", "payto://iban/DE75512108001245126199", WayBank, GiftsOnce},
		{"in capitals", "payto://IBAN/SOGEDEFFXXX/DE75512108001245126199", WayBank, GiftsOnce},
		{"another account", "payto://upi/ada@bank", WayPayto, GiftsOnce},
		{"a Lightning address", "lightning:ada@wallet.example", WayLightning, GiftsOnce},
		{"GitHub Sponsors", "https://github.com/sponsors/ada", "github", GiftsOnce},
		{"a page of GitHub", "https://github.com/ada", WayPage, GiftsUnknown},
		{"Patreon", "https://www.patreon.com/c/ada", "patreon", GiftsMembers},
		{"Liberapay", "https://liberapay.com/ada", "liberapay", GiftsRenewed},
		{"Ko-fi, in capitals", "https://KO-FI.com/ada", "ko_fi", GiftsOnce},
		{"Open Collective", "https://opencollective.com/ada", "open_collective", GiftsOnce},
		{"a coffee by its short name", "https://buymeacoff.ee/ada", "buy_me_a_coffee", GiftsOnce},
		{"thanks.dev", "https://thanks.dev/u/gh/ada", "thanks_dev", GiftsMembers},
		{"PayPal.Me", "https://paypal.me/ada", "paypal", GiftsOnce},
		{"PayPal.Me at PayPal", "https://www.paypal.com/paypalme/ada", "paypal", GiftsOnce},
		{"PayPal's shop window", "https://www.paypal.com/signin", WayPage, GiftsUnknown},
		{"a payment link", "https://donate.stripe.com/abc", "stripe", GiftsUnknown},
		{"who only looks like it", "https://ko-fi.com.evil.example/ada", WayPage, GiftsUnknown},
		{"somebody's own page", "https://ada.example/pay", WayPage, GiftsUnknown},
	} {
		t.Run(row.name, func(t *testing.T) {
			if w := row.to.Way(); w.Key != row.key || w.Gifts != row.gifts {
				t.Errorf("%q with gifts %q", w.Key, w.Gifts)
			}
		})
	}
}

func TestAnAmountIsWholeOfWhatIsTaken(t *testing.T) {
	for _, row := range []struct {
		to       Destination
		currency string
		want     Amount
	}{
		{"https://github.com/sponsors/ada", "USD", Unit},
		{"https://github.com/sponsors/ada", "EUR", 0}, // nobody here knows the rate
		{"payto://iban/DE75512108001245126199", "EUR", Cent},
		{"https://ko-fi.com/ada", "EUR", 0},
		{"", "EUR", 0},
	} {
		if got := row.to.Way().Whole(row.currency); got != row.want {
			t.Errorf("%s of %s at %q, want %s", got, row.currency, row.to, row.want)
		}
	}
}

func TestAPlatformIsNamedOnce(t *testing.T) {
	keys, hosts := map[string]bool{}, map[string]bool{}
	for _, p := range platforms {
		if p.Key == "" || p.Title == "" || keys[p.Key] || PlatformOf(p.Key).Title != p.Title {
			t.Errorf("%+v", p)
		}
		keys[p.Key] = true
		for _, h := range p.Hosts {
			if hosts[h] {
				t.Errorf("%s twice", h)
			}
			hosts[h] = true
		}
	}
	if PlatformOf("nobody").Key != "" {
		t.Error("there is one of no name")
	}
}
