package policy

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/admission"
	"github.com/gabion-security/gabion/internal/guard"
	"github.com/gabion-security/gabion/pss"
)

func TestWhoMakesANamespaceWhosePodsNobodyAsksAboutWeakens(t *testing.T) {
	t.Parallel()
	g, err := guard.Compile(&v1alpha1.PodSecurityGuard{
		ObjectMeta: metav1.ObjectMeta{Name: "g"},
		Spec:       v1alpha1.PodSecurityGuardSpec{Action: v1alpha1.GuardDeny, Namespaces: v1alpha1.Namespaces{All: true}, Lock: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	set, err := guard.NewSet([]*guard.Guard{g}, nil)
	if err != nil {
		t.Fatal(err)
	}
	judge := (&Set{Guards: set}).Changes([]string{"kube-system"})
	for _, c := range []struct {
		name     string
		fresh    bool
		weakened bool
	}{{"kube-system", true, true}, {"kube-system", false, false}, {"shop", true, false}} {
		said := judge.Judge(admission.NamespaceChange{Name: c.name, New: c.fresh, Defaults: pss.DefaultPolicy()})
		if got := len(said.Weakenings) > 0; got != c.weakened {
			t.Errorf("%s, new %v: weakened %v: %v", c.name, c.fresh, got, said)
		}
	}
}
