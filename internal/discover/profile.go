package discover

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"flattery"
	"flattery/connectors"
)

// The networks at which everybody may read a profile in which people say where they are paid.
const (
	mastodon = "mastodon"
	bluesky  = "bluesky"
	nostr    = "nostr"
)

// said reads what the author's public profile says, at the networks at which it needs no key. What answers for somebody else is nothing.
func (s *search) said(ctx context.Context) {
	if ctx.Err() != nil {
		return
	}
	var p Said
	var page string
	var err error
	switch s.Network {
	case mastodon:
		p, page, err = s.atMastodon(ctx)
	case bluesky:
		p, page, err = s.atBluesky(ctx)
	case nostr:
		p, page, err = s.atNostr(ctx)
	}
	s.trouble(err)
	if err != nil || !slices.Contains(p.IDs, s.Subject) {
		return
	}
	s.keep(flattery.PlaceProfile, page, "", flattery.PlaceByOwner, p.Hits)
	s.keep(flattery.PlaceProfile, page, "", flattery.PlaceUntied, p.Others)
	for _, link := range p.Links[:min(len(p.Links), mostPages)] {
		s.ownPage(ctx, link, p.Pages)
		s.ownManifest(ctx, link, p.Pages)
	}
}

// atMastodon asks the server at which the author is at home: another's copy may be old.
func (s *search) atMastodon(ctx context.Context) (p Said, page string, err error) {
	name, _, _ := strings.Cut(strings.TrimPrefix(s.Handle, "@"), "@")
	at := (&url.URL{Scheme: "https", Host: s.Host, Path: "/api/v1/accounts/lookup", RawQuery: url.Values{"acct": {name}}.Encode()}).String()
	got, err := s.fetch(ctx, at, "", maxText)
	if err != nil || !got.there {
		return p, "", err
	}
	return MastodonAccount(got.text), at, nil
}

// atBluesky asks an AppView for the DID, which stays whatever becomes of the handle.
func (s *search) atBluesky(ctx context.Context) (p Said, page string, err error) {
	if s.Bluesky == "" || !strings.HasPrefix(s.Subject, "did:") {
		return p, "", nil
	}
	at := s.Bluesky + "/xrpc/app.bsky.actor.getProfile?" + url.Values{"actor": {s.Subject}}.Encode()
	got, err := s.fetch(ctx, at, "", maxText)
	if answer, is := errors.AsType[*connectors.AnswerError](err); is && answer.Status == http.StatusBadRequest { // how it says that there is nobody
		return p, "", nil
	}
	if err != nil || !got.there {
		return p, "", err
	}
	return BlueskyProfile(got.text), at, nil
}

func (s *search) atNostr(ctx context.Context) (p Said, page string, err error) {
	if s.Event == nil || !pubkey.MatchString(s.Subject) {
		return p, "", nil
	}
	event, at, err := s.Event(ctx, s.Subject)
	if err != nil {
		return p, "", err
	}
	return NostrProfile(event), at, nil
}
