package main

import (
	"bufio"
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The real daemon: from its start to its first answer, what it holds in memory then, and how large the program is,
// stripped as it is released.
func BenchmarkServeStart(b *testing.B) {
	dir := b.TempDir()
	binary := filepath.Join(dir, "flattery")
	if out, err := exec.CommandContext(b.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, ".").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	st, err := os.Stat(binary)
	if err != nil {
		b.Fatal(err)
	}
	var memory int
	for b.Loop() {
		cmd := exec.CommandContext(b.Context(), binary, "serve", "--data", filepath.Join(dir, "data"))
		cmd.Env = append(os.Environ(), "FLATTERY_LISTEN=127.0.0.1:0")
		said, err := cmd.StderrPipe()
		if err != nil {
			b.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			b.Fatal(err)
		}
		firstAnswer(b, bufio.NewScanner(said))
		b.StopTimer()
		time.Sleep(200 * time.Millisecond) // until what is asked at the start has been answered
		memory = resident(b, cmd.Process.Pid)
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			b.Fatal(err)
		}
		if err := cmd.Wait(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(memory)/1024, "MiB-resident")
	b.ReportMetric(float64(st.Size())/(1<<20), "MiB-binary")
}

// firstAnswer asks the daemon for a page as soon as it has said where it is.
func firstAnswer(b *testing.B, said *bufio.Scanner) {
	b.Helper()
	for said.Scan() {
		address, ok := strings.CutPrefix(said.Text(), "pages: ")
		if !ok {
			continue
		}
		req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, address, nil)
		if err != nil {
			b.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			b.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil || resp.StatusCode >= 500 {
			b.Fatal(resp.Status, err)
		}
		go func() { // the pipe must not fill
			for said.Scan() {
			}
		}()
		return
	}
	b.Fatal("the daemon said nothing of its pages")
}

// resident is a process's memory in KiB.
func resident(b *testing.B, pid int) int {
	b.Helper()
	status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		b.Skip("memory is read from /proc:", err)
	}
	for line := range bytes.Lines(status) {
		if words := bytes.Fields(line); len(words) == 3 && string(words[0]) == "VmRSS:" {
			n, err := strconv.Atoi(string(words[1]))
			if err != nil {
				b.Fatal(err)
			}
			return n
		}
	}
	b.Fatal("no VmRSS")
	return 0
}
