package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"reflect"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"flattery"
	"flattery/internal/web"
	"flattery/store"
)

// inbox is the files that people hand in by the pages, in the data directory, each upload in a folder of its number. They are taken
// in by the process that took them, one after the other.
type inbox struct {
	woken chan struct{}

	mu    sync.Mutex
	now   int64  // upload that is at work; 0: none
	doing string // reads, writes
	likes int
}

func newInbox() *inbox { return &inbox{woken: make(chan struct{}, 1)} }

func (b *inbox) wake() {
	select {
	case b.woken <- struct{}{}:
	default:
	}
}

// count begins to count what is done with the likes of an upload.
func (b *inbox) count(upload int64, doing string) func(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now, b.doing, b.likes = upload, doing, 0
	return func(n int) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.likes += n
	}
}

// at is how far an upload has come in this process.
func (b *inbox) at(upload int64) (doing string, likes int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.now != upload {
		return "", 0
	}
	return b.doing, b.likes
}

func (in *instance) inboxDir() string { return filepath.Join(in.Data, "uploads") }

func (in *instance) uploadDir(id int64) string {
	return filepath.Join(in.inboxDir(), strconv.FormatInt(id, 10))
}

// halfWay is how folders begin in which not all has come yet.
const halfWay = ".new-"

// mostFiles is more than any archive has parts with likes that are handed in one by one.
const mostFiles = 100

