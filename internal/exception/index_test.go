package exception

import (
	"fmt"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

func selecting(key string, values ...string) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: key, Operator: metav1.LabelSelectorOpIn, Values: values}}}
}

// TestTheIndexFindsWhatMatches compares what is found with what matches of all
// exceptions, for every way to name namespaces and pods.
func TestTheIndexFindsWhatMatches(t *testing.T) {
	t.Parallel()
	absent := &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "team", Operator: metav1.LabelSelectorOpDoesNotExist}}}
	namespaces := []v1alpha1.Namespaces{
		{All: true}, {All: true, Except: []string{"a"}}, {Names: []string{"a"}}, {Names: []string{"a", "b"}}, {Selector: selecting("team", "x")},
		{Selector: selecting("team", "x", "y")}, {Selector: absent}, {Names: []string{"b"}, Selector: selecting("team", "x")},
		{Selector: selecting("team", "a")}, {Names: []string{"x"}},
	}
	pods := []*v1alpha1.ExceptedPods{
		nil, {ServiceAccounts: []string{"default"}}, {ServiceAccounts: []string{"web", "x"}}, {Selector: selecting("team", "x")},
		{Selector: selecting("team", "x", "y")}, {Selector: absent}, {ServiceAccounts: []string{"web"}, Selector: selecting("team", "y")},
		{RuntimeClasses: []string{"web"}}, {Selector: selecting("team", "web")},
	}
	var all []*Exception
	for _, n := range namespaces {
		for _, p := range pods {
			e := v1alpha1.PodSecurityException{Spec: v1alpha1.PodSecurityExceptionSpec{
				Reason: "r", Namespaces: n, Pods: p, Controls: []v1alpha1.ExceptedControl{{ID: "privileged"}},
			}}
			e.Name = fmt.Sprintf("e-%02d", len(all))
			compiled, err := Compile(&e, nil)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, compiled)
		}
	}
	set, err := NewSet(all)
	if err != nil {
		t.Fatal(err)
	}
	matched := 0
	labels := []map[string]string{nil, {"team": "x"}, {"team": "y", "app": "x"}, {"team": "web"}, {"app": "x"}}
	for _, name := range []string{"a", "b", "c", "x"} {
		for _, of := range labels {
			found := set.InNamespace(name, of)
			if set.Any(name, of) != (len(found) > 0) {
				t.Errorf("namespace %s %v: Any is %t, and %d are found", name, of, set.Any(name, of), len(found))
			}
			for _, own := range labels {
				for _, account := range []string{"", "web", "x"} {
					p := Pod{
						Namespace: name, NamespaceLabels: of, Pod: &pss.Pod{},
						Extra: &workload.Extra{Labels: own, ServiceAccount: account},
					}
					var want []*Exception
					for _, e := range all {
						if e.matches(&p) {
							want = append(want, e)
						}
					}
					matched += len(want)
					got := set.For(p, v1alpha1.Enforce, time.Time{}).exceptions
					if fmt.Sprint(got) != fmt.Sprint(want) {
						t.Errorf("namespace %s %v, pod %v of %q: %d exceptions, want %d", name, of, own, account, len(got), len(want))
					}
				}
			}
		}
	}
	if matched < 1000 {
		t.Errorf("only %d matches: the test says little", matched)
	}
}
