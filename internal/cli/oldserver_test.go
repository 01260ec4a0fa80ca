package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// oldServer is an API server of Kubernetes 1.24 with a policy and some namespaces.
// It keeps the labels and patches that it is given, and says what was written.
type oldServer struct {
	t       *testing.T
	labels  map[string]map[string]string // by namespace
	objects map[string]map[string]any    // by path
	refused map[string]string            // why, by method and path
	// before is called before a request is answered.
	before  func(*oldServer, *http.Request)
	written []string
}

// object is one in JSON.
func object(text string) map[string]any {
	var o map[string]any
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		panic(err)
	}
	return o
}

func (s *oldServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	dir, name := path.Split(r.URL.Path)
	if s.before != nil {
		s.before(s, r)
	}
	if why := s.refused[r.Method+" "+r.URL.Path]; why != "" {
		s.status(w, http.StatusForbidden, metav1.StatusReasonForbidden, why)
		return
	}
	switch {
	case r.URL.Path == "/version":
		_, _ = io.WriteString(w, `{"major": "1", "minor": "24", "gitVersion": "v1.24.17"}`)
	case r.URL.Path == "/apis":
		_, _ = io.WriteString(w, `{"kind":"APIGroupList","apiVersion":"v1","groups":[]}`)
	case r.Method == http.MethodPost:
		s.create(w, r)
	case r.Header.Get("Content-Type") == "application/apply-patch+yaml" && dir != "/api/v1/namespaces/":
		s.apply(w, r)
	case s.objects[r.URL.Path] != nil && r.Method == http.MethodPatch:
		s.patch(w, r)
	case s.objects[r.URL.Path] != nil:
		s.encode(w, s.objects[r.URL.Path])
	case r.URL.Path == "/api/v1/namespaces":
		list := corev1.NamespaceList{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "NamespaceList"}, ListMeta: metav1.ListMeta{ResourceVersion: "1"}}
		for _, name := range slices.Sorted(maps.Keys(s.labels)) {
			list.Items = append(list.Items, s.namespace(name))
		}
		s.encode(w, list)
	case dir == "/api/v1/namespaces/":
		n := s.namespace(name)
		if r.Method == http.MethodPatch {
			if err := json.NewDecoder(r.Body).Decode(&n); err != nil {
				s.t.Error(err)
			}
			if r.URL.Query().Get("dryRun") == "" {
				s.labels[name] = n.Labels
				s.written = append(s.written, "namespaces/"+name)
			}
		}
		s.encode(w, n)
	case name == "podsecuritypolicies":
		everything := object(`{"metadata":{"name":"p"},"spec":{"volumes":["*"],"seLinux":{"rule":"RunAsAny"},"runAsUser":{"rule":"RunAsAny"},"fsGroup":{"rule":"RunAsAny"},"supplementalGroups":{"rule":"RunAsAny"}}}`)
		s.encode(w, map[string]any{"metadata": map[string]any{}, "items": append([]map[string]any{everything}, s.all(name)...)})
	default:
		_, _ = io.WriteString(w, s.list(name))
	}
}

func (s *oldServer) encode(w io.Writer, object any) {
	if err := json.NewEncoder(w).Encode(object); err != nil {
		s.t.Error(err)
	}
}

func (s *oldServer) namespace(name string) corev1.Namespace {
	return corev1.Namespace{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"},
		ObjectMeta: metav1.ObjectMeta{Name: name, UID: "u", ResourceVersion: "7", Labels: maps.Clone(s.labels[name])},
	}
}

// list is a list of a resource.
func (s *oldServer) list(resource string) string {
	kinds := map[string]string{
		"pods": "v1 Pod", "podtemplates": "v1 PodTemplate", "replicationcontrollers": "v1 ReplicationController", "serviceaccounts": "v1 ServiceAccount",
		"daemonsets": "apps/v1 DaemonSet", "deployments": "apps/v1 Deployment", "replicasets": "apps/v1 ReplicaSet", "statefulsets": "apps/v1 StatefulSet",
		"cronjobs": "batch/v1 CronJob", "jobs": "batch/v1 Job", "customresourcedefinitions": "apiextensions.k8s.io/v1 CustomResourceDefinition",
		"roles": "rbac.authorization.k8s.io/v1 Role", "rolebindings": "rbac.authorization.k8s.io/v1 RoleBinding",
		"clusterroles": "rbac.authorization.k8s.io/v1 ClusterRole", "clusterrolebindings": "rbac.authorization.k8s.io/v1 ClusterRoleBinding",
	}
	version, kind, _ := strings.Cut(kinds[resource], " ")
	items, err := json.Marshal(append([]map[string]any{}, s.all(resource)...))
	if err != nil {
		s.t.Error(err)
	}
	return fmt.Sprintf(`{"apiVersion":%q,"kind":%q,"metadata":{"resourceVersion":"1"},"items":%s}`, version, kind+"List", items)
}

