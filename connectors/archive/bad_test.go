package archive

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"unicode/utf16"
)

func utf16Text(s string, order binary.ByteOrder) string {
	var b bytes.Buffer
	_ = binary.Write(&b, order, append([]uint16{0xfeff}, utf16.Encode([]rune(s))...))
	return b.String()
}

// likesFile is a like.js of one entry.
func likesFile(entry string) string { return "window.YTD.like.part0 = [" + entry + "]" }

var badFiles = map[string]struct{ content, want string }{
	"nothing":                         {"", "is empty"},
	"white space":                     {strings.Repeat(" \n", 5000), "nothing that is known"},
	"a mark and nothing":              {"\xef\xbb\xbf", "nothing that is known"},
	"a page to sign in":               {"\n <!DOCTYPE html><title>Log in to X</title>", "is a web page"},
	"a picture":                       {"\x89PNG\r\n\x1a\n\x00\x00", "nothing that is known"},
	"UTF-16 from Windows":             {utf16Text(part(0, 1), binary.LittleEndian), "not text in UTF-8"},
	"UTF-16 from elsewhere":           {utf16Text(part(0, 1), binary.BigEndian), "not text in UTF-8"},
	"UTF-16 without a mark":           {utf16Text(part(0, 1), binary.LittleEndian)[2:], "not text in UTF-8"},
	"another kind of file":            {"id;url\n1;2\n", "nothing that is known"},
	"JSON of something else":          {`{"photos":[]}`, "nothing that is known"},
	"an array":                        {`[{"like":{"tweetId":"1"}}]`, "nothing that is known"},
	"another file of the archive":     {"window.YTD.tweets.part0 = []", "not the one with the likes"},
	"the account alone":               {account, "not the one with the likes"},
	"the manifest alone":              {manifest("data/like.js"), "not the one with the likes"},
	"no assignment":                   {"window.YTD.like.part0", "does not begin"},
	"an assignment far away":          {"window.YTD.like." + strings.Repeat("x", 400) + "= []", "does not begin"},
	"an assignment of nothing":        {"window.YTD.like.part0 =", "ends too early"},
	"an object where a list must be":  {`window.YTD.like.part0 = {"like":{"tweetId":"1"}}`, "no list"},
	"null where a list must be":       {"window.YTD.like.part0 = null", "no list"},
	"half of a list":                  {part(0, 1, 2)[:100], "ends too early"},
	"half of a text":                  {likesFile(`{"like":{"tweetId":"1","fullText":"abc`), "ends too early"},
	"something after the end":         {part(0, 1) + "alert(1)", "after its end"},
	"two lists":                       {part(0, 1) + part(1, 2), "after its end"},
	"a comma too many":                {likesFile(like(1) + ","), "broken JSON"},
	"a comma missing":                 {likesFile(like(1) + like(2)), "broken JSON"},
	"single quotes":                   {likesFile(`{'like':{'tweetId':'1'}}`), "broken JSON"},
	"a like that is a text":           {likesFile(`{"like":"1"}`), "unusable string"},
	"a like that is a list":           {likesFile(`[]`), "unusable array"},
	"a like that is null":             {likesFile(`null`), "without a usable tweetId"},
	"a like without its number":       {likesFile(`{"like":{"fullText":"x"}}`), "without a usable tweetId"},
	"a number below nothing":          {likesFile(`{"like":{"tweetId":"-1"}}`), "without a usable tweetId"},
	"a number of nothing":             {likesFile(`{"like":{"tweetId":0}}`), "without a usable tweetId"},
	"a number with a point":           {likesFile(`{"like":{"tweetId":1.5}}`), "not a text"},
	"a number that is an object":      {likesFile(`{"like":{"tweetId":[]}}`), "not a text"},
	"a number that is a path":         {likesFile(`{"like":{"tweetId":"../../etc/passwd"}}`), "without a usable tweetId"},
	"a number too long":               {likesFile(`{"like":{"tweetId":"` + strings.Repeat("9", 20) + `"}}`), "without a usable tweetId"},
	"a text that is a number":         {likesFile(`{"like":{"tweetId":"1","fullText":1}}`), "unusable number"},
	"one like of 2 MiB":               {likesFile(`{"like":{"tweetId":"1","fullText":"` + strings.Repeat("x", 2<<20) + `"}}`), "more than 1024 KiB"},
	"2 MiB of white space":            {"window.YTD.like.part0 = [" + strings.Repeat(" ", 2<<20) + "]", "more than 1024 KiB"},
	"lists in lists":                  {likesFile(strings.Repeat("[", 200_000)), "exceeded max depth"},
	"objects in objects":              {likesFile(strings.Repeat(`{"a":`, 100_000)), "exceeded max depth"},
	"faves that are not a list":       {`{"faves":{}}`, "no list"},
	"faves that are numbers":          {`{"faves":[1]}`, "unusable number"},
	"a fave without its number":       {`{"faves":[{"photo_url":"http://flic.kr/p/A"}]}`, "without a usable photo_id"},
	"faves elsewhere":                 {`{"a":{"faves":[]}}`, "no list of faves"},
	"faves that break off":            {`{"faves":[{"photo_id":"1"`, "ends too early"},
	"faves without an end":            {`{"faves":[{"photo_id":"1"}]`, "ends too early"},
	"faves with something after them": {`{"faves":[]}{}`, "after its end"},
	"a key beside the faves of 2 MiB": {`{"a":"` + strings.Repeat("x", 2<<20) + `","faves":[]}`, "nothing that is known"},
	"a key after the faves of 2 MiB":  {`{"faves":[],"a":"` + strings.Repeat("x", 2<<20) + `"}`, "more than 1024 KiB"},
	"a zip in name only":              {"PK\x03\x04 and then nothing", "begins like a zip"},
	"a zip of nothing":                {"PK\x05\x06" + strings.Repeat("\x00", 18), "has no likes"},
	"a zip that ends before its list": {"PK\x03\x04" + strings.Repeat("\x00", 1000), "begins like a zip"},
}

