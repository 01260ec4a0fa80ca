package workload

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// withAKeyTwice returns texts in which one object each has its first or its last key twice.
func withAKeyTwice(t *testing.T, text string) (texts []string) {
	t.Helper()
	type object struct{ first, last string }
	var open []*object // nil for a list
	key := false       // a key comes next
	in := json.NewDecoder(strings.NewReader(text))
	for {
		token, err := in.Token()
		if err != nil {
			break
		}
		at := int(in.InputOffset())
		switch token {
		case json.Delim('{'):
			open, key = append(open, new(object)), true
			continue
		case json.Delim('['):
			open = append(open, nil)
			key = false
			continue
		case json.Delim('}'):
			if o := open[len(open)-1]; o.last != "" {
				for _, name := range []string{o.first, o.last} {
					texts = append(texts, text[:at-1]+`,"`+name+`":null`+text[at-1:])
				}
			}
			open = open[:len(open)-1]
		case json.Delim(']'):
			open = open[:len(open)-1]
		default:
			if name, ok := token.(string); ok && key {
				o := open[len(open)-1]
				if o.last = name; o.first == "" {
					o.first = name
				}
				key = false
				continue
			}
		}
		key = len(open) > 0 && open[len(open)-1] != nil
	}
	return texts
}

func itemsOf(r *Reader, text string) []Item {
	return slices.Collect(r.Read("in.json", strings.NewReader(text)))
}

func TestAKeyThatComesTwiceAnywhereInAFileIsFound(t *testing.T) {
	t.Parallel()
	r := newTestReader(t, Options{Extra: true})
	tried := 0
	for _, object := range reviewed {
		if items := itemsOf(r, object); len(items) != 1 || items[0].Outcome == Broken {
			continue
		}
		for _, text := range withAKeyTwice(t, object) {
			tried++
			items := itemsOf(r, text)
			if len(items) != 1 || items[0].Outcome != Broken || !strings.Contains(items[0].Err.Error(), "duplicate key") {
				t.Errorf("a key comes twice in %s: read as %+v", text, items)
			}
		}
	}
	if tried < 50 {
		t.Errorf("only %d texts were tried", tried)
	}
}

// sameAsOneOfTwo fails the test unless an object that stands alone in a file, which is
// read in one go, is what it is with another one behind it.
func sameAsOneOfTwo(t *testing.T, r *Reader, text string) {
	t.Helper()
	alone := itemsOf(r, text)
	if len(alone) != 1 || alone[0].Outcome == Broken || !json.Valid([]byte(strings.TrimPrefix(text, utf8Mark))) {
		return
	}
	if strings.TrimLeft(text, " \t\r\n"+utf8Mark)[0] != '{' {
		return // YAML
	}
	both := itemsOf(r, text+"\n{}")
	if len(both) != 2 {
		t.Fatalf("%d objects with another one: %q", len(both), text)
	}
	sameText := cmp.Comparer(func(a, b *document) bool {
		return a.at == b.at && a.under == b.under && bytes.Equal(a.json.text, b.json.text)
	})
	if diff := cmp.Diff(both[0], alone[0], cmp.AllowUnexported(Template{}, renames{}, rename{}), sameText); diff != "" {
		t.Fatalf("(-one of two +alone)\n%s: %q", diff, text)
	}
}

// sameAsLookedAtBefore fails the test unless an object whose keys are looked at while it
// is read is what it is when that is done before.
func sameAsLookedAtBefore(t *testing.T, r *Reader, text string) {
	t.Helper()
	got := r.readObject([]byte(text), typeMeta{}, Source{}, nil, new(uniqueKeys))
	before := strict([]byte(text))
	if before.skip(); before.err != nil {
		if got.Outcome != Broken || got.Err.Error() != before.err.Error() {
			t.Fatalf("got %v, %v, want %v: %q", got.Outcome, got.Err, before.err, text)
		}
		return
	}
	equalErrors := cmp.Comparer(func(a, b error) bool { return fmt.Sprint(a) == fmt.Sprint(b) })
	want := r.ReadObject([]byte(text))
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(Template{}, renames{}, rename{}), equalErrors); diff != "" {
		t.Fatalf("(-before +while it is read)\n%s: %q", diff, text)
	}
}

func TestKeysThatComeTwiceAreFoundWhileAnObjectIsRead(t *testing.T) {
	t.Parallel()
	r := newTestReader(t, Options{Extra: true, Annotations: []string{"x"}})
	for _, object := range reviewed {
		texts := []string{object, indented(object), object + "x", strings.Replace(object, "{", `{"x":{"a":1,"a":2},`, 1)}
		for i := 0; i < len(object); i += 13 {
			texts = append(texts, object[:i]) // something is wrong with nearly all of them
		}
		if json.Valid([]byte(object)) && strings.HasPrefix(object, "{") {
			texts = append(texts, withAKeyTwice(t, object)...)
		}
		for _, text := range texts {
			sameAsLookedAtBefore(t, r, text)
		}
	}
}

func TestAnObjectThatIsReadInOneGoIsWhatItIsBesideAnother(t *testing.T) {
	t.Parallel()
	for _, r := range admissionReaders(t) {
		for _, object := range reviewed {
			for _, text := range []string{object, "\n \n" + object + " \n\n", indented(object), "\ufeff" + object} {
				sameAsOneOfTwo(t, r, text)
			}
		}
	}
}

func indented(text string) string {
	var out bytes.Buffer
	if json.Indent(&out, []byte(text), "", "  ") != nil {
		return text
	}
	return out.String()
}

func FuzzFileOfOneObject(f *testing.F) {
	for _, object := range reviewed {
		f.Add([]byte(object))
	}
	r := newTestReader(f, Options{Extra: true})
	f.Fuzz(func(t *testing.T, text []byte) {
		if !json.Valid(text) || bytes.Contains(text, []byte("---")) {
			return
		}
		sameAsOneOfTwo(t, r, string(text))
		sameAsLookedAtBefore(t, r, string(text))
		strictly := strict(text)
		strictly.skip()
		items := itemsOf(r, string(text))
		if strictly.err != nil && len(items) == 1 && items[0].Outcome != Broken {
			t.Fatalf("%v, but it is read: %q", strictly.err, text)
		}
	})
}
