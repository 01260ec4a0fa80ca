package workload

import (
	"strings"
	"testing"
)

func TestHelmTemplatesAreRecognized(t *testing.T) {
	t.Parallel()
	const hint = `; is this a Helm template? check what "helm template" makes of it`
	for name, text := range map[string]string{
		"a value":            "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: a\n    image: {{ .Values.image }}\n",
		"an include":         "apiVersion: v1\nkind: Pod\nmetadata:\n  {{- include \"labels\" . | nindent 2 }}\n",
		"a condition on top": "{{- if .Values.enabled }}\napiVersion: v1\nkind: Pod\n{{- end }}\n",
	} {
		r, err := NewReader(Options{})
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for item := range r.Read("t.yaml", strings.NewReader(text+"---\nkind: Pod\n")) {
			n++
			if item.Outcome != Broken || strings.HasSuffix(item.Err.Error(), hint) != (n == 1) {
				t.Errorf("%s, item %d: outcome %d, %v", name, n, item.Outcome, item.Err)
			}
		}
		if n != 2 {
			t.Errorf("%s: %d items, want 2", name, n)
		}
	}
}
