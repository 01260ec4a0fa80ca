package cli

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gabion-security/gabion/internal/access"
	"github.com/gabion-security/gabion/internal/psp"
	"github.com/gabion-security/gabion/internal/rbac"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/internal/server/install"
	"github.com/gabion-security/gabion/pss"
)

// calendar says what a version means.
func calendar(version pss.Version) []string {
	lines := []string{
		"PodSecurityPolicy was deprecated in Kubernetes v1.21 and removed in v1.25. Pod Security admission is there from v1.22, on by default from v1.23 and stable from v1.25.",
	}
	switch {
	case version < pss.V1(22):
		return append(lines, fmt.Sprintf("%s has no Pod Security admission: labels mean nothing yet. Upgrade to v1.23 or v1.24, where both are there, and migrate before v1.25.", version))
	case version < firstWithLevels:
		return append(lines, fmt.Sprintf("In %s Pod Security admission is behind the feature gate PodSecurity. Upgrade to v1.23 or v1.24, where both are there, and migrate before v1.25.", version))
	case version <= lastWithPolicies:
		return append(lines, fmt.Sprintf("%s has both: this is the time to migrate. An upgrade to v1.25 ends all that policies do, whether they have been replaced or not.", version))
	}
	return append(lines, fmt.Sprintf("%s has no PodSecurityPolicy: what policies asked is asked no more, unless labels do. Steps 0, 2 and 3d are of the past.", version))
}

// editors are who can label or create namespaces, but for components of
// Kubernetes.
func (m *migration) editors() []report.MigrationEditor {
	found := []report.MigrationEditor{}
	answer := access.Ask(access.Question{Aim: access.Weaken, Inventory: m.inv, Installation: install.DefaultNamespace})
	for _, g := range answer.Grants {
		e := report.MigrationEditor{Binding: g.Binding.String(), Role: g.Role.String(), Subjects: []string{}, Can: []string{}, Where: []string{}}
		for _, s := range people(g.Subjects) {
			e.Subjects = append(e.Subjects, subjectName(s))
		}
		for _, right := range g.Rights {
			if right.ID != "namespace-labels" && right.ID != "create-namespaces" {
				continue
			}
			if !slices.Contains(e.Can, right.Title) {
				e.Can = append(e.Can, right.Title)
			}
			where := right.Namespaces
			if right.Everywhere {
				where = []string{"everywhere"}
			}
			for _, name := range where {
				if !slices.Contains(e.Where, name) {
					e.Where = append(e.Where, name)
				}
			}
		}
		if len(e.Subjects) > 0 && len(e.Can) > 0 {
			found = append(found, e)
		}
	}
	return found
}

func subjectName(s access.Subject) string {
	if s.Namespace != "" {
		return s.Kind + " " + s.Namespace + "/" + s.Name
	}
	return s.Kind + " " + s.Name
}

// bypassed reports whether the service accounts of a namespace were given the policy
// that admits everything. By a role that names no policy nobody has said that
// PodSecurityPolicy is to end there.
func (m *migration) bypassed(namespace string) bool {
	return m.authorizer != nil && m.backup.has(psp.BypassName) && m.onPurpose.Allowed(
		rbac.User{Groups: []string{"system:serviceaccounts:" + namespace}},
		rbac.Request{Verb: "use", Group: "policy", Resource: "podsecuritypolicies", Namespace: namespace, Name: psp.BypassName},
	)
}

// bypassRole lets the policy that admits everything be used.
func bypassRole() *rbacv1.ClusterRole {
	return &rbacv1.ClusterRole{
		TypeMeta: rbacType(rbac.KindClusterRole), ObjectMeta: metav1.ObjectMeta{Name: bypassBinding},
		Rules: []rbacv1.PolicyRule{{
			APIGroups: []string{"policy"}, Resources: []string{"podsecuritypolicies"}, ResourceNames: []string{psp.BypassName}, Verbs: []string{"use"},
		}},
	}
}

// bypassRoleBinding gives the role to the service accounts of a namespace.
func bypassRoleBinding(namespace string) *rbacv1.RoleBinding {
	return &rbacv1.RoleBinding{
		TypeMeta: rbacType(rbac.KindRoleBinding), ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: bypassBinding},
		RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: rbac.KindClusterRole, Name: bypassBinding},
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: "system:serviceaccounts:" + namespace}},
	}
}

// bypass reports the policy that admits everything.
func (m *migration) bypass() (err error) {
	b := &m.report.Bypass
	b.All = []string{}
	if !m.hasPolicies() {
		return nil
	}
	b.Binding = bypassBinding
	for _, binding := range m.forEveryPolicy() {
		b.All = append(b.All, binding.Role.String())
	}
	slices.Sort(b.All)
	b.All = slices.Compact(b.All)
	b.There = m.backup.has(psp.BypassName) && slices.ContainsFunc(m.backup.roles.ClusterRoles, func(r rbacv1.ClusterRole) bool {
		return r.Name == bypassBinding
	})
	if b.Policy, err = json.Marshal(psp.Bypass().Document()); err == nil {
		b.Role, err = json.Marshal(bypassRole())
	}
	return err
}