// Upload keeps files until they are taken in. They are written as they come.
func (p pages) Upload(ctx context.Context, account flattery.AccountID, owner string, files iter.Seq2[web.UploadFile, error]) (err error) {
	if u, err := p.Store.Upload(ctx, account); err == nil && (u.State == "waits" || u.State == "works") {
		return flattery.ErrState
	} else if err != nil && !errors.Is(err, flattery.ErrNotFound) {
		return err
	}
	if owner != "" && !accountID.MatchString(owner) {
		return notAnOwner(owner)
	}
	if err := os.MkdirAll(p.in.inboxDir(), 0o700); err != nil {
		return fmt.Errorf("uploads: %w", err)
	}
	dir, err := os.MkdirTemp(p.in.inboxDir(), halfWay+"*")
	if err != nil {
		return fmt.Errorf("uploads: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	names, err := keepFiles(dir, files)
	if err != nil {
		return err
	}
	var id int64
	err = p.in.update(ctx, func(tx store.Tx) error {
		made, err := tx.AddUpload(ctx, store.Upload{Account: account, Owner: owner, Name: strings.Join(names, ", "), MadeAt: p.in.now().Truncate(time.Second)})
		id = made
		return err
	})
	if err != nil {
		return err
	}
	if err := os.Rename(dir, p.in.uploadDir(id)); err != nil {
		return fmt.Errorf("uploads: %w", err)
	}
	p.in.inbox.wake()
	return nil
}

// keepFiles writes files into a folder under names that lead nowhere else.
func keepFiles(dir string, files iter.Seq2[web.UploadFile, error]) (names []string, err error) {
	for f, err := range files {
		if err != nil {
			return nil, err
		}
		name := fileName(f.Name)
		if len(names) == mostFiles || slices.Contains(names, name) {
			return nil, flattery.Input("%s comes twice, or there are more than %d files: choose each file once", name, mostFiles)
		}
		if err := writeFile(filepath.Join(dir, name), func(w io.Writer) error { _, err := io.Copy(w, f); return err }); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return nil, flattery.Input("no file was chosen: choose the archive as it was downloaded")
	}
	return names, nil
}

// fileName is a name as a file here may have it.
func fileName(s string) string {
	s = strings.TrimLeft(plain(filepath.Base(strings.ReplaceAll(s, `\`, "/"))), ". ")
	if s == "" || s == "/" {
		return "archive"
	}
	return s
}

// Uploaded is the account's last upload, and how far it has come.
func (p pages) Uploaded(ctx context.Context, account flattery.AccountID) (web.Upload, error) {
	u, err := p.Store.Upload(ctx, account)
	if err != nil {
		return web.Upload{}, err
	}
	up := web.Upload{Name: u.Name, State: u.State, Likes: u.Likes, At: u.MadeAt}
	switch u.State {
	case "waits", "works":
		if up.State = "reads"; u.State == "waits" {
			up.State = "waits"
		}
		if doing, n := p.in.inbox.at(u.ID); doing != "" {
			up.State, up.Likes = doing, n
		}
	case "failed":
		up.Words = unkept(u.Found)
	case "done":
		var all []imported
		if err := json.Unmarshal([]byte(u.Found), &all); err != nil {
			return up, fmt.Errorf("upload %d: %w", u.ID, err)
		}
		for _, i := range all {
			up.Found = append(up.Found, web.Found{Files: strings.Join(i.Files, ", "), Owner: i.Owner, First: i.First, Likes: i.Likes,
				New: i.Counting + i.Pending + i.Own + i.Excluded, Remembered: i.Seen, Known: i.Known, Unnamed: i.Unnamed})
		}
	}
	return up, nil
}

// takeIn takes in what was handed in here until ctx ends. What was at work when a daemon stopped is done anew: an archive is
// written whole or not at all.
func (in *instance) takeIn(ctx context.Context) error {
	begun := true // what is at work now was left there
	ours := map[int64]bool{}
	for {
		open, err := in.store.OpenUploads(ctx)
		for i := 0; err == nil && i < len(open); i++ {
			u := open[i]
			if _, gone := os.Stat(in.uploadDir(u.ID)); gone != nil || u.State == "works" && !begun && !ours[u.ID] {
				continue
			}
			ours[u.ID] = true
			err = in.takeOne(ctx, u)
		}
		if err != nil && ctx.Err() == nil {
			in.log.Error("uploads", "error", err)
		}
		begun = false
		select {
		case <-in.inbox.woken:
		case <-ctx.Done():
			return nil
		}
	}
}

// sweep throws away files that nobody waits for. Who waits for files that are gone is told so; those of other processes they have.
// It is done before anything new may come.
func (in *instance) sweep(ctx context.Context) error {
	open, err := in.store.OpenUploads(ctx)
	if err != nil {
		return err
	}
	waits := map[string]bool{}
	for _, u := range open {
		waits[filepath.Base(in.uploadDir(u.ID))] = true
		_, gone := os.Stat(in.uploadDir(u.ID))
		if errors.Is(gone, fs.ErrNotExist) && (in.Database == "" || in.now().Sub(u.MadeAt) > time.Hour) {
			u.State, u.Found = "failed", kept(flattery.Say("the program was stopped before the file was whole: hand it in again"))
			if err := in.update(ctx, func(tx store.Tx) error { return tx.SaveUpload(ctx, u) }); err != nil {
				return err
			}
		}
	}
	entries, err := os.ReadDir(in.inboxDir())
	if errors.Is(err, fs.ErrNotExist) { // nothing ever came
		err = nil
	}
	for _, e := range entries {
		st, gone := e.Info()
		half := strings.HasPrefix(e.Name(), halfWay) && gone == nil && time.Since(st.ModTime()) < time.Hour // of another process, perhaps
		if !waits[e.Name()] && !half {
			err = errors.Join(err, os.RemoveAll(filepath.Join(in.inboxDir(), e.Name())))
		}
	}
	return err
}

// takeOne takes in one upload and keeps what came of it.
func (in *instance) takeOne(ctx context.Context, u store.Upload) error {
	if u.State == "waits" {
		err := in.update(ctx, func(tx store.Tx) error { return tx.TakeUpload(ctx, u.ID) })
		if errors.Is(err, flattery.ErrNotFound) { // another has it
			return nil
		}
		if err != nil {
			return err
		}
	}
	all, err := in.takeFiles(ctx, u)
	in.inbox.count(0, "")
	if ctx.Err() != nil {
		return ctx.Err() // and again at the next start
	}
	if errors.Is(err, flattery.ErrUnknown) {
		return err
	}
	if err := in.judge(&u, all, err); err != nil {
		return err
	}
	err = in.update(ctx, func(tx store.Tx) error { return tx.SaveUpload(ctx, u) })
	if err != nil && !errors.Is(err, flattery.ErrNotFound) { // the account is gone
		return err
	}
	return os.RemoveAll(in.uploadDir(u.ID))
}

// judge says of an upload what became of it.
func (in *instance) judge(u *store.Upload, all []imported, err error) error {
	input, wrong := errors.AsType[*flattery.InputError](err)
	switch {
	case wrong:
		u.State, u.Found = "failed", kept(input.Sentence)
		return nil
	case err != nil:
		in.log.Error("an archive was not taken in", "account", int64(u.Account), "error", err)
		u.State, u.Found = "failed", ""
		return nil
	}
	found, err := json.Marshal(all)
	u.State, u.Found, u.Likes = "done", string(found), 0
	for _, i := range all {
		u.Likes += i.Likes
	}
	return err
}

// kept writes why an upload failed, so that pages can say it in any language: a list of the format and its arguments, where that
// of another sentence is a list again.
func kept(s flattery.Sentence) string {
	b, err := json.Marshal(asList(s))
	if err != nil { // of words and numbers alone: it cannot be
		return s.String()
	}
	return string(b)
}

func asList(s flattery.Sentence) []any {
	list := []any{s.Format}
	for _, a := range s.Args {
		switch v := reflect.ValueOf(a); b := a.(type) {
		case flattery.Sentence:
			a = asList(b)
		case *flattery.InputError:
			a = asList(b.Sentence)
		default:
			if a = fmt.Sprint(b); v.CanInt() {
				a = v.Int()
			}
		}
		list = append(list, a)
	}
	return list
}

// unkept reads what kept wrote. What earlier versions kept was English alone.
func unkept(text string) flattery.Sentence {
	var list []any
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&list); err != nil {
		return flattery.Say("%s", text)
	}
	return ofList(list)
}

func ofList(list []any) flattery.Sentence {
	for i, a := range list {
		switch b := a.(type) {
		case []any:
			list[i] = ofList(b)
		case json.Number:
			n, err := b.Int64()
			if list[i] = n; err != nil {
				list[i] = b.String()
			}
		}
	}
	if len(list) == 0 {
		return flattery.Sentence{}
	}
	return flattery.Say(fmt.Sprint(list[0]), list[1:]...)
}

// takeFiles does what flattery import does. What a file makes break costs that file alone.
func (in *instance) takeFiles(ctx context.Context, u store.Upload) (all []imported, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	a, err := in.store.Account(ctx, u.Account)
	if err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(in.uploadDir(u.ID), "*"))
	if err != nil {
		return nil, err
	}
	if all, err = in.readArchives(ctx, files, u.Owner, in.inbox.count(u.ID, "reads")); err != nil {
		return nil, err
	}
	if err := in.owns(ctx, a, all); err != nil {
		return nil, err
	}
	return in.writeArchives(ctx, u.Account, all, func() func(int) { return in.inbox.count(u.ID, "writes") })
}
