package cli

import (
	"strings"
	"testing"
)

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
