package registration

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestTheConfigurationAsksForWhatItHasTo(t *testing.T) {
	t.Parallel()
	c := Configuration(Target{URL: "https://h/validate", ExcludedNamespaces: []string{"kube-system"}}, []byte("CA"))
	var got []string
	for i := range c.Webhooks {
		w := &c.Webhooks[i]
		line := w.Name + " " + string(*w.FailurePolicy)
		for _, r := range w.Rules {
			line += " [" + strings.Join(r.APIGroups, ",") + " " + strings.Join(r.Resources, ",") + "]"
			if want := []admissionregistrationv1.OperationType{"CREATE", "UPDATE"}; !slices.Equal(r.Operations, want) {
				t.Errorf("%s: operations %v", w.Name, r.Operations)
			}
		}
		for _, e := range w.NamespaceSelector.MatchExpressions {
			line += " " + e.Key + " " + string(e.Operator) + " " + strings.Join(e.Values, ",")
		}
		got = append(got, line)
	}
	want := []string{
		"enforce.pod-security.gabion.io Fail [ pods,pods/ephemeralcontainers,pods/resize] kubernetes.io/metadata.name NotIn kube-system",
		"namespaces.pod-security.gabion.io Fail [ namespaces,namespaces/*]",
		"advisory.pod-security.gabion.io Ignore [ podtemplates,replicationcontrollers]" +
			" [apps daemonsets,deployments,replicasets,statefulsets] [batch cronjobs,jobs]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAServiceIsReferredToAndItsNamespaceExcluded(t *testing.T) {
	t.Parallel()
	target := Target{
		Service: Service{Namespace: "own", Name: "gabion", Port: 443}, ExcludedNamespaces: []string{"z", "own", "a"},
	}
	c := Configuration(target, []byte("CA"))
	text, err := json.Marshal(c.Webhooks[0].ClientConfig)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"service":{"namespace":"own","name":"gabion","path":"/validate","port":443},"caBundle":"Q0E="}`; string(text) != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
	if diff := cmp.Diff([]string{"a", "own", "z"}, c.Webhooks[0].NamespaceSelector.MatchExpressions[0].Values); diff != "" {
		t.Error(diff)
	}
	if none := Configuration(Target{URL: "u"}, nil).Webhooks[0].NamespaceSelector; len(none.MatchExpressions) > 0 {
		t.Errorf("nothing is excluded, but there is %v", none)
	}
}

func TestDifferencesAreNamed(t *testing.T) {
	t.Parallel()
	type configuration = admissionregistrationv1.ValidatingWebhookConfiguration
	for _, tt := range []struct {
		name   string
		change func(*configuration)
		want   []string
	}{
		{"none", func(*configuration) {}, nil},
		{"another order", func(c *configuration) { slices.Reverse(c.Webhooks) }, nil},
		{"metadata", func(c *configuration) { c.Annotations = map[string]string{"a": "b"} }, nil},
		{"one webhook less", func(c *configuration) { c.Webhooks = c.Webhooks[1:] }, []string{EnforceWebhook + " is missing"}},
		{
			"one webhook more",
			func(c *configuration) {
				c.Webhooks = append(c.Webhooks, admissionregistrationv1.ValidatingWebhook{Name: "x"})
			},
			[]string{"x is too many"},
		},
		{"being removed", func(c *configuration) { c.Annotations = map[string]string{withdrawnAnnotation: "x"} }, []string{"the annotation " + withdrawnAnnotation}},
		{
			"every field",
			func(c *configuration) {
				c.Webhooks[1] = admissionregistrationv1.ValidatingWebhook{
					Name: NamespacesWebhook, ObjectSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"a": "b"}},
				}
			},
			[]string{
				NamespacesWebhook + ": clientConfig", NamespacesWebhook + ": rules", NamespacesWebhook + ": failurePolicy",
				NamespacesWebhook + ": matchPolicy", NamespacesWebhook + ": namespaceSelector", NamespacesWebhook + ": objectSelector",
				NamespacesWebhook + ": sideEffects", NamespacesWebhook + ": timeoutSeconds",
				NamespacesWebhook + ": admissionReviewVersions", NamespacesWebhook + ": matchConditions",
			},
		},
	} {
		want := Configuration(Target{URL: "u"}, []byte("CA"))
		have := want.DeepCopy()
		tt.change(have)
		if diff := cmp.Diff(tt.want, differences(have, want)); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}
