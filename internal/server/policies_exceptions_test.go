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
	"github.com/gabion-security/gabion/internal/policy"
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
		used, err := policy.ReadFolder(folder(begin))
		if err != nil {
			t.Fatal(err)
		}
		inUse, reloads := used, []bool(nil)
		var log strings.Builder
		f := policyFollower{
			read: func() (policy.Set, error) {
				if c.files == nil {
					return policy.ReadFolder(missing{})
				}
				return policy.ReadFolder(folder(c.files))
			},
			wait: func(context.Context, time.Duration) {},
			use:  func(p policy.Set) { inUse = p }, reloaded: func(ok bool) { reloads = append(reloads, ok) },
			log: slog.New(slog.NewTextHandler(&log, nil)), used: used, last: policyReading{policies: used},
		}
		for range 3 {
			f.look(t.Context())
		}
		if inUse.Guards.Len() != c.guards || namesOf(inUse.Exceptions) != c.want {
			t.Errorf("%s: %d guards, exceptions %q in use", c.name, inUse.Guards.Len(), namesOf(inUse.Exceptions))
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
