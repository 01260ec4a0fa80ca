package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

// hostile is what an attacker would name things.
const hostile = "a\x1b[31m\x07\u202e\nPASS\xff<b>&"

// checkReport is a report to be written.
type checkReport struct {
	results    []Result
	notChecked []NotChecked
	errors     []Error
	summary    Summary
}

func finding(path, container string, order int, value any) Finding {
	f := Finding{Path: path, Value: value, Allowed: "undefined or false", Fix: "remove it", Explicit: value != nil, Line: 7, Column: 9, Order: order, Root: "spec.template"}
	if container != "" {
		f.Container, f.ContainerKind, f.Root = container, "container", "spec.template.spec.containers[0]"
	}
	return f
}

func passing(name string) Result {
	return Result{
		Source: Source{File: "a.yaml", Document: 1, Line: 1, Template: "spec.template"},
		Object: Object{"apps/v1", "Deployment", "default", name}, Policy: "restricted:latest", PolicyFrom: FromDefault,
		Verdict: Verdict{Allowed: true, Violations: []Violation{}}, Invalid: []Invalid{},
	}
}

func violating() Result {
	r := passing("web")
	r.PolicyFrom = FromNamespace
	r.Verdict = Verdict{
		Reason: "host namespaces, privileged", Message: "host namespaces (hostNetwork=true), privileged (…)",
		Violations: []Violation{
			{Control: "privileged", Level: "baseline", Reason: "privileged", Detail: "…", Findings: []Finding{
				finding("spec.template.spec.containers[0].securityContext.privileged", "app", 2, true),
				finding("spec.template.spec.containers[0].securityContext.longer", "app", 2, nil),
			}},
			{Control: "hostNamespaces", Level: "baseline", Reason: "host namespaces", Detail: "hostNetwork=true", Findings: []Finding{
				finding("spec.template.spec.hostNetwork", "", 0, true),
			}},
		},
	}
	return r
}

func hostileResult() Result {
	r := violating()
	r.Source.File, r.Object.Name, r.Object.Kind, r.Object.Namespace = hostile, hostile, "Kind"+hostile, hostile
	r.Partial = true
	r.Violations[0].Findings[0].Value = string(bytes.Repeat([]byte("x"), 300)) + hostile
	r.Violations[0].Findings[0].Container = hostile
	r.Violations[0].Findings[1].Value = []string{hostile, "", `"`}
	r.Violations[0].Findings[1].Line = 0
	r.Violations[1].Findings[0].Path = `metadata.annotations["a\x1b"]`
	r.Violations[1].Findings[0].Value = ""
	r.Message, r.Reason = hostile, hostile
	r.Invalid = []Invalid{
		{Path: "spec.os", Message: hostile, Line: 3, Column: 4}, {Path: "spec.osname", Message: "may not be set", Line: 30, Column: 14},
	}
	r.Warn = &Mode{"restricted:v1.25", Verdict{Reason: hostile, Message: hostile, Violations: []Violation{}}}
	r.Audit = &Mode{"privileged:latest", Verdict{Allowed: true, Violations: []Violation{}}}
	return r
}

func checkReports() map[string]checkReport {
	source := Source{File: "b.yaml", Document: 2, Item: 3, Line: 40}
	return map[string]checkReport{
		"nothing": {},
		"one": {
			results: []Result{passing("web")}, notChecked: []NotChecked{{source, Object{"example.com/v1", "Machine", "default", "m"}, []string{"spec.a"}, "who knows"}},
			errors: []Error{{source, "broken"}}, summary: Summary{Objects: 3, Checked: 1, NotChecked: 1, Errors: 1},
		},
		"aside":    asideReport(),
		"rendered": renderedReport(),
		"many": {
			results: []Result{passing("a"), passing("b"), violating(), passing("c"), hostileResult()},
			notChecked: []NotChecked{
				{source, Object{"example.com/v1", "Machine", "default", hostile}, []string{"spec.a", "spec.b" + hostile}, hostile},
				{source, Object{"example.com/v1", "Machine", "default", ""}, []string{}, "no reason"},
			},
			errors:  []Error{{source, hostile}, {Source{File: "-"}, "empty"}},
			summary: Summary{Objects: 9, Checked: 5, Violating: 2, Invalid: 1, NotChecked: 2, Errors: 2},
		},
		"single": {results: []Result{single()}, summary: Summary{Objects: 1, Checked: 1, Violating: 1, Invalid: 1}},
		"modes":  {results: []Result{warned(), warned()}, summary: Summary{Objects: 2, Checked: 2, Violating: 1}},
	}
}

