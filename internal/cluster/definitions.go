package cluster

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"

	"github.com/gabion-security/gabion/workload"
)

const (
	// definitionsPage is how many whole definitions come at once where an API server
	// cannot stream a list: one may have a megabyte.
	definitionsPage = 20
	// definitionsSettle is how long news of definitions are gathered. They come in
	// dozens, each of them more than once.
	definitionsSettle = 200 * time.Millisecond
	// Beyond this much the rest is not checked. It is more than anybody has.
	maxCustomResources = 500
	maxCustomPlaces    = 64 // of one resource
)

// CustomResources are the custom resources of a cluster that can be made, as far as
// they hold pods. Those without are left out.
type CustomResources struct {
	// Version is the version of the cluster in which this was found. What is found
	// later has a higher one.
	Version uint64
	// Judged are those whose pods can be found, sorted.
	Judged []CustomResource
	// Paths lead to their pods, beside what package workload knows.
	Paths []workload.TemplatePath
	// Unchecked are those of which nobody can tell, sorted.
	Unchecked []UncheckedResource
}

// CustomResource is a resource in all versions that are served.
type CustomResource struct {
	Group, Plural string
	Versions      []string
}

// UncheckedResource is a resource that may hold pods of which nobody can tell.
type UncheckedResource struct {
	Name   string // "widgets.example.com"
	Reason string
}

// Definitions know the custom resources of a cluster while [Definitions.Run] runs.
type Definitions struct {
	client *client
	log    *slog.Logger
	idle   time.Duration
	reader *workload.Reader // that knows what package workload does
	store  *definitionStore
}

// NewDefinitions returns Definitions that know nothing yet. Nothing is sent to the
// API server.
func NewDefinitions(config *rest.Config, log *slog.Logger) (*Definitions, error) {
	c, err := newDefinitionClient(config)
	if err != nil {
		return nil, err
	}
	reader, err := workload.NewReader(workload.Options{})
	if err != nil {
		return nil, err
	}
	return &Definitions{client: c, log: log, idle: idleFor, reader: reader, store: newDefinitionStore()}, nil
}

// Run follows the definitions until the context ends. It calls use with what there
// is once that is known, and after each change. What is known stays while the API
// server is away or does not let them be listed; a line of the log says so.
func (d *Definitions) Run(ctx context.Context, use func(CustomResources)) {
	from := &heard{log: d.log, source: typedSource(d.client, definitionsResource, func() runtime.Object { return new(definitionList) }, source{
		reduce: reduceDefinition, resume: d.store.resume, idle: d.idle,
	})}
	r := cache.NewReflectorWithOptions(from, nil, d.store, cache.ReflectorOptions{
		Name: definitionsResource, TypeDescription: definitionsResource,
		Backoff: &wait.Backoff{Duration: 250 * time.Millisecond, Factor: 2, Steps: 7, Cap: 15 * time.Second, Jitter: 0.5},
	})
	r.WatchListPageSize = definitionsPage
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.RunWithContext(klog.NewContext(ctx, logr.Discard())) // the source says what there is to say, once
	}()
	d.tell(ctx, use)
	<-done
	d.client.closeIdleConnections()
}

// tell calls use until the context ends.
func (d *Definitions) tell(ctx context.Context, use func(CustomResources)) {
	var last CustomResources
	for first := true; ; {
		select {
		case <-ctx.Done():
			return
		case <-d.store.changed:
		}
		if !first {
			select {
			case <-ctx.Done():
				return
			case <-time.After(definitionsSettle):
			}
		}
		found, err := d.find()
		if err != nil {
			continue // the news that ends this is told
		}
		last.Version = found.Version
		if first || !reflect.DeepEqual(found, last) {
			use(found)
		}
		first, last = false, found
	}
}

// Stats returns how many definitions there are, and how long nothing has been heard
// of the API server; the latter is negative before they are known.
func (d *Definitions) Stats() (int, time.Duration) { return d.store.size() }

