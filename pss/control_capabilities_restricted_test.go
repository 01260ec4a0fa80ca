package pss

import "testing"

func TestCapabilitiesRestricted(t *testing.T) {
	t.Parallel()
	all := []string{"ALL"}
	testControl(t, "capabilities_restricted", []controlCase{
		{name: "drop ALL, add NET_BIND_SERVICE", pod: Pod{Containers: containers(
			Container{Name: "a", DroppedCapabilities: []string{"X", "ALL"}, AddedCapabilities: []string{"NET_BIND_SERVICE"}})}},
		{name: "it did not exist in v1.21", version: V1(21), pod: Pod{Containers: containers(Container{Name: "a"})}},
		{
			name: "a lower-case all is not ALL",
			pod: Pod{Containers: containers(Container{Name: "a", DroppedCapabilities: []string{"all", "NET_RAW"}},
				Container{Name: "b"})},
			want: `unrestricted capabilities (containers "a", "b" must set securityContext.capabilities.drop=["ALL"])`,
			findings: []string{
				"spec.containers[0].securityContext.capabilities.drop![all, NET_RAW]", "spec.containers[1].securityContext.capabilities.drop!",
			},
		},
		{
			name: "both parts",
			pod: Pod{Containers: containers(Container{Name: "i", AddedCapabilities: []string{"CHOWN", "NET_BIND_SERVICE"}},
				Container{Name: "a", DroppedCapabilities: all, AddedCapabilities: []string{"ALL"}})},
			want: `unrestricted capabilities (container "i" must set securityContext.capabilities.drop=["ALL"]; ` +
				`containers "i", "a" must not include "ALL", "CHOWN" in securityContext.capabilities.add)`,
			findings: []string{
				"spec.initContainers[0].securityContext.capabilities.drop!",
				"spec.initContainers[0].securityContext.capabilities.add[0]=CHOWN",
				"spec.containers[0].securityContext.capabilities.add[0]=ALL",
			},
		},
		{name: "Windows is exempt since v1.25", pod: Pod{OS: "windows", Containers: containers(Container{Name: "a"})}},
		{
			name: "Windows was not exempt in v1.24", version: V1(24), pod: Pod{OS: "windows", Containers: containers(Container{Name: "a"})},
			want:     `unrestricted capabilities (container "a" must set securityContext.capabilities.drop=["ALL"])`,
			findings: []string{"spec.containers[0].securityContext.capabilities.drop!"},
		},
		{
			name: "the operating system is compared exactly", pod: Pod{OS: "Windows", Containers: containers(Container{Name: "a"})},
			want:     `unrestricted capabilities (container "a" must set securityContext.capabilities.drop=["ALL"])`,
			findings: []string{"spec.containers[0].securityContext.capabilities.drop!"},
		},
	})
}

func TestManyContainersAreWorded(t *testing.T) {
	t.Parallel()
	var pod Pod
	for range 30 {
		pod.Containers = append(pod.Containers, Container{Name: "a", AddedCapabilities: []string{"X"}, Kind: RegularContainer, Index: len(pod.Containers)})
	}
	v, err := Evaluator{}.Evaluate(&pod, LevelVersion{Restricted, Latest})
	if err != nil {
		t.Fatal(err)
	}
	for _, violation := range v.Violations() {
		if violation.Control == "capabilities_restricted" && len(violation.Findings) != 60 {
			t.Errorf("%d findings, want 60", len(violation.Findings))
		}
	}
}
