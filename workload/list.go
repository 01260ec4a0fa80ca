package workload

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// errTooLarge says that a value is longer than an object may be.
var errTooLarge = errors.New("too large")

// window goes over a JSON text that need not fit into memory.
type window struct {
	in  io.Reader
	buf []byte // buf[pos:] is read and not yet gone over
	pos int
	at  place // of buf[pos]
	off int64 // of buf[pos]
	err error // why there is no more, io.EOF at the end
}

func newWindow(in io.Reader, at place) *window { return &window{in: in, at: at} }

// more reads on and reports whether anything came.
func (w *window) more() bool {
	if w.err != nil {
		return false
	}
	if w.pos > 0 && len(w.buf) == cap(w.buf) {
		w.buf = w.buf[:copy(w.buf, w.buf[w.pos:])]
		w.pos = 0
	}
	if len(w.buf) == cap(w.buf) {
		grown := make([]byte, len(w.buf), max(64<<10, cap(w.buf)+min(cap(w.buf), 4<<20)))
		copy(grown, w.buf)
		w.buf = grown
	}
	for range 100 {
		n, err := w.in.Read(w.buf[len(w.buf):cap(w.buf)])
		w.buf = w.buf[:len(w.buf)+n]
		w.err = err
		if n > 0 || err != nil {
			return n > 0
		}
	}
	w.err = io.ErrNoProgress
	return false
}

// advance goes over n bytes.
func (w *window) advance(n int) {
	w.at = w.at.after(w.buf[w.pos : w.pos+n])
	w.off += int64(n)
	w.pos += n
}

// peek skips white space and returns the byte after it, 0 at the end.
func (w *window) peek() byte {
	for {
		rest := w.buf[w.pos:]
		n := len(rest) - len(bytes.TrimLeft(rest, " \t\r\n"))
		w.advance(n)
		if n < len(rest) {
			return w.buf[w.pos]
		}
		if !w.more() {
			return 0
		}
	}
}

// failure is what to say when the text is not as it must be.
func (w *window) failure(expected string) error {
	if w.err != nil && !errors.Is(w.err, io.EOF) {
		return reason(w.err)
	}
	if w.pos == len(w.buf) {
		return errors.New("the JSON ends too early: expected " + expected)
	}
	return fmt.Errorf("invalid JSON: expected %s, found %q", expected, rune(w.buf[w.pos]))
}

// token goes over one byte, after white space.
func (w *window) token(c byte) error {
	if w.peek() != c {
		return w.failure(`"` + string(c) + `"`)
	}
	w.advance(1)
	return nil
}

// value returns the value that begins after white space, without going over
// it. The bytes are the window's own and last until more is read. A value
// longer than limit is errTooLarge.
func (w *window) value(limit int) ([]byte, error) {
	w.peek()
	var b balance
	n := 0
	for {
		k, done := b.feed(w.buf[w.pos+n:])
		if n += k; n > limit {
			return nil, errTooLarge
		}
		if done {
			return w.buf[w.pos : w.pos+n], nil
		}
		if !w.more() {
			if b.scalar && errors.Is(w.err, io.EOF) {
				return w.buf[w.pos : w.pos+n], nil
			}
			return nil, w.failureAtEnd()
		}
	}
}

// skip goes over a value of any length.
func (w *window) skip() error {
	w.peek()
	var b balance
	for {
		n, done := b.feed(w.buf[w.pos:])
		w.advance(n)
		if done {
			return nil
		}
		if !w.more() {
			if b.scalar && errors.Is(w.err, io.EOF) {
				return nil
			}
			return w.failureAtEnd()
		}
	}
}

func (w *window) failureAtEnd() error {
	if !errors.Is(w.err, io.EOF) {
		return reason(w.err)
	}
	return errors.New("the JSON ends too early: an object, list or string is not closed")
}

// element is one item of a large List.
type element struct {
	raw []byte // nil if it is too large
	at  place
}

