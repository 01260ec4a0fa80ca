package upgrade

import (
	"slices"

	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/pss"
)

// pair is the API server before and after, with what is different and the servers
// from one to the other, a minor at a time, both included.
type pair struct {
	from, to Server
	changes  []Change
	steps    []Server
}

func newPair(from, to Server) pair {
	p := pair{from: from, to: to, changes: Changes(from, to), steps: []Server{from}}
	for minor := from.Latest() + 1; minor < to.Latest(); minor++ {
		s := Server{Release: max(minor, from.Release), UserNamespacesGate: from.UserNamespacesGate}
		if s.Release > minor {
			s.Emulates = minor
		}
		p.steps = append(p.steps, s)
	}
	p.steps = append(p.steps, to)
	return p
}

// verdicts are the controls that a pod fails before and after.
type verdicts struct{ before, after []pss.ID }

func (v verdicts) denied() bool  { return len(v.before) == 0 && len(v.after) > 0 }
func (v verdicts) allowed() bool { return len(v.before) > 0 && len(v.after) == 0 }

// subject is a view as it is judged, without what is excepted of it, if anything is.
type subject struct {
	*inventory.View

	except func(*pss.Pod, pss.Verdict) pss.Verdict
}

// judge asks both servers.
func (p *pair) judge(s subject, policy pss.LevelVersion) (verdicts, error) {
	before, err := p.from.judge(&s.Pod, policy, s.except)
	if err != nil {
		return verdicts{}, err
	}
	after, err := p.to.judge(&s.Pod, policy, s.except)
	return verdicts{before, after}, err
}

// add takes a pod whose verdict flips into the flip of its workload.
func (f *Flip) add(p *pair, s subject, v verdicts, note func(*Flip)) {
	first := len(f.Causes) == 0
	note(f)
	for _, control := range slices.Concat(v.before, v.after) {
		known := slices.ContainsFunc(f.Causes, func(c Cause) bool { return c.Control == control })
		if !known {
			f.Causes = append(f.Causes, Cause{control, p.cause(s.View, f.Policy, control)})
		}
	}
	pin := p.pin(s, f.Policy, v)
	if first {
		f.Pin = pin
	}
	f.Pin = min(f.Pin, pin) // one pod that no pin helps is enough
}

// pin returns the version that keeps a policy as it is for the pod, if one does.
func (p *pair) pin(s subject, policy pss.LevelVersion, v verdicts) pss.Version {
	old := p.from.Resolve(policy.Version)
	if old == p.to.Resolve(policy.Version) {
		return 0
	}
	failed, err := p.to.judge(&s.Pod, pss.LevelVersion{Level: policy.Level, Version: old}, s.except)
	if err != nil || (len(failed) == 0) != (len(v.before) == 0) {
		return 0
	}
	return old
}

// cause finds the change by which a control came to judge the pod as it does
// after the upgrade: that of the last release whose verdict differs from the one
// before it. The zero Change says that none explains it.
func (p *pair) cause(view *inventory.View, policy pss.LevelVersion, control pss.ID) Change {
	var by pss.Version
	var failedBefore, fails bool
	for i, s := range p.steps {
		failed, err := s.Judge(&view.Pod, policy)
		if err != nil {
			return Change{}
		}
		failedBefore, fails = fails, slices.Contains(failed, control)
		if i > 0 && fails != failedBefore {
			by = s.Latest()
		}
	}
	opposite := Stricter
	if fails {
		opposite = Looser
	}
	for _, c := range p.changes {
		if c.Release == by && c.Control == control && c.Effect != opposite {
			return c
		}
	}
	return Change{}
}
