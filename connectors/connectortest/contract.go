package connectortest

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// Contract is a vendor's own description of its API, against which requests are held. It may be used by many at once.
type Contract struct {
	server *url.URL
	router routers.Router

	mu      sync.Mutex
	excused map[string]string // path or ?parameter → why it may be asked for all the same
	used    map[string]bool   // excuses that were needed
	asked   map[string]bool   // paths of the contract
}

// OpenAPI reads such a description from the shared files; server is the address it describes ("https://api.github.com").
func OpenAPI(t testing.TB, server string, elem ...string) *Contract {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile(Shared(t, elem...))
	if err != nil {
		t.Fatal(err)
	}
	doc.Security, doc.Servers = nil, nil
	for _, item := range doc.Paths.Map() {
		for _, op := range item.Operations() {
			op.Security = nil // whose token it is, the network says and not its contract
		}
	}
	// This router does not ask whether the description is valid: those of vendors have slips that say nothing of requests.
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	return &Contract{server: u, router: router, excused: map[string]string{}, used: map[string]bool{}, asked: map[string]bool{}}
}

// Excuse lets a path ("/login/oauth/token") or a parameter ("?fields") be asked for that the description does not have,
// and says why.
func (c *Contract) Excuse(path, why string) { c.excused[path] = why }

// Check holds one request against the contract, as a fake server got it. A parameter that it does not name is refused too.
func (c *Contract) Check(r *http.Request) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.excused[r.URL.Path] != "" {
		c.used[r.URL.Path] = true
		return nil
	}
	there := r.Clone(r.Context())
	address := *r.URL
	address.Scheme, address.Host = c.server.Scheme, c.server.Host
	there.URL, there.Host, there.RequestURI = &address, c.server.Host, ""
	route, params, err := c.router.FindRoute(there)
	if err != nil {
		return fmt.Errorf("%s %s: %w", r.Method, r.URL.Path, err)
	}
	c.asked[route.Method+" "+route.Path] = true
	var known []string
	for _, p := range slices.Concat(route.PathItem.Parameters, route.Operation.Parameters) {
		known = append(known, p.Value.Name)
	}
	for name := range r.URL.Query() {
		if !slices.Contains(known, name) && c.excused["?"+name] != "" {
			c.used["?"+name] = true
		} else if !slices.Contains(known, name) {
			err = errors.Join(err, fmt.Errorf("%s %s has no parameter %q", route.Method, route.Path, name))
		}
	}
	return errors.Join(err, openapi3filter.ValidateRequest(r.Context(), &openapi3filter.RequestValidationInput{Request: there, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc}}))
}

// Asked lists what of the contract was asked for ("GET /user"), so that a test can show that it shows something.
func (c *Contract) Asked() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Sorted(maps.Keys(c.asked))
}

// Idle lists the excuses that nothing needed.
func (c *Contract) Idle() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var idle []string
	for path := range c.excused {
		if !c.used[path] {
			idle = append(idle, path)
		}
	}
	return idle
}
