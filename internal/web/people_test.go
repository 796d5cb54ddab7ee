package web

import (
	"fmt"
	"strings"
	"time"

	"flattery"
)

// What people and networks may be called.
var hostile = []string{
	"<script>alert(1)</script><img src=x onerror=alert(2)>",
	"\u202Eevil\u2066 reversed\u2069\u2069 text",
	strings.Repeat("Donaudampfschifffahrtsgesellschaft", 300), // 10 kB without a break
	"👩‍👩‍👧‍👦🏳️‍🌈 emoji and \x00 nul\r\nnew line",
	"مشروع حر ومفتوح",
	`"><style>body{display:none}</style>{{.Secret}}`,
}

func author(network, subject, handle string) flattery.Profile {
	return flattery.Profile{
		Identity: flattery.Identity{Network: network, Host: network + ".example", Subject: subject},
		Handle:   handle, URL: "https://" + network + ".example/" + strings.ToLower(handle),
	}
}

// liked are ordinary things with the network, author and title of each.
var liked = [][3]string{
	{"github", "tinywebkit", "tinywebkit/lighthouse-keeper"}, {"github", "marenh", "marenh/tide-tables"}, {"flickr", "Ottoline Varga", "Fog over the allotments"},
	{"mastodon", "quietgarden", "A thread on mending zips, with drawings"}, {"github", "sven-aa", "sven-aa/postgres-by-hand"}, {"vimeo", "Lumi Films", "Eleven Minutes of Rain"},
	{"github", "tinywebkit", "tinywebkit/semaphore"}, {"mastodon", "orla", "Bread, day 412"}, {"flickr", "J. Achterberg", "Ice on the inside of the window"},
	{"github", "helio", "helio/sundial.js"}, {"github", "marenh", "marenh/knots"}, {"github", "pico-pascal", "pico-pascal/compiler"},
	{"mastodon", "bikekitchen", "Opening hours of the repair café"}, {"github", "noor", "noor/arabic-hyphenation"}, {"flickr", "Ottoline Varga", "The last tram"},
	{"github", "zeta-fn", "zeta-fn/primes"}, {"github", "copperline", "copperline/signal-box"}, {"github", "hana", "hana/haiku-linter"},
}

