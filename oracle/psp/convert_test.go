package psp

import (
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	policy "k8s.io/api/policy/v1beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	podutil "k8s.io/kubernetes/pkg/api/pod"
	core "k8s.io/kubernetes/pkg/apis/core"

	"github.com/gabion-security/gabion/internal/profile"
	"github.com/gabion-security/gabion/internal/psp"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

const (
	convertCount  = 1_500
	seccompPrefix = "container.seccomp.security.alpha.kubernetes.io/"
)

// TestAPodMeetsTheConvertedProfileExactlyIfKubernetesAdmitsItUnchanged holds the
// profile that a policy is converted to against Kubernetes' own judgement of pods
// as they are stored: pods as they were written, and pods that the policy, or
// another one, has changed.
func TestAPodMeetsTheConvertedProfileExactlyIfKubernetesAdmitsItUnchanged(t *testing.T) {
	t.Parallel()
	s := newTrial(t, convertCount)
	reader, err := workload.NewReader(workload.Options{Extra: true})
	if err != nil {
		t.Fatal(err)
	}
	passed, refused, broken := 0, 0, map[string]int{}
	bases := map[string]int{}
	for n := s.first; n < s.first+s.count && !t.Failed(); n++ {
		r := newRandom(s.seed, n^3<<60)
		written := r.policy()
		r.twist(written)
		text, err := json.Marshal(written)
		if err != nil {
			t.Fatal(err)
		}
		ours := parse(t, text)
		converted, err := ours.Convert()
		if err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		document, err := json.Marshal(converted)
		if err != nil {
			t.Fatal(err)
		}
		judge, err := profile.Read(document)
		if err != nil {
			t.Fatalf("%v: policy %s\nprofile %s", err, text, document)
		}
		bases[judge.Base().String()]++
		provider := newProvider(t, text)
		for range 20 {
			pod := r.stored(t, ours)
			theirs := ask(t, provider, internalPod(t, pod))
			item := reader.ReadObject(pod)
			if item.Err != nil || len(item.Templates) != 1 {
				t.Fatalf("%v: %s", item.Err, pod)
			}
			verdict, err := judge.Evaluate(pss.Evaluator{}, &item.Templates[0])
			if err != nil {
				t.Fatal(err)
			}
			want := theirs.admitted && !theirs.mutated
			if verdict.Allowed() != want {
				t.Errorf("policy %s\nprofile %s\npod %s\nthe pod meets the profile: %v (%v %+v)\nKubernetes: admitted %v, mutated %v %q",
					text, document, pod, verdict.Allowed(), verdict.Base.Failed(), verdict.Violations, theirs.admitted, theirs.mutated, keys(theirs.errors))
				t.Logf("again: GABION_SEED=%d GABION_FIRST=%d GABION_COUNT=1", s.seed, n)
				break
			}
			if want {
				passed++
				continue
			}
			refused++
			for _, v := range verdict.Violations {
				broken[v.Control]++
			}
		}
	}
	t.Log(passed, refused, broken, bases)
	if s.count != convertCount || t.Failed() {
		return
	}
	if passed*20 < refused || refused*20 < passed {
		t.Errorf("the pods are too much alike: %d pass, %d do not", passed, refused)
	}
	for _, c := range profile.Controls() {
		if len(c.PSP) > 0 && broken[c.ID] == 0 {
			t.Errorf("no pod fails %s", c.ID)
		}
	}
	if len(bases) < 2 {
		t.Errorf("all profiles have one base: %v", bases)
	}
}

// twist gives some policies what a profile does not have as it stands, and makes
// some as strict as baseline.
func (r random) twist(p *policy.PodSecurityPolicy) {
	s := &p.Spec
	if r.one(4) && s.RunAsUser.Rule == policy.RunAsUserStrategyMustRunAs {
		s.RunAsUser.Ranges = append(s.RunAsUser.Ranges, policy.IDRange{Min: 1 << 31, Max: 1 << 32}, policy.IDRange{Min: 1 << 20, Max: 1 << 40})
	}
	if r.one(4) {
		s.HostPorts = pick(r, []policy.HostPortRange{{Min: 0, Max: 0}}, []policy.HostPortRange{{Min: 0, Max: 80}}, []policy.HostPortRange{{Min: 1, Max: 65535}})
	}
	if r.one(4) {
		s.Volumes = some(r, 5, policy.CephFS, policy.StorageOS, policy.Secret, policy.Projected, policy.AWSElasticBlockStore)
	}
	if !r.one(4) {
		return
	}
	s.Privileged, s.HostNetwork, s.HostPID, s.HostIPC, s.HostPorts = false, false, false, false, nil
	s.AllowedCapabilities, s.DefaultAddCapabilities, s.RequiredDropCapabilities = some(r, 2, capabilities()[1:3]...), nil, nil
	s.SELinux = policy.SELinuxStrategyOptions{Rule: policy.SELinuxStrategyMustRunAs, SELinuxOptions: &corev1.SELinuxOptions{Type: "container_t"}}
	s.Volumes = some(r, 9, policy.Secret, policy.ConfigMap, policy.EmptyDir, policy.CSI, policy.Projected, policy.NFS)
	s.AllowedUnsafeSysctls, s.AllowedProcMountTypes = nil, nil
	p.Annotations[appArmorAllowed] = "runtime/default,localhost/a"
	p.Annotations[seccompAllowed] = pick(r, "", "docker/default,localhost/a.json")
}

func parse(t *testing.T, text []byte) *psp.Policy {
	t.Helper()
	policy, _, err := psp.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return policy
}

// stored returns a pod as the API server of 1.24 stored it: as it was written, or
// admitted by the policy, or by another one.
func (r random) stored(t *testing.T, p *psp.Policy) []byte {
	t.Helper()
	pod := r.pod()
	withoutStrayProfiles(pod)
	valid(pod)
	text, err := json.Marshal(pod)
	if err != nil {
		t.Fatal(err)
	}
	text = withEmptyLists(text)
	by := p
	if r.one(3) {
		other, err := json.Marshal(r.policy())
		if err != nil {
			t.Fatal(err)
		}
		by = parse(t, other)
	}
	if !r.one(4) {
		made := new(corev1.Pod)
		if err := json.Unmarshal(text, made); err != nil {
			t.Fatal(err)
		}
		result, err := psp.NewSimulator([]*psp.Policy{by}, nil).Simulate(psp.Request{Namespace: "ns", Pod: made})
		if err != nil {
			t.Fatal(err)
		}
		text = apply(t, result.Patch, text)
	}
	stored := new(corev1.Pod)
	if err := json.Unmarshal(text, stored); err != nil {
		t.Fatal(err)
	}
	syncFields(stored)
	syncAnnotations(stored)
	if text, err = json.Marshal(stored); err != nil {
		t.Fatal(err)
	}
	return text
}

// valid changes what the API server refuses in a pod.
func valid(pod *corev1.Pod) {
	taken := map[string]bool{}
	for _, list := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for i := range list {
			if taken[list[i].Name] {
				list[i].Name = fmt.Sprintf("%s-%d", list[i].Name, i)
			}
			taken[list[i].Name] = true
		}
	}
	maps.DeleteFunc(pod.Annotations, func(key, value string) bool {
		return value == "" && (key == seccompPod || strings.HasPrefix(key, seccompPrefix))
	})
	for p := range seccompFields(pod) {
		if *p != nil && (*p).Type == corev1.SeccompProfileTypeLocalhost && (*p).LocalhostProfile == nil {
			(*p).LocalhostProfile = new("a.json")
		}
	}
}

