package webhook

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gabion-security/gabion/internal/admission"
	"github.com/gabion-security/gabion/workload"
)

// Decider decides one request. The objects in it are parts of a buffer: they
// may not be kept or changed once Decide has returned. It is called by many
// goroutines at once.
type Decider interface {
	Decide(ctx context.Context, req admission.Request) admission.Decision
}

// Observer is told of every HTTP request.
type Observer interface {
	RequestStarted()
	// RequestDone says with which HTTP status and after what time it ended.
	RequestDone(status int, took time.Duration)
}

// The bounds of a [Handler] unless its options say something else.
const (
	// DefaultMaxBodyBytes fits two objects of 3 MiB, which is what an API server
	// takes, with what JSON adds to them.
	DefaultMaxBodyBytes = 16 << 20
	// DefaultMaxBytesInFlight bounds the bodies of all requests together.
	DefaultMaxBytesInFlight = 128 << 20
	// DefaultMaxTimeout is the longest an API server waits for a webhook.
	DefaultMaxTimeout = 30 * time.Second
)

// HandlerOptions are what a [Handler] is made of. Zero bounds are the defaults.
type HandlerOptions struct {
	// Decider is required.
	Decider Decider
	// Reads, unless it is nil, says by which Reader the Decider wants the object of a
	// review to be read, and whether the old one, too. It is called by many goroutines
	// at once.
	Reads func(*workload.Review) (by *workload.Reader, old bool)
	// MaxBodyBytes is how large a body may be; a larger one is a 413.
	MaxBodyBytes int64
	// MaxBytesInFlight is how many bytes the bodies of all requests that are
	// being answered may have; a request beyond that is a 429. A small body
	// counts as 32 KiB, which bounds the number of requests too, and those of
	// more than 64 KiB get three quarters of it.
	MaxBytesInFlight int64
	// MaxTimeout is the deadline of requests that state none or a later one.
	MaxTimeout time.Duration
	// Log gets a line for each denial and fault; nil for no log.
	Log *slog.Logger
	// Observer may be nil.
	Observer Observer
}

// The paths under which an API server asks: for a verdict, and for changes of objects.
const (
	ValidatePath = "/validate"
	MutatePath   = "/mutate"
)

// Handler answers the requests of an API server, under / and /validate, and under
// /mutate.
type Handler struct {
	decider    Decider
	reads      func(*workload.Review) (by *workload.Reader, old bool)
	maxBody    int64
	maxTimeout time.Duration
	log        *slog.Logger
	observer   Observer
	inFlight   budget
	receiving  receiving
	work       work
	buffers    sync.Pool // of *buffers
	// contentType is the header of every answer; nobody changes it.
	contentType []string
}

// NewHandler returns a Handler. The error says what is wrong with the options.
func NewHandler(o HandlerOptions) (*Handler, error) {
	h := &Handler{
		decider: o.Decider, reads: o.Reads, maxBody: o.MaxBodyBytes, maxTimeout: o.MaxTimeout, log: o.Log, observer: o.Observer,
		inFlight: budget{limit: o.MaxBytesInFlight}, receiving: receiving{hosts: map[string]int{}}, work: newWork(), contentType: []string{jsonType},
	}
	h.buffers.New = func() any { return &buffers{in: make([]byte, 0, smallBody)} }
	if h.maxBody == 0 {
		h.maxBody = DefaultMaxBodyBytes
	}
	if h.maxTimeout == 0 {
		h.maxTimeout = DefaultMaxTimeout
	}
	if h.inFlight.limit == 0 {
		h.inFlight.limit = DefaultMaxBytesInFlight
	}
	if h.log == nil {
		h.log = slog.New(slog.DiscardHandler)
	}
	if h.observer == nil {
		h.observer = blind{}
	}
	switch {
	case h.decider == nil:
		return nil, errors.New("webhook: Decider required")
	case h.maxBody < 0 || h.maxTimeout < 0:
		return nil, errors.New("webhook: the bounds of a request must not be negative")
	case h.inFlight.limit < smallBody || h.inFlight.forLarge() < h.maxBody:
		return nil, fmt.Errorf("a body of %d bytes is more than %d, which is three quarters of what all bodies may have together",
			h.maxBody, h.inFlight.forLarge())
	}
	return h, nil
}

// BytesInFlight returns how many bytes the requests that are being answered
// count for at the moment.
func (h *Handler) BytesInFlight() int64 { return h.inFlight.used.Load() }

// fault is a request that gets no AdmissionReview.
type fault struct {
	status int
	text   string
}

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	h.observer.RequestStarted()
	status := http.StatusInternalServerError
	defer func() { h.observer.RequestDone(status, time.Since(start)) }()

	f := precheck(r)
	if f == nil {
		status, f = h.serve(w, r, start)
	}
	if f == nil {
		return
	}
	status = f.status
	switch status {
	case http.StatusMethodNotAllowed:
		w.Header().Set("Allow", http.MethodPost)
	case http.StatusTooManyRequests:
		w.Header().Set("Retry-After", "1") // seconds; the API server tries again
	}
	http.Error(w, f.text, status)
}

