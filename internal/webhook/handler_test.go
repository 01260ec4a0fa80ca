package webhook_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/internal/admission"
	"github.com/gabion-security/gabion/internal/webhook"
	"github.com/gabion-security/gabion/workload"
)

func TestAReviewIsAnswered(t *testing.T) {
	t.Parallel()
	asked := make(chan admission.Request, 1)
	r := serve(t, webhook.HandlerOptions{Decider: decider(func(_ context.Context, req admission.Request) admission.Decision {
		req.Object = bytes.Clone(req.Object)
		asked <- req
		return admission.Decision{
			Code: 403, Reason: "Forbidden", Message: "no\n\"way\"",
			Details:     admission.Details{Kind: "pods", Name: "web"},
			Warnings:    []string{"careful"},
			Annotations: []admission.Annotation{{Key: "enforce-policy", Value: "restricted:latest"}, {Key: "error", Value: "\u00e9"}},
		}
	})}, webhook.ServerOptions{})
	for _, http2 := range []bool{false, true} {
		client := r.client(t, http2)
		for _, path := range []string{"/", "/validate", "/validate?timeout=5s", "/mutate", "/mutate?timeout=5s"} {
			got, err := ask(t.Context(), client, r.url+path, review("u-1", "web", `{"spec":{}}`))
			if err != nil {
				t.Fatal(err)
			}
			if got.Kind != "AdmissionReview" || got.APIVersion != "admission.k8s.io/v1" || got.Request != nil {
				t.Errorf("not an answer: %+v", got)
			}
			s := got.Response.Status
			if got.Response.UID != "u-1" || got.Response.Allowed || s == nil {
				t.Fatalf("not a denial of u-1: %+v", got)
			}
			if s.Status != "Failure" || s.Code != 403 || s.Reason != "Forbidden" || s.Message != "no\n\"way\"" ||
				s.Details.Kind != "pods" || s.Details.Name != "web" {
				t.Errorf("another status: %+v", s)
			}
			if diff := cmp.Diff(map[string]string{"enforce-policy": "restricted:latest", "error": "é"}, got.Response.AuditAnnotations); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff([]string{"careful"}, got.Response.Warnings); diff != "" {
				t.Error(diff)
			}
			want := admission.Request{
				Operation: "CREATE", Resource: "pods", Kind: "Pod", Namespace: "shop", Name: "web", Username: "ann",
				UserInfo: []byte(`{"username":"ann"}`), Object: []byte(`{"spec":{}}`),
				Mutating: strings.HasPrefix(path, "/mutate"),
			}
			if diff := cmp.Diff(want, <-asked); diff != "" {
				t.Error(diff)
			}
		}
	}
}

