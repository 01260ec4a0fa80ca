// Package examples_test keeps the examples and the documents true: the example
// cluster is held against what kubectl printed on the real one, and every
// terminal session in a document against what the program prints.
package examples_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/internal/cli"
)

// repository is the repository's root, seen from this folder. Commands in
// documents are written to be run there.
const repository = ".."

// gabion runs the program in the repository's root and returns what a person
// would see, both streams together, and the exit code.
func gabion(args ...string) (output string, code int) {
	var terminal bytes.Buffer
	code = cli.Main(cli.System{
		Name: "gabion", Args: args,
		Stdin: strings.NewReader(""), Stdout: &terminal, Stderr: &terminal,
		Getenv: func(string) string { return "" }, Now: time.Now,
	})
	return terminal.String(), code
}

func TestPreviewPrintsWhatKubectlPrintedOnTheRealCluster(t *testing.T) {
	t.Chdir(repository)
	for _, level := range []string{"privileged", "baseline", "restricted"} {
		t.Run(level, func(t *testing.T) {
			text, err := os.ReadFile("examples/testdata/kubectl-label-" + level + ".txt")
			if err != nil {
				t.Fatal(err)
			}
			command, want, _ := strings.Cut(string(text), "\n")
			if !strings.HasPrefix(command, "kubectl label ") || !strings.HasSuffix(command, "enforce="+level) {
				t.Fatalf("the listing begins with %q, not with the command for %s", command, level)
			}
			got, code := gabion("preview", "--all", "--enforce="+level, "examples/docker-desktop")
			if code != 0 {
				t.Errorf("exit code %d, want 0", code)
			}
			// Older kubectl did not say that it was a dry run.
			got = strings.ReplaceAll(got, " labeled (server dry run)\n", " labeled\n")
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-kubectl +gabion)\n%s", diff)
			}
		})
	}
}

func TestTerminalSessionsInTheDocuments(t *testing.T) {
	t.Chdir(repository)
	sessions := 0
	for _, name := range documents(t) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) { sessions += checkSessions(t, string(text)) })
	}
	if sessions == 0 {
		t.Error("no document shows a session: nothing was checked")
	}
}

// documents returns the Markdown files of the repository.
func documents(t *testing.T) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != "." && (entry.Name()[0] == '.' || entry.Name() == "testdata"):
			return filepath.SkipDir
		case !entry.IsDir() && filepath.Ext(name) == ".md":
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// checkSessions runs the commands of every console block and compares what they
// print with what stands below them. It returns how many it ran.
func checkSessions(t *testing.T, text string) int {
	t.Helper()
	ran, last := 0, 0
	for _, block := range consoleBlocks(text) {
		for _, step := range strings.Split("\n"+block, "\n$ ")[1:] {
			command, want, _ := strings.Cut(step+"\n", "\n")
			want = strings.TrimSuffix(want, "\n")
			if command == "echo $?" {
				if want = strings.TrimSpace(want); want != strconv.Itoa(last) {
					t.Errorf("exit code %d, the document says %s", last, want)
				}
				continue
			}
			args := strings.Fields(command)
			if args[0] != "gabion" {
				t.Errorf("%q is not a command that this test can run: put it into a sh block", command)
				continue
			}
			var got string
			got, last = gabion(args[1:]...)
			ran++
			if diff := cmp.Diff(strings.TrimSuffix(want, "\n"), strings.TrimSuffix(got, "\n")); diff != "" {
				t.Errorf("$ %s (-document +gabion)\n%s", command, diff)
			}
		}
	}
	return ran
}

// consoleBlocks returns what stands in the ```console blocks of a document.
func consoleBlocks(text string) []string {
	var blocks []string
	for {
		_, rest, found := strings.Cut(text, "\n```console\n")
		if !found {
			return blocks
		}
		block, after, closed := strings.Cut(rest, "\n```")
		if !closed {
			return blocks
		}
		blocks = append(blocks, block)
		text = after
	}
}
