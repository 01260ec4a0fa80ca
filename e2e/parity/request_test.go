package parity_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// request is one request, the same for both API servers.
type request struct {
	// what says what the request is, for people.
	what         string
	user         string
	method       string
	path         string // with the query
	contentType  string
	body         []byte
	resource     string
	generateName string
	// keptAway tells that it is an update of a pod that changes no image and no
	// container: Gabion is not asked.
	keptAway bool
	// odd is a text in the request that Gabion does not print as it is.
	odd odd
	// repair tells that it changes labels some of which were and are invalid.
	repair bool
}

// odd is a text that Gabion shows otherwise than the plugin.
type odd struct {
	raw, shown string
	// dropped tells that the API server sends no warnings with it.
	dropped bool
}

// The users. All may do everything.
const (
	ordinaryUser = "jane"
	exemptUser   = "system:serviceaccount:kube-system:replicaset-controller"
)

// The content types of requests.
const (
	asJSON      = "application/json"
	mergePatch  = "application/merge-patch+json"
	strategic   = "application/strategic-merge-patch+json"
	serverApply = "application/apply-patch+yaml"
)

// groups are the path prefixes of the resources.
var groups = map[string]string{
	"namespaces": "/api/v1", "pods": "/api/v1", "replicationcontrollers": "/api/v1", "podtemplates": "/api/v1",
	"replicasets": "/apis/apps/v1", "deployments": "/apis/apps/v1", "statefulsets": "/apis/apps/v1", "daemonsets": "/apis/apps/v1",
	"jobs": "/apis/batch/v1", "cronjobs": "/apis/batch/v1",
}

// pathOf returns the path of a resource's collection or, with further parts, of
// an object or its subresource.
func pathOf(resource, namespace string, parts ...string) string {
	path := groups[resource]
	if namespace != "" {
		path += "/namespaces/" + namespace
	}
	return strings.Join(append([]string{path, resource}, parts...), "/")
}

// create returns the request that creates an object.
func create(resource, namespace string, object metav1.Object) *request {
	return &request{
		what: "create " + resource, user: ordinaryUser, method: http.MethodPost, path: pathOf(resource, namespace),
		contentType: asJSON, body: marshal(object), resource: resource, generateName: object.GetGenerateName(),
	}
}

// patch returns the request that patches an object, or its subresource: "a",
// "a/status".
func patch(resource, namespace, name, contentType, body string) *request {
	return &request{
		what: "patch " + resource + " " + name, user: ordinaryUser, method: http.MethodPatch, path: pathOf(resource, namespace, name),
		contentType: contentType, body: []byte(body), resource: resource,
	}
}

// put returns the request that replaces a namespace, or its status.
func put(ns *corev1.Namespace, subresource ...string) *request {
	return &request{
		what: "replace namespaces " + ns.Name, user: ordinaryUser, method: http.MethodPut,
		path: pathOf("namespaces", "", append([]string{ns.Name}, subresource...)...), contentType: asJSON, body: marshal(ns), resource: "namespaces",
	}
}

// remove returns the request that deletes an object at once.
func remove(resource, namespace, name string) *request {
	return &request{
		what: "delete " + resource, user: ordinaryUser, method: http.MethodDelete, resource: resource,
		path: pathOf(resource, namespace, name) + "?gracePeriodSeconds=0", contentType: asJSON,
	}
}

// dry makes the request one that changes nothing.
func (r *request) dry() *request {
	separator := "?"
	if strings.Contains(r.path, "?") {
		separator = "&"
	}
	r.path += separator + "dryRun=All"
	r.what += " (dry run)"
	return r
}

// by makes the request another user's.
func (r *request) by(user string) *request {
	r.user = user
	return r
}

// with makes the request have an odd text in it.
func (r *request) with(o odd) *request {
	r.odd = o
	return r
}

// insignificant marks an update of a pod that changes no image and no container.
func (r *request) insignificant() *request {
	r.keptAway = true
	return r
}

func (r *request) isDry() bool { return strings.Contains(r.path, "dryRun=All") }

func (r *request) String() string {
	return fmt.Sprintf("%s by %s: %s %s %s\n%s", r.what, r.user, r.method, r.path, r.contentType, r.body)
}

// marshal encodes an object, which is made of what can be encoded.
func marshal(object any) []byte {
	data, err := json.Marshal(object)
	if err != nil {
		return []byte(err.Error()) // refused by both, which no test expects
	}
	return data
}
