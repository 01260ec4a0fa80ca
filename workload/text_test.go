package workload

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestATemplateKnowsTheTextThatItWasReadFrom(t *testing.T) {
	t.Parallel()
	const pod, item = `{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{}]}}`, "apiVersion: v1\n  kind: Pod\n  spec: {containers: [{name: a}]}\n"
	for name, c := range map[string]struct {
		file, text           string
		line, column, object int
		json                 bool
		steps                []any
	}{
		"JSON behind something":         {"# é\n---\n " + pod + pod, pod, 3, 2, 0, true, []any{"spec", "containers", 0}},
		"an item of a list in brackets": {"\n---\n{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[" + pod + "]}", pod, 3, 43, 0, true, []any{"spec", "containers", 0}},
		"an item of a block": {
			"apiVersion: v1\nkind: List\nitems:\n- " + item, "  " + item, 4, 1, 0, false, []any{"spec", "containers", 0},
		},
		"a List that is read as a whole": {
			"apiVersion: v1\nkind: List\nitems: [" + pod + "]\n", "apiVersion: v1\nkind: List\nitems: [" + pod + "]\n", 1, 1, 2, false,
			[]any{"items", 0, "spec", "containers", 0},
		},
	} {
		r, err := NewReader(Options{})
		if err != nil {
			t.Fatal(err)
		}
		items := slices.Collect(r.Read("x", strings.NewReader(c.file)))
		if len(items) == 0 || len(items[0].Templates) != 1 {
			t.Fatalf("%s: %+v", name, items)
		}
		text, steps, ok := items[0].Templates[0].Text("spec.containers[0]")
		if !ok || string(text.Bytes) != c.text || text.Line != c.line || text.Column != c.column || text.Object != c.object || text.JSON != c.json {
			t.Errorf("%s: %q %+v, %v", name, text.Bytes, text, ok)
		}
		if d := cmp.Diff(c.steps, steps); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
	r, err := NewReader(Options{})
	if err != nil {
		t.Fatal(err)
	}
	item0 := r.ReadObject([]byte(pod))
	if _, steps, ok := item0.Templates[0].Text(""); ok && len(steps) > 0 {
		t.Errorf("the pod's own path has steps: %v", steps)
	}
	if _, _, ok := new(Template).Text("spec"); ok {
		t.Error("a template that came without a text has one")
	}
}
