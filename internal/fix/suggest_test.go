package fix_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/internal/fix"
	"github.com/gabion-security/gabion/internal/sample"
)

func TestSuggestionsMadeOneAfterTheOtherFixAFile(t *testing.T) {
	t.Parallel()
	const text = "# é\n---\napiVersion: v1\nkind: List\nitems:\n- " + "apiVersion: v1\n  kind: Pod\n  spec:\n    containers: [{name: é}, {name: b}]\n- {apiVersion: v1, kind: Pod, spec: {containers: [{name: ü, securityContext: {}}]}}\n"
	f := fixer(t)
	want := string(fixed(t, f, text).After)
	got := text
	for range 20 {
		made := false
		for item := range f.Reader.Read("x", strings.NewReader(got)) {
			suggestions, err := f.Suggest(&item.Templates[0])
			if err != nil {
				t.Fatal(err)
			}
			if len(suggestions) > 0 {
				got, made = replaced(got, suggestions[0].Edits), true
				break
			}
		}
		if !made {
			break
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestASuggestionIsForTheContainersOfItsFindingsOnly(t *testing.T) {
	t.Parallel()
	const own = podHead + podSafe + "  containers:\n  - name: a\n    securityContext: {capabilities: {drop: [ALL]}}\n  - name: b\n    securityContext: {capabilities: {drop: [ALL]}}\n"
	const shared = podHead + podSafe + "  containers:\n  - name: a\n    securityContext: &s {capabilities: {drop: [ALL]}}\n  - name: b\n    securityContext: *s\n"
	for text, want := range map[string][]int{own: {1, 1}, shared: {2}} {
		f := fixer(t)
		var got []int
		for _, s := range suggestions(t, f, text) {
			got = append(got, len(s.Findings))
		}
		if !slices.Equal(got, want) {
			t.Errorf("suggestions for %d findings each, want %d:\n%s", got, want, text)
		}
	}
}

func suggestions(t *testing.T, f fix.Fixer, text string) (all []fix.Suggestion) {
	t.Helper()
	for item := range f.Reader.Read("x", strings.NewReader(text)) {
		for i := range item.Templates {
			more, err := f.Suggest(&item.Templates[i])
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, more...)
		}
	}
	return all
}

// findings are the places where templates of a text violate the policy.
func findings(t *testing.T, f fix.Fixer, text string) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	for item := range f.Reader.Read("x", strings.NewReader(text)) {
		for i := range item.Templates {
			verdict, err := f.Evaluator.Evaluate(&item.Templates[i].Pod, f.Policy)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range verdict.Violations() {
				for _, finding := range v.Findings {
					all[string(v.Control)+" "+finding.Path()] = true
				}
			}
		}
	}
	return all
}

func TestASuggestionMakesItsFindingsGoAndNoOthers(t *testing.T) {
	t.Parallel()
	f, seen := fixer(t), 0
	for i, m := range sample.Manifests() {
		if m.Pods != 1 || i%3 != 0 {
			continue
		}
		before := findings(t, f, m.Text)
		for _, s := range suggestions(t, f, m.Text) {
			seen++
			after := findings(t, f, replaced(m.Text, s.Edits))
			for place := range before {
				control, path, _ := strings.Cut(place, " ")
				goes := control == string(s.Control) && slices.Contains(s.Findings, path)
				if goes == after[place] {
					t.Errorf("%s: the suggestion for %s at %q: %s is found: %v", m.Name, s.Control, s.Findings, place, after[place])
				}
			}
			if len(after) != len(before)-len(s.Findings) {
				t.Errorf("%s: %d findings, with the suggestion for %d of them %d", m.Name, len(before), len(s.Findings), len(after))
			}
		}
	}
	if seen < 100 {
		t.Errorf("only %d suggestions were seen", seen)
	}
}

// replaced makes edits by lines and columns, the last one first.
func replaced(text string, edits []fix.Replacement) string {
	lines := strings.SplitAfter(text, "\n")
	at := func(line, column int) int {
		before := strings.Join(lines[:line-1], "")
		return len(before) + len(string([]rune(strings.Join(lines[line-1:], ""))[:column-1]))
	}
	for i := len(edits) - 1; i >= 0; i-- {
		e := edits[i]
		text = text[:at(e.Line, e.Column)] + e.Text + text[at(e.EndLine, e.EndColumn):]
	}
	return text
}
