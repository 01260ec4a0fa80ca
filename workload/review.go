package workload

import (
	"errors"
	"fmt"
	"strconv"
)

// What an API server sends in an admission review, and what it calls that.
const (
	reviewKind       = "AdmissionReview"
	reviewAPIVersion = "admission.k8s.io/v1"
)

// Errors of [ReadReview] for JSON that is well-formed, but not what it should
// be.
var (
	// ErrNoReview is JSON that is no AdmissionReview of admission.k8s.io/v1.
	ErrNoReview = errors.New("not an AdmissionReview of admission.k8s.io/v1")
	// ErrNoRequest is an AdmissionReview without a request.
	ErrNoRequest = errors.New("the AdmissionReview has no request")
)

// Review is the request of an AdmissionReview, as far as anybody looks at it.
type Review struct {
	UID string
	// Kind is the kind of Object and OldObject.
	Kind GroupVersionKind
	// Resource and Subresource are what is asked for. The Subresource is that
	// of the client's own request, requestSubResource; an API server converts
	// resources, but never subresources, to match a webhook's rules.
	Resource    GroupVersionResource
	Subresource string
	// Name and Namespace are those of the request. The Name may be empty.
	Name, Namespace string
	// Operation is CREATE, UPDATE, DELETE or CONNECT.
	Operation string
	// Username is userInfo.username.
	Username string
	// UserInfo is userInfo, a part of the body: who asks, with groups and all;
	// nil for null or none.
	UserInfo []byte
	DryRun   bool
	// Object and OldObject are parts of the body, nil for null or none. They are
	// well-formed JSON.
	Object, OldObject []byte
	// ObjectRead and OldObjectRead are what ReadBy makes of them, as its ReadObject
	// does. They are nil where it was not asked, and for what is Broken for it.
	ObjectRead, OldObjectRead *Item
	// ReadBy is nil if no Reader was asked.
	ReadBy *Reader
}

// GroupVersionKind names a kind of object.
type GroupVersionKind struct{ Group, Version, Kind string }

// GroupVersionResource names a resource of the API.
type GroupVersionResource struct{ Group, Version, Resource string }

// ReadReview reads an AdmissionReview from an API server: one JSON object with
// nothing behind it. The error, one line, says what cannot be read: it wraps
// [ErrNoReview] or [ErrNoRequest] if the JSON is well-formed, but something
// else. A key that comes twice, a request without a resource or an operation,
// and one with two different subresources are errors: nobody could say what
// they ask for.
//
// So that nobody has to go over an object once more, it can be read on the way:
// readBy, unless it is nil, is asked for the Reader to read the object by, and
// whether OldObject is to be read, too, with what stands before the first of them,
// which in what an API server sends is all but DryRun. The Reader may be nil.
func ReadReview(body []byte, readBy func(*Review) (by *Reader, old bool)) (Review, error) {
	r := reviewReading{scanner: scanner{data: body}, readBy: readBy}
	if r.peek() != '{' && r.valueStarts() {
		r.wrongType(r.pos, "an object")
	}
	r.envelope()
	r.end()
	if r.err != nil {
		return Review{}, r.err
	}
	if err := r.check(); err != nil {
		return Review{}, err
	}
	if r.review.Subresource == "" {
		r.review.Subresource = r.converted
	}
	return r.review, nil
}

// reviewReading is one AdmissionReview as it is being read.
type reviewReading struct {
	scanner

	review           Review
	apiVersion, kind string
	hasRequest       bool
	converted        string // request.subResource
	readBy           func(*Review) (by *Reader, old bool)
	asked, old       bool // readBy, and what it said of OldObject
}

func (r *reviewReading) envelope() {
	var seen uint32
	for more := r.object(); more; more = r.nextMember() {
		switch string(r.key()) {
		case "apiVersion":
			r.once(&seen, 0)
			r.apiVersion = r.word()
		case "kind":
			r.once(&seen, 1)
			r.kind = r.word()
		case "request":
			r.once(&seen, 2)
			r.hasRequest = r.peek() == '{'
			r.request()
		default:
			r.skip()
		}
	}
}

