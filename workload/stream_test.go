package workload

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	tooLarge70 = "one object is larger than 70 bytes"
	leaveOut   = ": leave the object out, an API server would not store it"
)

func TestReadBeyondTheLimit(t *testing.T) {
	t.Parallel()
	const advice = "; only a List may be, as JSON or in the block style that kubectl writes: leave the object out, or convert the List with kubectl get -o json"
	ns := func(name string) string {
		return `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"` + name + `"}}`
	}
	long := ns(strings.Repeat("x", 80))
	tests := map[string]struct {
		in   string
		want []string
	}{
		"a JSON List, items before kind": {
			"{\"apiVersion\":\"v1\",\n\"items\":[" + ns("a") + ",\n " + ns("b") + "],\n\"kind\":\"List\"}\n",
			[]string{"1.0@2 passed Namespace/a", "1.1@3 passed Namespace/b"},
		},
		"a raw PodList": {
			`{"kind":"PodList","apiVersion":"v1","items":[` + strings.Repeat(`{"spec":{}},`, 5) + `{"metadata":{"name":"z"}}]}`,
			[]string{"1.0@1 read Pod/", "1.1@1 read Pod/", "1.2@1 read Pod/", "1.3@1 read Pod/", "1.4@1 read Pod/", "1.5@1 broken: spec is missing"},
		},
		"the rest of the file goes on": {
			long + ns("a") + "\n---\n" + ns("b") + "\n---\n" + long,
			[]string{"1.0@1 broken: " + tooLarge70 + leaveOut, "2.0@1 passed Namespace/a", "3.0@3 passed Namespace/b", "4.0@5 broken: " + tooLarge70 + leaveOut},
		},
		"an item that is too large costs only itself": {
			`{"items":[` + ns("a") + "," + long + ",\n" + ns("b") + `],"apiVersion":"v1","kind":"List"}`,
			[]string{"1.0@1 passed Namespace/a", "1.1@1 broken: " + tooLarge70 + leaveOut, "1.2@2 passed Namespace/b"},
		},
		"a large object that is no List": {
			`{"apiVersion":"v1","kind":"ConfigMap","items":[` + strings.Repeat("{},", 30) + `{}]}`,
			[]string{"1.0@1 broken: " + tooLarge70 + leaveOut},
		},
		"a stream of small values": {
			strings.Repeat(ns("a")+"\n", 3), []string{"1.0@1 passed Namespace/a", "2.0@2 passed Namespace/a", "3.0@3 passed Namespace/a"},
		},
		"a truncated List": {
			ns("a") + "\n" + `{"items":[` + ns("b") + "," + ns("c") + ",\n{",
			[]string{"1.0@1 passed Namespace/a", "2.0@3 broken: the JSON ends too early: an object, list or string is not closed"},
		},
		"a List with a missing comma": {
			`{"apiVersion":"v1","kind":"List","items":[` + ns("a") + ns("b") + `]}`,
			[]string{`1.0@1 broken: invalid JSON: expected ",", found '{'`},
		},
		"a duplicate key of a List": {
			`{"kind":"List","items":[` + ns("a") + "," + ns("b") + `],"items":[]}`,
			[]string{`1.0@1 broken: duplicate key "items" at the top`},
		},
		"something behind a large value": {
			`{"kind":"List","apiVersion":"v1","items":[` + ns("a") + "," + ns("b") + `]} x`,
			[]string{"1.0@1 passed Namespace/a", "1.1@1 passed Namespace/b", `2.0@1 broken: invalid JSON: expected "{" or the end, found 'x'`},
		},
		"a broken item": {
			`{"kind":"List","apiVersion":"v1","items":[` + ns("a") + `,{"a" 1},` + ns("b") + `]}`,
			[]string{"1.0@1 passed Namespace/a", `1.1@1 broken: invalid JSON: expected ":", found '1'`, "1.2@1 passed Namespace/b"},
		},
		"a YAML List": {
			"apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Pod\n  spec: {}\n- x\n-\n  apiVersion: v1\n  kind: Namespace\nkind: List\n---\n" + ns("z"),
			[]string{"1.0@3 read Pod/", "1.1@6 broken: an item of the List is a string, not an object", "1.2@8 passed Namespace/", "2.0@12 passed Namespace/z"},
		},
		"a YAML List with a large item": {
			"kind: List\napiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Namespace\n- a: " + strings.Repeat("x", 70) + "\n- apiVersion: v1\n  kind: Pod\n  spec: {}\n",
			[]string{"1.0@4 passed Namespace/", "1.1@6 broken: " + tooLarge70 + leaveOut, "1.2@7 read Pod/"},
		},
		"a YAML List with anchors across items": {
			"kind: List\napiVersion: v1\nitems:\n- apiVersion: &v v1\n  kind: Namespace\n- apiVersion: *v\n  kind: Namespace\n",
			[]string{
				"1.0@4 passed Namespace/",
				"1.1@6 broken: invalid YAML: unknown anchor 'v' referenced: a List this large cannot share anchors between its items, convert it to JSON",
			},
		},
		"a YAML List in flow style": {
			"kind: List\napiVersion: v1\nitems: [" + ns("a") + ", " + ns("b") + "]\n---\nkind: Namespace\napiVersion: v1\n",
			[]string{"1.0@1 broken: " + tooLarge70 + advice, "2.0@5 passed Namespace/"},
		},
		"a large YAML object": {
			"a: b\n---\napiVersion: v1\ndata: " + strings.Repeat("x", 60) + "\n---\nc: d\n",
			[]string{"1.0@1 passed", "2.0@3 broken: " + tooLarge70 + advice, "3.0@6 passed"},
		},
		"a YAML List with a duplicate key": {
			"kind: List\nkind: List\nitems:\n" + strings.Repeat("- apiVersion: v1\n  kind: Namespace\n", 3),
			[]string{`1.0@2 broken: duplicate key "kind" (line 2, first at line 1)`},
		},
		"a YAML List broken behind its items": {
			"items:\n" + strings.Repeat("- apiVersion: v1\n  kind: Namespace\n", 3) + "kind: [\n",
			[]string{`1.0@1 broken: invalid YAML: did not find expected node content`},
		},
		"large and binary": {
			strings.Repeat("x", 71) + "\x00" + strings.Repeat("y", 100) + "\n---\n" + ns("a"),
			[]string{"1.0@1 broken: the file is binary, not text", "2.0@3 passed Namespace/a"},
		},
	}
	r := newTestReader(t, Options{MaxObject: 70})
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, readAll(t, r, strings.NewReader(test.in))); diff != "" {
				t.Errorf("read again: -want +got:\n%s", diff)
			}
			if diff := cmp.Diff(test.want, readAll(t, r, onlyReader{strings.NewReader(test.in)})); diff != "" {
				t.Errorf("from a temporary file: -want +got:\n%s", diff)
			}
			name := filepath.Join(t.TempDir(), "f")
			if err := os.WriteFile(name, []byte(test.in), 0o600); err != nil {
				t.Fatal(err)
			}
			var got []string
			for item := range r.ReadFile(File{Path: name}, nil) {
				got = append(got, describe(item))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("from a file: -want +got:\n%s", diff)
			}
		})
	}
}