// populated is a world in the middle of October with everything in it; with rough set, also what no page should meet.
func populated(rough bool) *world {
	created := time.Date(2026, 7, 2, 8, 0, 0, 0, time.UTC)
	w := &world{
		accounts: map[flattery.AccountID]flattery.Account{
			ada: {ID: ada, Name: "Ada", Admin: true, CreatedAt: created, Settings: flattery.Settings{Budget: 5 * flattery.Unit, Currency: "EUR"}},
			bob: {ID: bob, Name: "Bob", CreatedAt: created},
		},
		zone: berlin(), settings: settings(), upload: map[flattery.AccountID]Upload{},
		tokens: map[string]flattery.AccountID{}, sessions: map[string][]byte{}, visits: map[string]flattery.Session{},
		invites: map[string]bool{"invited": true, "too": true}, origin: "http://localhost:8080",
		keys: map[flattery.AccountID]flattery.Keys{
			ada: {PasswordAt: created, Passkeys: []flattery.Passkey{{ID: 1, Name: "telephone-of-ada", MadeAt: created, UsedAt: created.Add(time.Hour)}, {ID: 2, MadeAt: created}}},
			bob: {PasswordAt: created},
		},
	}
	if rough {
		a := w.accounts[ada]
		a.Name = hostile[0]
		w.accounts[ada] = a
	}
	october, _ := flattery.ParseMonth("2026-10")
	id := flattery.FlattrID(0)
	add := func(at time.Time, state flattery.State, l [3]string, share flattery.Amount) {
		id++
		f := flattery.Flattr{
			ID: id, Account: ada, Kind: flattery.KindLike, State: state, At: at, FoundAt: at, Weight: 1, Share: share,
			Thing:  flattery.Thing{Network: l[0], Host: l[0] + ".example", ID: fmt.Sprint(id), URL: "https://" + l[0] + ".example/things/" + fmt.Sprint(id), Title: l[2]},
			Author: author(l[0], l[1], l[1]),
		}
		if state == flattery.Counting {
			f.CountsIn = flattery.MonthOf(at, time.UTC)
		}
		w.flattrs = append(w.flattrs, f)
	}
	for i, m := range []flattery.Month{october - 2, october - 1} {
		n := 12 + 4*i
		for j := range n {
			add(m.Starts(time.UTC).Add(time.Duration(j*39+8)*time.Hour), flattery.Counting, liked[j%len(liked)], 5*flattery.Unit/flattery.Amount(n))
		}
	}
	states := map[int]flattery.State{2: flattery.Pending, 5: flattery.Pending, 9: flattery.Own, 12: flattery.Removed, 13: flattery.Excluded, 15: flattery.Pending}
	for j := range 27 {
		state := flattery.Counting
		if s, ok := states[j]; ok {
			state = s
		}
		l := liked[(j*7)%len(liked)]
		if rough && j >= 27-len(hostile) {
			h := hostile[27-j-1]
			l = [3]string{l[0], h, h}
		}
		add(october.Starts(time.UTC).Add(time.Duration(j)*(11*time.Hour+37*time.Minute)), state, l, 0)
	}
	w.flattrs[len(w.flattrs)-8].Weight = 3
	add(october.Starts(time.UTC).Add(300*time.Hour), flattery.Removed, [3]string{"github", "helio", "helio/taken-back"}, 0)
	w.flattrs[len(w.flattrs)-1].Unliked = true
	w.flattrs[len(w.flattrs)-5].Link, w.flattrs[len(w.flattrs)-6].Link = 1, 1
	if rough {
		last := &w.flattrs[len(w.flattrs)-1]
		last.Thing.URL, last.Author.URL = "javascript:alert(1)", "https://user:pass@evil.example/"
	}
	w.addMoney(october, rough)
	w.addLinks(rough)
	w.addSubscriptions(october, rough)
	w.addIncome(october, rough)
	w.addPost(rough)
	w.rough = rough
	w.addNetworks(rough)
	return w
}

