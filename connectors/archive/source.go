package archive

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"flattery"
)

const (
	// directoryLimit is how long the list of members in a zip may be: 250,000 pictures have their place in it.
	directoryLimit = 32 << 20
	// Text shrinks to a fifth, to a twentieth when it repeats itself. What shrinks to less than a hundredth is no text.
	mostShrunk = 100
)

// source is where members are read from: a zip, a folder, or one file.
type source struct {
	label  string
	names  []string // of members that may matter, with slashes
	single bool
	open   func(name string) (io.ReadCloser, int64, error) // and how many bytes there can be in it
	close  func() error
}

// member opens one file.
func (s source) member(name string, limit int64) (*member, error) {
	file, most, err := s.open(name)
	if err != nil {
		return nil, err
	}
	return newMember(name, file, min(limit, most))
}

func openSource(name string) (source, error) {
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return source{}, flattery.Input("%s is not there", quote(name))
	case err != nil:
		return source{}, fmt.Errorf("archive: %w", err)
	case info.IsDir():
		return openFolder(name)
	case !info.Mode().IsRegular():
		return source{}, flattery.Input("%s is neither a file nor a folder", quote(name))
	}
	file, err := os.Open(name)
	if err != nil {
		return source{}, fmt.Errorf("archive: %w", err)
	}
	head := make([]byte, 4)
	n, _ := io.ReadFull(file, head)
	label := quote(filepath.Base(name))
	if kind := head[:n]; bytes.HasPrefix(kind, []byte("PK")) {
		return openZip(label, file, info.Size())
	}
	_ = file.Close()
	return source{
		label: label, names: []string{filepath.Base(name)}, single: true, close: func() error { return nil },
		open: func(string) (io.ReadCloser, int64, error) {
			file, err := os.Open(name)
			if err != nil {
				return nil, 0, fmt.Errorf("archive: %w", err)
			}
			return file, math.MaxInt64, nil
		},
	}, nil
}

// openFolder looks into a folder and its "data". Nothing outside of it can be reached, by a link neither.
func openFolder(name string) (source, error) {
	root, err := os.OpenRoot(name)
	if err != nil {
		return source{}, fmt.Errorf("archive: %w", err)
	}
	s := source{label: quote(filepath.Base(name)), close: root.Close}
	for _, dir := range []string{".", "data"} {
		entries, err := fs.ReadDir(root.FS(), dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			_ = root.Close()
			return source{}, fmt.Errorf("archive: %w", err)
		}
		for _, e := range entries {
			if name := path.Join(dir, e.Name()); matters(name) && e.Type().IsRegular() {
				s.names = append(s.names, name)
			}
		}
	}
	s.open = func(name string) (io.ReadCloser, int64, error) {
		file, err := root.Open(name)
		if err != nil {
			return nil, 0, fmt.Errorf("archive: %w", err)
		}
		return file, math.MaxInt64, nil
	}
	return s, nil
}

type readerAtCloser interface {
	io.ReaderAt
	io.Closer
}

func openZip(label string, file readerAtCloser, size int64) (source, error) {
	refuse := func(why flattery.Sentence) (source, error) {
		_ = file.Close()
		return source{}, flattery.Input("%s: %s", label, why)
	}
	bounded := &budget{from: file, left: directoryLimit}
	z, err := zip.NewReader(bounded, size)
	if bounded.spent() {
		return refuse(flattery.Say("the zip lists more files than any archive has"))
	}
	if err != nil {
		return refuse(flattery.Say("it begins like a zip and is none that can be read: download it again, or unpack it and give the folder"))
	}
	bounded.left = math.MaxInt64
	s := source{label: label, close: file.Close}
	members := map[string]*zip.File{}
	for _, f := range z.File {
		if !matters(f.Name) {
			continue
		}
		if members[f.Name] != nil {
			return refuse(flattery.Say("%s is in the zip twice", quote(f.Name)))
		}
		members[f.Name], s.names = f, append(s.names, f.Name)
	}
	s.open = func(name string) (io.ReadCloser, int64, error) { return openMember(members[name]) }
	return s, nil
}

func openMember(f *zip.File) (io.ReadCloser, int64, error) {
	most := min(f.CompressedSize64, 1<<40)*mostShrunk + 1<<20
	switch name := quote(f.Name); {
	case f.Flags&1 != 0:
		return nil, 0, flattery.Input("%s is locked with a password: unpack the zip and give the folder", name)
	case f.UncompressedSize64 > memberLimit:
		return nil, 0, flattery.Input("%s has more than %d MiB: that is no file with likes", name, memberLimit>>20)
	case f.UncompressedSize64 > most:
		return nil, 0, flattery.Input("%s shrinks as no text does: it may be a zip bomb", name)
	}
	file, err := f.Open()
	if err != nil {
		return nil, 0, flattery.Input("%s cannot be unpacked: unpack the zip and give the folder", quote(f.Name))
	}
	return file, int64(most), nil
}

// matters reports whether a member may be of one of the archives that are known, and not too deep in another.
func matters(name string) bool {
	if !fs.ValidPath(name) || strings.Count(name, "/") > 2 || strings.HasPrefix(name, "__MACOSX/") {
		return false
	}
	base := path.Base(name)
	return base == "manifest.js" || slices.ContainsFunc(formats(), func(f format) bool { return base == f.owner || f.part.MatchString(base) })
}

// budget ends the reading of a list that goes on and on.
type budget struct {
	from io.ReaderAt
	left int64
}

func (b *budget) ReadAt(p []byte, at int64) (int, error) {
	if b.left -= int64(len(p)); b.spent() {
		return 0, errMember
	}
	return b.from.ReadAt(p, at)
}

func (b *budget) spent() bool { return b.left < 0 }
