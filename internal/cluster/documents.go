package cluster

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"

	"github.com/gabion-security/gabion/api/v1alpha1"
)

const (
	// askAgain is how long a resource that is not served is not asked for.
	askAgain = 10 * time.Second
	// failedAgain is the same for one that cannot be read.
	failedAgain = 3 * time.Second
	// goneSettles is how long a guard or a profile has to be gone before it is: the
	// API server deletes those of a definition that is deleted first.
	goneSettles = 5 * time.Second
	// goneLooks is how often it is found out meanwhile which of the two it is. A
	// definition that is replaced is away for a moment only.
	goneLooks = 250 * time.Millisecond
)

// DocumentsOptions are what [Documents] are made of. The zero value is fit for use.
type DocumentsOptions struct {
	// Now is the clock, [time.Now] if it is nil.
	Now func() time.Time
	// Idle is how long a watch may say nothing, 75 seconds if it is 0.
	Idle time.Duration
	// Log is told of trouble with the API server; nobody is if it is nil.
	Log *slog.Logger

	askAgain, failedAgain, goneSettles time.Duration // for tests
}

// Documents are the objects of the group gabion.io in a cluster, while
// [Documents.Run] runs. Definitions may come and go: where there is none, there are
// no objects.
//
// What cannot be read stays as it was, however long nothing is heard of the API
// server. So do guards and profiles whose definition is deleted, until an object of
// the same name comes or the program ends; but exceptions that are gone are gone.
type Documents struct {
	o         DocumentsOptions
	dynamic   dynamic.Interface
	discovery *client
	kinds     []*documents
	changed   chan struct{}
}

// Object is a document that is an object of a cluster.
type Object struct {
	Kind, Name string
	// JSON is the object without its status, and without metadata but its name.
	JSON []byte
	// Version and Generation are those of its metadata.
	Version    string
	Generation int64
	// Status is what stands in its status, nil if that is nothing, and StatusSince
	// when that was first seen.
	Status      []byte
	StatusSince time.Time
	// Gone says that the object counts although it is not there, as when its
	// definition is deleted.
	Gone bool
}

// NewDocuments returns Documents of which none is known yet. Nothing is sent to the
// API server.
func NewDocuments(config *rest.Config, o DocumentsOptions) (*Documents, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Idle = cmp.Or(o.Idle, idleFor)
	o.askAgain, o.failedAgain, o.goneSettles = cmp.Or(o.askAgain, askAgain), cmp.Or(o.failedAgain, failedAgain), cmp.Or(o.goneSettles, goneSettles)
	d := &Documents{o: o, changed: make(chan struct{}, 1)}
	var err error
	if d.dynamic, err = dynamic.NewForConfig(config); err != nil {
		return nil, err
	}
	if d.discovery, err = newClient(config); err != nil {
		return nil, err
	}
	for kind, stay := range map[string]bool{
		v1alpha1.KindPodSecurityGuard: true, v1alpha1.KindPodSecurityProfile: true, v1alpha1.KindPodSecurityException: false,
	} {
		d.kinds = append(d.kinds, &documents{
			kind: kind, resource: strings.ToLower(kind) + "s", stay: stay, now: o.Now, settles: o.goneSettles, log: o.Log, changed: d.tell,
			all: map[string]*held{},
		})
	}
	slices.SortFunc(d.kinds, func(a, b *documents) int { return strings.Compare(a.kind, b.kind) })
	return d, nil
}

func (d *Documents) tell() {
	select {
	case d.changed <- struct{}{}:
	default: // whoever listens looks at everything
	}
}

// Changed receives something after [Documents.All] or [Documents.Unready] have come
// to return something else, but for versions, generations and status.
func (d *Documents) Changed() <-chan struct{} { return d.changed }

// All returns the objects, by kinds and names.
func (d *Documents) All() []Object {
	var all []Object
	for _, k := range d.kinds {
		all = append(all, k.list()...)
	}
	return all
}

// Stats say for each resource how many objects there are, and how long nothing has
// been heard of the API server, which is negative as long as nothing is known.
func (d *Documents) Stats(resource string) (objects int, age time.Duration) {
	for _, k := range d.kinds {
		if k.resource == resource {
			return k.size()
		}
	}
	return 0, -1
}

// Resources returns the names of the resources that are followed, sorted.
func (d *Documents) Resources() []string {
	var names []string
	for _, k := range d.kinds {
		names = append(names, k.resource)
	}
	return names
}

// Begun reports whether all that there is to know has been asked for, and guards and
// profiles are known.
func (d *Documents) Begun() bool {
	return !slices.ContainsFunc(d.kinds, func(k *documents) bool { return !k.begun() })
}

// Unready says in a line each of which guards and profiles the API server does not
// say what they are.
func (d *Documents) Unready() []string {
	var reasons []string
	for _, k := range d.kinds {
		if reason := k.unready(); reason != "" {
			reasons = append(reasons, reason)
		}
	}
	return reasons
}

// Run follows the objects until the context ends. It is called once.
func (d *Documents) Run(ctx context.Context) {
	ctx = klog.NewContext(ctx, logr.FromSlogHandler(d.o.Log.Handler()))
	var running sync.WaitGroup
	for _, k := range d.kinds {
		running.Go(func() { d.follow(ctx, k) })
	}
	running.Go(func() { d.settle(ctx) })
	running.Wait()
	d.discovery.closeIdleConnections()
}

// follow follows a kind. What goes wrong is logged when it has not been before.
func (d *Documents) follow(ctx context.Context, k *documents) {
	for ctx.Err() == nil {
		r := cache.NewReflectorWithOptions(d.source(k), nil, k, cache.ReflectorOptions{Name: k.resource, TypeDescription: k.resource})
		r.WatchListPageSize = pageSize
		err := r.ListAndWatchWithContext(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case d.unserved(ctx, k, err):
			k.unserved()
			pause(ctx, d.o.askAgain)
		default:
			k.fail(err)
			pause(ctx, d.o.failedAgain)
		}
	}
}

// unserved reports whether an error says that there is no such resource. Who may
// not read it is not told, but may ask what there is.
func (d *Documents) unserved(ctx context.Context, k *documents, err error) bool {
	if !apierrors.IsForbidden(err) {
		return apierrors.IsNotFound(err)
	}
	verbs, err := d.discovery.documentVerbs(ctx)
	return err == nil && verbs[k.resource] == nil
}

// settle finds out of objects that are gone whether somebody has deleted them, or
// their definition.
func (d *Documents) settle(ctx context.Context) {
	for ; ctx.Err() == nil; pause(ctx, goneLooks) {
		if !slices.ContainsFunc(d.kinds, (*documents).settling) {
			continue
		}
		verbs, err := d.discovery.documentVerbs(ctx)
		if err != nil {
			continue
		}
		for _, k := range d.kinds {
			// Nothing can be created any more from when a definition is to be deleted.
			k.settle(slices.Contains(verbs[k.resource], "create"))
		}
	}
}

func (d *Documents) source(k *documents) *source {
	api := d.dynamic.Resource(v1alpha1.GroupVersion().WithResource(k.resource))
	return &source{
		resource: k.resource,
		list: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			return api.List(ctx, o)
		},
		watch: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			return api.Watch(ctx, o)
		},
		reduce: reduceDocument, resume: func() bool { return true }, idle: d.o.Idle,
	}
}

// pause waits, or until the context ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
