package pss

import "testing"

func TestRunAsNonRoot(t *testing.T) {
	t.Parallel()
	sc := func(b bool) SecurityContext { return SecurityContext{RunAsNonRoot: Some(b)} }
	bad := Pod{SecurityContext: sc(false), Containers: containers(Container{Name: "i"}, Container{Name: "a", SecurityContext: sc(false)}, Container{Name: "b", SecurityContext: sc(true)})}
	const want = `runAsNonRoot != true (pod and container "a" must not set securityContext.runAsNonRoot=false)`
	findings := []string{
		"spec.securityContext.runAsNonRoot=false", "spec.initContainers[0].securityContext.runAsNonRoot!", "spec.containers[0].securityContext.runAsNonRoot=false",
	}
	relaxed := bad
	relaxed.HostUsers = Some(false)
	testControl(t, "runAsNonRoot", []controlCase{
		{name: "the pod covers its containers", pod: Pod{SecurityContext: sc(true), Containers: containers(Container{Name: "a"})}},
		{name: "no containers, nothing to cover"},
		{
			name: "missing", pod: Pod{Containers: containers(Container{Name: "a"}, Container{Name: "b", SecurityContext: sc(true)})},
			want: `runAsNonRoot != true (pod or container "a" must set securityContext.runAsNonRoot=true)`, findings: []string{"spec.containers[0].securityContext.runAsNonRoot!"},
		},
		{name: "explicit offenders hide missing ones in the sentence", pod: bad, want: want, findings: findings},
		{name: "a user namespace excuses since v1.35", pod: relaxed},
		{name: "but not in v1.34", version: V1(34), pod: relaxed, want: want, findings: findings},
		{
			name: "a container may not contradict its pod", pod: Pod{SecurityContext: sc(true), Containers: containers(Container{Name: "a", SecurityContext: sc(false)})},
			want: `runAsNonRoot != true (container "a" must not set securityContext.runAsNonRoot=false)`, findings: []string{"spec.containers[0].securityContext.runAsNonRoot=false"},
		},
	})
}
