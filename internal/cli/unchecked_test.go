package cli

import (
	"regexp"
	"strings"
	"testing"

	"github.com/gabion-security/gabion/workload"
)

func TestTheExampleOfATemplatePathIsSafeToCopy(t *testing.T) {
	t.Parallel()
	const generic = "GROUP/KIND=.path.to.template"
	for _, tt := range []struct {
		name, apiVersion, kind string
		paths                  []string
		want                   []string
	}{
		{"a path", "example.com/v1", "Machine", []string{"spec.template"}, []string{"example.com/Machine=.spec.template"}},
		{"the core group", "v1", "Machine", []string{"spec.template"}, []string{"Machine=.spec.template"}},
		{"items of lists", "example.com/v1", "M", []string{"spec.a[0].b[17].template"}, []string{"example.com/M=.spec.a[*].b[*].template"}},
		{
			"several paths, each once", "example.com/v1", "M", []string{"spec.a[0].t", "spec.a[1].t", "spec.z"},
			[]string{"example.com/M=.spec.a[*].t", "example.com/M=.spec.z"},
		},
		{"a quoted key", "example.com/v1", "M", []string{`spec["a.b"].template`}, []string{`example.com/M=.spec["a.b"].template`}},
		{"no path", "example.com/v1", "Machine", nil, []string{generic}},
		{"a quote that ends the shell's", "example.com/v1", "M", []string{`spec["'; rm -rf $HOME; '"]`}, []string{generic}},
		{"an odd path behind a good one", "example.com/v1", "M", []string{"spec.a", `spec["'"]`}, []string{generic}},
		{"a kind that is none", "example.com/v1", "M'", []string{"spec.template"}, []string{generic}},
		{"a group that is none", "$(x)/v1", "M", []string{"spec.template"}, []string{generic}},
		{"control characters", "example.com/v1", "M", []string{"spec[\"\\x1b\"]"}, []string{generic}},
		{"a very long path", "example.com/v1", "M", []string{strings.Repeat("a.", 200) + "b"}, []string{generic}},
	} {
		item := workload.Item{Object: workload.Object{APIVersion: tt.apiVersion, Kind: tt.kind}, Unchecked: tt.paths}
		want := "--pod-template-path '" + strings.Join(tt.want, "' --pod-template-path '") + "'"
		if got := pathExample(&item); got != want {
			t.Errorf("%s: %s, want %s", tt.name, got, want)
		}
	}
}

func TestAdviceForWhatWasNotCheckedHelps(t *testing.T) {
	t.Parallel()
	const containers = `{"containers":[{"name":"app","image":"i","securityContext":{"privileged":true}}]}`
	for _, tt := range []struct {
		name, input string
		args        []string
		// paths says whether the advice is to name paths.
		paths bool
	}{
		{
			name:  "a template in a kind that is not known",
			input: `{"apiVersion":"example.com/v1","kind":"Machine","spec":{"template":{"spec":` + containers + `}}}`, paths: true,
		},
		{
			name:  "several templates in a kind that is not known",
			input: `{"apiVersion":"example.com/v1","kind":"Machine","spec":{"a":[{"template":{"spec":` + containers + `}}],"b":` + containers + `}}`, paths: true,
		},
		{
			name:  "containers in the object itself",
			input: `{"apiVersion":"example.com/v1","kind":"Machine","containers":[{"name":"app"}]}`,
		},
		{
			name:  "a known kind without a template",
			input: `{"apiVersion":"argoproj.io/v1alpha1","kind":"Rollout","spec":{}}`,
		},
		{
			name:  "a known kind with a template elsewhere",
			input: `{"apiVersion":"argoproj.io/v1alpha1","kind":"Rollout","spec":{"other":{"spec":` + containers + `}}}`,
		},
		{
			name: "a known kind with settings for pods that are stated elsewhere",
			input: `{"apiVersion":"argoproj.io/v1alpha1","kind":"Workflow","spec":{"hostNetwork":true,` +
				`"workflowTemplateRef":{"name":"t"}}}`,
		},
		{
			name:  "a List with a template beside its items",
			input: `{"apiVersion":"example.com/v1","kind":"MachineList","items":[],"spec":{"template":{"spec":` + containers + `}}}`,
		},
		{
			name:  "a kind of the user's own with a template elsewhere",
			input: `{"apiVersion":"example.com/v1","kind":"Machine","spec":{"template":{"spec":` + containers + `}}}`,
			args:  []string{"--pod-template-path", "example.com/Machine=.spec.pod"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			run := func(args ...string) (int, string) {
				s, _, stderr := system(append([]string{"check", "-"}, args...)...)
				s.Stdin = strings.NewReader(tt.input)
				return Main(s), stderr.String()
			}
			code, stderr := run(tt.args...)
			if code != 3 || !strings.Contains(stderr, "not checked: ") {
				t.Fatalf("exit code %d, want 3: %s", code, stderr)
			}
			if !strings.Contains(stderr, "pass --allow-unchecked") {
				t.Errorf("nothing is said of --allow-unchecked: %s", stderr)
			}
			if code, stderr := run(append(tt.args, "--allow-unchecked")...); code != 0 || !strings.Contains(stderr, "not checked: ") || strings.Contains(stderr, "--allow-unchecked") {
				t.Errorf("with --allow-unchecked: exit code %d: %s", code, stderr)
			}
			var advised []string
			for _, m := range regexp.MustCompile(`--pod-template-path '([^']*)'`).FindAllStringSubmatch(stderr, -1) {
				advised = append(advised, "--pod-template-path", m[1])
			}
			if len(advised) > 0 != tt.paths {
				t.Errorf("advised %v: %s", advised, stderr)
			}
			if !tt.paths {
				return
			}
			if code, stderr := run(advised...); code != 1 || !strings.Contains(stderr, "1 judged, 1 violating, 0 passed over, 0 not checked") {
				t.Errorf("the advice %v does not help: exit code %d: %s", advised, code, stderr)
			}
		})
	}
}
