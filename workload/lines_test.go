package workload

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLinesAreThoseOfTheFile(t *testing.T) {
	t.Parallel()
	const pod = "apiVersion: v1\r\nkind: Pod\r\nmetadata: {name: a}\r\nspec:\r\n  hostPID: true\r\n  containers: []\r\n"
	tests := map[string]struct {
		text        string
		first, last int
		from        int
		want        []string
	}{
		"of a YAML document behind another one":   {"a: 1\n---\n" + pod, 6, 7, 6, []string{"spec:", "  hostPID: true"}},
		"without what stands before the document": {"a: 1\n---\n" + pod, 0, 3, 2, []string{"---", "apiVersion: v1"}},
		"without what is behind it":               {pod + "---\nb: 1\n", 5, 30, 5, []string{"  hostPID: true", "  containers: []"}},
		"of JSON":                                 {"\n\n{\"apiVersion\":\"v1\",\n\"kind\":\"Pod\",\"spec\":{\"hostPID\":true}}", 3, 4, 3, []string{`{"apiVersion":"v1",`, `"kind":"Pod","spec":{"hostPID":true}}`}},
		"and none where there are none":           {pod, 40, 50, 0, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reader, err := NewReader(Options{})
			if err != nil {
				t.Fatal(err)
			}
			for item := range reader.Read("a.yaml", strings.NewReader(test.text)) {
				if item.Outcome != Read {
					continue
				}
				from, lines := item.Templates[0].Lines(test.first, test.last)
				if diff := cmp.Diff(test.want, lines); diff != "" || from != test.from {
					t.Errorf("from line %d, want %d (-want +got):\n%s", from, test.from, diff)
				}
				return
			}
			t.Error("no pod was read")
		})
	}
	long := strings.Repeat("é", longLine)
	text := strings.Repeat("a\n", 3000) + strings.Repeat("ü", 2*markEvery) + "\n" + strings.Repeat("b\n", markEvery) + long + "\nc"
	want := strings.Split(text, "\n")
	want[len(want)-2] = long[:longLine] + "…"
	p := newPlaces([]byte(text))
	for line := 1; line < len(want); line++ {
		if diff := cmp.Diff(want[line-1:min(line+1, len(want)-1)], p.lines(line, line+1)); diff != "" {
			t.Fatalf("line %d (-want +got):\n%s", line, diff)
		}
	}
	if _, lines := new(Template).Lines(1, 2); lines != nil {
		t.Errorf("a template without text has lines: %q", lines)
	}
}
