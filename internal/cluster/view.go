package cluster

import (
	"fmt"
	"hash/maphash"
	"reflect"
	"runtime"
	"slices"
	"sync"
	"weak"

	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// view is what is kept of a pod beside its name. It is never changed.
type view struct {
	pod          pss.Pod
	runtimeClass string
	extra        *workload.Extra // nil unless it is asked for; shared, too
}

// views are the views of pods, and extras what is kept beside.
type (
	views  = interned[view]
	extras = interned[workload.Extra]
)

func newViews() *views { return newInterned[view]() }

// interned are the values that somebody holds, each of them once. It does not hold
// them itself: one that nobody holds any more is dropped with the next garbage
// collection, be it from the cache, a list that failed, or a request.
type interned[T any] struct {
	seed   maphash.Seed
	mu     sync.Mutex
	byHash map[uint64][]weak.Pointer[T]
	count  int
}

func newInterned[T any]() *interned[T] {
	return &interned[T]{seed: maphash.MakeSeed(), byHash: map[uint64][]weak.Pointer[T]{}}
}

// share returns the value that is equal to v and held by somebody, or a new one.
func (all *interned[T]) share(v T) *T {
	var h maphash.Hash
	h.SetSeed(all.seed)
	// All of it is hashed, or somebody could make many values of one hash.
	_, _ = fmt.Fprint(&h, v) // a hash takes everything
	key := h.Sum64()

	all.mu.Lock()
	defer all.mu.Unlock()
	for _, w := range all.byHash[key] {
		if held := w.Value(); held != nil && reflect.DeepEqual(*held, v) {
			return held
		}
	}
	held := &v
	all.byHash[key] = append(all.byHash[key], weak.Make(held))
	all.count++
	runtime.AddCleanup(held, all.drop, key)
	return held
}

// drop forgets the values of a hash that nobody holds any more.
func (all *interned[T]) drop(key uint64) {
	all.mu.Lock()
	defer all.mu.Unlock()
	before := all.byHash[key]
	n := len(before)
	after := slices.DeleteFunc(before, func(w weak.Pointer[T]) bool { return w.Value() == nil })
	all.count -= n - len(after)
	if len(after) == 0 {
		delete(all.byHash, key)
		return
	}
	all.byHash[key] = after
}

// len returns how many values are held, or were a moment ago.
func (all *interned[T]) len() int {
	all.mu.Lock()
	defer all.mu.Unlock()
	return all.count
}
