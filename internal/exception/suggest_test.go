package exception_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/exception"
	"github.com/gabion-security/gabion/internal/match"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// compiled compiles what was suggested.
func compiled(t *testing.T, all []exception.Suggested) *exception.Set {
	t.Helper()
	var sound []*exception.Exception
	for i := range all {
		e := all[i].DeepCopy()
		e.Spec.Reason = "because"
		c, err := exception.Compile(e, nil)
		if err != nil {
			t.Fatalf("%s: %v", e.Name, err)
		}
		sound = append(sound, c)
	}
	return newSet(t, sound)
}

// uncovered counts the findings in the pods that are not covered.
func uncovered(set *exception.Set, pods []exception.Failing) int {
	n := 0
	for i := range pods {
		m := set.For(pods[i].Pod, v1alpha1.Enforce, moment())
		for j := range pods[i].Findings {
			if m.Covering(&pods[i].Findings[j]) == nil {
				n++
			}
		}
	}
	return n
}

// failing makes some pods with all that is found in them.
func (r random) failing(t *testing.T) []exception.Failing {
	t.Helper()
	var pods []exception.Failing
	for i := range 1 + r.IntN(5) {
		p := exception.Failing{Name: fmt.Sprint("p", i), Pod: r.pod()}
		if r.IntN(3) == 0 {
			p.Extra.Labels["tier"] = r.one("front", "back")
		}
		for j := range p.Extra.Volumes {
			p.Extra.Volumes[j].HostPath = r.one("/etc", "/var/log", "/var/log/x", "/var/../x", "")
		}
		p.Findings = exception.Findings(judge(t, p.Pod))
		pods = append(pods, p)
	}
	return pods
}

// without returns the exceptions without one element of their controls and
// values, every one in its turn.
func without(all []exception.Suggested, yield func(what string, rest []exception.Suggested)) {
	for i := range all {
		controls := all[i].Spec.Controls
		for j := range controls {
			elements := len(controls[j].Values)
			if controls[j].Missing {
				elements++ // the last one
			}
			for k := range max(1, elements) {
				rest := make([]exception.Suggested, len(all))
				for n := range all {
					rest[n].PodSecurityException = *all[n].DeepCopy()
				}
				spec := &rest[i].Spec
				if elements > 1 && k == len(controls[j].Values) {
					spec.Controls[j].Missing = false
				} else if elements > 1 {
					if spec.Controls[j].Values = slices.Delete(spec.Controls[j].Values, k, k+1); len(spec.Controls[j].Values) == 0 {
						spec.Controls[j].Values = nil
					}
				} else if spec.Controls = slices.Delete(spec.Controls, j, j+1); len(spec.Controls) == 0 {
					rest = slices.Delete(rest, i, i+1)
				}
				yield(fmt.Sprint(all[i].Name, " ", controls[j].ID, " ", controls[j].Values), rest)
			}
		}
	}
}

func TestSuggestionsCoverAllThatIsFoundAndHaveNothingToSpare(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano()) //nolint:gosec // any number does
	r := random{rand.New(rand.NewPCG(seed, 2))}
	t.Logf("seed %d", seed)
	several, merged, strangers := 0, 0, 0
	for range 120 {
		pods := r.failing(t)
		s, err := exception.Suggest(pods, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		again, _ := exception.Suggest(pods, "", nil)
		if diff := cmp.Diff(s, again, cmp.AllowUnexported(exception.Finding{}, pss.Value{})); diff != "" {
			t.Fatalf("two suggestions differ: %s", diff)
		}
		if len(s.Left) > 0 {
			t.Fatalf("%d pods are left", len(s.Left))
		}
		set := compiled(t, s.Exceptions)
		if n := uncovered(set, pods); n > 0 {
			t.Fatalf("%d findings are not covered", n)
		}
		without(s.Exceptions, func(what string, rest []exception.Suggested) {
			if uncovered(compiled(t, rest), pods) == 0 {
				t.Fatalf("%s is not needed", what)
			}
		})
		if len(s.Exceptions) > 1 {
			several++
		}
		for i := range s.Exceptions {
			if c := s.Exceptions[i].Spec.Containers; c != nil && len(c.Names)+len(c.Images)+len(c.Kinds) > 3 {
				merged++
			}
		}
		strangers += checkStrangers(t, r, set, pods)
	}
	if several < 30 || merged < 3 || strangers < 1000 {
		t.Errorf("%d suggestions of several exceptions, %d merged, %d strangers: the test sees too little", several, merged, strangers)
	}
}

// checkStrangers checks that a finding in another pod is covered only if it is in
// a pod that exceptions cannot tell from one that was given: of the same
// namespace, service account, runtime class, with its labels, in a container of
// the same name, kind and image or in the pod as a whole, with the same value.
func checkStrangers(t *testing.T, r random, set *exception.Set, pods []exception.Failing) int {
	t.Helper()
	seen := 0
	for range 10 {
		p := r.failing(t)[0]
		m := set.For(p.Pod, v1alpha1.Enforce, moment())
		for i := range p.Findings {
			f := &p.Findings[i]
			seen++
			if m.Covering(f) != nil && !slices.ContainsFunc(pods, func(given exception.Failing) bool { return known(&given, &p, f) }) {
				t.Fatalf("%s of %+v is covered, as in no pod that was given:\n%+v", f.Path, p.Pod, set.All()[0].Spec)
			}
		}
	}
	return seen
}

