package psp

import "regexp"

// reasons are all that Kubernetes' provider had to say against pods, but for a
// kind of volume that it does not know, which no pod has after defaulting.
func reasons() []*regexp.Regexp {
	var all []*regexp.Regexp
	for _, text := range []string{
		`^spec.securityContext.fsGroup: Invalid value: \[\]int64\(nil\): unable to validate empty groups against required ranges$`,
		`^spec.securityContext.fsGroup: Invalid value: \[\]int64\{11\}: group 11 must be in the ranges: \[\{1 10\}`,
		`^spec.securityContext.supplementalGroups: Invalid value: \[\]int64\(nil\): unable to validate empty groups`,
		`^spec.securityContext.supplementalGroups: Invalid value: \[\]int64\{\}: unable to validate empty groups`,
		`^spec.securityContext.supplementalGroups: Invalid value: \[\]int64\{\d+, \d+\}: group \d+ must be in the ranges`,
		`^pod.metadata.annotations\[seccomp.security.alpha.kubernetes.io/pod\]: Forbidden: seccomp may not be set$`,
		`^pod.metadata.annotations\[seccomp.security.alpha.kubernetes.io/pod\]: Forbidden:  is not an allowed seccomp profile`,
		`^pod.metadata.annotations\[container.seccomp.security.alpha.kubernetes.io/a\]: Forbidden: seccomp may not be set$`,
		`^pod.metadata.annotations\[container.seccomp.security.alpha.kubernetes.io/a\]: Forbidden: localhost/b.json is not an allowed`,
		`^pod.metadata.annotations\[container.apparmor.security.beta.kubernetes.io/b\]: Forbidden: AppArmor profile must be set$`,
		`^pod.metadata.annotations\[container.apparmor.security.beta.kubernetes.io/b\]: Forbidden: unconfined is not an allowed profile. Allowed`,
		`^spec.securityContext.seLinuxOptions: Required value$`,
		`^spec.securityContext.seLinuxOptions.level: Invalid value: "s1:c1,c2": must be s0:c1,c2$`,
		`^spec.containers\[0\].securityContext.seLinuxOptions.role: Invalid value: "": must be r$`,
		`seLinuxOptions.type: Invalid value: "container_t": must be $`,
		`seLinuxOptions.user: Invalid value: "u": must be $`,
		`^spec.securityContext.hostNetwork: Invalid value: true: Host network is not allowed to be used$`,
		`^spec.securityContext.hostPID: Invalid value: true: Host PID is not allowed to be used$`,
		`^spec.securityContext.hostIPC: Invalid value: true: Host IPC is not allowed to be used$`,
		`^pod.spec.securityContext.sysctls\[0\]: Forbidden: sysctl "net.ipv4.tcp_syncookies" is not allowed$`,
		`^pod.spec.securityContext.sysctls\[1\]: Forbidden: unsafe sysctl "kernel.sem" is not allowed$`,
		`^spec.volumes\[0\]: Invalid value: "hostPath": hostPath volumes are not allowed to be used$`,
		`^spec.volumes\[\d\]: Invalid value: "projected": projected volumes are not allowed to be used$`,
		`^spec.volumes\[\d\]: Invalid value: "emptyDir": emptyDir volumes are not allowed to be used$`,
		`^spec.volumes\[\d\].hostPath.pathPrefix: Invalid value: "/var/logs": is not allowed to be used$`,
		`^spec.initContainers\[\d\].volumeMounts\[0\].readOnly: Invalid value: false: must be read-only$`,
		`^spec.volumes\[\d\].driver: Invalid value: "e/f": Flexvolume driver is not allowed to be used$`,
		`^spec.volumes\[\d\].csi.driver: Invalid value: "csi.c": Inline CSI driver is not allowed to be used$`,
		`^spec.runtimeClassName: Invalid value: "c"$`,
		`^spec.ephemeralContainers\[0\].securityContext.runAsUser: Required value$`,
		`^spec.containers\[\d\].securityContext.runAsUser: Invalid value: 11: must be in the ranges: \[\{`,
		`^spec.containers\[\d\].securityContext.runAsNonRoot: Required value: must be true$`,
		`^spec.containers\[\d\].securityContext.runAsNonRoot: Invalid value: false: must be true$`,
		`^spec.containers\[\d\].securityContext.runAsUser: Invalid value: 0: running with the root UID is forbidden$`,
		`^spec.containers\[\d\].securityContext: Invalid value: \[\]int64\(nil\): unable to validate empty groups`,
		`^spec.containers\[\d\].securityContext: Invalid value: \[\]int64\{11\}: group 11 must be in the ranges`,
		`^spec.containers\[\d\].securityContext.privileged: Invalid value: true: Privileged containers are not allowed$`,
		`^spec.containers\[\d\].securityContext.procMount: Invalid value: "Unmasked": ProcMountType is not allowed$`,
		`^spec.containers\[\d\].securityContext.procMount: Invalid value: "Default": ProcMountType is not allowed$`,
		`^spec.containers\[\d\].securityContext.capabilities: Invalid value: "null": required capabilities are not set on the securityContext$`,
		`^spec.containers\[\d\].securityContext.capabilities.add: Invalid value: "NET_ADMIN": capability may not be added$`,
		`^spec.containers\[\d\].securityContext.capabilities.drop: Invalid value: \[\]core.Capability\(nil\): \w+ is required to be dropped but`,
		`^spec.containers\[\d\].securityContext.capabilities.drop: Invalid value: \[\]core.Capability\{\}: \w+ is required to be dropped but`,
		`^spec.containers\[\d\].securityContext.capabilities.drop: Invalid value: \[\]core.Capability\{"\w+", "\w+"\}: \w+ is required to be`,
		`^spec.containers\[\d\].hostPort: Invalid value: 9001: Host port 9001 is not allowed to be used. Allowed ports: \[80,8000-9000\]$`,
		`^spec.containers\[\d\].hostPort: Invalid value: 80: Host port 80 is not allowed to be used. Allowed ports: \[\]$`,
		`^spec.containers\[\d\].securityContext.readOnlyRootFilesystem: Invalid value: "null": ReadOnlyRootFilesystem may not be nil`,
		`^spec.containers\[\d\].securityContext.readOnlyRootFilesystem: Invalid value: false: ReadOnlyRootFilesystem must be set to true$`,
		`^spec.containers\[\d\].securityContext.allowPrivilegeEscalation: Invalid value: "null": Allowing privilege escalation`,
		`^spec.containers\[\d\].securityContext.allowPrivilegeEscalation: Invalid value: true: Allowing privilege escalation`,
	} {
		all = append(all, regexp.MustCompile(text))
	}
	return all
}
