package sandbox

import (
	"net/http"
	"testing"
)

func TestLiberapayLeadsOnToWhoHasProvedIt(t *testing.T) {
	w, err := Open(NewClock(october), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Close() }()
	l := w.Liberapay
	l.Prove("github", "Cat", "Cat.pays")
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, v := range []struct {
		path, to string
		status   int
	}{
		{"on/github/cat/public.json", "/Cat.pays/public.json", http.StatusFound},
		{"on/twitter/cat/public.json", "", http.StatusNotFound},
		{"on/github/dog/public.json", "", http.StatusNotFound},
		{"cat.pays/public.json", "", http.StatusOK},
		{"dog/public.json", "", http.StatusNotFound},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, l.Base()+v.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != v.status || resp.Header.Get("Location") != v.to {
			t.Errorf("%s: %d, leads to %q", v.path, resp.StatusCode, resp.Header.Get("Location"))
		}
	}
}
