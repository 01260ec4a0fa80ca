package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

// nasty are names that mean something to one format or another.
var nasty = []string{
	`"><script>alert(1)</script>`, "::error::owned", "a\n::error file=x::owned", "##[error]owned", "]]>", "%0A::error::owned", "a,b:c",
	"a|b`c`|``", "@everyone", "[x](http://evil.example)", "<!-- x", "</pre></script>", "\x00\x1f\u202e\u2066\u200b\ufeff", "&amp;", "- x\n# y",
}

// checkControls are a catalogue of three controls.
func checkControls() []Control {
	return []Control{
		{ID: "hostNamespaces", Name: "Host Namespaces", Level: "baseline", Why: "A pod sees the node.", Fields: []string{"spec.hostNetwork", "spec.hostPID"}, Allowed: []string{"undefined", "false"}, Fix: "remove them"},
		{ID: "privileged", Name: "Privileged Containers", Level: "baseline", Why: "A container is the node.", Fields: []string{"spec.containers[*].securityContext.privileged"}, Allowed: []string{"undefined", "false"}, Fix: "remove it"},
		{ID: "fsGroups", Name: "Groups of volumes", Level: LevelProfile, Why: "Who owns files.", Fix: "state one"},
	}
}

// single has one of everything that a result may have.
func single() Result {
	r := passing("one")
	r.Source.File = "../charts/a b#1.yaml"
	f := finding("spec.template.spec.hostPID", "", 0, true)
	f.Excerpt = Excerpt{6, []string{"    spec:", "      hostPID: true # <here>", "      containers: []"}}
	f.Edits = []Edit{{"../charts/a b#1.yaml", 7, 7, 7, 20, "hostPID: false"}}
	r.Verdict = Verdict{
		Reason: "host namespaces", Message: "host namespaces (hostPID=true)",
		Violations: []Violation{{Control: "hostNamespaces", Level: "baseline", Reason: "host namespaces", Detail: "hostPID=true", Findings: []Finding{f}}},
		Exceptions: []UsedException{{Name: "mesh", Controls: []string{"privileged"}, Reason: "the mesh needs it", ExpiresAt: "2027-01-01"}},
	}
	r.Warn = &Mode{"restricted:latest", Verdict{Reason: "owners", Message: "owners", Violations: []Violation{{Control: "fsGroups", Level: LevelProfile, Reason: "owners", Findings: []Finding{finding("spec.template.spec.securityContext.fsGroup", "", 0, nil)}}}}}
	r.Invalid = []Invalid{{Path: "spec.os", Message: "may not be set", Line: 8, Column: 3, Excerpt: Excerpt{8, []string{"  os: x"}}}}
	return r
}

// warned violates nothing that is enforced, and a lot of the rest.
func warned() Result {
	r := passing("warned")
	r.PolicyFrom, r.Partial = FromNamespace, true
	again := violating().Verdict
	r.Warn = &Mode{"baseline:latest", again}
	more := violating().Verdict
	more.Violations = append(slices.Clone(more.Violations), single().Violations...)
	r.Audit = &Mode{"restricted:v1.30", more}
	r.Exceptions = []UsedException{{Name: "a", Controls: []string{"privileged", "hostNamespaces"}, Reason: hostile}, {Name: "b", Controls: []string{"fsGroups"}, Reason: "so"}}
	r.Warn.Violations[0].Findings[0].Edits = []Edit{{"a.yaml", 7, 1, 7, 1, "x: |\n  y\n"}, {"a.yaml", 9, 1, 10, 1, ""}, {"values.yaml", 1, 1, 1, 2, "y"}}
	return r
}

