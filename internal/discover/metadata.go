package discover

import (
	"bytes"
	"encoding/json"

	"github.com/pelletier/go-toml/v2"
)

// PackageJSON reads the field "funding" of a package.json or composer.json: an address, an object with one, or a list of these.
func PackageJSON(text []byte) []Hit {
	var top struct {
		Funding json.RawMessage `json:"funding"`
	}
	if len(text) > maxPackage || json.Unmarshal(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")), &top) != nil {
		return nil
	}
	var list []json.RawMessage
	if json.Unmarshal(top.Funding, &list) != nil {
		list = []json.RawMessage{top.Funding}
	}
	var found hits
	for _, raw := range list {
		var one struct{ Type, URL phrase }
		if json.Unmarshal(raw, &one) != nil {
			lenient(raw, &one.URL)
		}
		found.addAddress("funding", string(one.URL))
	}
	return found
}

// maxPackage is how long such a file may be, in bytes.
const maxPackage = 256 << 10

// PyProject reads the addresses under project.urls of a pyproject.toml that are called Funding, Sponsor or Donate.
func PyProject(text []byte) []Hit {
	var top struct {
		Project struct {
			URLs map[string]any `toml:"urls"`
		} `toml:"project"`
	}
	if len(text) > maxPackage || toml.Unmarshal(text, &top) != nil {
		return nil
	}
	var found hits
	for _, key := range []string{"Funding", "funding", "Sponsor", "sponsor", "Sponsors", "Donate", "donate", "Donation"} {
		if s, ok := top.Project.URLs[key].(string); ok {
			found.addAddress(key, s)
		}
	}
	return found
}
