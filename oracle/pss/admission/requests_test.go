package admission

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gabion-security/gabion/oracle/pss/generate"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// resources are the resources of the kinds that bear pods.
var resources = map[string]metav1.GroupVersionResource{
	"Pod":                   {Version: "v1", Resource: "pods"},
	"PodTemplate":           {Version: "v1", Resource: "podtemplates"},
	"ReplicationController": {Version: "v1", Resource: "replicationcontrollers"},
	"ReplicaSet":            {Group: "apps", Version: "v1", Resource: "replicasets"},
	"Deployment":            {Group: "apps", Version: "v1", Resource: "deployments"},
	"StatefulSet":           {Group: "apps", Version: "v1", Resource: "statefulsets"},
	"DaemonSet":             {Group: "apps", Version: "v1", Resource: "daemonsets"},
	"Job":                   {Group: "batch", Version: "v1", Resource: "jobs"},
	"CronJob":               {Group: "batch", Version: "v1", Resource: "cronjobs"},
	"Namespace":             {Version: "v1", Resource: "namespaces"},
}

// requests makes random requests.
type requests struct {
	*generate.Generator
	world  *world
	reader *workload.Reader
	t      testing.TB
}

func choose[T any](q *requests, values ...T) T { return values[q.IntN(len(values))] }

// next makes a request. odd tells that values in it are not ordinary.
func (q *requests) next() (r *admissionv1.AdmissionRequest, odd bool) {
	r = &admissionv1.AdmissionRequest{
		Operation: choose(q, admissionv1.Create, admissionv1.Update),
		Name:      choose(q, "w", "", "a-0", "x.y"),
		Namespace: fmt.Sprintf("ns-%d", q.IntN(8)),
		UserInfo:  authenticationv1.UserInfo{Username: choose(q, "jane", "admin", exemptUser, "")},
	}
	if q.IntN(30) == 0 {
		r.Operation = choose(q, admissionv1.Delete, admissionv1.Connect, "PATCH")
	}
	if q.IntN(40) == 0 {
		r.Namespace = choose(q, "gone", "")
	}
	if q.IntN(4) > 0 {
		r.UserInfo.Username = "jane"
	}
	switch n := q.IntN(100); {
	case n < 25:
		q.namespaceRequest(r)
	case n < 75:
		odd = q.podRequest(r)
	default:
		odd = q.workloadRequest(r)
	}
	if q.IntN(25) == 0 {
		q.spoil(r)
	}
	return r, odd
}

// namespaceRequest makes a request for a namespace.
func (q *requests) namespaceRequest(r *admissionv1.AdmissionRequest) {
	r.Kind = metav1.GroupVersionKind{Version: "v1", Kind: "Namespace"}
	r.Resource = resources["Namespace"]
	r.RequestSubResource = choose(q, "", "", "", "", "", "", "", "status", "finalize")
	name := r.Namespace
	r.Name = name
	if q.IntN(20) == 0 {
		r.Namespace = ""
	}
	old := q.world.namespaces[name]
	labels := randomLabels(q.Rand)
	switch q.IntN(4) {
	case 0: // a part of the old ones, perhaps repaired
		labels = maps.Clone(old)
		for key := range old {
			if q.IntN(3) == 0 {
				labels[key] = choose(q, "restricted", "baseline", "latest", "foo")
			}
			if q.IntN(6) == 0 {
				delete(labels, key)
			}
		}
	case 1:
		labels = maps.Clone(old)
		if labels == nil {
			labels = map[string]string{}
		}
		labels[pss.EnforceLabel] = pickLevel(q.Rand)
	}
	r.Object.Raw = q.marshal(namespace(name, labels))
	if r.Operation == admissionv1.Update {
		r.OldObject.Raw = q.marshal(namespace(name, old))
	}
}

func namespace(name string, labels map[string]string) *corev1.Namespace {
	return &corev1.Namespace{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"},
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels, Annotations: map[string]string{"a": "b"}},
	}
}

// podRequest makes a request for a pod.
func (q *requests) podRequest(r *admissionv1.AdmissionRequest) (odd bool) {
	r.Kind = metav1.GroupVersionKind{Version: "v1", Kind: "Pod"}
	r.Resource = resources["Pod"]
	if q.IntN(4) == 0 {
		r.RequestSubResource = choose(q, "ephemeralcontainers", "resize", "status", "exec", "attach", "binding", "eviction", "log",
			"portforward", "proxy", "new")
	}
	pod := q.Pod()
	r.Object.Raw = q.marshal(pod)
	odd = q.odd(r.Object.Raw)
	if r.Operation == admissionv1.Update {
		old := pod.DeepCopy()
		q.change(old)
		r.OldObject.Raw = q.marshal(old)
	}
	return odd
}

