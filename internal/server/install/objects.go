package install

// Object is one object of an installation.
type Object struct {
	// Kind and Name are for people: "deployment.apps", "gabion".
	Kind, Name string
	// Path is where it is in the API.
	Path string
}

// SecretName is the name of the Secret with CA and certificate, which the
// program makes.
const SecretName = "gabion-tls" //nolint:gosec // its name is no secret

// Label marks what belongs to an installation.
const Label = "app.kubernetes.io/name"

// Objects returns the objects of an installation but its namespace, in the order
// in which they are to be deleted: first what serves, last what it needs for
// that.
func Objects(namespace string) []Object {
	in := func(group, resource, namespace, kind, name string) Object {
		return Object{Kind: kind, Name: name, Path: group + "/namespaces/" + namespace + "/" + resource + "/" + name}
	}
	const rbac = "/apis/rbac.authorization.k8s.io/v1"
	return []Object{
		in("/apis/apps/v1", "deployments", namespace, "deployment.apps", "gabion"),
		in("/apis/policy/v1", "poddisruptionbudgets", namespace, "poddisruptionbudget.policy", "gabion"),
		in("/apis/networking.k8s.io/v1", "networkpolicies", namespace, "networkpolicy.networking.k8s.io", "gabion"),
		in("/api/v1", "services", namespace, "service", "gabion"),
		in("/api/v1", "configmaps", namespace, "configmap", "gabion"),
		in("/api/v1", "secrets", namespace, "secret", SecretName),
		in("/api/v1", "resourcequotas", namespace, "resourcequota", "gabion"),
		in(rbac, "rolebindings", "default", "rolebinding.rbac.authorization.k8s.io", "gabion-events"),
		in(rbac, "roles", "default", "role.rbac.authorization.k8s.io", "gabion-events"),
		in(rbac, "rolebindings", namespace, "rolebinding.rbac.authorization.k8s.io", "gabion"),
		in(rbac, "roles", namespace, "role.rbac.authorization.k8s.io", "gabion"),
		{Kind: "clusterrolebinding.rbac.authorization.k8s.io", Name: "gabion", Path: rbac + "/clusterrolebindings/gabion"},
		{Kind: "clusterrole.rbac.authorization.k8s.io", Name: "gabion", Path: rbac + "/clusterroles/gabion"},
		in("/api/v1", "serviceaccounts", namespace, "serviceaccount", "gabion"),
	}
}

// Namespace returns the namespace of an installation.
func Namespace(name string) Object {
	return Object{Kind: "namespace", Name: name, Path: "/api/v1/namespaces/" + name}
}
