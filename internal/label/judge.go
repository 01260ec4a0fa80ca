package label

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/pss"
)

// Blocker is a workload, or a pod that none has made, which the new policy would
// reject.
type Blocker struct {
	APIVersion, Kind, Name string
	// Template says that the workload's own template violates the policy. If it
	// does not, only its pods do: something adds to them on their way.
	Template bool
	// Pods is how many of its pods exist and violate the policy.
	Pods int
	// Violations are the controls that are failed, in the order of the API
	// server's messages, each with the findings of all that fails it.
	Violations []pss.Violation

	views []*inventory.View // that have been added
}

// judge judges what is in one namespace, each view once.
type judge struct {
	planner *Planner
	policy  pss.LevelVersion
	known   map[*inventory.View][]pss.Violation
	except  func(*inventory.View, pss.Verdict) pss.Verdict // nil if nothing is excepted
}

// blockers returns the workloads and then the single pods that are rejected.
func (j *judge) blockers(ns *inventory.Namespace) ([]Blocker, error) {
	var all []*Blocker
	of := map[*inventory.Workload]*Blocker{}
	for _, w := range ns.Workloads {
		b := &Blocker{APIVersion: w.APIVersion, Kind: w.Kind, Name: w.Name}
		of[w] = b
		all = append(all, b)
		for i := range w.Templates {
			violations, err := j.judge(w.Templates[i].View)
			if err != nil {
				return nil, fmt.Errorf("judging %s %q: %w", w.Kind, w.Name, err)
			}
			b.Template = b.Template || len(violations) > 0
			b.add(w.Templates[i].View, violations)
		}
	}
	for i := range ns.Pods {
		pod := &ns.Pods[i]
		violations, err := j.judge(pod.View)
		switch {
		case err != nil:
			return nil, fmt.Errorf("judging pod %q: %w", pod.Name, err)
		case len(violations) == 0:
			continue
		}
		b := of[pod.Workload]
		if b == nil {
			b = &Blocker{APIVersion: "v1", Kind: "Pod", Name: pod.Name}
			all = append(all, b)
		}
		b.Pods++
		b.add(pod.View, violations)
	}
	var blockers []Blocker
	for _, b := range all {
		if len(b.Violations) > 0 {
			b.sort()
			blockers = append(blockers, *b)
		}
	}
	return blockers, nil
}

// judge returns what a pod violates.
func (j *judge) judge(v *inventory.View) ([]pss.Violation, error) {
	if v.RuntimeClass != "" && j.planner.Exemptions.RuntimeClass(v.RuntimeClass) {
		return nil, nil
	}
	if violations, ok := j.known[v]; ok {
		return violations, nil
	}
	verdict, err := pss.Evaluator{Kubernetes: j.planner.Kubernetes}.Evaluate(&v.Pod, j.policy)
	if err != nil {
		return nil, err
	}
	if j.except != nil {
		verdict = j.except(v, verdict)
	}
	violations := verdict.Violations()
	j.known[v] = violations
	return violations, nil
}

// add takes the violations of a view that was not added before.
func (b *Blocker) add(view *inventory.View, violations []pss.Violation) {
	if slices.Contains(b.views, view) {
		return
	}
	b.views = append(b.views, view)
	for _, v := range violations {
		i := slices.IndexFunc(b.Violations, func(have pss.Violation) bool { return have.Control == v.Control })
		if i < 0 {
			v.Detail, v.Findings = "", slices.Clone(v.Findings) // the sentence is that of one pod
			b.Violations = append(b.Violations, v)
			continue
		}
		b.Violations[i].Findings = append(b.Violations[i].Findings, v.Findings...)
	}
}

// sort puts violations of several pods in the order in which one pod would have
// them.
func (b *Blocker) sort() {
	place := map[pss.ID]int{}
	for i, c := range pss.Controls() {
		place[c.ID] = i
	}
	slices.SortFunc(b.Violations, func(x, y pss.Violation) int { return cmp.Compare(place[x.Control], place[y.Control]) })
}
