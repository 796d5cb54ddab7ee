package main

import (
	"context"
	"errors"
	"fmt"

	"flattery"
	"flattery/connectors"
	"flattery/internal/discover"
)

// reachAccount reads somebody's stars together with what the network shows beside each, so that none of them is asked for again.
func (p *program) reachAccount(ctx context.Context, in *instance, finder *discover.Finder, network, handle string) (*reachAnswer, error) {
	byFile := fmt.Sprintf("flattery likes %s:%s --limit 0 --places=false --json > likes.json, then flattery reach likes.json", network, plain(handle))
	c, err := in.enabled.Get(network)
	if err != nil {
		return nil, err
	}
	from, is := c.(connectors.Shower)
	if !is {
		return nil, flattery.Input("%s does not tell with somebody's likes who is paid for them: %s", c.Info().Title, byFile)
	}
	l, err := finder.Liked(ctx, from, network, handle)
	switch {
	case errors.Is(err, connectors.ErrKey):
		return nil, flattery.Input("the stars of an account are read with a token: set networks.%s.key to one of any account, without permissions; or without a token: %s", network, byFile)
	case errors.Is(err, connectors.ErrUnauthorized):
		return nil, flattery.Input("%s does not take the token networks.%s.key: make a new one, without permissions, and set that", c.Info().Title, network)
	case errors.Is(err, connectors.ErrGone):
		return nil, flattery.Input("%s knows nobody called %q who could have stars: check the spelling", c.Info().Title, handle)
	case err != nil:
		return nil, advised(c.Info(), err)
	case l.Read == 0:
		return nil, flattery.Input("%s has no stars that everybody may see", l.Who)
	}
	if l.Why != nil {
		p.say("%s", plainLine(advised(c.Info(), l.Why).Error()))
	}
	if l.More {
		p.say("The newest %d of %s were read.", l.Read, count(max(l.All, l.Read), c.Info().Noun))
	}
	a, err := p.measure(ctx, finder, l.Authors)
	if err != nil {
		return nil, err
	}
	for i := range a.Who {
		a.liked(i, l.Likes[a.Who[i].Author.Identity])
	}
	a.Of, a.More = &l.Who, l.More
	return a, nil
}
