package logging

import (
	"context"
	"log/slog"
	"strconv"
	"sync"
	"time"
)

// Handler is a [slog.Handler] for [Lines]. Lines above level info do not wait.
type Handler struct {
	slog.Handler // of the standard library, which writes to lines

	lines *Lines
	text  bool // the standard library's is a slog.TextHandler without attributes of its own
}

// NewText returns a handler that writes what a [slog.TextHandler] writes.
func NewText(l *Lines, level slog.Level) *Handler {
	return &Handler{Handler: slog.NewTextHandler(l, &slog.HandlerOptions{Level: level}), lines: l, text: true}
}

// NewJSON returns a handler that writes what a [slog.JSONHandler] writes.
func NewJSON(l *Lines, level slog.Level) *Handler {
	return &Handler{Handler: slog.NewJSONHandler(l, &slog.HandlerOptions{Level: level}), lines: l}
}

// WithAttrs returns a handler whose records begin with the attributes.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &Handler{Handler: h.Handler.WithAttrs(attrs), lines: h.lines}
}

// WithGroup returns a handler whose attributes are in a group.
func (h *Handler) WithGroup(name string) slog.Handler {
	return &Handler{Handler: h.Handler.WithGroup(name), lines: h.lines}
}

// Handle writes a record.
func (h *Handler) Handle(ctx context.Context, r slog.Record) error {
	err := h.write(ctx, &r)
	if r.Level > slog.LevelInfo {
		h.lines.Flush()
	}
	return err
}

func (h *Handler) write(ctx context.Context, r *slog.Record) error {
	if !h.text {
		return h.Handler.Handle(ctx, *r)
	}
	b := buffers.Get().(*[]byte) //nolint:forcetypeassert // the pool holds nothing else
	defer buffers.Put(b)
	line, ok := appendText((*b)[:0], r)
	if cap(line) <= enough {
		*b = line
	}
	if !ok {
		return h.Handler.Handle(ctx, *r)
	}
	_, err := h.lines.Write(line)
	return err
}

var buffers = sync.Pool{New: func() any { return new([]byte) }}

// appendText appends the line that a [slog.TextHandler] writes for a record. It
// reports false if the record has in it what is rare: then the standard library
// knows how to write it.
func appendText(b []byte, r *slog.Record) ([]byte, bool) {
	if r.Time.IsZero() {
		return b, false
	}
	b = append(b, "time="...)
	b = appendTime(b, r.Time)
	b = append(b, " level="...)
	b = append(b, r.Level.String()...)
	b = append(b, " msg="...)
	b, ok := appendString(b, r.Message)
	r.Attrs(func(a slog.Attr) bool {
		if ok = ok && a.Key != ""; ok {
			b, ok = appendAttr(append(b, ' '), &a)
		}
		return ok
	})
	return append(b, '\n'), ok
}

// appendTime appends a time in milliseconds. A tenth of one more makes the layout
// that the time package is quick with write a fourth digit, which goes.
func appendTime(b []byte, t time.Time) []byte {
	end := len(b) + len("2006-01-02T15:04:05.000")
	b = t.Truncate(time.Millisecond).Add(time.Millisecond/10).AppendFormat(b, time.RFC3339Nano)
	return append(b[:end], b[end+1:]...)
}

func appendAttr(b []byte, a *slog.Attr) ([]byte, bool) {
	b, ok := appendString(b, a.Key)
	if !ok {
		return b, false
	}
	b = append(b, '=')
	switch a.Value.Kind() {
	case slog.KindString:
		return appendString(b, a.Value.String())
	case slog.KindInt64:
		return strconv.AppendInt(b, a.Value.Int64(), 10), true
	case slog.KindBool:
		return strconv.AppendBool(b, a.Value.Bool()), true
	default:
		return b, false
	}
}

// What a byte of a text asks for.
const (
	inQuotes = 1 << iota
	escaped
	rare
)

// asks is what each byte asks for.
var asks = func() (table [256]uint8) {
	for c := range table {
		switch {
		case c < ' ' || c > '~':
			table[c] = rare
		case c == '"':
			table[c] = inQuotes | escaped
		case c == '\\': // only where there are quotes
			table[c] = escaped
		case c == ' ' || c == '=':
			table[c] = inQuotes
		}
	}
	return table
}()

// appendString appends a text, in quotes if it needs them. It reports false for
// one that is not printable ASCII.
func appendString(b []byte, s string) ([]byte, bool) {
	var asked uint8
	for i := range len(s) {
		asked |= asks[s[i]]
	}
	switch {
	case asked&rare != 0:
		return b, false
	case asked&inQuotes == 0 && s != "":
		return append(b, s...), true
	case asked&escaped == 0:
		b = append(append(b, '"'), s...)
		return append(b, '"'), true
	}
	b = append(b, '"')
	plain := 0 // where the text begins that stands for itself
	for i := range len(s) {
		if asks[s[i]]&escaped != 0 {
			b = append(append(b, s[plain:i]...), '\\')
			plain = i
		}
	}
	return append(append(b, s[plain:]...), '"'), true
}
