package archive

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/flate"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"flattery"
	"flattery/connectors"
)

// member is one file, read once, never held in memory as a whole.
type member struct {
	name  string // fit to be shown
	file  io.Closer
	meter meter
	text  *bufio.Reader
	json  *json.Decoder
	from  int64 // where the JSON begins
}

// newMember begins a file of at most limit bytes: text in UTF-8 that is no web page.
func newMember(name string, file io.ReadCloser, limit int64) (*member, error) {
	m := &member{name: quote(name), file: file}
	m.meter = meter{from: file, left: limit, entry: entryLimit}
	m.text = bufio.NewReaderSize(&m.meter, 64<<10)
	m.json = json.NewDecoder(m.text)
	head, err := m.text.Peek(4)
	switch {
	case err != nil && err != io.EOF:
		return nil, m.close(m.damage(err))
	case len(head) == 0:
		return nil, m.close(flattery.Input("%s is empty: download it again", m.name))
	case bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) || bytes.IndexByte(head, 0) >= 0:
		return nil, m.close(flattery.Input("%s is not text in UTF-8: do not open and save it in another program, or download it again", m.name))
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		m.skip(3)
	}
	for {
		c, err := m.text.Peek(1)
		if err != nil || !strings.ContainsRune(" \t\r\n", rune(c[0])) {
			break
		}
		m.skip(1)
	}
	if strings.HasPrefix(m.head(), "<") {
		return nil, m.close(flattery.Input("%s is a web page, not the file itself: download it again while signed in", m.name))
	}
	return m, nil
}

// Close ends the reading.
func (m *member) Close() { _ = m.file.Close() }

func (m *member) close(err error) error {
	_ = m.file.Close()
	return err
}

// head is how the rest of the file begins.
func (m *member) head() string {
	b, _ := m.text.Peek(300)
	return string(b)
}

func (m *member) skip(n int) {
	n, _ = m.text.Discard(n)
	m.from += int64(n)
}

// decode reads the next value.
func (m *member) decode(into any) error {
	m.meter.entry = m.at() + entryLimit
	if err := m.json.Decode(into); err != nil {
		return m.damage(err)
	}
	return nil
}

// list reads an array; each must decode one value.
func (m *member) list(each func() error) error {
	return m.between('[', flattery.Say("no list where one must be"), each)
}

// object reads an object; each must decode the value of the key.
func (m *member) object(each func(key string) error) error {
	return m.between('{', flattery.Say("no object where one must be"), func() error {
		m.meter.entry = m.at() + entryLimit
		key, err := m.json.Token()
		if err != nil {
			return m.damage(err)
		}
		return each(fmt.Sprint(key))
	})
}

func (m *member) between(open json.Delim, wanted flattery.Sentence, each func() error) error {
	if first, err := m.json.Token(); err != nil {
		return m.damage(err)
	} else if first != open {
		return m.bad(wanted)
	}
	for m.json.More() {
		if err := each(); err != nil {
			return err
		}
	}
	if _, err := m.json.Token(); err != nil {
		return m.damage(err)
	}
	return nil
}

// end refuses a file that goes on.
func (m *member) end() error {
	m.meter.entry = m.at() + entryLimit
	rest := bufio.NewReader(io.MultiReader(m.json.Buffered(), m.text))
	for {
		c, err := rest.ReadByte()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return m.damage(err)
		}
		if !strings.ContainsRune(" \t\r\n;", rune(c)) {
			return m.bad(flattery.Say("something after its end"))
		}
	}
}

func (m *member) at() int64 { return m.from + m.json.InputOffset() }

// bad says where a file is not as it must be.
func (m *member) bad(what flattery.Sentence) error {
	return flattery.Input("%s, byte %d: %s: download it again", m.name, m.at(), what)
}

// damage says what an error of reading means for the reader.
func (m *member) damage(err error) error {
	if _, ok := errors.AsType[*flattery.InputError](err); ok {
		return err
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return m.bad(flattery.Say("an unusable %s as %q", connectors.Clean(e.Value, 60), connectors.Clean(e.Field, 60)))
	}
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return m.bad(flattery.Say("broken JSON, %s", connectors.Clean(e.Error(), 100)))
	}
	if _, ok := errors.AsType[flate.CorruptInputError](err); ok || errors.Is(err, zip.ErrChecksum) || errors.Is(err, zip.ErrFormat) || errors.Is(err, zip.ErrAlgorithm) {
		return m.bad(flattery.Say("the zip is damaged"))
	}
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return m.bad(flattery.Say("it ends too early"))
	case errors.Is(err, errEntry):
		return m.bad(flattery.Say("one value of more than %d KiB", entryLimit>>10))
	case errors.Is(err, errMember):
		return m.bad(flattery.Say("longer than any such file: it may be a zip bomb"))
	case err.Error() == "not a text": // of connectors.Text
		return m.bad(flattery.Say("a value that is not a text"))
	}
	return fmt.Errorf("%s: %w", m.name, err)
}

var (
	errMember = errors.New("the file is too long")
	errEntry  = errors.New("the value is too long")
)

// meter bounds how much of a file is read, and how far a value may go, in bytes from the beginning.
type meter struct {
	from        io.Reader
	at          int64
	left, entry int64
}

func (r *meter) Read(p []byte) (int, error) {
	if r.entry <= r.at {
		return 0, errEntry
	}
	if r.left <= 0 {
		return 0, errMember
	}
	n, err := r.from.Read(p[:min(int64(len(p)), r.left, r.entry-r.at)])
	r.at += int64(n)
	r.left -= int64(n)
	return n, err
}

// quote shows a name that somebody else chose.
func quote(name string) string { return connectors.Clean(name, 100) }
