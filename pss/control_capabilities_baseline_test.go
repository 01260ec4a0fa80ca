package pss

import "testing"

func TestCapabilitiesBaseline(t *testing.T) {
	t.Parallel()
	testControl(t, "capabilities_baseline", []controlCase{
		{name: "the default set is fine", pod: Pod{Containers: containers(Container{Name: "a", AddedCapabilities: defaultCapabilities})}},
		{
			name: "names are compared exactly, values are a sorted set",
			pod: Pod{Containers: containers(
				Container{Name: "i", AddedCapabilities: []string{"SYS_ADMIN", "CHOWN", "NET_RAW"}},
				Container{Name: "a", AddedCapabilities: []string{"chown", "NET_RAW"}})},
			want: `non-default capabilities (containers "i", "a" must not include "NET_RAW", "SYS_ADMIN", "chown" in securityContext.capabilities.add)`,
			findings: []string{
				"spec.initContainers[0].securityContext.capabilities.add[0]=SYS_ADMIN",
				"spec.initContainers[0].securityContext.capabilities.add[2]=NET_RAW",
				"spec.containers[0].securityContext.capabilities.add[0]=chown",
				"spec.containers[0].securityContext.capabilities.add[1]=NET_RAW",
			},
		},
		{
			name: "at restricted it holds until v1.21", version: V1(21), level: Restricted,
			pod:      Pod{Containers: containers(Container{Name: "a", AddedCapabilities: []string{"ALL"}})},
			want:     `non-default capabilities (container "a" must not include "ALL" in securityContext.capabilities.add)`,
			findings: []string{"spec.containers[0].securityContext.capabilities.add[0]=ALL"},
		},
		{
			name: "at restricted v1.22 it is overridden", version: V1(22), level: Restricted,
			pod: Pod{Containers: containers(Container{Name: "a", AddedCapabilities: []string{"ALL"}})},
		},
	})
}
