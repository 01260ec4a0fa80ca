package psp

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	podutil "k8s.io/kubernetes/pkg/api/pod"
	"k8s.io/kubernetes/pkg/apis/core"
	"k8s.io/kubernetes/pkg/apis/core/validation"

	"github.com/gabion-security/gabion/internal/psp"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

const loosestCount = 1_000

// failedBy returns the controls that a pod fails, of all levels.
func failedBy(t *testing.T, r *workload.Reader, pod []byte) map[pss.ID]bool {
	t.Helper()
	item := r.ReadObject(pod)
	if item.Err != nil || len(item.Templates) != 1 {
		t.Fatalf("%v: %s", item.Err, pod)
	}
	failed := map[pss.ID]bool{}
	for _, level := range []pss.Level{pss.Baseline, pss.Restricted} {
		verdict, err := pss.Evaluator{}.Evaluate(&item.Templates[0].Pod, pss.LevelVersion{Level: level, Version: pss.Latest})
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range verdict.Failed() {
			failed[id] = true
		}
	}
	return failed
}

// TestNoPodThatAPolicyAdmitsFailsWhatItsMappingSaysCannotBeFailed also has
// Kubernetes admit what stands for all that a policy allows.
func TestNoPodThatAPolicyAdmitsFailsWhatItsMappingSaysCannotBeFailed(t *testing.T) {
	t.Parallel()
	s := newTrial(t, loosestCount)
	reader, err := workload.NewReader(workload.Options{})
	if err != nil {
		t.Fatal(err)
	}
	met, failed := map[pss.ID]int{}, map[pss.ID]int{}
	for n := s.first; n < s.first+s.count && !t.Failed(); n++ {
		r := newRandom(s.seed, n^1<<63)
		text, err := json.Marshal(r.policy())
		if err != nil {
			t.Fatal(err)
		}
		policy, _, err := psp.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		mapping, err := policy.Map(pss.Latest)
		if err != nil {
			t.Fatal(err)
		}
		can, beyondFields := map[pss.ID]bool{}, map[pss.ID]bool{}
		for _, c := range mapping.Controls {
			can[c.Control.ID] = len(c.Findings) > 0
			beyondFields[c.Control.ID] = len(c.Settings) == 0 || c.Control.Level > mapping.ByFields
			if c.ByIntent() && c.Control.ID != "runAsNonRoot" && c.Control.ID != "runAsUser" {
				t.Errorf("policy %s\nmeets %s by intent", text, c.Control.ID)
			}
		}
		provider := newProvider(t, text)
		loosest, err := json.Marshal(policy.Loosest())
		if err != nil {
			t.Fatal(err)
		}
		if a := ask(t, provider, internalPod(t, loosest)); !a.admitted && admitsAny(policy) {
			t.Errorf("policy %s\ndoes not admit its loosest pod %s: %q", text, loosest, keys(a.errors))
		}
		simulator := psp.NewSimulator([]*psp.Policy{policy}, nil)
		for range 20 {
			patched, ok := admitted(t, r, simulator)
			if !ok {
				continue
			}
			for id := range failedBy(t, reader, patched) {
				if failed[id]++; !can[id] {
					t.Errorf("policy %s\nadmits %s, which fails %s", text, patched, id)
				}
				if !beyondFields[id] {
					t.Errorf("policy %s\nguarantees %s by its fields, and admits %s, which fails %s", text, mapping.ByFields, patched, id)
				}
			}
		}
		for id, could := range can {
			if !could {
				met[id]++
			}
		}
		if t.Failed() {
			t.Logf("again: GABION_SEED=%d GABION_FIRST=%d GABION_COUNT=1", s.seed, n)
		}
	}
	t.Log(met, failed)
	for _, c := range pss.Controls() {
		// A policy has no field for hosts of probes, and looks at the user a container
		// ends up with, whatever pod and containers say.
		always := c.ID == "hostProbesAndHostLifecycle" || c.ID == "runAsNonRoot" || c.ID == "runAsUser"
		if s.count == loosestCount && !t.Failed() && (met[c.ID] > 0) == always {
			t.Errorf("%s was guaranteed by %d policies", c.ID, met[c.ID])
		}
	}
}

