package exception

import (
	"fmt"
	"slices"

	"github.com/gabion-security/gabion/pss"
)

// Enforced is a namespace with what its labels enforce.
type Enforced struct {
	Name   string
	Labels map[string]string
	Policy pss.LevelVersion
}

// LintPlugin returns the exceptions that are of no use where the API server's own
// PodSecurity plugin is on: whatever is excepted, it goes by the labels alone.
func LintPlugin(all []*Exception, namespaces []Enforced) []Problem {
	var problems []Problem
	for _, e := range all {
		var names []string
		level := pss.Privileged
		for _, ns := range namespaces {
			if e.in(ns.Name, ns.Labels) && e.counts("enforce") && e.forbidden(ns.Policy) {
				names = append(names, ns.Name)
				level = max(level, ns.Policy.Level)
			}
		}
		if len(names) == 0 {
			continue
		}
		const few = 5
		shown := names
		if len(names) > few {
			shown = append(slices.Clone(names[:few]), fmt.Sprintf("%d more", len(names)-few))
		}
		l := linter{e: e}
		l.add(stillForbidden, "spec.namespaces", "The API server's own plugin is on, and by the labels of "+words(shown)+" it forbids what this covers.",
			"label there enforce: privileged, and have a guard with applyToPods: true and floor.enforce: "+level.String()+" do the enforcing")
		problems = append(problems, l.problems...)
	}
	return problems
}

// forbidden reports whether a policy has a control that is excepted.
func (e *Exception) forbidden(policy pss.LevelVersion) bool {
	return slices.ContainsFunc(pss.ControlsAt(policy), func(c pss.Control) bool {
		return slices.ContainsFunc(e.controls, func(own control) bool {
			return own.id == string(c.ID) || slices.Contains(own.stricter, string(c.ID))
		})
	})
}
