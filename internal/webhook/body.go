package webhook

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
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

// budget bounds the bytes of all bodies. A quarter of it is for small ones, so that
// some bodies that are large, or come slowly, stop no pod of the usual size.
type budget struct {
	limit int64
	used  atomic.Int64
}

// charge is what one request took from a budget.
type charge int64

// raise takes so much that the charge is at least n, and reports whether there
// was enough left.
func (b *budget) raise(c *charge, n int64) bool {
	more, limit := n-int64(*c), b.limit
	if more <= 0 {
		return true
	}
	if n > keptBuffer {
		limit = b.forLarge()
	}
	for {
		used := b.used.Load()
		if used+more > limit {
			return false
		}
		if b.used.CompareAndSwap(used, used+more) {
			*c += charge(more)
			return true
		}
	}
}

// forLarge is how much of the budget bodies may take that are not small.
func (b *budget) forLarge() int64 { return b.limit - b.limit/4 }

func (b *budget) release(c charge) { b.used.Add(-int64(c)) }

// maxReceiving is how many bodies may be on their way from one address. API servers
// send a body at once, so that they have few; whoever begins many and sends nothing
// leaves room for others.
const maxReceiving = 1024

// receiving counts the bodies that are on their way, by the address they come from.
type receiving struct {
	mu    sync.Mutex
	hosts map[string]int
}

// begin counts one, unless there are too many.
func (r *receiving) begin(host string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.hosts[host] >= maxReceiving {
		return false
	}
	r.hosts[host]++
	return true
}

func (r *receiving) end(host string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.hosts[host]--; r.hosts[host] == 0 {
		delete(r.hosts, host)
	}
}

// hostOf returns an address without its port.
func hostOf(address string) string { return address[:max(strings.LastIndexByte(address, ':'), 0)] }

// readBody reads the body of a request to b.in. The budget is charged before
// memory is used, and as the body arrives: what a client only says it will send
// takes nothing from others.
func (h *Handler) readBody(r *http.Request, b *buffers, c *charge) *fault {
	if r.ContentLength > h.maxBody {
		return h.tooLarge()
	}
	host := hostOf(r.RemoteAddr)
	if !h.receiving.begin(host) {
		return tooMany()
	}
	defer h.receiving.end(host)
	size := int64(smallBody)
	if 0 <= r.ContentLength && r.ContentLength <= keptBuffer {
		size = max(r.ContentLength, smallBody)
	}
	if !h.inFlight.raise(c, size) {
		return tooMany()
	}
	b.in = slices.Grow(b.in[:0], int(size))
	f := h.read(r, b, c)
	if f == nil && len(b.in) == 0 {
		f = &fault{http.StatusBadRequest, "the request body is empty"}
	}
	return f
}

// read reads a body until its end. The buffer grows with it, and the charge with
// the buffer.
func (h *Handler) read(r *http.Request, b *buffers, c *charge) *fault {
	for {
		switch {
		case int64(len(b.in)) == r.ContentLength:
			return nil
		case int64(len(b.in)) == h.maxBody:
			return h.demandEnd(r.Body)
		case len(b.in) == cap(b.in):
			size := min(2*cap(b.in), int(h.maxBody))
			if r.ContentLength > 0 {
				size = min(size, int(r.ContentLength))
			}
			if !h.inFlight.raise(c, int64(size)) {
				return tooMany()
			}
			b.in = append(make([]byte, 0, size), b.in...)
		}
		n, err := r.Body.Read(b.in[len(b.in):cap(b.in)])
		b.in = b.in[:len(b.in)+n]
		switch {
		case int64(len(b.in)) > h.maxBody:
			return h.tooLarge()
		case errors.Is(err, io.EOF) && (r.ContentLength < 0 || int64(len(b.in)) == r.ContentLength):
			return nil
		case err != nil:
			return cutOff(err)
		}
	}
}

// demandEnd refuses a body that goes on.
func (h *Handler) demandEnd(body io.Reader) *fault {
	var more [1]byte
	_, err := io.ReadFull(body, more[:])
	switch {
	case err == nil:
		return h.tooLarge()
	case !errors.Is(err, io.EOF):
		return cutOff(err)
	}
	return nil
}

// cutOff is a body whose end never came.
func cutOff(err error) *fault {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return &fault{http.StatusRequestTimeout, "the request body came too slowly"}
	}
	return &fault{http.StatusBadRequest, "the request body ends too early"}
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
