// Package preview computes what labelling a namespace would make the API server
// say: the warnings of Pod Security admission about the pods that exist there,
// as `kubectl label --dry-run=server` shows them, but for any number of pods.
// It is pure computation: namespaces and pods in, warnings out.
package preview

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// Namespace is one namespace with the pods in it.
type Namespace struct {
	Name string
	// Labels are the labels as they stand.
	Labels map[string]string
	// Pods are the pods that exist.
	Pods []Pod
	// Templates are the pods that workloads will make one day, under the
	// workloads' names.
	Templates []Pod
	// Exempt says that the API server judges no pod in the namespace.
	Exempt bool
	// Except takes from a verdict what is excepted for the pod; nil excepts
	// nothing.
	Except func(*Pod, pss.Verdict) pss.Verdict
}

// Pod is one pod under the name it is reported by.
type Pod struct {
	Name string
	Pod  *pss.Pod
	// RuntimeClass and Extra are what only profiles and exceptions look at.
	RuntimeClass string
	Extra        *workload.Extra
}

// Template returns the pod as a reader would.
func (p *Pod) Template() *workload.Template {
	return &workload.Template{Pod: *p.Pod, RuntimeClass: p.RuntimeClass, Extra: p.Extra}
}

// Change is what the enforce labels are set to.
type Change struct {
	Level pss.Level
	// Version is the enforce-version label; the zero Version leaves that label
	// as it stands.
	Version pss.Version
	// Defaults are the policy where labels say nothing. The zero Policy is what
	// an API server has that was given none: privileged.
	Defaults pss.Policy
}

// defaults are the policy where labels say nothing.
func (c Change) defaults() pss.Policy { return cmp.Or(c.Defaults, pss.DefaultPolicy()) }

// Labels returns the labels that the change sets.
func (c Change) Labels() map[string]string {
	set := map[string]string{pss.EnforceLabel: c.Level.String()}
	if c.Version.Valid() {
		set[pss.EnforceVersionLabel] = c.Version.String()
	}
	return set
}

// Outcome is what the change would do to one namespace.
type Outcome struct {
	Namespace string
	// From and To are the enforced policy before and after.
	From, To pss.LevelVersion
	// Labeled is false if the labels stand already.
	Labeled bool
	// Evaluated is false if the API server would not look at the pods, because
	// the new policy is not stricter.
	Evaluated bool
	// Exempt says that it would not because the namespace is exempt.
	Exempt bool
	// Warnings are the API server's warnings, in its words and order.
	Warnings []string
	// Pods are the pods that violate the new policy, by what they violate, in
	// the order of the warnings.
	Pods []Group
	// Templates are the same for the pods that workloads will make.
	Templates []Group
	// Denied is the reason for which the API server refuses the change, if it
	// does; the change then does nothing.
	Denied pss.LabelErrors
}

// Group is the pods that violate a policy in the same way.
type Group struct {
	// Reason is the API server's aggregate of what they violate.
	Reason string
	// Names are all of them, sorted.
	Names []string
	// Violations are the controls that they fail, without findings, which
	// differ from pod to pod.
	Violations []Violation

	line string
}

// Violation is a control that pods fail.
type Violation struct{ Control, Level, Reason string }

// Judgement is what is wrong with a pod: nothing if there is no Reason.
type Judgement struct {
	Reason string
	// Violations returns the controls that it fails.
	Violations func() []Violation
}

// judge judges a pod.
type judge func(*Pod) (Judgement, error)

// byPolicy judges pods as the API server does, but for what is excepted.
func byPolicy(e pss.Evaluator, policy pss.LevelVersion, except func(*Pod, pss.Verdict) pss.Verdict) judge {
	return func(p *Pod) (Judgement, error) {
		verdict, err := e.Evaluate(p.Pod, policy)
		if err == nil && except != nil {
			verdict = except(p, verdict)
		}
		if err != nil || verdict.Allowed() {
			return Judgement{}, err
		}
		return Judgement{Reason: verdict.Reason(), Violations: func() []Violation { return Violations(verdict) }}, nil
	}
}

// Violations returns the controls that a pod fails by a verdict.
func Violations(v pss.Verdict) []Violation {
	var all []Violation
	for _, violation := range v.Violations() {
		all = append(all, Violation{string(violation.Control), violation.Level.String(), violation.Reason})
	}
	return all
}

