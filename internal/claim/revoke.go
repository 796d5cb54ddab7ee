package claim

import (
	"context"
	"fmt"
	"time"

	"flattery/connectors"
)

// revoking is how long a network may take to take a token back: somebody waits for the page.
const revoking = 5 * time.Second

// GiveBack gives a token that is no longer needed back to the network, where it takes tokens back. The error is for a log
// only: the link has ended either way.
func GiveBack(ctx context.Context, c connectors.Connector, s connectors.Session) error {
	r, ok := c.(connectors.Revoker)
	if !ok || !s.Token.Has() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, revoking)
	defer cancel()
	if err := r.Revoke(ctx, s); err != nil {
		return fmt.Errorf("claim: %s: give the token back: %w", c.Info().Network, err)
	}
	return nil
}
