package cluster

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
)

// pageSize is how many whole objects a list, where the API server cannot stream
// one, brings at once.
const pageSize = 500

// idleFor is how long a watch may say nothing before it is opened anew. An API
// server sends a bookmark every minute, but not where nothing has changed since
// the last one, which would look like a watch that is dead.
const idleFor = 75 * time.Second

// source lists and watches one resource of the whole cluster. Nothing but
// reduced objects leaves it.
type source struct {
	resource string // "pods"
	list     func(context.Context, metav1.ListOptions) (runtime.Object, error)
	watch    func(context.Context, metav1.ListOptions) (watch.Interface, error)
	reduce   reduce
	// resume is called when the API server resumes a watch. It has then sent
	// everything up to where the watch before ended. False demands a list instead.
	resume func() bool
	idle   time.Duration
}

var (
	_ cache.ListerWatcher            = (*source)(nil)
	_ cache.ListerWatcherWithContext = (*source)(nil)
)

// reduced is a list of reduced objects.
type reduced struct {
	metav1.TypeMeta
	metav1.ListMeta

	Items []runtime.Object
}

// DeepCopyObject returns a copy of the list. Its objects never change.
func (l *reduced) DeepCopyObject() runtime.Object {
	list := *l
	list.Items = append([]runtime.Object(nil), l.Items...)
	return &list
}

// List is the old form of [source.ListWithContext].
func (s *source) List(o metav1.ListOptions) (runtime.Object, error) {
	return s.ListWithContext(context.Background(), o)
}

// Watch is the old form of [source.WatchWithContext].
func (s *source) Watch(o metav1.ListOptions) (watch.Interface, error) {
	return s.WatchWithContext(context.Background(), o)
}

// ListWithContext returns a page. Lists are consistent ones, whatever state the
// reflector would be content with: those alone come in pages, and they never
// lead back in time.
func (s *source) ListWithContext(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
	o.ResourceVersion, o.ResourceVersionMatch = "", ""
	page, err := s.list(ctx, o)
	if err != nil {
		return nil, err
	}
	info, err := meta.ListAccessor(page)
	if err != nil {
		return nil, err
	}
	list := &reduced{ListMeta: metav1.ListMeta{
		ResourceVersion: info.GetResourceVersion(), Continue: info.GetContinue(), RemainingItemCount: info.GetRemainingItemCount(),
	}}
	err = meta.EachListItem(page, func(whole runtime.Object) error {
		o, err := s.reduce(whole)
		list.Items = append(list.Items, o)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listing %s: %w", s.resource, err)
	}
	return list, nil
}

// WatchWithContext opens a watch. One that begins with a list is consistent too:
// an API server that stood still has in memory what a reflector would be content
// with, and nothing since.
func (s *source) WatchWithContext(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
	o.Watch = true
	if o.SendInitialEvents != nil {
		o.ResourceVersion = ""
	}
	events, err := s.watch(ctx, o)
	if err != nil {
		return nil, err
	}
	if o.SendInitialEvents == nil && !s.resume() {
		events.Stop()
		return nil, apierrors.NewResourceExpired("nothing was heard of " + s.resource + " for too long: listing them anew")
	}
	return newStream(events, s.reduce, s.idle), nil
}

func namespaceSource(c *client, resume func() bool, idle time.Duration) *source {
	return typedSource(c, "namespaces", func() runtime.Object { return &corev1.NamespaceList{} }, source{
		reduce: reduceNamespace, resume: resume, idle: idle,
	})
}

func podSource(c *client, all *views, more *extras, resume func() bool, idle time.Duration) *source {
	return typedSource(c, "pods", func() runtime.Object { return &corev1.PodList{} }, source{
		reduce: reducePod(all, more), resume: resume, idle: idle,
	})
}

// typedSource has a source ask for a resource whose types the client knows.
func typedSource(c *client, resource string, newList func() runtime.Object, s source) *source {
	s.resource = resource
	s.list = func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		page := newList()
		return page, c.Get().Resource(resource).VersionedParams(&o, c.parameters).Do(ctx).Into(page)
	}
	s.watch = func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
		return c.Get().Resource(resource).VersionedParams(&o, c.parameters).Watch(ctx)
	}
	return &s
}
