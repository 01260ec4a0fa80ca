package policy

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/admission"
	"github.com/gabion-security/gabion/internal/document"
	"github.com/gabion-security/gabion/internal/exception"
	"github.com/gabion-security/gabion/internal/exception/truth"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// labelled are namespaces with their labels and the pods in them.
type labelled struct {
	labels map[string]map[string]string
	pods   map[string][]admission.ExistingPod
}

func (l labelled) Labels(_ context.Context, name string) (map[string]string, error) {
	labels, ok := l.Known(name)
	if !ok {
		return nil, fmt.Errorf("no namespace %s", name)
	}
	return labels, nil
}

func (l labelled) Known(name string) (map[string]string, bool) {
	labels, ok := l.labels[name]
	return labels, ok
}

func (l labelled) Pods(_ context.Context, namespace string) ([]admission.ExistingPod, error) {
	return l.pods[namespace], nil
}

// set makes a set of the exceptions in YAML.
func set(t testing.TB, texts ...[]byte) *exception.Set {
	t.Helper()
	var all []*exception.Exception
	for _, text := range texts {
		documents, err := document.Read(text)
		if err != nil || len(documents) != 1 {
			t.Fatalf("%v:\n%s", err, text)
		}
		e, err := exception.Of(documents[0], nil)
		if err != nil {
			t.Fatalf("%v:\n%s", err, text)
		}
		all = append(all, e)
	}
	s, err := exception.NewSet(all)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// excepting makes a controller of namespaces in which exceptions count.
func excepting(t testing.TB, l labelled, s *exception.Set, now func() time.Time) *admission.Controller {
	t.Helper()
	c, err := admission.New(admission.Options{
		Config: admission.DefaultConfig(), Namespaces: l, Pods: l, Exceptions: Excepts(s, now),
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// create is a request to make the pod in YAML.
func create(t testing.TB, namespace string, pod []byte) admission.Request {
	t.Helper()
	object, err := yaml.YAMLToJSON(pod)
	if err != nil {
		t.Fatal(err)
	}
	return admission.Request{Operation: admission.Create, Resource: "pods", Kind: "Pod", Namespace: namespace, Name: "p", Object: object}
}

func annotation(d admission.Decision, key string) string {
	for _, a := range d.Annotations {
		if a.Key == key {
			return a.Value
		}
	}
	return ""
}

// relabelled is a request that takes all labels of Pod Security away, and gives
// them back.
func relabelled(t *testing.T, r *truth.Row) admission.Request {
	t.Helper()
	object, err := yaml.YAMLToJSON(r.Namespace())
	if err != nil {
		t.Fatal(err)
	}
	old := strings.ReplaceAll(string(object), pss.EnforceLabel, "before")
	return admission.Request{Operation: admission.Update, Resource: "namespaces", Kind: "Namespace", Namespace: r.ID, Name: r.ID, Object: object, OldObject: []byte(old)}
}

func TestTheTruthTableHoldsAtAdmission(t *testing.T) {
	t.Parallel()
	reader, err := workload.NewReader(workload.Options{Stored: true, Extra: true})
	if err != nil {
		t.Fatal(err)
	}
	rows := append(truth.Rows(), truth.EphemeralRows()...)
	l := labelled{map[string]map[string]string{}, map[string][]admission.ExistingPod{}}
	var texts [][]byte
	for i := range rows {
		r := &rows[i]
		l.labels[r.ID] = r.NamespaceLabels()
		item := reader.ReadObject(create(t, r.ID, r.Pod()).Object)
		if len(item.Templates) != 1 {
			t.Fatal(item.Err)
		}
		template := &item.Templates[0]
		l.pods[r.ID] = []admission.ExistingPod{{Name: "p", Pod: &template.Pod, RuntimeClass: template.RuntimeClass, Extra: template.Extra}}
		texts = append(texts, r.Exception())
	}
	with, without := excepting(t, l, set(t, texts...), truth.Now), excepting(t, l, nil, truth.Now)
	for i := range rows {
		r := &rows[i]
		request := create(t, r.ID, r.Pod())
		if d := without.Decide(t.Context(), request); d.Allowed {
			t.Errorf("%s: the pod passes without an exception", r.Name)
		}
		d := with.Decide(t.Context(), request)
		if d.Allowed != r.Allowed {
			t.Errorf("%s: allowed=%t, want %t: %s\n%s", r.Name, d.Allowed, r.Allowed, d.Message, r.Exception())
		}
		if used := annotation(d, admission.ExceptionsKey); d.Allowed && !strings.HasPrefix(used, `"`+r.ID+`": `) || strings.Count(used, "row-")+strings.Count(used, "ephemeral-") > 1 {
			t.Errorf("%s: the audit log has %q", r.Name, used)
		}
		swept := with.Decide(t.Context(), relabelled(t, r))
		if quiet := len(swept.Warnings) == 0; quiet != r.Allowed || !swept.Allowed {
			t.Errorf("%s: of the pod that exists, the sweep says %q", r.Name, swept.Warnings)
		}
	}
}

func TestAnExceptionEndsByTheClockAlone(t *testing.T) {
	t.Parallel()
	row := truth.Rows()[0]
	end := time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)
	text := strings.Replace(string(row.Exception()), "spec:", "spec:\n  expiresAt: "+end.Format(time.RFC3339), 1)
	now := end
	c := excepting(t, labelled{labels: map[string]map[string]string{row.ID: row.NamespaceLabels()}}, set(t, []byte(text)), func() time.Time { return now })
	for _, tt := range []struct {
		before           time.Duration
		allowed, warning bool
	}{
		{exception.Soon + time.Second, true, false}, {exception.Soon, true, true}, {time.Nanosecond, true, true}, {0, false, false}, {-time.Hour, false, false},
	} {
		now = end.Add(-tt.before)
		d := c.Decide(t.Context(), create(t, row.ID, row.Pod()))
		warning := len(d.Warnings) == 1 && d.Warnings[0] == `exception "`+row.ID+`", which lets this pod pass, ends on 2027-03-01T00:00:00Z`
		if d.Allowed != tt.allowed || warning != tt.warning || len(d.Warnings) > 1 {
			t.Errorf("%s before the end: allowed=%t, warnings %q", tt.before, d.Allowed, d.Warnings)
		}
	}
}

// BenchmarkDecideWithExceptions judges pods that no exception matches.
func BenchmarkDecideWithExceptions(b *testing.B) {
	const n = 5000
	other := func(i int) []byte {
		return exceptionFor(b, i, v1alpha1.Namespaces{Names: []string{fmt.Sprint("other-", i)}})
	}
	label := func(i int) []byte {
		return exceptionFor(b, i, v1alpha1.Namespaces{Selector: selector("team", fmt.Sprint("other-", i))})
	}
	values := func(i int) []byte {
		return exceptionFor(b, i, v1alpha1.Namespaces{Selector: &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{
			Key: "team", Operator: metav1.LabelSelectorOpIn, Values: []string{fmt.Sprint("other-", i), fmt.Sprint("other-", i+1)},
		}}}})
	}
	everywhere := func(i int) []byte { return exceptionFor(b, i, v1alpha1.Namespaces{All: true}) }
	images := func(i int) []byte {
		return exceptionOf(b, i, v1alpha1.PodSecurityExceptionSpec{
			Namespaces: v1alpha1.Namespaces{All: true}, Containers: &v1alpha1.ExceptedContainers{Images: []string{fmt.Sprintf("docker.io/other-%d/*", i)}},
		})
	}
	same := func(i int) []byte { return exceptionFor(b, i, v1alpha1.Namespaces{Names: []string{"n"}}) }
	good := []byte(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i"}]}}`)
	bad := []byte(strings.Replace(string(good), `"spec":{`, `"spec":{"hostPID":true,`, 1))
	l := labelled{labels: map[string]map[string]string{"n": {pss.EnforceLabel: "baseline", "team": "a", "kubernetes.io/metadata.name": "n"}}}
	for _, bb := range []struct {
		name string
		of   func(int) []byte
		n    int
	}{
		{"no exceptions", nil, 0},
		{"5000 for other namespaces by name", other, n},
		{"5000 for other namespaces by label", label, n},
		{"5000 for other namespaces by one of two labels", values, n},
		{"5000 for other pods of the namespace", same, n},
		{"5000 for other pods of all namespaces", everywhere, n},
		{"5000 for other images of all namespaces", images, n},
	} {
		var texts [][]byte
		for i := range bb.n {
			texts = append(texts, bb.of(i))
		}
		c := excepting(b, l, set(b, texts...), time.Now)
		for name, object := range map[string][]byte{"allowed": good, "denied": bad} {
			request := create(b, "n", object)
			b.Run(name+"/"+bb.name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if d := c.Decide(b.Context(), request); d.Allowed != (name == "allowed") {
						b.Fatal(d.Message)
					}
				}
			})
		}
	}
}

func selector(key, value string) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{key: value}}
}

// exceptionFor is the exception of a number, for pods of namespaces that run as a
// service account of their own.
func exceptionFor(t testing.TB, i int, namespaces v1alpha1.Namespaces) []byte {
	t.Helper()
	return exceptionOf(t, i, v1alpha1.PodSecurityExceptionSpec{
		Namespaces: namespaces, Pods: &v1alpha1.ExceptedPods{ServiceAccounts: []string{fmt.Sprint("account-", i)}},
	})
}

// exceptionOf is the exception of a number.
func exceptionOf(t testing.TB, i int, spec v1alpha1.PodSecurityExceptionSpec) []byte {
	t.Helper()
	spec.Reason, spec.Controls = "one of many", []v1alpha1.ExceptedControl{{ID: "hostNamespaces"}}
	e := v1alpha1.PodSecurityException{Spec: spec}
	e.APIVersion, e.Kind, e.Name = v1alpha1.GroupVersion().String(), v1alpha1.KindPodSecurityException, fmt.Sprintf("e-%04d", i)
	text, err := json.Marshal(&e)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