// admitsAny reports whether there are pods at all that a policy admits: a list of
// profiles can be such that there is none.
func admitsAny(p *psp.Policy) bool {
	appArmor, restricted := p.Annotations[appArmorAllowed]
	seccomp, stated := p.Annotations[seccompAllowed]
	return !(restricted && strings.Trim(appArmor, ",") == "") && (p.Annotations[seccompDefault] == "" || stated && strings.Trim(seccomp, ",") != "")
}

// admitted returns a random pod as it is stored, if it is admitted.
func admitted(t *testing.T, r random, s *psp.Simulator) (pod []byte, ok bool) {
	t.Helper()
	made := r.pod()
	withoutStrayProfiles(made)
	result, err := s.Simulate(psp.Request{Namespace: "ns", Pod: made})
	if err != nil {
		t.Fatal(err)
	}
	if !result.Admitted {
		return nil, false
	}
	text, err := json.Marshal(made)
	if err != nil {
		t.Fatal(err)
	}
	stored := new(corev1.Pod)
	if err := json.Unmarshal(apply(t, result.Patch, withEmptyLists(text)), stored); err != nil {
		t.Fatal(err)
	}
	syncFields(stored)
	if text, err = json.Marshal(stored); err != nil {
		t.Fatal(err)
	}
	return text, !contradictsItself(internalPod(t, text))
}

// contradictsItself reports whether the API server refuses a pod for a seccomp
// annotation that says something else than the field beside it.
func contradictsItself(pod *core.Pod) bool {
	return slices.ContainsFunc(validation.ValidatePodCreate(pod, validation.PodValidationOptions{}), func(e *field.Error) bool {
		return e.Type == field.ErrorTypeForbidden && strings.HasSuffix(e.Field, ".seccompProfile.type") ||
			e.Type == field.ErrorTypeForbidden && strings.HasSuffix(e.Field, ".seccompProfile.localhostProfile")
	})
}

// withoutStrayProfiles takes away the AppArmor profiles of containers that the pod
// does not have: the API server refuses those.
func withoutStrayProfiles(pod *corev1.Pod) {
	names := map[string]bool{}
	for _, c := range pod.Spec.InitContainers {
		names[c.Name] = true
	}
	for _, c := range pod.Spec.Containers {
		names[c.Name] = true
	}
	for _, c := range pod.Spec.EphemeralContainers {
		names[c.Name] = true
	}
	maps.DeleteFunc(pod.Annotations, func(key, _ string) bool {
		name, profile := strings.CutPrefix(key, "container.apparmor.security.beta.kubernetes.io/")
		return profile && !names[name]
	})
}

// syncFields sets seccomp's fields where only annotations are, as the API server
// of Kubernetes 1.24 did when it stored a pod.
func syncFields(pod *corev1.Pod) {
	field := func(key string, has *corev1.SeccompProfile) *corev1.SeccompProfile {
		if from := podutil.SeccompFieldForAnnotation(pod.Annotations[key]); has == nil && from != nil {
			return &corev1.SeccompProfile{Type: corev1.SeccompProfileType(from.Type), LocalhostProfile: from.LocalhostProfile}
		}
		return has
	}
	if pod.Spec.SecurityContext == nil {
		pod.Spec.SecurityContext = &corev1.PodSecurityContext{}
	}
	pod.Spec.SecurityContext.SeccompProfile = field("seccomp.security.alpha.kubernetes.io/pod", pod.Spec.SecurityContext.SeccompProfile)
	for _, list := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for i := range list {
			if list[i].SecurityContext == nil {
				list[i].SecurityContext = &corev1.SecurityContext{}
			}
			sc := list[i].SecurityContext
			sc.SeccompProfile = field("container.seccomp.security.alpha.kubernetes.io/"+list[i].Name, sc.SeccompProfile)
		}
	}
}
