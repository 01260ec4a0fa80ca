package workload

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// What these inputs cost must grow with their size, not with its square: each
// took minutes or hours when it did. The bound is far above what they need.
const longest = time.Minute

func TestManyFindingsInOneObject(t *testing.T) {
	t.Parallel()
	const count = 30000
	spec := func(item, separator string) string { return strings.Repeat(item+separator, count-1) + item }
	for name, text := range map[string]string{
		"JSON":             `{"apiVersion":"v1","kind":"Pod","spec":{"containers":[` + spec(`{"name":"ö"}`, ",") + `]}}`,
		"YAML, block":      "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n" + spec("  - name: ö\n", ""),
		"YAML, flow":       "{apiVersion: v1, kind: Pod, spec: {containers: [" + spec("{name: ö}", ",") + "]}}",
		"YAML, merge keys": "x: &x {a: b}\napiVersion: v1\nkind: Pod\nspec:\n  containers:\n" + spec("  - {<<: *x}\n", ""),
		"steps": `{"apiVersion":"tekton.dev/v1","kind":"Task","spec":{"steps":[` + spec(`{"name":"ö"}`, ",") + `],"volumes":[` +
			spec(`{"name":"v"}`, ",") + `]}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start, templates := time.Now(), 0
			for item := range newTestReader(t, Options{}).Read("in", strings.NewReader(text)) {
				for i := range item.Templates {
					templates++
					checkOrder(t, &item.Templates[i], count)
				}
			}
			if took := time.Since(start); templates != 1 || took > longest {
				t.Errorf("%d templates in %v", templates, took)
			}
		})
	}
}

// checkOrder asks for positions of every container, the last one first; they
// must come in the order of the containers.
func checkOrder(t *testing.T, template *Template, count int) {
	t.Helper()
	for _, path := range []string{"spec.containers[%d].securityContext", "spec.containers[%d].name"} {
		before := place{1 << 30, 0}
		for i := count - 1; i >= 0; i-- {
			line, column := template.Position(fmt.Sprintf(path, i))
			if line < 1 || line > before.line || line == before.line && column >= before.column {
				t.Fatalf(path+" at %d:%d, the next one at %+v", i, line, column, before)
			}
			before = place{line, column}
		}
	}
}

func TestManyObjectsThatShareASpec(t *testing.T) {
	t.Parallel()
	const count = 20000
	item := "- {apiVersion: v1, kind: Pod, metadata: {name: p}, spec: *s}\n"
	start, read := time.Now(), 0
	in := "apiVersion: v1\nkind: List\nitems:\n" + strings.Replace(item, "*s", "&s {containers: [{name: a}]}", 1) +
		strings.Repeat(item, count-1)
	for item := range newTestReader(t, Options{}).Read("in", strings.NewReader(in)) {
		line, column := item.Templates[0].Position("spec.containers[0].name")
		if got := item.Source.Line; got != read+4 || line != 4 || column != 82 {
			t.Fatalf("item %d at line %d, its container at %d:%d", read, got, line, column)
		}
		read++
	}
	if took := time.Since(start); read != count || took > longest {
		t.Errorf("%d objects in %v", read, took)
	}
}

// An alias costs a few bytes and may stand for many. All objects of a document
// together may grow only so much.
func TestObjectsThatShareALongText(t *testing.T) {
	t.Parallel()
	const count = 5000
	in := "apiVersion: v1\nkind: List\nx: &s " + strings.Repeat("x", 100_000) + "\nitems:\n" +
		strings.Repeat("- {apiVersion: v1, kind: ConfigMap, data: {a: *s}}\n", count)
	start := time.Now()
	var passed, broken int
	for item := range newTestReader(t, Options{MaxObject: 1 << 20}).Read("in", strings.NewReader(in)) {
		switch {
		case item.Outcome == PassedOver:
			passed++
		case item.Err.Error() == "the object grows too large when its aliases are expanded":
			broken++
		default:
			t.Fatalf("got %+v", item)
		}
	}
	if took := time.Since(start); passed < 50 || passed > 100 || passed+broken != count || took > longest {
		t.Errorf("%d passed over, %d broken, in %v", passed, broken, took)
	}
}

func TestWideAndDeepObjects(t *testing.T) {
	t.Parallel()
	const count = 100_000
	var descending, names strings.Builder
	for i := count; i > 0; i-- {
		fmt.Fprintf(&descending, `"container.apparmor.security.beta.kubernetes.io/c%06d":"unconfined",`, i)
		fmt.Fprintf(&names, `{"name":"c%06d"},`, i)
	}
	annotations := `{` + descending.String() + `"seccomp.security.alpha.kubernetes.io/pod":"x"}`
	containers := `[` + names.String() + `{"name":"last"}]`
	const depth = 300
	nested := strings.Repeat(`{"containers":[`, depth) + strings.Repeat(`{"x":1},`, count) + `{"name":"x"}` + strings.Repeat(`]}`, depth)
	for name, text := range map[string]string{
		"annotations": `{"apiVersion":"v1","kind":"Pod","metadata":{"annotations":` + annotations + `},"spec":{"containers":` + containers + `}}`,
		"annotations of an assembled pod": `{"apiVersion":"argoproj.io/v1alpha1","kind":"Workflow","spec":{"podMetadata":{"annotations":` + annotations +
			`},"templates":[{"container":{},"metadata":{"annotations":` + strings.ReplaceAll(annotations, "/c", "/b") + `}}]}}`,
		"containers in containers": `{"apiVersion":"x.io/v1","kind":"Thing","spec":` + nested + `}`,
		"templates":                `{"apiVersion":"batch.volcano.sh/v1alpha1","kind":"Job","spec":{"tasks":[` + strings.Repeat(`{"template":{"spec":{"containers":[{"name":"a"}]}}},`, maxTemplates-1) + `{}]}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			item := newTestReader(t, Options{}).ReadObject([]byte(text))
			if took := time.Since(start); item.Err != nil || item.Outcome == PassedOver || took > longest {
				t.Errorf("outcome %d in %v: %v", item.Outcome, took, item.Err)
			}
		})
	}
}