func write(t *testing.T, format string, style Style, r checkReport) []byte {
	t.Helper()
	var out bytes.Buffer
	w, ok := NewCheck(format, &out, CheckOptions{
		Style: style, Version: "v1.2.3", Controls: checkControls(), Directory: "/src/repo/deploy", Root: "/src/repo",
	})
	if !ok {
		t.Fatalf("no format %q", format)
	}
	// Not checked objects and errors come between results.
	for i := range max(len(r.results), len(r.notChecked), len(r.errors)) {
		if i < len(r.notChecked) {
			must(t, w.NotChecked(r.notChecked[i]))
		}
		if i < len(r.errors) {
			must(t, w.Error(r.errors[i]))
		}
		if i < len(r.results) {
			must(t, w.Result(&r.results[i]))
		}
	}
	must(t, w.Close(r.summary))
	return out.Bytes()
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestEveryFormatOfACheckIsAsItsGolden(t *testing.T) {
	t.Parallel()
	got := map[string][]byte{}
	for name, r := range checkReports() {
		for _, format := range CheckFormats() {
			got["check-"+name+"."+format] = write(t, format, Style{}, r)
		}
		got["check-"+name+".terminal"] = write(t, "table", Style{Colour: true, Width: 72}, r)
	}
	compareGoldens(t, "check-*", got)
}

// compareGoldens fails on golden files that are missing, changed or not made.
// With UPDATE_GOLDENS in the environment it writes them.
func compareGoldens(t *testing.T, pattern string, got map[string][]byte) {
	t.Helper()
	if os.Getenv("UPDATE_GOLDENS") != "" {
		for name, text := range got {
			must(t, os.WriteFile(filepath.Join("testdata", name), text, 0o600))
		}
	}
	present, err := filepath.Glob(filepath.Join("testdata", pattern))
	must(t, err)
	for _, path := range present {
		if _, ok := got[filepath.Base(path)]; !ok {
			t.Errorf("%s: no test makes it", path)
		}
	}
	for name, text := range got {
		want, err := os.ReadFile(filepath.Join("testdata", name))
		if errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: no such golden", name)
			continue
		}
		must(t, err)
		if diff := cmp.Diff(string(want), string(text)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestJSONAndYAMLAreOneDocumentThatSaysTheSame(t *testing.T) {
	t.Parallel()
	for name, r := range checkReports() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fromJSON, fromYAML := map[string]any{}, map[string]any{}
			must(t, json.Unmarshal(write(t, "json", Style{}, r), &fromJSON))
			must(t, yaml.UnmarshalStrict(write(t, "yaml", Style{}, r), &fromYAML))
			if diff := cmp.Diff(fromJSON, fromYAML); diff != "" {
				t.Errorf("YAML differs from JSON (-json +yaml):\n%s", diff)
			}
			for list, want := range map[string]int{"results": len(r.results), "notChecked": len(r.notChecked), "errors": len(r.errors)} {
				items, ok := fromJSON[list].([]any)
				if !ok || len(items) != want {
					t.Errorf("%s: %v, want a list of %d", list, fromJSON[list], want)
				}
			}
			noNulls(t, "", fromJSON)
		})
	}
}

