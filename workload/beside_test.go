package workload

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A List is read whole or in pieces, as JSON or YAML; what stands beside its
// items is looked at in each case.
func TestWhatStandsBesideTheItemsOfAList(t *testing.T) {
	t.Parallel()
	const (
		item    = `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"a"}}`
		block   = "items:\n- apiVersion: v1\n  kind: Namespace\n  metadata: {name: a}\n"
		hidden  = `{"template":{"spec":{"containers":[{"name":"c"}]}}}`
		reason  = " (it is a List that holds what looks like a pod template beside its items)"
		typo    = `1.0@1 broken: unknown field "Items" at the top (did you mean "items"?)`
		missing = "1.0@1 broken: items is missing"
	)
	tests := map[string]struct {
		in      string
		want    []string
		noSmall bool // what it is cannot be known without all of it
	}{
		"JSON": {
			`{"apiVersion":"v1","kind":"List","items":[` + item + `],"pods":` + hidden + `}`,
			[]string{"1.0@1 unchecked List/ [pods.template]" + reason, "1.0@1 passed Namespace/a"}, false,
		},
		"JSON without items": {
			`{"items":[],"spec":` + hidden + `,"apiVersion":"x.io/v1","kind":"MachineList"}`,
			[]string{"1.0@1 unchecked MachineList/ [spec.template]" + reason}, true,
		},
		"JSON with null items": {
			`{"apiVersion":"v1","kind":"List","items":null,"pods":[` + hidden + `]}`,
			[]string{"1.0@1 unchecked List/ [pods[0].template]" + reason}, true,
		},
		"YAML in block style": {
			"apiVersion: v1\n" + block + "kind: List\nx: " + hidden + "\n",
			[]string{"1.0@1 unchecked List/ [x.template]" + reason, "1.0@3 passed Namespace/a"}, false,
		},
		"YAML in flow style": {
			"apiVersion: v1\nkind: List\nitems: [" + item + "]\nx: " + hidden + "\n",
			[]string{"1.0@1 unchecked List/ [x.template]" + reason, "1.0@3 passed Namespace/a"}, true,
		},
		"YAML with a merge key": {
			"apiVersion: v1\nkind: List\nitems: [" + item + "]\n<<: {x: " + hidden + "}\n",
			[]string{"1.0@1 unchecked List/ [x.template]" + reason, "1.0@3 passed Namespace/a"}, true,
		},
		"YAML without items": {
			"apiVersion: v1\nkind: List\nx: " + hidden + "\nitems:\n",
			[]string{"1.0@1 unchecked List/ [x.template]" + reason}, true,
		},
		"a List in a List": {
			`{"apiVersion":"v1","kind":"List","items":[` + item + `,{"kind":"PodList","apiVersion":"v1","items":[],"x":` + hidden + `},` + item + `]}`,
			[]string{"1.0@1 passed Namespace/a", "1.1@1 unchecked PodList/ [x.template]" + reason, "1.2@1 passed Namespace/a"}, false,
		},
		"JSON with Items":                     {`{"apiVersion":"v1","kind":"List","Items":[` + item + `]}`, []string{typo}, true},
		"JSON with Items and items":           {`{"apiVersion":"v1","kind":"List","items":[` + item + `],"Items":[]}`, []string{typo}, false},
		"YAML with Items":                     {"apiVersion: v1\nkind: PodList\nItems: []\n", []string{typo}, true},
		"YAML with Items and items":           {"apiVersion: v1\nkind: List\nItems: []\n" + block, []string{typo}, false},
		"YAML in flow style, Items and items": {"apiVersion: v1\nkind: List\nItems: []\nitems: [" + item + "]", []string{typo}, true},
		"JSON without the key":                {`{"apiVersion":"v1","kind":"List","pods":[]}`, []string{missing}, true},
		"YAML without the key":                {"apiVersion: v1\nkind: DeploymentList\nmetadata: {}\n", []string{missing}, true},
	}
	for name, test := range tests {
		for _, limit := range []int{0, len(item) + len(hidden) + len("apiVersion: v1\nkind: List\nx: items: []\n\n\n")} {
			if limit > 0 && (test.noSmall || limit >= len(test.in)) {
				continue
			}
			var got []string
			for item := range newTestReader(t, Options{MaxObject: limit}).Read("in", strings.NewReader(test.in)) {
				s := describe(item)
				if item.Outcome == NotChecked {
					s += fmt.Sprintf(" %v (%s)", item.Unchecked, item.Reason)
				}
				got = append(got, s)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%s, limit %d: -want +got:\n%s", name, limit, diff)
			}
		}
	}
}

