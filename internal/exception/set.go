package exception

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/pss"
)

// Set is all exceptions of a cluster. It is found in it by a pod's namespace
// which may match, so that those for other namespaces cost nothing. The nil Set
// is empty. It may be used from many goroutines.
type Set struct {
	all    []*Exception // by name
	byName map[string][]*Exception
	byPair map[pair][]*Exception
	rest   []*Exception
}

// pair is a label of a namespace.
type pair struct{ key, value string }

// NewSet makes a set. Two exceptions of one name are an error.
func NewSet(exceptions []*Exception) (*Set, error) {
	s := &Set{all: slices.Clone(exceptions), byName: map[string][]*Exception{}, byPair: map[pair][]*Exception{}}
	slices.SortFunc(s.all, func(a, b *Exception) int { return cmp.Compare(a.Name, b.Name) })
	for i, e := range s.all {
		if i > 0 && s.all[i-1].Name == e.Name {
			return nil, fmt.Errorf("there are two exceptions named %q", e.Name)
		}
		key, value, labelled := e.namespaces.ByLabel()
		switch names := e.namespaces.ByName(); {
		case names != nil:
			for _, name := range names {
				s.byName[name] = append(s.byName[name], e)
			}
		case labelled:
			s.byPair[pair{key, value}] = append(s.byPair[pair{key, value}], e)
		default:
			s.rest = append(s.rest, e)
		}
	}
	return s, nil
}

// All returns the exceptions, by name.
func (s *Set) All() []*Exception {
	if s == nil {
		return nil
	}
	return s.all
}

// InNamespace returns the exceptions that may count for pods of a namespace, by
// name, the expired ones too.
func (s *Set) InNamespace(name string, labels map[string]string) []*Exception {
	if s == nil {
		return nil
	}
	var found []*Exception
	add := func(candidates []*Exception) {
		for _, e := range candidates {
			if e.in(name, labels) {
				found = append(found, e)
			}
		}
	}
	add(s.byName[name])
	if len(s.byPair) > 0 {
		for key, value := range labels {
			add(s.byPair[pair{key, value}])
		}
	}
	add(s.rest)
	slices.SortFunc(found, func(a, b *Exception) int { return cmp.Compare(a.Name, b.Name) })
	return found
}

// For returns what is excepted for a pod in a mode, by the clock.
func (s *Set) For(p Pod, mode v1alpha1.Mode, now time.Time) Match {
	return For(s.InNamespace(p.Namespace, p.NamespaceLabels), p, mode, now)
}

// For is [Set.For] where the exceptions of the pod's namespace are known already,
// from [Set.InNamespace].
func For(inNamespace []*Exception, p Pod, mode v1alpha1.Mode, now time.Time) Match {
	m := Match{pod: p}
	if !p.known() {
		return m
	}
	for _, e := range inNamespace {
		if e.counts(mode) && !e.Expired(now) && e.matches(&p) {
			m.exceptions = append(m.exceptions, e)
		}
	}
	return m
}

// Match is the exceptions that count for a pod. The zero Match excepts nothing.
type Match struct {
	pod        Pod
	exceptions []*Exception
}

// Empty reports whether nothing is excepted.
func (m *Match) Empty() bool { return len(m.exceptions) == 0 }

// Use is an exception that covers something in a pod.
type Use struct {
	Exception *Exception
	// Controls are the IDs of the controls of which it covers a finding, in the
	// order in which they are named.
	Controls []string
}

// Covering returns the exception that covers a finding, nil if none does. Of
// several it is the first by name.
func (m *Match) Covering(f *Finding) *Exception {
	for _, e := range m.exceptions {
		if e.covers(&m.pod, f) {
			return e
		}
	}
	return nil
}

// Except returns the verdict on the pod without what is covered, and which
// exceptions covered something.
func (m *Match) Except(v pss.Verdict) (pss.Verdict, []Use) {
	if m.Empty() || v.Allowed() {
		return v, nil
	}
	var uses []Use
	for _, violation := range v.Violations() {
		for _, f := range violation.Findings {
			finding := findingOf(violation.Control, f)
			if e := m.Covering(&finding); e != nil {
				uses = Used(uses, e, finding.Control)
			}
		}
	}
	if len(uses) == 0 {
		return v, nil
	}
	return v.Except(func(id pss.ID, f pss.Finding) bool {
		finding := findingOf(id, f)
		return m.Covering(&finding) != nil
	}), uses
}

// Used adds to uses that an exception covers a finding of a control.
func Used(uses []Use, e *Exception, control string) []Use {
	i := slices.IndexFunc(uses, func(u Use) bool { return u.Exception == e })
	if i < 0 {
		return append(uses, Use{Exception: e, Controls: []string{control}})
	}
	if !slices.Contains(uses[i].Controls, control) {
		uses[i].Controls = append(uses[i].Controls, control)
	}
	return uses
}