// nastyReport has nasty names wherever the input can put them.
func nastyReport() checkReport {
	var all checkReport
	for _, name := range nasty {
		r := single()
		r.Source.File, r.Object = name+".yaml", Object{name, name, name, name}
		f := finding("spec.containers[0].securityContext.privileged", name, 1, name)
		f.Path, f.Excerpt = `metadata.annotations["`+name+`"]`, Excerpt{7, []string{name}}
		r.Violations[0].Findings = append(r.Violations[0].Findings, f)
		r.Reason, r.Message, r.Invalid[0].Path, r.Invalid[0].Message = name, name, name, name
		r.Exceptions[0].Name, r.Exceptions[0].Reason = name, name
		all.results = append(all.results, r)
		all.notChecked = append(all.notChecked, NotChecked{r.Source, r.Object, []string{name, name}, name})
		all.errors = append(all.errors, Error{r.Source, name})
	}
	return all
}

func TestNastyNamesStayText(t *testing.T) {
	t.Parallel()
	for _, format := range CheckFormats() {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			out := string(write(t, format, Style{}, nastyReport()))
			if format != "json" { // its readers are machines, and escape what they show
				for _, r := range "\x00\x1f\u202e\u2066\u200b\ufeff\r\x1b" {
					if strings.ContainsRune(out, r) {
						t.Errorf("%q came through", r)
					}
				}
			}
			switch format {
			case "sarif", "gitlab", "json":
				if !json.Valid([]byte(out)) {
					t.Error("no JSON any more")
				}
			case "junit":
				elements(t, out)
			case "html":
				for _, bad := range []string{"<script>alert", "</pre></script>", "<!-- x"} {
					if strings.Contains(out, bad) {
						t.Errorf("%s came through", bad)
					}
				}
			case "github":
				for line := range strings.Lines(out) {
					if !strings.HasPrefix(line, "::error ") && !strings.HasPrefix(line, "::warning ") || strings.HasPrefix(line, "::error::") {
						t.Errorf("a line that nobody wrote: %q", line)
					}
				}
			case "markdown":
				outsideCode(t, out)
			}
		})
	}
}

// elements reads XML to its end.
func elements(t *testing.T, text string) (names []string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return names
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := token.(xml.StartElement); ok {
			names = append(names, e.Name.Local)
		}
	}
}

// outsideCode fails for markup in a page that is not written by its writer.
func outsideCode(t *testing.T, page string) {
	t.Helper()
	for line := range strings.Lines(page) {
		for _, bad := range []string{"<script", "<!--", "](http", "| @", " @everyone "} {
			if strings.Contains(withoutCode(line), bad) {
				t.Errorf("%q came through in %q", bad, line)
			}
		}
		if strings.HasPrefix(line, "# y") || strings.HasPrefix(line, "::") {
			t.Errorf("a line that nobody wrote: %q", line)
		}
	}
}

// withoutCode takes code spans out of a line, as CommonMark finds them.
func withoutCode(line string) string {
	var b strings.Builder
	for line != "" {
		n := len(line) - len(strings.TrimLeft(line, "`"))
		if n == 0 {
			b.WriteByte(line[0])
			if line[0] == '\\' && len(line) > 1 {
				b.WriteByte(line[1])
				line = line[1:]
			}
			line = line[1:]
			continue
		}
		rest, end := line[n:], -1
		for at := 0; at < len(rest); {
			run := len(rest[at:]) - len(strings.TrimLeft(rest[at:], "`"))
			if run == n {
				end = at + run
				break
			}
			at += max(run, 1)
		}
		if end < 0 {
			b.WriteString(line[:n])
			line = rest
			continue
		}
		line = rest[end:]
	}
	return b.String()
}

func TestFingerprintsSurviveMovedLinesAndRenamedFiles(t *testing.T) {
	t.Parallel()
	prints := func(change func(r *Result)) []string {
		var f fingerprints
		r := violating()
		change(&r)
		var all []string
		for _, i := range f.issues(&r) {
			all = append(all, i.fingerprint)
		}
		return all
	}
	want := prints(func(*Result) {})
	if len(want) != 3 || want[0] == want[1] || want[1] == want[2] {
		t.Fatalf("not one for each finding: %q", want)
	}
	moved := prints(func(r *Result) {
		r.Source = Source{File: "elsewhere/b.yaml", Document: 4, Line: 90, Template: r.Source.Template}
		for i := range r.Violations {
			for j := range r.Violations[i].Findings {
				x := &r.Violations[i].Findings[j]
				x.Line += 30
				x.Path = strings.ReplaceAll(x.Path, "containers[0]", "containers[1]")
			}
		}
	})
	if !slices.Equal(moved, want) {
		t.Errorf("got %q, want %q", moved, want)
	}
	other := prints(func(r *Result) { r.Object.Name = "other" })
	for _, print := range other {
		if slices.Contains(want, print) {
			t.Errorf("another object has the same one: %s", print)
		}
	}
	var twice fingerprints
	r := violating()
	first, second := twice.issues(&r), twice.issues(&r)
	if first[0].fingerprint == second[0].fingerprint {
		t.Error("two findings that look the same have the same fingerprint")
	}
}

