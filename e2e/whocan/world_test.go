package whocan_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/gabion-security/gabion/e2e/cluster"
)

// world is RBAC of every kind that makes a difference. Its namespaces: base is
// enforced, free and none are not, and Gabion is installed.
const world = `
apiVersion: v1
kind: Namespace
metadata: {name: base, labels: {pod-security.kubernetes.io/enforce: baseline}}
---
apiVersion: v1
kind: Namespace
metadata: {name: free, labels: {pod-security.kubernetes.io/enforce: privileged}}
---
apiVersion: v1
kind: Namespace
metadata: {name: none}
---
apiVersion: v1
kind: Namespace
metadata: {name: gabion-system, labels: {pod-security.kubernetes.io/enforce: restricted}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: strong, namespace: base}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: weak, namespace: free}
---
# Roles.
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: owner, namespace: base}
rules: [{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: owner, namespace: free}
rules: [{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: status, namespace: base}
rules: [{apiGroups: [""], resources: [namespaces/status], verbs: [patch]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: finalize, namespace: base}
rules: [{apiGroups: [""], resources: [namespaces, namespaces/finalize], verbs: [update, get], resourceNames: [base, free]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: stranger, namespace: none}
rules: [{apiGroups: [""], resources: [namespaces, namespaces/status], verbs: [update, patch], resourceNames: [base]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: any-status}
rules: [{apiGroups: ["*"], resources: ["*/status"], verbs: ["*"]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: no-such-form}
rules: [{apiGroups: [""], resources: ["namespaces/*", "pod*"], verbs: ["*"]}, {apiGroups: ["*"], resources: [pods], verbs: ["cre*"]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: one-webhook}
rules:
- apiGroups: [admissionregistration.k8s.io]
  resources: [validatingwebhookconfigurations]
  verbs: [create, patch, deletecollection]
  resourceNames: [mine]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: impersonator}
rules:
- {apiGroups: [""], resources: [users, groups], verbs: [impersonate], resourceNames: [ann, "system:masters"]}
- {apiGroups: [""], resources: [serviceaccounts], verbs: [impersonate]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: kubelets}
rules: [{apiGroups: [""], resources: [nodes/proxy], verbs: [get, create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: token-maker}
rules: [{apiGroups: [""], resources: [serviceaccounts/token], verbs: [create], resourceNames: [strong]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: binder}
rules: [{apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles, roles], verbs: [bind, escalate]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: debugger}
rules: [{apiGroups: [""], resources: [pods/exec, pods/attach, pods/ephemeralcontainers], verbs: [create, get, patch]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: whole}
aggregationRule: {clusterRoleSelectors: [{matchLabels: {to: whole}}, {matchExpressions: [{key: also, operator: In, values: ["yes"]}]}]}
rules: []
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: part-a, labels: {to: whole}}
rules: [{apiGroups: [gabion.io], resources: ["*"], verbs: [create, weaken]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: part-b, labels: {also: "yes"}}
rules: [{apiGroups: ["", apps, batch], resources: [pods, jobs, deployments, secrets, configmaps], verbs: [create, update]}]
---
# Bindings.
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: strange-forms}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: no-such-form}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: nobody-strong}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: everybody}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: debugger}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:authenticated"}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: by-user-name, namespace: base}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: status}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: "system:serviceaccount:base:strong"}
- {kind: ServiceAccount, name: weak, namespace: free}
`

// bound are roles and who has them where: role, namespace ("" for a binding of
// the cluster), subject. A role in a namespace is one of its own if it has one
// of the name, else one of the cluster.
var bound = [][3]string{
	{"Role/owner", "base", "User/tenant"},
	{"Role/owner", "free", "Group/tenants"},
	{"Role/status", "base", "User/status"},
	{"Role/finalize", "base", "User/finalize"},
	{"Role/stranger", "none", "User/stranger"},
	{"ClusterRole/any-status", "none", "Group/watchers"},
	{"ClusterRole/any-status", "", "User/janitor"},
	{"ClusterRole/one-webhook", "", "User/webhook"},
	{"ClusterRole/one-webhook", "base", "User/nobody-strong"},
	{"ClusterRole/impersonator", "", "Group/support"},
	{"ClusterRole/impersonator", "free", "User/free-support"},
	{"ClusterRole/kubelets", "", "ServiceAccount/monitoring/agent"},
	{"ClusterRole/kubelets", "base", "User/nobody-strong"},
	{"ClusterRole/token-maker", "base", "User/tokens"},
	{"ClusterRole/token-maker", "free", "User/nobody-strong"},
	{"ClusterRole/binder", "base", "User/binder"},
	{"ClusterRole/binder", "", "ServiceAccount/base/strong"},
	{"ClusterRole/whole", "", "Group/whole"},
	{"ClusterRole/whole", "gabion-system", "User/ann"},
	{"ClusterRole/admin", "none", "User/none-admin"},
	{"ClusterRole/edit", "free", "Group/system:serviceaccounts:free"},
	{"ClusterRole/view", "", "Group/readers"},
	{"ClusterRole/cluster-admin", "", "User/root"},
	{"ClusterRole/cluster-admin", "base", "Group/system:serviceaccounts:gabion-system"},
	{"ClusterRole/gone", "", "User/nobody-strong"},
}

