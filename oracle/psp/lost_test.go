package psp

import (
	"encoding/json"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/gabion-security/gabion/internal/profile"
	"github.com/gabion-security/gabion/internal/psp"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

const lostCount = 1_500

// TestWhatALevelAllowsAndThePolicyDidNotIsAmongWhatIsLost judges pods that pass a
// level by the profile that means the same as a policy.
func TestWhatALevelAllowsAndThePolicyDidNotIsAmongWhatIsLost(t *testing.T) {
	t.Parallel()
	s := newTrial(t, lostCount)
	reader, err := workload.NewReader(workload.Options{Extra: true})
	if err != nil {
		t.Fatal(err)
	}
	lost, missed := map[string]int{}, map[string]int{}
	for n := s.first; n < s.first+s.count && !t.Failed(); n++ {
		r := newRandom(s.seed, n^5<<60)
		written := r.policy()
		r.twist(written)
		text, err := json.Marshal(written)
		if err != nil {
			t.Fatal(err)
		}
		ours := parse(t, text)
		level := pick(r, pss.Baseline, pss.Restricted)
		at := pss.LevelVersion{Level: level, Version: pick(r, pss.Latest, pss.V1(25))}
		losses, err := ours.Lost(at)
		if err != nil {
			t.Fatal(err)
		}
		var controls []string
		for _, l := range losses {
			if len(l.Allows) == 0 || l.Field == "" {
				t.Errorf("%+v says too little", l)
			}
			controls = append(controls, l.Control)
			lost[l.Control]++
		}
		judge := converted(t, ours)
		for range 20 {
			pod, err := json.Marshal(r.harmless(level))
			if err != nil {
				t.Fatal(err)
			}
			item := reader.ReadObject(withEmptyLists(pod))
			if item.Err != nil {
				t.Fatalf("%v: %s", item.Err, pod)
			}
			passes, err := pss.Evaluator{}.Evaluate(&item.Templates[0].Pod, at)
			if err != nil {
				t.Fatal(err)
			}
			verdict, err := judge.Evaluate(pss.Evaluator{}, &item.Templates[0])
			if err != nil {
				t.Fatal(err)
			}
			if !passes.Allowed() {
				continue
			}
			for _, v := range verdict.Violations {
				if missed[v.Control]++; !slices.Contains(controls, v.Control) {
					t.Errorf("policy %s\n%s allows %s, which fails %s; lost is %q", text, at, pod, v.Detail, controls)
				}
			}
		}
		if t.Failed() {
			t.Logf("again: GABION_SEED=%d GABION_FIRST=%d GABION_COUNT=1", s.seed, n)
		}
	}
	t.Log(lost, missed)
	for _, c := range profile.Controls() {
		// What baseline refuses in any case is never lost.
		always := slices.Contains([]string{"privilegedContainers", "hostNetwork", "hostPID", "hostIPC", "allowedHostPorts", "allowedHostPaths"}, c.ID)
		if s.count == lostCount && !t.Failed() && len(c.PSP) > 0 && (lost[c.ID] > 0) == always {
			t.Errorf("%s is lost %d times", c.ID, lost[c.ID])
		}
	}
}

// converted returns the profile that means the same as a policy.
func converted(t *testing.T, p *psp.Policy) *profile.Profile {
	t.Helper()
	to, err := p.Convert()
	if err != nil {
		t.Fatal(err)
	}
	document, err := json.Marshal(to)
	if err != nil {
		t.Fatal(err)
	}
	judge, err := profile.Read(document)
	if err != nil {
		t.Fatalf("%v: %s", err, document)
	}
	return judge
}

// harmless makes a pod that often passes the level.
func (r random) harmless(level pss.Level) *corev1.Pod {
	pod := r.pod()
	valid(pod)
	s := &pod.Spec
	s.HostNetwork, s.HostPID, s.HostIPC, s.EphemeralContainers = false, false, false, nil
	s.Volumes = slices.DeleteFunc(s.Volumes, func(v corev1.Volume) bool { return v.HostPath != nil })
	pod.Annotations = nil
	if s.SecurityContext == nil {
		s.SecurityContext = &corev1.PodSecurityContext{}
	}
	s.SecurityContext.SELinuxOptions = pick(r, nil, &corev1.SELinuxOptions{Type: "container_t"}, &corev1.SELinuxOptions{Level: "s0"})
	s.SecurityContext.SeccompProfile = pick(r, nil, &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault})
	for _, list := range [][]corev1.Container{s.InitContainers, s.Containers} {
		for i := range list {
			list[i].Ports = nil
			sc := list[i].SecurityContext
			if sc == nil {
				sc = &corev1.SecurityContext{}
				list[i].SecurityContext = sc
			}
			sc.Privileged, sc.ProcMount, sc.SELinuxOptions = nil, nil, nil
			if sc.Capabilities != nil {
				sc.Capabilities.Add = some(r, 1, corev1.Capability("NET_BIND_SERVICE"))
			}
			if level == pss.Baseline {
				continue
			}
			sc.AllowPrivilegeEscalation, sc.RunAsNonRoot = new(false), new(true)
			if sc.RunAsUser != nil && *sc.RunAsUser == 0 {
				sc.RunAsUser = nil
			}
			sc.Capabilities = &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}}
			sc.SeccompProfile = &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}
		}
	}
	return pod
}
