package exception

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/pss"
)

// Set is all exceptions of a cluster. They are found in it by their namespaces and
// pods, so that those for others cost nothing. The nil Set is empty. It may be used
// from many goroutines.
type Set struct {
	all   []*Exception // by name
	byKey map[key]*index
	rest  index // of whose namespaces nothing is known
}

// NewSet makes a set. Two exceptions of one name are an error.
func NewSet(exceptions []*Exception) (*Set, error) {
	s := &Set{all: slices.Clone(exceptions), byKey: map[key]*index{}}
	sortByName(s.all)
	for i, e := range s.all {
		if i > 0 && s.all[i-1].Name == e.Name {
			return nil, fmt.Errorf("there are two exceptions named %q", e.Name)
		}
		of := keysOf(e.namespaces.ByName(), e.namespaces.Selector())
		if of == nil {
			s.rest.add(e)
		}
		for _, k := range of {
			if s.byKey[k] == nil {
				s.byKey[k] = new(index)
			}
			s.byKey[k].add(e)
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

// in yields what is known of the exceptions that may be for a namespace.
func (s *Set) in(name string, labels map[string]string) iter.Seq[*index] {
	return func(yield func(*index) bool) {
		if s == nil || !yield(&s.rest) || len(s.byKey) == 0 {
			return
		}
		for k := range keys(name, labels) {
			if x := s.byKey[k]; x != nil && !yield(x) {
				return
			}
		}
	}
}

// Any reports whether there are exceptions that may count for pods of a namespace.
func (s *Set) Any(name string, labels map[string]string) bool {
	for x := range s.in(name, labels) {
		for _, e := range x.all {
			if e.namespaces.Match(name, labels) {
				return true
			}
		}
	}
	return false
}

// InNamespace returns the exceptions that may count for pods of a namespace, by
// name, the expired ones too.
func (s *Set) InNamespace(name string, labels map[string]string) []*Exception {
	var found []*Exception
	for x := range s.in(name, labels) {
		for _, e := range x.all {
			if e.namespaces.Match(name, labels) {
				found = append(found, e)
			}
		}
	}
	sortByName(found)
	return found
}

// For returns what is excepted for a pod in a mode, by the clock.
func (s *Set) For(p Pod, mode v1alpha1.Mode, now time.Time) Match {
	m := Match{pod: p}
	if !p.known() {
		return m
	}
	for x := range s.in(p.Namespace, p.NamespaceLabels) {
		x.of(&m.pod, func(e *Exception) {
			if e.counts(mode) && !e.Expired(now) && e.matches(&m.pod) {
				m.exceptions = append(m.exceptions, e)
			}
		})
	}
	sortByName(m.exceptions)
	m.exceptions = slices.Compact(m.exceptions)
	return m
}

func sortByName(all []*Exception) {
	slices.SortFunc(all, func(a, b *Exception) int { return cmp.Compare(a.Name, b.Name) })
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
	covered := map[place]bool{}
	for _, f := range Findings(v) {
		if e := m.Covering(&f); e != nil {
			uses = Used(uses, e, f.Control)
			covered[f.place()] = true
		}
	}
	if len(uses) == 0 {
		return v, nil
	}
	return v.Except(func(id pss.ID, f pss.Finding) bool { return covered[place{string(id), f.Path(), f.Value.String()}] }), uses
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
