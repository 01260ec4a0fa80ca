package pss

import "testing"

func TestProcMount(t *testing.T) {
	t.Parallel()
	unmasked := containers(Container{Name: "a", ProcMount: Some("Unmasked")}, Container{Name: "b", ProcMount: Some("")},
		Container{Name: "c", ProcMount: Some("Unmasked")})
	const want = `procMount (containers "a", "b", "c" must not set securityContext.procMount to "", "Unmasked")`
	findings := []string{
		"spec.containers[0].securityContext.procMount=Unmasked", "spec.containers[1].securityContext.procMount=",
		"spec.containers[2].securityContext.procMount=Unmasked",
	}
	testControl(t, "procMount", []controlCase{
		{name: "unset and Default", pod: Pod{Containers: containers(Container{Name: "a"}, Container{Name: "b", ProcMount: Some("Default")})}},
		{name: "anything else", pod: Pod{Containers: unmasked}, want: want, findings: findings},
		{name: "a user namespace excuses since v1.35", version: V1(35), pod: Pod{HostUsers: Some(false), Containers: unmasked}},
		{name: "hostUsers true does not", version: V1(35), pod: Pod{HostUsers: Some(true), Containers: unmasked}, want: want, findings: findings},
		{name: "nor did it in v1.34", version: V1(34), pod: Pod{HostUsers: Some(false), Containers: unmasked}, want: want, findings: findings},
		{name: "overridden at restricted since v1.35", level: Restricted, pod: Pod{Containers: unmasked}},
		{name: "not overridden at restricted v1.34", level: Restricted, version: V1(34), pod: Pod{Containers: unmasked}, want: want, findings: findings},
	})
}
