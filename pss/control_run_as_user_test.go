package pss

import "testing"

func TestRunAsUser(t *testing.T) {
	t.Parallel()
	sc := func(u int64) SecurityContext { return SecurityContext{RunAsUser: Some(u)} }
	root := Pod{SecurityContext: sc(0), Containers: containers(Container{Name: "a", SecurityContext: sc(0)}, Container{Name: "b", SecurityContext: sc(1)})}
	const want = `runAsUser=0 (pod and container "a" must not set runAsUser=0)`
	findings := []string{"spec.securityContext.runAsUser=0", "spec.containers[0].securityContext.runAsUser=0"}
	relaxed := root
	relaxed.HostUsers = Some(false)
	testControl(t, "runAsUser", []controlCase{
		{name: "unset and others", pod: Pod{SecurityContext: sc(1000), Containers: containers(Container{Name: "a"})}},
		{name: "root", pod: root, want: want, findings: findings},
		{name: "it did not exist in v1.22", version: V1(22), pod: root},
		{name: "a user namespace excuses since v1.35", version: V1(35), pod: relaxed},
		{name: "but not in v1.34", version: V1(34), pod: relaxed, want: want, findings: findings},
	})
}
