package script_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/gabion-security/gabion/internal/cli"
)

func TestMain(m *testing.M) {
	program := func(name string) func() {
		return func() { os.Exit(cli.Main(cli.Process(name, "v0.0.0-test"))) }
	}
	testscript.Main(m, map[string]func(){
		"gabion":         program("gabion"),
		"kubectl-gabion": program("kubectl gabion"),
	})
}

// TestScripts tells the stories in testdata. With UPDATE_GOLDENS in the
// environment the outputs they compare with are written anew.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "gzip": compress},
		UpdateScripts:       os.Getenv("UPDATE_GOLDENS") != "",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

// exits runs a command that has to end with an exit code: exits 3 gabion check x.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARG]...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	err = ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// compress puts a compressed copy beside a file: gzip cluster.json.
func compress(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: gzip FILE")
	}
	var b bytes.Buffer
	zip := gzip.NewWriter(&b)
	_, err := zip.Write([]byte(ts.ReadFile(args[0])))
	ts.Check(err)
	ts.Check(zip.Close())
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".gz"), b.Bytes(), 0o600))
}
