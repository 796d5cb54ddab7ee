// Package archive reads the files in which networks hand people their own likes: as downloaded (zip), unpacked (folder),
// or only the file with the likes. It writes nothing anywhere and asks no network.
package archive

import (
	"errors"
	"iter"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"flattery"
)

const (
	memberLimit = 256 << 20 // bytes of one file with likes, unpacked
	entryLimit  = 1 << 20   // bytes of one like, and of a file that only says whose and where
	mostLikes   = 2_000_000
	mostParts   = 1000
)

func understood() flattery.Sentence {
	return flattery.Say("understood are the archive of an X account (zip, folder, or data/like.js) and a Flickr export (zip, folder, or faves_part001.json)")
}

// File is an archive of one person. It is for one reader at a time.
type File struct {
	Network string
	Owner   flattery.Profile // zero where the file does not say whose it is: then somebody must

	source source
	parts  []string // members with likes
	format format
}

// format is how a network writes its likes down.
type format struct {
	network, host string
	part          *regexp.Regexp // names of files with likes; $1 is the number of the part, "" is 0
	first         int            // no part from this number on may be missing
	owner         string         // the file that says whose they are
	readOwner     func(*member) (flattery.Profile, error)
	readLikes     func(*member, func(flattery.Thing) error) error
}

func formats() []format {
	return []format{
		{"twitter", "x.com", regexp.MustCompile(`^like(?:-part([0-9]{1,4}))?\.js$`), 0, "account.js", twitterOwner, twitterLikes},
		{"flickr", "flickr.com", regexp.MustCompile(`^faves_part([0-9]{1,4})\.json$`), 1, "account_profile.json", flickrOwner, flickrLikes},
	}
}

// Reads reports whether the export files of a network are understood.
func Reads(network string) bool {
	return slices.ContainsFunc(formats(), func(f format) bool { return f.network == network })
}

// Open finds out by content what a file or folder is. What it cannot use is a *flattery.InputError that says how to mend it.
func Open(name string) (*File, error) {
	src, err := openSource(name)
	if err != nil {
		return nil, err
	}
	return understand(src)
}