func (w *world) addMoney(october flattery.Month, rough bool) {
	w.months = []flattery.MonthState{{Month: october, Starts: october.Starts(w.zone), Ends: october.Ends(w.zone)}}
	for i, n := range []int{16, 12, 0} {
		m := october - 1 - flattery.Month(i)
		head := strings.Repeat(fmt.Sprintf("%x3f2a9c0", 7+i), 8)
		w.months = append(w.months, flattery.MonthState{
			Month: m, Starts: m.Starts(w.zone), Ends: m.Ends(w.zone), FrozenAt: m.Ends(time.UTC).Add(72 * time.Hour),
			SettledAt: m.Ends(time.UTC).Add(76 * time.Hour), Head: head, Flattrs: n, Donors: 1,
		})
		if n > 0 {
			w.settled = append(w.settled, flattery.Settlement{
				Month: m, Donor: ada, Currency: "EUR", Budget: 5 * flattery.Unit, Shares: 5 * flattery.Unit, Flattrs: n, Transaction: int64(40 - i),
			})
		}
	}
	slip := func(id flattery.PaymentID, name string, a flattery.Amount, to flattery.Destination, s flattery.PaymentState) {
		p := flattery.Payment{
			ID: id, Code: fmt.Sprintf("FLT-7K%d-MQ2", id), Plan: october - 1, Rail: "manual", Donor: ada, Payee: flattery.PayeeID(id), PayeeName: name,
			Currency: "EUR", Amount: a, Destination: to, State: s, PlannedAt: today.Add(-9 * 24 * time.Hour),
		}
		if s == flattery.PaymentPaid {
			p.PaidAt = today.Add(-40 * 24 * time.Hour)
		}
		w.payments = append(w.payments, p)
	}
	slip(1, "tinywebkit", 1_770_000, "https://liberapay.com/tinywebkit", flattery.PaymentPlanned)
	w.payments[len(w.payments)-1].Published = flattery.Published{Shown: "tinywebkit collective", Source: flattery.PlaceFile, ProvedAt: today.Add(-11 * 24 * time.Hour)}
	slip(2, "marenh", 1_250_000, "payto://iban/DE75512108001245126199?receiver-name=Maren%20H&amount=EUR:1.25&message=FLT-7K2-MQ2", flattery.PaymentPlanned)
	slip(3, "Ottoline Varga", 1_040_000, "lightning:ottoline@wallet.example", flattery.PaymentSent)
	slip(4, "orla", 2_310_000, "https://ko-fi.com/orla", flattery.PaymentPaid)
	slip(5, "helio", 1_020_000, "https://opencollective.com/helio", flattery.PaymentFailed)
	slip(9, "gitte", 5_420_000, "https://github.com/sponsors/gitte", flattery.PaymentPlanned)
	slip(10, "Hanno", 1_100_000, "https://www.patreon.com/hanno", flattery.PaymentPlanned)
	debt := func(name string, a flattery.Amount, since flattery.Month, to flattery.Destination) {
		w.debts = append(w.debts, flattery.Debt{Donor: ada, PayeeName: name, Currency: "EUR", Amount: a, Since: since, Destination: to})
	}
	debt("sven-aa", 1_145_833, october-2, "https://sven.example/pay")
	debt("J. Achterberg", 1_104_166, october-2, "")
	debt("Lumi Films", 729_166, october-1, "https://lumi.example/pay")
	debt("quietgarden", 416_666, october-1, "https://garden.example/pay")
	if rough {
		slip(6, hostile[2], flattery.MaxAmount, flattery.Destination("payto://iban/"+strings.Repeat("DE75", 300)), flattery.PaymentUnknown)
		slip(7, hostile[1], 1, "javascript:alert(1)", flattery.PaymentPlanned)
		debt(hostile[2], flattery.MaxAmount, october-1, "x:")
		debt(hostile[5], 1, october-1, "")
	}
}

func (w *world) addLinks(rough bool) {
	ago := func(d time.Duration) time.Time { return today.Add(-d) }
	day := 24 * time.Hour
	w.links = []flattery.Link{
		{ID: 1, Account: ada, Identity: author("github", "10308", "ada-w"), Proof: flattery.ByOAuth, State: flattery.LinkActive,
			BeginsAt: ago(90 * day), NextPoll: today.Add(8 * time.Minute), LastPoll: ago(12 * time.Minute), LastGood: ago(12 * time.Minute)},
		{ID: 2, Account: ada, Identity: author("flickr", "44@N01", "ada walks"), Proof: flattery.ByName, State: flattery.LinkActive, Reason: "trouble",
			Detail: "api.flickr.example answered 502 Bad Gateway", BeginsAt: ago(60 * day), NextPoll: today.Add(2 * time.Hour), LastPoll: ago(time.Hour), LastGood: ago(5 * day), Failures: 9},
		{ID: 3, Account: ada, Identity: author("mastodon", "77", "ada"), Proof: flattery.ByOAuth, State: flattery.LinkSuspended, Reason: "reconnect",
			BeginsAt: ago(80 * day), LastPoll: ago(7 * day), LastGood: ago(8 * day), Failures: 1},
		{ID: 4, Account: ada, Identity: author("vimeo", "9", "ada-films"), Proof: flattery.ByToken, State: flattery.LinkActive, BeginsAt: ago(time.Minute)},
		{ID: 5, Account: ada, Identity: author("twitter", "1", "removed-one"), Proof: flattery.ByName, State: flattery.LinkRemoved, BeginsAt: ago(day)},
	}
	if rough {
		l := w.links[2]
		l.ID, l.Identity, l.Detail = 6, author("github", "666", "x'; rm -rf ~ #"+hostile[2]), hostile[1]+hostile[0]
		w.links = append(w.links, l)
	}
}

