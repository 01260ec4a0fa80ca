package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestEveryFuzzTargetIsFound(t *testing.T) {
	t.Parallel()
	targets, err := fuzzTargets("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []fuzzTarget{{"FuzzJSONReader", "oracle/pss"}, {"FuzzAdmissionReview", "internal/webhook"}, {"FuzzSkip", "workload"}} {
		if !slices.Contains(targets, want) {
			t.Errorf("%v is not among %v", want, targets)
		}
	}
	if !slices.IsSortedFunc(targets, compareTargets) {
		t.Errorf("not in order: %v", targets)
	}
}

// repository makes one with a module, a fuzz target and the document of results.
func repository(t *testing.T, body string) (root string) {
	t.Helper()
	root = t.TempDir()
	for name, text := range map[string]string{
		"go.mod":           "module example.com/m\n\ngo 1.26\n",
		"p/p.go":           "package p\n",
		"p/p_test.go":      "package p\n\nimport \"testing\"\n\nfunc FuzzIt(f *testing.F) {\n\tf.Add(\"seed\")\n\tf.Fuzz(func(t *testing.T, s string) {" + body + "})\n}\n",
		"docs/fuzzing.md":  "before\n" + fuzzBegin + "\n" + renderFuzzed([]fuzzed{{fuzzTarget{"FuzzGone", "p"}, "2001-01-01", 7, time.Minute}}) + "\n" + fuzzEnd + "after\n",
		".git/x_test.go":   "package x\n\nfunc FuzzNot(f *testing.F) {}\n",
		"testdata/fuzz/a":  "go test fuzz v1\n",
		"p/testdata/x.txt": "func FuzzNeither(f *testing.F) {}\n",
	} {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestWhatFuzzingWentThroughIsWrittenDown(t *testing.T) {
	t.Parallel()
	root := repository(t, "")
	var stdout bytes.Buffer
	if err := runFuzz(t.Context(), &stdout, root, fuzzOptions{time: "50x"}); err != nil {
		t.Fatalf("%v\n%s", err, stdout.String())
	}
	text, err := os.ReadFile(filepath.Join(root, "docs", "fuzzing.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := fuzzedRows(string(text))
	if len(rows) != 1 || rows[0].fuzzTarget != (fuzzTarget{"FuzzIt", "p"}) || rows[0].executions < 50 || rows[0].on != time.Now().Format(time.DateOnly) {
		t.Errorf("%+v in\n%s", rows, text)
	}
	if !strings.HasPrefix(string(text), "before\n"+fuzzBegin) || !strings.HasSuffix(string(text), fuzzEnd+"after\n") {
		t.Errorf("what stands around the table is lost:\n%s", text)
	}
}

func TestWhatFuzzingFindsIsAnErrorAndNoResult(t *testing.T) {
	t.Parallel()
	root := repository(t, ` if s == "seed" { t.Error("found") } `)
	file := filepath.Join(root, "docs", "fuzzing.md")
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var stdout bytes.Buffer
	err = runFuzz(t.Context(), &stdout, root, fuzzOptions{time: "50x"})
	if err == nil || !strings.Contains(err.Error(), "FuzzIt in p") || !strings.Contains(stdout.String(), "found") {
		t.Errorf("%v\n%s", err, stdout.String())
	}
	if after, err := os.ReadFile(file); err != nil || !bytes.Equal(before, after) {
		t.Errorf("%v\n%s", err, after)
	}
}

func TestWhatCannotBeFuzzedIsAnError(t *testing.T) {
	t.Parallel()
	for want, o := range map[string]struct{ root, target, time string }{
		`there is no fuzz target "FuzzNone": docs/fuzzing.md names them`:                {repository(t, ""), "FuzzNone", "1x"},
		"-fuzz needs -root, the repository whose targets are fuzzed":                    {"", "", "1x"},
		`"soon" is neither a time such as 30s nor a number of executions such as 1000x`: {repository(t, ""), "", "soon"},
		`"0x" is neither a time such as 30s nor a number of executions such as 1000x`:   {repository(t, ""), "", "0x"},
	} {
		if err := runFuzz(t.Context(), new(bytes.Buffer), o.root, fuzzOptions{target: o.target, time: o.time}); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestARowTakesThePlaceOfTheOneBefore(t *testing.T) {
	t.Parallel()
	a, b, gone := fuzzTarget{"FuzzA", "oracle/pss"}, fuzzTarget{"FuzzB", "workload"}, fuzzTarget{"FuzzC", "x"}
	rows := []fuzzed{{b, "2026-01-02", 10_000_000, 3*time.Hour + 2*time.Second}, {gone, "2026-01-02", 1, time.Second}}
	rows = fuzzedRows(renderFuzzed(rows))
	rows = withRow(rows, fuzzed{a, "2026-01-03", 5, time.Second}, []fuzzTarget{a, b})
	rows = withRow(rows, fuzzed{a, "2026-01-04", 6, time.Second}, []fuzzTarget{a, b})
	want := []fuzzed{{a, "2026-01-04", 6, time.Second}, {b, "2026-01-02", 10_000_000, 3*time.Hour + 2*time.Second}}
	if !slices.Equal(rows, want) {
		t.Errorf("got %+v, want %+v", rows, want)
	}
}

func TestTheLastThatIsSaidOfExecutionsCounts(t *testing.T) {
	t.Parallel()
	const said = "fuzz: elapsed: 0s, gathering baseline coverage: 0/3 completed\n" +
		"fuzz: elapsed: 3s, execs: 325017 (108336/sec), new interesting: 11 (total: 14)\n" +
		"fuzz: elapsed: 4s, execs: 400000 (25000/sec), new interesting: 11 (total: 14)\nPASS\n"
	if got, err := executionsIn(said); got != 400_000 || err != nil {
		t.Errorf("%d, %v", got, err)
	}
	if got, err := executionsIn("PASS\n"); err == nil {
		t.Errorf("%d executions were found in nothing", got)
	}
}
