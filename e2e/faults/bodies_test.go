package faults_test

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

const mib = 1 << 20

// large returns a review that asks to create a pod that baseline forbids, or to
// change its image, filled up to a size. An update has two objects.
func large(t *testing.T, uid, namespace string, size int, update bool) (*admissionv1.AdmissionRequest, []byte) {
	t.Helper()
	pod := hostPod("p")
	pod.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}
	object := func(image string, filler int) *admissionv1.AdmissionRequest {
		pod.Spec.Containers[0].Image = image
		pod.Annotations = map[string]string{"example.com/filler": strings.Repeat("x", filler)}
		return creation(t, uid, namespace, "pods", pod)
	}
	filled := func(filler int) *admissionv1.AdmissionRequest {
		if !update {
			return object("new", filler)
		}
		r := object("new", filler/2)
		r.Operation = admissionv1.Update
		r.OldObject = runtime.RawExtension{Raw: object("old", filler-filler/2).Object.Raw}
		return r
	}
	empty, err := reviewOf(filled(0))
	if err != nil {
		t.Fatal(err)
	}
	r := filled(size - len(empty))
	body, err := reviewOf(r)
	if err != nil || len(body) != size {
		t.Fatalf("the review has %d bytes, not %d (%v)", len(body), size, err)
	}
	return r, body
}

func TestEveryBodyIsAnsweredAndNoneTakesTheMemory(t *testing.T) {
	t.Parallel()
	namespace(t, plane, "bodies", "baseline")
	l := installed(t)
	s, dir := limited(t, l, "bodies")
	small, good := large(t, "small", "bodies", 2000, false)
	three, threeMiB := large(t, "three", "bodies", 3*mib, false)
	seven, sevenMiB := large(t, "seven", "bodies", 7*mib, true)
	const (
		unreadable = "the request body cannot be read: "
		tooLarge   = "the request body is too large: the limit is 16777216 bytes\n"
		noReview   = unreadable + "not an AdmissionReview of admission.k8s.io/v1: its apiVersion is "
	)
	blank := func(size int64) io.Reader { return io.LimitReader(blanks{}, size) }
	for _, c := range []struct {
		name   string
		body   func() io.Reader
		asked  *admissionv1.AdmissionRequest // that has to be refused with a 403
		status int
		text   string // what the answer begins with
	}{
		{"a small one", func() io.Reader { return bytes.NewReader(good) }, small, 200, ""},
		{"none", func() io.Reader { return http.NoBody }, nil, 400, "the request body is empty\n"},
		{"3 MiB", func() io.Reader { return bytes.NewReader(threeMiB) }, three, 200, ""},
		{"two objects in 7 MiB", func() io.Reader { return bytes.NewReader(sevenMiB) }, seven, 200, ""},
		{"7 MiB in chunks", func() io.Reader { return chunked(bytes.NewReader(sevenMiB)) }, seven, 200, ""},
		{"100 MiB", func() io.Reader { return bytes.NewReader(make([]byte, 100*mib)) }, nil, 413, tooLarge},
		{"100 MiB in chunks", func() io.Reader { return blank(100 * mib) }, nil, 413, tooLarge},
		{"half a review", func() io.Reader { return bytes.NewReader(good[:len(good)/2]) }, nil, 400, unreadable + "the JSON ends too early"},
		{"half of 7 MiB", func() io.Reader { return bytes.NewReader(sevenMiB[:len(sevenMiB)/2]) }, nil, 400, unreadable + "the JSON ends too early"},
		{"another kind", func() io.Reader { return bytes.NewReader(small.Object.Raw) }, nil, 400, noReview + `"v1" and its kind "Pod"`},
		{"another version", func() io.Reader {
			return bytes.NewReader(bytes.Replace(good, []byte("admission.k8s.io/v1"), []byte("admission.k8s.io/v1beta1"), 1))
		}, nil, 400, noReview + `"admission.k8s.io/v1beta1" and its kind "AdmissionReview"`},
	} {
		for _, http2 := range []bool{false, true} {
			name := fmt.Sprintf("%s (HTTP/2 %v)", c.name, http2)
			status, text, err := askDirectly(t, s.Admission, dir, http2).post(t.Context(), c.body())
			switch {
			// Who is still sending 100 MiB may see the end of the connection
			// before the answer.
			case err != nil && c.status == 413:
			case err != nil || status != c.status || !strings.HasPrefix(text, c.text):
				t.Errorf("%s: %v, status %d and %.200s, want %d and %s", name, err, status, text, c.status, c.text)
			case c.asked != nil:
				if got, err := responseTo(c.asked, text); err != nil || got.Allowed || got.Result.Code != http.StatusForbidden {
					t.Errorf("%s: %v, got %.200s, want that it is forbidden", name, err, text)
				}
			}
		}
	}
	if text := cutOff(t, s.Admission, good); !strings.HasPrefix(text, "HTTP/1.1 400 ") ||
		!strings.HasSuffix(text, "the request body ends too early\n") {
		t.Errorf("a body that is cut off: %q", text)
	}
	demandWithin(t, l, s)
}

