package guard

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/gabion-security/gabion/pss"
)

// Exceptions say which exceptions cover pods of a namespace.
type Exceptions interface {
	// Of returns the names of the exceptions for which a namespace with the
	// labels is meant, without those that mean every namespace: nobody gets into
	// these.
	Of(namespace string, labels map[string]string) []string
}

// Set is the guards of a cluster. The zero Set guards nothing.
type Set struct {
	guards     []*Guard
	exceptions Exceptions
}

// NewSet returns a Set; the exceptions may be nil. Two guards of one name are an
// error.
func NewSet(guards []*Guard, exceptions Exceptions) (Set, error) {
	sorted := slices.SortedFunc(slices.Values(guards), func(a, b *Guard) int { return cmp.Compare(a.name, b.name) })
	for i := 1; i < len(sorted); i++ {
		if sorted[i].name == sorted[i-1].name {
			return Set{}, fmt.Errorf("two guards have the name %q", sorted[i].name)
		}
	}
	return Set{sorted, exceptions}, nil
}

// Len is how many guards there are.
func (s Set) Len() int { return len(s.guards) }

// Change is a change of a namespace, or a new one.
type Change struct {
	Name string
	// New says that there was no such namespace. It is then compared with one
	// that states none of the labels of Pod Security, and so has those that guards
	// give to new ones, and with the floors. Before does not count then.
	New bool
	// Before and After are its labels.
	Before, After map[string]string
	// Exempt says that nothing is enforced in a namespace of the name.
	Exempt bool
	// Defaults are what counts without labels.
	Defaults pss.Policy
	// Evaluator says what latest means.
	Evaluator pss.Evaluator
}

// Ruling is what the guards say of a change.
type Ruling struct {
	// Weakenings are what is weakened, in the order of the modes.
	Weakenings []Weakening
	// Relaxations are what a newer version of the standard asks less. Nobody
	// minds, but who makes the change may not know.
	Relaxations []Relaxation
}

// judging is a change that is being judged by the guards that mean the namespace,
// before or after it.
type judging struct {
	*Change

	guards []*Guard
	ruling Ruling
}

// Judge judges a change by the guards that mean the namespace before or after it.
func (s Set) Judge(c Change) Ruling {
	j := judging{Change: &c}
	if c.New {
		c.Before = s.unlabelled(&c)
	}
	var left, entered, was []*Guard
	for _, g := range s.guards {
		before, after := !c.New && g.namespaces.Match(c.Name, c.Before), g.namespaces.Match(c.Name, c.After)
		if before || after {
			j.guards = append(j.guards, g)
		}
		switch {
		case before && !after:
			left = append(left, g)
		case after && !before:
			entered = append(entered, g)
		}
		if before {
			was = append(was, g)
		}
	}
	if spared := s.spared(&c); len(spared) > 0 {
		j.add(Weakening{Kind: Spared}, spared)
	}
	if len(j.guards) == 0 {
		return j.ruling
	}
	j.policies()
	if len(left) > 0 {
		j.add(Weakening{Kind: Left}, left)
	}
	if len(was) > 0 && len(entered) > 0 {
		j.loosened(was, entered)
	}
	if c.New && c.Exempt {
		j.add(Weakening{Kind: Exempt}, j.guards)
	}
	if s.exceptions != nil {
		if gained := s.gained(&c); len(gained) > 0 {
			j.add(Weakening{Kind: Excepted, Exceptions: gained}, j.guards)
		}
	}
	return j.ruling
}

// spared are the guards that would guard a new namespace if it had another name: who
// makes one chooses its name.
func (s Set) spared(c *Change) []*Guard {
	if !c.New {
		return nil
	}
	return s.those(func(g *Guard) bool {
		return (len(g.floor) > 0 || g.lock || g.pods.profile != "" || g.pods.workloads == WorkloadsDeny) && g.namespaces.Excepts(c.Name, c.After)
	})
}

// gained are the exceptions that cover the namespace only after the change.
func (s Set) gained(c *Change) []string {
	gained := slices.Clone(s.exceptions.Of(c.Name, c.After))
	if !c.New {
		had := s.exceptions.Of(c.Name, c.Before)
		gained = slices.DeleteFunc(gained, func(name string) bool { return slices.Contains(had, name) })
	}
	slices.Sort(gained)
	return gained
}

// policies judges what is asked in each mode.
func (j *judging) policies() {
	old, _ := pss.PolicyFromLabels(j.Before, j.Defaults)
	now, invalid := pss.PolicyFromLabels(j.After, j.Defaults)
	stated := j.Before
	if j.New {
		stated = nil // nobody has stated what it would get
	}
	for _, mode := range modes {
		from, to := mode.of(old), mode.of(now)
		d := compare(resolve(j.Evaluator, from), resolve(j.Evaluator, to))
		var refusing []*Guard
		var lost []pss.ID
		for _, g := range j.guards {
			if ids, ok := g.refuses(j.Change, mode, to, d); ok {
				refusing = append(refusing, g)
				if len(ids) > len(lost) {
					lost = ids
				}
			}
		}
		if j.New && mode == Enforce && !j.Exempt {
			j.underFloors(to, refusing, invalid)
		}
		if len(refusing) > 0 {
			j.add(Weakening{
				Kind: Lowered, Mode: mode, New: j.New, From: from, To: to, Controls: lost, Labels: mode.labels(stated, j.After, invalid),
			}, refusing)
		} else if len(d.relaxed) > 0 && slices.ContainsFunc(j.guards, func(g *Guard) bool { return g.action > Audit && g.minds(mode) }) {
			j.ruling.Relaxations = append(j.ruling.Relaxations, relaxation(mode, from, to, d.relaxed, j.Evaluator))
		}
	}
}

// underFloors judges a new namespace like one that comes from the floor: else who may
// not weaken one would delete it and make it again. What a guard gives to new namespaces
// counts in place of its own floor, and where pods are judged by the floor in any case, to
// be told is enough. Some guards refuse it already.
func (j *judging) underFloors(to pss.LevelVersion, refusing []*Guard, invalid pss.LabelErrors) {
	for _, g := range j.guards {
		floor, ok := g.floor[Enforce]
		if _, gives := g.fillings[Enforce]; !ok || gives || slices.Contains(refusing, g) {
			continue
		}
		lost := compare(resolve(j.Evaluator, floor), resolve(j.Evaluator, to)).lost
		if len(lost) == 0 {
			continue
		}
		told := *g
		if g.pods.floor {
			told.action = min(told.action, Warn)
		}
		j.add(Weakening{
			Kind: Lowered, Mode: Enforce, New: true, Floor: true, From: floor, To: to, Controls: lost, Labels: Enforce.labels(nil, j.After, invalid),
		}, []*Guard{&told})
	}
}

// resolve returns a policy with the version by which pods are judged: so latest is
// as new as any version that a floor may name.
func resolve(e pss.Evaluator, lv pss.LevelVersion) pss.LevelVersion {
	return pss.LevelVersion{Level: lv.Level, Version: e.Resolve(lv.Version)}
}

// add adds a weakening, with the strictest of what guards do about it, and who
// does that.
func (j *judging) add(w Weakening, guards []*Guard) {
	for _, g := range guards {
		w.Action = max(w.Action, g.action)
	}
	for _, g := range guards {
		if g.action == w.Action {
			w.Guards = append(w.Guards, g.name)
		}
	}
	w.WithEnforce = slices.ContainsFunc(j.ruling.Weakenings, w.goesWith)
	j.ruling.Weakenings = append(j.ruling.Weakenings, w)
}
