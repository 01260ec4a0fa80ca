package pss

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"testing"

	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
	"github.com/gabion-security/gabion/workload/typed"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	sigsjson "sigs.k8s.io/json"
)

// typeOf returns the type that a JSON object says it has, none if that cannot be
// read.
func typeOf(t testing.TB, data []byte) metav1.TypeMeta {
	t.Helper()
	var m metav1.TypeMeta
	if sigsjson.UnmarshalCaseSensitivePreserveInts(data, &m) != nil {
		return metav1.TypeMeta{}
	}
	return m
}

// storedWithExtra reads everything and defaults nothing.
var storedWithExtra = workload.Options{Stored: true, Extra: true}

// jsonItems reads a text as one JSON object.
func jsonItems(r *workload.Reader, text []byte) []workload.Item {
	return []workload.Item{r.ReadObject(text)}
}

// fileItems reads a text as a file.
func fileItems(r *workload.Reader, text []byte) []workload.Item {
	return slices.Collect(r.Read("test.yaml", bytes.NewReader(text)))
}

// endless are numbers with such exponents that apimachinery's ParseQuantity does
// not come back from in any useful time, as with the memory "8.4E999900": upstream
// cannot be asked what it takes an object with one of them for.
var endless = regexp.MustCompile(`[0-9.][eE][+-]?0*[1-9][0-9]{3}`)

// refusedOrSame fails the test if upstream understands an object and Gabion
// takes it for something else. text is what Gabion reads, asJSON what upstream
// decodes. Where upstream fails, Gabion may say what it likes but must say
// something.
func refusedOrSame(t testing.TB, text, asJSON []byte, read func(*workload.Reader, []byte) []workload.Item) {
	t.Helper()
	items := read(newReader(t, storedWithExtra), text)
	if refused(items) {
		return
	}
	if endless.Match(asJSON) {
		return
	}
	object := newObject(typeOf(t, asJSON))
	if object == nil || sigsjson.UnmarshalCaseSensitivePreserveInts(asJSON, object) != nil {
		return
	}
	want, err := typed.Object(object, storedWithExtra)
	if err != nil {
		return // a ReplicationController without its template
	}
	if len(items) != 1 || items[0].Outcome != workload.Read || len(items[0].Templates) != 1 {
		t.Fatalf("upstream reads an object, Gabion passes over it: %q", text)
	}
	sameIdentity(t, text, items[0].Object, asJSON)
	sameView(t, string(text), items[0].Templates[0], want)

	// With the defaulting as well, but for volumes of unknown sources, which
	// are not made emptyDirs.
	if slices.ContainsFunc(want.Pod.Volumes, func(v pss.Volume) bool { return v.Sources == 0 }) {
		return
	}
	items = read(newReader(t, workload.Options{}), text)
	if refused(items) {
		t.Fatalf("read as stored, but not as a manifest: %q", text)
	}
	if want, err = typed.Object(object, workload.Options{}); err != nil {
		t.Fatal(err)
	}
	sameView(t, string(text), items[0].Templates[0], want)
}

// refused reports whether any of it was Broken or not checked.
func refused(items []workload.Item) bool {
	return slices.ContainsFunc(items, func(i workload.Item) bool {
		return i.Outcome == workload.Broken || i.Outcome == workload.NotChecked
	})
}

// sameIdentity compares an object's name and namespace with upstream's reading.
func sameIdentity(t testing.TB, text []byte, got workload.Object, asJSON []byte) {
	t.Helper()
	var m metav1.PartialObjectMetadata
	if err := sigsjson.UnmarshalCaseSensitivePreserveInts(asJSON, &m); err != nil {
		t.Fatal(err)
	}
	want := workload.Object{APIVersion: m.APIVersion, Kind: m.Kind, Namespace: m.Namespace, Name: m.Name}
	if got != want {
		t.Fatalf("read as %+v, upstream has %+v: %q", got, want, text)
	}
}

// isJSON reports whether Gabion's reader of files takes a text for JSON.
func isJSON(text []byte) bool {
	text = bytes.TrimLeft(text, " \t\r\n")
	return len(text) > 0 && text[0] == '{' && json.Valid(text)
}