func TestAnnotationsAreSortedAndUnique(t *testing.T) {
	t.Parallel()
	const key = "container.apparmor.security.beta.kubernetes.io/"
	text := `{"apiVersion":"v1","kind":"Pod","metadata":{"annotations":{"%sb":"1","%sa":"2","%sc":"3"}},"spec":{}}`
	item := readJSON(t, Options{}, fmt.Sprintf(text, key, key, key), false)
	if as := item.Templates[0].Pod.Annotations; len(as) != 3 || as[0].Value != "2" || as[1].Value != "1" || as[2].Value != "3" {
		t.Errorf("got %+v", as)
	}
	item = readJSON(t, Options{}, strings.Replace(fmt.Sprintf(text, key, key, key), "/c", "/b", 1), false)
	if item.Outcome != Broken || item.Err.Error() != `duplicate key "`+key+`b" at metadata.annotations` {
		t.Errorf("a key given twice: %v", item.Err)
	}
}

func TestPlacesOfEveryOffset(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	for i := range 900 {
		text.WriteString([]string{"a", "ö", "\n", "世", "😀", " "}[i*i%7%6])
	}
	all := text.String()
	p := newPlaces([]byte(all))
	want := place{line: 1}
	for offset, r := range all {
		if got := p.place(offset); got != want {
			t.Fatalf("offset %d: %+v, want %+v", offset, got, want)
		}
		if got := p.right(0, utf8.RuneCountInString(all[:offset])); got != offset {
			t.Fatalf("offset %d: found %d", offset, got)
		}
		if want.column++; r == '\n' {
			want = place{want.line + 1, 0}
		}
	}
	if got := p.place(len(all)); got != want {
		t.Errorf("the end: %+v, want %+v", got, want)
	}
	if got := p.right(600, 10000); got != len(all) {
		t.Errorf("beyond the end: %d", got)
	}
}

// Where the first annotation comes twice is said, and not looked for again for each
// other one that does.
func TestManyAnnotationsThatComeTwice(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	text.WriteString(`{"apiVersion":"v1","kind":"Pod","metadata":{"annotations":{"a":"b"`)
	for i := range 40_000 {
		fmt.Fprintf(&text, `,"container.seccomp.security.alpha.kubernetes.io/%d":""`, i/2)
	}
	text.WriteString(`}},"spec":{}}`)
	start := time.Now()
	item := newTestReader(t, Options{Stored: true}).ReadObject([]byte(text.String()))
	if took := time.Since(start); took > longest || item.Outcome != Broken ||
		item.Err.Error() != `duplicate key "container.seccomp.security.alpha.kubernetes.io/0" at metadata.annotations` {
		t.Errorf("%v in %v", item.Err, took)
	}
}
