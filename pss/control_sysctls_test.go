package pss

import "testing"

func TestSysctls(t *testing.T) {
	t.Parallel()
	testControl(t, "sysctls", []controlCase{
		{name: "safe ones", pod: Pod{Sysctls: []string{"kernel.shm_rmid_forced", "net.ipv4.tcp_notsent_lowat"}}},
		{
			name: "in order, repeated, unquoted", pod: Pod{Sysctls: []string{"z", "net.ipv4.tcp_syncookies", "a", "a"}},
			want:     "forbidden sysctls (z, a, a)",
			findings: []string{"spec.securityContext.sysctls[0].name=z", "spec.securityContext.sysctls[2].name=a", "spec.securityContext.sysctls[3].name=a"},
		},
		{
			name: "slashes are another spelling", pod: Pod{Sysctls: []string{"kernel/shm_rmid_forced"}},
			want: "forbidden sysctls (kernel/shm_rmid_forced)", findings: []string{"spec.securityContext.sysctls[0].name=kernel/shm_rmid_forced"},
		},
	})
	// Each newcomer is forbidden in the version before it came.
	for since, name := range map[int]string{
		27: "net.ipv4.ip_local_reserved_ports", 29: "net.ipv4.tcp_keepalive_time", 32: "net.ipv4.tcp_rmem", 37: "net.ipv4.tcp_slow_start_after_idle",
	} {
		pod := Pod{Sysctls: []string{name}}
		testControl(t, "sysctls", []controlCase{
			{name: name + " is allowed", version: V1(since), pod: pod},
			{
				name: name + " was not", version: V1(since - 1), pod: pod,
				want: "forbidden sysctls (" + name + ")", findings: []string{"spec.securityContext.sysctls[0].name=" + name},
			},
		})
	}
}