// build brings the world into a cluster, with some more of it made at random.
func build(t *testing.T, plane *cluster.Cluster, random *rand.Rand) {
	t.Helper()
	apply := plane.Kubectl(t.Context(), "apply", "-f", "-")
	apply.Stdin = strings.NewReader(world)
	if out, err := apply.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for i, b := range bound {
		bind(t, plane, fmt.Sprintf("bound-%d", i), b)
	}
	for i := range 30 {
		addRandom(t, plane, random, i)
	}
	aggregate(t, plane)
}

// bind makes a binding.
func bind(t *testing.T, plane *cluster.Cluster, name string, b [3]string) {
	t.Helper()
	kind, role, _ := strings.Cut(b[0], "/")
	ref := rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: kind, Name: role}
	parts := strings.Split(b[2], "/")
	subject := rbacv1.Subject{Kind: parts[0], Name: parts[len(parts)-1]}
	if len(parts) == 3 {
		subject.Namespace = parts[1]
	} else {
		subject.APIGroup = rbacv1.GroupName
	}
	var err error
	rbac := plane.Client().RbacV1()
	if b[1] == "" {
		_, err = rbac.ClusterRoleBindings().Create(t.Context(), &rbacv1.ClusterRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: name}, RoleRef: ref, Subjects: []rbacv1.Subject{subject},
		}, metav1.CreateOptions{})
	} else {
		_, err = rbac.RoleBindings(b[1]).Create(t.Context(), &rbacv1.RoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: name}, RoleRef: ref, Subjects: []rbacv1.Subject{subject},
		}, metav1.CreateOptions{})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// addRandom makes a role of random rules, and binds it.
func addRandom(t *testing.T, plane *cluster.Cluster, random *rand.Rand, i int) {
	t.Helper()
	some := func(from ...string) []string {
		picked := []string{}
		for range 1 + random.IntN(2) {
			picked = append(picked, from[random.IntN(len(from))])
		}
		return picked
	}
	var rules []rbacv1.PolicyRule
	for range 1 + random.IntN(3) {
		r := rbacv1.PolicyRule{
			APIGroups: some("", "", "apps", "batch", "rbac.authorization.k8s.io", "admissionregistration.k8s.io", "gabion.io", "*"),
			Resources: some("namespaces", "namespaces/status", "*/status", "*/exec", "pods", "pods/exec", "deployments", "*", "secrets",
				"serviceaccounts", "serviceaccounts/token", "roles", "users", "nodes/proxy", "mutatingwebhookconfigurations", "podsecurityguards"),
			Verbs: some("get", "create", "update", "patch", "delete", "deletecollection", "bind", "escalate", "impersonate", "*"),
		}
		if random.IntN(3) == 0 {
			r.ResourceNames = some("base", "free", "none", "strong", "gabion-tls", "mine")
		}
		rules = append(rules, r)
	}
	name := fmt.Sprintf("random-%d", i)
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: name}, Rules: rules}
	if _, err := plane.Client().RbacV1().ClusterRoles().Create(t.Context(), role, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	namespace := []string{"", "base", "free", "none", "gabion-system"}[random.IntN(5)]
	subject := []string{"User/" + name, "Group/" + name, "ServiceAccount/random/" + name}[random.IntN(3)]
	bind(t, plane, name, [3]string{"ClusterRole/" + name, namespace, subject})
}

// aggregate does what a controller does that does not run here.
func aggregate(t *testing.T, plane *cluster.Cluster) {
	t.Helper()
	client := plane.Client().RbacV1().ClusterRoles()
	for range 3 { // parts of parts
		all, err := client.List(t.Context(), metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, role := range all.Items {
			if role.AggregationRule == nil {
				continue
			}
			role.Rules = partsOf(t, &role, all.Items)
			if _, err := client.Update(t.Context(), &role, metav1.UpdateOptions{}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func partsOf(t *testing.T, whole *rbacv1.ClusterRole, all []rbacv1.ClusterRole) (rules []rbacv1.PolicyRule) {
	t.Helper()
	for _, s := range whole.AggregationRule.ClusterRoleSelectors {
		selector, err := metav1.LabelSelectorAsSelector(&s)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range all {
			if part.Name != whole.Name && selector.Matches(labels.Set(part.Labels)) {
				rules = append(rules, part.Rules...)
			}
		}
	}
	return rules
}