// change makes a pod another one: one time in three in nothing that matters.
func (q *requests) change(pod *corev1.Pod) {
	spec := &pod.Spec
	switch q.IntN(9) {
	case 0:
		pod.Labels = map[string]string{"changed": "yes"}
	case 1:
		spec.HostNetwork = !spec.HostNetwork
	case 2:
		if len(spec.Containers) > 0 {
			spec.Containers[q.IntN(len(spec.Containers))].Image = "other"
		}
	case 3:
		if len(spec.InitContainers) > 0 {
			spec.InitContainers[q.IntN(len(spec.InitContainers))].Image = "other"
		}
	case 4:
		spec.Containers = append(spec.Containers, corev1.Container{Name: "more", Image: "i"})
	case 5:
		spec.InitContainers = append(spec.InitContainers, corev1.Container{Name: "more", Image: "i"})
	case 6:
		more := corev1.EphemeralContainer{}
		more.Name, more.Image = "debug", "i"
		spec.EphemeralContainers = append(spec.EphemeralContainers, more)
	case 7:
		if len(spec.EphemeralContainers) > 0 {
			spec.EphemeralContainers = spec.EphemeralContainers[1:]
		}
	case 8:
		if len(spec.EphemeralContainers) > 0 {
			spec.EphemeralContainers[0].Image = "other"
		}
	}
}

// workloadRequest makes a request for a kind with a pod template.
func (q *requests) workloadRequest(r *admissionv1.AdmissionRequest) (odd bool) {
	kind := choose(q, generate.Kinds()[1:]...)
	r.Resource = resources[kind]
	r.Kind = metav1.GroupVersionKind{Group: r.Resource.Group, Version: "v1", Kind: kind}
	r.RequestSubResource = choose(q, "", "", "", "", "", "", "", "", "scale", "status")
	r.Object.Raw = q.marshal(q.Object(kind))
	if r.Operation == admissionv1.Update {
		r.OldObject.Raw = r.Object.Raw
	}
	return q.odd(r.Object.Raw)
}

// spoil makes an object of the request one that cannot be read or is another.
func (q *requests) spoil(r *admissionv1.AdmissionRequest) {
	raw := &r.Object.Raw
	if r.Operation == admissionv1.Update && q.IntN(2) == 0 {
		raw = &r.OldObject.Raw
	}
	isWorkload := r.Resource.Resource != "pods" && r.Resource.Resource != "namespaces"
	switch q.IntN(8) {
	case 0:
		if !isWorkload { // upstream panics
			*raw = nil
		}
	case 1:
		*raw = []byte(`{"apiVersion":"v1","kind":"Service","metadata":{"name":"s"}}`)
	case 2:
		*raw = []byte(`{"apiVersion":"example.com/v1","kind":"Gadget","metadata":{"name":"s"}}`)
	case 3:
		*raw = []byte(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"s"},"spec":{"containers":5}}`)
	case 4:
		*raw = []byte(`{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"s","labels":{"a":1}}}`)
	case 5:
		if n := len(*raw); n > 0 {
			*raw = (*raw)[:q.IntN(n)]
			if len(*raw) == 0 {
				*raw = []byte("{")
			}
		}
	case 6:
		*raw = q.marshal(namespace("other", nil))
	case 7:
		*raw = []byte(`{"apiVersion":"extensions/v1beta1","kind":"Deployment","metadata":{"name":"s"},
			"spec":{"template":{"spec":{"containers":[]}}}}`)
	}
}

// odd reports whether the pods in an object hold texts that Gabion does not
// print as they are.
func (q *requests) odd(raw []byte) bool {
	q.t.Helper()
	item := q.reader.ReadObject(raw)
	if item.Outcome != workload.Read {
		q.t.Fatalf("%v\n%s", item.Err, raw)
	}
	found := false
	texts(reflect.ValueOf(item.Templates[0].Pod), func(s string) { found = found || !ordinary(s) })
	return found
}

// texts visits every string in a value.
func texts(v reflect.Value, visit func(string)) {
	switch v.Kind() {
	case reflect.String:
		visit(v.String())
	case reflect.Struct:
		for i := range v.NumField() {
			texts(v.Field(i), visit)
		}
	case reflect.Slice:
		for i := range v.Len() {
			texts(v.Index(i), visit)
		}
	default:
	}
}

// ordinary reports whether a text is printed as it is.
func ordinary(s string) bool {
	return strconv.Quote(s) == `"`+s+`"` && utf8.RuneCountInString(s) <= 256 && !strings.Contains(s, `"`)
}

func (q *requests) marshal(o runtime.Object) []byte {
	q.t.Helper()
	data, err := json.Marshal(o)
	if err != nil {
		q.t.Fatal(err)
	}
	return data
}
