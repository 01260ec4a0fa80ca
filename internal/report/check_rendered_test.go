package report

import (
	"regexp"
	"strings"
	"testing"
)

// renderedReport holds what was made from templates: findings of which the line in
// the template is known, of which nothing but the line as rendered is, and of which
// the template is in a package; and a violation that is about no place at all.
func renderedReport() checkReport {
	r := violating()
	r.Source = Source{File: "web-1.0.0.tgz/templates/web.yaml", Document: 1, RenderedLine: 2, Template: "spec.template"}
	placed := &r.Violations[0].Findings[0]
	placed.Line, placed.Column, placed.RenderedLine = 21, 0, 9
	placed.Excerpt = Excerpt{8, []string{"        securityContext:", "          privileged: true"}}
	for _, f := range []*Finding{&r.Violations[0].Findings[1], &r.Violations[1].Findings[0]} {
		f.Line, f.Column, f.RenderedLine = 0, 0, 7
		f.Excerpt = Excerpt{6, []string{"    spec:", "      hostNetwork: true"}}
	}
	r.Invalid = []Invalid{
		{Path: "spec.os", Message: "may not be set", RenderedLine: 12, Excerpt: Excerpt{12, []string{"      os: x"}}},
		{Path: "spec.os", Message: "may not be set", Line: 30, RenderedLine: 12},
	}
	nowhere := passing("nowhere")
	nowhere.Verdict = Verdict{
		Reason: "missing profile", Message: "missing profile (there is none)",
		Violations: []Violation{{Control: "profile", Level: "profile/web", Reason: "missing profile", Detail: "there is none", Findings: []Finding{}}},
	}
	return checkReport{
		results:    []Result{r, nowhere},
		notChecked: []NotChecked{{Source{File: "chart/templates/m.yaml", Document: 1, RenderedLine: 4}, Object{"example.com/v1", "Machine", "default", "m"}, []string{"spec.a"}, "who knows"}},
		errors:     []Error{{Source{File: "chart/templates/m.yaml", Document: 2, RenderedLine: 9}, "it is broken"}},
		summary:    Summary{Objects: 4, Checked: 2, Violating: 2, Invalid: 1, NotChecked: 1, Errors: 1},
	}
}

func TestAViolationThatIsAboutNoPlaceIsInEveryFormat(t *testing.T) {
	t.Parallel()
	for _, format := range CheckFormats() {
		want := "there is none"
		switch format {
		case "name":
			want = "deployment.apps/nowhere"
		case "html":
			want = "missing profile: there is none"
		}
		if got := string(write(t, format, Style{}, renderedReport())); !strings.Contains(got, want) {
			t.Errorf("%s: no %q", format, want)
		}
	}
}

// saysRendered finds line 7 of what was rendered, or that its lines follow.
var saysRendered = regexp.MustCompile(`line 7 as rendered|rendered 7|renderedLine"?: "?7|As rendered:`)

func TestNoFormatNamesALineThatIsNotKnown(t *testing.T) {
	t.Parallel()
	for _, format := range CheckFormats() {
		got := string(write(t, format, Style{}, renderedReport()))
		for _, bad := range []string{"line=0", `"startLine": 0`, `"startColumn": 0`, `"begin": 0`, ".yaml:0", "line 0", "| 0 |  `", " 0:0 "} {
			if strings.Contains(got, bad) {
				t.Errorf("%s: %q", format, bad)
			}
		}
		if format != "name" && !saysRendered.MatchString(got) {
			t.Errorf("%s: nothing says where it is as rendered", format)
		}
	}
}