// blanks is white space without end.
type blanks struct{}

func (blanks) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// chunked hides how long a body is.
func chunked(r io.Reader) io.Reader { return struct{ io.Reader }{r} }

// cutOff sends half of a body, ends sending, and returns what is answered.
func cutOff(t *testing.T, address string, body []byte) string {
	t.Helper()
	dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // on loopback
	conn, err := dialer.DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // it is over
	_, err = fmt.Fprintf(conn, "POST /validate HTTP/1.1\r\nHost: gabion\r\nConnection: close\r\nContent-Type: application/json\r\n"+
		"Content-Length: %d\r\n\r\n%s", len(body), body[:len(body)/2])
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.(*tls.Conn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestAThousandLargeBodiesAtOnceDoNotTakeTheMemory has a thousand connections
// open before any of them begins to send.
func TestAThousandLargeBodiesAtOnceDoNotTakeTheMemory(t *testing.T) {
	// Not parallel: a thousand clients leave no time for those of other tests.
	namespace(t, plane, "flooded", "baseline")
	l := installed(t)
	s, dir := limited(t, l, "flooded")
	asked, body := large(t, "u", "flooded", 7*mib, true)
	for _, chunks := range []bool{false, true} {
		f := &flood{asked: asked, body: body, chunks: chunks}
		f.rise(t, askDirectly(t, s.Admission, dir, false), 1000, func() {
			if _, err := s.Get(t.Context(), "/healthz"); err != nil { // it would be restarted
				t.Errorf("during the flood: %v", err)
			}
		})
		t.Logf("in chunks %v: %d answered, %d turned away, %d of these while they were sending",
			chunks, f.answered.Load(), f.turnedAway.Load()+f.cut.Load(), f.cut.Load())
		if f.answered.Load() == 0 || f.turnedAway.Load()+f.cut.Load() == 0 {
			t.Error("want that some are answered and others turned away")
		}
		eventually(t, "nothing in flight", func() string {
			text, err := s.Get(t.Context(), "/metrics")
			if err != nil || !strings.Contains(text, "gabion_admission_bytes_in_flight 0\n") {
				return fmt.Sprint(err, text)
			}
			return ""
		})
		// Whoever was turned away comes again.
		if got, err := askDirectly(t, s.Admission, dir, false).ask(t.Context(), asked); err != nil || got.Allowed || got.Result.Code != http.StatusForbidden {
			t.Errorf("after the flood: %+v, %v", got, err)
		}
	}
	demandWithin(t, l, s)
}

// flood is a request that many send at once.
type flood struct {
	asked  *admissionv1.AdmissionRequest
	body   []byte
	chunks bool // its length is not said

	begin                     chan struct{} // closed when nobody waits any more
	waiting                   atomic.Int64
	answered, turnedAway, cut atomic.Int64
}

// rise sends it, and calls meanwhile again and again.
func (f *flood) rise(t *testing.T, d *direct, callers int, meanwhile func()) {
	t.Helper()
	var all sync.WaitGroup
	f.waiting.Store(int64(callers))
	f.begin = make(chan struct{})
	begin := sync.OnceFunc(func() { close(f.begin) })
	// A machine that is too busy for a thousand handshakes within the time that
	// a server waits for headers begins with fewer.
	defer time.AfterFunc(5*time.Second, begin).Stop()
	for range callers {
		all.Go(func() {
			if err := f.send(t, d, begin); err != nil {
				t.Error(err)
			}
		})
	}
	over := make(chan struct{})
	go func() { all.Wait(); close(over) }()
	for {
		meanwhile()
		select {
		case <-over:
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// send sends one, and says what is wrong with its answer.
func (f *flood) send(t *testing.T, d *direct, begin func()) error {
	t.Helper()
	wait := sync.OnceFunc(func() {
		if f.waiting.Add(-1) == 0 {
			begin()
		}
		<-f.begin
	})
	var body io.Reader = &together{bytes.NewReader(f.body), wait}
	if f.chunks {
		body = chunked(body)
	}
	status, text, err := d.post(t.Context(), body)
	switch {
	case err != nil: // turned away while it was sending
		f.cut.Add(1)
	case status == http.StatusTooManyRequests, status == http.StatusRequestTimeout: // the latter on a very slow machine
		f.turnedAway.Add(1)
	case status != http.StatusOK:
		return fmt.Errorf("status %d: %.200s", status, text)
	default:
		f.answered.Add(1)
		if got, err := responseTo(f.asked, text); err != nil || got.Allowed || got.Result.Code != http.StatusForbidden {
			return fmt.Errorf("got %.200s, want that it is forbidden (%w)", text, err)
		}
	}
	return nil
}

// together is a body that begins when all others can.
type together struct {
	body *bytes.Reader
	wait func()
}

func (b *together) Len() int { return b.body.Len() }

func (b *together) Read(p []byte) (int, error) {
	b.wait()
	return b.body.Read(p)
}
