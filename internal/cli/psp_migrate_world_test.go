package cli

import "testing"

// The objects of oldWorld.
const (
	policyR  = "/apis/policy/v1beta1/podsecuritypolicies/r"
	copyOfR  = "/apis/policy/v1beta1/podsecuritypolicies/0-r"
	roleOfR  = "/apis/rbac.authorization.k8s.io/v1/clusterroles/use-r"
	webOfOld = "/apis/apps/v1/namespaces/shop/deployments/web"
)

// oldWorld is a cluster whose namespace shop has a Deployment that policy r changes
// the pods of.
func oldWorld(t *testing.T) *oldServer {
	t.Helper()
	const rbac = `"apiVersion":"rbac.authorization.k8s.io/v1"`
	return &oldServer{t: t, labels: map[string]map[string]string{"shop": nil}, objects: map[string]map[string]any{
		policyR: object(`{"apiVersion":"policy/v1beta1","kind":"PodSecurityPolicy","metadata":{"name":"r","annotations":{
			"seccomp.security.alpha.kubernetes.io/allowedProfileNames":"*","seccomp.security.alpha.kubernetes.io/defaultProfileName":"runtime/default"}},
			"spec":{"allowPrivilegeEscalation":false,"requiredDropCapabilities":["ALL"],"volumes":["secret"],"allowedHostPaths":[{"pathPrefix":"/var"}],
			"runAsUser":{"rule":"MustRunAsNonRoot"},"seLinux":{"rule":"RunAsAny"},"fsGroup":{"rule":"RunAsAny"},"supplementalGroups":{"rule":"RunAsAny"}}}`),
		roleOfR: object(`{` + rbac + `,"kind":"ClusterRole","metadata":{"name":"use-r","uid":"u","resourceVersion":"3"},"rules":[
			{"apiGroups":[""],"resources":["pods"],"verbs":["get"]},
			{"apiGroups":["policy"],"resources":["podsecuritypolicies"],"resourceNames":["r"],"verbs":["use"]}]}`),
		"/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/use-r": object(`{` + rbac + `,"kind":"ClusterRoleBinding","metadata":{"name":"use-r"},
			"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"use-r"},
			"subjects":[{"apiGroup":"rbac.authorization.k8s.io","kind":"Group","name":"system:serviceaccounts"}]}`),
		webOfOld: object(`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop","uid":"w","resourceVersion":"5"},"spec":{
			"selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{"labels":{"app":"web"}},"spec":{
			"securityContext":{},"containers":[{"name":"web","image":"i","securityContext":{"capabilities":{"drop":["CHOWN"]}}}]}}}}`),
	}}
}
