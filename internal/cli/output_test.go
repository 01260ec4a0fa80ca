package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gabion-security/gabion/internal/report"
)

func TestOutputsAreFormatsWithFiles(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]outputs{
		"":                              {{"table", ""}},
		"json":                          {{"json", ""}},
		"text":                          {{"table", ""}},
		"json=-":                        {{"json", ""}},
		"sarif=a/../b.sarif table":      {{"sarif", "b.sarif"}, {"table", ""}},
		"json json=x.json":              {{"json", ""}, {"json", "x.json"}},
		"markdown=a=b.md html=-.html":   {{"markdown", "a=b.md"}, {"html", "-.html"}},
		"junit=/dev/stderr github=./-x": {{"junit", "/dev/stderr"}, {"github", "-x"}},
	} {
		if got, err := parseOutputs(strings.Fields(text)); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v, want %v", text, got, err, want)
		}
	}
}

func TestOutputsThatMakeNoSenseAreRefused(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"xml":                `there is no format "xml", only table, wide, json`,
		"JSON":               `there is no format "JSON"`,
		"=x":                 `there is no format ""`,
		"json=":              "no file is named in json=",
		"json yaml":          "json and yaml cannot both go to standard output",
		"json json":          "json and json cannot both go to standard output",
		"json=- table":       "json and table cannot both go to standard output",
		"json=a yaml=./a":    "json and yaml cannot both go to the file a",
		"json=b/a json=b//a": "json and json cannot both go to the file b/a",
	} {
		if got, err := parseOutputs(strings.Fields(text)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, %v, want %q", text, got, err, want)
		}
	}
}

func TestAReportThatIsNotCompletedLeavesWhatWasThere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	old, fresh := filepath.Join(dir, "old.json"), filepath.Join(dir, "fresh.json")
	if err := os.WriteFile(old, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := &System{Getenv: func(string) string { return "" }, Stdout: new(strings.Builder)}
	all := outputs{{"json", old}, {"yaml", fresh}}
	opened, err := all.open(s, report.CheckOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := opened.Error(report.Error{Message: "x"}); err != nil {
		t.Fatal(err)
	}
	opened.close()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(old); err != nil || string(text) != "old" || len(entries) != 1 {
		t.Errorf("%q, %v, beside %d files", text, err, len(entries))
	}

	if _, err := (outputs{{"json", fresh}, {"yaml", filepath.Join(dir, "none", "x")}}).open(s, report.CheckOptions{}); err == nil {
		t.Error("a file in a directory that does not exist was opened")
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("a file that could not be written left others: %v", entries)
	}

	if opened, err = all.open(s, report.CheckOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := opened.Close(report.Summary{}); err != nil {
		t.Fatal(err)
	}
	opened.close()
	for _, name := range []string{old, fresh} {
		if text, err := os.ReadFile(name); err != nil || !strings.Contains(string(text), "CheckReport") {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 2 {
		t.Errorf("something is left: %v", entries)
	}
}

func TestTheRootOfARepositoryIsWhereGitIs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	below := filepath.Join(dir, "a", "b")
	if err := os.MkdirAll(below, 0o700); err != nil {
		t.Fatal(err)
	}
	if got := repositoryRoot(below); got != "" {
		t.Errorf("without .git: %s", got)
	}
	// A worktree has a file.
	if err := os.WriteFile(filepath.Join(dir, ".git"), []byte("gitdir: elsewhere\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := repositoryRoot(below); got != dir {
		t.Errorf("got %s, want %s", got, dir)
	}
}