// Items mean something else in these documents than they do alone, or the List
// does than without them.
func TestListsThatCannotBeCut(t *testing.T) {
	t.Parallel()
	const items = "items:\n- apiVersion: v1\n  kind: Namespace\n  metadata: {name: a}\n- apiVersion: v1\n  kind: %s\n  metadata: {name: b}\n  spec: {hostPID: true}\n"
	pods := func(kind string) string { return fmt.Sprintf(items, kind) }
	for name, test := range map[string]struct {
		in   string
		want []string
	}{
		"a directive gives tags another meaning": {
			"%TAG ! tag:yaml.org,2002:\n---\napiVersion: v1\n" + pods("!binary UG9k") + "kind: List\n",
			[]string{"1.0@5 passed Namespace/a", "1.1@8 read Pod/b"},
		},
		"a directive behind a line end that only YAML has": {
			"# c\r%TAG ! tag:yaml.org,2002:\r---\rapiVersion: v1\n" + pods("!binary UG9k") + "kind: List\n",
			[]string{"1.0@3 passed Namespace/a", "1.1@6 read Pod/b"},
		},
		"a merge key replaces the items": {
			"apiVersion: v1\nkind: List\n" + pods("ConfigMap") + "<<: {items: [{apiVersion: v1, kind: Pod, metadata: {name: m}, spec: {}}]}\n",
			[]string{"1.0@11 read Pod/m"},
		},
		"a merge key takes the items away": {
			"apiVersion: v1\nkind: List\n" + pods("Pod") + "<<: {items: null}\n",
			[]string{"1.0@1 passed List/"},
		},
		"an alias behind the items means an anchor in them": {
			"apiVersion: v1\nx: &k ConfigMapList\nitems:\n- metadata: {name: a, annotations: {x: &k PodList}}\n  spec: {hostPID: true}\nkind: *k\n",
			[]string{"1.0@4 read Pod/a"},
		},
		"an item refers to an anchor before the items": {
			"apiVersion: v1\nx: &k Pod\n" + pods("*k") + "kind: List\n",
			[]string{"1.0@4 passed Namespace/a", "1.1@7 read Pod/b"},
		},
	} {
		got := readAll(t, newTestReader(t, Options{}), strings.NewReader(test.in))
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
		for i, line := range readAll(t, newTestReader(t, Options{MaxObject: 90}), strings.NewReader(test.in)) {
			if !strings.Contains(line, " broken: ") && (i >= len(test.want) || line != test.want[i]) {
				t.Errorf("%s: in pieces: %s", name, line)
			}
		}
	}
}

// A line longer than the cutter's buffer comes in parts, and a line end may
// stand across two of them.
func TestOddLineEndsAcrossParts(t *testing.T) {
	t.Parallel()
	for _, end := range []string{"\r", "\u0085", "\u2028", "\u2029"} {
		for at := range 6 {
			text := "# " + strings.Repeat("x", 64<<10-len("# ")-at) + end + "kind: List # \nitems:\n- a: b\n"
			_, err := cutBlockList(strings.NewReader(text), 1, 1<<20, nil)
			if err == nil {
				t.Errorf("%q %d bytes before the buffer's end was not seen", end, at)
			}
			text = strings.Replace(text, end, "\r\n", 1)
			if _, err := cutBlockList(strings.NewReader(text), 1, 1<<20, nil); err != nil {
				t.Errorf("%d bytes before the buffer's end: %v", at, err)
			}
		}
	}
}