func TestWhatIsNoReviewGetsOneLine(t *testing.T) {
	t.Parallel()
	const limit = 1 << 20
	r := serve(t, webhook.HandlerOptions{Decider: decider(allowAll), MaxBodyBytes: limit}, webhook.ServerOptions{})
	good := review("u", "n", "{}")
	fill := func(size int) string {
		return review("u", "n", `"`+strings.Repeat("x", size-len(review("u", "n", `""`)))+`"`)
	}
	for name, c := range map[string]struct {
		method, path, contentType, body string
		chunked                         bool
		status                          int
		text                            string
	}{
		"a review":                             {body: good, status: 200},
		"a review in chunks":                   {body: good, chunked: true, status: 200},
		"JSON with a charset":                  {contentType: "application/json; charset=utf-8", body: good, status: 200},
		"JSON in capitals":                     {contentType: "Application/JSON", body: good, status: 200},
		"JSON with a broken parameter":         {contentType: "application/json; charset", body: good, status: 200},
		"a body of exactly the limit":          {body: fill(limit), status: 200},
		"the same in chunks":                   {body: fill(limit), chunked: true, status: 200},
		"a body of one byte more":              {body: fill(limit + 1), status: 413, text: "the request body is too large: the limit is 1048576 bytes"},
		"the same body in chunks":              {body: fill(limit + 1), chunked: true, status: 413, text: "the request body is too large: the limit is 1048576 bytes"},
		"a far larger body":                    {body: strings.Repeat(" ", 8*limit), status: 413, text: "the request body is too large: the limit is 1048576 bytes"},
		"a far larger body in chunks":          {body: strings.Repeat(" ", 8*limit), chunked: true, status: 413, text: "the request body is too large: the limit is 1048576 bytes"},
		"GET":                                  {method: "GET", status: 405, text: "method not allowed: admission reviews are sent with POST"},
		"PUT":                                  {method: "PUT", body: good, status: 405, text: "method not allowed: admission reviews are sent with POST"},
		"another path":                         {path: "/metrics", body: good, status: 404, text: "not found: admission reviews go to /validate"},
		"YAML":                                 {contentType: "application/yaml", body: good, status: 415, text: "the Content-Type must be application/json"},
		"what only begins like JSON":           {contentType: "application/jsonp", body: good, status: 415, text: "the Content-Type must be application/json"},
		"no content type":                      {contentType: "-", body: good, status: 415, text: "the Content-Type must be application/json"},
		"an empty body":                        {status: 400, text: "the request body is empty"},
		"an empty body in chunks":              {chunked: true, status: 400, text: "the request body is empty"},
		"a body of white space":                {body: " \n ", status: 400, text: "the request body cannot be read: the JSON ends too early: expected a value"},
		"a body that is no JSON":               {body: "hello", status: 400, text: "the request body cannot be read: invalid JSON: expected a value, found 'h'"},
		"half a review":                        {body: good[:len(good)/2], status: 400, text: `the request body cannot be read: the JSON ends too early: expected ":"`},
		"an object that is no review":          {body: `{}`, status: 400, text: `the request body cannot be read: not an AdmissionReview of admission.k8s.io/v1: its apiVersion is "" and its kind ""`},
		"a pod":                                {body: `{"apiVersion":"v1","kind":"Pod"}`, status: 400, text: `the request body cannot be read: not an AdmissionReview of admission.k8s.io/v1: its apiVersion is "v1" and its kind "Pod"`},
		"a review of another version":          {body: strings.Replace(good, "admission.k8s.io/v1", "admission.k8s.io/v1beta1", 1), status: 400, text: `the request body cannot be read: not an AdmissionReview of admission.k8s.io/v1: its apiVersion is "admission.k8s.io/v1beta1" and its kind "AdmissionReview"`},
		"a review without a request":           {body: `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}`, status: 400, text: "the request body cannot be read: the AdmissionReview has no request"},
		"an answer instead of a question":      {body: `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{}}`, status: 400, text: "the request body cannot be read: the AdmissionReview has no request"},
		"a review in which nothing is asked":   {body: `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{}}`, status: 400, text: "the request body cannot be read: request.operation is missing"},
		"a review that says two things at one": {body: strings.Replace(good, `"name":`, `"name":"x","name":`, 1), status: 400, text: `the request body cannot be read: duplicate key "name" at request`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, http2 := range []bool{false, true} {
				status, header, text := send(t, r.client(t, http2), r.url, c.method, c.path, c.contentType, c.body, c.chunked)
				if status != c.status {
					t.Fatalf("HTTP/2 %v: status %d, want %d: %s", http2, status, c.status, text)
				}
				if status != http.StatusOK && text != c.text+"\n" {
					t.Errorf("HTTP/2 %v: got %q, want %q", http2, text, c.text)
				}
				if allow := header.Get("Allow"); (status == http.StatusMethodNotAllowed) != (allow == "POST") {
					t.Errorf("HTTP/2 %v: Allow is %q", http2, allow)
				}
			}
		})
	}
}

// send sends any request.
func send(t *testing.T, client *http.Client, url, method, path, contentType, body string, chunked bool) (int, http.Header, string) {
	t.Helper()
	if method == "" {
		method = http.MethodPost
	}
	if path == "" {
		path = "/validate"
	}
	if contentType == "" {
		contentType = "application/json"
	}
	var from io.Reader = strings.NewReader(body)
	if chunked {
		from = struct{ io.Reader }{from} // of which the client does not see the length
	}
	req, err := http.NewRequestWithContext(t.Context(), method, url+path, from)
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "-" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(text)
}

