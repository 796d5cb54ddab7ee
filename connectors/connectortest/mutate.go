package connectortest

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"unicode/utf16"
)

// anything is what is put in any place of a good answer.
var anything = []any{
	nil, true, -1, 0, 1e300, json.Number("99999999999999999999"), "", "x\x00\n\u202e", strings.Repeat("y", 5000),
	"javascript:alert(1)", []any{}, map[string]any{},
}

// worse is put in some.
var worse = []any{
	json.RawMessage(`"\ud800"`), json.RawMessage("\"\xff\xfe\""), json.RawMessage(strings.Repeat("[", 40) + strings.Repeat("]", 40)),
	json.RawMessage(`-0`), json.RawMessage(`0.5`), json.RawMessage("1" + strings.Repeat("0", 400)), "9223372036854775808", "-1", "+1", " 1", "1e3",
	"//evil.example/?page=2", "https://evil.example/x?page=2&cursor=2", "../../x?page=2", "http://[::1", "?page=-2", "0001-01-01T00:00:00Z",
	"9999-12-31T23:59:59Z", "2026-99-99T00:00:00Z", strings.Repeat("\u0301", 1000), "\ufeff", "<script>", strings.Repeat("🙂", 400),
	[]any{nil, []any{nil}}, map[string]any{"_content": map[string]any{}}, map[string]any{"": nil},
}

// rename, double and lose are done to one key of an object.
var rekeyings = map[string]func(m map[string]any, key string) any{
	"lost": func(m map[string]any, key string) any {
		m = maps.Clone(m)
		delete(m, key)
		return m
	},
	"renamed": func(m map[string]any, key string) any {
		m = maps.Clone(m)
		m["x"+key] = m[key]
		delete(m, key)
		return m
	},
	"doubled, good last":  func(m map[string]any, key string) any { return doubled(m, key, `"x":0,%q:{"x":[7]},%s`) },
	"doubled, good first": func(m map[string]any, key string) any { return doubled(m, key, `%[2]s,%[1]q:-7`) },
}

func doubled(m map[string]any, key, format string) json.RawMessage {
	rest, _ := json.Marshal(m) // what came from JSON can be JSON again
	return json.RawMessage("{" + fmt.Sprintf(format, key, rest[1:len(rest)-1]) + "}")
}

// fromTree makes attacks of good JSON: every value another, every key gone or there twice, and a seeded mix of all.
func fromTree(samples [][]byte) (all []attack) {
	places, keys := 0, 0
	for _, text := range samples {
		left := 1 << 30
		_, _ = replace(parsed(text), nil, &left)
		places = max(places, 1<<30-left)
		left = 1 << 30
		_, _ = rekey(parsed(text), nil, &left)
		keys = max(keys, 1<<30-left)
	}
	for place := range places {
		for _, other := range anything {
			all = append(all, tree(fmt.Sprintf("place %d is %.40v", place, other), func(t any) any { return replaced(t, other, place) }))
		}
	}
	for key := range keys {
		for _, how := range slices.Sorted(maps.Keys(rekeyings)) {
			all = append(all, tree(fmt.Sprintf("key %d is %s", key, how), func(t any) any { return rekeyed(t, rekeyings[how], key) }))
		}
	}
	for seed := range uint64(100) {
		all = append(all, tree(fmt.Sprintf("mix %d", seed), func(t any) any {
			rng := rand.New(rand.NewPCG(2026, seed))
			for range 1 + rng.IntN(3) {
				if rng.IntN(3) == 0 {
					hows := slices.Sorted(maps.Keys(rekeyings))
					t = rekeyed(t, rekeyings[hows[rng.IntN(2)+2]], rng.IntN(keys)) // what is doubled has no places any more
				} else {
					t = replaced(t, worse[rng.IntN(len(worse))], rng.IntN(places))
				}
			}
			return t
		}))
	}
	for name, change := range lists {
		all = append(all, tree(name, func(t any) any { return relisted(t, change) }))
	}
	return all
}

// lists are done to every list in an answer that is not empty.
var lists = map[string]func([]any) []any{
	"10,000 things": func(l []any) []any { return slices.Repeat(l, 10_000/len(l)) },
	"all twice":     func(l []any) []any { return slices.Repeat(l, 2) },
	"none":          func([]any) []any { return []any{} },
	"holes":         func(l []any) []any { return append([]any{nil}, append(l, nil, map[string]any{}, []any{}, 7, "x")...) },
	"holes alone":   func([]any) []any { return []any{nil, map[string]any{}, nil} },
	"lists":         func(l []any) []any { return []any{l, l} },
	"oldest first":  func(l []any) []any { l = slices.Clone(l); slices.Reverse(l); return l },
}

func relisted(tree any, change func([]any) []any) any {
	switch v := tree.(type) {
	case []any:
		if len(v) > 0 {
			return change(v)
		}
	case map[string]any:
		for k := range v {
			v[k] = relisted(v[k], change)
		}
	}
	return tree
}

func tree(name string, change func(any) any) attack {
	return attack{name, false, func(rw http.ResponseWriter, _ *http.Request, good *httptest.ResponseRecorder) {
		text, err := json.Marshal(change(parsed(good.Body.Bytes())))
		if err != nil {
			panic(err)
		}
		replay(rw, good, text)
	}}
}

func parsed(text []byte) (tree any) {
	if err := json.Unmarshal(text, &tree); err != nil {
		panic(fmt.Errorf("the fake network serves no JSON: %w", err))
	}
	return tree
}

