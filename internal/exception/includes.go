package exception

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/gabion-security/gabion/internal/match"
	"github.com/gabion-security/gabion/pss"
)

// includes reports whether the exception covers all that another one does, as
// long as that does. It is sure of what it says: where two selectors or images
// would have to be understood, it says no.
func (e *Exception) includes(other *Exception) bool {
	until, ends := e.Expires()
	if last, otherEnds := other.Expires(); ends && (!otherEnds || last.After(until)) {
		return false
	}
	return includesAll(allModes(e.modes), allModes(other.modes)) && e.includesNamespaces(other) &&
		e.pods.includes(other.pods) && e.containers.includes(other.containers) && e.includesControls(other)
}

func (e *Exception) includesNamespaces(other *Exception) bool {
	a, b := &e.Spec.Namespaces, &other.Spec.Namespaces
	for _, name := range a.Except {
		if slices.Contains(b.Except, name) || b.Names != nil && !slices.Contains(b.Names, name) {
			continue
		}
		return false
	}
	if a.All {
		return true
	}
	mine, errA := match.Selector("", a.Selector)
	theirs, errB := match.Selector("", b.Selector)
	return errA == nil && errB == nil && includesAll(a.Names, b.Names) && sameSelector(mine, theirs)
}

func sameSelector(a, b labels.Selector) bool {
	return a == nil || b != nil && a.String() == b.String()
}

func (s *pods) includes(other *pods) bool {
	if s == nil {
		return true
	}
	return other != nil && sameSelector(s.selector, other.selector) &&
		includesAll(s.serviceAccounts, other.serviceAccounts) && includesAll(s.runtimeClasses, other.runtimeClasses)
}

func (s *containers) includes(other *containers) bool {
	if s == nil {
		return true
	}
	if other == nil || !includesAll(s.names, other.names) || !includesAll(s.kinds, other.kinds) {
		return false
	}
	return s.images == nil || other.images != nil && !slices.ContainsFunc(other.texts, func(image string) bool {
		return !slices.ContainsFunc(s.texts, func(mine string) bool { return includesImage(mine, image) })
	})
}

// includesImage reports whether an image is another one, or the same repository
// with any tag.
func includesImage(a, b string) bool {
	parsed := match.ParseImage(b)
	return a == b || !strings.Contains(parsed.Repository, "*") && a == parsed.Repository
}

func (e *Exception) includesControls(other *Exception) bool {
	for i := range other.controls {
		theirs := &other.controls[i]
		j := slices.IndexFunc(e.controls, func(c control) bool { return c.id == theirs.id })
		if j < 0 || !e.controls[j].includes(theirs) {
			return false
		}
	}
	return true
}

// includes reports whether all values of another are covered.
func (c *control) includes(other *control) bool {
	switch {
	case c.any():
		// Of a control that takes the place of another one, any is not every value.
		return !c.stricterThanAnother() || other.values == nil
	case other.any(), other.missing && !c.missing:
		return false
	}
	return !slices.ContainsFunc(other.values, func(v string) bool {
		return !slices.ContainsFunc(c.values, func(mine string) bool {
			return mine == v || (c.id == hostPathVolumes || c.id == restrictedVolume) && includesPath(mine, v)
		})
	})
}

// stricterThanAnother reports whether the control takes the place of another one.
func (c *control) stricterThanAnother() bool {
	known, _ := pss.LookupControl(pss.ID(c.id))
	return slices.ContainsFunc(known.Revisions, func(r pss.Revision) bool { return len(r.Overrides) > 0 })
}

// includesPath reports whether a path of the node is another one, or above it.
func includesPath(a, b string) bool {
	return strings.HasPrefix(a, "/") && strings.HasPrefix(b, "/") && match.Below(b, a)
}
