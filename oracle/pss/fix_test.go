package pss

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gabion-security/gabion/internal/fix"
	"github.com/gabion-security/gabion/oracle/pss/generate"
	"github.com/gabion-security/gabion/oracle/pss/trial"
	"github.com/gabion-security/gabion/workload"
	corev1 "k8s.io/api/core/v1"
	sigsjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// fixing fixes texts and holds what comes out against upstream.
type fixing struct {
	judges *judges
	reader *workload.Reader
	// Of all findings, how many were changed, and how many are left because the text
	// could not be edited.
	changed, left, unedited atomic.Uint64
}

func newFixing(t *testing.T) *fixing {
	t.Helper()
	reader, err := workload.NewReader(workload.Options{JSON: true})
	if err != nil {
		t.Fatal(err)
	}
	return &fixing{judges: newJudges(t, 0), reader: reader}
}

// fix fixes a text with one object at a policy, and checks all that is promised.
func (f *fixing) fix(t *testing.T, about string, text []byte, q question, overwrite bool) {
	t.Helper()
	fixer := fix.Fixer{Reader: f.reader, Evaluator: f.judges.ours, Policy: q.ours, Overwrite: overwrite}
	file, err := fixer.File("test", text)
	if err != nil {
		t.Fatalf("%s: %v in\n%s", about, err, text)
	}
	if len(file.Items) != 1 || len(file.Items[0].Fixes) != 1 {
		t.Fatalf("%s: %+v in\n%s", about, file.Items, text)
	}
	got := file.Items[0].Fixes[0]
	fail := func(format string, args ...any) {
		t.Helper()
		t.Fatalf("%s at %s, overwrite=%v: %s\nbefore:\n%s\nafter:\n%s", about, q.ours, overwrite, fmt.Sprintf(format, args...), text, file.After)
	}
	f.changed.Add(uint64(len(got.Changes)))
	for _, l := range got.Left {
		f.left.Add(1)
		if l.Reason == fix.ReasonText {
			f.unedited.Add(1)
		}
		if l.Advice == "" || l.Path == "" {
			fail("%+v says nothing", l)
		}
	}
	if path := onlyReported(t, text, file.After, got.Changes); path != "" {
		fail("%s is changed, and not reported: %s", path, pathsOf(got.Changes))
	}
	f.judged(t, q, file.After, got, fail)
	again, err := fixer.File("test", file.After)
	if err != nil || len(again.Edits) > 0 {
		fail("it is not idempotent: %v, %v", again.Edits, err)
	}
	if len(got.Changes) == 0 && !bytes.Equal(file.After, text) {
		fail("the text is changed, and nothing else")
	}
	for _, e := range file.Edits {
		if was := string(text[e.Start:e.End]); !overwrite && !empty.MatchString(was) {
			fail("%q is replaced", was)
		}
	}
}

// empty is what may be filled in.
var empty = regexp.MustCompile(`^ *(?:null|Null|NULL|~|\{\}|\[\]|)$`)

// judged asks upstream whether nothing is violated but what is left.
func (f *fixing) judged(t *testing.T, q question, text []byte, got fix.Fix, fail func(string, ...any)) {
	t.Helper()
	asJSON := text
	if !json.Valid(text) {
		var err error
		if asJSON, err = yaml.YAMLToJSON(text); err != nil {
			fail("upstream does not read it any more: %v", err)
		}
	}
	object := newObject(typeOf(t, asJSON))
	decodeJSON(t, asJSON, object)
	template := generate.TemplateOf(object)
	for i := range template.Spec.Volumes { // the API server's defaulting
		if v := &template.Spec.Volumes[i].VolumeSource; *v == (corev1.VolumeSource{}) {
			v.EmptyDir = &corev1.EmptyDirVolumeSource{}
		}
	}
	view := readJSON(t, asJSON, workload.Options{})
	answer, err := f.judges.theirs.Judge(q.theirs, q.active, &template.ObjectMeta, &template.Spec)
	if err != nil {
		t.Fatal(err)
	}
	left := map[string]bool{}
	for _, l := range got.Left {
		left[string(l.Control)] = true
	}
	for _, failed := range answer.Failed {
		if !left[failed.ID] {
			fail("upstream: %s", failed.Detail)
		}
		delete(left, failed.ID)
	}
	// The API server makes settings of a Pod before upstream judges it.
	verdict, err := f.judges.ours.Evaluate(&view.Pod, q.ours)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range verdict.Failed() {
		delete(left, string(id))
	}
	if len(left) > 0 {
		fail("nobody finds what is left: %v", left)
	}
}

func pathsOf(changes []*fix.Change) string {
	var paths []string
	for _, c := range changes {
		paths = append(paths, c.Path)
	}
	return strings.Join(paths, ", ")
}

