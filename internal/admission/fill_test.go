package admission

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestANewNamespaceIsFilledBeforeItIsJudged(t *testing.T) {
	t.Parallel()
	const namespaceOf = `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"n"`
	const filledLabels = "pod-security.kubernetes.io/enforce=baseline, pod-security.kubernetes.io/enforce-version=v1.30"
	const got = `"pod-security.kubernetes.io/enforce":"baseline","pod-security.kubernetes.io/enforce-version":"v1.30"}}]`
	fills := guardedBy(t, rules{refused: true}, nil)
	nobody := newWorld().controller(t)
	for _, c := range []struct {
		name string
		by   *Controller
		req  Request
		want string // the patch
	}{
		{"no labels", fills, namespaced(Create, "n", `{}`, ""), `[{"op":"add","path":"/metadata/labels","value":{` + got},
		{"null", fills, namespaced(Create, "n", `null`, ""), `[{"op":"add","path":"/metadata/labels","value":{` + got},
		{"nothing where labels would be", fills, Request{Operation: Create, Resource: "namespaces", Kind: "Namespace", Object: []byte(namespaceOf + `}}`)}, `[{"op":"add","path":"/metadata/labels","value":{` + got},
		{"other labels, which stay", fills, namespaced(Create, "n", `{"a":"b","c":""}`, ""), `[{"op":"add","path":"/metadata/labels","value":{"a":"b","c":"",` + got},
		{"a label that is stated", fills, namespaced(Create, "n", `{"pod-security.kubernetes.io/enforce":"x"}`, ""), ""},
		{"a namespace that no guard means", fills, namespaced(Create, "exempt", `{}`, ""), ""},
		{"an update", fills, namespaced(Update, "n", `{}`, `{}`), ""},
		{"a subresource", fills, Request{Operation: Create, Resource: "namespaces", Subresource: "status", Object: []byte(`{}`)}, ""},
		{"a pod", fills, pod(Create, "n", `{}`), ""},
		{"no guards", nobody, namespaced(Create, "n", `{}`, ""), ""},
	} {
		c.req.Mutating = true
		want := allow()
		if c.want != "" {
			want = note(FilledKey, filledLabels)
			want.Patch = []byte(c.want)
		}
		if diff := cmp.Diff(want, c.by.Decide(t.Context(), c.req)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
	broken := namespaced(Create, "n", `{}`, "")
	broken.Mutating, broken.Object = true, []byte(`{"kind":"Pod"}`)
	if d := fills.Decide(t.Context(), broken); d.Allowed || d.Patch != nil {
		t.Errorf("what is no namespace is let in: %+v", d)
	}
}