func (r *reviewReading) request() {
	v := &r.review
	var seen uint32
	for more := r.object(); more; more = r.nextMember() {
		switch string(r.key()) {
		case "uid":
			r.once(&seen, 0)
			v.UID = r.text()
		case "kind":
			r.once(&seen, 1)
			v.Kind.Group, v.Kind.Version, v.Kind.Kind = r.triple("kind")
		case "resource":
			r.once(&seen, 2)
			v.Resource.Group, v.Resource.Version, v.Resource.Resource = r.triple("resource")
		case "subResource":
			r.once(&seen, 3)
			r.converted = r.text()
		case "requestSubResource":
			r.once(&seen, 4)
			v.Subresource = r.text()
		case "name":
			r.once(&seen, 5)
			v.Name = r.text()
		case "namespace":
			r.once(&seen, 6)
			v.Namespace = r.text()
		case "operation":
			r.once(&seen, 7)
			v.Operation = r.word()
		case "userInfo":
			r.once(&seen, 8)
			v.Username, v.UserInfo = r.userInfo()
		case "object":
			r.once(&seen, 9)
			v.Object, v.ObjectRead = r.either(false)
		case "oldObject":
			r.once(&seen, 10)
			v.OldObject, v.OldObjectRead = r.either(true)
		case "dryRun":
			r.once(&seen, 11)
			v.DryRun = r.boolean()
		default:
			r.skip()
		}
	}
}

// triple reads a group, a version and what the third key names.
func (r *reviewReading) triple(third string) (group, version, name string) {
	var seen uint32
	for more := r.object(); more; more = r.nextMember() {
		switch key := r.key(); string(key) {
		case "group":
			r.once(&seen, 0)
			group = r.text()
		case "version":
			r.once(&seen, 1)
			version = r.text()
		case third:
			r.once(&seen, 2)
			name = r.word()
		default:
			r.skip()
		}
	}
	return group, version, name
}

func (r *reviewReading) userInfo() (username string, all []byte) {
	if r.peek() == 'n' {
		r.null()
		return "", nil
	}
	start := r.pos
	var seen uint32
	for more := r.object(); more; more = r.nextMember() {
		if string(r.key()) != "username" {
			r.skip()
			continue
		}
		r.once(&seen, 0)
		username = r.text()
	}
	if r.err != nil {
		return "", nil
	}
	return username, r.data[start:r.pos:r.pos]
}

// either reads one of the two objects, which may be any value, and returns its text,
// nil for null; and what a Reader makes of it, if one is to.
func (r *reviewReading) either(old bool) (raw []byte, read *Item) {
	if r.peek() == 'n' {
		r.null()
		return nil, nil
	}
	start := r.pos
	if !r.asked && r.readBy != nil {
		r.review.ReadBy, r.old = r.readBy(&r.review)
	}
	r.asked = true
	read, ok := (*Item)(nil), false
	if r.review.ReadBy != nil && (!old || r.old) && r.err == nil {
		read, ok = r.review.ReadBy.readWithin(&r.scanner)
	}
	if !ok {
		r.skip()
	}
	if r.err != nil {
		return nil, nil
	}
	return r.data[start:r.pos:r.pos], read
}

// word is text for a string that is one of few.
func (r *reviewReading) word() string {
	if r.peek() != '"' {
		return r.text()
	}
	text := r.bytes()
	switch string(text) {
	case reviewKind:
		return reviewKind
	case reviewAPIVersion:
		return reviewAPIVersion
	case "CREATE":
		return "CREATE"
	case "UPDATE":
		return "UPDATE"
	case "pods":
		return "pods"
	case "namespaces":
		return "namespaces"
	}
	return r.keep(text)
}

// check says what is wrong with a review that is well-formed.
func (r *reviewReading) check() error {
	v := &r.review
	switch {
	case r.apiVersion != reviewAPIVersion || r.kind != reviewKind:
		return fmt.Errorf("%w: its apiVersion is %s and its kind %s",
			ErrNoReview, quoteShort(r.apiVersion), quoteShort(r.kind))
	case !r.hasRequest:
		return ErrNoRequest
	case v.Operation == "":
		return errors.New("request.operation is missing")
	case v.Resource.Resource == "":
		return errors.New("request.resource.resource is missing")
	case v.Subresource != "" && r.converted != "" && v.Subresource != r.converted:
		return fmt.Errorf("request.subResource %s is not request.requestSubResource %s",
			quoteShort(r.converted), quoteShort(v.Subresource))
	}
	return nil
}

func quoteShort(s string) string { return strconv.Quote(shorten([]byte(s))) }