// onlyReported returns the path of a value that differs between two texts and that
// no change is about.
func onlyReported(t *testing.T, before, after []byte, changes []*fix.Change) string {
	t.Helper()
	a, b := leaves(t, before), leaves(t, after)
	for path, value := range b {
		if old, ok := a[path]; ok && reflect.DeepEqual(old, value) {
			delete(a, path)
			delete(b, path)
		}
	}
	for _, differing := range []map[string]any{a, b} {
		for path, value := range differing {
			if !reported(path, value, changes) {
				return path
			}
		}
	}
	return ""
}

// item is the end of a path of an item of a list that moves or goes when another one
// does.
var item = regexp.MustCompile(`((?:add|drop|sysctls))\[\d+\].*$`)

func reported(path string, value any, changes []*fix.Change) bool {
	for _, c := range changes {
		if path == c.Path || item.ReplaceAllString(path, "$1") == item.ReplaceAllString(c.Path, "$1") {
			return true
		}
		// What was nothing, or has become it, is a value, too.
		if value == nil && strings.HasPrefix(c.Path, path+".") {
			return true
		}
	}
	return false
}

// leaves are the values of a text by their paths; what is empty is nil.
func leaves(t *testing.T, text []byte) map[string]any {
	t.Helper()
	var root any
	if json.Valid(text) {
		if err := json.Unmarshal(text, &root); err != nil {
			t.Fatal(err)
		}
	} else if err := yaml.Unmarshal(text, &root); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	found := map[string]any{}
	var visit func(path string, v any)
	visit = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for key, value := range v {
				if strings.ContainsAny(key, `."[]/`) {
					visit(fmt.Sprintf("%s[%q]", path, key), value)
				} else {
					visit(strings.TrimPrefix(path+"."+key, "."), value)
				}
			}
			if len(v) == 0 {
				found[path] = nil
			}
		case []any:
			for i, value := range v {
				visit(fmt.Sprintf("%s[%d]", path, i), value)
			}
			if len(v) == 0 {
				found[path] = nil
			}
		default:
			found[path] = v
		}
	}
	visit("", root)
	return found
}

// some chooses a policy.
func (f *fixing) some(n uint64) question {
	return f.judges.questions[len(f.judges.questions)-1-int(n/3%12)*int(n%3)][n%2] //nolint:gosec // it is small
}

func TestWhatIsFixedPassesUpstreamAndNothingElseChanges(t *testing.T) {
	t.Parallel()
	f := newFixing(t)
	s := trial.New(t, 3_000)
	s.Each(t, func(t *testing.T, n uint64) {
		data := toJSON(t, s.Generator(n).Object(kindOf(n)))
		text, err := s.Chooser(n).YAML(data)
		switch n % 4 {
		case 0:
			text, err = yaml.JSONToYAML(data)
		case 1:
			text = data
		case 2:
			var b bytes.Buffer
			err = json.Indent(&b, data, "", []string{"  ", "\t", ""}[n/4%3])
			text = b.Bytes()
		}
		if err != nil {
			return // not all can be written as YAML
		}
		asJSON, err := yaml.YAMLToJSON(text)
		if err != nil {
			return
		}
		object := newObject(typeOf(t, asJSON))
		if object == nil || sigsjson.UnmarshalCaseSensitivePreserveInts(asJSON, object) != nil || refused(fileItems(f.reader, text)) {
			return // careless YAML may mean anything
		}
		f.fix(t, fmt.Sprint(n), text, f.some(n/4), n%5 == 0)
	})
	f.mostly(t)
}

// mostly demands that nearly every text can be edited.
func (f *fixing) mostly(t *testing.T) {
	t.Helper()
	changed, left, unedited := f.changed.Load(), f.left.Load(), f.unedited.Load()
	t.Logf("%d changes, %d findings left, %d of them because of the text", changed, left, unedited)
	if changed > 1000 && (changed < left/4 || unedited > changed/100) {
		t.Error("too little is changed")
	}
}

func TestEveryUpstreamFixtureIsFixedAsFarAsItIsReported(t *testing.T) {
	t.Parallel()
	f := newFixing(t)
	questions := f.judges.questions
	for i, file := range fixtures(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range questions[len(questions)-1] {
			f.fix(t, file, text, q, false)
			f.fix(t, file, text, q, true)
		}
		f.fix(t, file, text, f.some(uint64(i)), i%2 == 0) //nolint:gosec // it is positive
	}
	f.mostly(t)
	if f.unedited.Load() > 0 {
		t.Errorf("%d findings are left because of how the fixtures are written", f.unedited.Load())
	}
}
