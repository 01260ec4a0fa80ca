package workload

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Whatever the bytes are, reading them does not panic; what can be read comes
// out the same with other white space, and with every string escaped.
func FuzzReadObject(f *testing.F) {
	for _, seed := range []string{
		everything, `{}`, `[]`, `{"apiVersion":"v1"}`, `{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"name":"\ud800"}]}}`,
		`{"spec":{"os":{"name":"windows"},"hostPID":true},"apiVersion":"v1","kind":"Pod"}`,
		`{"apiVersion":"apps/v1","kind":"Deployment","spec":{"template":{"spec":{"volumes":[{"x":1}]}}}}`,
		`{"apiVersion":"ray.io/v1","kind":"RayCluster","spec":{"headGroupSpec":{"template":{"spec":{}}},"workerGroupSpecs":[{}]}}`,
		`{"apiVersion":"kubeflow.org/v1","kind":"TFJob","spec":{"tfReplicaSpecs":{"b":{"template":{"spec":{}}},"a":{}}}}`,
		`{"apiVersion":"argoproj.io/v1alpha1","kind":"Workflow","spec":{"volumes":[{}],"templates":[{"container":{"name":""}}]}}`,
		`{"apiVersion":"x.io/v1","kind":"X","a":[{"spec":{"containers":[{"name":1}]}}]}`,
	} {
		f.Add([]byte(seed), true)
	}
	f.Fuzz(func(t *testing.T, text []byte, extra bool) {
		r, err := NewReader(Options{Extra: extra})
		if err != nil {
			t.Fatal(err)
		}
		want := r.ReadObject(text)
		switch {
		case want.Outcome == Broken:
			if want.Err == nil || want.Templates != nil {
				t.Fatalf("broken without an error, or with templates: %+v", want)
			}
			return
		case want.Err != nil:
			t.Fatalf("not broken, but %v", want.Err)
		case (want.Outcome == Read) != (len(want.Templates) > 0):
			t.Fatalf("outcome %d with %d templates", want.Outcome, len(want.Templates))
		case !json.Valid(text):
			t.Fatal("this is not JSON")
		}
		var spaced bytes.Buffer
		if err := json.Indent(&spaced, text, " \t", "          "); err != nil {
			t.Fatal(err)
		}
		options := cmp.AllowUnexported(Template{}, renames{}, rename{})
		if diff := cmp.Diff(want, r.ReadObject(spaced.Bytes()), options); diff != "" {
			t.Errorf("with white space (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(want, r.ReadObject(escapeStrings(text)), options); diff != "" {
			t.Errorf("with escapes (-want +got):\n%s", diff)
		}
	})
}

// escapeStrings writes the letters of all strings as escapes.
func escapeStrings(text []byte) []byte {
	const hex = "0123456789abcdef"
	var out []byte
	for i := 0; i < len(text); i++ {
		out = append(out, text[i])
		if text[i] != '"' {
			continue
		}
		for i++; text[i] != '"'; i++ {
			switch c := text[i]; {
			case c == '\\':
				out = append(out, c, text[i+1])
				i++
				if text[i] == 'u' {
					out = append(out, text[i+1:i+5]...)
					i += 4
				}
			case c >= 'a' && c <= 'z':
				out = append(out, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			default:
				out = append(out, c)
			}
		}
		out = append(out, '"')
	}
	return out
}
