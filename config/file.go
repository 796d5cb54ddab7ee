package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"github.com/knadh/koanf/parsers/toml/v2"
	gotoml "github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"flattery"
)

// maxFile is the largest settings file that is read.
const maxFile = 1 << 20

// readFile reads the settings of a TOML file. Named is where the path was said; nowhere means that the file may be
// absent. It answers false where there is nothing to use.
func (l *loader) readFile(path string, named place) (layer, bool) {
	info, err := os.Stat(path)
	if named == (place{}) && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)) { // what is wrong with the directory is told by who opens it
		return nil, false
	}
	if named == (place{}) {
		named.where = path
	}
	switch {
	case err != nil:
		l.mistake(named, fmt.Sprintf("cannot read %q: %v; name a TOML file", path, reason(err)))
		return nil, false
	case !info.Mode().IsRegular():
		l.mistake(named, fmt.Sprintf("%q is not a file; name a TOML file", path))
		return nil, false
	case info.Size() > maxFile:
		l.mistake(named, fmt.Sprintf("%q is larger than %d bytes; settings are a few lines", path, maxFile))
		return nil, false
	}
	b, err := os.ReadFile(path)
	if err != nil {
		l.mistake(named, fmt.Sprintf("cannot read %q: %v; make it readable", path, reason(err)))
		return nil, false
	}
	d := &document{name: path, text: b, loader: l, values: layer{}, tables: map[string]int{}}
	d.read()
	d.warnReadable(info)
	return d.values, true
}

// A document is one TOML file. The parser behind koanf says whether it is right TOML; a second walk keeps what that
// one forgets: the line of each setting, and numbers as they were written ("2.00" never becomes a float).
type document struct {
	*loader
	name   string
	text   []byte
	values layer
	tables map[string]int // line of each table
	found  int            // mistakes of this file
}

func (d *document) read() {
	_, err := toml.Parser().Unmarshal(d.text)
	if broken, ok := errors.AsType[*gotoml.DecodeError](err); ok {
		line, column := broken.Position()
		what := strings.TrimPrefix(broken.Error(), "toml: ")
		d.mistake(place{fmt.Sprintf("%s:%d:%d", d.name, line, column), line}, "is not right TOML here: "+what)
		return
	}
	d.walk()
	if err != nil && d.found == 0 {
		what := strings.TrimPrefix(err.Error(), "toml: ")
		d.wrong(1, "is not right TOML: "+what)
	}
}

func (d *document) wrong(line int, what string) {
	d.found++
	d.mistake(d.at(line), what)
}

func (d *document) at(line int) place { return place{fmt.Sprintf("%s:%d", d.name, line), line} }

func (d *document) walk() {
	var p unstable.Parser
	p.Reset(d.text)
	var table []string
	known := true
	for p.NextExpression() {
		e := p.Expression()
		keys, line := d.key(e)
		switch {
		case e.Kind == unstable.Table:
			table, known = keys, d.table(keys, line)
		case e.Kind == unstable.ArrayTable:
			known = false
			name := strings.Join(keys, ".")
			d.wrong(line, fmt.Sprintf("[[%s]] is a list of tables, which no setting is; write [%s]", name, name))
		case known: // the keys of an unknown table are not told one by one
			d.pair(slices.Concat(table, keys), line, e.Value())
		}
	}
	if err := p.Error(); err != nil && d.found == 0 {
		d.wrong(1, "is not right TOML: "+err.Error())
	}
}

// table reports whether settings may stand in a table of that name.
func (d *document) table(keys []string, line int) bool {
	name := strings.Join(keys, ".")
	if first := d.tables[name]; first != 0 {
		d.wrong(line, fmt.Sprintf("[%s] stands twice, first on line %d; join the two", name, first))
		return false
	}
	d.tables[name] = line
	known := d.holds(name)
	if !known && name != "networks" {
		d.wrong(line, d.unknown(name, keys))
	}
	return known
}

