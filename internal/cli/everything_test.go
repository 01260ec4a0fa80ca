package cli

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/internal/sample"
)

// manifests writes all samples into a directory.
func manifests(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, m := range sample.Manifests() {
		if err := os.WriteFile(filepath.Join(dir, m.Name), []byte(m.Text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// reported is what the tests look at in a report as JSON.
type reported struct {
	Results []struct {
		Object     report.Object
		Violations []struct {
			Control  string
			Findings []struct{ Path string }
		}
	}
	NotChecked, Errors []any
	Changes, Left      []any // of a fix
	Summary            map[string]any
}

func (r *reported) findings() (n int) {
	for _, result := range r.Results {
		for _, v := range result.Violations {
			n += len(v.Findings)
		}
	}
	return n
}

// run runs the program and returns its standard output.
func run(t *testing.T, args ...string) []byte {
	t.Helper()
	s, out, stderr := system(args...)
	if code := Main(s); code > 1 {
		t.Fatalf("gabion %s: exit code %d: %s", strings.Join(args, " "), code, stderr)
	}
	return out.Bytes()
}

func decode[T any](t *testing.T, text []byte) (v T) {
	t.Helper()
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestEveryFormatOfEverythingIsSoundAndTheSameTwice(t *testing.T) {
	t.Parallel()
	input := manifests(t)
	var reports [2]map[string][]byte
	for i := range reports {
		reports[i] = map[string][]byte{}
		dir := t.TempDir()
		args := []string{"check", "--config=none", "--level=restricted", input, "../../examples/charts", "-k", "../../examples/kustomize/base", "-k", "../../examples/kustomize/production"}
		for _, format := range report.CheckFormats() {
			args = append(args, "-o", format+"="+filepath.Join(dir, format))
		}
		run(t, args...)
		for _, format := range report.CheckFormats() {
			text, err := os.ReadFile(filepath.Join(dir, format))
			if err != nil {
				t.Fatal(err)
			}
			reports[i][format] = text
		}
	}
	for format, text := range reports[0] {
		if !bytes.Equal(text, reports[1][format]) {
			t.Errorf("%s: another run makes another report", format)
		}
	}
	sound(t, reports[0])
}

// sound holds the formats of one check against what its JSON says.
func sound(t *testing.T, text map[string][]byte) {
	t.Helper()
	all := decode[reported](t, text["json"])
	findings := all.findings()
	if len(all.Results) < 250 || findings < 500 || len(all.Errors)+len(all.NotChecked) > 0 {
		t.Fatalf("%d results, %d findings, %d errors, %d not checked", len(all.Results), findings, len(all.Errors), len(all.NotChecked))
	}
	converted, err := yaml.YAMLToJSON(text["yaml"])
	if err != nil {
		t.Fatal(err)
	}
	if again := decode[reported](t, converted); again.findings() != findings || len(again.Results) != len(all.Results) {
		t.Errorf("yaml: %d findings in %d results", again.findings(), len(again.Results))
	}
	counts := map[string]int{
		"sarif": sarifResults(t, text["sarif"]), "gitlab": len(decode[[]any](t, text["gitlab"])), "github": bytes.Count(text["github"], []byte("\n::error ")) + 1,
		"html": bytes.Count(text["html"], []byte("<li>\n<p><strong class=\"bad\">")), "markdown": bytes.Count(text["markdown"], []byte("` | `spec.")),
	}
	for _, format := range []string{"openreports", "policyreport"} {
		counts[format] = policyFailures(t, text[format])
	}
	for format, n := range counts {
		if n != findings {
			t.Errorf("%s: %d findings, want %d", format, n, findings)
		}
	}
	if n := elements(t, text["junit"], "testcase"); n != len(all.Results) {
		t.Errorf("junit: %d tests for %d results", n, len(all.Results))
	}
	if n := bytes.Count(text["html"], []byte("<tr data-order")); n != len(all.Results) {
		t.Errorf("html: %d rows for %d results", n, len(all.Results))
	}
	failing := bytes.Count(text["name"], []byte("\n"))
	for _, format := range []string{"table", "wide"} {
		if n := bytes.Count(append([]byte("\n"), text[format]...), []byte("\nFAIL  ")); n != failing {
			t.Errorf("%s: %d objects fail, want %d", format, n, failing)
		}
	}
}

// sarifResults counts results, and wants those of manifests to have fixes and those
// of what was rendered to have none.
func sarifResults(t *testing.T, text []byte) int {
	t.Helper()
	type artifact struct{ URI string }
	log := decode[struct {
		Runs []struct {
			Results []struct {
				Locations []struct {
					PhysicalLocation struct {
						ArtifactLocation artifact
						Region           *struct{ StartLine int }
					}
				}
				Fixes []struct {
					ArtifactChanges []struct{ ArtifactLocation artifact }
				}
			}
		}
	}](t, text)
	fixes := 0
	for _, r := range log.Runs[0].Results {
		at := r.Locations[0].PhysicalLocation
		if at.Region != nil && at.Region.StartLine < 1 {
			t.Errorf("sarif: line %d of %s", at.Region.StartLine, at.ArtifactLocation.URI)
		}
		for _, f := range r.Fixes {
			fixes++
			if changed := f.ArtifactChanges[0].ArtifactLocation; changed != at.ArtifactLocation || strings.Contains(changed.URI, "examples/") {
				t.Errorf("sarif: a finding in %s has a fix in %s", at.ArtifactLocation.URI, changed.URI)
			}
		}
	}
	if fixes < 200 {
		t.Errorf("sarif: only %d fixes", fixes)
	}
	return len(log.Runs[0].Results)
}

// policyFailures counts the results of policy reports that fail.
func policyFailures(t *testing.T, text []byte) (n int) {
	t.Helper()
	for _, document := range bytes.Split(text, []byte("---\n"))[1:] {
		var r struct {
			Summary struct{ Fail int }
			Results []struct{ Result string }
		}
		if err := yaml.UnmarshalStrict(document, &map[string]any{}); err != nil {
			t.Fatal(err)
		}
		if err := yaml.Unmarshal(document, &r); err != nil {
			t.Fatal(err)
		}
		n += r.Summary.Fail
	}
	return n
}

// elements counts elements of a name in XML, which has to be whole.
func elements(t *testing.T, text []byte, name string) (n int) {
	t.Helper()
	for d := xml.NewDecoder(bytes.NewReader(text)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return n
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == name {
			n++
		}
	}
}

func TestAllManifestsAreFixedOnceAndWhatIsReportedAsFixedPasses(t *testing.T) {
	t.Parallel()
	dir := manifests(t)
	type fixed struct {
		Results []struct {
			Changes []any
			Left    []struct{ Control, Path string }
		}
		Errors, NotChecked []any
	}
	first := decode[fixed](t, run(t, "fix", "--write", "-o", "json", dir))
	if len(first.Errors)+len(first.NotChecked) > 0 {
		t.Fatalf("%d errors, %d not checked", len(first.Errors), len(first.NotChecked))
	}
	changes, left := 0, map[string]int{}
	for _, r := range first.Results {
		changes += len(r.Changes)
		for _, l := range r.Left {
			left[l.Control+" "+l.Path]++
		}
	}
	if changes < 500 || len(left) < 3 {
		t.Fatalf("%d changes, %d kinds of findings left", changes, len(left))
	}
	checked := decode[reported](t, run(t, "check", "--config=none", "--level=restricted", "-o", "json", dir))
	for _, r := range checked.Results {
		for _, v := range r.Violations {
			for _, f := range v.Findings {
				left[v.Control+" "+f.Path]--
			}
		}
	}
	for what, n := range left {
		if n != 0 {
			t.Errorf("%s: said to be left %d times more often than it is found", what, n)
		}
	}
	for _, r := range decode[fixed](t, run(t, "fix", "--write", "-o", "json", dir)).Results {
		if len(r.Changes) > 0 {
			t.Errorf("fixed again: %v", r.Changes)
		}
	}
}
