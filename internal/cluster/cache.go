package cluster

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"

	"github.com/gabion-security/gabion/internal/admission"
	"github.com/gabion-security/gabion/workload"
)

// staleAfter is how long a cache may hear nothing before it counts as unsynced.
const staleAfter = 2 * time.Minute

// CacheOptions are what a [Cache] is made of. The zero value is fit for use.
type CacheOptions struct {
	// Now is the clock that tells how old the cache is, [time.Now] if it is nil.
	Now func() time.Time
	// Idle is how long a watch may say nothing before it is opened anew, 75
	// seconds if it is 0. It is longer than a second: an API server whose watches
	// end sooner is taken for broken.
	Idle time.Duration
	// Exceptions keeps of each pod, too, what exceptions look at.
	Exceptions bool
	// Log is told of trouble with the API server; nobody is if it is nil.
	Log *slog.Logger
}

// Cache knows the namespaces and pods of a cluster while [Cache.Run] runs. It
// may be used by many goroutines at once.
type Cache struct {
	client     *client
	log        logr.Logger
	idle       time.Duration
	views      *views
	extras     *extras // nil if nothing is kept for exceptions
	namespaces *store[namespaces]
	pods       *store[*pods]
}

var (
	_ admission.Namespaces = (*Cache)(nil)
	_ admission.Pods       = (*Cache)(nil)
)

// NewCache returns a cache that knows nothing yet. Nothing is sent to the API
// server.
func NewCache(config *rest.Config, o CacheOptions) (*Cache, error) {
	c, err := newClient(config)
	if err != nil {
		return nil, err
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	var more *extras
	if o.Exceptions {
		more = newInterned[workload.Extra]()
	}
	return &Cache{
		client:     c,
		log:        logr.FromSlogHandler(o.Log.Handler()),
		idle:       cmp.Or(o.Idle, idleFor),
		views:      newViews(),
		extras:     more,
		namespaces: newStore("namespaces", newNamespaces, o.Now, staleAfter),
		pods:       newStore("pods", newPods, o.Now, staleAfter),
	}, nil
}

// Run follows the cluster until the context ends, whatever happens to the API
// server meanwhile, and returns when nothing of it is left. It is called once.
func (c *Cache) Run(ctx context.Context) {
	ctx = klog.NewContext(ctx, c.log)
	var running sync.WaitGroup
	running.Go(func() { follow(ctx, namespaceSource(c.client, c.namespaces.resume, c.idle), c.namespaces) })
	running.Go(func() { follow(ctx, podSource(c.client, c.views, c.extras, c.pods.resume, c.idle), c.pods) })
	running.Wait()
	c.client.closeIdleConnections()
}

// follow reports to the store what the source says.
func follow(ctx context.Context, from *source, to cache.ReflectorStore) {
	r := cache.NewReflectorWithOptions(from, nil, to, cache.ReflectorOptions{
		Name: from.resource, TypeDescription: from.resource,
		// Pods are refused while namespaces are unknown, so an API server that
		// is back is wanted soon.
		Backoff: &wait.Backoff{Duration: 250 * time.Millisecond, Factor: 2, Steps: 5, Cap: 3 * time.Second, Jitter: 0.5},
	})
	r.WatchListPageSize = pageSize
	r.RunWithContext(ctx)
}

// Labels returns the labels of a namespace, which are only to be read. One that
// the cache does not know is fetched, and so is every one while the cache cannot
// be relied on. The error is the API server's, or says why it was not reached; it
// comes while there is time left to answer with it, if the context has a deadline.
func (c *Cache) Labels(ctx context.Context, name string) (map[string]string, error) {
	if labels, ok := c.Known(name); ok {
		return labels, nil
	}
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(deadline)*4/5)
		defer cancel()
	}
	var n corev1.Namespace
	if err := c.client.Get().Resource("namespaces").Name(name).Do(ctx).Into(&n); err != nil {
		return nil, err // as it is: it reads as the built-in plugin's
	}
	return n.Labels, nil
}

// Known returns the labels of a namespace that the cache knows, as long as it can be
// relied on.
func (c *Cache) Known(name string) (labels map[string]string, ok bool) {
	err := c.namespaces.read(func(all namespaces) { labels, ok = all[name] })
	return labels, ok && err == nil
}

// Pods returns all pods of a namespace, in no order. The error says why they are
// not all known.
func (c *Cache) Pods(_ context.Context, namespace string) ([]admission.ExistingPod, error) {
	var list []admission.ExistingPod
	if err := c.pods.read(func(all *pods) { list = all.list(namespace) }); err != nil {
		return nil, err
	}
	return list, nil
}

// Unready says why the cache cannot be relied on, in one line for each reason,
// such as "pods not synced". There is none if it can.
func (c *Cache) Unready() []string {
	var reasons []string
	for _, err := range []error{c.namespaces.read(func(namespaces) {}), c.pods.read(func(*pods) {})} {
		if err != nil {
			reasons = append(reasons, err.Error())
		}
	}
	return reasons
}

// Stats say how much the cache holds and how old that is.
type Stats struct {
	Namespaces, Pods int
	// Views are the different pods that there are, as Pod Security sees them.
	Views int
	// NamespacesAge and PodsAge are how long nothing has been heard of the API
	// server. They are negative before the cache is synced.
	NamespacesAge, PodsAge time.Duration
}

// Stats returns how much the cache holds now.
func (c *Cache) Stats() Stats {
	s := Stats{Views: c.views.len()}
	s.Namespaces, s.NamespacesAge = c.namespaces.size()
	s.Pods, s.PodsAge = c.pods.size()
	return s
}
