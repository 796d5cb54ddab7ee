package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
)

// reserved are variables that are no settings: where the file is, and what tests look at.
const reserved = "CONFIG ARTEFACTS AXE CI HTMLVALIDATE LONG POSTGRES SEED SHARED TEST_DATABASE TOWN"

// maxValue is the longest value that a file of a FLATTERY_*_FILE variable may hold.
const maxValue = 64 << 10

// An environment is what the process was started with.
type environment struct {
	all          map[string]string
	plain, files layer
}

// config is the variable that names the TOML file.
func (e environment) config() (value, bool) {
	text := e.all["FLATTERY_CONFIG"]
	return value{text: text, place: place{where: "FLATTERY_CONFIG"}}, text != ""
}

// variable is the name of a setting's variable. Names are made from the settings and never taken apart, because
// a "_" may stand for a "." or for itself.
func variable(setting string) string {
	return "FLATTERY_" + strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(setting))
}

func readEnv(environ []string, l *loader) environment {
	e := environment{all: variables(environ), plain: layer{}, files: layer{}}
	settingOf := map[string]string{}
	for _, s := range l.known {
		settingOf[variable(s.name)] = s.name
	}
	for _, name := range slices.Sorted(maps.Keys(e.all)) {
		rest, ours := strings.CutPrefix(name, "FLATTERY_")
		if !ours || slices.Contains(strings.Fields(reserved), rest) {
			continue
		}
		base, isFile := strings.CutSuffix(name, "_FILE")
		switch at := (place{where: name}); {
		case settingOf[name] != "":
			e.plain[settingOf[name]] = value{text: e.all[name], place: at}
		case isFile && settingOf[base] != "":
			text, err := readValue(e.all[name])
			if err != nil {
				l.mistake(at, err.Error())
				continue
			}
			e.files[settingOf[base]] = value{text: text, place: place{where: fmt.Sprintf("%s (%s)", name, e.all[name])}}
		default:
			l.mistake(at, unknownVariable(name, slices.Collect(maps.Keys(settingOf)), l.networks))
		}
	}
	return e
}

// variables makes a map of "NAME=value" lines; of two with one name the last one counts.
func variables(environ []string) map[string]string {
	all := map[string]string{}
	for _, line := range environ {
		if name, text, ok := strings.Cut(line, "="); ok {
			all[name] = text
		}
	}
	return all
}

func unknownVariable(name string, known, networks []string) string {
	slices.Sort(known)
	hint := meant(strings.TrimSuffix(name, "_FILE"), known)
	if hint == "" && strings.HasPrefix(name, "FLATTERY_NETWORKS_") {
		hint = "; known networks are " + list(networks)
	}
	return "no setting has this variable" + hint + "; remove it, or see flattery config for the settings"
}

// readValue reads what a FLATTERY_*_FILE variable points to, without the last end of line.
func readValue(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("cannot read %q: %w; name a file that holds the value", path, reason(err))
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxValue+1))
	if err != nil {
		return "", fmt.Errorf("cannot read %q: %w; name a file that holds the value", path, reason(err))
	}
	if len(b) > maxValue {
		return "", fmt.Errorf("%q is longer than %d bytes; name a file that holds the value and nothing else", path, maxValue)
	}
	return strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r"), nil
}

// reason is a file error without its path, which its reader has said already.
func reason(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}

func list(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
