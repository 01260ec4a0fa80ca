package script_test

import (
	"bytes"
	"compress/gzip"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/gabion-security/gabion/internal/cli"
	"github.com/gabion-security/gabion/internal/cli/script"
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
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": script.Exits, "gzip": compress},
		UpdateScripts:       os.Getenv("UPDATE_GOLDENS") != "",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
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
