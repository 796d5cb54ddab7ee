package sandbox

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// Agree does in a browser's place what a person does who is asked whether a program may come in: it signs in at the page
// of a network of this sandbox, presses "Authorize", and tells where the browser is sent then. The program has to read
// that address itself.
func Agree(ctx context.Context, page, login string) (*url.URL, error) {
	at, err := url.Parse(page)
	if err != nil {
		return nil, fmt.Errorf("sandbox: agree: %w", err)
	}
	form := at.Query()
	form.Set("login", login)
	form.Set("answer", "yes")
	at.RawQuery = ""
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, at.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return nil, fmt.Errorf("sandbox: agree: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("sandbox: agree: %w", err)
	}
	defer resp.Body.Close()
	back, err := resp.Location()
	if err != nil {
		return nil, fmt.Errorf("sandbox: agree: %s at %s does not lead back (%s)", login, at, resp.Status)
	}
	return back, nil
}