// noNulls fails for a null anywhere but at a finding's value.
func noNulls(t *testing.T, path string, v any) {
	t.Helper()
	switch v := v.(type) {
	case nil:
		if filepath.Base(path) != "value" {
			t.Errorf("%s is null", path)
		}
	case map[string]any:
		for k := range v {
			noNulls(t, path+"/"+k, v[k])
		}
	case []any:
		for _, item := range v {
			noNulls(t, path, item)
		}
	}
}

func TestYAMLItemsSurviveAnyText(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", " ", "\n", "\n\n", "a\n", "a\n\n\nb\n\n", "  lead\n tail  ", "\tx\n", "- a", "a: b", "# no", "'", `"`, "| x", "yes", "null", "1e3",
		"a\r\nb\r", "\U000e0001\ufeff\x7f\u0080", "0x1F", "1_000", ".inf", "~", "=", "<<", "2020-01-01", "12:30", "word-1.x/y", "a:b", "a:", "a::", "a: b", "\u2028\u0085", "long " + string(bytes.Repeat([]byte("word "), 60)), "\n  deep\n\n   deeper\n", hostile,
	} {
		want := Error{Source: Source{File: text}, Message: text}
		var out bytes.Buffer
		must(t, writeYAMLItem(&out, want))
		var got, viaJSON []Error
		if err := yaml.UnmarshalStrict(out.Bytes(), &got); err != nil {
			t.Errorf("%q: %v\n%s", text, err, out.String())
			continue
		}
		encoded, err := json.Marshal([]Error{want})
		must(t, err)
		must(t, json.Unmarshal(encoded, &viaJSON))
		if diff := cmp.Diff(viaJSON, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

func TestNoFormatForPeopleLetsControlCharactersThrough(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"table", "wide", "name"} {
		out := write(t, format, Style{}, checkReports()["many"])
		for _, bad := range []string{"\x1b", "\x07", "\u202e", "\xff"} {
			if bytes.Contains(out, []byte(bad)) {
				t.Errorf("%s: %q came through:\n%s", format, bad, out)
			}
		}
		if i := slices.IndexFunc(bytes.Split(out, []byte("\n")), func(line []byte) bool { return string(line) == "PASS" }); i >= 0 {
			t.Errorf("%s: a name forged line %d", format, i+1)
		}
	}
}

func TestAFailingWriterIsAnError(t *testing.T) {
	t.Parallel()
	for _, format := range CheckFormats() {
		w, _ := NewCheck(format, failingWriter{}, CheckOptions{})
		r := violating()
		err := errors.Join(w.Result(&r), w.Close(Summary{}))
		if !errors.Is(err, fs.ErrClosed) {
			t.Errorf("%s: %v", format, err)
		}
	}
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, fs.ErrClosed }

func TestNoLineIsWiderThanTheTerminal(t *testing.T) {
	t.Parallel()
	r := violating()
	r.Invalid = []Invalid{{Path: "spec.hostPID", Message: "Forbidden: cannot be set for a windows pod", Line: 3, Column: 4}}
	r.Partial = true
	for width := 54; width <= 140; width++ {
		for line := range bytes.Lines(write(t, "table", Style{Width: width}, checkReport{results: []Result{r}})) {
			// A heading is as long as its names.
			if line = bytes.TrimSuffix(line, []byte("\n")); len(line) > width && !bytes.HasPrefix(line, []byte("FAIL")) && !bytes.Contains(line, []byte("ALLOWED")) {
				t.Errorf("%d columns: %q", width, line)
			}
		}
	}
	narrow := string(write(t, "table", Style{Width: 60}, checkReport{results: []Result{r}}))
	for _, want := range []string{
		"  spec.hostNetwork            true\n            allowed: undefined or false\n            fix: remove it (hostNamespaces)\n",
		"  spec.hostPID  Forbidden: cannot be set for a\n",
	} {
		if !strings.Contains(narrow, want) {
			t.Errorf("got\n%swant %q", narrow, want)
		}
	}
}
