package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/e2e/binaries"
)

// demo returns the program that `make demo` runs, with the folder in which it
// keeps its temporary files.
func demo(ctx context.Context, t *testing.T) (cmd *exec.Cmd, temporary string) {
	t.Helper()
	program := filepath.Join(t.TempDir(), "demo")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	temporary = t.TempDir()
	cmd = exec.CommandContext(ctx, program)
	cmd.Env = append(os.Environ(), "TMPDIR="+temporary)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // so that it stops what it started
	return cmd, temporary
}

// leftBehind fails the test unless the folder is empty.
func leftBehind(t *testing.T, temporary string) {
	t.Helper()
	left, err := os.ReadDir(temporary)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range left {
		t.Errorf("%s was left behind", entry.Name())
	}
}

func TestTheREADMEShowsWhatTheDemoPrints(t *testing.T) {
	t.Parallel()
	root, err := binaries.Root(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	const begin = "\n```sh\nmake demo\n```\n\n```text\n"
	_, rest, found := strings.Cut(string(readme), begin)
	want, _, closed := strings.Cut(rest, "```\n")
	if !found || !closed {
		t.Fatalf("README.md shows no output: there is no block that begins with %q", begin)
	}
	cmd, temporary := demo(t.Context(), t)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	if diff := cmp.Diff(want, stdout.String()); diff != "" {
		t.Errorf("(-README.md +demo)\n%s", diff)
	}
	if stderr.Len() > 0 {
		t.Errorf("the terminal would show beside it:\n%s", stderr.String())
	}
	leftBehind(t, temporary)
}

// interrupt sends a signal to the demo as soon as a condition holds.
func interrupt(t *testing.T, cmd *exec.Cmd, condition func() bool) {
	t.Helper()
	for start := time.Now(); !condition(); time.Sleep(10 * time.Millisecond) {
		if time.Since(start) > 3*time.Minute {
			t.Error("it did not come so far that it could be interrupted")
			break
		}
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Error(err)
	}
}

// screen keeps what a program prints.
type screen struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *screen) shows(text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Contains(s.text.String(), text)
}

func TestAnInterruptedDemoLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	for name, when := range map[string]func(shown *screen, temporary string) bool{
		"while it builds": func(_ *screen, temporary string) bool {
			builds, err := filepath.Glob(filepath.Join(temporary, "gabion-cluster-*", "go-build*", "*", "exe"))
			return err == nil && len(builds) > 0
		},
		"while it shows": func(shown *screen, _ string) bool { return shown.shows("enforce=baseline") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd, temporary := demo(t.Context(), t)
			var shown, complaints screen
			cmd.Stdout, cmd.Stderr = &shown, &complaints
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			interrupt(t, cmd, func() bool { return when(&shown, temporary) })
			err := cmd.Wait()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != 1 || complaints.text.String() != "demo: interrupted\n" {
				t.Errorf("got %v and %q, want exit code 1 and one line", err, complaints.text.String())
			}
			if shown.shows("enforce=restricted") {
				t.Errorf("it went on:\n%s", shown.text.String())
			}
			leftBehind(t, temporary)
		})
	}
}
