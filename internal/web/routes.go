package web

import (
	"slices"
)

// access is who may use a route.
type access int

// Anyone, or only who is signed in: a stranger who reads is led to the start, one who commands is refused. Admins are
// members who run the instance; for others there is nothing there.
const (
	anyone access = iota
	members
	admins
)

// A route is one page or one command. The handlers of members find the account in the visit and hand it to the store
// with every question.
type route struct {
	pattern string
	access  access
	handle  func(*visit) (view, error)
}

// routes are all pages and commands there are.
func (s *site) routes() []route {
	return slices.Concat(s.entrance(), s.month(), s.networking(), s.owning(), s.running())
}

// entrance is where strangers come in, and what everybody sees.
func (s *site) entrance() []route {
	return []route{
		{"GET /{$}", anyone, s.start},
		{"GET /signin", anyone, s.signinPage},
		{"POST /signin", anyone, s.signin},
		{"POST /signin/network", anyone, s.signinNetwork},
		{"POST /signin/passkey", anyone, s.signinPasskey},
		{"POST /signin/passkey/begin", anyone, s.askSignin},
		{"GET /invite/{token}", anyone, s.invitePage},
		{"POST /invite/{token}", anyone, s.accept},
		{"POST /invite/{token}/passkey/begin", anyone, s.askInvite},
		{"GET /oauth/cb/{network}/{host}", anyone, s.callback},
		{"GET /enter/{token}", anyone, s.door},
		{"POST /enter/{token}", anyone, s.enter},
		{"POST /leave", anyone, s.leave},
		{"POST /language", anyone, s.language},
		{"GET /terms", anyone, s.terms},
		{"GET /submit/auto", anyone, s.submit},
		{"POST /submit/auto", members, s.press},
		{"GET /button", anyone, s.button},
		{"POST /button/public", members, s.publish},
		{"GET /p/{name}", anyone, s.public},
		{"GET /c/{token}", anyone, s.claimLinkPage},
		{"POST /c/{token}", anyone, s.follow},
		{"POST /c/{token}/token", anyone, s.showToken},
		{"POST /c/{token}/look", anyone, s.lookShown},
		{"GET /feed/{token}", anyone, s.feed},
		{"GET /mail/confirm/{token}", anyone, s.confirmPage},
		{"POST /mail/confirm/{token}", anyone, s.confirmMail},
		{"GET /mail/end/{token}", anyone, s.endPage},
		{"POST /mail/end/{token}", anyone, s.endMail},
	}
}

// month is what a donor gives.
func (s *site) month() []route {
	return []route{
		{"GET /welcome", members, s.welcome},
		{"GET /month", members, s.thisMonth},
		{"POST /flattrs/{id}/remove", members, s.removeFlattr},
		{"POST /flattrs/{id}/restore", members, s.restoreFlattr},
		{"GET /flattrs/{id}", members, s.flattr},
		{"POST /flattrs/{id}/subscribe", members, s.subscribe},
		{"GET /subscriptions", members, s.subscriptions},
		{"POST /subscriptions/{id}/stop", members, s.stopSubscription},
		{"GET /months", members, s.months},
		{"GET /months/{month}", members, s.oneMonth},
		{"GET /months/{month}/statement.csv", members, s.statementCSV},
		{"GET /authors", members, s.authors},
		{"POST /authors", members, s.tellAuthors},
		{"GET /slips", members, s.pay},
		{"GET /slips/{id}", members, s.slipPage},
		{"GET /slips/{id}/code.svg", members, s.slipCode},
		{"POST /slips/{id}/{state}", members, s.markSlip},
		{"POST /slips/{id}/invoice", members, s.askInvoice},
		{"POST /slips/{id}/invoice/check", members, s.checkInvoice},
		{"GET /slips/sponsors", members, s.sponsors},
		{"POST /slips/sponsors", members, s.makeSponsors},
		{"GET /slips/sponsors/file.csv", members, s.sponsorsFile},
		{"POST /slips/sponsors/paid", members, s.sponsorsPaid},
	}
}

// networking is where likes come from.
func (s *site) networking() []route {
	return []route{
		{"GET /links", members, s.links},
		{"POST /links", members, s.linkByName},
		{"GET /links/{id}", members, s.rules},
		{"POST /links/{id}", members, s.saveRules},
		{"POST /links/{id}/never", members, s.never},
		{"POST /links/{id}/allow", members, s.allow},
		{"POST /links/{id}/remove", members, s.unlink},
		{"GET /networks/{network}", members, s.networkState},
		{"GET /import", members, s.importPage},
		{"POST /import", members, s.upload},
		{"POST /connect", members, s.connect},
		{"GET /oauth/code", members, s.codePage},
		{"POST /oauth/code", members, s.enterCode},
	}
}