func TestABadFileIsOneClearLine(t *testing.T) {
	for name, row := range badFiles {
		t.Run(name, func(t *testing.T) { check(t, file(t, "it", row.content), row.want) })
	}
}

func TestABadArchiveIsOneClearLine(t *testing.T) {
	x, flickr := twitterFiles(), flickrFiles()
	for name, row := range map[string]struct {
		files files
		want  string
	}{
		"nothing in it":                      {files{"a.txt": "x"}, "has no likes"},
		"a part is missing":                  {x.without("data/like-part1.js"), "has no data/like-part1.js"},
		"all likes are missing":              {x.without("data/like-part1.js").without("data/like.js"), "has no data/like.js"},
		"a part in the middle is missing":    {x.without("data/manifest.js").with("data/like-part3.js", part(3, 9)), "part 2 of the likes missing"},
		"the first part is missing":          {x.without("data/manifest.js").without("data/like.js"), "part 0 of the likes missing"},
		"a part is there twice":              {x.without("data/manifest.js").with("data/like-part01.js", part(1, 9)), "part 1 of the likes twice"},
		"the manifest leads elsewhere":       {x.with("data/manifest.js", manifest("../../../etc/passwd")), "has no data/passwd"},
		"the manifest leads to the account":  {x.with("data/manifest.js", manifest("data/account.js")), "has no data/account.js"},
		"the manifest tells of no likes":     {x.with("data/manifest.js", manifest()), "tells of no likes"},
		"the manifest is a web page":         {x.with("data/manifest.js", "<html>"), "is a web page"},
		"the manifest is empty":              {x.with("data/manifest.js", ""), "is empty"},
		"the manifest is JSON":               {x.with("data/manifest.js", "{}"), "does not begin"},
		"the manifest is a list":             {x.with("data/manifest.js", "window.__THAR_CONFIG = []"), "unusable array"},
		"the manifest breaks off":            {x.with("data/manifest.js", manifest("data/like.js")[:80]), "ends too early"},
		"the manifest is too long":           {x.with("data/manifest.js", manifest("data/like.js")+strings.Repeat(" ", 2<<20)), "data/manifest.js"},
		"the account is a web page":          {x.with("data/account.js", "<html>"), "is a web page"},
		"the account is nobody":              {x.with("data/account.js", "window.YTD.account.part0 = []"), "does not say whose"},
		"the account is two":                 {x.with("data/account.js", `window.YTD.account.part0 = [{},{}]`), "does not say whose"},
		"the account is a name":              {x.with("data/account.js", `window.YTD.account.part0 = [{"account":{"accountId":"me"}}]`), "does not say whose"},
		"the likes are those of another day": {x.with("data/like.js", "window.YTD.tweets.part0 = []"), "does not begin"},
		"one like is broken":                 {x.with("data/like-part1.js", likesFile(like(1)+",{}")), "data/like-part1.js, byte"},
		"two archives in one":                {x.with("other/data/like.js", part(0, 1)), "more than one archive"},
		"of two networks":                    {x.with("flickr/faves_part001.json", `{"faves":[]}`), "more than one archive"},
		"a part of faves is missing":         {flickr.without("faves_part001.json"), "part 1 of the likes missing"},
		"faves of nobody":                    {flickr.with("account_profile.json", "{}"), "does not say whose"},
		"faves of a name":                    {flickr.with("account_profile.json", `{"nsid":"me"}`), "does not say whose"},
		"faves without a list":               {flickr.with("faves_part002.json", `{"fave":[]}`), "no list of faves"},
	} {
		t.Run(name+" (zip)", func(t *testing.T) { check(t, row.files.zip(t), row.want) })
		if !strings.HasPrefix(name, "two archives") && !strings.HasPrefix(name, "of two") { // nobody looks into other folders
			t.Run(name+" (folder)", func(t *testing.T) { check(t, row.files.folder(t), row.want) })
		}
	}
}

