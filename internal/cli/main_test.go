package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

const pod = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"hostPID":true,"containers":[{"name":"app"}]}}` + "\n"

// system returns a System without a terminal, and what is written to it.
func system(args ...string) (s System, out, err *bytes.Buffer) {
	out, err = &bytes.Buffer{}, &bytes.Buffer{}
	return System{
		Name: "gabion", Args: args, Stdin: strings.NewReader(pod), Stdout: out, Stderr: err,
		Getenv: func(string) string { return "" }, Now: time.Now,
	}, out, err
}

func TestABugIsOneLineAndNeverAVerdict(t *testing.T) {
	t.Parallel()
	s, _, stderr := system("check", "-")
	s.Stdin = panicking{}
	if code := Main(s); code != 3 {
		t.Errorf("exit code %d, want 3", code)
	}
	if got := stderr.String(); got != "gabion: this is a bug, please report it: oh\\n no\n" {
		t.Errorf("standard error: %q", got)
	}
}

type panicking struct{}

func (panicking) Read([]byte) (int, error) { panic("oh\n no") }

func TestInputThatBreaksOffIsAnError(t *testing.T) {
	t.Parallel()
	s, _, stderr := system("check", "-")
	s.Stdin = io.MultiReader(strings.NewReader(pod), broken{})
	if code := Main(s); code != 3 {
		t.Errorf("exit code %d, want 3", code)
	}
	if got := stderr.String(); !strings.Contains(got, "standard input") || !strings.Contains(got, "pulled the plug") {
		t.Errorf("standard error: %s", got)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("pulled the plug") }

func TestOutputThatCannotBeWrittenIsAnError(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"check", "-"},
		{"check", "-", "-o", "json"},
		{"check", "-", "-o", "yaml"},
		{"check", "-", "-o", "name"},
		{"preview", "--all", "--enforce=baseline", "-"},
		{"controls"},
		{"explain", "sysctls"},
		{"version"},
	} {
		for _, tt := range []struct {
			err  error
			want string
		}{{syscall.ENOSPC, "no space left on device"}, {syscall.EPIPE, ""}} {
			s, _, stderr := system(args...)
			s.Stdout = full{tt.err}
			if code := Main(s); code != 3 {
				t.Errorf("%v, %v: exit code %d, want 3", args, tt.err, code)
			}
			if got := stderr.String(); !strings.Contains(got, tt.want) || strings.Contains(got, "goroutine") {
				t.Errorf("%v, %v: standard error: %s", args, tt.err, got)
			}
		}
	}
}

type full struct{ err error }

func (f full) Write([]byte) (int, error) {
	return 0, &os.PathError{Op: "write", Path: "|1", Err: f.err}
}

func TestColoursAreForTerminalsThatWantThem(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		terminal bool
		env      map[string]string
		want     bool
	}{
		{"a pipe", false, nil, false},
		{"a terminal", true, nil, true},
		{"NO_COLOR", true, map[string]string{"NO_COLOR": "1"}, false},
		{"a dumb terminal", true, map[string]string{"TERM": "dumb"}, false},
	} {
		s, out, _ := system("check", "-")
		s.OutTerminal, s.Getenv = tt.terminal, func(k string) string { return tt.env[k] }
		Main(s)
		if got := strings.Contains(out.String(), "\x1b"); got != tt.want {
			t.Errorf("%s: colours: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestTheBarIsForLongWorkOnATerminal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i := range 3 {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.json", i)), []byte(strings.Repeat(pod, 10)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name     string
		terminal bool
		tick     time.Duration
		term     string
		want     bool
	}{
		{"long work on a terminal", true, time.Second, "xterm", true},
		{"short work on a terminal", true, time.Millisecond, "xterm", false},
		{"long work without a terminal", false, time.Second, "xterm", false},
		{"long work on a dumb terminal", true, time.Second, "dumb", false},
	} {
		s, out, stderr := system("check", dir)
		now := time.Unix(0, 0)
		s.Now = func() time.Time { now = now.Add(tt.tick); return now }
		s.ErrTerminal, s.Getenv = tt.terminal, func(string) string { return tt.term }
		if code := Main(s); code != 1 {
			t.Errorf("%s: exit code %d: %s", tt.name, code, stderr)
		}
		if got := strings.Contains(stderr.String(), "objects"); got != tt.want {
			t.Errorf("%s: a bar: %v, want %v: %q", tt.name, got, tt.want, stderr)
		}
		if tt.want && !strings.Contains(stderr.String(), "100%") {
			t.Errorf("%s: it does not come to its end: %q", tt.name, stderr)
		}
		if !strings.HasSuffix(stderr.String(), "30 judged, 30 violating, 0 passed over, 0 not checked, 0 broken\n") {
			t.Errorf("%s: the last line: %q", tt.name, stderr)
		}
		if strings.Contains(out.String(), "\r") {
			t.Errorf("%s: the bar is in the data", tt.name)
		}
	}
}

func TestTheBarWipesNoData(t *testing.T) {
	t.Parallel()
	s, _, _ := system("check", "-", "--level=privileged")
	s.Stdin = io.LimitReader(&repeated{text: pod}, int64(5000*len(pod)))
	now := time.Unix(0, 0)
	s.Now = func() time.Time { now = now.Add(time.Second); return now }
	var screen bytes.Buffer // both streams of one terminal
	s.OutTerminal, s.ErrTerminal, s.Stdout, s.Stderr = true, true, &screen, &screen
	s.Getenv = func(string) string { return "" }
	if code := Main(s); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	if !strings.Contains(screen.String(), "objects") {
		t.Error("there was no bar")
	}
	for line := range strings.Lines(screen.String()) {
		if before, _, ok := strings.Cut(line, "\r"); ok && before != "" {
			t.Fatalf("the bar wipes %q", before)
		}
	}
}

func TestTheBarFitsTheTerminal(t *testing.T) {
	t.Parallel()
	b := bar{done: 50, total: 100, objects: 123456}
	for width, want := range map[int]string{
		0:  "[###############---------------]  50%  123456 objects",
		80: "[###############---------------]  50%  123456 objects",
		54: "[###############---------------]  50%  123456 objects",
		53: " 50%  123456 objects",
		21: " 50%  123456 objects",
		10: " 50%  123",
		1:  "",
	} {
		b.width = width
		if got := b.text(); got != want {
			t.Errorf("%d columns: %q, want %q", width, got, want)
		}
	}
}

// Not in parallel: the heap is everybody's.
func TestWithALevelMemoryDoesNotGrowWithTheInput(t *testing.T) {
	s, _, stderr := system("check", "-", "--level=restricted", "-o", "json")
	const objects = 30_000
	const document = "---\n" + pod
	s.Stdin = io.LimitReader(&repeated{text: document}, int64(objects*len(document)))
	watch := &heapWatch{}
	s.Stdout = watch
	if code := Main(s); code != 1 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	if watch.written < 50<<20 {
		t.Fatalf("only %d bytes of report: too few to tell", watch.written)
	}
	if watch.most > watch.first+(16<<20) {
		t.Errorf("the heap grew from %d to %d MiB", watch.first>>20, watch.most>>20)
	}
}

// repeated is a text without end.
type repeated struct {
	text string
	rest string
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.rest == "" {
		r.rest = r.text
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// heapWatch looks at the live heap every few megabytes.
type heapWatch struct{ written, next, first, most uint64 }

func (h *heapWatch) Write(p []byte) (int, error) {
	h.written += uint64(len(p))
	if h.written >= h.next {
		h.next = h.written + (8 << 20)
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		if h.first == 0 {
			h.first = m.HeapAlloc
		}
		h.most = max(h.most, m.HeapAlloc)
	}
	return len(p), nil
}

func TestAReportStreamsBeforeTheInputEnds(t *testing.T) {
	t.Parallel()
	s, _, stderr := system("check", "-", "--level=restricted", "-o", "json")
	in, feed := io.Pipe()
	seen := make(chan struct{})
	s.Stdin, s.Stdout = in, &firstWrite{seen: seen}
	done := make(chan int)
	go func() { done <- Main(s) }()
	for {
		select {
		case <-seen:
			_ = feed.Close()
			if code := <-done; code != 1 {
				t.Errorf("exit code %d: %s", code, stderr)
			}
			return
		default:
			if _, err := io.WriteString(feed, pod+"---\n"); err != nil {
				t.Fatal(err)
			}
		}
	}
}

type firstWrite struct {
	seen chan struct{}
	done bool
}

func (f *firstWrite) Write(p []byte) (int, error) {
	if !f.done {
		f.done = true
		close(f.seen)
	}
	return len(p), nil
}

func TestTheDocumentIsCompleteWhateverTheExitCode(t *testing.T) {
	t.Parallel()
	for input, want := range map[string]int{pod: 1, "": 3, "{": 3, pod + "{": 3, "\x00\x01": 3, "---\n---\n": 3, "[]": 3} {
		s, out, stderr := system("check", "-", "-o", "json")
		s.Stdin = strings.NewReader(input)
		if code := Main(s); code != want {
			t.Errorf("%q: exit code %d, want %d: %s", input, code, want, stderr)
		}
		if !json.Valid(out.Bytes()) {
			t.Errorf("%q: this is not JSON: %s", input, out)
		}
		for _, line := range strings.Split(strings.TrimSuffix(stderr.String(), "\n"), "\n") {
			if !strings.HasPrefix(line, "standard input") && !strings.Contains(line, " judged, ") {
				t.Errorf("%q: a line without its file: %s", input, line)
			}
		}
	}
}