func TestTheTimeoutOfTheQueryIsTheDeadline(t *testing.T) {
	t.Parallel()
	left := make(chan time.Duration, 1)
	r := serve(t, webhook.HandlerOptions{
		MaxTimeout: 20 * time.Second,
		Decider: decider(func(ctx context.Context, _ admission.Request) admission.Decision {
			deadline, _ := ctx.Deadline()
			left <- time.Until(deadline)
			return admission.Decision{Allowed: true}
		}),
	}, webhook.ServerOptions{})
	client := r.client(t, false)
	for query, want := range map[string]time.Duration{
		"":                      20 * time.Second,
		"?timeout=10s":          10 * time.Second,
		"?timeout=25s":          20 * time.Second,
		"?timeout=2540400h":     20 * time.Second,
		"?timeout=0s":           20 * time.Second,
		"?timeout=-5s":          20 * time.Second,
		"?timeout=soon":         20 * time.Second,
		"?timeout=":             20 * time.Second,
		"?timeout=%zz":          20 * time.Second,
		"?other=1&timeout=15s":  15 * time.Second,
		"?timeout=15s&timeout=": 15 * time.Second,
	} {
		if _, err := ask(t.Context(), client, r.url+"/validate"+query, review("u", "n", "{}")); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		if got := <-left; got > want || got < want-5*time.Second {
			t.Errorf("%q: %s left, want about %s", query, got, want)
		}
	}
}

func TestAPanicIsADenialAndTheServerStays(t *testing.T) {
	t.Parallel()
	var log lockedBuffer
	r := serve(t, webhook.HandlerOptions{
		Log: jsonLog(&log),
		Decider: decider(func(_ context.Context, req admission.Request) admission.Decision {
			if req.Name == "bad" {
				return []admission.Decision{}[len(req.Name)]
			}
			return admission.Decision{Allowed: true}
		}),
		Reads: func(v *workload.Review) (*workload.Reader, bool) {
			if v.Name == "worse" {
				panic("while it was read")
			}
			return nil, false
		},
	}, webhook.ServerOptions{})
	client := r.client(t, false)
	for range 3 {
		for _, name := range []string{"bad", "worse"} {
			status, text, err := post(t.Context(), client, r.url, strings.NewReader(review("u-7", name, "{}")))
			if err != nil {
				t.Fatal(err)
			}
			want := `{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","response":{"uid":"u-7","allowed":false,` +
				`"status":{"status":"Failure","message":"Internal error occurred: the decision failed","reason":"InternalError","code":500},` +
				`"auditAnnotations":{"error":"Internal error occurred: the decision failed"}}}`
			if status != http.StatusInternalServerError || string(text) != want {
				t.Errorf("status %d: %s", status, text)
			}
		}
		if _, err := ask(t.Context(), client, r.url, review("u-8", "good", "{}")); err != nil {
			t.Error(err)
		}
	}
	if got := log.String(); strings.Count(got, "\n") != 6 || strings.Count(got, `"panic":"runtime error: index out of range [3] with length 0"`) != 3 ||
		strings.Count(got, `"panic":"while it was read"`) != 3 || strings.Count(got, `"uid":"u-7"`) != 6 || strings.Count(got, `"name":"worse"`) != 3 ||
		!strings.Contains(got, "handler_test.go") {
		t.Errorf("the log says: %s", got)
	}
	if n := r.handler.BytesInFlight(); n != 0 {
		t.Errorf("%d bytes are still in flight", n)
	}
}

func TestOptionsThatCannotBe(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]webhook.HandlerOptions{
		"no decider":                         {},
		"a negative body":                    {Decider: decider(allowAll), MaxBodyBytes: -1},
		"a negative time":                    {Decider: decider(allowAll), MaxTimeout: -1},
		"fewer bytes in flight than in one ": {Decider: decider(allowAll), MaxBodyBytes: 1 << 20, MaxBytesInFlight: 1<<20 - 1},
	} {
		if _, err := webhook.NewHandler(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for name, o := range map[string]webhook.ServerOptions{
		"no handler":      {Certificates: &webhook.Certificates{}},
		"no certificates": {Handler: http.NotFoundHandler()},
	} {
		if _, err := webhook.NewServer(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
