package discover

import (
	"bytes"
	"encoding/json"
	"net/url"
	"path"
	"strings"

	"flattery"
	"flattery/connectors"
)

// Schema is which kind of funding.json a file of that name is.
type Schema string

// FLOSS/fund alone says where somebody is paid in a way that is read here; the others are told apart and left alone.
const (
	SchemaFLOSS   Schema = "FLOSS/fund"
	SchemaDrips   Schema = "drips"
	SchemaOpRetro Schema = "opRetro"
	SchemaOther   Schema = "other" // JSON of another kind
	SchemaNone    Schema = ""      // no JSON object
)

// Manifest is a funding.json.
type Manifest struct {
	Schema Schema
	Name   string      // of who is paid
	About  []Addressed // whom and what it is about
	Hits   []Hit
}

// Addressed is a page that a manifest speaks of, and where its owner lists which manifests do.
type Addressed struct {
	URL       string `json:"url"`
	WellKnown string `json:"wellKnown"`
}

// ReadManifest reads a funding.json: of FLOSS/fund v1 the channels whose address is one.
func ReadManifest(text []byte) Manifest {
	var top map[string]json.RawMessage
	if len(text) > maxText || json.Unmarshal(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")), &top) != nil || top == nil {
		return Manifest{}
	}
	switch {
	case top["drips"] != nil:
		return Manifest{Schema: SchemaDrips}
	case top["opRetro"] != nil:
		return Manifest{Schema: SchemaOpRetro}
	case top["entity"] == nil || !versionOne(top["version"]):
		return Manifest{Schema: SchemaOther}
	}
	var entity struct {
		Name    phrase
		Webpage Addressed `json:"webpageUrl"`
	}
	var projects []struct {
		Webpage    Addressed `json:"webpageUrl"`
		Repository Addressed `json:"repositoryUrl"`
	}
	var funding struct {
		Channels []struct {
			GUID, Type, Address phrase
		}
	}
	lenient(top["entity"], &entity)
	lenient(top["projects"], &projects)
	lenient(top["funding"], &funding)
	m := Manifest{Schema: SchemaFLOSS, Name: connectors.Clean(string(entity.Name), connectors.MaxName)}
	m.addAbout(entity.Webpage)
	for _, p := range projects {
		m.addAbout(p.Webpage)
		m.addAbout(p.Repository)
	}
	var found hits
	for _, c := range funding.Channels {
		payee, to := canonical(destination(string(c.Address)))
		if m.Name != "" {
			payee = m.Name + " (" + payee + ")"
		}
		found.add("channel "+connectors.Clean(string(c.GUID), connectors.MaxHandle), payee, to)
	}
	m.Hits = found
	return m
}

func (m *Manifest) addAbout(a Addressed) {
	if len(m.About) < maxHits && connectors.WebURL(a.URL) != "" {
		m.About = append(m.About, a)
	}
}

// phrase is a text; anything else is none, and no reason to read nothing.
type phrase string

func (t *phrase) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) == nil {
		*t = phrase(s)
	}
	return nil
}

// UnmarshalJSON takes the bare address that some write in place of an object.
func (a *Addressed) UnmarshalJSON(b []byte) error {
	var one struct{ URL, WellKnown phrase }
	if json.Unmarshal(b, &one) != nil {
		lenient(b, &one.URL)
	}
	a.URL, a.WellKnown = strings.TrimSpace(string(one.URL)), strings.TrimSpace(string(one.WellKnown))
	return nil
}

// lenient reads what can be read.
func lenient(raw json.RawMessage, into any) {
	if raw != nil {
		_ = json.Unmarshal(raw, into) // what does not fit stays as it was
	}
}

func versionOne(raw json.RawMessage) bool {
	var v phrase
	lenient(raw, &v)
	return strings.HasPrefix(strings.TrimPrefix(string(v), "v"), "1.") || v == "1" || v == "v1"
}

// ManifestURLs reads a /.well-known/funding-manifest-urls: an address a line.
func ManifestURLs(text []byte) (urls []string) {
	for line := range strings.Lines(string(text[:min(len(text), maxText)])) {
		if line = strings.TrimSpace(line); connectors.WebURL(line) != "" && strings.HasPrefix(line, "https://") && len(urls) < maxHits {
			urls = append(urls, line)
		}
	}
	return urls
}

// Speaks reports whether a manifest may speak for a page: it stands at the same host, at its path or above; or at GitHub in the
// repository that is called like its user, for whatever is the user's; or the page's own list of manifests names it.
func Speaks(manifest, page string, list []byte) (flattery.PlaceReason, bool) {
	m, errM := url.Parse(manifest)
	p, errP := url.Parse(page)
	if errM != nil || errP != nil || m.Scheme != "https" || p.Scheme != "https" {
		return flattery.PlaceUntied, false
	}
	for _, named := range ManifestURLs(list) {
		if connectors.SamePage(named, manifest) {
			return flattery.PlaceByWellKnown, true
		}
	}
	if owner, ok := repositoryOfUser(m); ok && strings.EqualFold(p.Host, "github.com") {
		first, _, _ := strings.Cut(strings.TrimPrefix(p.Path, "/"), "/")
		if strings.EqualFold(first, owner) {
			return flattery.PlaceByOwner, true
		}
	}
	above := strings.TrimSuffix(path.Dir(path.Clean("/"+m.Path)), "/") + "/"
	if strings.EqualFold(m.Host, p.Host) && !strings.EqualFold(p.Host, "github.com") && !strings.EqualFold(p.Host, rawGitHub) &&
		strings.HasPrefix(strings.TrimSuffix(path.Clean("/"+p.Path), "/")+"/", above) {
		return flattery.PlaceBySite, true
	}
	return flattery.PlaceUntied, false
}

// rawGitHub is where the files of repositories are read.
const rawGitHub = "raw.githubusercontent.com"

// repositoryOfUser is whose a manifest is that stands in github.com/USER/USER.
func repositoryOfUser(m *url.URL) (string, bool) {
	steps := strings.Split(strings.Trim(m.Path, "/"), "/")
	host := strings.ToLower(m.Host)
	if len(steps) < 3 || host != "github.com" && host != rawGitHub || !strings.EqualFold(steps[0], steps[1]) {
		return "", false
	}
	return steps[0], true
}
