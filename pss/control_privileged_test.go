package pss

import "testing"

func TestPrivileged(t *testing.T) {
	t.Parallel()
	testControl(t, "privileged", []controlCase{
		{name: "unset and false are fine", pod: Pod{Containers: containers(Container{Name: "a"}, Container{Name: "b", Privileged: Some(false)})}},
		{
			name:     "one container",
			pod:      Pod{Containers: containers(Container{Name: "a", Privileged: Some(true)})},
			want:     `privileged (container "a" must not set securityContext.privileged=true)`,
			findings: []string{"spec.containers[0].securityContext.privileged=true"},
		},
		{
			name: "every kind of container, a repeated name twice",
			pod: Pod{Containers: containers(Container{Name: "i", Privileged: Some(true)}, Container{Name: "a"},
				Container{Name: "b", Privileged: Some(true)}, Container{Name: "b", Privileged: Some(true)}, Container{Name: "e", Privileged: Some(true)})},
			want: `privileged (containers "i", "b", "b", "e" must not set securityContext.privileged=true)`,
			findings: []string{
				"spec.initContainers[0].securityContext.privileged=true", "spec.containers[1].securityContext.privileged=true",
				"spec.containers[2].securityContext.privileged=true", "spec.ephemeralContainers[0].securityContext.privileged=true",
			},
		},
	})
}
