package policy

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/admission"
	"github.com/gabion-security/gabion/internal/guard"
	"github.com/gabion-security/gabion/pss"
)

// TestComingToBeSelectedByAnExceptionThatHasEndedWeakens, for nobody would see it once
// its end is put off.
func TestComingToBeSelectedByAnExceptionThatHasEndedWeakens(t *testing.T) {
	t.Parallel()
	found, err := ReadFolder(folder(map[string]string{
		"g.yaml": guardHead + "metadata: {name: g}\nspec: {action: deny, namespaces: {all: true}, lock: true}\n",
		"e.yaml": "apiVersion: gabion.io/v1alpha1\nkind: PodSecurityException\nmetadata: {name: ended}\nspec: {reason: r, expiresAt: \"2020-01-01T00:00:00Z\", " +
			"namespaces: {selector: {matchLabels: {mesh: \"on\"}}}, controls: [{id: privileged}]}\n",
	}))
	if err != nil {
		t.Fatal(err)
	}
	composed, _ := Compose(found, Objects{})
	change := admission.NamespaceChange{Name: "shop", Before: map[string]string{"a": "b"}, After: map[string]string{"mesh": "on"}, Defaults: pss.DefaultPolicy()}
	if said := composed.Changes(nil).Judge(change); len(said.Weakenings) != 1 || !said.Weakenings[0].Refused {
		t.Errorf("labelling it: %+v", said)
	}
	change.Before = change.After
	if said := composed.Changes(nil).Judge(change); len(said.Weakenings) != 0 {
		t.Errorf("what was there before: %+v", said)
	}
}

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
