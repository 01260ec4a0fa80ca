package admission

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestWhatManifestsAskToIgnoreIsNotIgnored holds requests against the same ones
// with the annotation that only gabion check reads.
func TestWhatManifestsAskToIgnoreIsNotIgnored(t *testing.T) {
	t.Parallel()
	const annotated = `"metadata":{"annotations":{"gabion.io/ignore":"hostNamespaces: why not"}`
	object := strings.NewReplacer(`"metadata":{`, annotated+`,`)
	template := strings.NewReplacer(`"template":{`, `"template":{`+annotated+`},`)
	for name, c := range map[string]struct{ plain, asking Request }{
		"a pod":          {pod(Create, "restricted", hostPod), pod(Create, "restricted", object.Replace(hostPod))},
		"a job":          {job("restricted", hostJob), job("restricted", object.Replace(hostJob))},
		"a job template": {job("restricted", hostJob), job("restricted", template.Replace(hostJob))},
	} {
		if string(c.plain.Object) == string(c.asking.Object) {
			t.Fatalf("%s: nothing is asked for", name)
		}
		want := newWorld().controller(t).Decide(t.Context(), c.plain)
		got := newWorld().controller(t).Decide(t.Context(), c.asking)
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.EquateErrors()); diff != "" {
			t.Errorf("%s (-without the annotation, +with):\n%s", name, diff)
		}
		if text := got.Message + strings.Join(got.Warnings, ""); !strings.Contains(text, "host namespaces") {
			t.Errorf("%s: %q does not name what is to be ignored", name, text)
		}
	}
}
