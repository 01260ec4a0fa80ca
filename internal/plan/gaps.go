package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gabion-security/gabion/internal/inventory"
)

// gaps are what was not seen, in one line each.
type gaps struct {
	everywhere []string
	in         map[string][]string
}

func (g *gaps) add(namespace, line string) {
	if namespace == "" {
		g.everywhere = append(g.everywhere, line)
		return
	}
	g.in[namespace] = append(g.in[namespace], line)
}

// findGaps collects what the inventory lacks. What names no namespace may be in
// any of them.
func findGaps(inv *inventory.Inventory, o *Options) gaps {
	g := gaps{in: map[string][]string{}}
	for _, m := range inv.Missing {
		if matters(m.Resource) {
			g.add(m.Namespace, fmt.Sprintf("%s could not be listed: %s", m.Resource, m.Reason))
		}
	}
	if !o.AllowUnchecked {
		for i := range inv.NotChecked {
			g.add(inv.NotChecked[i].Object.Namespace, "not checked: "+problem(&inv.NotChecked[i]))
		}
	}
	for i := range inv.Errors {
		g.add(inv.Errors[i].Object.Namespace, "could not be read: "+problem(&inv.Errors[i]))
	}
	return g
}

func problem(p *inventory.Problem) string {
	name := strings.TrimPrefix(p.Object.Kind+"/"+p.Object.Name, "/")
	switch {
	case name == "" && p.Source.File != "":
		name = p.Source.File
	case p.Object.Name == "":
		name = p.Object.Kind
	}
	return name + ": " + p.Reason
}

// matters reports whether a resource says anything about pods. Only what surely
// does not is left out.
func matters(resource string) bool {
	_, group, _ := strings.Cut(resource, ".")
	return group != "rbac.authorization.k8s.io" &&
		!slices.Contains([]string{"serviceaccounts", "podsecuritypolicies.policy"}, resource)
}

// unseenPods says which workloads make pods that nobody has seen: their
// controllers add to them.
func unseenPods(units []unit) []string {
	var lines []string
	for i := range units {
		if u := &units[i]; u.partial() && len(u.pods) == 0 {
			lines = append(lines, fmt.Sprintf("%s/%s has no pods now, and its controller adds to what it states", u.object.Kind, u.object.Name))
		}
	}
	return lines
}
