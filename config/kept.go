package config

import (
	"maps"
	"slices"

	"flattery"
)

// Where a setting is from that nobody made, and one that was made in the pages.
const (
	Default  = "default"
	Database = "database"
)

// House names the settings that may be made in the pages and are kept in the database.
func House() []string {
	var names []string
	for _, s := range settings(Options{}) {
		if s.house {
			names = append(names, s.name)
		}
	}
	return names
}

// Usual is the default of a setting of the house.
func Usual(name string) string {
	for _, s := range settings(Options{}) {
		if s.name == name {
			return s.value
		}
	}
	return ""
}

// With is the Config as it is where the database keeps these settings: they lie over the defaults, and below everything else. Those
// of an earlier With are forgotten. Its error is an *Error.
func (c *Config) With(kept map[string]string) (*Config, error) {
	l := *c.read
	l.values, l.from, l.mistakes, l.warnings = c.read.values.Copy(), maps.Clone(c.read.from), nil, slices.Clone(c.read.warnings)
	at := place{where: Database}
	known := map[string]bool{}
	for _, s := range l.known {
		if known[s.name] = s.house; !s.house {
			continue
		}
		switch from := l.from[s.name].where; {
		case from != Default && from != Database: // who runs the machine has said it
		case kept[s.name] != "":
			l.layer(layer{s.name: {text: kept[s.name], place: at}})
		default:
			l.layer(layer{s.name: {text: s.value, place: place{where: Default}}})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(kept)) {
		if !known[name] { // of another version of this program
			l.warnings = append(l.warnings, flattery.Say("%s: %s: is no setting that is made in the pages; it is passed over", Database, oneLine(name)))
		}
	}
	made := *c
	for _, s := range l.known {
		if !s.house {
			continue
		}
		if err := s.read(&made, l.text(s.name)); err != nil {
			l.refuse(l.from[s.name], flattery.Say("%s: %v", s.name, err))
		}
	}
	said := l.warnings // those of settings that do not go together were said when the file was read
	l.cross(&made)
	l.warnings = said
	if err := l.mistakes.err(); err != nil {
		return nil, err
	}
	made.Warnings, made.origins, made.read = l.warnings, l.origins(&made), &l
	return &made, nil
}
