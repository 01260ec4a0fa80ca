package webhook

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"
	"unicode/utf8"

	"github.com/gabion-security/gabion/internal/admission"
	"github.com/gabion-security/gabion/workload"
)

// Texts in the log are cut: callers make them.
const (
	maxLoggedName = 256 // bytes
	maxLoggedText = 2048
)

// logDecision writes one line for a denial, for a request that was let through
// without having been judged, and for one of which exceptions covered something.
func (h *Handler) logDecision(ctx context.Context, r *workload.Review, d *admission.Decision) {
	level, text := slog.LevelInfo, "denied"
	exceptions := annotation(d, admission.ExceptionsKey)
	switch {
	case d.Err != nil && d.Allowed:
		level, text = slog.LevelWarn, "not judged"
	case d.Err != nil:
		level = slog.LevelWarn
	case d.Allowed && exceptions != "":
		text = "excepted"
	case d.Allowed:
		return
	}
	if !h.log.Enabled(ctx, level) {
		return
	}
	var room [14]slog.Attr // so that nothing is allocated
	attrs := about(room[:0], r)
	if policy := annotation(d, admission.EnforcePolicyKey); policy != "" {
		attrs = append(attrs, slog.String("policy", policy))
	}
	if exceptions != "" {
		attrs = append(attrs, slog.String("exceptions", cut(exceptions, maxLoggedText)))
	}
	if !d.Allowed {
		attrs = append(attrs,
			slog.Int("code", int(d.Code)), slog.String("reason", d.Reason), slog.String("message", cut(d.Message, maxLoggedText)))
	}
	if d.Err != nil {
		attrs = append(attrs, slog.String("error", cut(d.Err.Error(), maxLoggedText)))
	}
	// Straight to the handler: the logger would first find out who calls it.
	record := slog.NewRecord(time.Now(), level, text, 0)
	record.AddAttrs(attrs...)
	_ = h.log.Handler().Handle(ctx, record) // a log that cannot be written stops nobody
}

// logPanic writes what went wrong in the program itself.
func (h *Handler) logPanic(ctx context.Context, r *workload.Review, p any) {
	attrs := append(about(nil, r), slog.String("panic", cut(fmt.Sprint(p), maxLoggedText)), slog.String("stack", string(debug.Stack())))
	h.log.LogAttrs(ctx, slog.LevelError, "a decision panicked and was made a denial", attrs...)
}

// about appends which request a line is about.
func about(attrs []slog.Attr, r *workload.Review) []slog.Attr {
	resource := r.Resource.Resource
	if r.Resource.Group != "" {
		resource += "." + r.Resource.Group
	}
	if r.Subresource != "" {
		resource += "/" + r.Subresource
	}
	attrs = append(attrs,
		slog.String("namespace", cut(r.Namespace, maxLoggedName)), slog.String("name", cut(r.Name, maxLoggedName)),
		slog.String("user", cut(r.Username, maxLoggedName)), slog.String("operation", cut(r.Operation, maxLoggedName)),
		slog.String("resource", cut(resource, maxLoggedName)), slog.String("uid", cut(r.UID, maxLoggedName)),
	)
	if r.DryRun {
		attrs = append(attrs, slog.Bool("dryRun", true))
	}
	return attrs
}

func annotation(d *admission.Decision, key string) string {
	for _, a := range d.Annotations {
		if a.Key == key {
			return a.Value
		}
	}
	return ""
}

// cut returns at most so many bytes of a text, and whole characters of them.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most] + "…"
}
