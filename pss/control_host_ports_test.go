package pss

import "testing"

func TestHostPorts(t *testing.T) {
	t.Parallel()
	testControl(t, "hostPorts", []controlCase{
		{name: "no ports", pod: Pod{Containers: containers(Container{Name: "a"})}},
		{
			name: "one", pod: Pod{Containers: containers(Container{Name: "a", HostPorts: []HostPort{{2, 80}}})},
			want: `hostPort (container "a" uses hostPort 80)`, findings: []string{"spec.containers[0].ports[2].hostPort=80"},
		},
		{
			name: "sorted as strings, each once",
			pod: Pod{Containers: containers(Container{Name: "a", HostPorts: []HostPort{{0, 8080}, {1, 10250}}},
				Container{Name: "b", HostPorts: []HostPort{{0, 8080}}})},
			want: `hostPort (containers "a", "b" use hostPorts 10250, 8080)`,
			findings: []string{
				"spec.containers[0].ports[0].hostPort=8080", "spec.containers[0].ports[1].hostPort=10250", "spec.containers[1].ports[0].hostPort=8080",
			},
		},
		{
			name: "an invalid port is a port too", pod: Pod{Containers: containers(Container{Name: "a", HostPorts: []HostPort{{0, -1}}})},
			want: `hostPort (container "a" uses hostPort -1)`, findings: []string{"spec.containers[0].ports[0].hostPort=-1"},
		},
	})
}
