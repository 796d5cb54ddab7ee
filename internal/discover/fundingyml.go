package discover

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// mostNames is how many names or addresses GitHub shows under one key.
const mostNames = 4

// FundingFile reads a FUNDING.yml: the places to be paid in the order in which they stand. Nulls, the untouched template and keys
// that nobody knows are nothing. Where the whole is no YAML, what is left of each key is read by itself.
func FundingFile(text []byte) []Hit {
	var found hits
	for _, e := range fundingEntries(text) {
		p, known := platformOf(e.key)
		if !known && e.key != "custom" {
			continue
		}
		for _, value := range e.values[:min(len(e.values), mostNames)] {
			if e.key == "custom" {
				found.addAddress(e.key, value)
				continue
			}
			payee, to := p.hit(value)
			found.add(e.key, payee, to)
		}
	}
	return found
}

// fundingEntry is a key that has a value.
type fundingEntry struct {
	key    string
	values []string // those that are text, or within a list
}

// fundingEntries are the keys of a funding file that have a value, whatever it is, in small letters and in their order.
func fundingEntries(text []byte) []fundingEntry {
	text = bytes.TrimPrefix(text[:min(len(text), maxText)], []byte("\xef\xbb\xbf"))
	if entries, ok := yamlEntries(text); ok {
		return entries
	}
	return brokenEntries(text)
}

// yamlEntries does not follow aliases, so that nothing grows.
func yamlEntries(text []byte) (entries []fundingEntry, ok bool) {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, false
	}
	if len(doc.Content) == 0 { // empty, or comments only
		return nil, true
	}
	top := doc.Content[0]
	if top.Kind != yaml.MappingNode {
		return nil, top.Kind == yaml.ScalarNode && top.Tag == "!!null"
	}
	for i := 0; i+1 < len(top.Content); i += 2 {
		e := fundingEntry{key: strings.ToLower(strings.TrimSpace(top.Content[i].Value))}
		there := false
		switch v := top.Content[i+1]; v.Kind {
		case yaml.ScalarNode:
			e.values, there = scalar(v)
		case yaml.SequenceNode:
			for _, one := range v.Content {
				some, is := scalar(one)
				e.values, there = append(e.values, some...), there || is
			}
		default:
			there = len(v.Content) > 0
		}
		if there {
			entries = append(entries, e)
		}
	}
	return entries, true
}

func scalar(n *yaml.Node) ([]string, bool) {
	if n.Kind != yaml.ScalarNode {
		return nil, len(n.Content) > 0
	}
	if n.Tag == "!!null" || strings.TrimSpace(n.Value) == "" {
		return nil, false
	}
	return []string{n.Value}, true
}

var (
	keyLine  = regexp.MustCompile(`^\s*"?([A-Za-z_]{3,40})"?\s*:(.*)$`)
	itemLine = regexp.MustCompile(`^\s*-\s+(.*)$`)
	comment  = regexp.MustCompile(`(^|\s)#.*$`)
)

// brokenEntries takes what a reader of YAML refuses apart by lines: a key begins where one of the known ones stands, and its value
// is what follows, without brackets and quotes.
func brokenEntries(text []byte) (entries []fundingEntry) {
	for line := range strings.Lines(string(text)) {
		line = comment.ReplaceAllString(strings.TrimRight(line, " \t\r\n"), "")
		if m := keyLine.FindStringSubmatch(line); m != nil {
			key := strings.ToLower(m[1])
			if _, known := platformOf(key); known || key == "custom" {
				entries = append(entries, fundingEntry{key: key})
				line = m[2]
			}
		} else if m := itemLine.FindStringSubmatch(line); m != nil {
			line = m[1]
		}
		if len(entries) == 0 {
			continue
		}
		last := &entries[len(entries)-1]
		for word := range strings.SplitSeq(line, ",") {
			if word = strings.Trim(word, " \t[]{}\"'`"); word != "" && word != "null" && word != "~" {
				last.values = append(last.values, word)
			}
		}
	}
	return slices.DeleteFunc(entries, func(e fundingEntry) bool { return len(e.values) == 0 })
}