// seccompFields yields the seccomp profiles of a pod and its containers, with the
// annotations that say the same.
func seccompFields(pod *corev1.Pod) iter.Seq2[**corev1.SeccompProfile, string] {
	return func(yield func(**corev1.SeccompProfile, string) bool) {
		if sc := pod.Spec.SecurityContext; sc != nil && !yield(&sc.SeccompProfile, seccompPod) {
			return
		}
		for _, list := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
			for i := range list {
				if sc := list[i].SecurityContext; sc != nil && !yield(&sc.SeccompProfile, seccompPrefix+list[i].Name) {
					return
				}
			}
		}
		for i := range pod.Spec.EphemeralContainers {
			c := &pod.Spec.EphemeralContainers[i]
			if c.SecurityContext != nil && !yield(&c.SecurityContext.SeccompProfile, seccompPrefix+c.Name) {
				return
			}
		}
	}
}

// syncAnnotations sets the annotations that say of seccomp what fields say, as
// the API server of Kubernetes 1.24 did when it stored a pod. It took none that
// says something else.
func syncAnnotations(pod *corev1.Pod) {
	for p, key := range seccompFields(pod) {
		if *p != nil {
			metav1.SetMetaDataAnnotation(&pod.ObjectMeta, key, podutil.SeccompAnnotationForField(&core.SeccompProfile{
				Type: core.SeccompProfileType((*p).Type), LocalhostProfile: (*p).LocalhostProfile,
			}))
		}
	}
}
