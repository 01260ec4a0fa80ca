package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// asProgram has the test binary be the program.
const asProgram = "GABION_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	m.Run()
}

// run runs the program and returns its exit code, -1 if a signal ended it.
func run(t *testing.T, cmd *exec.Cmd) int {
	t.Helper()
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode()
}

func program(t *testing.T, args ...string) (cmd *exec.Cmd, stderr *bytes.Buffer) {
	t.Helper()
	cmd = exec.Command(os.Args[0], args...) //nolint:gosec // the test binary
	cmd.Env = append(os.Environ(), asProgram+"=1")
	stderr = &bytes.Buffer{}
	cmd.Stderr = stderr
	cmd.Stdin = strings.NewReader(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"hostPID":true,"containers":[{"name":"app"}]}}`)
	return cmd, stderr
}

func TestAClosedPipeIsQuietAndNotSuccess(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"check", "--level=privileged", "-"}, // 0 if it could be told
		{"check", "-"},
		{"check", "-o", "json", "-"},
		{"check", "-o", "name", "-"},
		{"preview", "--all", "--enforce=baseline", "-"},
		{"controls"},
		{"explain", "sysctls"},
		{"version"},
		{"completion", "bash"},
		{"--help"},
		{"help", "check"},
	} {
		cmd, stderr := program(t, args...)
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		cmd.Stdout = w
		code := run(t, cmd)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if code != 3 {
			t.Errorf("%v: exit code %d, want 3", args, code)
		}
		if got := stderr.String(); got != "" {
			t.Errorf("%v: standard error: %s", args, got)
		}
	}
}

func TestAReaderOfStandardErrorThatIsGoneChangesNothing(t *testing.T) {
	t.Parallel()
	cmd, _ := program(t, "check", "-")
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Close() }()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	var stdout bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, w
	if code := run(t, cmd); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	if !strings.Contains(stdout.String(), "pod/p") {
		t.Errorf("standard output: %s", stdout.String())
	}
}

func TestASmallCheckEndsBeforeGarbageIsCollected(t *testing.T) {
	t.Parallel()
	cmd, stderr := program(t, "check", "-")
	cmd.Env = append(cmd.Env, "GODEBUG=gctrace=1", "GOGC=", "GOMEMLIMIT=") // a line for each collection
	if code := run(t, cmd); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	if got := stderr.String(); strings.Contains(got, "gc 1 @") {
		t.Errorf("standard error: %s", got)
	}
}
