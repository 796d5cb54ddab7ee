package notify_test

import (
	"strings"
	"testing"
	"time"

	"flattery"
	"flattery/internal/notify"
	"flattery/internal/web"
)

func TestEveryNoticeHasWordsAndAPage(t *testing.T) {
	words, err := web.NewVoices(time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	october, err := flattery.ParseMonth("2026-10")
	if err != nil {
		t.Fatal(err)
	}
	money := func(k flattery.NoticeKind, n int) flattery.Notice {
		return flattery.Notice{Kind: k, Month: october, Amount: 5 * flattery.Unit, Currency: "EUR", Count: n, Word: "FLT-1"}
	}
	who := func(k flattery.NoticeKind, word string) flattery.Notice {
		return flattery.Notice{Kind: k, Network: "github", Who: "oc\u202eto\ncat", Word: word, Until: start}
	}
	for name, row := range map[string]struct {
		n                flattery.Notice
		en, de, fr, path string
		prepaid          bool
	}{
		"a month": {n: money(flattery.NoticeMonth, 12), en: "October 2026 is settled: €5.00 for 12 flattrs", de: "Oktober 2026 ist abgerechnet: 5,00\u00a0€ für 12\u00a0Flattrs",
			fr: "Réglé\u00a0: octobre 2026, 5,00\u00a0€ pour 12\u00a0flattrs", path: "/months/2026-10"},
		"a slip": {n: money(flattery.NoticeSlips, 1), en: "1 slip to pay: €5.00", de: "1\u00a0Zahlschein zu bezahlen: 5,00\u00a0€", fr: "1\u00a0bordereau à payer\u00a0: 5,00\u00a0€", path: "/slips"},
		"slips, paid by the house": {n: money(flattery.NoticeSlips, 2), prepaid: true, en: "2 payments are prepared: €5.00", de: "2\u00a0Zahlungen sind vorbereitet: 5,00\u00a0€",
			fr: "2\u00a0paiements sont préparés\u00a0: 5,00\u00a0€", path: "/slips"},
		"an author who can be paid now": {n: flattery.Notice{Kind: flattery.NoticeAuthor, Month: october, Count: 4, Network: "github", Who: "octo\u202e cat"}, en: "octo cat can be paid: 4 flattrs that waited count",
			de: "octo cat kann bezahlt werden: 4\u00a0Flattrs, die gewartet haben, zählen", fr: "octo cat peut être payé\u00a0: 4\u00a0flattrs qui attendaient comptent", path: "/months/2026-10"},
		"an income": {n: money(flattery.NoticeIncome, 3), en: "October 2026 brought you €5.00, from 3 flattrs", de: "Oktober 2026 brachte Ihnen 5,00\u00a0€, aus 3\u00a0Flattrs",
			fr: "5,00\u00a0€ pour vous (octobre 2026), de 3\u00a0flattrs", path: "/income/2026-10"},
		"sent":      {n: money(flattery.NoticeSent, 0), en: "€5.00 is on its way to you", de: "5,00\u00a0€ sind zu Ihnen unterwegs", fr: "5,00\u00a0€ en route vers vous", path: "/income"},
		"paid":      {n: money(flattery.NoticePaid, 0), en: "€5.00 was paid to you", de: "5,00\u00a0€ wurden Ihnen gezahlt", fr: "5,00\u00a0€ vous a été payé", path: "/income"},
		"came back": {n: money(flattery.NoticeReturned, 0), en: "€5.00 paid to you came back", de: "5,00\u00a0€, die Ihnen gezahlt wurden, kamen zurück", fr: "5,00\u00a0€ qui vous était payé est revenu", path: "/income"},
		"means":     {n: money(flattery.NoticeMeans, 0), en: "€5.00 has arrived", de: "5,00\u00a0€ sind eingegangen", fr: "5,00\u00a0€ est arrivé", path: "/slips"},
		"stopped":   {n: who(flattery.NoticeStopped, "gone"), en: "octo cat at github is not read any more", de: "octo cat bei github wird nicht mehr gelesen", fr: "octo cat sur github n’est plus lu", path: "/links"},
		"stopped, for no known reason": {n: who(flattery.NoticeStopped, "?"), en: "octo cat at github is not read any more", de: "octo cat bei github wird nicht mehr gelesen",
			fr: "octo cat sur github n’est plus lu", path: "/links"},
		"verified": {n: who(flattery.NoticeVerified, ""), en: "octo cat at github is yours", de: "octo cat bei github gehört Ihnen", fr: "octo cat sur github est à vous", path: "/identities"},
		"lapsed":   {n: who(flattery.NoticeLapsed, flattery.LapsedGone), en: "octo cat at github is no longer verified", de: "octo cat bei github ist nicht mehr bestätigt", fr: "octo cat sur github n’est plus vérifié", path: "/identities"},
		"disputed": {n: who(flattery.NoticeDisputed, ""), en: "Another account says that octo cat at github is its own", de: "Ein anderes Konto sagt, octo cat bei github gehöre ihm",
			fr: "Un autre compte dit que octo cat sur github est à lui", path: "/identities"},
		"a slip that was voided": {n: money(flattery.NoticeVoided, 0), en: "A slip over €5.00 was voided, and your giving is paused", de: "Ein Zahlschein über 5,00\u00a0€ ist verfallen, und Ihr Geben ist pausiert",
			fr: "Un bordereau de 5,00\u00a0€ est annulé, et vos dons sont en pause", path: "/settings"},
		"what does not come": {n: money(flattery.NoticeLost, 0), en: "€5.00 promised to you will not come", de: "5,00\u00a0€, die Ihnen versprochen waren, kommen nicht",
			fr: "5,00\u00a0€ qui vous était promis ne viendra pas", path: "/income"},
		"what others paid in vain": {n: flattery.Notice{Kind: flattery.NoticeLost, Month: october, Amount: flattery.Unit, Currency: "EUR"}, en: "€1.00 promised to you is promised no longer",
			de: "1,00\u00a0€, die Ihnen versprochen waren, sind es nicht mehr", fr: "1,00\u00a0€ qui vous était promis ne l’est plus", path: "/income"},
		"what is one's own again": {n: flattery.Notice{Kind: flattery.NoticeHomeless, Month: october, Amount: 5 * flattery.Unit, Currency: "EUR", Network: "github", Who: "octo cat", Word: "A"}, en: "€5.00 for octo cat is yours again",
			de: "5,00\u00a0€ für octo cat gehören wieder Ihnen", fr: "5,00\u00a0€ pour octo cat\u00a0: c’est de nouveau à vous", path: "/slips"},
		"what comes late":        {n: money(flattery.NoticeLate, 0), en: "€5.00 comes later than planned", de: "5,00\u00a0€ kommen später als geplant", fr: "5,00\u00a0€ viendra plus tard que prévu", path: "/income"},
		"a dispute that was won": {n: who(flattery.NoticeKept, ""), en: "octo cat at github stays yours", de: "octo cat bei github bleibt Ihres", fr: "octo cat sur github reste à vous", path: "/identities"},
		"a dispute that was lost": {n: who(flattery.NoticeGone, ""), en: "octo cat at github is another account’s now", de: "octo cat bei github gehört jetzt einem anderen Konto",
			fr: "octo cat sur github est désormais à un autre compte", path: "/identities"},
		"a dispute in vain": {n: who(flattery.NoticeRefused, ""), en: "octo cat at github stays with the other account", de: "octo cat bei github bleibt bei dem anderen Konto",
			fr: "octo cat sur github reste à l’autre compte", path: "/identities"},
		"a webhook": {n: who(flattery.NoticeHook, ""), en: "The webhook at octo cat was turned off", de: "Der Webhook bei octo cat wurde abgeschaltet", fr: "Le webhook de octo cat a été désactivé", path: notify.MessagesPath},
		"a test":    {n: flattery.Notice{Kind: flattery.NoticeTest}, en: "A test", de: "Ein Versuch", fr: "Un essai", path: notify.MessagesPath},
	} {
		t.Run(name, func(t *testing.T) {
			teller := &notify.Teller{Words: words, Prepaid: row.prepaid}
			for language, title := range map[string]string{"en": row.en, "de": row.de, "fr": row.fr, "": row.en, "tlh": row.en} {
				l, err := teller.Line(language, row.n)
				if err != nil || l.Title != title || l.Path != row.path || l.Text == "" || strings.ContainsAny(l.Title+l.Text, "{}\n\u202e") {
					t.Errorf("%s: %+v, %v", language, l, err)
				}
			}
		})
	}
}
