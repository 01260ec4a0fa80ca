package examples_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gabion-security/gabion/internal/exception"
)

// TestTheExampleExceptionsLetTheirWorkloadPassAndNothingElse holds each exception
// of the examples against the workload that it is for, and against a neighbour that
// asks for a little more.
func TestTheExampleExceptionsLetTheirWorkloadPassAndNothingElse(t *testing.T) {
	t.Chdir(repository)
	directories, err := filepath.Glob("examples/exceptions/*")
	if err != nil || len(directories) < 4 {
		t.Fatalf("%v: %q are too few", err, directories)
	}
	run := func(want int, args ...string) string {
		t.Helper()
		output, code := gabion(args...)
		if code != want {
			t.Errorf("%q: exit code %d, want %d:\n%s", args, code, want, output)
		}
		return output
	}
	for _, directory := range directories {
		file := func(name string) string { return filepath.ToSlash(filepath.Join(directory, name)) }
		excepted, workload, neighbour := file("exception.yaml"), file("workload.yaml"), file("neighbour.yaml")
		run(1, "check", workload)
		run(0, "check", workload, "--exceptions", excepted)
		output := run(1, "check", workload, neighbour, "--exceptions", excepted)
		if !strings.Contains(output, "1 violating") || !strings.Contains(output, "pod/neighbour") {
			t.Errorf("%s: not the neighbour alone:\n%s", directory, output)
		}
		// Nothing is out of use, and nothing wrong but that they have no end.
		output = run(0, "exceptions", "lint", excepted, "-f", workload)
		for line := range strings.Lines(output) {
			if strings.HasPrefix(line, "WARNING") && !strings.Contains(line, "never-expires") {
				t.Errorf("%s: %s", directory, line)
			}
		}
		// They let nothing pass in any other namespace.
		run(1, "check", workload, "--level=baseline", "--exceptions", elsewhere(t, excepted))
	}
}

// elsewhere copies an exception for a namespace of another name.
func elsewhere(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, namespace := range []string{"shop", "cni-system", "csi-system", "logging"} {
		text = []byte(strings.ReplaceAll(string(text), "    names: ["+namespace+"]", "    names: ["+namespace+"-x]"))
	}
	to := filepath.Join(t.TempDir(), "exception.yaml")
	if err := os.WriteFile(to, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return to
}

func TestTheDocumentOfExceptionsHasEveryRule(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(repository + "/docs/exceptions.md")
	if err != nil {
		t.Fatal(err)
	}
	want := "| Rule | Severity | What is wrong |\n|---|---|---|\n"
	for _, r := range exception.Rules() {
		want += "| `" + r.ID + "` | " + string(r.Severity) + " | " + strings.ToUpper(r.Title[:1]) + r.Title[1:] + ". |\n"
	}
	if !strings.Contains(string(text), "\n"+want+"\n") {
		t.Errorf("the table of rules is not\n%s", want)
	}
}

// TestWhatIsSuggestedForTheExampleClusterLetsAllOfItPass reads back what is
// suggested for everything in the cluster, and finds nothing that is not used.
func TestWhatIsSuggestedForTheExampleClusterLetsAllOfItPass(t *testing.T) {
	t.Chdir(repository)
	for _, level := range []string{"baseline", "restricted"} {
		suggested, code := gabion("exceptions", "suggest", "examples/docker-desktop", "--level="+level, "--reason=test", "--owner=test")
		if code != 0 {
			t.Fatalf("%s: exit code %d:\n%s", level, code, suggested)
		}
		file := filepath.Join(t.TempDir(), "suggested.yaml")
		if err := os.WriteFile(file, []byte(suggested), 0o600); err != nil {
			t.Fatal(err)
		}
		if output, code := gabion("check", "examples/docker-desktop", "--level="+level); code != 1 {
			t.Errorf("%s: exit code %d without exceptions:\n%s", level, code, output)
		}
		if output, code := gabion("check", "examples/docker-desktop", "--level="+level, "--exceptions", file); code != 0 {
			t.Errorf("%s: exit code %d:\n%s", level, code, output)
		}
		if output, code := gabion("exceptions", "lint", "--strict", file, "-f", "examples/docker-desktop", "--level="+level); code != 0 {
			t.Errorf("%s: exit code %d:\n%s", level, code, output)
		}
	}
}
