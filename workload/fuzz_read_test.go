package workload

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzRead holds that whatever bytes come, every item is sound, and that reading
// with little memory yields what reading with much does.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"", "---\n", pod("a"), pod("a") + "---\n" + pod("b"), podJSON("a") + podJSON("b"), "{a: b}", "{\"a\":", "# c\r---\r" + pod("a"),
		`{"kind":"PodList","apiVersion":"v1","items":[{"spec":{}},1,{"spec":{"a":"]}"}}]}`,
		`{"apiVersion":"v1","items":[` + podJSON("a") + `,{"kind":"List","apiVersion":"v1","items":null}],"kind":"List"}`,
		"kind: List\napiVersion: v1\nitems:\n- kind: Pod\n  apiVersion: v1\n  spec: {}\n-\n  a: |\n   x\n- 1\nmetadata: {}\n",
		"kind: List\napiVersion: v1\nitems: # c\n  - a: &x \"b\n  - c\"\n  - *x\n", "%YAML 1.1\n---\na: b\n...\n", "\xef\xbb\xbfa: 1\na: 2\n", "a: \x00\n---\nb: \xff",
		"items:\n- a\n\tb\n- c: [\n- ]\nkind: List\napiVersion: v1\n", "a: &a {b: c}\nd:\n  <<: *a\n  b: d\n",
	} {
		f.Add([]byte(seed))
	}
	much, little := newTestReader(f, Options{MaxObject: 1 << 20}), newTestReader(f, Options{MaxObject: 64})
	f.Fuzz(func(t *testing.T, text []byte) {
		large := readSoundly(t, much, text)
		small := readSoundly(t, little, text)
		if slices.ContainsFunc(large, isBroken) {
			if !slices.ContainsFunc(small, isBroken) {
				t.Errorf("broken only with much memory:\n%q", large)
			}
			return
		}
		if slices.ContainsFunc(small, isBroken) {
			return // an object is longer than 64 bytes, or anchors are shared
		}
		if diff := cmp.Diff(large, small); diff != "" {
			t.Errorf("-much memory +little:\n%s", diff)
		}
	})
}

func isBroken(description string) bool { return strings.Contains(description, " broken: ") }

// readSoundly reads a text and checks each item by itself.
func readSoundly(t *testing.T, r *Reader, text []byte) []string {
	t.Helper()
	lines := bytes.Count(text, []byte("\n")) + 1
	var got []string
	for item := range r.Read("in", bytes.NewReader(text)) {
		s := item.Source
		if s.Document < 1 || s.Item < 0 || s.Line < 1 || s.Line > lines {
			t.Errorf("source %+v of %d lines", s, lines)
		}
		if (item.Outcome == Broken) != (item.Err != nil) || (item.Outcome == Read) != (len(item.Templates) > 0) {
			t.Errorf("unsound: %+v", item)
		}
		if item.Err != nil && strings.ContainsAny(item.Err.Error(), "\n\r") {
			t.Errorf("not one line: %q", item.Err)
		}
		for i := range item.Templates {
			for _, path := range []string{"spec.containers[0].securityContext", `metadata.annotations["a"]`} {
				line, column := item.Templates[i].Position(path)
				if line < 0 || line > lines || line > 0 && column < 1 || column > len(text)+1 {
					t.Errorf("%s at %d:%d", path, line, column)
				}
			}
		}
		got = append(got, describe(item))
	}
	return got
}
