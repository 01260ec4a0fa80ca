package pss

import "testing"

func TestSELinuxOptions(t *testing.T) {
	t.Parallel()
	sc := func(typ, user, role string) SecurityContext {
		return SecurityContext{SELinux: SELinuxOptions{Type: typ, User: user, Role: role}}
	}
	testControl(t, "seLinuxOptions", []controlCase{
		{name: "types of containers", pod: Pod{SecurityContext: sc("container_t", "", ""), Containers: containers(Container{Name: "a", SecurityContext: sc("container_engine_t", "", "")})}},
		{
			name: "container_engine_t came with v1.31", version: V1(30),
			pod:      Pod{Containers: containers(Container{Name: "a", SecurityContext: sc("container_engine_t", "", "")})},
			want:     `seLinuxOptions (container "a" set forbidden securityContext.seLinuxOptions: type "container_engine_t")`,
			findings: []string{"spec.containers[0].securityContext.seLinuxOptions.type=container_engine_t"},
		},
		{
			name: "parts are gathered over all setters",
			pod: Pod{SecurityContext: sc("", "u", ""), Containers: containers(Container{Name: "a", SecurityContext: sc("spc_t", "", "r")},
				Container{Name: "b", SecurityContext: sc("bad", "u", "")})},
			want: `seLinuxOptions (pod and containers "a", "b" set forbidden securityContext.seLinuxOptions: types "bad", "spc_t"; user may not be set; role may not be set)`,
			findings: []string{
				"spec.securityContext.seLinuxOptions.user=u", "spec.containers[0].securityContext.seLinuxOptions.type=spc_t",
				"spec.containers[0].securityContext.seLinuxOptions.role=r", "spec.containers[1].securityContext.seLinuxOptions.type=bad",
				"spec.containers[1].securityContext.seLinuxOptions.user=u",
			},
		},
		{
			name: "a role alone", pod: Pod{SecurityContext: sc("", "", "r")},
			want:     `seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: role may not be set)`,
			findings: []string{"spec.securityContext.seLinuxOptions.role=r"},
		},
	})
}
