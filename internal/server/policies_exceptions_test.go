package server

import (
	"context"
	"io/fs"
	"log/slog"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

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
		got, err := readPolicies(folder(c.files))
		if got.guards.Len() != c.guards || namesOf(got.exceptions) != c.want || (err == nil) != (c.fatal == "") || err != nil && !strings.HasPrefix(err.Error(), c.fatal) {
			t.Errorf("%s: %d guards, exceptions %q (%v); want %d, %q (%s)", c.name, got.guards.Len(), namesOf(got.exceptions), err, c.guards, c.want, c.fatal)
		}
		if len(got.faults) != len(c.faults) {
			t.Errorf("%s: faults %q, want %q", c.name, got.faults, c.faults)
			continue
		}
		for i, want := range c.faults {
			if !strings.HasPrefix(got.faults[i], want) || strings.Contains(got.faults[i], "\n") {
				t.Errorf("%s: fault %q, want %q", c.name, got.faults[i], want)
			}
		}
	}
}

func TestExceptionsAreFollowedWhateverBecomesOfGuards(t *testing.T) {
	t.Parallel()
	begin := map[string]string{"g.yaml": guardA, "x.yaml": excepted("x"), "v.yaml": excepted("v")}
	with := func(pairs ...string) map[string]string {
		files := map[string]string{"g.yaml": guardA, "x.yaml": excepted("x"), "v.yaml": excepted("v")}
		for i := 0; i < len(pairs); i += 2 {
			if files[pairs[i]] = pairs[i+1]; pairs[i+1] == "" {
				delete(files, pairs[i])
			}
		}
		return files
	}
	for _, c := range []struct {
		name   string
		files  map[string]string // nil for a folder that is gone
		guards int
		want   string
		ok     bool // of the reload
		ready  bool
	}{
		{"one more", with("z.yaml", excepted("z")), 1, "v x z ", true, true},
		{"one less", with("x.yaml", ""), 1, "v ", true, true},
		{"one that cannot be read any more", with("x.yaml", strings.Replace(excepted("x"), "spec", "spce", 1)), 1, "v ", false, true},
		{"one that is no YAML any more", with("x.yaml", excepted("x")+"  - :["), 1, "v ", false, true},
		{"one less, with a guard that cannot be read", with("x.yaml", "", "g.yaml", guardHead), 1, "v ", false, false},
		{"one more, with a guard that cannot be read", with("z.yaml", excepted("z"), "g.yaml", guardHead), 1, "v x z ", false, false},
		{"an empty folder", map[string]string{}, 1, "", false, false},
		{"a folder that is gone", nil, 1, "", false, false},
	} {
		used, err := readPolicies(folder(begin))
		if err != nil {
			t.Fatal(err)
		}
		inUse, reloads := used, []bool(nil)
		var log strings.Builder
		f := policyFollower{
			read: func() (policies, error) {
				if c.files == nil {
					return readPolicies(missing{})
				}
				return readPolicies(folder(c.files))
			},
			wait: func(context.Context, time.Duration) {},
			use:  func(p policies) { inUse = p }, reloaded: func(ok bool) { reloads = append(reloads, ok) },
			log: slog.New(slog.NewTextHandler(&log, nil)), used: used, last: policyReading{policies: used},
		}
		for range 3 {
			f.look(t.Context())
		}
		if inUse.guards.Len() != c.guards || namesOf(inUse.exceptions) != c.want {
			t.Errorf("%s: %d guards, exceptions %q in use", c.name, inUse.guards.Len(), namesOf(inUse.exceptions))
		}
		if diff := cmp.Diff([]bool{c.ok}, reloads); diff != "" || (f.notReady() == "") != c.ready {
			t.Errorf("%s: reloads %v, not ready: %q", c.name, reloads, f.notReady())
		}
		if told := strings.Contains(log.String(), "level=ERROR"); told == c.ok {
			t.Errorf("%s: the log has %s", c.name, log.String())
		}
	}
}

// missing is a folder that is not there.
type missing struct{ fstest.MapFS }

func (missing) ReadDir(string) ([]fs.DirEntry, error) {
	return nil, &fs.PathError{Op: "open", Path: ".", Err: fs.ErrNotExist}
}
