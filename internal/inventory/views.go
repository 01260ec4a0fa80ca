package inventory

import (
	"fmt"
	"hash/maphash"
	"reflect"
)

// views are the different views that there are, each of them once.
type views struct {
	seed   maphash.Seed
	byHash map[uint64][]*View
}

func newViews() *views { return &views{seed: maphash.MakeSeed(), byHash: map[uint64][]*View{}} }

// share returns the view that is equal to v, or v itself if it is the first.
func (all *views) share(v *View) *View {
	var h maphash.Hash
	h.SetSeed(all.seed)
	_, _ = fmt.Fprint(&h, v.RuntimeClass, v.Pod) // a hash takes everything
	key := h.Sum64()
	for _, held := range all.byHash[key] {
		if reflect.DeepEqual(held, v) {
			return held
		}
	}
	all.byHash[key] = append(all.byHash[key], v)
	return v
}