// list goes over a large object, a List most likely, and returns the object
// without the items of its "items". Each item goes to yield, if there is one,
// and list stops when that returns false.
func (w *window) list(limit int, yield func(element) bool) (rest []byte, err error) {
	if err := w.token('{'); err != nil {
		return nil, err
	}
	rest = append(rest, '{')
	for w.peek() != '}' {
		if len(rest) > 1 {
			if err := w.token(','); err != nil {
				return nil, err
			}
			rest = append(rest, ',')
		}
		if w.peek() != '"' {
			return nil, w.failure("a key in double quotes")
		}
		key, err := w.take(&rest, limit)
		if err != nil {
			return nil, err
		}
		if err := w.token(':'); err != nil {
			return nil, err
		}
		rest = append(rest, ':')
		if key == `"items"` && w.peek() == '[' {
			rest = append(rest, "[]"...)
			more, err := w.items(limit, yield)
			if !more || err != nil {
				return rest, err
			}
			continue
		}
		if _, err := w.take(&rest, limit); err != nil {
			return nil, err
		}
	}
	w.advance(1)
	return append(rest, '}'), nil
}

// take appends a value to rest, unless that makes it too large. It returns the
// value if it is short.
func (w *window) take(rest *[]byte, limit int) (string, error) {
	raw, err := w.value(limit - len(*rest))
	if err != nil {
		return "", err
	}
	if len(raw) == 0 {
		return "", w.failure("a value")
	}
	*rest = append(*rest, raw...)
	short := ""
	if len(raw) < 32 {
		short = string(raw)
	}
	w.advance(len(raw))
	return short, nil
}

// items goes over a list and reports whether to go on behind it.
func (w *window) items(limit int, yield func(element) bool) (more bool, err error) {
	if err := w.token('['); err != nil {
		return false, err
	}
	for first := true; w.peek() != ']'; first = false {
		if !first {
			if err := w.token(','); err != nil {
				return false, err
			}
			w.peek()
		}
		e := element{at: w.at}
		if yield == nil {
			before := w.off
			if err := w.skip(); err != nil {
				return false, err
			}
			if w.off == before {
				return false, w.failure("a value")
			}
			continue
		}
		raw, err := w.value(limit)
		switch {
		case errors.Is(err, errTooLarge):
			err = w.skip()
		case err == nil && len(raw) == 0:
			err = w.failure("a value")
		case err == nil:
			e.raw = bytes.Clone(raw)
			w.advance(len(raw))
		}
		if err != nil {
			return false, err
		}
		if !yield(e) {
			return false, nil
		}
	}
	w.advance(1)
	return true, nil
}

// balance finds the end of a JSON value by its brackets and quotes alone. It
// does not say whether the value is valid; who reads the value does.
type balance struct {
	depth           int
	scalar          bool
	quoted, escaped bool
}

// feed goes over the value's next bytes, and says how many belong to the value
// and whether it ends there.
func (b *balance) feed(text []byte) (n int, done bool) {
	for i := 0; i < len(text); i++ {
		c := text[i]
		if b.quoted {
			switch {
			case b.escaped:
				b.escaped = false
			case c == '\\':
				b.escaped = true
			case c == '"':
				b.quoted = false
				if b.depth == 0 {
					return i + 1, true
				}
			}
			continue
		}
		switch c {
		case '"', '{', '[':
			if b.scalar {
				return i, true
			}
			b.quoted = c == '"'
			if !b.quoted {
				b.depth++
			}
		case '}', ']':
			if b.depth == 0 {
				return i, true
			}
			if b.depth--; b.depth == 0 {
				return i + 1, true
			}
		case ',', ':', ' ', '\t', '\r', '\n':
			if b.depth == 0 {
				return i, true
			}
		default:
			b.scalar = b.scalar || b.depth == 0
		}
	}
	return len(text), false
}