// Label computes what the API server would say to the change. The error is the
// evaluator's, for a Change that is none.
func Label(e pss.Evaluator, ns Namespace, change Change) (Outcome, error) {
	after := maps.Clone(ns.Labels)
	if after == nil {
		after = map[string]string{}
	}
	maps.Copy(after, change.Labels())
	from, oldErrs := pss.PolicyFromLabels(ns.Labels, change.defaults())
	to, newErrs := pss.PolicyFromLabels(after, change.defaults())
	o := Outcome{
		Namespace: ns.Name, From: from.Enforce, To: to.Enforce,
		Labeled: !maps.Equal(after, ns.Labels),
	}
	if len(newErrs) > 0 && !slices.Equal(newErrs, oldErrs) {
		o.Denied = newErrs
		return o, nil
	}
	err := o.judge(e, ns, "existing pods in namespace %q violate the new PodSecurity enforce level %q")
	return o, err
}

// judge judges the pods, if the API server would look at them.
func (o *Outcome) judge(e pss.Evaluator, ns Namespace, header string) (err error) {
	if !stricter(o.From, o.To) {
		return nil
	}
	if ns.Exempt {
		o.Exempt = true
		return nil
	}
	return o.group(ns, byPolicy(e, o.To, ns.Except), fmt.Sprintf(header, ns.Name, o.To))
}

// group judges the pods, and warns of those that violate something under a
// header.
func (o *Outcome) group(ns Namespace, by judge, header string) (err error) {
	o.Evaluated = true
	if o.Pods, err = groups(by, ns.Pods, "pod"); err != nil {
		return err
	}
	if o.Templates, err = groups(by, ns.Templates, "workload"); err != nil {
		return err
	}
	if len(o.Pods) > 0 {
		o.Warnings = append(o.Warnings, header)
		for _, g := range o.Pods {
			o.Warnings = append(o.Warnings, g.line)
		}
	}
	return nil
}

// Default computes what other cluster-wide defaults would do to a namespace. The
// API server itself says nothing when it starts with them, so the words are
// Gabion's, after those of [Label].
func Default(e pss.Evaluator, ns Namespace, before, after pss.Policy) (Outcome, error) {
	from, _ := pss.PolicyFromLabels(ns.Labels, before)
	to, _ := pss.PolicyFromLabels(ns.Labels, after)
	o := Outcome{Namespace: ns.Name, From: from.Enforce, To: to.Enforce}
	err := o.judge(e, ns, "existing pods in namespace %q violate the PodSecurity enforce level %q, which would be the default")
	return o, err
}

// Profile computes which pods of a namespace a profile of that name would not let
// pass, in words like those of [Label]: the API server has none.
func Profile(ns Namespace, name string, by func(*Pod) (Judgement, error)) (Outcome, error) {
	o := Outcome{Namespace: ns.Name}
	err := o.group(ns, by, fmt.Sprintf("existing pods in namespace %q violate the profile %q", ns.Name, name))
	return o, err
}

// stricter reports whether the API server looks at existing pods when the
// policy changes. Another version counts as stricter, whichever it is.
func stricter(from, to pss.LevelVersion) bool {
	switch {
	case from == to, to.Level == pss.Privileged:
		return false
	case from.Version == to.Version && to.Level <= from.Level:
		return false
	}
	return true
}

// groups judges the pods and returns those that violate something, in the order
// of their lines.
func groups(by judge, pods []Pod, noun string) ([]Group, error) {
	place := map[string]int{}
	var found []Group
	for k := range pods {
		p := &pods[k]
		judged, err := by(p)
		if err != nil {
			return nil, fmt.Errorf("judging %s %q: %w", noun, p.Name, err)
		}
		if judged.Reason == "" {
			continue
		}
		i, ok := place[judged.Reason]
		if !ok {
			i = len(found)
			place[judged.Reason] = i
			found = append(found, Group{Reason: judged.Reason, Violations: judged.Violations()})
		}
		found[i].Names = append(found[i].Names, p.Name)
	}
	for i := range found {
		slices.Sort(found[i].Names)
		found[i].line = found[i].Line(noun)
	}
	slices.SortFunc(found, compare)
	return found, nil
}
