package report

import (
	"strings"
)

// policyKeys are the six labels in the order in which people write them.
func policyKeys() []string {
	var keys []string
	for _, mode := range []string{"enforce", "warn", "audit"} {
		key := "pod-security.kubernetes.io/" + mode
		keys = append(keys, key, key+"-version")
	}
	return keys
}

// isNamespaceName reports whether a namespace can have the name. Names go into
// shells and files only if it can: an API server has no others.
func isNamespaceName(s string) bool {
	if s == "" || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// changing yields the namespaces whose labels change, and says in comments which
// could not be written.
func changing(p *Plan, b *strings.Builder, each func(n *PlanNamespace)) {
	for i := range p.Namespaces {
		n := &p.Namespaces[i]
		if !n.Change {
			continue
		}
		if !isNamespaceName(n.Name) {
			b.WriteString("# left out, because no namespace can have this name: " + Escape(n.Name) + "\n")
			continue
		}
		each(n)
	}
}

// why says in a comment what the labels of a namespace change.
func why(n *PlanNamespace) string {
	text := n.Name + ": " + n.doNow()
	if n.Stage == StageIncomplete {
		text += "; what is enforced stays, because not everything could be seen"
	} else if fix := n.toFix(); fix != "-" {
		text += "; to fix: " + fix
	}
	if n.leavesEnforced() {
		text += "; what is enforced stays with the API server's defaults, which are not known"
	}
	return "# " + text + "\n"
}

// planKubectl is the plan as commands.
func planKubectl(p *Plan) string {
	var b strings.Builder
	b.WriteString("# Kubernetes " + p.Latest + ", target " + p.Target + ": " + countChanges(p) + " to label\n")
	changing(p, &b, func(n *PlanNamespace) {
		b.WriteString("\n" + why(n) + "kubectl label --overwrite ns " + n.Name)
		for _, key := range policyKeys() {
			if value, ok := n.Labels[key]; ok {
				b.WriteString(" \\\n  " + key + "=" + value)
			}
		}
		b.WriteByte('\n')
		if n.leavesEnforced() {
			b.WriteString("# the other two, if privileged is the API server's default:\n# kubectl label ns " + n.Name +
				" \\\n#   pod-security.kubernetes.io/enforce=privileged \\\n#   pod-security.kubernetes.io/enforce-version=" + p.Pin + "\n")
		}
	})
	return b.String()
}

// leavesEnforced reports whether a namespace gets no enforce label because what is
// enforced without one is not known.
func (n *PlanNamespace) leavesEnforced() bool {
	return n.Stage != StageIncomplete && n.Labels["pod-security.kubernetes.io/enforce"] == ""
}

func countChanges(p *Plan) string {
	changed := 0
	for i := range p.Namespaces {
		if p.Namespaces[i].Change {
			changed++
		}
	}
	return countOf(changed, "namespace")
}

// planKustomize is the plan as a component of a kustomization, so that it can be
// written anew without touching what holds the Namespaces.
func planKustomize(p *Plan) string {
	var b strings.Builder
	b.WriteString(`# kustomization.yaml of a component. Put it into a folder of its own, say
# pod-security, and name that in the kustomization that holds the Namespaces:
#
#   resources: [namespaces.yaml]
#   components: [pod-security]
#
# Kubernetes ` + p.Latest + ", target " + p.Target + ": " + countChanges(p) + ` to label
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
`)
	begun := false
	changing(p, &b, func(n *PlanNamespace) {
		if !begun {
			b.WriteString("patches:\n")
			begun = true
		}
		b.WriteString(why(n) + "- target:\n    version: v1\n    kind: Namespace\n    name: \"" + n.Name + "\"\n  patch: |-\n" +
			"    apiVersion: v1\n    kind: Namespace\n    metadata:\n      name: \"" + n.Name + "\"\n      labels:\n")
		for _, key := range policyKeys() {
			if value, ok := n.Labels[key]; ok {
				b.WriteString("        " + key + ": " + value + "\n")
			}
		}
	})
	if !begun {
		b.WriteString("patches: []\n")
	}
	return b.String()
}