// all are the objects of a resource, by path.
func (s *oldServer) all(resource string) (all []map[string]any) {
	for _, at := range slices.Sorted(maps.Keys(s.objects)) {
		if path.Base(path.Dir(at)) == resource {
			all = append(all, s.objects[at])
		}
	}
	return all
}

// note takes down what is written for good, and reports whether it is.
func (s *oldServer) note(r *http.Request, at string) bool {
	if got := r.URL.Query().Get("fieldManager"); got != "gabion" {
		s.t.Errorf("%s is written by %q", at, got)
	}
	if r.URL.Query().Get("dryRun") == "All" {
		return false
	}
	s.written = append(s.written, strings.TrimPrefix(at, "/apis/"))
	return true
}

func (s *oldServer) status(w http.ResponseWriter, code int, reason metav1.StatusReason, message string) {
	w.WriteHeader(code)
	s.encode(w, metav1.Status{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusFailure, Code: int32(code), Reason: reason, Message: message,
	})
}

func (s *oldServer) create(w http.ResponseWriter, r *http.Request) {
	var o map[string]any
	if err := json.NewDecoder(r.Body).Decode(&o); err != nil {
		s.t.Error(err)
	}
	at := r.URL.Path + "/" + fmt.Sprint(metadata(o)["name"])
	switch {
	case s.objects[at] != nil:
		s.status(w, http.StatusConflict, metav1.StatusReasonAlreadyExists, "it is there already")
		return
	case s.note(r, at):
		if s.objects != nil {
			s.objects[at] = o
		}
	}
	s.encode(w, o)
}

func (s *oldServer) apply(w http.ResponseWriter, r *http.Request) {
	var o map[string]any
	if err := json.NewDecoder(r.Body).Decode(&o); err != nil {
		s.t.Error(err)
	}
	if s.note(r, r.URL.Path) && s.objects != nil {
		s.objects[r.URL.Path] = o
	}
	s.encode(w, o)
}

// patch merges objects, and lists of them by their names.
func (s *oldServer) patch(w http.ResponseWriter, r *http.Request) {
	o := s.objects[r.URL.Path]
	var change map[string]any
	if err := json.NewDecoder(r.Body).Decode(&change); err != nil {
		s.t.Error(err)
	}
	if metadata(change)["resourceVersion"] != metadata(o)["resourceVersion"] || metadata(change)["uid"] != metadata(o)["uid"] {
		s.status(w, http.StatusConflict, metav1.StatusReasonConflict, "it has been modified")
		return
	}
	if s.note(r, r.URL.Path) {
		s.objects[r.URL.Path], _ = merged(o, change).(map[string]any)
		s.touch(r.URL.Path)
	}
	s.encode(w, o)
}

// touch has an object be another version of itself.
func (s *oldServer) touch(at string) {
	m := metadata(s.objects[at])
	version, err := strconv.Atoi(fmt.Sprint(m["resourceVersion"]))
	if err != nil {
		s.t.Error(err)
	}
	m["resourceVersion"] = strconv.Itoa(version + 1)
}

func metadata(o map[string]any) map[string]any {
	m, _ := o["metadata"].(map[string]any)
	return m
}

func merged(to, change any) any {
	switch change := change.(type) {
	case map[string]any:
		was, _ := to.(map[string]any)
		is := maps.Clone(was)
		if is == nil {
			is = map[string]any{}
		}
		for key, value := range change {
			if is[key] = merged(is[key], value); is[key] == nil {
				delete(is, key)
			}
		}
		return is
	case []any:
		was, _ := to.([]any)
		first, _ := change[0].(map[string]any)
		if first["name"] == nil {
			return change
		}
		is := slices.Clone(was)
		for _, item := range change {
			for i := range is {
				if is[i].(map[string]any)["name"] == item.(map[string]any)["name"] {
					is[i] = merged(is[i], item)
				}
			}
		}
		return is
	}
	return change
}
