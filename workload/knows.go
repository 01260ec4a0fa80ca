package workload

import (
	"cmp"
	"slices"
	"strings"
)

// Knows reports whether the reader has been told where objects of a type hold
// their pods: its own table of kinds says so, or [Options.Paths].
func (r *Reader) Knows(apiVersion, kind string) bool {
	group, _ := splitAPIVersion(apiVersion)
	return r.kinds.find(group, kind) != nil
}

// GroupKind is a kind of an API group, in any of its versions.
type GroupKind struct{ Group, Kind string }

// CustomKinds returns the kinds of custom resources that every [Reader] knows to
// bear pods, sorted by group and kind.
func CustomKinds() []GroupKind {
	var all []GroupKind
	for _, row := range customKinds() {
		all = append(all, GroupKind{row.group, row.kind})
	}
	slices.SortFunc(all, func(a, b GroupKind) int {
		return cmp.Or(strings.Compare(a.Group, b.Group), strings.Compare(a.Kind, b.Kind))
	})
	return slices.Compact(all)
}