// find returns what the definitions say now.
func (d *Definitions) find() (found CustomResources, err error) {
	kinds, version, err := d.store.list()
	if err != nil {
		return CustomResources{}, err
	}
	found.Version = version
	slices.SortFunc(kinds, func(a, b *customKind) int {
		return cmp.Or(cmp.Compare(a.group, b.group), cmp.Compare(a.plural, b.plural))
	})
	for _, k := range kinds {
		holds, paths := k.places.holds(d.reader, k.groupKind)
		if why := k.unchecked(holds, len(paths), len(found.Judged)); why != "" {
			found.Unchecked = append(found.Unchecked, UncheckedResource{k.plural + "." + k.group, why})
			continue
		}
		if holds == holdsPods {
			found.Judged = append(found.Judged, CustomResource{k.group, k.plural, k.versions})
			found.Paths = append(found.Paths, paths...)
		}
	}
	return found, nil
}

// unchecked says why the pods of a kind cannot be judged; empty if they can, or if
// there are none.
func (k *customKind) unchecked(holds holding, paths, judged int) string {
	switch {
	case holds == holdsAnything:
		return "its schema lets anything stand somewhere"
	case holds == holdsNone:
		return ""
	case k.clusterScoped:
		return "it is in no namespace: which one its pods will be in cannot be told"
	case paths > maxCustomPlaces:
		return fmt.Sprintf("its schema has more than %d places for pods", maxCustomPlaces)
	case judged >= maxCustomResources:
		return fmt.Sprintf("there are more than %d custom resources that hold pods", maxCustomResources)
	}
	return ""
}

// reduceDefinition keeps of a definition what matters.
func reduceDefinition(whole runtime.Object) (*object, error) {
	d, ok := whole.(*definition)
	if !ok {
		return nil, fmt.Errorf("%T instead of a definition", whole)
	}
	return &object{name: d.Name, version: d.ResourceVersion, custom: d.reduce()}, nil
}

// definitions are what remains of those that are established, by name.
type definitions map[string]*customKind

func newDefinitions() definitions { return definitions{} }

func (d definitions) set(o *object) {
	if o.custom == nil {
		delete(d, o.name)
		return
	}
	d[o.name] = o.custom
}

func (d definitions) remove(o *object) { delete(d, o.name) }
func (d definitions) len() int         { return len(d) }

// definitionStore is a store that tells of changes, and in which version of the
// cluster they were made.
type definitionStore struct {
	*store[definitions]

	changed chan struct{}

	mu      sync.Mutex // version and contents change together
	version uint64
}

func newDefinitionStore() *definitionStore {
	return &definitionStore{
		store: newStore(definitionsResource, newDefinitions, time.Now, staleAfter), changed: make(chan struct{}, 1),
	}
}

// Add takes an object that is new.
func (s *definitionStore) Add(o any) error {
	return s.take(versionOf(o), func() error { return s.store.Add(o) })
}

// Update takes an object that has changed.
func (s *definitionStore) Update(o any) error {
	return s.take(versionOf(o), func() error { return s.store.Update(o) })
}

// Delete takes an object that is gone.
func (s *definitionStore) Delete(o any) error {
	return s.take(versionOf(o), func() error { return s.store.Delete(o) })
}

// Replace takes all objects that there are.
func (s *definitionStore) Replace(list []any, version string) error {
	return s.take(version, func() error { return s.store.Replace(list, version) })
}

// take takes news of a version.
func (s *definitionStore) take(version string, change func() error) error {
	n, err := strconv.ParseUint(version, 10, 64)
	if err != nil {
		return fmt.Errorf("%s: %q is no version: %w", definitionsResource, version, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := change(); err != nil {
		return err
	}
	s.version = n
	select {
	case s.changed <- struct{}{}:
	default: // it is about to be looked at
	}
	return nil
}

// list returns what is in the store, and since which version of the cluster.
func (s *definitionStore) list() (kinds []*customKind, version uint64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	err = s.read(func(all definitions) { kinds = slices.Collect(maps.Values(all)) })
	return kinds, s.version, err
}

func versionOf(o any) string {
	if reduced, ok := o.(*object); ok {
		return reduced.version
	}
	return ""
}
