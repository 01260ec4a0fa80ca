package guard

import (
	"errors"
	"fmt"
	"slices"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/pss"
)

// Workloads is what becomes of a workload whose pods would be refused. A stricter
// one is greater.
type Workloads uint8

// The values of Workloads.
const (
	WorkloadsOff  Workloads = iota + 1 // nothing is said of it
	WorkloadsWarn                      // who makes it is told
	WorkloadsDeny                      // it is refused
)

// onPods is what a guard asks of pods.
type onPods struct {
	floor     bool
	profile   string
	workloads Workloads // 0 if that is left to others
	ephemeral v1alpha1.EphemeralContainers
}

func onPodsOf(s *v1alpha1.PodSecurityGuardSpec) (onPods, error) {
	on := onPods{floor: s.ApplyToPods, profile: s.Profile, ephemeral: s.EphemeralContainers}
	if s.ApplyToPods && (s.Floor == nil || s.Floor.Enforce == "") {
		return on, errors.New("spec.applyToPods: there is nothing to apply: state floor.enforce")
	}
	switch s.Workloads {
	case "":
	case v1alpha1.WorkloadsOff:
		on.workloads = WorkloadsOff
	case v1alpha1.WorkloadsWarn:
		on.workloads = WorkloadsWarn
	case v1alpha1.WorkloadsDeny:
		on.workloads = WorkloadsDeny
	default:
		return on, fmt.Errorf("spec.workloads: %q must be one of off, warn, deny", s.Workloads)
	}
	switch s.EphemeralContainers {
	case "", v1alpha1.EphemeralWhole, v1alpha1.EphemeralAlone:
	default:
		return on, fmt.Errorf("spec.ephemeralContainers: %q must be one of whole, alone", s.EphemeralContainers)
	}
	return on, nil
}

// Pods is what guards ask of the pods of a namespace, beside its labels. The zero
// Pods ask nothing.
type Pods struct {
	Floors   []Floor
	Profiles []Profile
	// Workloads is the strictest that any of the guards states, by the names of
	// those in WorkloadsBy; without any, it is [WorkloadsWarn], by nobody.
	Workloads   Workloads
	WorkloadsBy []string
	// Alone says that ephemeral containers are judged alone.
	Alone bool
}

// Floor is what pods have to meet, by the names of guards.
type Floor struct {
	Policy pss.LevelVersion
	Guards []string
}

// Profile is the name of a profile that pods have to meet, by the names of guards.
type Profile struct {
	Name   string
	Guards []string
}

// Profiles returns the profiles that guards name, by the names of the guards.
func (s Set) Profiles() []Profile {
	var p Pods
	for _, g := range s.guards {
		p.add(g)
	}
	return p.Profiles
}

// Pods returns what the guards of a namespace with the labels ask of its pods.
func (s Set) Pods(namespace string, labels map[string]string) Pods {
	return podsOf(s.those(func(g *Guard) bool { return g.namespaces.Match(namespace, labels) }))
}

// PodsAtWorst returns what may be asked of the pods of a namespace whose labels
// nobody knows: guards that select by labels count, too.
func (s Set) PodsAtWorst(namespace string) Pods {
	return podsOf(s.those(func(g *Guard) bool { return g.namespaces.MayMatch(namespace) }))
}

// PodsAnyway returns what is asked of the pods of a namespace whatever its labels are:
// guards that select by labels do not count.
func (s Set) PodsAnyway(namespace string) Pods {
	return podsOf(s.those(func(g *Guard) bool { return g.namespaces.Selector() == nil && g.namespaces.Match(namespace, nil) }))
}

// those returns some of the guards.
func (s Set) those(means func(*Guard) bool) (of []*Guard) {
	for _, g := range s.guards {
		if means(g) {
			of = append(of, g)
		}
	}
	return of
}

// podsOf returns what the guards of a namespace ask of its pods.
func podsOf(guards []*Guard) Pods {
	var p Pods
	whole := false
	for _, g := range guards {
		p.add(g)
		p.Alone = p.Alone || g.pods.ephemeral == v1alpha1.EphemeralAlone
		whole = whole || g.pods.ephemeral == v1alpha1.EphemeralWhole
		if g.pods.workloads > p.Workloads {
			p.Workloads, p.WorkloadsBy = g.pods.workloads, nil
		}
		if g.pods.workloads > 0 && g.pods.workloads == p.Workloads {
			p.WorkloadsBy = append(p.WorkloadsBy, g.name)
		}
	}
	if len(guards) > 0 && p.Workloads == 0 {
		p.Workloads = WorkloadsWarn
	}
	p.Alone = p.Alone && !whole
	return p
}

// add adds the floor and the profile of a guard.
func (p *Pods) add(g *Guard) {
	if floor := g.floor[Enforce]; g.pods.floor {
		i := slices.IndexFunc(p.Floors, func(f Floor) bool { return f.Policy == floor })
		if i < 0 {
			i = len(p.Floors)
			p.Floors = append(p.Floors, Floor{Policy: floor})
		}
		p.Floors[i].Guards = append(p.Floors[i].Guards, g.name)
	}
	if name := g.pods.profile; name != "" {
		i := slices.IndexFunc(p.Profiles, func(f Profile) bool { return f.Name == name })
		if i < 0 {
			i = len(p.Profiles)
			p.Profiles = append(p.Profiles, Profile{Name: name})
		}
		p.Profiles[i].Guards = append(p.Profiles[i].Guards, g.name)
	}
}

// loosened judges a change by which a namespace enters guards, of which one says
// something that nobody said before, and that is less than what was the case.
// Guards that it leaves are another thing.
func (j *judging) loosened(was, entered []*Guard) {
	before, after := podsOf(was), podsOf(append(slices.DeleteFunc(slices.Clone(was), j.leaves), entered...))
	w := Weakening{Kind: Loosened}
	for _, g := range entered {
		alone := after.Alone && !before.Alone && g.pods.ephemeral == v1alpha1.EphemeralAlone
		less := after.Workloads < before.Workloads && g.pods.workloads == after.Workloads
		if alone || less {
			w.By = append(w.By, g.name)
		}
		w.Alone = w.Alone || alone
		if less {
			w.WorkloadsFrom, w.WorkloadsTo = before.Workloads, after.Workloads
		}
	}
	if len(w.By) > 0 {
		j.add(w, was)
	}
}

// leaves reports whether the namespace leaves a guard that meant it.
func (j *judging) leaves(g *Guard) bool { return !g.namespaces.Match(j.Name, j.After) }