// addNetworks has one of every kind that a page must tell apart.
func (w *world) addNetworks(rough bool) {
	callback := func(key string) string { return "https://flattery.example/oauth/cb/" + key + "/" + key + ".example" }
	w.networks = []Network{
		{Key: "twitter", Title: "X", Noun: "like", Imports: true, State: "forbidden", Since: "2013-04-16", Reason: flattery.Say("Its developer policy forbids compensation for likes."),
			Proven: "recorded answers", Console: "https://console.twitter.example/", HandleTip: "jack", Auth: "oauth2", NeedsID: true, NeedsSecret: true, Callback: callback("twitter"),
			Terms: Terms{"You may not sell or receive monetary or virtual compensation for any X actions.", "https://twitter.example/policy", "2026-08-22", "confirmed", true},
			Price: "USD", Spent: 3_120_000, Cap: 5 * flattery.Unit, Reads: 3120, Origin: "https://x.example"},
		{Key: "github", Title: "GitHub", Noun: "star", State: "alive", Proven: "live", Console: "https://github.example/settings/developers", HandleTip: "octocat",
			Auth: "oauth2", Timed: true, ByName: true, Ready: true, Organisations: true, NeedsID: true, NeedsSecret: true, HasKeys: true, Callback: callback("github"), Origin: "https://github.example"},
		{Key: "flickr", Title: "Flickr", Noun: "favourite", State: "alive", Proven: "contract", Auth: "oauth1", Timed: true, ByName: true, Ready: true, Code: true, HandleTip: "44124472424@N01",
			NeedsID: true, NeedsSecret: true, NeedsKey: true, HasKeys: true, FromSettings: true, Callback: callback("flickr"), Origin: "https://flickr.example",
			Terms: Terms{Sentence: "The key is for use without profit; whether this is that, only the network can say.", Link: "https://flickr.example/terms", Date: "2026-04", Sure: "inferred"}},
		{Key: "vimeo", Title: "Vimeo", Noun: "like", State: "alive", Proven: "own sandbox only", Auth: "oauth2", NeedsID: true, NeedsSecret: true, Callback: callback("vimeo"),
			Console: "https://developer.vimeo.example/apps", Origin: "https://github.example"},
		{Key: "mastodon", Title: "Mastodon", Noun: "favourite", State: "alive", Proven: "contract", Auth: "oauth2", Ready: true, NeedsID: true, FromSettings: true, Origin: "http://127.0.0.1:9000"},
		{Key: "fivehundredpx", Title: "500px", Noun: "like", State: "retired", Since: "2018-06", Reason: flattery.Say("Its API was closed to everybody."), Proven: "own sandbox only", Auth: "oauth1"},
		{Key: "instagram", Title: "Instagram", Noun: "like", State: "import only", Since: "2018", Reason: flattery.Say("No API lists likes."), Proven: "contract", Auth: "none"},
	}
	w.claims = []flattery.Claim{
		{ID: 1, Account: ada, Identity: author("github", "10308", "ada-w"), Proof: flattery.ByOAuth, ProvedAt: today.Add(-50 * 24 * time.Hour)},
		{ID: 2, Account: ada, Identity: author("github", "99", "kettle-works"), Proof: flattery.ByAdmin, ProvedAt: today.Add(-2 * 24 * time.Hour)},
	}
	w.claims[1].Identity.Organisation = true
	w.addProofs()
	w.apps, w.attempts = map[string]flattery.App{}, map[string]Connecting{"adas": {Account: ada, Network: "github", Purpose: Linking}}
	if rough {
		w.claims = append(w.claims, flattery.Claim{ID: 3, Account: ada, Identity: author("mastodon", "3", hostile[2]), Proof: flattery.ByToken, ProvedAt: today, LapsedAt: today, Reason: flattery.LapsedOther, Page: "https://" + strings.Repeat("long.", 40) + "example/"})
		for i := range w.networks {
			w.networks[i].Reason, w.networks[i].HandleTip, w.networks[i].Terms.Sentence = flattery.Say("%s", hostile[0]), hostile[2][:200], hostile[5]+hostile[0]
			w.networks[i].Terms.Link, w.networks[i].Callback = "javascript:alert(1)", "https://"+strings.Repeat("long.", 40)+"example/"
		}
	}
}

