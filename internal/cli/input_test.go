package cli

import (
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
		want                   string
	}{
		{"a path", "example.com/v1", "Machine", []string{"spec.template"}, "example.com/Machine=.spec.template"},
		{"the core group", "v1", "Machine", []string{"spec.template"}, "Machine=.spec.template"},
		{"items of lists", "example.com/v1", "M", []string{"spec.a[0].b[17].template", "spec.z"}, "example.com/M=.spec.a[*].b[*].template"},
		{"a quoted key", "example.com/v1", "M", []string{`spec["a.b"].template`}, `example.com/M=.spec["a.b"].template`},
		{"no path", "example.com/v1", "Machine", nil, "example.com/Machine=.path.to.template"},
		{"a quote that ends the shell's", "example.com/v1", "M", []string{`spec["'; rm -rf $HOME; '"]`}, generic},
		{"a kind that is none", "example.com/v1", "M'", []string{"spec.template"}, generic},
		{"a group that is none", "$(x)/v1", "M", []string{"spec.template"}, generic},
		{"control characters", "example.com/v1", "M", []string{"spec[\"\\x1b\"]"}, generic},
		{"a very long path", "example.com/v1", "M", []string{strings.Repeat("a.", 200) + "b"}, generic},
	} {
		item := workload.Item{Object: workload.Object{APIVersion: tt.apiVersion, Kind: tt.kind}, Unchecked: tt.paths}
		if got := pathExample(&item); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestHostileInputForgesNoLine(t *testing.T) {
	t.Parallel()
	const evil = `"a\u001b[2K\nnamespace/x labeled\u202e\u0007"`
	input := `{"apiVersion":"example.com/v1","kind":` + evil + `,"metadata":{"name":` + evil + `},"spec":{"template":{"spec":{"containers":[{"name":"a"}]}}}}` +
		"\n---\n" + `{"apiVersion":"v1","kind":"Pod","metadata":{"name":` + evil + `,"namespace":` + evil + `},"spec":{"containers":[{"name":` + evil +
		`,"securityContext":{"procMount":` + evil + `,"capabilities":{"add":[` + evil + `]}}}]}}` +
		"\n---\n" + `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":` + evil + `,"labels":{"pod-security.kubernetes.io/warn":` + evil + `}}}` +
		"\n---\n" + `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x"},"spec":{"hostPID":` + evil + `}}`
	for _, args := range [][]string{
		{"check", "-"},
		{"check", "-", "-o", "wide"},
		{"check", "-", "-o", "name"},
		{"preview", "--all", "--enforce=restricted:v1.30", "--templates", "-"},
	} {
		s, out, stderr := system(args...)
		s.Stdin = strings.NewReader(input)
		if code := Main(s); code != 3 {
			t.Errorf("%v: exit code %d, want 3", args, code)
		}
		for _, text := range []string{out.String(), stderr.String()} {
			if strings.ContainsAny(text, "\x1b\x07\u202e") {
				t.Errorf("%v: control characters came through: %q", args, text)
			}
			for line := range strings.Lines(text) {
				if strings.HasPrefix(line, "namespace/x labeled") {
					t.Errorf("%v: a forged line in %q", args, text)
				}
			}
		}
	}
}

func TestClosestSuggestsWhatMayBeMeant(t *testing.T) {
	t.Parallel()
	names := []string{"runAsUser", "runAsNonRoot", "sysctls", "seccomp_a", "seccomp_b"}
	for name, want := range map[string]string{
		"runasuser":  "runAsUser",
		"runAsUsr":   "runAsUser",
		"sysctl":     "sysctls",
		"syscalls":   "sysctls",
		"seccomp":    "seccomp_a or seccomp_b",
		"":           "",
		"x":          "",
		"unrelated!": "",
	} {
		if got := closest(name, names); got != want {
			t.Errorf("closest(%q) = %q, want %q", name, got, want)
		}
	}
}