// known reports whether a pod that was given has the finding, too.
func known(given, p *exception.Failing, f *exception.Finding) bool {
	if given.Namespace != p.Namespace || given.Extra.ServiceAccount != p.Extra.ServiceAccount &&
		(given.Extra.ServiceAccount+p.Extra.ServiceAccount != "default") || given.RuntimeClass != "" && given.RuntimeClass != p.RuntimeClass {
		return false
	}
	for key, value := range given.Extra.Labels {
		if p.Extra.Labels[key] != value {
			return false
		}
	}
	return slices.ContainsFunc(given.Findings, func(g exception.Finding) bool {
		if g.Control != f.Control && f.Control+g.Control != "capabilities_restrictedcapabilities_baseline" &&
			f.Control+g.Control != "seccompProfile_restrictedseccompProfile_baseline" && f.Control+g.Control != "restrictedVolumeshostPathVolumes" {
			return false
		}
		a, b := g.Container, f.Container
		if a != nil && (b == nil || a.Name != b.Name || a.Kind != b.Kind || image(given, a) != image(p, b)) {
			return false
		}
		if len(given.Extra.Volumes) > 0 && len(p.Extra.Volumes) > 0 && f.Value.String() == "hostPath" {
			mine, theirs := given.Extra.Volumes[0].HostPath, p.Extra.Volumes[0].HostPath
			return g.Value.String() == "hostPath" && (mine == "" || match.Climbs(mine) || !match.Climbs(theirs) && match.Below(theirs, mine))
		}
		return g.Explicit == f.Explicit && (!g.Explicit || f.Value.String() == g.Value.String())
	})
}

func image(p *exception.Failing, c *pss.Container) string {
	for i := range p.Pod.Pod.Containers {
		if &p.Pod.Pod.Containers[i] == c {
			return p.Extra.Containers[i].Image
		}
	}
	return ""
}

func TestASuggestionNamesWhatIsKnown(t *testing.T) {
	t.Parallel()
	const pod = "serviceAccountName: web, hostNetwork: true, volumes: [{name: l, hostPath: {path: /var/log}}], " +
		"initContainers: [{name: init, image: 'istio/proxyv2:1.24', securityContext: {capabilities: {add: [NET_RAW, NET_ADMIN]}}}], " +
		"containers: [{name: app, image: 'ghcr.io/a/b@sha256:ab', securityContext: {readOnlyRootFilesystem: true}}]"
	p := inShop(t, "baseline", pod)
	p.Extra.Labels = map[string]string{"app": "web", "pod-template-hash": "1"}
	other := inShop(t, "baseline", pod)
	other.Extra.Labels = map[string]string{"app": "api"}
	var failing []exception.Failing
	for i, each := range []exception.Pod{p, other} {
		failing = append(failing, exception.Failing{Name: []string{"web", "api"}[i], By: []string{"web", "api"}[i], Pod: each, Findings: exception.Findings(judge(t, each))})
	}
	s, err := exception.Suggest(failing, "x", nil)
	if err != nil || len(s.Exceptions) != 2 || len(s.Left) > 0 {
		t.Fatalf("%v: %+v", err, s)
	}
	init, whole := s.Exceptions[0], s.Exceptions[1]
	if whole.Name != "x-shop-pods" || init.Name != "x-shop-init" {
		t.Errorf("names %s and %s", whole.Name, init.Name)
	}
	want := []v1alpha1.ExceptedControl{{ID: "hostNamespaces", Values: []string{"hostNetwork"}}, {ID: "hostPathVolumes", Values: []string{"/var/log"}}}
	if diff := cmp.Diff(want, whole.Spec.Controls); diff != "" {
		t.Errorf("the pod's controls (-want +got):\n%s", diff)
	}
	want = []v1alpha1.ExceptedControl{{ID: "capabilities_baseline", Values: []string{"NET_ADMIN", "NET_RAW"}}}
	if diff := cmp.Diff(want, init.Spec.Controls); diff != "" {
		t.Errorf("the container's controls (-want +got):\n%s", diff)
	}
	containers := &v1alpha1.ExceptedContainers{
		Names: []string{"init"}, Kinds: []v1alpha1.ContainerKind{"initContainer"}, Images: []string{"docker.io/istio/proxyv2:1.24"},
	}
	if diff := cmp.Diff(containers, init.Spec.Containers); diff != "" {
		t.Errorf("the containers (-want +got):\n%s", diff)
	}
	for _, e := range s.Exceptions {
		if e.Spec.Pods.Selector.MatchExpressions[0].String() != "&LabelSelectorRequirement{Key:app,Operator:In,Values:[api web],}" ||
			!slices.Equal(e.Spec.Pods.ServiceAccounts, []string{"web"}) || !slices.Equal(e.Spec.Namespaces.Names, []string{"shop"}) {
			t.Errorf("%s is for %+v of %+v", e.Name, e.Spec.Pods, e.Spec.Namespaces)
		}
	}
}

func TestWhatNoExceptionCanCoverIsLeft(t *testing.T) {
	t.Parallel()
	p := inShop(t, "baseline", "volumes: [{name: v, hostPath: {path: /a}, nfs: {server: s, path: /}}], containers: [{name: a}]")
	unknown := inShop(t, "baseline", "hostPID: true, containers: [{name: a}]")
	findings := exception.Findings(judge(t, unknown))
	unknown.Extra = &workload.Extra{}
	s, err := exception.Suggest([]exception.Failing{
		{Name: "two-sources", Pod: p, Findings: exception.Findings(judge(t, p))}, {Name: "unknown", Pod: unknown, Findings: findings},
	}, "", nil)
	if err != nil || len(s.Left) != 2 || len(s.Exceptions) != 0 {
		t.Errorf("%v: %d are left, %d exceptions", err, len(s.Left), len(s.Exceptions))
	}
}
