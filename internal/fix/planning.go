package fix

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/gabion-security/gabion/pss"
)

// set gives a field a value and returns the change, nil if there is none: what the
// object states otherwise is changed only if that is wanted.
func (p *planning) set(id pss.ID, f pss.Finding, path string, value any, otherwise bool, review string) *Change {
	if otherwise && !p.overwrite {
		p.leave(id, f, ReasonStated, f.Fix)
		return nil
	}
	return p.add(&Change{Control: id, Action: Set, Value: value, Stated: otherwise, Review: review}, f, path)
}

// append adds an item to a list.
func (p *planning) append(id pss.ID, f pss.Finding, path, item, review string) {
	p.add(&Change{Control: id, Action: Append, Value: item, Review: review}, f, path)
}

// remove takes away what the object states, if that is wanted.
func (p *planning) remove(id pss.ID, f pss.Finding, path string) {
	if !p.overwrite {
		p.leave(id, f, ReasonStated, f.Fix)
		return
	}
	p.add(&Change{Control: id, Action: Remove, Stated: true}, f, path)
}

// noRoot removes users 0 where pods have to run as others: without that no version
// of the standard that does not forbid them would let the pod start.
func (p *planning) noRoot(id pss.ID) {
	if !p.overwrite {
		return
	}
	if p.template.Pod.SecurityContext.RunAsUser.Is(0) {
		p.add(&Change{Control: id, Action: Remove, Stated: true}, pss.Finding{}, "spec.securityContext.runAsUser")
	}
	for i := range p.template.Pod.Containers {
		c := &p.template.Pod.Containers[i]
		if c.SecurityContext.RunAsUser.Is(0) {
			p.add(&Change{Control: id, Action: Remove, Stated: true}, pss.Finding{Container: c},
				fmt.Sprintf("spec.%s[%d].securityContext.runAsUser", c.Kind.Field(), c.Index))
		}
	}
}

// linuxOnly are the settings that the API server takes only for pods that are not
// of Windows, by how their paths end.
func linuxOnly(path string) bool {
	return !strings.HasSuffix(path, ".runAsNonRoot") && strings.Contains(path, ".securityContext.")
}

// add adds a change at a path of the pod that a finding asks for and returns it, or
// one that does the same; nil if it cannot be.
func (p *planning) add(c *Change, f pss.Finding, path string) *Change {
	var ok bool
	c.text, c.steps, ok = p.template.Text(path)
	if !ok {
		p.leave(c.Control, f, ReasonText, f.Fix)
		return nil
	}
	if p.template.Pod.OS == "windows" && c.Action != Remove && linuxOnly(path) {
		p.leave(c.Control, f, ReasonWindows, "the API server does not take it for a pod of Windows; from v1.25 on the standard does not ask for it")
		return nil
	}
	c.template, c.object = p.template, c.text.Object
	c.Path, c.Container = p.template.FullPath(path), containerAt(f, path)
	c.Line, c.Column = p.template.Position(path)
	c.Was, _ = stated(p.model, c.steps[c.object:])
	if c.Stated {
		c.Review = cmp.Or(c.Review, reviewStated)
	}
	for _, other := range p.changes {
		if compareSteps(other.steps, c.steps) == 0 && other.Action == c.Action && other.Value == c.Value {
			p.cover(other, c.Control, f)
			return other
		}
	}
	p.cover(c, c.Control, f)
	p.changes = append(p.changes, c)
	return c
}

// containerAt is the container that a change is in: a finding in one may be made up
// for in the pod.
func containerAt(f pss.Finding, path string) *pss.Container {
	if f.Container == nil || !strings.HasPrefix(path, "spec."+f.Container.Kind.Field()+"[") {
		return nil
	}
	return f.Container
}

// cover notes that a change makes up for a finding.
func (p *planning) cover(c *Change, id pss.ID, f pss.Finding) {
	if f.Allowed != "" { // it is one
		c.covers = append(c.covers, offence{id, f.Path()})
	}
}

// leave notes why a finding is left.
func (p *planning) leave(id pss.ID, f pss.Finding, why Reason, advice string) {
	p.left[offence{id, f.Path()}] = leftOf(p.template, id, f, why, advice)
}

// states reports whether the object states something at a path of the pod.
func (p *planning) states(path string) bool {
	text, steps, ok := p.template.Text(path)
	if !ok {
		return false
	}
	_, ok = stated(p.model, steps[text.Object:])
	return ok
}

// prunable are the lists and maps that go when they have lost everything.
func prunable(key any) bool {
	return slices.Contains([]any{"add", "sysctls", "capabilities", "seLinuxOptions", "securityContext"}, key)
}

// prune has what is removed take along what would be left empty around it.
func (p *planning) prune() {
	for again := true; again; {
		again = false
		after, err := applied(p.model, p.changes)
		if err != nil {
			return // it is found when the changes are made
		}
		for _, c := range p.changes {
			last := len(c.steps) - 1
			if c.Action != Remove || last <= c.object || !prunable(c.steps[last-1]) {
				continue
			}
			around, ok := stated(after, c.steps[c.object:last])
			list, isList := around.([]any)
			m, isMap := around.(map[string]any)
			if ok && (isList && len(list) == 0 || isMap && len(m) == 0) {
				c.steps, again = c.steps[:last:last], true
			}
		}
	}
}
