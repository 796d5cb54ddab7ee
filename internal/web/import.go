package web

import (
	"errors"
	"io"
	"iter"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"time"

	"flattery"
)

// UploadFile is one file of a form, as it comes.
type UploadFile struct {
	Name string
	io.Reader
}

// Upload is what somebody handed in.
type Upload struct {
	Name  string
	State string // waits, reads, writes, done, failed
	Likes int    // so far
	At    time.Time
	Words flattery.Sentence // why it failed; none: on our side
	Found []Found           // when it is done
}

// Busy reports whether there is more to come.
func (u Upload) Busy() bool { return u.State == "waits" || u.State == "reads" || u.State == "writes" }

// Found is what became of the likes of one archive.
type Found struct {
	Files      string
	Owner      flattery.Profile
	First      bool // of this owner: all of it is remembered, nothing counts
	Likes      int
	New        int
	Remembered int
	Known      int
	Unnamed    int // of the new: who made them is still to be found out
}

// importPage takes in export files.
type importPage struct {
	frame
	Upload   Upload // no State: there was none
	Networks []string
	Most     int // MB of one upload
	Still    bool
}

func (*importPage) name() string { return "import" }

const (
	importPath = "/import"

	// longestUpload is more than the likes of anybody fill; photographs may fill more.
	longestUpload = 512 << 20
	// uploadTime is how long it may take to come.
	uploadTime = 5 * time.Minute
	// importRefresh is after how many seconds the page is asked for again while there is more to come.
	importRefresh = 2
)

// errLarge: a file is larger than any that is taken.
var errLarge = errors.New("the file is too large")

// roomy lets a request bring a file.
func (s *site) roomy(w http.ResponseWriter) {
	until := s.Clock().Add(uploadTime)
	for _, set := range []func(time.Time) error{http.NewResponseController(w).SetReadDeadline, http.NewResponseController(w).SetWriteDeadline} {
		if err := set(until); err != nil {
			s.Log.Debug("web: an upload has no more time than others", "error", err)
		}
	}
}

func (s *site) importPage(v *visit) (view, error) {
	up, err := s.Doors.Uploaded(v.ctx, v.account.ID)
	if err != nil && !errors.Is(err, flattery.ErrNotFound) {
		return view{}, err
	}
	all, err := s.networks(v.ctx)
	if err != nil {
		return view{}, err
	}
	p := &importPage{Upload: up, Most: int(s.MostUpload >> 20), Still: v.URL.Query().Get("still") != ""}
	p.Nav = "links"
	for _, n := range all {
		if n.Imports {
			p.Networks = append(p.Networks, n.Title)
		}
	}
	slices.Sort(p.Networks)
	answer := view{page: p}
	if up.Busy() && !p.Still {
		answer.refresh = importRefresh
	}
	return answer, nil
}

// upload hands the files of a form on while they come. What stands before the first file is read first.
func (s *site) upload(v *visit) (view, error) {
	form, err := v.MultipartReader()
	if err != nil {
		return view{}, flattery.Input("this form cannot be read")
	}
	owner := ""
	var first *multipart.Part
	for first == nil {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return view{}, unread(err)
		}
		switch {
		case part.FormName() == "owner":
			b, err := io.ReadAll(io.LimitReader(part, 200))
			if err != nil {
				return view{}, unread(err)
			}
			owner = strings.TrimSpace(string(b))
		case part.FileName() != "":
			first = part
		}
	}
	if err := s.Doors.Upload(v.ctx, v.account.ID, owner, uploads(form, first)); err != nil {
		return view{}, unread(err)
	}
	return view{redirect: importPath}, nil
}

// uploads are the files of a form from the first on.
func uploads(form *multipart.Reader, part *multipart.Part) iter.Seq2[UploadFile, error] {
	return func(yield func(UploadFile, error) bool) {
		for part != nil {
			if part.FileName() != "" && !yield(UploadFile{part.FileName(), part}, nil) {
				return
			}
			var err error
			if part, err = form.NextPart(); err != nil {
				if !errors.Is(err, io.EOF) {
					yield(UploadFile{}, err)
				}
				return
			}
		}
	}
}

// unread says what broke off the reading of a form.
func unread(err error) error {
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return errLarge
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return flattery.Input("the file did not come whole: try again")
	}
	return err
}
