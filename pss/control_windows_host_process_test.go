package pss

import "testing"

func TestWindowsHostProcess(t *testing.T) {
	t.Parallel()
	sc := func(b bool) SecurityContext { return SecurityContext{HostProcess: Some(b)} }
	testControl(t, "windowsHostProcess", []controlCase{
		{name: "unset and false", pod: Pod{SecurityContext: sc(false), Containers: containers(Container{Name: "a"})}},
		{
			name:     "pod and container",
			pod:      Pod{OS: "windows", SecurityContext: sc(true), Containers: containers(Container{Name: "a", SecurityContext: sc(true)})},
			want:     `hostProcess (pod and container "a" must not set securityContext.windowsOptions.hostProcess=true)`,
			findings: []string{"spec.securityContext.windowsOptions.hostProcess=true", "spec.containers[0].securityContext.windowsOptions.hostProcess=true"},
		},
	})
}
