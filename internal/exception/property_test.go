package exception_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/exception"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// random makes pods and exceptions of few words, so that they often meet.
type random struct{ *rand.Rand }

func (r random) one(all ...string) string { return all[r.IntN(len(all))] }

func (r random) often(n int) bool { return r.IntN(n) > 0 }

// some returns some of the words, nil for none.
func (r random) some(all ...string) (found []string) {
	for _, word := range all {
		if r.IntN(2) == 0 {
			found = append(found, word)
		}
	}
	return found
}

func (r random) pod() exception.Pod {
	p := exception.Pod{
		Namespace: r.one("shop", "blog"), NamespaceLabels: map[string]string{"team": r.one("a", "b"), pss.EnforceLabel: r.one("baseline", "restricted")},
		Pod: &pss.Pod{HostNetwork: !r.often(3), HostPID: !r.often(3)}, RuntimeClass: r.one("", "gvisor"),
		Extra: &workload.Extra{Labels: map[string]string{"app": r.one("web", "db")}, ServiceAccount: r.one("", "web")},
	}
	if r.IntN(2) == 0 {
		p.Pod.SecurityContext.RunAsNonRoot = pss.Some(r.IntN(2) == 0)
	}
	if r.IntN(3) == 0 {
		p.Pod.Volumes = []pss.Volume{{Name: "v", Sources: pss.VolumeSource(r.one("hostPath", "nfs", "emptyDir"))}}
		p.Extra.Volumes = []workload.VolumeExtra{{HostPath: r.one("/etc", "/var/log/x", "/var/log/../x")}}
	}
	for i := range 1 + r.IntN(3) {
		c := pss.Container{
			Name: r.one("a", "b"), Kind: pss.ContainerKind(min(i, r.IntN(3))), Index: i, //nolint:gosec // at most 2
			AddedCapabilities: r.some("NET_ADMIN", "CHOWN"), DroppedCapabilities: r.some("ALL"),
		}
		if r.IntN(2) == 0 {
			c.Privileged = pss.Some(r.IntN(2) == 0)
		}
		if r.IntN(2) == 0 {
			c.SecurityContext.SeccompProfile = pss.Some(r.one("RuntimeDefault", "Unconfined"))
		}
		p.Pod.Containers = append(p.Pod.Containers, c)
		p.Extra.Containers = append(p.Extra.Containers, workload.ContainerExtra{Image: r.one("istio/proxyv2", "istio-evil/proxyv2")})
	}
	return p
}

// exception makes a sound exception.
func (r random) exception(t *testing.T, name string) *exception.Exception {
	t.Helper()
	e := v1alpha1.PodSecurityException{ObjectMeta: metav1.ObjectMeta{Name: name}}
	e.Spec.Reason = "random"
	switch r.IntN(3) {
	case 0:
		e.Spec.Namespaces.All = true
	case 1:
		e.Spec.Namespaces.Names = []string{r.one("shop", "blog")}
	default:
		e.Spec.Namespaces.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{"team": r.one("a", "b")}}
	}
	if r.IntN(3) == 0 {
		e.Spec.Pods = &v1alpha1.ExceptedPods{ServiceAccounts: []string{r.one("default", "web")}}
	}
	if r.IntN(3) == 0 {
		e.Spec.Containers = &v1alpha1.ExceptedContainers{Names: []string{r.one("a", "b")}}
	}
	if r.IntN(3) == 0 {
		e.Spec.ExpiresAt = &metav1.Time{Time: moment().Add(time.Duration(r.IntN(3)-1) * time.Hour)}
	}
	for _, c := range pss.Controls() {
		if r.IntN(3) > 0 {
			continue
		}
		control := v1alpha1.ExceptedControl{ID: string(c.ID)}
		if c.ID == "capabilities_baseline" || c.ID == "capabilities_restricted" {
			control.Values = r.some("NET_ADMIN", "CHOWN")
		}
		e.Spec.Controls = append(e.Spec.Controls, control)
	}
	if len(e.Spec.Controls) == 0 {
		e.Spec.Controls = []v1alpha1.ExceptedControl{{ID: "privileged"}}
	}
	compiled, err := exception.Compile(&e, nil)
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

// moment is the time of the random tests.
func moment() time.Time { return time.Date(2026, time.December, 1, 0, 0, 0, 0, time.UTC) }

// findings names all that is wrong with a pod by a verdict.
func findings(v pss.Verdict) (all []string) {
	for _, violation := range v.Violations() {
		for _, f := range violation.Findings {
			all = append(all, fmt.Sprint(violation.Control, " ", f.Path(), " ", f.Value))
		}
	}
	return all
}

func newSet(t *testing.T, all []*exception.Exception) *exception.Set {
	t.Helper()
	set, err := exception.NewSet(all)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestAnotherExceptionOnlyTakesAwayFindingsThatItCovers(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano()) //nolint:gosec // any number does
	r := random{rand.New(rand.NewPCG(seed, 1))}
	t.Logf("seed %d", seed)
	changed, freed, untouched := 0, 0, 0
	for range 20_000 {
		p := r.pod()
		verdict := judge(t, p)
		var few []*exception.Exception
		for i := range r.IntN(3) {
			few = append(few, r.exception(t, fmt.Sprint(i)))
		}
		another := r.exception(t, "another")
		before := newSet(t, few).For(p, v1alpha1.Enforce, moment())
		after := newSet(t, append(slices.Clone(few), another)).For(p, v1alpha1.Enforce, moment())
		alone := newSet(t, []*exception.Exception{another}).For(p, v1alpha1.Enforce, moment())
		without, _ := before.Except(verdict)
		with, _ := after.Except(verdict)
		if without.Allowed() && !with.Allowed() {
			t.Fatalf("an exception turned a passing pod into a failing one: %s", with.Detail())
		}
		old, left := findings(without), findings(with)
		covered, _ := alone.Except(verdict)
		uncovered := findings(covered)
		var want []string
		for _, f := range old {
			if slices.Contains(uncovered, f) {
				want = append(want, f)
			}
		}
		if !slices.Equal(left, want) || with.Allowed() != (len(left) == 0) || (with.Detail() == "") != with.Allowed() {
			t.Fatalf("left are %q, want %q", left, want)
		}
		switch {
		case alone.Empty():
			untouched++
			if !slices.Equal(old, left) {
				t.Fatalf("an exception changed a pod that it does not match: %q became %q", old, left)
			}
		case with.Allowed() && !without.Allowed():
			freed++
		case len(left) < len(old):
			changed++
		}
	}
	if changed < 100 || freed < 100 || untouched < 100 {
		t.Errorf("%d pods were changed, %d freed, %d not matched: the test sees too little", changed, freed, untouched)
	}
}