// key gives the parts of an expression's key and the line on which it begins.
func (d *document) key(e *unstable.Node) (parts []string, line int) {
	for it := e.Key(); it.Next(); {
		n := it.Node()
		if line == 0 {
			line = 1 + bytes.Count(d.text[:n.Raw.Offset], []byte("\n"))
		}
		parts = append(parts, string(n.Data))
	}
	return parts, line
}

// pair keeps one key with its value; the value may be a table written in one line.
func (d *document) pair(keys []string, line int, v *unstable.Node) {
	if v.Kind == unstable.InlineTable {
		if d.table(keys, line) {
			for it := v.Children(); it.Next(); {
				inner, line := d.key(it.Node())
				d.pair(slices.Concat(keys, inner), line, it.Node().Value())
			}
		}
		return
	}
	name := strings.Join(keys, ".")
	if !d.is(keys) {
		d.wrong(line, d.unknown(name, keys))
		return
	}
	if first, ok := d.values[name]; ok {
		d.wrong(line, fmt.Sprintf("%s is set twice, first on line %d; remove one", name, first.line))
		return
	}
	text, ok := scalar(v)
	if !ok {
		d.wrong(line, name+`: is not one value; write it like "…", 5, true or ["EUR", "SEK"]`)
		return
	}
	d.values[name] = value{text: text, place: d.at(line)}
}

// is reports whether the keys name a setting. A quoted key may hold a dot of its own, and is then not the setting that
// it looks like.
func (d *document) is(keys []string) bool {
	return slices.ContainsFunc(d.known, func(s setting) bool { return slices.Equal(strings.Split(s.name, "."), keys) })
}

// holds reports whether there are settings in a table of that name.
func (d *document) holds(table string) bool {
	return slices.ContainsFunc(d.known, func(s setting) bool { return strings.HasPrefix(s.name, table+".") })
}

// scalar is a value as text. A list of strings is text with commas, as in a variable.
func scalar(v *unstable.Node) (string, bool) {
	switch v.Kind {
	case unstable.String, unstable.Integer, unstable.Float, unstable.Bool, unstable.DateTime, unstable.LocalDateTime, unstable.LocalDate:
		return string(v.Data), true
	case unstable.Array:
		var all []string
		for it := v.Children(); it.Next(); {
			n := it.Node()
			if n.Kind != unstable.String || bytes.Contains(n.Data, []byte(",")) {
				return "", false
			}
			all = append(all, string(n.Data))
		}
		return strings.Join(all, ","), true
	}
	return "", false
}

func (d *document) unknown(name string, keys []string) string {
	switch {
	case d.is(keys):
		return name + ": is a table, and should be one value"
	case d.holds(name):
		return fmt.Sprintf("%s: is one value, and should be a table; write [%s] above its settings", name, name)
	case keys[0] == "networks" && len(keys) > 1 && !slices.Contains(d.networks, keys[1]):
		return fmt.Sprintf("unknown network %q%s: known are %s", keys[1], meant(keys[1], d.networks), list(d.networks))
	}
	known := make([]string, len(d.known))
	for i, s := range d.known {
		known[i] = s.name
	}
	if slices.Contains(known, name) {
		return fmt.Sprintf("%q: is no setting with its dot in quotes; write %s", name, name)
	}
	return fmt.Sprintf("unknown setting %q%s; remove it, or see flattery config for the settings", name, meant(name, known))
}

// warnReadable speaks up where everybody on the machine can read a secret.
func (d *document) warnReadable(info fs.FileInfo) {
	if runtime.GOOS == "windows" || info.Mode().Perm()&0o004 == 0 {
		return
	}
	for _, s := range d.known {
		if v, ok := d.values[s.name]; ok && s.secret && v.text != "" {
			d.warnings = append(d.warnings, flattery.Say("%s: holds %s and everybody here can read it; chmod 600 it", oneLine(v.where), s.name))
			return
		}
	}
}