// fromBody makes attacks of the bytes of a good answer.
func fromBody(sample []byte) (all []attack) {
	add := func(name string, refused bool, change func([]byte) []byte) {
		all = append(all, attack{name, refused, func(rw http.ResponseWriter, _ *http.Request, good *httptest.ResponseRecorder) {
			replay(rw, good, change(bytes.TrimSpace(good.Body.Bytes())))
		}})
	}
	for at := 0; at < len(bytes.TrimSpace(sample)); at += 97 {
		add(fmt.Sprint("cut at byte ", at), true, func(b []byte) []byte { return b[:min(at, len(b)-1)] })
		add(fmt.Sprint("a bit turned at byte ", at), false, func(b []byte) []byte {
			b = slices.Clone(b)
			b[min(at, len(b)-1)] ^= 4
			return b
		})
		add(fmt.Sprint("no UTF-8 at byte ", at), false, func(b []byte) []byte { return slices.Insert(slices.Clone(b), min(at, len(b)), 0xff, 0xc0, 0x80) })
	}
	add("a byte order mark", true, func(b []byte) []byte { return append([]byte("\xef\xbb\xbf"), b...) })
	add("UTF-16", true, func(b []byte) []byte {
		var wide []byte
		for _, u := range utf16.Encode([]rune(string(b))) {
			wide = binary.LittleEndian.AppendUint16(wide, u)
		}
		return append([]byte{0xff, 0xfe}, wide...)
	})
	add("a script", true, func(b []byte) []byte { return []byte("callback(" + string(b) + ");") })
	add("a guard against scripts", true, func(b []byte) []byte { return append([]byte(")]}',\n"), b...) })
	add("twice", true, func(b []byte) []byte { return slices.Concat(b, b) })
	add("NUL behind", true, func(b []byte) []byte { return append(slices.Clone(b), 0) })
	add("a megabyte of space around it", false, func(b []byte) []byte {
		space := bytes.Repeat([]byte(" \n"), 1<<18)
		return slices.Concat(space, b, space)
	})
	add("20 MB of space behind it", true, func(b []byte) []byte { return slices.Concat(b, bytes.Repeat([]byte(" "), 20<<20)) })
	return all
}

// fromStatus makes attacks of every status with every body.
func fromStatus() (all []attack) {
	bodies := map[string]func(good []byte) []byte{
		"its good body": func(good []byte) []byte { return good },
		"HTML":          func([]byte) []byte { return []byte("<!doctype html><h1>no</h1>") },
		"an error": func([]byte) []byte {
			return []byte(`{"message":"no","stat":"fail","code":1,"errors":[{"code":88,"message":"no"}]}`)
		},
		"errors of lies": func([]byte) []byte {
			return []byte(`{"errors":{"x":[]},"error":7,"title":{},"type":[],"code":"x","stat":{}}`)
		},
		"half a megabyte": func([]byte) []byte { return bytes.Repeat([]byte("\x1b[31mno\r\n"), 50_000) },
	}
	for _, status := range []int{201, 202, 203, 204, 205, 206, 226, 300, 301, 302, 305, 400, 401, 402, 403, 404, 405, 406, 409, 410, 418, 420, 422, 423, 429, 451, 500, 501, 502, 503, 504, 520, 599, 999} {
		for _, name := range slices.Sorted(maps.Keys(bodies)) {
			all = append(all, attack{fmt.Sprintf("%d with %s", status, name), true, func(rw http.ResponseWriter, _ *http.Request, good *httptest.ResponseRecorder) {
				good.Code = status
				replay(rw, good, bodies[name](good.Body.Bytes()))
			}})
		}
	}
	return all
}

// replace puts another value in the place that left counts down to; false where there are not so many.
func replace(tree, other any, left *int) (any, bool) {
	if *left == 0 {
		return other, true
	}
	*left--
	switch v := tree.(type) {
	case []any:
		for i := range v {
			if next, done := replace(v[i], other, left); done {
				v[i] = next
				return v, true
			}
		}
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			if next, done := replace(v[k], other, left); done {
				v[k] = next
				return v, true
			}
		}
	}
	return tree, false
}

func replaced(tree, other any, place int) any {
	tree, _ = replace(tree, other, &place)
	return tree
}

// rekey changes the object whose key is the one that left counts down to.
func rekey(tree any, change func(map[string]any, string) any, left *int) (any, bool) {
	switch v := tree.(type) {
	case []any:
		for i := range v {
			if next, done := rekey(v[i], change, left); done {
				v[i] = next
				return v, true
			}
		}
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			if *left == 0 {
				return change(v, k), true
			}
			*left--
			if next, done := rekey(v[k], change, left); done {
				v[k] = next
				return v, true
			}
		}
	}
	return tree, false
}

func rekeyed(tree any, change func(map[string]any, string) any, key int) any {
	tree, _ = rekey(tree, change, &key)
	return tree
}

// bomb is 20 megabytes in some kilobytes. Whoever is to send it makes it before anybody waits.
var bomb = sync.OnceValue(func() []byte { return zipped(20) })

// zipped is so many megabytes of a list in gzip.
func zipped(megabytes int) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, "[")
	for range megabytes {
		_, _ = z.Write(bytes.Repeat([]byte("0,"), 1<<19))
	}
	_, _ = io.WriteString(z, "0]")
	_ = z.Close()
	return b.Bytes()
}