// endless is a device that counts what is read of it.
type endless struct {
	text string
	read int
}

func (e *endless) Read(p []byte) (int, error) {
	for n := 0; n < len(p); n += copy(p[n:], e.text) {
	}
	e.read += len(p)
	return len(p), nil
}

func TestBinaryInputEndsTheReading(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]*endless{"zeros": {text: "\x00"}, "lines with zeros": {text: "abc\n\x00"}} {
		got := readAll(t, newTestReader(t, Options{}), in)
		if len(got) != 1 || !strings.HasSuffix(got[0], " broken: the file is binary, not text") {
			t.Errorf("%s: %q", name, got)
		}
		if in.read > 2<<20 {
			t.Errorf("%s: %d bytes were read", name, in.read)
		}
	}
	text := &endless{text: strings.Repeat("a: b\n", 100)}
	in := io.MultiReader(io.LimitReader(text, 1<<20), &endless{text: "\x00"})
	got := readAll(t, newTestReader(t, Options{MaxObject: 1000}), in)
	if diff := cmp.Diff([]string{"1.0@1 broken: the file is binary, not text"}, got); diff != "" {
		t.Errorf("zeros behind text: %s", diff)
	}
}

func TestLargeTextThatIsNoListIsNotSpooled(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "none"))
	in := onlyReader{strings.NewReader(strings.Repeat("a: b\n", 1000) + "---\n" + strings.Repeat("# c\n", 1000) + "x\n")}
	got := readAll(t, newTestReader(t, Options{MaxObject: 70}), in)
	const advice = "; only a List may be, as JSON or in the block style that kubectl writes: leave the object out, or convert the List with kubectl get -o json"
	if diff := cmp.Diff([]string{"1.0@1 broken: " + tooLarge70 + advice, "2.0@1001 broken: " + tooLarge70 + advice}, got); diff != "" {
		t.Error(diff)
	}
}

