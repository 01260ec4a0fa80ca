package policy

import (
	"strings"
	"testing"

	"github.com/gabion-security/gabion/internal/exception"
)

// excepted is the text of an exception with a name.
func excepted(name string) string {
	return "apiVersion: gabion.io/v1alpha1\nkind: PodSecurityException\nmetadata: {name: " + name + "}\n" +
		"spec: {reason: r, namespaces: {names: [shop]}, controls: [{id: privileged}]}\n"
}

// namesOf returns the names of the exceptions of a set, each with a space after it.
func namesOf(s *exception.Set) string {
	var names strings.Builder
	for _, e := range s.All() {
		names.WriteString(e.Name + " ")
	}
	return names.String()
}

func TestExceptionsThatCannotBeReadAreNone(t *testing.T) {
	t.Parallel()
	wrong := strings.Replace(excepted("w"), "privileged", "privilege", 1)
	for _, c := range []struct {
		name   string
		files  map[string]string
		guards int
		want   string
		faults []string // beginnings
		fatal  string   // of the guards, empty for none
	}{
		{"none", map[string]string{"a.yaml": guardA}, 1, "", nil, ""},
		{"one", map[string]string{"a.yaml": excepted("x")}, 0, "x ", nil, ""},
		{"two, one beside a guard", map[string]string{"a.yaml": excepted("x") + "---\n" + guardA, "b.yaml": excepted("a")}, 1, "a x ", nil, ""},
		{"of a control that profiles have", map[string]string{"a.yaml": strings.Replace(excepted("x"), "privileged", "hostAliases", 1)}, 0, "x ", nil, ""},
		{
			"a wrong one leaves out all of its file", map[string]string{"a.yaml": excepted("x") + "---\n" + wrong + "---\n" + excepted("v"), "b.yaml": excepted("b")},
			0, "b ", []string{`a.yaml, line 5: PodSecurityException "w": spec.controls[0].id: "privilege" is no control`}, "",
		},
		{
			"two wrong ones beside a guard", map[string]string{"a.yaml": wrong + "---\n" + guardA + "---\n" + wrong}, 1, "",
			[]string{`a.yaml, line 1: PodSecurityException "w"`, `a.yaml, line 10: PodSecurityException "w"`}, "",
		},
		{
			"a file that is no YAML", map[string]string{"a.yaml": excepted("x") + "  - :[", "b.yaml": excepted("b") + "---\n" + guardA},
			1, "b ", []string{"a.yaml: "}, "",
		},
		{"one that may have held guards", map[string]string{"a.yaml": excepted("x") + "---\n" + guardA + "  - :[", "b.yaml": excepted("b")}, 0, "b ", nil, "a.yaml: "},
		{"one that says nothing of itself", map[string]string{"a.yaml": "kind: [", "b.yaml": excepted("b")}, 0, "b ", nil, "a.yaml: "},
		{"a wrong guard in its file", map[string]string{"a.yaml": excepted("x") + "---\n" + guardHead, "b.yaml": excepted("b")}, 0, "b ", nil, "a.yaml, line 5: PodSecurityGuard"},
		{"another version", map[string]string{"a.yaml": strings.Replace(excepted("x"), "v1alpha1", "v2", 1)}, 0, "", []string{`a.yaml, line 1: PodSecurityException "x": apiVersion "gabion.io/v2"`}, ""},
		{
			"one name thrice", map[string]string{"a.yaml": excepted("x"), "b.yaml": excepted("x") + "---\n" + excepted("v"), "c.yaml": excepted("x")},
			0, "v ", []string{`b.yaml: PodSecurityException "x" stands in a.yaml, too: none of them counts`}, "",
		},
	} {
		got, err := ReadFolder(folder(c.files))
		if got.Guards.Len() != c.guards || namesOf(got.Exceptions) != c.want || (err == nil) != (c.fatal == "") || err != nil && !strings.HasPrefix(err.Error(), c.fatal) {
			t.Errorf("%s: %d guards, exceptions %q (%v); want %d, %q (%s)", c.name, got.Guards.Len(), namesOf(got.Exceptions), err, c.guards, c.want, c.fatal)
		}
		if len(got.Faults) != len(c.faults) {
			t.Errorf("%s: faults %q, want %q", c.name, got.Faults, c.faults)
			continue
		}
		for i, want := range c.faults {
			if !strings.HasPrefix(got.Faults[i], want) || strings.Contains(got.Faults[i], "\n") {
				t.Errorf("%s: fault %q, want %q", c.name, got.Faults[i], want)
			}
		}
	}
}
