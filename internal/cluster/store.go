package cluster

import (
	"fmt"
	"sync"
	"time"

	"k8s.io/client-go/tools/cache"
)

// contents is what a store holds. It is not safe for concurrent use.
type contents interface {
	set(*object)
	remove(*object)
	len() int
}

// store takes what a reflector reports. It remembers when it was last told
// something, so that it knows what its contents are worth.
type store[C contents] struct {
	what  string   // "namespaces"
	empty func() C // returns contents to begin with
	now   func() time.Time
	stale time.Duration

	mu       sync.RWMutex
	contents C
	synced   bool
	heard    time.Time
}

var (
	_ cache.ReflectorStore         = (*store[*pods])(nil)
	_ cache.ReflectorBookmarkStore = (*store[*pods])(nil)
)

func newStore[C contents](what string, empty func() C, now func() time.Time, stale time.Duration) *store[C] {
	return &store[C]{what: what, empty: empty, now: now, stale: stale, contents: empty()}
}

// Add takes an object that is new.
func (s *store[C]) Add(o any) error { return s.change(o, C.set) }

// Update takes an object that has changed.
func (s *store[C]) Update(o any) error { return s.change(o, C.set) }

// Delete takes an object that is gone.
func (s *store[C]) Delete(o any) error { return s.change(o, C.remove) }

func (s *store[C]) change(o any, f func(C, *object)) error {
	reduced, err := s.object(o)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s.contents, reduced)
	s.heard = s.now()
	return nil
}

func (s *store[C]) object(o any) (*object, error) {
	reduced, ok := o.(*object)
	if !ok {
		return nil, fmt.Errorf("%s: %T is no object of the cache", s.what, o)
	}
	return reduced, nil
}

// Replace takes all objects that there are.
func (s *store[C]) Replace(list []any, _ string) error {
	replacement := s.empty()
	for _, o := range list {
		reduced, err := s.object(o)
		if err != nil {
			return err
		}
		replacement.set(reduced)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.contents, s.synced, s.heard = replacement, true, s.now()
	return nil
}

// Bookmark takes the news that there is nothing new.
func (s *store[C]) Bookmark(string) error {
	s.hear()
	return nil
}

// Resync has nothing to do: nobody waits for events of the store.
func (*store[C]) Resync() error { return nil }

// hear notes that the API server has been heard of.
func (s *store[C]) hear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard = s.now()
}

// resume notes that the API server goes on with a watch, unless the contents are
// already too old: what happened since may take a while to arrive, and until then
// nothing tells them from what is.
func (s *store[C]) resume() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.unreliable() != nil {
		return false
	}
	s.heard = s.now()
	return true
}

// read calls f with the contents, unless they cannot be relied on; then the
// error says why.
func (s *store[C]) read(f func(C)) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.unreliable(); err != nil {
		return err
	}
	f(s.contents)
	return nil
}

// unreliable says why the contents cannot be relied on, if so.
func (s *store[C]) unreliable() error {
	if !s.synced {
		return fmt.Errorf("%s not synced", s.what)
	}
	if age := s.now().Sub(s.heard); age >= s.stale {
		return fmt.Errorf("%s cache stale: nothing heard for %s", s.what, age.Round(time.Second))
	}
	return nil
}

// size returns how many objects there are, and how long nothing has been heard;
// the latter is -1 before the store is synced.
func (s *store[C]) size() (int, time.Duration) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if !s.synced {
		return 0, -1
	}
	return s.contents.len(), s.now().Sub(s.heard)
}
