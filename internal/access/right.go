package access

import "github.com/gabion-security/gabion/internal/inventory"

// Right is something that nobody but administrators should be able to do.
type Right struct {
	// ID names the right for programs, Title says it in a few words, and Why
	// says in a sentence what it is good for.
	ID, Title, Why string
}

// right is a Right with the permissions that each give it.
type right struct {
	Right

	permissions []permission
	// as says whose rights come with it.
	as identity
}

// identity is who somebody can be with a right, beside who they are.
type identity int

const (
	noIdentity   identity = iota
	asUser                // any user, or those that are named
	asGroup               // the same for groups
	asAccount             // the service accounts of the namespace that are named
	asAnyAccount          // all service accounts of the namespace, whatever is named
	asRole                // whoever has a role, any or those that are named
)

// scope is where a permission counts.
type scope int

const (
	// ofCluster is for objects without a namespace: only a ClusterRoleBinding
	// gives anything.
	ofCluster scope = iota
	// inNamespace counts in every namespace.
	inNamespace
	// theNamespace is for Namespace objects. The API server asks in the namespace
	// itself whether its object may be changed, so that a Role in it counts.
	theNamespace
	// inOpen counts in namespaces where nothing is enforced.
	inOpen
	// installed counts where Gabion runs, for its own objects.
	installed
)

// permission is a list of verbs on resources of one API group.
type permission struct {
	scope     scope
	group     string
	verbs     []string
	resources []string
	// counts says which names matter where only some objects are allowed; nil for
	// all names.
	counts func(name string) bool
}

// API groups.
const (
	coreGroup         = ""
	rbacGroup         = "rbac.authorization.k8s.io"
	admissionGroup    = "admissionregistration.k8s.io"
	authenticateGroup = "authentication.k8s.io"
	gabionGroup       = "gabion.io"
)

// writing are the verbs that change objects.
func writing() []string { return []string{"create", "update", "patch", "delete", "deletecollection"} }

func changing() []string { return []string{"update", "patch"} }

// making are the verbs by which a workload comes to make other pods.
func making() []string { return []string{"create", "update", "patch"} }

// nodesProxy is in both catalogues.
func nodesProxy() right {
	return right{
		Right: Right{
			"nodes-proxy", "reach the kubelets",
			"A kubelet runs commands in any pod of its node, and neither admission nor the audit log of the API server sees it.",
		},
		permissions: []permission{{group: coreGroup, verbs: []string{"get", "create"}, resources: []string{"nodes/proxy"}}},
	}
}

// workloads are the permissions to have pods made, in a scope.
func workloads(s scope, custom []inventory.Resource) []permission {
	all := []permission{
		{scope: s, group: coreGroup, verbs: []string{"create"}, resources: []string{"pods"}},
		{scope: s, group: coreGroup, verbs: making(), resources: []string{"replicationcontrollers"}},
		{scope: s, group: "apps", verbs: making(), resources: []string{"daemonsets", "deployments", "replicasets", "statefulsets"}},
		{scope: s, group: "batch", verbs: making(), resources: []string{"cronjobs", "jobs"}},
	}
	for _, r := range custom {
		if last := &all[len(all)-1]; last.group == r.Group {
			last.resources = append(last.resources, r.Name)
		} else {
			all = append(all, permission{scope: s, group: r.Group, verbs: making(), resources: []string{r.Name}})
		}
	}
	return all
}

// Rights returns all rights that are looked for, the most direct first.
func Rights(aim Aim) []Right {
	catalogue := weakening(nil)
	if aim == Bypass {
		catalogue = bypassing(0, nil)
	}
	rights := make([]Right, len(catalogue))
	for i := range catalogue {
		rights[i] = catalogue[i].Right
	}
	return rights
}
