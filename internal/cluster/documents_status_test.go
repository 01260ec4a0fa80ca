package cluster

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// TestAStatusIsNoNews but is known, and since when.
func TestAStatusIsNoNews(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	told := 0
	d := &documents{kind: "X", all: map[string]*held{}, now: func() time.Time { return now }, changed: func() { told++ }}
	send := func(version, spec string, status any, generation int64) {
		t.Helper()
		fields := map[string]any{
			"apiVersion": "gabion.io/v1alpha1", "kind": "X", "spec": spec,
			"metadata": map[string]any{"name": "x", "resourceVersion": version, "generation": generation},
		}
		if status != nil {
			fields["status"] = status
		}
		o, err := reduceDocument(&unstructured.Unstructured{Object: fields})
		if err == nil {
			err = d.Update(o)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for i, step := range []struct {
		version, spec string
		status        any
		generation    int64
		told          int
		since         int64
		want          string
	}{
		{"1", "a", nil, 1, 1, 0, ""},
		{"2", "a", map[string]any{"lastUsed": "x"}, 1, 1, 1, `{"lastUsed":"x"}`},
		{"3", "a", map[string]any{"lastUsed": "x"}, 1, 1, 1, `{"lastUsed":"x"}`},
		{"4", "b", map[string]any{"lastUsed": "x"}, 2, 2, 1, `{"lastUsed":"x"}`},
		{"5", "b", map[string]any{"lastUsed": "y"}, 2, 2, 4, `{"lastUsed":"y"}`},
	} {
		now = time.Unix(int64(i), 0)
		send(step.version, step.spec, step.status, step.generation)
		got := d.list()[0]
		if told != step.told || got.Version != step.version || got.Generation != step.generation || string(got.Status) != step.want || got.StatusSince.Unix() != step.since || got.Gone {
			t.Errorf("step %d: told %d times of %+v", i, told, got)
		}
		if _, age := d.size(); age != -1 {
			t.Errorf("before it is known which there are, the age is %s", age)
		}
	}
	if err := d.Replace(nil, ""); err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Minute)
	if n, age := d.size(); n != 0 || age != time.Minute {
		t.Errorf("%d objects, of which was heard %s ago", n, age)
	}
	d.UpdateResourceVersion("9")
	if _, age := d.size(); age != 0 {
		t.Errorf("after a bookmark the age is %s", age)
	}
}
