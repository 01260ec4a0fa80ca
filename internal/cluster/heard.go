package cluster

import (
	"context"
	"log/slog"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
)

// heard is a source whose trouble is logged once, not with every attempt: it need
// not be there, and may be missing for as long as the program runs.
type heard struct {
	*source

	log    *slog.Logger
	silent bool
	reason metav1.StatusReason // why
}

var _ cache.ListerWatcherWithContext = (*heard)(nil)

// ListWithContext lists.
func (h *heard) ListWithContext(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
	list, err := h.source.ListWithContext(ctx, o)
	h.note(ctx, err)
	return list, err
}

// WatchWithContext watches.
func (h *heard) WatchWithContext(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
	events, err := h.source.WatchWithContext(ctx, o)
	h.note(ctx, err)
	return events, err
}

func (h *heard) note(ctx context.Context, err error) {
	switch {
	case ctx.Err() != nil, apierrors.IsInvalid(err), apierrors.IsResourceExpired(err), apierrors.IsGone(err):
		// The end, a server that cannot stream lists, or one that wants to be asked anew.
	case err == nil && h.silent:
		h.silent = false
		h.log.LogAttrs(ctx, slog.LevelInfo, h.resource+" are followed again")
	case err != nil && (!h.silent || h.reason != apierrors.ReasonForError(err)):
		h.silent, h.reason = true, apierrors.ReasonForError(err)
		h.log.LogAttrs(ctx, slog.LevelWarn, h.resource+" cannot be followed, what is known of custom resources stays",
			slog.String("error", oneLine(err)))
	}
}
