package workload

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// reviewed are texts that may stand where a review has an object.
var reviewed = []string{
	everything, podJSON("a"), `{}`, `null`, `[]`, `1`, `"a"`, `tru`, `{"a"}`, `{"a":1}}`, `{"a":1`, "{\"a\":\"\xff\"}", `{"a":1} x`, ` {"a":1} `,
	`{"apiVersion":"v1"}`, `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"n","labels":{"a":"b"}}}`,
	`{"spec":{"containers":[{"name":"c"}],"hostPID":true},"metadata":{"name":"n"},"kind":"Pod","apiVersion":"v1"}`,
	`{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"name":"c"}]},"spec":{}}`,
	`{"apiVersion":"v1","kind":"Pod","spec":{"os":{"name":"windows"},"hostPID":true}}`,
	`{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"name":1}]}}`,
	`{"apiVersion":"v1","kind":"ReplicationController","metadata":{"name":"r"},"spec":{}}`,
	`{"apiVersion":"apps/v1","kind":"Deployment","spec":{"template":{"spec":{"volumes":[{"x":1}]}}}}`,
	`{"spec":{"template":{"spec":{"containers":[]}}},"apiVersion":"apps/v1","kind":"Deployment"}`,
	`{"apiVersion":"v1","kind":"PodList","items":[{"spec":{}}]}`, `{"apiVersion":"v1","kind":"PodList"}`,
	`{"apiVersion":"x.io/v1","kind":"X","a":[{"spec":{"containers":[{"name":"c"}]}}]}`,
	`{"apiVersion":"argoproj.io/v1alpha1","kind":"Workflow","spec":{"volumes":[{}],"templates":[{"container":{"name":""}}]}}`,
	strings.Repeat(`[`, 997) + strings.Repeat(`]`, 997), `{"a":` + strings.Repeat(`{"a":`, 996) + `1` + strings.Repeat(`}`, 997),
	`{"a":` + strings.Repeat(`{"a":`, 997) + `1` + strings.Repeat(`}`, 998),
}

// sameOnTheWay fails the test unless an object that is read with its review is what it
// is alone, and the review what it is without.
func sameOnTheWay(t *testing.T, r *Reader, body []byte) {
	t.Helper()
	want, wantErr := ReadReview(body, nil)
	got, err := ReadReview(body, func(*Review) (*Reader, bool) { return r, true })
	if (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() {
		t.Fatalf("error %v, without reading the objects %v: %q", err, wantErr, body)
	}
	if err != nil {
		return
	}
	for _, object := range []struct {
		raw  []byte
		read *Item
	}{{got.Object, got.ObjectRead}, {got.OldObject, got.OldObjectRead}} {
		if object.raw == nil {
			if object.read != nil {
				t.Fatalf("null was read: %q", body)
			}
			continue
		}
		alone := r.ReadObject(object.raw)
		if (object.read == nil) != (alone.Outcome == Broken) {
			t.Fatalf("read %v, alone %v %v: %q", object.read, alone.Outcome, alone.Err, body)
		}
		if object.read == nil {
			continue
		}
		if diff := cmp.Diff(&alone, object.read, cmp.AllowUnexported(Template{}, renames{}, rename{})); diff != "" {
			t.Fatalf("(-alone +on the way)\n%s: %q", diff, body)
		}
	}
	got.ObjectRead, got.OldObjectRead, got.ReadBy = nil, nil, nil
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("(-without +with reading the objects)\n%s", diff)
	}
}

func admissionReaders(t testing.TB) []*Reader {
	t.Helper()
	return []*Reader{newTestReader(t, Options{Stored: true}), newTestReader(t, Options{Stored: true, Extra: true}), newTestReader(t, Options{JSON: true})}
}

func TestAnObjectThatIsReadWithItsReviewIsWhatItIsAlone(t *testing.T) {
	t.Parallel()
	for _, r := range admissionReaders(t) {
		for _, object := range reviewed {
			sameOnTheWay(t, r, []byte(minimal(`,"object":`+object)))
			sameOnTheWay(t, r, []byte(minimal(`,"oldObject":`+object+` , "object":`+reviewed[0]+`,"dryRun":true`)))
			whole := []byte(minimal(`,"object":` + object + `,"options":{}`))
			for cut := range min(len(whole), 1000) {
				sameOnTheWay(t, r, whole[:cut])
			}
		}
	}
}

func TestWhoReadsAnObjectIsAskedOnceWithAllThatStandsBeforeIt(t *testing.T) {
	t.Parallel()
	r := newTestReader(t, Options{})
	asked := 0
	got, err := ReadReview([]byte(podReview), func(v *Review) (*Reader, bool) {
		asked++
		if v.Operation != "UPDATE" || v.Namespace != "shop" || v.Resource.Resource != "pods" || v.Subresource != "resize" || v.Username == "" {
			t.Errorf("asked with %+v", v)
		}
		return r, false
	})
	if err != nil {
		t.Fatal(err)
	}
	if asked != 1 || got.ReadBy != r {
		t.Errorf("asked %d times, read by %p; want once, by %p", asked, got.ReadBy, r)
	}
}

func TestAReviewIsReadWithoutItsObjectsIfNobodyWantsThem(t *testing.T) {
	t.Parallel()
	got, err := ReadReview([]byte(minimal(`,"object":`+podJSON("a"))), func(*Review) (*Reader, bool) { return nil, true })
	if err != nil {
		t.Fatal(err)
	}
	if got.ReadBy != nil || got.ObjectRead != nil || !bytes.Equal(got.Object, []byte(podJSON("a"))) {
		t.Errorf("got %+v", got)
	}
}

func TestTheOldObjectIsReadIfItIsWanted(t *testing.T) {
	t.Parallel()
	r := newTestReader(t, Options{})
	for _, wanted := range []bool{false, true} {
		got, err := ReadReview([]byte(minimal(`,"object":`+podJSON("a")+`,"oldObject":`+podJSON("b"))), func(*Review) (*Reader, bool) { return r, wanted })
		if err != nil {
			t.Fatal(err)
		}
		if got.ObjectRead == nil || (got.OldObjectRead != nil) != wanted || string(got.OldObject) != podJSON("b") {
			t.Errorf("read %v and %v, the old one wanted: %t", got.ObjectRead, got.OldObjectRead, wanted)
		}
	}
}

func FuzzObjectOfAReview(f *testing.F) {
	for _, object := range reviewed {
		f.Add([]byte(object), true)
		f.Add([]byte(object), false)
	}
	readers := admissionReaders(f)
	f.Fuzz(func(t *testing.T, object []byte, extra bool) {
		body := slices.Concat([]byte(`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"operation":"UPDATE","resource":{"resource":"pods"},"object":`),
			object, []byte(`,"oldObject":`), object, []byte(`,"dryRun":false}}`))
		r := readers[0]
		if extra {
			r = readers[1]
		}
		sameOnTheWay(t, r, body)
	})
}
