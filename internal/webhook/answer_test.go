package webhook

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/internal/admission"
)

func TestAnswersAreWrittenAsTheAPIServerWritesThem(t *testing.T) {
	t.Parallel()
	const begin = `{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","response":{"uid":"u",`
	for name, c := range map[string]struct {
		decision admission.Decision
		want     string
	}{
		"a request that is allowed": {admission.Decision{Allowed: true}, `"allowed":true}}`},
		"one with a warning and an annotation": {
			admission.Decision{Allowed: true, Warnings: []string{"w"}, Annotations: []admission.Annotation{{Key: "k", Value: "v"}}},
			`"allowed":true,"auditAnnotations":{"k":"v"},"warnings":["w"]}}`,
		},
		"one with a patch": {
			admission.Decision{Allowed: true, Annotations: []admission.Annotation{{Key: "k", Value: "v"}}, Patch: []byte(`[{"op":"add"}]`)},
			`"allowed":true,"auditAnnotations":{"k":"v"},"patchType":"JSONPatch","patch":"W3sib3AiOiJhZGQifV0="}}`,
		},
		"several of both": {
			admission.Decision{Allowed: true, Warnings: []string{"a", "b", ""}, Annotations: []admission.Annotation{{Key: "k", Value: ""}, {Key: "l", Value: "v"}}},
			`"allowed":true,"auditAnnotations":{"k":"","l":"v"},"warnings":["a","b",""]}}`,
		},
		"a denial": {
			admission.Decision{Code: 403, Reason: "Forbidden", Message: "m", Details: admission.Details{Kind: "pods", Name: "n", Group: "g"}},
			`"allowed":false,"status":{"status":"Failure","message":"m","reason":"Forbidden","details":{"name":"n","group":"g","kind":"pods"},"code":403}}}`,
		},
		"a denial without details": {
			admission.Decision{Code: 400, Reason: "BadRequest", Message: "m"},
			`"allowed":false,"status":{"status":"Failure","message":"m","reason":"BadRequest","code":400}}}`,
		},
		"a denial with causes": {
			admission.Decision{Code: 422, Details: admission.Details{Causes: []admission.Cause{{Type: "T", Message: "m", Field: "f"}, {}, {Message: "x"}}}},
			`"allowed":false,"status":{"status":"Failure","details":{"causes":[{"reason":"T","message":"m","field":"f"},{},{"message":"x"}]},"code":422}}}`,
		},
		"the zero decision, which denies": {admission.Decision{}, `"allowed":false,"status":{"status":"Failure","code":0}}}`},
	} {
		got := string(appendAnswer(nil, "u", c.decision))
		if diff := cmp.Diff(begin+c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if !json.Valid([]byte(got)) {
			t.Errorf("%s: this is no JSON: %s", name, got)
		}
	}
}

func FuzzStringsAreJSON(f *testing.F) {
	for _, s := range []string{"", "plain", "a\"b\\c\n\t\r\x00\x1f\x7f", "é漢😀", "\xff", "a\xe6\xbc", "\ufffd", "\u2028<>&", "\xed\xa0\x80x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		text := appendString([]byte("x"), s)
		var got string
		if err := json.Unmarshal(text[1:], &got); err != nil {
			t.Fatalf("%q became %s: %v", s, text, err)
		}
		want := s
		if !utf8.ValidString(s) {
			want = strings.ToValidUTF8(string([]rune(s)), "\ufffd")
		}
		if got != want {
			t.Errorf("%q became %q", s, got)
		}
		for _, c := range text {
			if c < ' ' {
				t.Errorf("%q became %q, which has a control character", s, text)
			}
		}
	})
}
