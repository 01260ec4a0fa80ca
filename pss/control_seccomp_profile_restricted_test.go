package pss

import "testing"

func TestSeccompProfileRestricted(t *testing.T) {
	t.Parallel()
	seccomp := func(s string) SecurityContext { return SecurityContext{SeccompProfile: Some(s)} }
	testControl(t, "seccompProfile_restricted", []controlCase{
		{name: "the pod covers its containers", pod: Pod{SecurityContext: seccomp("RuntimeDefault"), Containers: containers(Container{Name: "a"})}},
		{name: "containers cover themselves", pod: Pod{Containers: containers(Container{Name: "a", SecurityContext: seccomp("Localhost")})}},
		{name: "Windows is exempt since v1.25", pod: Pod{OS: "windows", Containers: containers(Container{Name: "a"})}},
		{name: "it did not exist in v1.18", version: V1(18), pod: Pod{Containers: containers(Container{Name: "a"})}},
		{
			name: "missing", pod: Pod{Containers: containers(Container{Name: "i"}, Container{Name: "a"})},
			want:     `seccompProfile (pod or containers "i", "a" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")`,
			findings: []string{"spec.initContainers[0].securityContext.seccompProfile.type!", "spec.containers[0].securityContext.seccompProfile.type!"},
		},
		{
			name: "the sentence names explicit offenders only, the findings all",
			pod:  Pod{SecurityContext: seccomp("Unconfined"), Containers: containers(Container{Name: "i"}, Container{Name: "a", SecurityContext: seccomp("")})},
			want: `seccompProfile (pod and container "a" must not set securityContext.seccompProfile.type to "", "Unconfined")`,
			findings: []string{
				"spec.securityContext.seccompProfile.type=Unconfined", "spec.initContainers[0].securityContext.seccompProfile.type!",
				"spec.containers[0].securityContext.seccompProfile.type=",
			},
		},
	})
}
