package pss

import (
	"math/rand/v2"
	"testing"
)

// randomPod states each setting with a chance of one in four.
func randomPod(r *rand.Rand) *Pod {
	sometimes := func() bool { return r.IntN(4) == 0 }
	boolean := func() Opt[bool] { return Opt[bool]{Value: sometimes(), Set: sometimes()} }
	text := func() Opt[string] {
		return Opt[string]{Value: []string{"", "X", "Localhost"}[r.IntN(3)], Set: sometimes()}
	}
	word := func(s string) string {
		if sometimes() {
			return s
		}
		return ""
	}
	context := func() SecurityContext {
		return SecurityContext{
			RunAsNonRoot: boolean(), RunAsUser: Opt[int64]{Value: r.Int64N(2), Set: sometimes()},
			SeccompProfile: text(), AppArmorProfile: text(), HostProcess: boolean(),
			SELinux: SELinuxOptions{Type: word("t"), User: word("u"), Role: word("r")},
		}
	}
	p := &Pod{
		OS: word("windows"), HostUsers: boolean(), HostNetwork: sometimes(), HostPID: sometimes(), HostIPC: sometimes(),
		SecurityContext: context(),
	}
	if sometimes() {
		p.Annotations = []Annotation{{AppArmorAnnotationPrefix + "c", word("x")}, {SeccompContainerAnnotationPrefix + "c", word("x")}, {SeccompPodAnnotation, word("x")}}
	}
	if sometimes() {
		p.Sysctls = []string{"kernel.shm_rmid_forced", word("x")}
	}
	if sometimes() {
		p.Volumes = []Volume{{"v", VolumeSources(1) << r.IntN(32)}}
	}
	for range r.IntN(3) {
		c := Container{
			Name: "c", Kind: ContainerKind(r.IntN(3)), SecurityContext: context(), Privileged: boolean(),
			AllowPrivilegeEscalation: boolean(), ProcMount: text(),
		}
		if sometimes() {
			c.AddedCapabilities, c.DroppedCapabilities = []string{"CHOWN", word("X")}, []string{"ALL"}
		}
		if sometimes() {
			c.HostPorts, c.Hosts = []HostPort{{0, 1}}, []Host{{LivenessHTTP, "h"}}
		}
		p.Containers = append(p.Containers, c)
	}
	return p
}

func TestControlsThatAreNotAskedWouldFindNothing(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	found := map[ID]bool{}
	for range 20_000 {
		pod := randomPod(r)
		stated := pod.states()
		for _, c := range catalogue {
			for _, revision := range c.Revisions {
				if revision.rule.find(pod, refuse) {
					continue
				}
				found[c.ID] = true
				if c.about != 0 && c.about&stated == 0 {
					t.Fatalf("%s is not asked about a pod that it objects to: %+v", c.ID, pod)
				}
			}
		}
	}
	if len(found) != len(catalogue) {
		t.Errorf("only %d of %d controls found anything in the random pods", len(found), len(catalogue))
	}
}