// precheck refuses what needs no look at the body.
func precheck(r *http.Request) *fault {
	switch {
	case r.URL.Path != "/" && r.URL.Path != ValidatePath && r.URL.Path != MutatePath:
		return &fault{http.StatusNotFound, "not found: admission reviews go to /validate"}
	case r.Method != http.MethodPost:
		return &fault{http.StatusMethodNotAllowed, "method not allowed: admission reviews are sent with POST"}
	case !isJSON(r.Header.Get("Content-Type")):
		return &fault{http.StatusUnsupportedMediaType, "the Content-Type must be application/json"}
	}
	return nil
}

// serve reads a review and writes its answer, or returns what is wrong with it.
func (h *Handler) serve(w http.ResponseWriter, r *http.Request, start time.Time) (status int, f *fault) {
	ctx := withDeadline(r.Context(), start.Add(h.timeout(r.URL)))
	defer ctx.end()

	b, _ := h.buffers.Get().(*buffers)
	var charge charge
	defer func() {
		h.inFlight.release(charge)
		if b.reusable() {
			h.buffers.Put(b)
		}
	}()
	if f := h.readBody(r, b, &charge); f != nil {
		return 0, f
	}
	if status, f = h.decide(ctx, b, r.URL.Path == MutatePath); f != nil {
		return 0, f
	}
	if b.in = b.in[:0]; cap(b.in) > keptBuffer {
		b.in = nil // who reads slowly keeps the answer in memory, not the question
	}
	if !h.inFlight.raise(&charge, int64(cap(b.out))) {
		return 0, tooMany()
	}
	header := w.Header()
	header["Content-Type"] = h.contentType
	header["Content-Length"] = []string{strconv.Itoa(len(b.out))}
	w.WriteHeader(status)
	_, _ = w.Write(b.out) // if it fails, nobody is there to be told
	return status, nil
}

// timeout returns how long the request may take. The API server says so in the
// query; what it does not say in a way that can be read is ignored.
func (h *Handler) timeout(u *url.URL) time.Duration {
	if u.RawQuery == "" {
		return h.maxTimeout
	}
	text, found := strings.CutPrefix(u.RawQuery, "timeout=")
	if !found || strings.ContainsAny(text, "&;%+") { // more than an API server writes
		text = u.Query().Get("timeout")
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return h.maxTimeout
	}
	return min(d, h.maxTimeout)
}

// decide writes the answer to the review in b.in to b.out, once there is room for
// what that takes.
func (h *Handler) decide(ctx context.Context, b *buffers, mutating bool) (status int, f *fault) {
	room, f := h.work.begin(ctx, b.in)
	if f != nil {
		return 0, f
	}
	defer room.leave()
	return h.answer(ctx, b, mutating)
}

// answer writes the answer to the review in b.in to b.out. A panic on the way is
// a denial.
func (h *Handler) answer(ctx context.Context, b *buffers, mutating bool) (status int, f *fault) {
	var review workload.Review
	defer func() {
		if p := recover(); p != nil {
			if review.UID == "" {
				review = asked(b.in)
			}
			h.logPanic(ctx, &review, p)
			b.out = appendAnswer(b.out[:0], review.UID, panicked())
			status, f = http.StatusInternalServerError, nil
		}
	}()
	reads := h.reads
	if mutating {
		reads = nil // few objects matter there
	}
	review, err := workload.ReadReview(b.in, reads)
	if err != nil {
		return 0, &fault{http.StatusBadRequest, "the request body cannot be read: " + err.Error()}
	}
	request := requestOf(&review)
	request.Mutating = mutating
	decision := h.decider.Decide(ctx, request)
	b.out = appendAnswer(b.out[:0], review.UID, decision)
	h.logDecision(ctx, &review, &decision)
	return http.StatusOK, nil
}

// asked is a review without its objects: who has asked, where reading all of it
// panicked. It is empty where that panics, too.
func asked(body []byte) (review workload.Review) {
	defer func() { _ = recover() }() // the first panic has been told
	review, _ = workload.ReadReview(body, nil)
	return review
}

func requestOf(r *workload.Review) admission.Request {
	return admission.Request{
		DryRun: r.DryRun, Operation: r.Operation, Group: r.Resource.Group, Resource: r.Resource.Resource, Subresource: r.Subresource,
		Kind: r.Kind.Kind, KindGroup: r.Kind.Group, Namespace: r.Namespace, Name: r.Name, Username: r.Username, UserInfo: r.UserInfo,
		Object: r.Object, OldObject: r.OldObject, ObjectRead: r.ObjectRead, OldObjectRead: r.OldObjectRead, ReadBy: r.ReadBy,
	}
}

// panicked refuses a request whose decision panicked.
func panicked() admission.Decision {
	const message = "Internal error occurred: the decision failed"
	return admission.Decision{
		Code: http.StatusInternalServerError, Reason: "InternalError", Message: message,
		Annotations: []admission.Annotation{{Key: admission.ErrorKey, Value: message}},
	}
}

// blind is the Observer of those who want none.
type blind struct{}

func (blind) RequestStarted()                {}
func (blind) RequestDone(int, time.Duration) {}