// raw makes a zip of one member that says of itself what is not true.
func raw(t *testing.T, change func(*zip.FileHeader), packed []byte) string {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	h := &zip.FileHeader{Name: "data/like.js", Method: zip.Deflate, CompressedSize64: uint64(len(packed)), UncompressedSize64: uint64(len(packed)), CRC32: crc32.ChecksumIEEE(packed)}
	change(h)
	w, err := z.CreateRaw(h)
	if err == nil {
		_, err = w.Write(packed)
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return file(t, "a.zip", b.String())
}

func TestABadZipIsOneClearLine(t *testing.T) {
	text := []byte(part(0, 1, 2))
	stored := func(h *zip.FileHeader) { h.Method = zip.Store }
	whole, err := os.ReadFile(twitterFiles().zip(t))
	if err != nil {
		t.Fatal(err)
	}
	twice := func() string {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for range 2 {
			w, _ := z.Create("data/like.js")
			_, _ = w.Write(text)
		}
		_ = z.Close()
		return file(t, "a.zip", b.String())
	}
	many := func() string {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for n := range 600 {
			_, _ = z.CreateHeader(&zip.FileHeader{Name: fmt.Sprintf("m/%060000d", n)})
		}
		_ = z.Close()
		return file(t, "a.zip", b.String())
	}
	for name, row := range map[string]struct{ path, want string }{
		"cut in the middle":             {file(t, "a.zip", string(whole[:len(whole)/2])), "begins like a zip"},
		"wrong sum":                     {raw(t, func(h *zip.FileHeader) { stored(h); h.CRC32++ }, text), "damaged"},
		"not what it is packed as":      {raw(t, func(*zip.FileHeader) {}, text), "damaged"},
		"packed in an unknown way":      {raw(t, func(h *zip.FileHeader) { h.Method = 99 }, text), "cannot be unpacked"},
		"locked":                        {raw(t, func(h *zip.FileHeader) { stored(h); h.Flags |= 1 }, text), "password"},
		"a member of 2 GiB":             {raw(t, func(h *zip.FileHeader) { stored(h); h.UncompressedSize64 = 2 << 30 }, text), "more than 256 MiB"},
		"a bomb":                        {files{"data/like.js": "window.YTD.like.part0 = [" + strings.Repeat(" ", 50<<20) + "]"}.zip(t), "zip bomb"},
		"a bomb that hides":             {bomb(t), "damaged"},
		"a member that is there twice":  {twice(), "in the zip twice"},
		"a list of members without end": {many(), "lists more files"},
		"a path that leads out":         {files{"../data/like.js": string(text)}.zip(t), "has no likes"},
		"an absolute path":              {files{"/data/like.js": string(text)}.zip(t), "has no likes"},
		"too deep":                      {files{"a/b/c/data/like.js": string(text)}.zip(t), "has no likes"},
	} {
		t.Run(name, func(t *testing.T) { check(t, row.path, row.want) })
	}
}

// bomb says that it is small: valid likes without end, each the same.
func bomb(t *testing.T) string {
	honest, err := zip.OpenReader(files{"data/like.js": "window.YTD.like.part0 = [" + strings.Repeat(like(1)+",", 300_000) + like(1) + "]"}.zip(t))
	if err != nil {
		t.Fatal(err)
	}
	defer honest.Close()
	r, err := honest.File[0].OpenRaw()
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	if _, err := packed.ReadFrom(r); err != nil {
		t.Fatal(err)
	}
	return raw(t, func(h *zip.FileHeader) { h.UncompressedSize64 = 1000 }, packed.Bytes())
}

func TestWhatIsNoFileIsRefused(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	check(t, pipe, "neither a file nor a folder")
	check(t, filepath.Join(dir, "nothing"), "is not there")
	check(t, os.DevNull, "neither a file nor a folder")
	// A folder in which the likes are a pipe, or a link to elsewhere, has no likes.
	for name, create := range map[string]func(string) error{
		"a pipe":   func(at string) error { return syscall.Mkfifo(at, 0o600) },
		"a link":   func(at string) error { return os.Symlink(file(t, "like.js", part(0, 1)), at) },
		"a folder": func(at string) error { return os.Mkdir(at, 0o700) },
	} {
		dir := t.TempDir()
		if err := create(filepath.Join(dir, "like.js")); err != nil {
			t.Fatal(name, err)
		}
		check(t, dir, "has no likes")
	}
}
