package pss

import (
	"errors"
	"fmt"
	"math/bits"
)

// Evaluator judges pods. The zero Evaluator is ready to use and takes latest to
// be the newest version of the standard that this build knows. It holds no
// state: it may be copied and used from many goroutines.
type Evaluator struct {
	// Kubernetes is the minor of the API server whose verdicts are wanted: on
	// a 1.33 cluster latest means v1.33, and so does every newer version. The
	// zero Version and versions unknown to this build mean the newest known.
	Kubernetes Version
}

// The faults of a policy that nothing can be judged by. Whoever meets one must
// refuse the pod.
var (
	ErrLevel   = errors.New("not a level of the Pod Security Standards")
	ErrVersion = errors.New("not a version of the Pod Security Standards")
)

// resolve returns the version whose rules apply.
func (e Evaluator) resolve(v Version) Version {
	known := newest
	if e.Kubernetes.Valid() {
		known = clamp(e.Kubernetes, newest)
	}
	return clamp(v, known)
}

// Resolve returns the version by whose rules the evaluator judges when asked
// for v: v itself, or the newest it knows if v is newer. The zero Version stays
// as it is.
func (e Evaluator) Resolve(v Version) Version { return e.resolve(v) }

// Evaluate judges the pod. The error is [ErrLevel] or [ErrVersion] for a policy
// that is none; the Verdict that comes with an error is not Allowed.
//
// The Verdict borrows the pod, which must not change while the Verdict is in
// use. Judging a pod that passes allocates nothing.
func (e Evaluator) Evaluate(p *Pod, lv LevelVersion) (Verdict, error) {
	if !lv.Level.Valid() {
		return Verdict{}, fmt.Errorf("%w: %d", ErrLevel, lv.Level)
	}
	if !lv.Version.Valid() {
		return Verdict{}, ErrVersion
	}
	v := Verdict{pod: p, policy: lv, resolved: e.resolve(lv.Version)}
	if lv.Level == Privileged {
		return v, nil
	}
	stated := p.states()
	controls := compiled.at(lv.Level, v.resolved)
	for i := range controls {
		if a := &controls[i]; a.about&stated != 0 && !a.find(p, refuse) {
			v.failed |= 1 << a.control
		}
	}
	return v, nil
}

// Strictest returns the strictest level that allows the pod at the version,
// in one pass. The error is [ErrVersion]; the level that comes with it is not
// Valid.
func (e Evaluator) Strictest(p *Pod, version Version) (Level, error) {
	if !version.Valid() {
		return 0, ErrVersion
	}
	resolved := e.resolve(version)
	allowed := Restricted
	judged, failed := uint32(0), uint32(0)
	stated := p.states()
	for _, a := range compiled.at(Restricted, resolved) {
		bit := uint32(1) << a.control
		judged |= bit
		if a.about&stated != 0 && !a.find(p, refuse) {
			failed |= bit
			allowed = Baseline
		}
	}
	if allowed == Restricted {
		return Restricted, nil
	}
	for _, a := range compiled.at(Baseline, resolved) {
		bit := uint32(1) << a.control
		if failed&bit != 0 || judged&bit == 0 && a.about&stated != 0 && !a.find(p, refuse) {
			return Privileged, nil
		}
	}
	return Baseline, nil
}

// refuse stops a rule at its first finding.
func refuse(place) bool { return false }

// Verdict is the judgement of one pod against one policy. It is a value. The
// zero Verdict belongs to no pod and is not Allowed.
type Verdict struct {
	pod      *Pod
	policy   LevelVersion
	resolved Version
	failed   uint32 // by place in the catalogue
	covered  covers // nil if nothing is excepted
}

// covers reports whether a finding of a control is excepted.
type covers func(ID, Finding) bool

// Except returns the verdict without the findings that are excepted: neither its
// sentences nor its violations have them, and a control that has none left is not
// failed any more. Findings that were excepted before stay so. The function is
// called again whenever violations or sentences are asked for, and must not
// answer otherwise then.
func (v Verdict) Except(excepted func(ID, Finding) bool) Verdict {
	if v.failed == 0 {
		return v
	}
	before := v.covered
	v.covered = func(id ID, f Finding) bool { return before != nil && before(id, f) || excepted(id, f) }
	for i := range v.eachFailed {
		left, found := false, false
		r := v.rule(i)
		r.find(v.pod, func(at place) bool {
			found = true
			left = !v.covered(catalogue[i].ID, r.at(v.pod, at))
			return !left
		})
		if found && !left {
			v.failed &^= 1 << i
		}
	}
	return v
}

// Allowed reports whether the policy allows the pod.
func (v Verdict) Allowed() bool { return v.pod != nil && v.failed == 0 }

// Policy returns the policy as it was asked for.
func (v Verdict) Policy() LevelVersion { return v.policy }

// Resolved returns the version by whose rules the pod was judged: a minor,
// never latest.
func (v Verdict) Resolved() Version { return v.resolved }

// At returns the judgement of the same pod by another level, at the version by
// whose rules it was judged, with nothing excepted.
func (v Verdict) At(level Level) Verdict {
	if v.pod == nil {
		return Verdict{}
	}
	other, err := Evaluator{}.Evaluate(v.pod, LevelVersion{Level: level, Version: v.resolved})
	if err != nil {
		return Verdict{} // not Allowed
	}
	return other
}

// Failed returns the IDs of the controls that the pod fails, in message order.
func (v Verdict) Failed() []ID {
	if v.failed == 0 {
		return nil
	}
	ids := make([]ID, 0, bits.OnesCount32(v.failed))
	for i := range v.eachFailed {
		ids = append(ids, catalogue[i].ID)
	}
	return ids
}

// eachFailed yields the failed controls' places in the catalogue.
func (v Verdict) eachFailed(yield func(int) bool) {
	for failed := v.failed; failed != 0; failed &= failed - 1 {
		if !yield(bits.TrailingZeros32(failed)) {
			return
		}
	}
}
