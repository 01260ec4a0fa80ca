package pss

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/gabion-security/gabion/oracle/pss/trial"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
	"github.com/gabion-security/gabion/workload/typed"
	corev1 "k8s.io/api/core/v1"
)

// decodeAny decodes JSON with numbers as they are written.
func decodeAny(t testing.TB, data []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestFindingsPointAtTheValuesThatOffend(t *testing.T) {
	t.Parallel()
	s := trial.New(t, 15_000)
	j := newJudges(t, 0)
	s.Each(t, func(t *testing.T, n uint64) {
		pod := s.Generator(n).Pod()
		data := toJSON(t, pod)
		pod = new(corev1.Pod)
		decodeJSON(t, data, pod)
		view := typed.Pod(pod, workload.Options{Stored: true})
		tree := decodeAny(t, data)
		r := s.Chooser(n)
		for range 4 {
			for _, q := range j.questions[r.IntN(len(j.questions))] {
				verdict, err := j.ours.Evaluate(&view.Pod, q.ours)
				if err != nil {
					t.Fatal(err)
				}
				violations := verdict.Violations()
				if verdict.Allowed() != (len(violations) == 0) {
					t.Fatalf("allowed %t with %d violations", verdict.Allowed(), len(violations))
				}
				for _, v := range violations {
					if problem := checkFindings(t, tree, v); problem != "" {
						t.Fatalf("%s at %s: %s\npod: %s", v.Control, q.ours, problem, data)
					}
				}
			}
		}
	})
}

// checkFindings says what is wrong with the findings of a violation, if anything.
func checkFindings(t testing.TB, tree any, v pss.Violation) string {
	t.Helper()
	if len(v.Findings) == 0 {
		return "no findings"
	}
	seen := map[string]bool{}
	for _, f := range v.Findings {
		path := f.Path()
		container := ""
		if c := f.Container; c != nil {
			container = fmt.Sprintf("spec.%s[%d]", c.Kind.Field(), c.Index)
			name, _ := resolve(tree, steps(t, container+".name"))
			if name != c.Name {
				return fmt.Sprintf("%s: the container is %q, not %q", path, name, c.Name)
			}
			if !strings.HasPrefix(path, container+".") && !strings.HasPrefix(path, "metadata.annotations[") {
				return fmt.Sprintf("%s is not in %s", path, container)
			}
		}
		if seen[path+" "+container] {
			return path + " is found twice"
		}
		seen[path+" "+container] = true
		if f.Allowed == "" || f.Fix == "" {
			return path + ": no advice"
		}
		value, ok := resolve(tree, steps(t, path))
		switch {
		case f.Explicit && !ok:
			return path + " is not in the pod"
		case !f.Explicit && f.Value.IsNull():
			if list, isList := value.([]any); value != nil && (!isList || len(list) > 0) {
				return fmt.Sprintf("%s is said to be missing and is %v", path, value)
			}
		case !f.Explicit && !strings.HasSuffix(path, ".capabilities.drop"): // which may lack ALL and hold others
			return fmt.Sprintf("%s is said to be missing and to be %v", path, f.Value)
		case !sameValue(value, path, f.Value):
			return fmt.Sprintf("%s is %v, the finding says %v", path, value, f.Value)
		}
	}
	return ""
}

// sameValue compares a value of the pod with that of a finding. A volume's
// finding names the kind of its source.
func sameValue(value any, path string, found pss.Value) bool {
	if object, ok := value.(map[string]any); ok {
		if strings.HasSuffix(path, "]") {
			_, named := object["name"]
			return found.Any() == "unknown" && named && len(object) == 1
		}
		return strings.HasSuffix(path, "."+found.String())
	}
	return fmt.Sprint(value) == fmt.Sprint(found.Any())
}

func TestWithoutTheExplicitFindingsOnlyMissingValuesAreLeft(t *testing.T) {
	t.Parallel()
	s := trial.New(t, 6_000)
	j := newJudges(t, 0)
	s.Each(t, func(t *testing.T, n uint64) {
		pod := s.Generator(n).Pod()
		data := toJSON(t, pod)
		pod = new(corev1.Pod)
		decodeJSON(t, data, pod)
		view := typed.Pod(pod, workload.Options{Stored: true})
		version := s.Chooser(n).IntN(len(j.questions))
		for _, q := range j.questions[version] {
			verdict, err := j.ours.Evaluate(&view.Pod, q.ours)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range verdict.Violations() {
				checkRepaired(t, j, q, data, v)
			}
		}
	})
}

// checkRepaired removes a violation's explicit findings from the pod and checks
// that upstream then finds fault with missing values at most, those that were
// missing before among them.
func checkRepaired(t *testing.T, j *judges, q question, data []byte, v pss.Violation) {
	t.Helper()
	explicit := map[string]bool{}
	missing := map[string]bool{}
	for _, f := range v.Findings {
		if f.Explicit {
			explicit[f.Path()] = true
		} else {
			missing[f.Path()] = true
		}
	}
	tree := decodeAny(t, data)
	// Later items first, so that the others keep their places.
	paths := slices.SortedFunc(maps.Keys(explicit), func(a, b string) int { return compareSteps(steps(t, b), steps(t, a)) })
	for _, path := range paths {
		var err error
		if tree, err = remove(tree, removable(t, path)); err != nil {
			t.Fatalf("%s of %s: %v in %s", path, v.Control, err, data)
		}
	}
	repaired := new(corev1.Pod)
	decodeJSON(t, toJSON(t, tree), repaired)
	view := typed.Pod(repaired, workload.Options{Stored: true})
	j.compare(t, q, &view.Pod, &repaired.ObjectMeta, &repaired.Spec)
	verdict, err := j.ours.Evaluate(&view.Pod, q.ours)
	if err != nil {
		t.Fatal(err)
	}
	for _, left := range verdict.Violations() {
		if left.Control != v.Control {
			continue
		}
		for _, f := range left.Findings {
			if f.Explicit {
				t.Fatalf("%s at %s: removing %q leaves %s\npod: %s", v.Control, q.ours, paths, f.Path(), data)
			}
			delete(missing, f.Path())
		}
	}
	if len(missing) > 0 {
		t.Fatalf("%s at %s: %v were missing before, and no more without %q\npod: %s", v.Control, q.ours, missing, paths, data)
	}
}

// removable returns what to remove to undo the finding at a path: the whole
// profile of a type and the whole volume of a source.
func removable(t testing.TB, path string) []step {
	t.Helper()
	path = strings.TrimSuffix(path, "Profile.type")
	all := steps(t, path)
	if strings.HasPrefix(path, "spec.volumes[") || strings.HasPrefix(path, "spec.securityContext.sysctls[") {
		for i := range all {
			if all[i].index >= 0 {
				return all[:i+1]
			}
		}
	}
	if last := &all[len(all)-1]; last.key == "seccomp" || last.key == "appArmor" {
		last.key += "Profile"
	}
	return all
}

func compareSteps(a, b []step) int {
	return slices.CompareFunc(a, b, func(x, y step) int {
		if x.index != y.index {
			return x.index - y.index
		}
		return strings.Compare(x.key, y.key)
	})
}
