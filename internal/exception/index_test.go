package exception

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/match"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

func selecting(key string, values ...string) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: key, Operator: metav1.LabelSelectorOpIn, Values: values}}}
}

func requiring(key string, operator metav1.LabelSelectorOperator) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: key, Operator: operator}}}
}

// mayCover reports whether there is something in the pod that the exception is for.
func (e *Exception) mayCover(p *Pod) bool {
	for i := range p.Pod.Containers {
		if e.containers == nil || e.containers.match(p, &p.Pod.Containers[i]) {
			return true
		}
	}
	return false
}

// TestTheIndexFindsWhatMatches compares what is found with what matches of all
// exceptions, for every way to name namespaces and pods.
func TestTheIndexFindsWhatMatches(t *testing.T) {
	t.Parallel()
	absent := requiring("team", metav1.LabelSelectorOpDoesNotExist)
	namespaces := []v1alpha1.Namespaces{
		{All: true}, {All: true, Except: []string{"a"}}, {Names: []string{"a"}}, {Names: []string{"a", "b"}}, {Selector: selecting("team", "x")},
		{Selector: selecting("team", "x", "y")}, {Selector: absent}, {Names: []string{"b"}, Selector: selecting("team", "x")},
		{Selector: selecting("team", "a")}, {Names: []string{"x"}}, {Selector: requiring("team", metav1.LabelSelectorOpExists)},
	}
	pods := []*v1alpha1.ExceptedPods{
		nil, {ServiceAccounts: []string{"default"}}, {ServiceAccounts: []string{"web", "x"}}, {Selector: selecting("team", "x")},
		{Selector: selecting("team", "x", "y")}, {Selector: absent}, {ServiceAccounts: []string{"web"}, Selector: selecting("team", "y")},
		{RuntimeClasses: []string{"web"}}, {Selector: selecting("team", "web")}, {Selector: requiring("app", metav1.LabelSelectorOpExists)},
	}
	containers := []*v1alpha1.ExceptedContainers{
		nil, {Names: []string{"web", "init"}}, {Images: []string{"docker.io/library/nginx"}}, {Images: []string{"ghcr.io/a/**", "ghcr.io/a/*/c"}},
		{Names: []string{"init"}, Images: []string{"docker.io/*/nginx:1"}}, {Kinds: []v1alpha1.ContainerKind{"container"}},
	}
	var all []*Exception
	for _, n := range namespaces {
		for i := range len(pods) * len(containers) {
			p, c := pods[i/len(containers)], containers[i%len(containers)]
			e := v1alpha1.PodSecurityException{Spec: v1alpha1.PodSecurityExceptionSpec{
				Reason: "r", Namespaces: n, Pods: p, Containers: c, Controls: []v1alpha1.ExceptedControl{{ID: "privileged"}},
			}}
			e.Name = fmt.Sprintf("e-%03d", len(all))
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
	images := [][]workload.ContainerExtra{{{Image: "nginx:1"}, {Image: "ghcr.io/a/b"}}, {{Image: "ghcr.io/a/b/c"}, {Image: "nginx:1"}}, {{}, {Image: "other"}}}
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
						Namespace: name, NamespaceLabels: of,
						Pod:          &pss.Pod{Containers: []pss.Container{{Name: "init", Kind: pss.InitContainer}, {Name: "web"}}},
						Extra:        &workload.Extra{Labels: own, ServiceAccount: account, Containers: images[(len(own)+len(account))%len(images)]},
						RuntimeClass: account,
					}
					var want []*Exception
					for _, e := range all {
						if e.matches(&p) && e.mayCover(&p) {
							want = append(want, e)
						}
					}
					matched += len(want)
					found := set.For(p, v1alpha1.Enforce, time.Time{})
					got := slices.DeleteFunc(found.exceptions, func(e *Exception) bool { return !e.mayCover(&p) })
					if !slices.Equal(got, want) {
						t.Errorf("namespace %s %v, pod %v of %q: %d exceptions, want %d", name, of, own, account, len(got), len(want))
					}
				}
			}
		}
	}
	if matched < 10000 {
		t.Errorf("only %d matches: the test says little", matched)
	}
}

