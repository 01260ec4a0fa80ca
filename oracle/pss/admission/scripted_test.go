package admission

import (
	"fmt"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gabion-security/gabion/pss"
)

// request makes a request for an object of the kind.
func request(operation admissionv1.Operation, kind, namespace, object, old string) *admissionv1.AdmissionRequest {
	r := &admissionv1.AdmissionRequest{
		Operation: operation, Name: "n", Namespace: namespace, Resource: resources[kind],
		Kind:     metav1.GroupVersionKind{Group: resources[kind].Group, Version: "v1", Kind: kind},
		UserInfo: authenticationv1.UserInfo{Username: "jane"},
	}
	if object != "" {
		r.Object.Raw = []byte(object)
	}
	if old != "" {
		r.OldObject.Raw = []byte(old)
	}
	return r
}

// labelled is a namespace in JSON.
func labelled(name string, labels ...string) string {
	var b strings.Builder
	for i := 0; i < len(labels); i += 2 {
		fmt.Fprintf(&b, `,%q:%q`, pss.LabelPrefix+labels[i], labels[i+1])
	}
	return fmt.Sprintf(`{"apiVersion":"v1","kind":"Namespace","metadata":{"name":%q,"labels":{"a":"b"%s}}}`, name, b.String())
}

// offender is a pod that violates baseline.
func offender(name string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       corev1.PodSpec{HostNetwork: true, HostPID: strings.HasSuffix(name, "x"), Containers: []corev1.Container{{Name: "c"}}},
	}
}

