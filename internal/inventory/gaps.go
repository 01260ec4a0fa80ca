package inventory

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Gaps are what is not known of the pods of a cluster, in one line each. Nothing
// may be concluded about a namespace while it has gaps.
type Gaps struct {
	// Everywhere are those that may be in any namespace.
	Everywhere []string
	// In are those of namespaces, by name.
	In map[string][]string
}

// Gaps returns what the inventory lacks. With allowUnchecked, what could not be
// checked does not count.
func (i *Inventory) Gaps(allowUnchecked bool) Gaps {
	g := Gaps{In: map[string][]string{}}
	for _, m := range i.Missing {
		if mayHoldPods(m.Resource) {
			g.add(m.Namespace, fmt.Sprintf("%s could not be listed: %s", m.Resource, m.Reason))
		}
	}
	if !allowUnchecked {
		for _, p := range i.NotChecked {
			g.add(p.Object.Namespace, "not checked: "+p.describe())
		}
	}
	for _, p := range i.Errors {
		line := p.describe()
		if !strings.HasPrefix(p.Reason, unreadable) {
			line = "could not be read: " + line
		}
		g.add(p.Object.Namespace, line)
	}
	return g
}

// unreadable is how a reason begins that says of itself what a gap would.
const unreadable = "cannot be read: "

// Of returns all gaps that concern a namespace.
func (g *Gaps) Of(namespace string) []string { return slices.Concat(g.Everywhere, g.In[namespace]) }

func (g *Gaps) add(namespace, line string) {
	if namespace == "" {
		g.Everywhere = append(g.Everywhere, line)
		return
	}
	g.In[namespace] = append(g.In[namespace], line)
}

// mayHoldPods reports whether a resource may say something about pods. Only what
// surely does not is left out.
func mayHoldPods(resource string) bool {
	_, group, _ := strings.Cut(resource, ".")
	return group != "rbac.authorization.k8s.io" && group != "gabion.io" &&
		!slices.Contains([]string{"namespaces", "serviceaccounts", "podsecuritypolicies.policy"}, resource)
}

// describe names the object, or what is known of it, and says what is wrong.
func (p *Problem) describe() string {
	name := strings.Trim(p.Object.Kind+"/"+p.Object.Name, "/")
	return cmp.Or(name, p.Source.File, "an object") + ": " + p.Reason
}

// UnseenPods returns a line for each workload of the namespace that makes pods
// which nobody has seen, because its controller adds to what it states.
func (n *Namespace) UnseenPods() []string {
	var lines []string
	for _, w := range n.Workloads {
		if w.Pods == 0 && slices.ContainsFunc(w.Templates, func(t Template) bool { return t.Partial }) {
			lines = append(lines, fmt.Sprintf("%s/%s has no pods now, and its controller adds to what it states", w.Kind, w.Name))
		}
	}
	return lines
}