// TestNoCommonWayToNarrowAnExceptionIsLinear has many exceptions of each kind, none
// of which is for the pod.
func TestNoCommonWayToNarrowAnExceptionIsLinear(t *testing.T) {
	t.Parallel()
	other := func(i int) string { return fmt.Sprint("other-", i) }
	inAll := func(e v1alpha1.PodSecurityExceptionSpec) v1alpha1.PodSecurityExceptionSpec {
		e.Namespaces.All = true
		return e
	}
	pods := func(p v1alpha1.ExceptedPods) v1alpha1.PodSecurityExceptionSpec {
		return inAll(v1alpha1.PodSecurityExceptionSpec{Pods: &p})
	}
	containers := func(c v1alpha1.ExceptedContainers) v1alpha1.PodSecurityExceptionSpec {
		return inAll(v1alpha1.PodSecurityExceptionSpec{Containers: &c})
	}
	for name, of := range map[string]func(int) v1alpha1.PodSecurityExceptionSpec{
		"namespaces by name": func(i int) v1alpha1.PodSecurityExceptionSpec {
			return v1alpha1.PodSecurityExceptionSpec{Namespaces: v1alpha1.Namespaces{Names: []string{other(i)}}}
		},
		"namespaces by several values": func(i int) v1alpha1.PodSecurityExceptionSpec {
			return v1alpha1.PodSecurityExceptionSpec{Namespaces: v1alpha1.Namespaces{Selector: selecting("team", other(i), other(i+1))}}
		},
		"namespaces by a key": func(i int) v1alpha1.PodSecurityExceptionSpec {
			return v1alpha1.PodSecurityExceptionSpec{Namespaces: v1alpha1.Namespaces{Selector: requiring(other(i), metav1.LabelSelectorOpExists)}}
		},
		"accounts": func(i int) v1alpha1.PodSecurityExceptionSpec {
			return pods(v1alpha1.ExceptedPods{ServiceAccounts: []string{other(i)}})
		},
		"labels": func(i int) v1alpha1.PodSecurityExceptionSpec {
			return pods(v1alpha1.ExceptedPods{Selector: selecting("app", other(i), other(i+1))})
		},
		"runtime classes": func(i int) v1alpha1.PodSecurityExceptionSpec {
			return pods(v1alpha1.ExceptedPods{RuntimeClasses: []string{other(i)}})
		},
		"containers": func(i int) v1alpha1.PodSecurityExceptionSpec {
			return containers(v1alpha1.ExceptedContainers{Names: []string{other(i), other(i + 1)}})
		},
		"images": func(i int) v1alpha1.PodSecurityExceptionSpec {
			return containers(v1alpha1.ExceptedContainers{Images: []string{"docker.io/" + other(i) + "/*"}})
		},
	} {
		var all []*Exception
		for i := range 100 {
			e := v1alpha1.PodSecurityException{Spec: of(i)}
			e.Name, e.Spec.Reason, e.Spec.Controls = fmt.Sprint("e-", i), "r", []v1alpha1.ExceptedControl{{ID: "privileged"}}
			compiled, err := Compile(&e, nil)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, compiled)
		}
		set, err := NewSet(all)
		if err != nil {
			t.Fatal(err)
		}
		p := Pod{
			Pod:          &pss.Pod{Containers: []pss.Container{{Name: "web"}}},
			Extra:        &workload.Extra{Labels: map[string]string{"app": "web"}, Containers: []workload.ContainerExtra{{Image: "istio/proxyv2"}}},
			RuntimeClass: "gvisor",
		}
		looked := 0
		for x := range set.in("n", map[string]string{"team": "a"}) {
			x.of(&p, func(*Exception) { looked++ })
		}
		if looked > 0 {
			t.Errorf("%s: %d exceptions are looked at", name, looked)
		}
	}
}

// plainly yields all that a repository begins with, however long it is.
func plainly(repository string, yield func(string)) {
	for at := range len(repository) {
		if repository[at] == '/' {
			yield(repository[:at])
		}
	}
	yield(repository)
}

// forImages makes exceptions, each for one image.
func forImages(t *testing.T, patterns ...string) []*Exception {
	t.Helper()
	var all []*Exception
	for i, pattern := range patterns {
		e := v1alpha1.PodSecurityException{Spec: v1alpha1.PodSecurityExceptionSpec{
			Namespaces: v1alpha1.Namespaces{All: true}, Containers: &v1alpha1.ExceptedContainers{Images: []string{pattern}},
			Controls: []v1alpha1.ExceptedControl{{ID: "privileged"}, {ID: "capabilities_baseline"}}, Reason: "r",
		}}
		e.Name = fmt.Sprint("e-", i)
		compiled, err := Compile(&e, nil)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, compiled)
	}
	return all
}

// TestAnImageIsLookedUpAsIfAllOfItWere compares what is found for random images with
// what all their prefixes find.
func TestAnImageIsLookedUpAsIfAllOfItWere(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano()) //nolint:gosec // any number does
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // a test
	text := func(most int, words ...string) string {
		var parts []string
		for range 1 + r.IntN(most) {
			parts = append(parts, words[r.IntN(len(words))])
		}
		return strings.Join(parts, "/")
	}
	met := 0
	for range 1_000 {
		var patterns []string
		for range 1 + r.IntN(4) {
			patterns = append(patterns, "a.io/"+text(3, "a", "bb", "a.io", "*")+[]string{"", "/**", ":1"}[r.IntN(3)])
		}
		var x index
		for _, e := range forImages(t, patterns...) {
			x.add(e)
		}
		for range 10 {
			image := text(6, "a.io", "a.io", "a", "bb", "", "b") + []string{"", ":1"}[r.IntN(2)]
			var got, want []*Exception
			p := podOfImages(image)
			x.of(&p, func(e *Exception) { got = append(got, e) })
			if image != "" {
				plainly(match.ParseImage(image).Repository, func(prefix string) {
					want = append(want, x.byKey[key{repositoryKey, prefix, ""}]...)
				})
			}
			if !slices.Equal(got, want) {
				t.Fatalf("%q of %q: %d exceptions, want %d", image, patterns, len(got), len(want))
			}
			met += len(want)
		}
	}
	if met < 1_000 {
		t.Errorf("only %d were found: the test says little", met)
	}
}

func TestAnImageIsLookedUpNoFurtherThanExceptionsGo(t *testing.T) {
	t.Parallel()
	var x index
	for _, e := range forImages(t, "docker.io/istio/proxyv2", "ghcr.io/a/*") {
		x.add(e)
	}
	read := 0
	for prefix := range x.prefixes("docker.io/a" + strings.Repeat("/", 100_000)) {
		read += len(prefix)
	}
	if most := len("docker.io/istio/proxyv2"); read > most*most {
		t.Errorf("%d bytes are read to find an exception", read)
	}
}
