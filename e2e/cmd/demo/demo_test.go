package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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

// interrupting sends a signal to a program once it prints a text.
type interrupting struct {
	cmd  *exec.Cmd
	when string
	sent bool
	seen bytes.Buffer
}

func (i *interrupting) Write(p []byte) (int, error) {
	i.seen.Write(p)
	if !i.sent && strings.Contains(i.seen.String(), i.when) {
		i.sent = true
		return len(p), i.cmd.Process.Signal(os.Interrupt)
	}
	return len(p), nil
}

func TestAnInterruptedDemoLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd, temporary := demo(ctx, t)
	stdout := &interrupting{cmd: cmd, when: "enforce=baseline"}
	var stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 || stderr.String() != "demo: interrupted\n" {
		t.Errorf("got %v and %q, want exit code 1 and one line", err, stderr.String())
	}
	if strings.Contains(stdout.seen.String(), "enforce=restricted") {
		t.Errorf("it went on:\n%s", stdout.seen.String())
	}
	leftBehind(t, temporary)
}
