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
		found := newCollector()
		v.collect(found, i)
		c := &catalogue[i]
		reason, detail := c.sentence(nil, found.findings)
		violations = append(violations, Violation{
			Control: c.ID, Level: c.Level, Reason: reason, Detail: string(detail), Findings: found.findings,
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

// collector gathers what a rule yields.
type collector struct {
	findings []Finding
	yield    func(Finding) bool
}

func newCollector() *collector {
	c := new(collector)
	c.yield = func(f Finding) bool {
		c.findings = append(c.findings, f)
		return true
	}
	return c
}

// collect replaces what the collector holds by all offenders of the control at
// a place in the catalogue that are not excepted.
func (v Verdict) collect(c *collector, control int) {
	c.findings = c.findings[:0]
	v.offenders(control, c.yield)
	if v.covered != nil {
		id := catalogue[control].ID
		c.findings = slices.DeleteFunc(c.findings, func(f Finding) bool { return v.covered(id, f) })
	}
}

// offenders yields all offenders of the control at a place in the catalogue.
func (v Verdict) offenders(control int, yield func(Finding) bool) {
	if r, ok := catalogue[control].revisionAt(v.resolved); ok {
		r.rule(v.pod, yield)
	}
}

// scratch keeps the buffers of aggregate between calls.
type scratch struct {
	*collector

	text, detail []byte
}

var scratches = sync.Pool{New: func() any { return &scratch{collector: newCollector()} }}

func (v Verdict) aggregate(details bool) string {
	if v.failed == 0 {
		return ""
	}
	s := scratches.Get().(*scratch) //nolint:forcetypeassert // the pool holds nothing else
	s.text = s.text[:0]
	most := 0
	for i := range v.eachFailed {
		v.collect(s.collector, i)
		most = max(most, len(s.findings))
		var reason string
		reason, s.detail = catalogue[i].sentence(s.detail[:0], s.findings)
		if len(s.text) > 0 {
			s.text = append(s.text, ", "...)
		}
		s.text = append(s.text, reason...)
		if details && len(s.detail) > 0 {
			s.text = append(s.text, " ("...)
			s.text = append(s.text, s.detail...)
			s.text = append(s.text, ')')
		}
	}
	text := string(s.text)
	clear(s.findings[:most]) // hold on to no pod
	const keep = 64 << 10    // and to no outsized buffer
	if cap(s.text) <= keep && cap(s.detail) <= keep {
		scratches.Put(s)
	}
	return text
}

// sentence renders the API server's words for the control's findings.
func (c *Control) sentence(detail []byte, findings []Finding) (string, []byte) {
	if c.explicitFirst {
		findings = explicitIfAny(findings)
	}
	return c.describe(detail, findings)
}

// explicitIfAny returns the explicit findings, or all if none is explicit.
func explicitIfAny(findings []Finding) []Finding {
	n := 0
	for i := range findings {
		if findings[i].Explicit {
			n++
		}
	}
	if n == 0 || n == len(findings) {
		return findings
	}
	explicit := make([]Finding, 0, n)
	for _, f := range findings {
		if f.Explicit {
			explicit = append(explicit, f)
		}
	}
	return explicit
}
