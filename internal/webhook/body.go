package webhook

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync/atomic"
)

const (
	jsonType = "application/json"
	// smallBody is the least that a body counts for, and what the buffer for
	// one of unknown length begins with.
	smallBody = 32 << 10
	// keptBuffer is the size up to which buffers are used again.
	keptBuffer = 64 << 10
)

// isJSON reports whether a Content-Type is JSON, whatever its parameters.
func isJSON(contentType string) bool {
	if contentType == jsonType {
		return true
	}
	mediaType, _, err := mime.ParseMediaType(contentType)
	return mediaType == jsonType && (err == nil || errors.Is(err, mime.ErrInvalidMediaParameter))
}

// buffers are the memory that one request needs.
type buffers struct{ in, out []byte }

func (b *buffers) reusable() bool { return cap(b.in) <= keptBuffer && cap(b.out) <= keptBuffer }

// budget bounds the bytes of all bodies.
type budget struct {
	limit int64
	used  atomic.Int64
}

// charge is what one request took from a budget.
type charge int64

// raise takes so much that the charge is at least n, and reports whether there
// was enough left.
func (b *budget) raise(c *charge, n int64) bool {
	more := n - int64(*c)
	if more <= 0 {
		return true
	}
	for {
		used := b.used.Load()
		if used+more > b.limit {
			return false
		}
		if b.used.CompareAndSwap(used, used+more) {
			*c += charge(more)
			return true
		}
	}
}

func (b *budget) release(c charge) { b.used.Add(-int64(c)) }

// readBody reads the body of a request to b.in. The budget is charged before
// memory is used: at once for a body whose length is known, as the buffer grows
// for others.
func (h *Handler) readBody(r *http.Request, b *buffers, c *charge) *fault {
	if r.ContentLength > h.maxBody {
		return h.tooLarge()
	}
	if !h.inFlight.raise(c, max(r.ContentLength, smallBody)) {
		return tooMany()
	}
	var err error
	if r.ContentLength >= 0 {
		n := int(r.ContentLength)
		b.in = slices.Grow(b.in[:0], n)[:n]
		_, err = io.ReadFull(r.Body, b.in)
	} else if f := h.readUnknown(r.Body, b, c, &err); f != nil {
		return f
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &fault{http.StatusRequestTimeout, "the request body came too slowly"}
	case err != nil:
		return &fault{http.StatusBadRequest, "the request body ends too early"}
	case len(b.in) == 0:
		return &fault{http.StatusBadRequest, "the request body is empty"}
	}
	return nil
}

// readUnknown reads a body of unknown length.
func (h *Handler) readUnknown(body io.Reader, b *buffers, c *charge, failed *error) *fault {
	b.in = b.in[:0]
	for {
		if int64(len(b.in)) == h.maxBody {
			return h.demandEnd(body, failed)
		}
		if len(b.in) == cap(b.in) {
			size := min(2*cap(b.in), int(h.maxBody))
			if !h.inFlight.raise(c, int64(size)) {
				return tooMany()
			}
			b.in = append(make([]byte, 0, size), b.in...)
		}
		n, err := body.Read(b.in[len(b.in):cap(b.in)])
		b.in = b.in[:len(b.in)+n]
		switch {
		case int64(len(b.in)) > h.maxBody:
			return h.tooLarge()
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			*failed = err
			return nil
		}
	}
}

// demandEnd refuses a body that goes on.
func (h *Handler) demandEnd(body io.Reader, failed *error) *fault {
	var more [1]byte
	_, err := io.ReadFull(body, more[:])
	switch {
	case err == nil:
		return h.tooLarge()
	case !errors.Is(err, io.EOF):
		*failed = err
	}
	return nil
}

func (h *Handler) tooLarge() *fault {
	return &fault{
		http.StatusRequestEntityTooLarge,
		"the request body is too large: the limit is " + strconv.FormatInt(h.maxBody, 10) + " bytes",
	}
}

func tooMany() *fault {
	return &fault{http.StatusTooManyRequests, "too many requests are being answered: try again"}
}
