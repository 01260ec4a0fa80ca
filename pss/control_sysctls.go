package pss

import (
	"slices"
	"strings"
)

// Sysctls. Sysctls can switch off security mechanisms or affect all containers
// of a node; only those that are namespaced and safe are allowed. Names are
// compared exactly, with dots.
//
//	spec.securityContext.sysctls[*].name: undefined, the names below
func sysctls() Control {
	v0 := []string{
		"kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start",
		"net.ipv4.ping_group_range", "net.ipv4.tcp_syncookies",
	}
	v27 := slices.Concat(v0, []string{"net.ipv4.ip_local_reserved_ports"})
	v29 := slices.Concat(v27, []string{
		"net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_keepalive_time",
	})
	v32 := slices.Concat(v29, []string{"net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"})
	v37 := slices.Concat(v32, []string{"net.ipv4.tcp_notsent_lowat", "net.ipv4.tcp_slow_start_after_idle"})
	return Control{
		ID:    "sysctls",
		Name:  "Sysctls",
		Level: Baseline,
		Revisions: []Revision{
			{Since: V1(0), Change: "Only safe sysctls may be set.", rule: onlySysctls(v0)},
			{Since: V1(27), Looser: true, Change: "net.ipv4.ip_local_reserved_ports is allowed.", rule: onlySysctls(v27)},
			{Since: V1(29), Looser: true, Change: "net.ipv4.tcp_keepalive_time, tcp_fin_timeout, tcp_keepalive_intvl and tcp_keepalive_probes are allowed.", rule: onlySysctls(v29)},
			{Since: V1(32), Looser: true, Change: "net.ipv4.tcp_rmem and tcp_wmem are allowed.", rule: onlySysctls(v32)},
			{Since: V1(37), Looser: true, Change: "net.ipv4.tcp_slow_start_after_idle and tcp_notsent_lowat are allowed.", rule: onlySysctls(v37)},
		},
		Fields:  []string{"spec.securityContext.sysctls[*].name"},
		Allowed: append([]string{"undefined"}, v37...),
		Why:     "Many sysctls are the node's own: set by one pod they change the kernel for every other.",
		Fix:     "Remove the sysctl, or set it on the node.",
		PSP: []PSPControl{{
			Name: "The sysctl profile used by containers", Fields: []string{"forbiddenSysctls", "allowedUnsafeSysctls"},
		}},

		about: statedSysctls,
		describe: func(b []byte, p *Pod, findings []place) (string, []byte) {
			for i, at := range findings {
				if i > 0 {
					b = append(b, ", "...)
				}
				b = append(b, p.Sysctls[at.item]...)
			}
			return "forbidden sysctls", b
		},
	}
}

func onlySysctls(safe []string) rule {
	oneOf := strings.Join(safe, ", ")
	return rule{
		find: func(p *Pod, yield func(place) bool) bool {
			for i, name := range p.Sysctls {
				if !slices.Contains(safe, name) && !yield(place{item: i}) {
					return false
				}
			}
			return true
		},
		finding: func(p *Pod, at place) Finding {
			return Finding{
				field: "securityContext.sysctls[*].name", index: at.item, Value: StringValue(p.Sysctls[at.item]),
				Allowed: oneOf, Fix: "remove the sysctl, or set it on the node",
			}
		},
	}
}
