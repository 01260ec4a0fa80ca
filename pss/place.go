package pss

import (
	"slices"
	"strings"
)

// place is where in a pod a rule found an offender. It holds no pointer: that is
// what makes the verdict on a pod that fails, and its sentence, cheap.
type place struct {
	container int  // its number, counted from 1, or ofPod
	item      int  // a place in the list that the control reads there
	part      int8 // which of the settings, where the control looks at several
	missing   bool // a required value is not stated
}

// ofPod is the number of no container: the pod itself offends.
const ofPod = 0

// inAnnotations is the part of controls that look at annotations and at fields:
// item is the annotation's place.
const inAnnotations = 1

// in returns the container that offends, or nil for the pod itself.
func (at place) in(p *Pod) *Container {
	if at.container == ofPod {
		return nil
	}
	return &p.Containers[at.container-1]
}

// context returns the security context at the place.
func (at place) context(p *Pod) *SecurityContext {
	if c := at.in(p); c != nil {
		return &c.SecurityContext
	}
	return &p.SecurityContext
}

// eachContainerOf visits the containers that the findings are in, in their order,
// each once: two containers of one name are two.
func eachContainerOf(p *Pod, findings []place, visit func(*Container)) {
	last := ofPod
	for i := range findings {
		if c := findings[i].container; c != ofPod && c != last {
			visit(&p.Containers[c-1])
			last = c
		}
	}
}

// only appends the findings of missing values, or the others.
func only(to []place, missing bool, findings []place) []place {
	for _, at := range findings {
		if at.missing == missing {
			to = append(to, at)
		}
	}
	return to
}

// distinct appends one finding for each text, in the order of the texts.
func distinct(to []place, p *Pod, findings []place, text func(*Pod, place) string) []place {
	for _, at := range findings {
		if n := len(to); n == 0 || text(p, at) != text(p, to[n-1]) {
			to = append(to, at)
		}
	}
	if len(to) > 1 {
		slices.SortFunc(to, func(x, y place) int { return strings.Compare(text(p, x), text(p, y)) })
		to = slices.CompactFunc(to, func(x, y place) bool { return text(p, x) == text(p, y) })
	}
	return to
}
