package workload

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// onlyReader hides that a reader can be read again.
type onlyReader struct{ io.Reader }

func newTestReader(tb testing.TB, opts Options) *Reader {
	tb.Helper()
	r, err := NewReader(opts)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// describe is an item in one line: document.item@line outcome kind/name: error.
func describe(item Item) string {
	s := fmt.Sprintf("%d.%d@%d ", item.Source.Document, item.Source.Item, item.Source.Line)
	switch item.Outcome {
	case PassedOver:
		s += "passed"
	case Read:
		s += "read"
	case NotChecked:
		s += "unchecked"
	case Broken:
		s += "broken"
	}
	if item.Object.Kind != "" && item.Outcome != Broken {
		s += " " + item.Object.Kind + "/" + item.Object.Name
	}
	if item.Err != nil {
		s += ": " + item.Err.Error()
	}
	return s
}

func readAll(t *testing.T, r *Reader, in io.Reader) []string {
	t.Helper()
	var got []string
	for item := range r.Read("in", in) {
		if item.Source.File != "in" {
			t.Errorf("file %q", item.Source.File)
		}
		if item.Err != nil && strings.ContainsAny(item.Err.Error(), "\n\r") {
			t.Errorf("not one line: %q", item.Err)
		}
		if (item.Outcome == Broken) != (item.Err != nil) {
			t.Errorf("outcome %d with error %v", item.Outcome, item.Err)
		}
		got = append(got, describe(item))
	}
	return got
}

func pod(name string) string {
	return "apiVersion: v1\nkind: Pod\nmetadata: {name: " + name + "}\nspec: {containers: []}\n"
}

func podJSON(name string) string {
	return `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"` + name + `"},"spec":{"containers":[]}}`
}

func TestReadDocuments(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		in   string
		want []string
	}{
		"an empty file holds nothing":                              {"", nil},
		"comments and separators alone hold nothing":               {"# a\n---\n# b\n---\n\n---", nil},
		"an explicit null is an empty document":                    {"---\nnull\n---\n~\n", nil},
		"documents count from 1":                                   {pod("a") + "---\n" + pod("b"), []string{"1.0@1 read Pod/a", "2.0@6 read Pod/b"}},
		"a leading separator begins document 1":                    {"---\n" + pod("a"), []string{"1.0@2 read Pod/a"}},
		"a comment before the first separator is no document":      {"# helm\n---\n" + pod("a"), []string{"1.0@3 read Pod/a"}},
		"an empty document between others counts":                  {pod("a") + "---\n# none\n---\n" + pod("b"), []string{"1.0@1 read Pod/a", "3.0@8 read Pod/b"}},
		"a comment on the separator's line":                        {"--- # Source: x\n\n" + pod("a"), []string{"1.0@3 read Pod/a"}},
		"content on the separator's line":                          {"--- {apiVersion: v1, kind: Pod, spec: {}}\n", []string{"1.0@1 read Pod/"}},
		"a tab after the separator":                                {pod("a") + "---\t\n" + pod("b"), []string{"1.0@1 read Pod/a", "2.0@6 read Pod/b"}},
		"four dashes separate nothing":                             {"a: b\n----\n", []string{"1.0@2 broken: invalid YAML: could not find expected ':'"}},
		"a separator inside a block scalar separates all the same": {"a: |\n---\nb: c\n", []string{"1.0@1 passed", "2.0@3 passed"}},
		"an indented separator is text":                            {"a: |\n  ---\n  x\n", []string{"1.0@1 passed"}},
		"carriage returns end lines":                               {strings.ReplaceAll(pod("a")+"---\n"+pod("b"), "\n", "\r\n"), []string{"1.0@1 read Pod/a", "2.0@6 read Pod/b"}},
		"a byte order mark is passed over":                         {"\xef\xbb\xbf" + pod("a"), []string{"1.0@1 read Pod/a"}},
		"a byte order mark before a separator":                     {"\xef\xbb\xbf---\n" + pod("a"), []string{"1.0@2 read Pod/a"}},
		"a byte order mark before JSON":                            {"\xef\xbb\xbf" + podJSON("a"), []string{"1.0@1 read Pod/a"}},
		"UTF-16 is refused in words":                               {"\xff\xfea\x00", []string{"1.0@1 broken: the text is UTF-16: convert it to UTF-8"}},
		"a directive belongs to the document after it":             {"%YAML 1.1\n---\n" + pod("a"), []string{"1.0@3 read Pod/a"}},
		"a directive of an unknown version":                        {"%YAML 2.0\n---\n" + pod("a") + "---\n" + pod("b"), []string{"1.0@3 broken: invalid YAML: found incompatible YAML document", "2.0@8 read Pod/b"}},
		"three dots end a document":                                {pod("a") + "...\n---\n" + pod("b"), []string{"1.0@1 read Pod/a", "2.0@7 read Pod/b"}},
		"text after three dots would be lost":                      {pod("a") + "...\n" + pod("b"), []string{`1.0@6 broken: text behind the end of the document: is the indentation wrong, or a "---" missing?`}},
		"text hidden behind a carriage return in a comment":        {"# c\r" + strings.ReplaceAll(pod("a"), "\n", "\r"), []string{"1.0@1 read Pod/a"}},
		"a broken document costs only itself":                      {pod("a") + "---\nb: [\n---\n" + pod("c"), []string{"1.0@1 read Pod/a", "2.0@6 broken: invalid YAML: did not find expected node content", "3.0@8 read Pod/c"}},
		"what is no object is passed over":                         {"hello\n---\n- key: a\n  value: b\n---\n12\n", []string{"1.0@1 passed", "2.0@3 passed", "3.0@6 passed"}},
		"a binary file is one line":                                {"\x1f\x8b\x08\x00\x00---\n", []string{"1.0@1 broken: the file is binary, not text"}},
		"a binary document costs only itself":                      {"a: b\n\x00\n---\n" + pod("b"), []string{"1.0@2 broken: the file is binary, not text", "2.0@4 read Pod/b"}},
		"invalid UTF-8 in YAML":                                    {"a: b\nc: \xff\n---\n" + pod("b"), []string{"1.0@2 broken: the text is not valid UTF-8", "2.0@4 read Pod/b"}},
		"invalid UTF-8 in JSON":                                    {"{\"a\":\n\"\xff\"}\n---\n" + pod("b"), []string{"1.0@2 broken: a string is not valid UTF-8", "2.0@4 read Pod/b"}},
		"a control character":                                      {"a: b\nc: \x01\n", []string{"1.0@2 broken: invalid YAML: control characters are not allowed"}},
		"truncated YAML":                                           {pod("a") + "---\napiVersion: v1\nkind: \"Po", []string{"1.0@1 read Pod/a", "2.0@7 broken: invalid YAML: found unexpected end of stream"}},
	}
	r := newTestReader(t, Options{})
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, readAll(t, r, strings.NewReader(test.in))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if diff := cmp.Diff(test.want, readAll(t, r, iotest.OneByteReader(strings.NewReader(test.in)))); diff != "" {
				t.Errorf("byte by byte -want +got:\n%s", diff)
			}
		})
	}
}