func TestScriptedRequestsGetUpstreamsAnswer(t *testing.T) {
	t.Parallel()
	const (
		c, u = admissionv1.Create, admissionv1.Update
		pod  = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"n"},"spec":{"hostPID":true,"containers":[{"name":"c","image":"i"}]}}`
		rc   = `{"apiVersion":"v1","kind":"ReplicationController","metadata":{"name":"n"},"spec":%s}`
		job  = `{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"n"},"spec":{"template":{"spec":{"hostIPC":true,"containers":null}}}}`
	)
	broken := []string{"enforce", "foo", "enforce-version", "1.2", "audit", "x", "audit-version", "y", "warn", "z", "warn-version", "w"}
	tests := []struct {
		name string
		r    *admissionv1.AdmissionRequest
	}{
		{"a namespace with every label broken", request(c, "Namespace", "new", labelled("new", broken...), "")},
		{"a namespace whose broken labels stay", request(u, "Namespace", "all", labelled("all", broken...), labelled("all", broken...))},
		{"a namespace whose broken labels are repaired in part", request(u, "Namespace", "all", labelled("all", broken[2:]...), labelled("all", broken...))},
		{"a namespace whose broken labels are repaired", request(u, "Namespace", "all", labelled("all", "enforce", "baseline"), labelled("all", broken...))},
		{"a namespace whose labels break", request(u, "Namespace", "all", labelled("all", "enforce", "q"), labelled("all"))},
		{"an exempt namespace that enforces", request(c, "Namespace", "ns-1", labelled("ns-1", "enforce", "baseline", "audit-version", "v1.2"), "")},
		{"an exempt namespace whose labels say nothing", request(c, "Namespace", "ns-1", labelled("ns-1"), "")},
		{"an exempt namespace that is relabelled", request(u, "Namespace", "ns-1", labelled("ns-1", "enforce", "restricted", "warn", "baseline"), labelled("ns-1"))},
		{"a namespace made stricter", request(u, "Namespace", "all", labelled("all", "enforce", "restricted"), labelled("all"))},
		{"a namespace pinned to another version", request(u, "Namespace", "all", labelled("all", "enforce", "baseline", "enforce-version", "v1.3"), labelled("all", "enforce", "baseline"))},
		{"a namespace made laxer", request(u, "Namespace", "all", labelled("all", "enforce", "baseline"), labelled("all", "enforce", "restricted"))},
		{"a namespace made privileged", request(u, "Namespace", "all", labelled("all", "enforce", "privileged"), labelled("all", "enforce", "restricted", "enforce-version", "v1.2"))},
		{"a namespace that warns more", request(u, "Namespace", "all", labelled("all", "warn", "restricted"), labelled("all"))},
		{"a namespace whose pods are not known", request(u, "Namespace", "gone", labelled("gone", "enforce", "restricted"), labelled("gone"))},
		{"a namespace that is deleted", request(admissionv1.Delete, "Namespace", "all", "", labelled("all"))},
		{"a pod with a name that must be quoted", func() *admissionv1.AdmissionRequest {
			r := request(c, "Pod", "restricted", pod, "")
			r.Name = "a\"b\n"
			return r
		}()},
		{"a pod in a namespace with every label broken", request(c, "Pod", "broken", pod, "")},
		{"a job in a namespace with every label broken", request(c, "Job", "broken", job, "")},
		{"a pod that is deleted", request(admissionv1.Delete, "Pod", "restricted", "", pod)},
		{"a ReplicationController without template", request(c, "ReplicationController", "restricted", fmt.Sprintf(rc, `{}`), "")},
		{"a ReplicationController with a null template", request(c, "ReplicationController", "restricted", fmt.Sprintf(rc, `{"template":null}`), "")},
		{"a ReplicationController without spec", request(c, "ReplicationController", "restricted", fmt.Sprintf(rc, `null`), "")},
		{"a ReplicationController with a template", request(c, "ReplicationController", "restricted", fmt.Sprintf(rc, `{"template":{"spec":{"hostPID":true,"containers":[]}}}`), "")},
		{"a pod where a job should be", request(c, "Job", "restricted", pod, "")},
		{"an unknown resource with a deployment", func() *admissionv1.AdmissionRequest {
			r := request(c, "Job", "restricted", job, "")
			r.Resource = metav1.GroupVersionResource{Group: "example.com", Version: "v1", Resource: "gadgets"}
			return r
		}()},
		{"pods of another group", func() *admissionv1.AdmissionRequest {
			r := request(c, "Pod", "restricted", pod, "")
			r.Resource.Group = "metrics.k8s.io"
			return r
		}()},
	}
	for i, config := range configs {
		t.Run(fmt.Sprintf("configuration %d", i), func(t *testing.T) {
			t.Parallel()
			d := decoder(t)
			w := scriptedWorld(t, config)
			for _, tt := range tests {
				ours, theirs := w.ask(d, tt.r)
				if diff := difference(ours, theirs, false); diff != "" {
					t.Errorf("%s: upstream -, Gabion +:\n%s", tt.name, diff)
				}
			}
		})
	}
}

// scriptedWorld makes the world of the scripted requests.
func scriptedWorld(t *testing.T, config string) *world {
	t.Helper()
	w := newWorld(t, config, newest)
	w.add("all", nil, offender("b"), offender("a"), offender("cx"), offender("d"), offender("ax"),
		&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "0"}})
	w.add("restricted", map[string]string{pss.EnforceLabel: "restricted", pss.AuditLabel: "baseline", pss.WarnLabel: "baseline"})
	w.add("broken", map[string]string{
		pss.EnforceLabel: "foo", pss.EnforceVersionLabel: "1", pss.AuditLabel: "", pss.AuditVersionLabel: "",
		pss.WarnLabel: "x", pss.WarnVersionLabel: "y",
	})
	return w
}

// The sweep has none of upstream's limits: this is a documented difference.
func TestSweepIsCompleteWhereUpstreamStops(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "", newest)
	var pods []*corev1.Pod
	for i := range 3500 {
		pods = append(pods, offender(fmt.Sprintf("p-%04d", i)))
	}
	w.add("many", nil, pods...)
	ours, theirs := w.ask(decoder(t), request(admissionv1.Update, "Namespace", "many",
		labelled("many", "enforce", "baseline"), labelled("many")))
	header := `existing pods in namespace "many" violate the new PodSecurity enforce level "baseline:latest"`
	want := []string{header, "p-0000 (and 3499 other pods): host namespaces"}
	if fmt.Sprint(ours.Decision.Warnings) != fmt.Sprint(want) {
		t.Errorf("warnings are %q, want %q", ours.Decision.Warnings, want)
	}
	cut := []string{"new PodSecurity enforce level only checked against the first 3000 of 3500 existing pods", header, "p-0000 (and 2999 other pods): host namespaces"}
	if fmt.Sprint(theirs.Decision.Warnings) != fmt.Sprint(cut) {
		t.Errorf("upstream's warnings are %q, want %q", theirs.Decision.Warnings, cut)
	}
}