// retire returns the commands that delete what nobody needs in the end.
func (m *migration) retire() []string {
	commands := []string{}
	remove := func(kind, namespace, name string) {
		if namespace == "" {
			commands = append(commands, kubectl([]string{name}, "delete "+kind+" "+name))
			return
		}
		commands = append(commands, kubectl([]string{namespace, name}, "-n "+namespace+" delete "+kind+" "+name))
	}
	for _, p := range m.backup.policies {
		remove("podsecuritypolicy", "", p.Name)
	}
	only := map[rbac.Ref]bool{}
	roles := &m.backup.roles
	for i := range roles.ClusterRoles {
		if r := &roles.ClusterRoles[i]; onlyUse(r.Rules) {
			only[rbac.Ref{Kind: rbac.KindClusterRole, Name: r.Name}] = true
			remove("clusterrole", "", r.Name)
		}
	}
	for i := range roles.Roles {
		if r := &roles.Roles[i]; onlyUse(r.Rules) {
			only[rbac.Ref{Kind: rbac.KindRole, Namespace: r.Namespace, Name: r.Name}] = true
			remove("role", r.Namespace, r.Name)
		}
	}
	for _, b := range rbac.Bindings(roles) {
		if only[b.Role] {
			remove(strings.ToLower(b.Ref.Kind), b.Ref.Namespace, b.Ref.Name)
		}
	}
	return commands
}

// onlyUse reports whether rules give nothing but the use of policies.
func onlyUse(rules []rbacv1.PolicyRule) bool {
	other := func(all []string, known ...string) bool {
		return len(all) == 0 || slices.ContainsFunc(all, func(s string) bool { return !slices.Contains(known, s) })
	}
	return len(rules) > 0 && !slices.ContainsFunc(rules, func(r rbacv1.PolicyRule) bool {
		return other(r.APIGroups, "policy", "extensions") || other(r.Resources, "podsecuritypolicies") || other(r.Verbs, "use")
	})
}

// steps says where each step stands.
func (m *migration) steps() []report.MigrationStep {
	mutating, lossy, missing := 0, 0, 0
	for i := range m.report.Policies {
		p := &m.report.Policies[i]
		if len(p.Mutates) > 0 {
			mutating++
		}
		if len(p.Lost) > 0 {
			lossy++
		}
		if toCopy(p) {
			missing++
		}
	}
	ours, done, bypassed := 0, 0, 0
	for i := range m.report.Namespaces {
		switch n := &m.report.Namespaces[i]; n.State {
		case report.MigrationNamespaceLeft:
		case report.MigrationNamespaceDone:
			ours, done, bypassed = ours+1, done+1, bypassed+1
		case report.MigrationNamespaceBypass:
			ours, done = ours+1, done+1
		default:
			ours++
		}
	}
	// What could not be read may be anything, so that nothing is done.
	unread := m.unread()
	state := func(done bool, otherwise string) string {
		if done && !unread {
			return report.MigrationDone
		}
		return otherwise
	}
	last := report.MigrationWaits
	switch {
	case !m.hasPolicies():
		last = report.MigrationDone
	case bypassed == ours && len(m.source.namespaces) == 0 && !unread:
		last = report.MigrationOpen
	}
	of := func(n int, what string) string { return fmt.Sprintf("%d of %d %s", n, ours, what) }
	step := func(number, title, state, why string) report.MigrationStep {
		return report.MigrationStep{Step: number, Title: title, State: state, Why: why}
	}
	fit := step("0", "Does Pod Security fit?", state(mutating+lossy == 0, report.MigrationDecide), fmt.Sprintf(
		"%d of %d policies change pods, %d ask for more than a level", mutating, len(m.report.Policies), lossy))
	if n := len(m.report.LeftOut); n > 0 {
		fit.State, fit.Why = report.MigrationOpen, fit.Why+"; "+countPolicies(n)+" left out"
	}
	steps := []report.MigrationStep{
		fit,
		step("1", "Who can edit namespaces?", state(len(m.report.Editors) == 0, report.MigrationDecide), plural(len(m.report.Editors), "binding")+" to look at"),
		step("2", "Simplify the policies", state(missing == 0, report.MigrationOpen), countPolicies(missing)+" to copy"),
		step("3", "Labels, namespace by namespace", state(done == ours, report.MigrationOpen), of(done, "namespaces enforce what they can")),
		step("3d", "PodSecurityPolicy taken away in each", state(!m.hasPolicies() || bypassed == ours, report.MigrationOpen), of(bypassed, "namespaces are past it")),
		step("4", "How namespaces are made", report.MigrationDecide, "and what the API server takes for those without labels"),
		step("5", "Switch the plugin off, delete the policies", last, "printed, never done"),
	}
	for i := range steps[:5] {
		if unread {
			steps[i].Why += "; not everything could be read"
		}
	}
	return steps
}

// unread reports whether something could not be read. Policies that are left out
// were, and are told of on their own.
func (m *migration) unread() bool {
	if inv := m.missingOnly(); len(inv.Missing)+len(inv.Errors) > 0 {
		return true
	}
	return slices.ContainsFunc(m.report.Errors, func(e report.Error) bool {
		return !slices.ContainsFunc(m.report.LeftOut, func(l report.MigrationLeftOut) bool { return l.Source == e.Source })
	})
}

func countPolicies(n int) string {
	if n == 1 {
		return "1 policy"
	}
	return fmt.Sprintf("%d policies", n)
}
