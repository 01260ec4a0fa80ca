package logging

import (
	"context"
	"log/slog"
)

// Handler is a [slog.Handler] for [Lines]. Lines above level info do not wait.
type Handler struct {
	slog.Handler // of the standard library, which writes to lines

	lines *Lines
}

// NewText returns a handler that writes what a [slog.TextHandler] writes.
func NewText(l *Lines, level slog.Level) *Handler {
	return &Handler{slog.NewTextHandler(l, &slog.HandlerOptions{Level: level}), l}
}

// NewJSON returns a handler that writes what a [slog.JSONHandler] writes.
func NewJSON(l *Lines, level slog.Level) *Handler {
	return &Handler{slog.NewJSONHandler(l, &slog.HandlerOptions{Level: level}), l}
}

// WithAttrs returns a handler whose records begin with the attributes.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &Handler{h.Handler.WithAttrs(attrs), h.lines}
}

// WithGroup returns a handler whose attributes are in a group.
func (h *Handler) WithGroup(name string) slog.Handler {
	return &Handler{h.Handler.WithGroup(name), h.lines}
}

// Handle writes a record.
func (h *Handler) Handle(ctx context.Context, r slog.Record) error { //nolint:gocritic // as slog passes them
	err := h.Handler.Handle(ctx, r)
	if r.Level > slog.LevelInfo {
		h.lines.Flush()
	}
	return err
}
