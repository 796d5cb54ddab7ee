// Package closed says of networks that cannot be polled how it stands with them, since when and what works instead. They are
// data: nothing is ever asked of them.
package closed

import (
	"context"
	"fmt"
	"iter"
	"time"

	"flattery"
	"flattery/connectors"
)

// All lists these networks.
func All() connectors.Set {
	return connectors.Set{
		network{
			Network: "instagram", Title: "Instagram", Host: "instagram.com", Noun: "like",
			State: connectors.ImportOnly, Since: "2018-04-04",
			Reason: flattery.Say("Instagram took the list of what one likes out of its API in April 2018 and has offered none since; what remains is " +
				"your own export file, which tells what you liked and when."),
			Terms: connectors.Terms{Sentence: "Today's API of Instagram is for business and creator accounts and lists no likes.",
				Link: "https://developers.facebook.com/docs/instagram-platform", Date: "2024-12-04", Sure: "Meta's changelogs; the day in April 2018 is not confirmed"},
			HandleTip: "instagram",
		},
		network{
			Network: "facebook", Title: "Facebook", Host: "facebook.com", Noun: "like",
			State: connectors.ImportOnly, Since: "2022-05",
			Reason: flattery.Say("Facebook's API lists the Pages that one likes but no posts, and not for the use of paying anybody; what remains is " +
				"your own export file, which tells when, and of authors the name alone."),
			Terms: connectors.Terms{Sentence: "The permission user_likes is for personalising what somebody sees, sharing of tastes, and parental monitoring.",
				Link: "https://developers.facebook.com/docs/permissions", Date: "2022-05", Sure: "the changelog of version 14"},
			HandleTip: "zuck",
		},
		network{
			Network: "appnet", Title: "App.net", Host: "app.net", Noun: "star",
			State: connectors.Retired, Since: "2017-03-14",
			Reason:    flattery.Say("App.net shut down on 14 March 2017 and deleted what was there, so that nothing is left to link."),
			HandleTip: "berg",
		},
		network{
			Network: "dailymotion", Title: "Dailymotion", Host: "dailymotion.com", Noun: "like",
			State: connectors.Forbidden, Since: "2026-07",
			Reason: flattery.Say("Dailymotion gives only partners a key that lets people sign in, and its new API has no sign-in yet, so that nothing " +
				"can be linked until it has one."),
			Terms: connectors.Terms{Sentence: "Version 2 of the API knows private keys without users only; public keys with sign-in are announced.",
				Link: "https://developers.dailymotion.com/", Date: "2026-07", Sure: "Dailymotion's documentation; that it lists likes to partners was not tried"},
			HandleTip: "dailymotion",
		},
	}
}

// network is one of them.
type network connectors.Info

// Info describes the network.
func (n network) Info() connectors.Info {
	i := connectors.Info(n)
	i.Auth, i.Feed, i.Interval, i.Proven = connectors.AuthNone, connectors.Unordered, 24*time.Hour, connectors.ProvenNone
	return i
}

// Identify always answers ErrForbidden.
func (n network) Identify(context.Context, connectors.Session) (flattery.Profile, error) {
	return flattery.Profile{}, n.refusal()
}

// Likes always answers ErrForbidden.
func (n network) Likes(context.Context, connectors.Session, flattery.Cursor) iter.Seq2[connectors.Page, error] {
	return func(yield func(connectors.Page, error) bool) { yield(connectors.Page{}, n.refusal()) }
}

func (n network) refusal() error { return fmt.Errorf("%w: %s", connectors.ErrForbidden, n.Reason) }