func understand(src source) (*File, error) {
	f := &File{source: src}
	var err error
	if src.single {
		err = f.single()
	} else {
		err = f.whole()
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	f.Network = f.format.network
	return f, nil
}

// Close ends the reading.
func (f *File) Close() error { return f.source.close() }

// single knows a file with likes that stands alone by how it begins.
func (f *File) single() error {
	m, err := f.source.member(f.source.names[0], memberLimit)
	if err != nil {
		return err
	}
	defer m.Close()
	f.parts = f.source.names
	head := m.head()
	switch {
	case strings.HasPrefix(head, "window.YTD.like."):
		f.format = formats()[0]
	case strings.HasPrefix(head, "window."):
		return flattery.Input("%s is one file of an X archive, but not the one with the likes: give the whole zip, or data/like.js", m.name)
	case strings.HasPrefix(head, "{") && (strings.Contains(head, `"faves"`) || strings.Contains(head, `"favorites"`)):
		f.format = formats()[1]
	default:
		return flattery.Input("%s is nothing that is known: %s", m.name, understood())
	}
	return nil
}

// whole looks for the files of an archive in a zip or folder.
func (f *File) whole() error {
	places := map[string]format{}
	for _, form := range formats() {
		for _, name := range f.source.names {
			if form.part.MatchString(path.Base(name)) {
				places[path.Dir(name)] = form
			}
		}
	}
	if i := slices.IndexFunc(f.source.names, isManifest); len(places) == 0 && i >= 0 {
		places[path.Dir(f.source.names[i])] = formats()[0] // it tells what is missing
	}
	if len(places) == 0 {
		return flattery.Input("%s has no likes in it: %s", f.source.label, understood())
	}
	if len(places) > 1 {
		return flattery.Input("%s has more than one archive in it: give one after the other", f.source.label)
	}
	for dir, form := range places {
		f.format = form
		if err := f.findParts(dir); err != nil {
			return err
		}
		if name := path.Join(dir, form.owner); slices.Contains(f.source.names, name) {
			return f.findOwner(name)
		}
	}
	return nil
}

func (f *File) findOwner(name string) error {
	m, err := f.source.member(name, entryLimit)
	if err != nil {
		return err
	}
	defer m.Close()
	f.Owner, err = f.format.readOwner(m)
	return err
}

// findParts lists the files with likes, of which none may be missing: of an X archive its manifest tells, elsewhere
// their numbers do.
func (f *File) findParts(dir string) error {
	manifest := path.Join(dir, "manifest.js")
	if f.format.network == "twitter" && slices.Contains(f.source.names, manifest) {
		m, err := f.source.member(manifest, entryLimit)
		if err != nil {
			return err
		}
		defer m.Close()
		bases, err := twitterManifest(m)
		if err != nil {
			return err
		}
		return f.takeParts(dir, bases)
	}
	numbers := map[int]string{}
	for _, name := range f.source.names {
		if found := f.format.part.FindStringSubmatch(path.Base(name)); found != nil && path.Dir(name) == dir {
			n, _ := strconv.Atoi(found[1])
			if numbers[n] != "" {
				return flattery.Input("%s has part %d of the likes twice: give the archive as it was downloaded", f.source.label, n)
			}
			numbers[n] = path.Base(name)
		}
	}
	var bases []string
	for n := 0; len(bases) < len(numbers); n++ {
		if base, ok := numbers[n]; ok {
			bases = append(bases, base)
		} else if n >= f.format.first {
			return flattery.Input("%s has part %d of the likes missing: unpack all of it, or download it again", f.source.label, n)
		}
	}
	return f.takeParts(dir, bases)
}

func (f *File) takeParts(dir string, bases []string) error {
	if len(bases) > mostParts {
		return flattery.Input("%s has more than %d parts of likes", f.source.label, mostParts)
	}
	for _, base := range bases {
		name := path.Join(dir, base)
		if !f.format.part.MatchString(base) || !slices.Contains(f.source.names, name) {
			return flattery.Input("%s has no %s, where likes should be: unpack all of it, or download it again", f.source.label, quote(name))
		}
		if !slices.Contains(f.parts, name) {
			f.parts = append(f.parts, name)
		}
	}
	return nil
}

// Likes yields what is in the file, each thing once, in its order. No export tells the time of a like, or who made the
// thing: the author is provisional. The sequence ends with the first error; what came before it is then not to be used.
func (f *File) Likes() iter.Seq2[flattery.Like, error] {
	return func(yield func(flattery.Like, error) bool) {
		seen, n := map[uint64]bool{}, 0
		for _, part := range f.parts {
			err := f.read(part, func(t flattery.Thing) error {
				if n++; n > mostLikes {
					return flattery.Input("%s has more than %d likes", f.source.label, mostLikes)
				}
				id, err := strconv.ParseUint(t.ID, 10, 64)
				if seen[id] || err != nil {
					return err
				}
				seen[id] = true
				if !yield(f.like(t), nil) {
					return errStopped
				}
				return nil
			})
			if errors.Is(err, errStopped) {
				return
			}
			if err != nil {
				yield(flattery.Like{}, err)
				return
			}
		}
	}
}

func (f *File) read(part string, tell func(flattery.Thing) error) error {
	m, err := f.source.member(part, memberLimit)
	if err != nil {
		return err
	}
	defer m.Close()
	return f.format.readLikes(m, tell)
}

func (f *File) like(t flattery.Thing) flattery.Like {
	t.Network, t.Host = f.format.network, f.format.host
	return flattery.Like{Thing: t, Author: flattery.Profile{
		Identity: flattery.Identity{Network: t.Network, Host: t.Host, Subject: "~" + t.ID},
	}}
}

// errStopped: the reader of the likes wants no more.
var errStopped = errors.New("stopped")

func isManifest(name string) bool {
	return name == "manifest.js" || strings.HasSuffix("/"+name, "/data/manifest.js")
}
