package admission

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// Whatever stands for an object: there is an answer, what is allowed was JSON,
// and every text can be shown.
func FuzzDecide(f *testing.F) {
	for _, object := range []string{
		goodPod, hostPod, kataPod, hostJob, emptyRC, service, "", "null", "{}", string(namespaceJSON("n", `{"a":"b"}`)),
		string(namespaceJSON("n", `{"pod-security.kubernetes.io/enforce":"strict\n"}`)),
		`{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"name":"a\"\n","securityContext":{"seLinuxOptions":{"type":"\u0000"}}}]}}`,
	} {
		f.Add([]byte(object), []byte(goodPod))
		f.Add([]byte(hostPod), []byte(object))
	}
	w := newWorld()
	w.namespaces["all"] = map[string]string{
		"pod-security.kubernetes.io/enforce": "restricted", "pod-security.kubernetes.io/audit": "baseline", "pod-security.kubernetes.io/warn": "baseline",
	}
	c := w.controller(f)
	c.recorder = silence{}
	f.Fuzz(func(t *testing.T, object, oldObject []byte) {
		for _, resource := range []string{podsResource, namespacesResource, "jobs"} {
			for _, operation := range []string{Create, Update} {
				r := Request{
					Operation: operation, Resource: resource, Kind: "Kind", Namespace: "all", Name: string(object), Object: object, OldObject: oldObject,
				}
				d := c.Decide(t.Context(), r)
				if json.Valid(object) && json.Valid(oldObject) && utf8.Valid(object) && utf8.Valid(oldObject) {
					alsoSent(t, c, r)
				}
				if d.Allowed != (d.Code == 0) || d.Allowed != (d.Message == "") {
					t.Errorf("neither allowed nor refused: %+v", d)
				}
				if d.Allowed && resource != "jobs" && !json.Valid(object) {
					t.Errorf("%s %s is allowed: %q", operation, resource, object)
				}
				checkTexts(t, d)
			}
		}
	})
}

// checkTexts demands that an API server would not drop any text.
func checkTexts(t *testing.T, d Decision) {
	t.Helper()
	texts := append([]string{d.Message}, d.Warnings...)
	for _, a := range d.Annotations {
		texts = append(texts, a.Value)
	}
	for _, text := range texts {
		if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
			t.Errorf("not printable: %q", text)
		}
	}
}