func TestNoTemporaryFileIsLeftBehind(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	in := podJSON(strings.Repeat("x", 100)) + "\n---\n" + podJSON(strings.Repeat("y", 100))
	r := newTestReader(t, Options{MaxObject: 70})
	for range r.Read("in", onlyReader{strings.NewReader(in)}) {
		break // leaving early must clean up too
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	t.Setenv("TMPDIR", filepath.Join(dir, "none"))
	got := readAll(t, r, onlyReader{strings.NewReader(in + "\n---\na: b\n")})
	if len(got) != 3 || got[2] != "3.0@5 passed" ||
		!strings.HasPrefix(got[0], "1.0@1 broken: the document is large and no temporary file can be made") {
		t.Errorf("got %q", got)
	}
}

// repeated is head, then item as often as wanted, then tail, without holding it.
type repeated struct {
	head, item, tail string
	count            int
	rest             string
	began            bool
}

func (r *repeated) Read(p []byte) (int, error) {
	if !r.began {
		r.rest, r.began = r.head, true
	}
	if r.rest == "" {
		switch {
		case r.count > 0:
			r.rest = r.item
			r.count--
		case r.tail != "":
			r.rest, r.tail = r.tail, ""
		default:
			return 0, io.EOF
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func TestLargeListsTakeConstantMemory(t *testing.T) {
	note := strings.Repeat("n", 2000)
	tests := map[string]repeated{
		"JSON": {
			head: `{"apiVersion":"v1","items":[` + podJSON("first"),
			item: ",\n{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"annotations\":{\"n\":\"" + note + "\"}},\"spec\":{\"containers\":[]}}",
			tail: `],"kind":"List"}`, count: 10000,
		},
		"YAML": {
			head: "apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Pod\n  spec: {}\n",
			item: "- apiVersion: v1\n  kind: Pod\n  metadata:\n    annotations:\n      n: " + note + "\n  spec:\n    containers: []\n",
			tail: "kind: List\n", count: 10000,
		},
		"a JSON stream":  {item: strings.Replace(podJSON("a"), `"spec"`, `"n":"`+note+`","spec"`, 1) + "\n", count: 10000},
		"YAML documents": {item: pod("a") + "# " + note + "\n---\n", count: 10000},
	}
	for name, in := range tests {
		t.Run(name, func(t *testing.T) {
			r := newTestReader(t, Options{MaxObject: 1 << 20})
			var peak uint64
			count, last := 0, Item{}
			for item := range r.Read("in", onlyReader{&in}) {
				if item.Outcome != Read {
					t.Fatalf("item %d: %s", count, describe(item))
				}
				if count%500 == 0 {
					runtime.GC()
					var m runtime.MemStats
					runtime.ReadMemStats(&m)
					peak = max(peak, m.HeapAlloc)
				}
				count++
				last = item
			}
			if count < 10000 {
				t.Errorf("%d items", count)
			}
			// The text is 20 MB; the reader may hold a few times MaxObject.
			if peak > 12<<20 {
				t.Errorf("%d MiB were in use", peak>>20)
			}
			if got := last.Source.Item + last.Source.Document; got < 10000 {
				t.Errorf("the last item is %+v", last.Source)
			}
		})
	}
}

func TestWindowTellsWhatIsWrong(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		``:                     `the JSON ends too early: expected "{"`,
		`[`:                    `invalid JSON: expected "{", found '['`,
		`{"a"`:                 `the JSON ends too early: expected ":"`,
		`{"a" 1}`:              `invalid JSON: expected ":", found '1'`,
		`{"a":}`:               `invalid JSON: expected a value, found '}'`,
		`{"a":1 "b":2}`:        `invalid JSON: expected ",", found '"'`,
		`{"a":1,}`:             `invalid JSON: expected a key in double quotes, found '}'`,
		`{a:1}`:                `invalid JSON: expected a key in double quotes, found 'a'`,
		`{"items":[1,]}`:       `invalid JSON: expected a value, found ']'`,
		`{"items":[,1]}`:       `invalid JSON: expected a value, found ','`,
		`{"items":[1`:          `the JSON ends too early: expected ","`,
		`{"items":["`:          `the JSON ends too early: an object, list or string is not closed`,
		`{"items":[{"a":[]},{`: `the JSON ends too early: an object, list or string is not closed`,
	} {
		for _, yield := range []func(element) bool{nil, func(element) bool { return true }} {
			_, err := newWindow(strings.NewReader(in), place{line: 1}).list(100, yield)
			if err == nil || err.Error() != want {
				t.Errorf("%s: %v, want %s", in, err, want)
			}
		}
	}
}

func TestWindowKeepsEverythingButItems(t *testing.T) {
	t.Parallel()
	in := " { \"a\" : {\"items\":[1]} ,\n \"items\" : [ {\"x\":\"]\\\"\"} , [2,[3]], 4 ,null ] , \"b\":\"\\\\\" } rest"
	for _, size := range []int{1, 2, 7, 1000} {
		var got []string
		w := newWindow(chunks{strings.NewReader(in), size}, place{line: 1})
		rest, err := w.list(1000, func(e element) bool {
			got = append(got, fmt.Sprintf("%d:%d %s", e.at.line, e.at.column, e.raw))
			return true
		})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(`{"a":{"items":[1]},"items":[],"b":"\\"}`, string(rest)); diff != "" {
			t.Error(diff)
		}
		want := []string{`2:13 {"x":"]\""}`, "2:27 [2,[3]]", "2:36 4", "2:39 null"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if c := w.peek(); c != 'r' || !bytes.HasPrefix([]byte(in[w.off:]), []byte("rest")) {
			t.Errorf("stands at %q, offset %d", c, w.off)
		}
	}
}

// chunks reads size bytes at a time.
type chunks struct {
	in   io.Reader
	size int
}

func (c chunks) Read(p []byte) (int, error) { return c.in.Read(p[:min(len(p), c.size)]) }

func TestATemporaryFileThatCannotBeWrittenIsAnError(t *testing.T) {
	t.Parallel()
	text := []byte(`{"kind":"List","items":[`)
	for name, fail := range map[string]func(*splitter) error{
		"at the end": func(s *splitter) error { _, err := s.section(0, int64(len(text))); return err },
		"before it":  func(s *splitter) error { return s.write(make([]byte, 2*spoolBuffer)) },
	} {
		s := &splitter{}
		if err := s.keep(text); err != nil {
			t.Fatal(err)
		}
		if err := s.spool.Close(); err != nil { // as if the disk were full
			t.Fatal(err)
		}
		if err := fail(s); err == nil || !strings.Contains(err.Error(), "its temporary file cannot be written") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