// addProofs adds what is begun, what is not verified any more, and what is disputed.
func (w *world) addProofs() {
	ago := func(days int) time.Time { return today.AddDate(0, 0, -days) }
	for i, n := range w.networks {
		w.networks[i].Proves = n.State != "import only"
		w.networks[i].Provable = n.Key == "github" || n.Key == "flickr" || n.Key == "mastodon"
		w.networks[i].WantsKey = n.Key == "twitter"
	}
	w.claims[0].CheckedAt, w.claims[0].Disputed = ago(50), true
	w.claims[1].CheckedAt = ago(2)
	w.claims = append(w.claims, flattery.Claim{ID: 4, Account: ada, Identity: author("flickr", "12@N00", "ada.w"), Proof: flattery.ByPage, Page: "https://ada.example/me",
		ProvedAt: ago(100), CheckedAt: ago(100), LapsedAt: ago(3), Reason: flattery.LapsedAbsent})
	w.provings = []flattery.Proving{
		{ID: 1, Account: ada, Network: "github", Host: "github.example", Handle: "ada-too", Token: "flattery-k7rmw3hs9dnpx2vqjc5e", MadeAt: ago(1), Expires: today.AddDate(0, 0, 13)},
		{ID: 2, Account: ada, Network: "github", Host: "github.example", Handle: "gone", Token: "flattery-k7rmw3hs9dnpx2vqjc5f", MadeAt: ago(30), Expires: ago(16)},
	}
	w.disputes = []flattery.Dispute{
		{ID: 1, Identity: author("github", "10308", "ada-w"), First: ada, Second: gone, Proof: flattery.ByOAuth, ProvedAt: ago(4), OpenedAt: ago(4), EndsAt: today.AddDate(0, 0, 6)},
		{ID: 2, Identity: author("vimeo", "77", "ada-films"), First: gone, Second: ada, Proof: flattery.ByProfile, ProvedAt: ago(1), OpenedAt: ago(1), EndsAt: today.AddDate(0, 0, 9)},
		{ID: 3, Identity: author("flickr", "9@N00", "ada-photos"), First: ada, Second: gone, Proof: flattery.ByPage, OpenedAt: ago(20), EndsAt: ago(10), DecidedAt: ago(10), Outcome: flattery.OutcomeSecond},
		{ID: 4, Identity: author("flickr", "8@N00", "forgotten-long-ago"), First: ada, Second: gone, Proof: flattery.ByPage, OpenedAt: ago(90), EndsAt: ago(80), DecidedAt: ago(80), Outcome: flattery.OutcomeFirst},
	}
	w.debts = append(w.debts, flattery.Debt{Donor: ada, PayeeName: "disputed-one", Currency: "EUR", Amount: flattery.Unit, Since: w.months[0].Month, Held: flattery.HeldDisputed})
	w.payments = append(w.payments, flattery.Payment{ID: 8, Code: "FLT-7K8-MQ2", Donor: ada, Payee: 8, PayeeName: "held-one", Currency: "EUR", Amount: flattery.Unit,
		Destination: "https://ko-fi.com/held", State: flattery.PaymentPlanned, PlannedAt: ago(9), Held: flattery.HeldUnverified})
}
