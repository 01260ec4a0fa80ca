package server

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/admission"
)

// uses are what exceptions were used for and is not in their status yet.
type uses struct {
	now func() time.Time

	mu  sync.Mutex
	all map[string]usage // by the exception's name
}

var _ admission.UsesLog = (*uses)(nil)

// usage is when something was used for workloads, of which there are few.
type usage map[admission.Workload]time.Time

func newUses(now func() time.Time) *uses { return &uses{now: now, all: map[string]usage{}} }

// LogUses notes that exceptions were used.
func (u *uses) LogUses(exceptions []string, of admission.Workload) {
	at := u.now()
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, name := range exceptions {
		if u.all[name] == nil {
			u.all[name] = usage{}
		}
		u.all[name].add(of, at)
	}
}

// add notes a use. Of too many the oldest is forgotten.
func (u usage) add(of admission.Workload, at time.Time) {
	if at.After(u[of]) {
		u[of] = at
	}
	for len(u) > v1alpha1.MaxExceptedWorkloads {
		delete(u, u.latest()[len(u)-1])
	}
}

// latest returns the workloads, the last used first.
func (u usage) latest() []admission.Workload {
	return slices.SortedFunc(maps.Keys(u), func(a, b admission.Workload) int {
		return cmp.Or(u[b].Compare(u[a]), strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Kind, b.Kind), strings.Compare(a.Name, b.Name))
	})
}

// of returns what is known of an exception; nil if that is nothing.
func (u *uses) of(name string) usage {
	u.mu.Lock()
	defer u.mu.Unlock()
	return maps.Clone(u.all[name])
}

// written forgets what stands in the status now.
func (u *uses) written(name string, reported usage) {
	u.mu.Lock()
	defer u.mu.Unlock()
	maps.DeleteFunc(u.all[name], func(of admission.Workload, at time.Time) bool { return !at.After(reported[of]) })
	if len(u.all[name]) == 0 {
		delete(u.all, name)
	}
}

// keep forgets the exceptions that are not there any more.
func (u *uses) keep(there map[string]bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	maps.DeleteFunc(u.all, func(name string, _ usage) bool { return !there[name] })
}

// onto adds uses to a status, which is as precise as a second.
func (u usage) onto(s *v1alpha1.PodSecurityExceptionStatus) {
	all := usage{}
	for _, w := range s.Workloads {
		all.add(admission.Workload{Namespace: w.Namespace, Kind: w.Kind, Name: w.Name}, w.LastUsed.Time)
	}
	for of, at := range u {
		all.add(of, at.Truncate(time.Second))
	}
	s.Workloads = nil
	for _, of := range all.latest() {
		s.Workloads = append(s.Workloads, v1alpha1.ExceptedWorkload{Namespace: of.Namespace, Kind: of.Kind, Name: of.Name, LastUsed: metav1.NewTime(all[of].UTC())})
	}
	for _, at := range u {
		if at = at.Truncate(time.Second); s.LastUsed == nil || at.After(s.LastUsed.Time) {
			s.LastUsed = &metav1.Time{Time: at.UTC()}
		}
	}
}
