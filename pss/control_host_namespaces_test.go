package pss

import "testing"

func TestHostNamespaces(t *testing.T) {
	t.Parallel()
	testControl(t, "hostNamespaces", []controlCase{
		{name: "own namespaces"},
		{name: "one", pod: Pod{HostPID: true}, want: "host namespaces (hostPID=true)", findings: []string{"spec.hostPID=true"}},
		{
			name: "all, in fixed order", pod: Pod{HostIPC: true, HostPID: true, HostNetwork: true},
			want:     "host namespaces (hostNetwork=true, hostPID=true, hostIPC=true)",
			findings: []string{"spec.hostNetwork=true", "spec.hostPID=true", "spec.hostIPC=true"},
		},
	})
}
