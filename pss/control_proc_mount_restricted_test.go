package pss

import "testing"

func TestProcMountRestricted(t *testing.T) {
	t.Parallel()
	unmasked := containers(Container{Name: "a", ProcMount: Some("Unmasked")})
	testControl(t, "procMount_restricted", []controlCase{
		{name: "unset", pod: Pod{Containers: containers(Container{Name: "a"})}},
		{
			name: "a user namespace is no excuse", pod: Pod{HostUsers: Some(false), Containers: unmasked},
			want:     `procMount (container "a" must not set securityContext.procMount to "Unmasked")`,
			findings: []string{"spec.containers[0].securityContext.procMount=Unmasked"},
		},
		{name: "it did not exist in v1.34", version: V1(34), pod: Pod{Containers: unmasked}},
	})
}
