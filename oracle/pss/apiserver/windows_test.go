package apiserver

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gabion-security/gabion/oracle/pss/generate"
	"github.com/gabion-security/gabion/oracle/pss/trial"
	"github.com/gabion-security/gabion/workload"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	podutil "k8s.io/kubernetes/pkg/api/pod"
	"k8s.io/kubernetes/pkg/apis/core"
	"k8s.io/kubernetes/pkg/apis/core/validation"
	podregistry "k8s.io/kubernetes/pkg/registry/core/pod"
	sigsjson "sigs.k8s.io/json"
)

// onWindows are the parts of the messages by which validation refuses what only
// a Windows pod may not have.
var onWindows = []string{
	"cannot be set for a windows pod",
	"may not be set for a windows pod",
	"pod hostProcess value must be identical if both are specified",
	"If pod contains any hostProcess containers then all containers must be HostProcess containers",
	"hostNetwork must be true if pod contains any hostProcess containers",
}

// refused returns what the API server's validation refuses on Windows, in its
// order, with paths from the pod's root.
func refused(errs field.ErrorList, root string) []workload.Invalid {
	var all []workload.Invalid
	for _, err := range errs {
		if slices.ContainsFunc(onWindows, func(part string) bool { return strings.Contains(err.Detail, part) }) {
			all = append(all, workload.Invalid{Path: strings.TrimPrefix(err.Field, root), Message: err.ErrorBody()})
		}
	}
	return all
}

// refusedPod returns what is refused in a new pod.
func refusedPod(t *testing.T, pod *corev1.Pod) []workload.Invalid {
	t.Helper()
	return refused(podregistry.Strategy.Validate(t.Context(), created(t, pod)), "")
}

// refusedTemplate returns what is refused in a new object with the template.
func refusedTemplate(t *testing.T, template *corev1.PodTemplateSpec) []workload.Invalid {
	t.Helper()
	object := defaulted(&corev1.PodTemplate{Template: *template})
	var internal core.PodTemplate
	if err := legacyscheme.Scheme.Convert(object, &internal, nil); err != nil {
		t.Fatal(err)
	}
	opts := podutil.GetValidationOptionsFromPodTemplate(&internal.Template, nil)
	return refused(validation.ValidatePodTemplateSpec(&internal.Template, field.NewPath("template"), opts), "template.")
}

// newLike returns an empty object of the same type.
func newLike(object runtime.Object) runtime.Object {
	fresh, _ := reflect.New(reflect.TypeOf(object).Elem()).Interface().(runtime.Object)
	return fresh
}

func TestWindowsPodsAreRefusedWhatTheAPIServersValidationRefuses(t *testing.T) {
	t.Parallel()
	s := trial.New(t, 4_000)
	s.Each(t, func(t *testing.T, n uint64) {
		kinds := generate.Kinds()
		kind := "Pod"
		if n%2 == 0 {
			kind = kinds[n/2%uint64(len(kinds))]
		}
		object := s.Generator(n).Object(kind)
		template := generate.TemplateOf(object)
		template.Spec.OS = &corev1.PodOS{Name: corev1.Windows}
		if pod, ok := object.(*corev1.Pod); ok {
			pod.Spec.OS = template.Spec.OS
		}
		data, err := s.Chooser(n).Rewrite(toJSON(t, object), generate.Rewriting{})
		if err != nil {
			t.Fatal(err)
		}
		into := newLike(object)
		if err := sigsjson.UnmarshalCaseSensitivePreserveInts(data, into); err != nil {
			t.Fatal(err)
		}
		view := readJSON(t, data, workload.Options{})
		var want []workload.Invalid
		if pod, ok := into.(*corev1.Pod); ok {
			want = refusedPod(t, pod)
		} else {
			want = refusedTemplate(t, generate.TemplateOf(into))
		}
		if diff := cmp.Diff(want, view.Invalid()); diff != "" {
			t.Fatalf("the API server (-), Gabion (+):\n%s\n%s", diff, data)
		}
	})
}

