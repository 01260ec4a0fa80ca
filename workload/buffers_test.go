package workload

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
)

// A Reader keeps its buffers from file to file: nothing that it handed out may be
// in one of them, whoever reads at the same time.
func TestWhatWasReadStaysWhenTheReaderReadsOn(t *testing.T) {
	t.Parallel()
	r := newTestReader(t, Options{JSON: true, Extra: true})
	var reading sync.WaitGroup
	for i := range 8 {
		reading.Go(func() {
			var items []Item
			var want, got []string
			for j := range 50 {
				name := fmt.Sprintf("pod-%d-%d", i, j)
				text := fmt.Sprintf("apiVersion: v1\nkind: Pod\nmetadata:\n  name: %s\nspec:\n  containers:\n  - name: c%s\n    image: example.com/%s\n", name, name, name)
				if j%3 == 0 {
					text = fmt.Sprintf(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":%q},"spec":{"containers":[{"name":"c%s","image":"example.com/%s"}]}}`, name, name, name)
				}
				items = slices.AppendSeq(items, r.Read(name, strings.NewReader(text)))
				want = append(want, fmt.Sprintf(`%s c%s example.com/%s {"apiVersion":"v1","kind":"Pod","metadata":{"name":%q},"spec":{"containers":[{"name":"c%s","image":"example.com/%s"}]}}`,
					name, name, name, name, name, name))
			}
			for _, item := range items {
				one := &item.Templates[0]
				if line, _ := one.Position("spec.containers[0].name"); line == 0 {
					t.Errorf("%s: the position is not known", item.Object.Name)
				}
				got = append(got, fmt.Sprintf("%s %s %s %s", item.Object.Name, one.Pod.Containers[0].Name, one.Extra.Containers[0].Image, item.JSON))
			}
			if !slices.Equal(want, got) {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
	reading.Wait()
}