// owning is what is one's own, and how one is known.
func (s *site) owning() []route {
	return []route{
		{"GET /identities", members, s.identities},
		{"GET /identities/{network}/prove", members, s.provePage},
		{"POST /identities/{network}/prove", members, s.beginProof},
		{"POST /proofs/{id}/look", members, s.lookProof},
		{"POST /proofs/{id}/remove", members, s.removeProof},
		{"GET /claims/{id}", members, s.claimed},
		{"POST /claims/{id}/check", members, s.checkClaim},
		{"POST /claims/{id}/remove", members, s.unclaim},
		{"GET /income", members, s.income},
		{"POST /income/destination", members, s.setDestination},
		{"POST /income/trial", members, s.tryDestination},
		{"POST /income/trial/number", members, s.proveDestination},
		{"GET /income/{month}", members, s.earnings},
		{"GET /income/{month}/income.csv", members, s.earningsCSV},
		{"GET /settings", members, s.settings},
		{"POST /settings", members, s.saveSettings},
		{"POST /settings/language", members, s.setLanguage},
		{"GET /settings/export.zip", members, s.export},
		{"POST /settings/forget", members, s.forget},
		{"GET /settings/messages", members, s.messages},
		{"POST /settings/messages/mail", members, s.askMail},
		{"POST /settings/messages/mail/wish", members, s.wishMail},
		{"POST /settings/messages/mail/forget", members, s.forgetMail},
		{"POST /settings/messages/feed", members, s.makeFeed},
		{"POST /settings/messages/feed/end", members, s.endFeed},
		{"POST /settings/messages/hooks", members, s.addHook},
		{"POST /settings/messages/hooks/{id}/test", members, s.testHook},
		{"POST /settings/messages/hooks/{id}/rotate", members, s.rotateHook},
		{"POST /settings/messages/hooks/{id}/remove", members, s.removeHook},
		{"GET /stepup", members, s.stepupPage},
		{"POST /stepup", members, s.stepup},
		{"POST /stepup/network", members, s.stepupNetwork},
		{"POST /stepup/passkey", members, s.stepupPasskey},
		{"POST /stepup/passkey/begin", members, s.askProof},
		{"GET /settings/security", members, s.security},
		{"POST /settings/security/password", members, s.setPassword},
		{"POST /settings/security/passkeys", members, s.addPasskey},
		{"POST /settings/security/passkeys/begin", members, s.askKey},
		{"POST /settings/security/passkeys/{id}/remove", members, s.removePasskey},
		{"POST /settings/security/sessions/end", members, s.endSessions},
		{"POST /settings/security/sessions/{id}/end", members, s.endSession},
	}
}

// running is for who runs the instance.
func (s *site) running() []route {
	return []route{
		{"GET /networks/{network}/keys", admins, s.keys},
		{"POST /networks/{network}/keys", admins, s.saveKeys},
		{"POST /networks/{network}/keys/test", admins, s.testKeys},
		{"GET /admin/disputes", admins, s.disputes},
		{"POST /admin/disputes/{id}/{outcome}", admins, s.decide},
		{"GET /admin/health", admins, s.health},
		{"GET /admin/months", admins, s.adminMonths},
		{"POST /admin/audit", admins, s.audit},
		{"GET /admin/payments", admins, s.payments},
		{"POST /admin/payments/batches", admins, s.sendBatch},
		{"GET /admin/payments/batches/{id}/file", admins, s.batchFile},
		{"POST /admin/payments/{id}/{state}", admins, s.markHouse},
		{"GET /admin/bank", admins, s.bank},
		{"POST /admin/bank", admins, s.takeStatement},
		{"POST /admin/bank/{id}", admins, s.resolve},
		{"GET /admin/instance", admins, s.instance},
		{"GET /admin/policy", admins, s.rulesOfAll},
		{"POST /admin/policy", admins, s.savePolicy},
		{"GET /setup", admins, s.setup},
		{"GET /setup/{step}", admins, s.setupStep},
		{"POST /setup/{step}", admins, s.saveSetup},
		{"GET /admin/accounts", admins, s.accounts},
		{"POST /admin/accounts/{id}/role", admins, s.setRole},
		{"POST /admin/invites", admins, s.invite},
		{"POST /admin/invites/{id}/end", admins, s.endInvite},
	}
}
