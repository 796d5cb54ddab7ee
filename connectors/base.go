package connectors

import (
	"net/url"
	"strings"

	"flattery"
)

// Base is the address of a network's API as the setting networks.NETWORK.base says, ending in a slash; "" is the
// network's own, usual. Site is where its pages for people and for OAuth stand: home at the usual address, and the root
// of the same host everywhere else, as in a sandbox.
func Base(network, base, usual, home string) (api *url.URL, site string, err error) {
	if base == "" {
		base = usual
	}
	api, err = url.Parse(base)
	if err != nil || api.Scheme != "https" && api.Scheme != "http" || api.Hostname() == "" || api.User != nil || api.RawQuery != "" {
		return nil, "", flattery.Input("networks.%s.base is not the address of an API: leave it empty, or write it like %s", network, usual)
	}
	if !strings.HasSuffix(api.Path, "/") {
		api.Path += "/"
	}
	if api.String() == usual {
		return api, home, nil
	}
	return api, api.Scheme + "://" + api.Host, nil
}
