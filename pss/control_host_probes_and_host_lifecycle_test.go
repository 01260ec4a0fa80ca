package pss

import "testing"

func TestHostProbesAndHostLifecycle(t *testing.T) {
	t.Parallel()
	hosts := func(hosts ...Host) []Host { return hosts }
	testControl(t, "hostProbesAndHostLifecycle", []controlCase{
		{name: "no hosts", pod: Pod{Containers: containers(Container{Name: "a"})}},
		{
			name: "loopback is a host too", pod: Pod{Containers: containers(Container{Name: "a", Hosts: hosts(Host{LivenessHTTP, "127.0.0.1"})})},
			want:     `probe or lifecycle host (container "a" uses probe or lifecycle host "127.0.0.1")`,
			findings: []string{"spec.containers[0].livenessProbe.httpGet.host=127.0.0.1"},
		},
		{
			name: "names and hosts are sorted sets",
			pod: Pod{Containers: containers(Container{Name: "z", Hosts: hosts(Host{PreStopTCP, "b"}, Host{StartupTCP, "a"})},
				Container{Name: "b", Hosts: hosts(Host{PostStartHTTP, "b"})}, Container{Name: "b", Hosts: hosts(Host{ReadinessTCP, "b"})})},
			want: `probe or lifecycle host (containers "b", "z" use probe or lifecycle hosts "a", "b")`,
			findings: []string{
				"spec.containers[0].lifecycle.preStop.tcpSocket.host=b", "spec.containers[0].startupProbe.tcpSocket.host=a",
				"spec.containers[1].lifecycle.postStart.httpGet.host=b", "spec.containers[2].readinessProbe.tcpSocket.host=b",
			},
		},
		{name: "it did not exist in v1.33", version: V1(33), pod: Pod{Containers: containers(Container{Name: "a", Hosts: hosts(Host{LivenessTCP, "h"})})}},
	})
}
