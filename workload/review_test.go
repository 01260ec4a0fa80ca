package workload

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// podReview is a review as an API server sends it.
const podReview = `{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{
	"uid":"705ab4f5-6393-11e8-b7cc-42010a800002",
	"kind":{"group":"","version":"v1","kind":"Pod"},
	"resource":{"group":"","version":"v1","resource":"pods"},
	"subResource":"resize",
	"requestKind":{"group":"","version":"v1","kind":"Pod"},
	"requestResource":{"group":"","version":"v1","resource":"pods"},
	"requestSubResource":"resize",
	"name":"web","namespace":"shop","operation":"UPDATE",
	"userInfo":{"username":"system:serviceaccount:shop:ci","groups":["a","b"],"extra":{"username":["no"]}},
	"object":{"kind":"Pod","spec":{}},"oldObject": {"kind":"Pod"} ,
	"dryRun":true,"options":{"kind":"UpdateOptions"}}}`

func TestReadReviewReadsWhatAnAPIServerSends(t *testing.T) {
	t.Parallel()
	got, err := ReadReview([]byte(podReview), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := Review{
		UID:         "705ab4f5-6393-11e8-b7cc-42010a800002",
		Kind:        GroupVersionKind{"", "v1", "Pod"},
		Resource:    GroupVersionResource{"", "v1", "pods"},
		Subresource: "resize", Name: "web", Namespace: "shop", Operation: "UPDATE",
		Username: "system:serviceaccount:shop:ci", DryRun: true,
		UserInfo: []byte(`{"username":"system:serviceaccount:shop:ci","groups":["a","b"],"extra":{"username":["no"]}}`),
		Object:   []byte(`{"kind":"Pod","spec":{}}`), OldObject: []byte(`{"kind":"Pod"}`),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// minimal is a review with the given members added to its request.
func minimal(members string) string {
	return `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"operation":"CREATE",` +
		`"resource":{"resource":"pods"}` + members + `}}`
}

func TestReadReviewReadsUnusualReviews(t *testing.T) {
	t.Parallel()
	base := Review{Operation: "CREATE", Resource: GroupVersionResource{Resource: "pods"}}
	with := func(change func(*Review)) Review {
		r := base
		change(&r)
		return r
	}
	for name, c := range map[string]struct {
		body string
		want Review
	}{
		"nothing but what must be there": {minimal(``), base},
		"nulls everywhere": {
			minimal(`,"uid":null,"kind":null,"subResource":null,"name":null,"userInfo":null,"object":null,"oldObject":null,"dryRun":null`),
			base,
		},
		"an object of another type":                     {minimal(`,"object":[1]`), with(func(r *Review) { r.Object = []byte(`[1]`) })},
		"a subresource of the converted request only":   {minimal(`,"subResource":"scale"`), with(func(r *Review) { r.Subresource = "scale" })},
		"a subresource of the client's request only":    {minimal(`,"requestSubResource":"scale"`), with(func(r *Review) { r.Subresource = "scale" })},
		"escapes in the UID":                            {minimal(`,"uid":"\u0061\"\\\n"`), with(func(r *Review) { r.UID = "a\"\\\n" })},
		"escapes in a key":                              {minimal(`,"\u006eame":"x"`), with(func(r *Review) { r.Name = "x" })},
		"keys in another case, as the API server does":  {minimal(`,"Name":"x","OBJECT":{}`), base},
		"a user without a name":                         {minimal(`,"userInfo": {"groups":["username"]} `), with(func(r *Review) { r.UserInfo = []byte(`{"groups":["username"]}`) })},
		"white space around the review and its members": {" \n" + minimal(` , "name" : "x" `) + "\r\n\t ", with(func(r *Review) { r.Name = "x" })},
	} {
		got, err := ReadReview([]byte(c.body), nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestReadReviewRefusesTheRest(t *testing.T) {
	t.Parallel()
	const envelope = `"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"`
	for name, c := range map[string]struct {
		body, want string
		is         error
	}{
		"nothing":                       {body: ``, want: "the JSON ends too early: expected a value"},
		"text":                          {body: `hello`, want: "invalid JSON: expected a value, found 'h'"},
		"a list":                        {body: `[]`, want: "expected an object, found a list"},
		"null":                          {body: `null`, want: "expected an object, found null"},
		"a review that is cut":          {body: podReview[:len(podReview)-9], want: `the JSON ends too early: a string is not closed`},
		"a second value":                {body: podReview + `{}`, want: "invalid JSON: expected nothing after the object, found '{'"},
		"an empty object":               {body: `{}`, want: `not an AdmissionReview of admission.k8s.io/v1: its apiVersion is "" and its kind ""`, is: ErrNoReview},
		"another kind":                  {body: `{"apiVersion":"v1","kind":"Pod"}`, want: `not an AdmissionReview of admission.k8s.io/v1: its apiVersion is "v1" and its kind "Pod"`, is: ErrNoReview},
		"another version":               {body: `{"apiVersion":"admission.k8s.io/v1beta1","kind":"AdmissionReview","request":{}}`, want: `not an AdmissionReview of admission.k8s.io/v1: its apiVersion is "admission.k8s.io/v1beta1" and its kind "AdmissionReview"`, is: ErrNoReview},
		"a kind with a line end":        {body: `{"apiVersion":"v1","kind":"a\nb"}`, want: `not an AdmissionReview of admission.k8s.io/v1: its apiVersion is "v1" and its kind "a\nb"`, is: ErrNoReview},
		"a kind that is a number":       {body: `{"kind":1}`, want: "kind: expected a string, found a number"},
		"no request":                    {body: `{` + envelope + `}`, want: "the AdmissionReview has no request", is: ErrNoRequest},
		"a request that is null":        {body: `{` + envelope + `,"request":null}`, want: "the AdmissionReview has no request", is: ErrNoRequest},
		"a request that is a string":    {body: `{` + envelope + `,"request":"x"}`, want: "request: expected an object, found a string"},
		"an empty request":              {body: `{` + envelope + `,"request":{}}`, want: "request.operation is missing"},
		"no resource":                   {body: `{` + envelope + `,"request":{"operation":"CREATE"}}`, want: "request.resource.resource is missing"},
		"a UID that is a number":        {body: minimal(`,"uid":7`), want: "request.uid: expected a string, found a number"},
		"a user that is a list":         {body: minimal(`,"userInfo":[]`), want: "request.userInfo: expected an object, found a list"},
		"a dryRun that is text":         {body: minimal(`,"dryRun":"true"`), want: "request.dryRun: expected a boolean, found a string"},
		"an object that is not JSON":    {body: minimal(`,"object":{a}`), want: "invalid JSON: expected a key in double quotes, found 'a'"},
		"an object that is not UTF-8":   {body: minimal(",\"object\":{\"a\":\"\xff\"}"), want: "a string is not valid UTF-8"},
		"two kinds":                     {body: `{"kind":"A","kind":"AdmissionReview"}`, want: `duplicate key "kind" at the top`},
		"two requests":                  {body: `{"request":{"uid":"x"},"request":{}}`, want: `duplicate key "request" at the top`},
		"two UIDs":                      {body: minimal(`,"uid":"a","uid":"b"`), want: `duplicate key "uid" at request`},
		"two objects":                   {body: minimal(`,"object":{"a":1},"object":{"b":2}`), want: `duplicate key "object" at request`},
		"two objects, one key escaped":  {body: minimal(`,"object":{},"o\u0062ject":{}`), want: `duplicate key "object" at request`},
		"two usernames":                 {body: minimal(`,"userInfo":{"username":"a","username":"b"}`), want: `duplicate key "username" at request.userInfo`},
		"two resources in one":          {body: minimal(`,"kind":{"kind":"a","kind":"b"}`), want: `duplicate key "kind" at request.kind`},
		"two subresources that differ":  {body: minimal(`,"subResource":"status","requestSubResource":"resize"`), want: `request.subResource "status" is not request.requestSubResource "resize"`},
		"objects nested without an end": {body: minimal(`,"object":` + strings.Repeat(`[`, 2000)), want: "nested deeper than 1000 levels"},
	} {
		_, err := ReadReview([]byte(c.body), nil)
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		if err.Error() != c.want {
			t.Errorf("%s: got %q, want %q", name, err, c.want)
		}
		for _, sentinel := range []error{ErrNoReview, ErrNoRequest} {
			if errors.Is(err, sentinel) != errors.Is(c.is, sentinel) {
				t.Errorf("%s: the error is of the wrong sort: %v", name, err)
			}
		}
	}
}

func TestReadReviewAllocatesLittle(t *testing.T) {
	// Not parallel: AllocsPerRun counts those of all goroutines.
	body := []byte(podReview)
	if n := testing.AllocsPerRun(100, func() {
		if _, err := ReadReview(body, nil); err != nil {
			t.Error(err)
		}
	}); n > 3 {
		t.Errorf("%v allocations for one review", n)
	}
}

func BenchmarkReadReview(b *testing.B) {
	body := []byte(podReview)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ReadReview(body, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// Whatever is accepted must be what encoding/json reads in the same bytes.
func FuzzReadReview(f *testing.F) {
	for _, seed := range []string{
		podReview, minimal(``), minimal(`,"object":null,"oldObject":{}`), `{}`, `[]`, minimal(`,"uid":"\ud83d\ude00"`),
		`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}`, minimal(`,"subResource":"a","requestSubResource":"b"`),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := ReadReview(body, nil)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\r") {
				t.Errorf("the error has more than one line: %q", err)
			}
			return
		}
		var envelope struct {
			APIVersion, Kind string
			Request          map[string]json.RawMessage
		}
		var exact map[string]json.RawMessage
		if err := json.Unmarshal(body, &exact); err != nil {
			t.Fatalf("%q was accepted: %v", body, err)
		}
		for key, into := range map[string]any{"apiVersion": &envelope.APIVersion, "kind": &envelope.Kind, "request": &envelope.Request} {
			if err := json.Unmarshal(exact[key], into); err != nil {
				t.Fatalf("%q was accepted: %s: %v", body, key, err)
			}
		}
		if envelope.APIVersion != reviewAPIVersion || envelope.Kind != reviewKind || envelope.Request == nil {
			t.Fatalf("%q was accepted", body)
		}
		var uid, name string
		for key, into := range map[string]*string{"uid": &uid, "name": &name} {
			if raw := envelope.Request[key]; raw != nil {
				if err := json.Unmarshal(raw, into); err != nil {
					t.Fatalf("%q was accepted: %s: %v", body, key, err)
				}
			}
		}
		if got.UID != uid || got.Name != name {
			t.Errorf("UID %q and name %q, want %q and %q", got.UID, got.Name, uid, name)
		}
		for key, raw := range map[string][]byte{"object": got.Object, "oldObject": got.OldObject} {
			want := envelope.Request[key]
			if string(want) == "null" {
				want = nil
			}
			if string(raw) != string(want) {
				t.Errorf("%s: got %q, want %q", key, raw, want)
			}
		}
	})
}
