package policy

import (
	"slices"

	"github.com/gabion-security/gabion/internal/admission"
	"github.com/gabion-security/gabion/internal/exception"
	"github.com/gabion-security/gabion/internal/guard"
)

// guards are the guards of admission. In excluded namespaces nobody asks about
// pods: they are as good as exempt.
type guards struct {
	set      guard.Set
	excluded []string
}

var _ admission.Guards = guards{}

// Changes returns what judges changes of namespaces; nil if there are no guards. In
// excluded namespaces nobody asks about pods.
func (p *Set) Changes(excluded []string) admission.Guards {
	if p.Guards.Len() == 0 {
		return nil
	}
	return guards{p.Guards, excluded}
}

// Judge judges a change of a namespace.
func (g guards) Judge(c admission.NamespaceChange) admission.Guarding {
	ruling := g.set.Judge(guard.Change{
		Name: c.Name, New: c.New, Before: c.Before, After: c.After, Exempt: c.Exempt || slices.Contains(g.excluded, c.Name), Defaults: c.Defaults, Evaluator: c.Evaluator,
	})
	var said admission.Guarding
	for _, w := range ruling.Weakenings {
		said.Weakenings = append(said.Weakenings, admission.Weakening{
			Refused: w.Action == guard.Deny, Told: w.Action == guard.Warn, Text: w.String(),
		})
	}
	for _, r := range ruling.Relaxations {
		said.Notices = append(said.Notices, r.String())
	}
	return said
}

// Missing returns the labels that a new namespace gets.
func (g guards) Missing(name string, labels map[string]string) map[string]string {
	return g.set.Missing(name, labels)
}

// entering says which exceptions a namespace comes to have by its name or labels.
type entering struct {
	set *exception.Set
}

var _ guard.Exceptions = entering{}

// Of returns the names of all but those of every namespace. One that has ended counts:
// it would cover the namespace unseen once its end is put off.
func (x entering) Of(namespace string, labels map[string]string) []string {
	var names []string
	for _, e := range x.set.InNamespace(namespace, labels) {
		if !e.Spec.Namespaces.All {
			names = append(names, e.Name)
		}
	}
	return names
}
