package pss

import (
	"slices"
	"sync"
)

// Violation is one control that a pod fails.
type Violation struct {
	Control ID
	// Level is the level that the control belongs to.
	Level Level
	// Reason and Detail are the API server's words for it.
	Reason, Detail string
	// Findings are all offenders, in the order in which the pod's containers
	// are visited; there is at least one. They may be more than Detail names:
	// upstream keeps silent about missing values while it has explicit ones to
	// complain of. Those that are excepted are not among them.
	Findings []Finding
}

// Violations returns the controls that the pod fails, in the order in which the
// API server's messages name them, and nil if there are none.
func (v Verdict) Violations() []Violation {
	var violations []Violation
	for i := range v.eachFailed {
		c := &catalogue[i]
		var found []place
		v.findings(i, func(at place) bool {
			found = append(found, at)
			return true
		})
		findings := make([]Finding, len(found))
		for n, at := range found {
			findings[n] = v.rule(i).at(v.pod, at)
		}
		reason, detail := c.sentence(nil, v.pod, found)
		violations = append(violations, Violation{
			Control: c.ID, Level: c.Level, Reason: reason, Detail: string(detail), Findings: findings,
		})
	}
	return violations
}

// Reason returns the aggregate of all reasons, as the API server groups pods by
// when a namespace is relabelled: "host namespaces, hostPath volumes". It is
// empty if the pod is allowed.
func (v Verdict) Reason() string { return v.aggregate(false) }

// Detail returns the aggregate of all reasons with their details, as the API
// server refuses a pod with: `privileged (container "a" must not set …)`. It is
// empty if the pod is allowed.
func (v Verdict) Detail() string { return v.aggregate(true) }

// rule returns the rule by which the pod failed the control at a place in the
// catalogue.
func (v Verdict) rule(control int) *rule {
	r, _ := catalogue[control].revisionAt(v.resolved) // there is one: the pod failed it
	return &r.rule
}

// findings yields all offenders of the control at a place in the catalogue that
// are not excepted.
func (v Verdict) findings(control int, yield func(place) bool) {
	r := v.rule(control)
	if v.covered == nil {
		r.find(v.pod, yield)
		return
	}
	id := catalogue[control].ID
	r.find(v.pod, func(at place) bool { return v.covered(id, r.at(v.pod, at)) || yield(at) })
}

// scratch keeps the buffers of aggregate between calls.
type scratch struct {
	found        []place
	add          func(place) bool
	text, detail []byte
}

var scratches = sync.Pool{New: func() any {
	s := &scratch{found: make([]place, 0, 16), text: make([]byte, 0, 1<<10), detail: make([]byte, 0, 256)}
	s.add = func(at place) bool {
		s.found = append(s.found, at)
		return true
	}
	return s
}}

func (v Verdict) aggregate(details bool) string {
	if v.failed == 0 {
		return ""
	}
	s := scratches.Get().(*scratch) //nolint:forcetypeassert // the pool holds nothing else
	text, detail := s.text[:0], s.detail
	for i := range v.eachFailed {
		s.found = s.found[:0]
		v.findings(i, s.add)
		var reason string
		reason, detail = catalogue[i].sentence(detail[:0], v.pod, s.found)
		if len(text) > 0 {
			text = append(text, ", "...)
		}
		text = append(text, reason...)
		if details && len(detail) > 0 {
			text = append(text, " ("...)
			text = append(text, detail...)
			text = append(text, ')')
		}
	}
	said := string(text)
	s.text, s.detail = text, detail
	const keep = 64 << 10 // hold on to no outsized buffer
	if cap(s.text) <= keep && cap(s.detail) <= keep && cap(s.found) <= keep/16 {
		scratches.Put(s)
	}
	return said
}

// sentence renders the API server's words for the control's findings, which it
// uses up.
func (c *Control) sentence(detail []byte, p *Pod, findings []place) (string, []byte) {
	if c.explicitFirst && slices.ContainsFunc(findings, func(at place) bool { return !at.missing }) {
		findings = only(findings[:0], false, findings)
	}
	return c.describe(detail, p, findings)
}
