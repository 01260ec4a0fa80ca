package logging

import (
	"context"
	"log/slog"
	"sync"
)

// Handler is a [slog.Handler] for [Lines]. Lines above level info do not wait.
type Handler struct {
	slog.Handler // of the standard library, which writes to lines

	lines *Lines
	// json says that the records are written by appendJSON, where that can.
	json bool
}

// lineBuffers are for lines in JSON.
var lineBuffers = sync.Pool{New: func() any { return new([]byte) }}

// NewText returns a handler that writes what a [slog.TextHandler] writes.
func NewText(l *Lines, level slog.Level) *Handler {
	return &Handler{slog.NewTextHandler(l, &slog.HandlerOptions{Level: level}), l, false}
}

// NewJSON returns a handler that writes what a [slog.JSONHandler] writes.
func NewJSON(l *Lines, level slog.Level) *Handler {
	return &Handler{slog.NewJSONHandler(l, &slog.HandlerOptions{Level: level}), l, true}
}

// WithAttrs returns a handler whose records begin with the attributes.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &Handler{h.Handler.WithAttrs(attrs), h.lines, false}
}

// WithGroup returns a handler whose attributes are in a group.
func (h *Handler) WithGroup(name string) slog.Handler {
	return &Handler{h.Handler.WithGroup(name), h.lines, false}
}

// Handle writes a record.
func (h *Handler) Handle(ctx context.Context, r slog.Record) error { //nolint:gocritic // as slog passes them
	err := h.write(ctx, &r)
	if r.Level > slog.LevelInfo {
		h.lines.Flush()
	}
	return err
}

func (h *Handler) write(ctx context.Context, r *slog.Record) error {
	if !h.json {
		return h.Handler.Handle(ctx, *r)
	}
	b := lineBuffers.Get().(*[]byte) //nolint:forcetypeassert // the pool holds nothing else
	line, ok := appendJSON((*b)[:0], r)
	var err error
	if ok {
		_, err = h.lines.Write(line)
	}
	if *b = line; cap(line) <= 2*enough { // an outsized one is not kept
		lineBuffers.Put(b)
	}
	if !ok {
		return h.Handler.Handle(ctx, *r)
	}
	return err
}
