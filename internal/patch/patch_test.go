package patch_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/internal/patch"
)

// tree decodes JSON.
func tree(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func text(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestPatchesSayHowADocumentBecomesAnother(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ before, after, json, strategic string }{
		"nothing":     {`{"a":[{"b":1}]}`, `{"a":[{"b":1}]}`, `null`, `null`},
		"a member":    {`{"a":{}}`, `{"a":{"b/c~":1}}`, `[{"op":"add","path":"/a/b~1c~0","value":1}]`, `{"a":{"b/c~":1}}`},
		"a value":     {`{"a":1,"b":null}`, `{"a":null,"b":2}`, `[{"op":"replace","path":"/a","value":null},{"op":"replace","path":"/b","value":2}]`, `{"a":null,"b":2}`},
		"what goes":   {`{"a":{"b":1,"c":2}}`, `{"a":{"b":1}}`, `[{"op":"remove","path":"/a/c"}]`, `{"a":{"c":null}}`},
		"an item":     {`{"a":[{"name":"x"},{"name":"y"}]}`, `{"a":[{"name":"x"},{"name":"y","z":1}]}`, `[{"op":"add","path":"/a/1/z","value":1}]`, `{"a":[{"name":"y","z":1}]}`},
		"other words": {`{"a":["x","y"]}`, `{"a":["x"]}`, `[{"op":"replace","path":"/a","value":["x"]}]`, `{"a":["x"]}`},
		"no words":    {`{"a":["x"]}`, `{"a":[]}`, `[{"op":"replace","path":"/a","value":[]}]`, `{"a":[]}`},
		"fewer items": {`{"a":[{"name":"x"},{"name":"y"}]}`, `{"a":[{"name":"y"}]}`, `[{"op":"replace","path":"/a","value":[{"name":"y"}]}]`, `{"a":[{"name":"y"}]}`},
		"mixed items": {`{"a":[{"name":"x"},1]}`, `{"a":[{"name":"y"},1]}`, `[{"op":"replace","path":"/a","value":[{"name":"y"},1]}]`, `{"a":[{"name":"y"},1]}`},
	} {
		before, after := tree(t, c.before), tree(t, c.after)
		if d := cmp.Diff(c.json, text(t, patch.JSON(before, after))); d != "" {
			t.Errorf("%s, JSON patch (-want +got):\n%s", name, d)
		}
		if d := cmp.Diff(c.strategic, text(t, patch.Strategic(before, after))); d != "" {
			t.Errorf("%s, strategic merge patch (-want +got):\n%s", name, d)
		}
	}
}