func TestFilesAreNamedFromTheRootOfTheRepository(t *testing.T) {
	t.Parallel()
	o := CheckOptions{Directory: "/src/repo/deploy", Root: "/src/repo"}
	for file, want := range map[string]string{
		"a.yaml": "deploy/a.yaml", "./x/../a.yaml": "deploy/a.yaml", "../b/ü #1%.yaml": "b/%C3%BC%20%231%25.yaml", "/src/repo/c:d.yaml": "./c:d.yaml",
		"/etc/a b.yaml": "file:///etc/a%20b.yaml", "../../other/a.yaml": "file:///src/other/a.yaml", "-": "stdin", "..a/x": "deploy/..a/x",
	} {
		if got, _ := o.uri(file); got != want {
			t.Errorf("%s: %s, want %s", file, got, want)
		}
	}
	if got := new(CheckOptions).path("a/../b"); got != "a/../b" {
		t.Errorf("without a root: %s", got)
	}
}

func TestAPageForAJobStaysBelowGitHubsLimit(t *testing.T) {
	t.Parallel()
	var out, page bytes.Buffer
	w, _ := NewCheck("github", &out, CheckOptions{Summary: &page})
	for i := range 4000 {
		r := violating()
		r.Object.Name = fmt.Sprint("web-", i)
		must(t, w.Result(&r))
	}
	must(t, w.Close(Summary{Objects: 4000, Checked: 4000, Violating: 4000}))
	if page.Len() > 1<<20 || page.Len() < maxSummary-2000 {
		t.Errorf("the page has %d bytes", page.Len())
	}
	if !strings.Contains(page.String(), "There is no room for ") {
		t.Error("nothing says that a part is missing")
	}
	if n := bytes.Count(out.Bytes(), []byte("\n")); n != 12000 {
		t.Errorf("%d commands", n)
	}
}

func TestWhatMayBeUncheckedFailsNothing(t *testing.T) {
	t.Parallel()
	n := NotChecked{Source{File: "a.yaml", Line: 3}, Object{"example.com/v1", "Machine", "default", "m"}, []string{"spec.a"}, "who knows"}
	for format, want := range map[string][2]string{
		"sarif":        {`"executionSuccessful": false`, `"executionSuccessful": true`},
		"junit":        {"<error ", "<skipped "},
		"github":       {"::error ", "::warning "},
		"gitlab":       {`"severity": "major"`, `"severity": "minor"`},
		"openreports":  {"result: error", "result: skip"},
		"policyreport": {"result: error", "result: skip"},
	} {
		for i, text := range want {
			var out bytes.Buffer
			w, _ := NewCheck(format, &out, CheckOptions{AllowUnchecked: i == 1})
			must(t, w.NotChecked(n))
			must(t, w.Close(Summary{Objects: 1, NotChecked: 1}))
			if !strings.Contains(out.String(), text) {
				t.Errorf("%s: no %s in\n%s", format, text, out.String())
			}
		}
	}
}

func TestALongLineIsShownWhereTheFindingIs(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 5000) + "HERE" + strings.Repeat("y", 5000)
	if got := window(long, 5001); !strings.Contains(got[:200], "HERE") {
		t.Errorf("got %.200q", got)
	}
	if got := window("short", 3); got != "short" {
		t.Errorf("got %q", got)
	}
}
