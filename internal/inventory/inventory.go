package inventory

import (
	"encoding/json"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// Inventory is what a cluster contains.
type Inventory struct {
	// Cluster says which cluster it is, the zero Cluster for manifests.
	Cluster Cluster
	// Server is the API server, the zero Server for manifests.
	Server Server
	// Namespaces are all that there are or that an object names, by name.
	Namespaces []Namespace
	// Only are the namespaces that were asked for, nil if all were: of others
	// nothing is known.
	Only []string
	// Access is who may do what. It is empty for manifests.
	Access Access
	// PodSecurityPolicies are these objects as JSON, by name.
	PodSecurityPolicies []json.RawMessage
	// Documents are the objects of the group gabion.io, by kind and name. Guards and
	// profiles that could not be listed are in Missing, and Unexcepted is why
	// exceptions could not be, which then are none.
	Documents  []Document
	Unexcepted string
	// TemplatePaths are where custom resources hold pods beside the places that
	// package workload knows, by group, kind and path.
	TemplatePaths []workload.TemplatePath
	// PodResources are the custom resources that hold pods, as RBAC names them.
	PodResources []Resource
	// Opaque are the custom resources of which nobody can tell whether they hold
	// pods: their definitions let anything stand in them. Those objects among them
	// that seem to are in NotChecked.
	Opaque []Resource
	// Missing is what could not be listed: nothing is known of it.
	Missing []Missing
	// NotChecked are objects, and kinds of objects, that may hold pods at places
	// that are not known. They must never count as fine.
	NotChecked []Problem
	// Errors are what could not be read. It must never count as fine.
	Errors []Problem
}

// Cluster tells one cluster from another.
type Cluster struct {
	// Address is where its API server was asked, without credentials.
	Address string `json:"address"`
	// UID is that of its namespace kube-system, which no cluster shares with
	// another; empty for who may not read it.
	UID string `json:"uid"`
}

// Server says what an API server is.
type Server struct {
	// Release is what it calls itself, "v1.37.2".
	Release string
	// Version is the minor that it behaves as, and so what the standard's latest
	// means there; the zero Version if it is not known.
	Version pss.Version
}

// Namespace is one namespace and what is in it.
type Namespace struct {
	Name string
	// Stated says that the Namespace itself was seen, and not only named by an
	// object in it. Without it nothing is known of its labels.
	Stated bool
	Labels map[string]string
	// Pods are the pods that exist, by name.
	Pods []Pod
	// Workloads are what makes pods, by kind, name and API version. A workload that
	// another one controls is left out: the other stands for it.
	Workloads []*Workload
}

// Pod is a pod that exists.
type Pod struct {
	Name string
	View *View
	// Controller is the owner that controls the pod, the zero Owner if there is
	// none.
	Controller workload.Owner
	// Workload is one of the namespace's, the one at the top of those that
	// control the pod. It is nil for a pod that none of them made.
	Workload *Workload
}

// Workload is an object that makes pods.
type Workload struct {
	APIVersion, Kind, Name string
	// Templates are the pods it makes, by path; at least one.
	Templates []Template
	// Pods is how many of the namespace's pods it has made.
	Pods int
}

// Template is one kind of pod that a workload makes.
type Template struct {
	// Path is where it stands in the object, such as "spec.template".
	Path string
	// Partial says that the workload's controller adds to the pods on its own.
	Partial bool
	View    *View
}

// View is a pod as Pod Security sees it. It is shared and never changed.
type View struct {
	Pod pss.Pod
	// RuntimeClass is spec.runtimeClassName, for exemptions.
	RuntimeClass string
	// Extra is what only profiles, exceptions and PodSecurityPolicy look at; nil
	// unless [Builder.Extra] asks for it, without labels unless [Builder.Labels]
	// does.
	Extra *workload.Extra
}

// Template returns the view as a reader would.
func (v *View) Template() *workload.Template {
	return &workload.Template{Pod: v.Pod, RuntimeClass: v.RuntimeClass, Extra: v.Extra}
}

// Resource is a resource of the API in any version.
type Resource struct {
	Group string `json:"group"`
	// Name is in the plural, "rollouts".
	Name string `json:"name"`
}

// Access is who may do what in a cluster, each list by namespace and name.
type Access struct {
	ClusterRoles        []rbacv1.ClusterRole
	ClusterRoleBindings []rbacv1.ClusterRoleBinding
	Roles               []rbacv1.Role
	RoleBindings        []rbacv1.RoleBinding
	ServiceAccounts     []ServiceAccount
}

// ServiceAccount is an account that pods run as.
type ServiceAccount struct {
	Namespace, Name string
	// Automount is automountServiceAccountToken.
	Automount pss.Opt[bool]
}

// Missing is a resource that could not be listed.
type Missing struct {
	// Resource is its name with its group, "deployments.apps".
	Resource string
	// Namespace is where it could not be listed, empty for everywhere.
	Namespace string
	// Reason is the API server's, in one line.
	Reason string
}

// Problem is an object that could not be read or judged, and why.
type Problem struct {
	// Source is where it stands, the zero Source in a live cluster.
	Source workload.Source
	Object workload.Object
	// Paths are where it seems to hold pods.
	Paths []string
	// Reason is one line.
	Reason string
}
