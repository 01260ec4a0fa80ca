package plan

import (
	"fmt"
	"slices"

	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// Profile is a profile that pods have to meet by the guards that are named.
type Profile struct {
	Name   string
	Guards []string
	// Judge returns what a pod violates, with paths in the pod; an error says that it
	// cannot be judged. Nil says that there is no such profile, and that every pod is
	// refused.
	Judge func(*inventory.View) ([]Violation, error)
}

// profiles finds the units that profiles refuse, whatever the labels say.
func (j *judge) profiles(n *Namespace, ns *inventory.Namespace, units []unit) []Blocker {
	if j.Profiles == nil {
		return nil
	}
	n.Profiles = j.Profiles(ns)
	var refused []Blocker
	for i := range n.Profiles {
		p, unjudged := &n.Profiles[i], 0
		for k := range units {
			b, err := j.refusedBy(p, &units[k])
			if err != nil {
				unjudged++
			}
			if len(b.Violations) > 0 {
				refused = append(refused, b)
			}
		}
		if unjudged > 0 {
			n.Gaps = append(n.Gaps[:len(n.Gaps):len(n.Gaps)], fmt.Sprintf("%d of its workloads could not be judged by the profile %s", unjudged, p.Name))
		}
	}
	return refused
}

// refusedBy collects what of a unit a profile refuses: what the templates say, and what
// only the pods say. The error says that something of it could not be judged.
func (j *judge) refusedBy(p *Profile, u *unit) (Blocker, error) {
	b := Blocker{Object: u.object, Pods: u.running(), Partial: u.partial()}
	var unjudged error
	judge := func(v *inventory.View, origin Origin, template string) bool {
		if v.RuntimeClass != "" && j.ExemptRuntimeClass != nil && j.ExemptRuntimeClass(v.RuntimeClass) {
			return false
		}
		violations, err := p.of(v)
		if err != nil {
			unjudged = err
			return false
		}
		refused := false
		for _, violation := range violations {
			violation.Origin = origin
			refused = b.refuse(violation, workload.Template{Path: template}) || refused
		}
		return refused
	}
	for i := range u.templates {
		judge(u.templates[i].View, InTemplate, u.templates[i].Path)
	}
	for _, pods := range u.pods {
		if judge(pods.view, InPod, "") {
			b.Failing += pods.count
		}
	}
	return b, unjudged
}

// of judges a view.
func (p *Profile) of(v *inventory.View) ([]Violation, error) {
	if p.Judge == nil {
		return []Violation{{Control: "profile", Profile: p.Name, Reason: "missing profile", Detail: "every pod is refused: there is no profile " + p.Name}}, nil
	}
	return p.Judge(v)
}

// refuse adds a violation of a template or, with only what that does not have, of a
// pod, and reports whether it counts: ephemeral containers do not come again.
func (b *Blocker) refuse(v Violation, at workload.Template) bool {
	stated := len(v.Findings) > 0
	v.Findings = slices.Clone(v.Findings)
	v.Findings = slices.DeleteFunc(v.Findings, func(f Finding) bool { return f.Container != nil && f.Container.Kind == pss.EphemeralContainer })
	if stated && len(v.Findings) == 0 {
		return false
	}
	for i := range v.Findings {
		v.Findings[i].FullPath = at.FullPath(v.Findings[i].FullPath)
	}
	for i := range b.Violations {
		have := &b.Violations[i]
		switch {
		case have.Control != v.Control:
		case v.Origin == InTemplate: // two templates of one workload are two places to fix
			have.Findings = append(have.Findings, v.Findings...)
			return true
		default:
			return true
		}
	}
	b.Violations = append(b.Violations, v)
	return true
}
