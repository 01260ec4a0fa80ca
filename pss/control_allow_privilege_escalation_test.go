package pss

import "testing"

func TestAllowPrivilegeEscalation(t *testing.T) {
	t.Parallel()
	testControl(t, "allowPrivilegeEscalation", []controlCase{
		{name: "false", pod: Pod{Containers: containers(Container{Name: "a", AllowPrivilegeEscalation: Some(false)})}},
		{name: "it did not exist in v1.7", version: V1(7), pod: Pod{Containers: containers(Container{Name: "a"})}},
		{name: "Windows is exempt since v1.25", pod: Pod{OS: "windows", Containers: containers(Container{Name: "a"})}},
		{
			name: "true and missing", version: V1(24),
			pod:      Pod{OS: "windows", Containers: containers(Container{Name: "a", AllowPrivilegeEscalation: Some(true)}, Container{Name: "e"})},
			want:     `allowPrivilegeEscalation != false (containers "a", "e" must set securityContext.allowPrivilegeEscalation=false)`,
			findings: []string{"spec.containers[0].securityContext.allowPrivilegeEscalation=true", "spec.ephemeralContainers[0].securityContext.allowPrivilegeEscalation!"},
		},
	})
}
