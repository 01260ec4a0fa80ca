package label

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

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
	// Violations are the controls that are failed, without findings, in the
	// order of the API server's messages.
	Violations []pss.Violation
}

// judge judges what is in one namespace, each view once.
type judge struct {
	planner   *Planner
	evaluator pss.Evaluator
	policy    pss.LevelVersion
	known     map[*inventory.View][]pss.Violation
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
			b.add(violations)
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
		b.add(violations)
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
	verdict, err := j.evaluator.Evaluate(&v.Pod, j.policy)
	if err != nil {
		return nil, err
	}
	violations := verdict.Violations()
	for i := range violations {
		violations[i].Detail, violations[i].Findings = "", nil
	}
	j.known[v] = violations
	return violations, nil
}

// add takes the violations that are not there yet.
func (b *Blocker) add(violations []pss.Violation) {
	for _, v := range violations {
		if !slices.ContainsFunc(b.Violations, func(have pss.Violation) bool { return have.Control == v.Control }) {
			b.Violations = append(b.Violations, v)
		}
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

// unseen returns what is not known about a namespace, in one line each. What is
// not said to be in another namespace may be in this one.
func (p *Planner) unseen(namespace string, inv *inventory.Inventory) []string {
	var lines []string
	here := func(other string) bool { return other == "" || other == namespace }
	for _, m := range inv.Missing {
		if here(m.Namespace) && matters(m.Resource) {
			lines = append(lines, fmt.Sprintf("%s could not be listed: %s", m.Resource, m.Reason))
		}
	}
	if !p.AllowUnchecked {
		for i := range inv.NotChecked {
			if problem := &inv.NotChecked[i]; here(problem.Object.Namespace) {
				lines = append(lines, "not checked: "+describe(problem))
			}
		}
	}
	for i := range inv.Errors {
		if problem := &inv.Errors[i]; here(problem.Object.Namespace) {
			lines = append(lines, "could not be read: "+describe(problem))
		}
	}
	return lines
}

// unseenPods returns the workloads that make pods which nobody has seen, because
// their controllers add to them.
func (p *Planner) unseenPods(ns *inventory.Namespace) []string {
	if p.AllowUnchecked {
		return nil
	}
	var lines []string
	for _, w := range ns.Workloads {
		if w.Pods == 0 && slices.ContainsFunc(w.Templates, func(t inventory.Template) bool { return t.Partial }) {
			lines = append(lines, fmt.Sprintf("%s/%s has no pods now, and its controller adds to what it states", w.Kind, w.Name))
		}
	}
	return lines
}

func describe(p *inventory.Problem) string {
	name := strings.Trim(p.Object.Kind+"/"+p.Object.Name, "/")
	if name == "" {
		name = cmp.Or(p.Source.File, "an object")
	}
	return name + ": " + p.Reason
}

// matters reports whether a resource may hold pods. Only what surely does not is
// left out.
func matters(resource string) bool {
	_, group, _ := strings.Cut(resource, ".")
	return group != "rbac.authorization.k8s.io" && !slices.Contains([]string{"namespaces", "serviceaccounts", "podsecuritypolicies.policy"}, resource)
}
