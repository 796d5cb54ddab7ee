package discover

import (
	"context"
	"errors"
	"strings"

	"flattery"
	"flattery/connectors"
)

// files reads the files that stand beside an author's things.
func (s *search) files(ctx context.Context) {
	c, err := s.Networks.Get(s.Network)
	if err != nil {
		return
	}
	funder, ok := c.(connectors.Funder)
	if !ok {
		return
	}
	for i, f := range s.Shown[:min(len(s.Shown), mostThings)] {
		s.links(i, f)
	}
	done := map[string]bool{}
	for _, at := range funder.FundingFiles(s.Profile, s.Things) {
		if ctx.Err() != nil {
			return
		}
		if done[at.Group] || len(s.Shown) > 0 && at.Form == connectors.FormFunding {
			continue
		}
		got, err := s.fetch(ctx, at.URL, s.etag(at.URL), limitOf(at.Form))
		s.trouble(err)
		if err != nil || !got.there {
			if _, limited := errors.AsType[*connectors.RateLimitError](err); limited {
				return
			}
			continue
		}
		done[at.Group] = true
		s.file(ctx, funder, at, got)
	}
}

func limitOf(form connectors.FundingForm) int64 {
	if form == connectors.FormPackage {
		return maxPackage
	}
	return maxText
}

// links are what the network itself shows beside one of the things. Whose that is need not be asked again.
func (s *search) links(n int, f connectors.Funding) {
	reason, page := s.judge(f.Holder, f.Copied), s.URL
	if n < len(s.Things) {
		page = s.Things[n].URL
		s.holders[s.Things[n].Title] = reason
	}
	if f.Listed != "" && reason != flattery.PlaceOthers {
		var listed hits
		listed.addAddress("listing", f.Listed)
		s.keep(flattery.PlaceNetwork, f.Listed, "", flattery.PlaceByNetwork, listed)
	}
	var found hits
	for _, l := range f.Links {
		found.addAddress("fundingLinks", l)
	}
	s.keep(flattery.PlaceFile, page, "", reason, found)
}

// judge says whether what stands within somebody's is the author's own word.
func (s *search) judge(holder flattery.Profile, copied bool) flattery.PlaceReason {
	switch {
	case holder.Identity != s.Identity && (!s.Trust || !strings.EqualFold(holder.Handle, s.Handle)):
		return flattery.PlaceOthers
	case copied:
		return flattery.PlaceFork
	}
	return flattery.PlaceByOwner
}

// within asks whose it is where a file stands; once.
func (s *search) within(ctx context.Context, funder connectors.Funder, within string) flattery.PlaceReason {
	if reason, asked := s.holders[within]; asked {
		return reason
	}
	if owner, _, _ := strings.Cut(within, "/"); s.Trust && strings.EqualFold(owner, s.Handle) {
		return flattery.PlaceByOwner
	}
	session := connectors.Session{Client: s.Client, Now: s.Now()}
	var err error
	if session.App, err = s.App(ctx, s.Network); err == nil {
		if err = s.Pace.wait(ctx, "of "+s.Network, s.Now()); err == nil {
			var holder flattery.Profile
			var copied bool
			holder, copied, err = funder.Holder(ctx, session, within)
			s.Pace.heard("of "+s.Network, s.Now(), err)
			switch {
			case err == nil:
				s.holders[within] = s.judge(holder, copied)
				return s.holders[within]
			case errors.Is(err, connectors.ErrGone):
				s.holders[within] = flattery.PlaceOthers
				return flattery.PlaceOthers
			}
		}
	}
	s.trouble(err)
	s.holders[within] = flattery.PlaceUnproved
	return flattery.PlaceUnproved
}

// file keeps what a file says. Whose it is, is asked only where it says something.
func (s *search) file(ctx context.Context, funder connectors.Funder, at connectors.FundingFile, got file) {
	source := map[connectors.FundingForm]flattery.PlaceSource{
		connectors.FormFunding: flattery.PlaceFile, connectors.FormManifest: flattery.PlaceManifest, connectors.FormPackage: flattery.PlacePackage}[at.Form]
	if at.Default && at.Form == connectors.FormFunding {
		source = flattery.PlaceDefault
	}
	var list []Hit
	switch {
	case got.same:
		for _, p := range s.Known {
			if p.Page == at.URL && p.Source == source {
				list = append(list, Hit{Key: string(at.Form), Payee: p.Payee, Destination: p.Destination})
			}
		}
	case at.Form == connectors.FormFunding:
		list = FundingFile(got.text)
	case at.Form == connectors.FormManifest:
		list = ReadManifest(got.text).Hits
	case at.Form == connectors.FormPackage:
		list = PackageJSON(got.text)
	case at.Form == connectors.FormManifests:
		s.manifests(ctx, funder, at, got.text)
		return
	}
	if len(list) > 0 {
		s.keep(source, at.URL, got.etag, s.within(ctx, funder, at.Within), list)
	}
}

// manifests reads those that a list names. The list is believed as far as it is the author's own.
func (s *search) manifests(ctx context.Context, funder connectors.Funder, at connectors.FundingFile, list []byte) {
	urls := ManifestURLs(list)
	for _, address := range urls[:min(len(urls), mostThings)] {
		got, err := s.fetch(ctx, address, "", maxText)
		s.trouble(err)
		if err != nil || !got.there {
			continue
		}
		m := ReadManifest(got.text)
		if len(m.Hits) == 0 {
			continue
		}
		reason := s.within(ctx, funder, at.Within)
		if reason == flattery.PlaceByOwner {
			reason, _ = Speaks(address, at.Page, list)
		}
		s.keep(flattery.PlaceManifest, address, got.etag, reason, m.Hits)
	}
}

// etag is what a page answered with the last time.
func (s *search) etag(page string) string {
	for _, p := range s.Known {
		if p.Page == page {
			return p.ETag
		}
	}
	return ""
}