func TestReadJSON(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		in   string
		want []string
	}{
		"one object":                               {"\n " + podJSON("a") + "\n", []string{"1.0@2 read Pod/a"}},
		"a stream, each value a document":          {podJSON("a") + podJSON("b") + "\n\n" + podJSON("c"), []string{"1.0@1 read Pod/a", "2.0@1 read Pod/b", "3.0@3 read Pod/c"}},
		"a stream between separators":              {podJSON("a") + "\n" + podJSON("b") + "\n---\n" + podJSON("c"), []string{"1.0@1 read Pod/a", "2.0@2 read Pod/b", "3.0@4 read Pod/c"}},
		"a truncated last value costs only itself": {podJSON("a") + "\n" + `{"kind":` + "\n---\n" + pod("b"), []string{"1.0@1 read Pod/a", "2.0@3 broken: the JSON ends too early: expected a value", "3.0@4 read Pod/b"}},
		"an open string":                           {`{"a": "b`, []string{"1.0@1 broken: the JSON ends too early: a string is not closed"}},
		"flow YAML is YAML":                        {"{apiVersion: v1, kind: Pod,\n spec: {hostNetwork: yes}}\n", []string{"1.0@1 read Pod/"}},
		"JSON with a comment after it is YAML":     {podJSON("a") + " # c\n", []string{"1.0@1 read Pod/a"}},
		"JSON on the separator's line":             {"--- " + podJSON("a") + "\n", []string{"1.0@1 read Pod/a"}},
		"what is neither has the JSON error":       {"{\"a\": 1,\n}\n{", []string{`1.0@2 broken: invalid JSON: expected a key in double quotes, found '}'`}},
		"something else in a stream":               {podJSON("a") + "\n[1]\n", []string{"1.0@1 read Pod/a", `2.0@2 broken: invalid JSON: expected "{" or the end, found '['`}},
		"a duplicate key":                          {"{\"apiVersion\":\"v1\",\n\"kind\":\"Pod\",\n\"kind\":\"Pod\"}", []string{`1.0@3 broken: duplicate key "kind" at the top`}},
		"a wrong type in the third line":           {"{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\n\"spec\":{\n\"hostNetwork\":\"yes\"}}", []string{`1.0@3 broken: spec.hostNetwork: expected a boolean, found a string`}},
	}
	r := newTestReader(t, Options{})
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, readAll(t, r, strings.NewReader(test.in))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestReadLists(t *testing.T) {
	t.Parallel()
	bare := `{"metadata":{"name":"a"},"spec":{"containers":[]}}`
	tests := map[string]struct {
		in   string
		want []string
	}{
		"kubectl's JSON has items before kind": {
			"{\n\"apiVersion\": \"v1\",\n\"items\": [\n" + podJSON("a") + ",\n" + podJSON("b") + "\n],\n\"kind\": \"List\"}",
			[]string{"1.0@4 read Pod/a", "1.1@5 read Pod/b"},
		},
		"items of a raw PodList have no kind": {
			`{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[` + bare + `]}`,
			[]string{"1.0@1 read Pod/a"},
		},
		"the same in YAML": {
			"kind: PodList\napiVersion: v1\nitems:\n- metadata: {name: a}\n  spec: {}\n", []string{"1.0@4 read Pod/a"},
		},
		"items of a List must have a kind to be Kubernetes": {
			`{"kind":"List","apiVersion":"v1","items":[` + bare + `]}`, []string{"1.0@1 passed"},
		},
		"a List without items is an object without a pod": {
			`{"kind":"List","apiVersion":"v1","items":[]}` + "\n---\nkind: List\napiVersion: v1\nitems: []\n---\nkind: PodList\napiVersion: v1\nitems:\n",
			[]string{"1.0@1 passed List/", "2.0@3 passed List/", "3.0@7 passed PodList/"},
		},
		"items may be null but not missing": {
			`{"kind":"PodList","apiVersion":"v1","items":null}{"kind":"List","apiVersion":"v1"}`,
			[]string{"1.0@1 passed PodList/", "2.0@1 broken: items is missing"},
		},
		"items that are no objects": {
			`{"kind":"List","apiVersion":"v1","items":[1,` + podJSON("a") + `,null,"x",[],true]}`,
			[]string{
				"1.0@1 broken: an item of the List is a number, not an object", "1.1@1 read Pod/a",
				"1.2@1 broken: an item of the List is null, not an object", "1.3@1 broken: an item of the List is a string, not an object",
				"1.4@1 broken: an item of the List is a list, not an object", "1.5@1 broken: an item of the List is a boolean, not an object",
			},
		},
		"the same in YAML, in block style": {
			"kind: List\napiVersion: v1\nitems:\n- 1\n-\n- x\n- - a\n- yes\n",
			[]string{
				"1.0@4 broken: an item of the List is a number, not an object", "1.1@5 broken: an item of the List is null, not an object",
				"1.2@6 broken: an item of the List is a string, not an object", "1.3@7 broken: an item of the List is a list, not an object",
				"1.4@8 broken: an item of the List is a boolean, not an object",
			},
		},
		"kubectl's YAML": {
			"apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: a\n  spec: {}\n- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: b\n  spec: {}\nkind: List\nmetadata:\n  resourceVersion: \"\"\n",
			[]string{"1.0@3 read Pod/a", "1.1@8 read Pod/b"},
		},
		"indented items, comments, an item on the line after its dash": {
			"kind: List\napiVersion: v1\nitems: # all\n# first\n\n  # second\n  -\n    apiVersion: v1\n    kind: Pod\n# between\n    spec: {}\n  - # c\n    apiVersion: v1\n    kind: Namespace\n",
			[]string{"1.0@8 read Pod/", "1.1@13 passed Namespace/"},
		},
		"flow style": {
			"{kind: List, apiVersion: v1, items: [\n{apiVersion: v1, kind: Pod, spec: {}},\n{apiVersion: v1, kind: Namespace}]}\n",
			[]string{"1.0@2 read Pod/", "1.1@3 passed Namespace/"},
		},
		"flow style behind a block key": {
			"kind: List\napiVersion: v1\nitems: [{apiVersion: v1, kind: Namespace}]\n", []string{"1.0@3 passed Namespace/"},
		},
		"an anchor of another item": {
			"kind: List\napiVersion: v1\nitems:\n- &a\n  apiVersion: v1\n  kind: Namespace\n  metadata: &m {name: a}\n- apiVersion: v1\n  kind: Namespace\n  metadata: *m\n- *a\n",
			[]string{"1.0@4 passed Namespace/a", "1.1@8 passed Namespace/a", "1.2@11 passed Namespace/a"},
		},
		"a string that goes over a line like an item": {
			"kind: List\napiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Namespace\n  note: \"a\n- b\"\n- apiVersion: v1\n  kind: Pod\n  spec: {}\n",
			[]string{"1.0@4 passed Namespace/", "1.1@8 read Pod/"},
		},
		"a broken item costs only itself": {
			"kind: List\napiVersion: v1\nitems:\n- apiVersion: v1\n  kind: [\n- apiVersion: v1\n  kind: Namespace\n",
			[]string{"1.0@5 broken: invalid YAML: did not find expected node content", "1.1@6 passed Namespace/"},
		},
		"a duplicate key in an item": {
			"kind: List\napiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Pod\n  kind: Pod\n- apiVersion: v1\n  kind: Namespace\n",
			[]string{`1.0@6 broken: duplicate key "kind" (line 6, first at line 5)`, "1.1@7 passed Namespace/"},
		},
		"a duplicate key of the List": {
			"kind: List\napiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Namespace\nkind: List\n",
			[]string{`1.0@6 broken: duplicate key "kind" (line 6, first at line 1)`},
		},
		"items twice": {
			"kind: List\napiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Namespace\nitems:\n- apiVersion: v1\n  kind: Pod\n",
			[]string{`1.0@6 broken: duplicate key "items" (line 6, first at line 3)`},
		},
		"a duplicate key of a JSON List": {
			`{"kind":"List","apiVersion":"v1","items":[{}],"metadata":{},"metadata":{}}`,
			[]string{`1.0@1 broken: duplicate key "metadata" at the top`},
		},
		"a List in a List counts on": {
			`{"kind":"List","apiVersion":"v1","items":[` + podJSON("a") + `,{"kind":"PodList","apiVersion":"v1","items":[` + bare + `,{}]},` + podJSON("b") + `]}`,
			[]string{"1.0@1 read Pod/a", "1.1@1 read Pod/a", "1.2@1 broken: spec is missing", "1.3@1 read Pod/b"},
		},
		"a List in a List in YAML": {
			"kind: List\napiVersion: v1\nitems:\n- kind: List\n  apiVersion: v1\n  items:\n  - apiVersion: v1\n    kind: Namespace\n- apiVersion: v1\n  kind: Namespace\n",
			[]string{"1.0@7 passed Namespace/", "1.1@9 passed Namespace/"},
		},
		"items that are no list": {
			`{"kind":"List","apiVersion":"v1","items":{}}`, []string{"1.0@1 broken: a List stands where one object is expected"},
		},
		"a List without apiVersion": {
			"kind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n", []string{"1.0@1 broken: apiVersion is missing"},
		},
	}
	r := newTestReader(t, Options{})
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, readAll(t, r, strings.NewReader(test.in))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestListsNestOnlySoDeep(t *testing.T) {
	t.Parallel()
	json, yaml := podJSON("a"), podJSON("a")
	for range maxListDepth + 1 {
		json = `{"kind":"List","apiVersion":"v1","items":[` + json + `]}`
		yaml = `{kind: List, apiVersion: v1, items: [` + yaml + `]}`
	}
	for _, in := range []string{json, yaml} {
		got := readAll(t, newTestReader(t, Options{}), strings.NewReader(in))
		if diff := cmp.Diff([]string{"1.0@1 broken: lists stand in Lists more than 8 deep"}, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
}

func TestReadStopsWhenTheCallerDoes(t *testing.T) {
	t.Parallel()
	list := "kind: List\napiVersion: v1\nitems:\n"
	for range 5 {
		list += "- apiVersion: v1\n  kind: Namespace\n"
	}
	json := `{"kind":"List","apiVersion":"v1","items":[` + podJSON("a") + "," + podJSON("b") + `]}`
	for _, in := range []string{pod("a") + "---\n" + pod("b"), list, json, json + json, podJSON("a") + podJSON("b"), "[" + "\n---\n" + "["} {
		for _, limit := range []int{0, 60} {
			count := 0
			for range newTestReader(t, Options{MaxObject: limit}).Read("in", strings.NewReader(in)) {
				count++
				break
			}
			if count != 1 {
				t.Errorf("%q: %d items", in, count)
			}
		}
	}
}

func TestReadErrorIsBroken(t *testing.T) {
	t.Parallel()
	failing := io.MultiReader(strings.NewReader(pod("a")+"---\na: b\n"), iotest.ErrReader(errors.New("disk on fire")))
	got := readAll(t, newTestReader(t, Options{}), failing)
	if diff := cmp.Diff([]string{"1.0@1 read Pod/a", "2.0@7 broken: cannot be read: disk on fire"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	got = readAll(t, newTestReader(t, Options{}), iotest.ErrReader(errors.New("disk on fire")))
	if diff := cmp.Diff([]string{"1.0@1 broken: cannot be read: disk on fire"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestReadErrorsDoNotNameTheFile(t *testing.T) {
	t.Parallel()
	failed := &fs.PathError{Op: "read", Path: "/x", Err: errors.New("disk on fire")}
	for _, text := range []string{"", pod("a"), podJSON(strings.Repeat("x", 100)), "{", "apiVersion: v1\nitems:\n- " + strings.Repeat("x", 100)} {
		got := readAll(t, newTestReader(t, Options{MaxObject: 70}), io.MultiReader(strings.NewReader(text), iotest.ErrReader(failed)))
		if len(got) != 1 || !strings.HasSuffix(got[0], " broken: cannot be read: disk on fire") {
			t.Errorf("%q: %q", text, got)
		}
	}
	w := newWindow(io.MultiReader(strings.NewReader(`{"a"`), iotest.ErrReader(failed)), place{})
	if _, err := w.list(9, nil); err == nil || err.Error() != "cannot be read: disk on fire" {
		t.Errorf("a window: %v", err)
	}
	w = newWindow(io.MultiReader(strings.NewReader(`{"a`), iotest.ErrReader(failed)), place{})
	if err := w.skip(); err == nil || err.Error() != "cannot be read: disk on fire" {
		t.Errorf("a window within a string: %v", err)
	}
	if _, err := cutBlockList(iotest.ErrReader(failed), 1, 9, nil); err == nil || err.Error() != "cannot be read: disk on fire" {
		t.Errorf("a List in block style: %v", err)
	}
}

func TestNewReaderRefusesNonsense(t *testing.T) {
	t.Parallel()
	if _, err := NewReader(Options{MaxObject: -1}); err == nil {
		t.Error("a negative size was accepted")
	}
	if _, err := NewReader(Options{Paths: []TemplatePath{{Kind: "X", Path: "["}}}); err == nil {
		t.Error("a path that is none was accepted")
	}
}