func TestEmptyValuesOnWindowsAreRefusedAsTheAPIServerRefusesThem(t *testing.T) {
	t.Parallel()
	for _, spec := range []string{
		`{}`, `{"securityContext":{}}`, `{"securityContext":null}`, `{"securityContext":{"supplementalGroups":[]}}`,
		`{"securityContext":{"supplementalGroups":null,"sysctls":null}}`, `{"securityContext":{"sysctls":[]}}`,
		`{"securityContext":{"sysctls":[null]}}`, `{"securityContext":{"seLinuxOptions":{},"seccompProfile":{},"appArmorProfile":{}}}`,
		`{"securityContext":{"fsGroup":0,"runAsUser":0,"runAsGroup":0,"fsGroupChangePolicy":"","seLinuxChangePolicy":""}}`,
		`{"securityContext":{"supplementalGroupsPolicy":""}}`, `{"hostUsers":null}`, `{"hostUsers":false}`, `{"hostUsers":true}`,
		`{"hostPID":false,"hostIPC":false}`, `{"hostPID":true,"hostIPC":true,"hostNetwork":true}`,
		`{"shareProcessNamespace":false}`, `{"shareProcessNamespace":null}`, `{"resources":{}}`, `{"resources":null}`,
		`{"resources":{"limits":{"cpu":"1"}}}`, `{"containers":[null]}`, `{"containers":[{"name":"a","securityContext":{}}]}`,
		`{"containers":[{"securityContext":{"capabilities":{}}},{"securityContext":{"capabilities":{"add":[],"drop":null}}}]}`,
		`{"containers":[{"securityContext":{"capabilities":null,"procMount":"","privileged":false,"readOnlyRootFilesystem":false}}]}`,
		`{"initContainers":[{"securityContext":{"runAsUser":1}}],"ephemeralContainers":[{"securityContext":{"runAsGroup":1}}]}`,
		`{"securityContext":{"windowsOptions":{"hostProcess":true}},"containers":[{"name":"a"}]}`,
		`{"securityContext":{"windowsOptions":{"hostProcess":true}},"hostNetwork":true,"containers":[{"name":"a"}]}`,
		`{"securityContext":{"windowsOptions":{"hostProcess":true}}}`,
		`{"containers":[{"securityContext":{"windowsOptions":{"hostProcess":true}}},{"name":"b"}]}`,
		`{"securityContext":{"windowsOptions":{"hostProcess":false}},"containers":[{"securityContext":{"windowsOptions":{"hostProcess":true}}}]}`,
		`{"securityContext":{"windowsOptions":{"hostProcess":true}},"containers":[{"securityContext":{"windowsOptions":{"hostProcess":false}}}]}`,
		`{"securityContext":{"windowsOptions":{}},"containers":[{"securityContext":{"windowsOptions":null}}]}`,
	} {
		for _, os := range []string{"windows", "linux", "Windows", ""} {
			data := []byte(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","annotations":{` +
				`"container.apparmor.security.beta.kubernetes.io/a":"unconfined"}},"spec":{"os":{"name":"` + os + `"},` + spec[1:] + `}`)
			data = []byte(strings.ReplaceAll(string(data), ",}", "}"))
			pod := &corev1.Pod{}
			if err := sigsjson.UnmarshalCaseSensitivePreserveInts(data, pod); err != nil {
				t.Fatal(err)
			}
			want := refusedPod(t, pod)
			if os != string(corev1.Windows) {
				// Validation of hostProcess is for every pod, but Pod Security
				// admission relies on it on Windows only.
				want = nil
			}
			view := readJSON(t, data, workload.Options{})
			if diff := cmp.Diff(want, view.Invalid()); diff != "" {
				t.Errorf("the API server (-), Gabion (+):\n%s\n%s", diff, data)
			}
		}
	}
}
