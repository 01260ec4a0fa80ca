package profile_test

// controlCase is a control, a pod and the paths of the findings.
type controlCase struct {
	control, pod string
	want         []string
}

// three are a container of each kind with the fields.
func three(fields string) string {
	return "initContainers: [{name: i, " + fields + "}], containers: [{name: c, " + fields + "}], ephemeralContainers: [{name: e, " + fields + "}]"
}

// each is a path in a container of each kind.
func each(field string) []string {
	return []string{"spec.initContainers[0]." + field, "spec.containers[0]." + field, "spec.ephemeralContainers[0]." + field}
}

func cases() []controlCase {
	const (
		plain  = "containers: [{name: a}]"
		users  = "userIDs: {rule: MustRunAs, ranges: [{min: 5, max: 9}, {min: 20, max: 20}]}"
		logs   = "allowedHostPaths: {allowed: [{pathPrefix: /var/log/, readOnly: true}, {pathPrefix: /data}]}"
		run    = "securityContext.runAsUser"
		digest = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	)
	hostPath := func(path string) string {
		return "volumes: [{name: v, hostPath: {path: " + path + "}}], " + plain
	}
	image := func(name string) string { return `containers: [{name: a, image: "` + name + `"}]` }
	sysctl := func(name string) string {
		return "securityContext: {sysctls: [{name: " + name + ", value: '1'}]}, " + plain
	}
	sysctlPath := []string{"spec.securityContext.sysctls[0].name"}
	imagePath := []string{"spec.containers[0].image"}
	imageVolume := func(name string) string {
		return `volumes: [{name: v}, {name: w, image: {reference: "` + name + `"}}], containers: [{name: a, image: "docker.io/a@sha256:` + digest + `"}]`
	}
	referencePath := []string{"spec.volumes[1].image.reference"}
	return []controlCase{
		{"readOnlyRootFilesystem: Required", three("securityContext: {readOnlyRootFilesystem: true}"), nil},
		{"readOnlyRootFilesystem: Required", three("securityContext: {readOnlyRootFilesystem: false}"), each("securityContext.readOnlyRootFilesystem")},
		{"readOnlyRootFilesystem: Required", three("securityContext: {}"), each("securityContext.readOnlyRootFilesystem")},
		{"privilegedContainers: Forbidden", three("securityContext: {privileged: true}"), each("securityContext.privileged")},
		{"privilegedContainers: Forbidden", three("securityContext: {privileged: false}"), nil},
		{"privilegeEscalation: Forbidden", three("securityContext: {allowPrivilegeEscalation: true}"), each("securityContext.allowPrivilegeEscalation")},
		{"privilegeEscalation: Forbidden", plain, []string{"spec.containers[0].securityContext.allowPrivilegeEscalation"}},
		{"privilegeEscalation: Forbidden", three("securityContext: {allowPrivilegeEscalation: false}"), nil},
		{"privilegeEscalation: Stated", three("image: a"), each("securityContext.allowPrivilegeEscalation")},
		{"privilegeEscalation: Stated", three("securityContext: {allowPrivilegeEscalation: true}"), nil},

		{users, three("securityContext: {runAsUser: 5}"), nil},
		{users, three("securityContext: {runAsUser: 20}"), nil},
		{users, three("securityContext: {runAsUser: 10}"), each(run)},
		{users, plain, []string{"spec.containers[0]." + run}},
		{users, "securityContext: {runAsUser: 4}, " + three("image: a"), []string{"spec." + run}},
		{users, "securityContext: {runAsUser: 4}, " + three("securityContext: {runAsUser: 9}"), nil},
		{"userIDs: {rule: MayRunAs, ranges: [{min: 5, max: 9}]}", plain, nil},
		{"userIDs: {rule: MayRunAs, ranges: [{min: 5, max: 9}]}", three("securityContext: {runAsUser: 0}"), each(run)},
		{"userIDs: {rule: RunAsAny}", three("securityContext: {runAsUser: 0}"), nil},
		{"userIDs: {rule: MustRunAsNonRoot}", plain, []string{"spec.containers[0].securityContext.runAsNonRoot"}},
		{"userIDs: {rule: MustRunAsNonRoot}", three("securityContext: {runAsUser: 1}"), nil},
		{"userIDs: {rule: MustRunAsNonRoot}", three("securityContext: {runAsUser: 0}"), each(run)},
		{"userIDs: {rule: MustRunAsNonRoot}", "securityContext: {runAsNonRoot: true}, " + three("image: a"), nil},
		{"userIDs: {rule: MustRunAsNonRoot}", "securityContext: {runAsNonRoot: true}, " + three("securityContext: {runAsNonRoot: false}"), each("securityContext.runAsNonRoot")},
		{"userIDs: {rule: MustRunAsNonRoot}", "securityContext: {runAsUser: 0, runAsNonRoot: false}, " + three("image: a"), []string{"spec.securityContext.runAsUser", "spec.securityContext.runAsNonRoot"}},
		{"groupIDs: {rule: MustRunAs, ranges: [{min: 5, max: 9}]}", three("securityContext: {runAsGroup: 0}"), each("securityContext.runAsGroup")},
		{"groupIDs: {rule: MustRunAs, ranges: [{min: 5, max: 9}]}", "securityContext: {runAsGroup: 7}, " + plain, nil},
		{"groupIDs: {rule: MayRunAs, ranges: [{min: 5, max: 9}]}", plain, nil},
		{"fsGroups: {rule: MustRunAs, ranges: [{min: 5, max: 9}]}", plain, []string{"spec.securityContext.fsGroup"}},
		{"fsGroups: {rule: MayRunAs, ranges: [{min: 5, max: 9}]}", plain, nil},
		{"fsGroups: {rule: MayRunAs, ranges: [{min: 5, max: 9}]}", "securityContext: {fsGroup: 0}, " + plain, []string{"spec.securityContext.fsGroup"}},
		{"supplementalGroups: {rule: MustRunAs, ranges: [{min: 5, max: 9}]}", plain, []string{"spec.securityContext.supplementalGroups"}},
		{"supplementalGroups: {rule: MayRunAs, ranges: [{min: 5, max: 9}]}", "securityContext: {supplementalGroups: [5, 1, 9]}, " + plain, []string{"spec.securityContext.supplementalGroups[1]"}},

		{"allowedCapabilities: {allowed: [CHOWN]}", three("securityContext: {capabilities: {add: [CHOWN, KILL]}}"), each("securityContext.capabilities.add[1]")},
		{"allowedCapabilities: {}", three("securityContext: {capabilities: {add: [CHOWN]}}"), each("securityContext.capabilities.add[0]")},
		{"allowedCapabilities: {allowed: ['*']}", three("securityContext: {capabilities: {add: [ALL]}}"), nil},
		{"allowedCapabilities: {allowed: []}", plain, nil},
		{"requiredDropCapabilities: [KILL, MKNOD]", three("securityContext: {capabilities: {drop: [KILL]}}"), each("securityContext.capabilities.drop")},
		{"requiredDropCapabilities: [KILL]", plain, []string{"spec.containers[0].securityContext.capabilities.drop"}},
		{"requiredDropCapabilities: [KILL]", three("securityContext: {capabilities: {drop: [CHOWN, KILL]}}"), nil},
		{"statedCapabilities: [KILL, CHOWN]", three("securityContext: {capabilities: {drop: [CHOWN], add: [KILL]}}"), nil},
		{"statedCapabilities: [KILL]", three("securityContext: {capabilities: {drop: [ALL]}}"), each("securityContext.capabilities")},
		{"allowedHostPorts: {allowed: [{min: 80, max: 90}]}", three("ports: [{containerPort: 1, hostPort: 90}, {containerPort: 2, hostPort: 91}]"), each("ports[1].hostPort")},
		{"allowedHostPorts: {}", three("ports: [{containerPort: 1}]"), nil},
		{"allowedHostPorts: {}", "hostNetwork: true, containers: [{name: a, ports: [{containerPort: 8080}]}]", []string{"spec.containers[0].ports[0].hostPort"}},

		{"seccompProfiles: {allowed: [runtime/default]}", plain, nil},
		{"seccompProfiles: {}", "securityContext: {seccompProfile: {type: RuntimeDefault}}, " + plain, []string{"spec.securityContext.seccompProfile"}},
		{"seccompProfiles: {allowed: [docker/default]}", three("securityContext: {seccompProfile: {type: RuntimeDefault}}"), nil},
		{"seccompProfiles: {allowed: [localhost/a.json]}", three("securityContext: {seccompProfile: {type: Localhost, localhostProfile: b.json}}"), each("securityContext.seccompProfile")},
		{"seccompProfiles: {allowed: [localhost/a.json]}", three("securityContext: {seccompProfile: {type: Localhost, localhostProfile: a.json}}"), nil},
		{"seccompProfiles: {allowed: ['*']}", three("securityContext: {seccompProfile: {type: Unconfined}}"), nil},
		{"seccompProfiles: {allowed: [runtime/default], required: Pod}", three("securityContext: {seccompProfile: {type: RuntimeDefault}}"), []string{"spec.securityContext.seccompProfile"}},
		{"seccompProfiles: {allowed: [runtime/default], required: Containers}", three("image: a"), each("securityContext.seccompProfile")},
		{"seccompProfiles: {allowed: [runtime/default], required: Containers}", "securityContext: {seccompProfile: {type: RuntimeDefault}}, " + three("image: a"), nil},
		{
			"seccompProfiles: {allowed: [runtime/default], required: Pod}",
			"metadata: {name: p, annotations: {seccomp.security.alpha.kubernetes.io/pod: unconfined}}\nspec: {" + plain + "}\n",
			[]string{`metadata.annotations["seccomp.security.alpha.kubernetes.io/pod"]`, "spec.securityContext.seccompProfile"},
		},
		{
			"seccompProfiles: {}",
			"metadata: {name: p, annotations: {container.seccomp.security.alpha.kubernetes.io/nobody: unconfined}}\nspec: {" + plain + "}\n", nil,
		},
		{"appArmorProfiles: {allowed: [runtime/default]}", three("securityContext: {appArmorProfile: {type: Unconfined}}"), each("securityContext.appArmorProfile")},
		{"appArmorProfiles: {allowed: [runtime/default], required: Containers}", three("image: a"), each("securityContext.appArmorProfile")},
		{
			"appArmorProfiles: {allowed: [localhost/x], required: Containers}",
			"metadata: {name: p, annotations: {container.apparmor.security.beta.kubernetes.io/a: localhost/x}}\nspec: {" + plain + "}\n", nil,
		},
		{
			"appArmorProfiles: {allowed: ['*'], required: Containers}",
			"metadata: {name: p, annotations: {container.apparmor.security.beta.kubernetes.io/a: ''}}\nspec: {" + plain + "}\n",
			[]string{"spec.containers[0].securityContext.appArmorProfile"},
		},
		{"seLinuxContexts: {allowed: [{type: t, level: 's0:c1,c2'}]}", three("securityContext: {seLinuxOptions: {type: t, level: 's0:c2,c1'}}"), nil},
		{"seLinuxContexts: {allowed: [{type: t}]}", three("securityContext: {seLinuxOptions: {type: t, user: u}}"), each("securityContext.seLinuxOptions")},
		{"seLinuxContexts: {allowed: [{type: t}]}", three("securityContext: {seLinuxOptions: {}}"), each("securityContext.seLinuxOptions")},
		{"seLinuxContexts: {}", plain, nil},
		{"seLinuxContexts: {allowed: [{type: t}], required: Pod}", three("securityContext: {seLinuxOptions: {type: t}}"), []string{"spec.securityContext.seLinuxOptions"}},
		{"seLinuxContexts: {allowed: [{type: t}], required: Containers}", three("image: a"), each("securityContext.seLinuxOptions")},
		{"procMountTypes: {allowed: [Default]}", plain, nil},
		{"procMountTypes: {allowed: [Default]}", three("securityContext: {procMount: Unmasked}"), each("securityContext.procMount")},
		{"procMountTypes: {}", plain, []string{"spec.containers[0].securityContext.procMount"}},

		{"resourceLimits: [cpu, memory]", three("resources: {limits: {cpu: 1, memory: 0Mi}}"), []string{"spec.initContainers[0].resources.limits.memory", "spec.containers[0].resources.limits.memory"}},
		{"resourceLimits: [cpu]", "containers: [{name: a, resources: {requests: {cpu: 1}}}]", []string{"spec.containers[0].resources.limits.cpu"}},
		{"resourceLimits: [cpu]", "containers: [{name: a, resources: {limits: {cpu: 100m}}}]", nil},
		{"resourceLimits: [cpu, memory]", "resources: {limits: {cpu: 1, memory: 1Gi}}, " + three("image: a"), nil},
		{"resourceLimits: [cpu, memory]", "resources: {limits: {cpu: 1}}, " + plain, []string{"spec.containers[0].resources.limits.memory"}},
		{"resourceLimits: [cpu]", "resources: {limits: {cpu: 0}}, " + plain, []string{"spec.containers[0].resources.limits.cpu"}},
		{"resourceLimits: [cpu]", "resources: {requests: {cpu: 1}}, " + plain, []string{"spec.containers[0].resources.limits.cpu"}},
		{"resourceLimits: [cpu]", "resources: {limits: {cpu: 1}}, containers: [{name: a, resources: {limits: {cpu: 0}}}]", []string{"spec.containers[0].resources.limits.cpu"}},
		{"imageRegistries: {allowed: [registry.example.com]}", image("registry.example.com/team/app:v1"), nil},
		{"imageRegistries: {allowed: [registry.example.com]}", image("registry.example.com.evil.io/app"), imagePath},
		{"imageRegistries: {allowed: [registry.example.com]}", image("app"), imagePath},
		{"imageRegistries: {allowed: [registry.example.com/team]}", image("registry.example.com/teams/app"), imagePath},
		{"imageRegistries: {allowed: ['registry.example.com:5000']}", image("registry.example.com:5000/app"), nil},
		{"imageRegistries: {allowed: [docker.io/library]}", image("nginx:1.27"), nil},
		{"imageRegistries: {allowed: [docker.io/library]}", image("index.docker.io/nginx@sha256:" + digest), nil},
		{"imageRegistries: {allowed: [docker.io/library]}", image("somebody/nginx"), imagePath},
		{"imageRegistries: {}", three("image: nginx"), each("image")},
		{"imageRegistries: {allowed: [docker.io]}", plain, imagePath},
		{"imageRegistries: {allowed: [docker.io]}", imageVolume("nginx:1.27"), nil},
		{"imageRegistries: {allowed: [docker.io]}", imageVolume("registry.example.com/models/a"), referencePath},
		{"imageRegistries: {allowed: [docker.io]}", imageVolume(""), referencePath},
		{"imageDigests: Required", imageVolume("nginx@sha256:" + digest), nil},
		{"imageDigests: Required", imageVolume("nginx:1"), referencePath},
		{"imageDigests: Required", "volumes: [{name: w, image: {}}], " + image("nginx@sha256:"+digest), []string{"spec.volumes[0].image.reference"}},
		{"imageDigests: Required", image("nginx@sha256:" + digest), nil},
		{"imageDigests: Required", image("nginx@sha256:0123"), imagePath},
		{"imageDigests: Required", three("image: nginx:1"), each("image")},

		{"hostNetwork: Forbidden", "hostNetwork: true, " + plain, []string{"spec.hostNetwork"}},
		{"hostNetwork: Forbidden", plain, nil},
		{"hostPID: Forbidden", "hostPID: true, " + plain, []string{"spec.hostPID"}},
		{"hostIPC: Forbidden", "hostIPC: true, " + plain, []string{"spec.hostIPC"}},
		{"hostUsers: Forbidden", plain, []string{"spec.hostUsers"}},
		{"hostUsers: Forbidden", "hostUsers: true, " + plain, []string{"spec.hostUsers"}},
		{"hostUsers: Forbidden", "hostUsers: false, " + plain, nil},
		{"allowedSysctls: {allowed: [net.ipv4.*]}", sysctl("net.ipv4.tcp_syncookies"), nil},
		{"allowedSysctls: {allowed: [net.ipv4.tcp]}", sysctl("net.ipv4.tcp_syncookies"), sysctlPath},
		{"allowedSysctls: {}", sysctl("net.ipv4.tcp_syncookies"), sysctlPath},
		{"forbiddenSysctls: [kernel.*]", sysctl("kernel.msgmax"), sysctlPath},
		{"forbiddenSysctls: [kernel.*]", sysctl("kernel/msgmax"), sysctlPath},
		{"forbiddenSysctls: [kernel.msg]", sysctl("kernel.msgmax"), nil},
		{"runtimeClasses: {allowed: [gvisor]}", plain, nil},
		{"runtimeClasses: {allowed: [gvisor], required: true}", plain, []string{"spec.runtimeClassName"}},
		{"runtimeClasses: {allowed: [gvisor]}", "runtimeClassName: runc, " + plain, []string{"spec.runtimeClassName"}},
		{"runtimeClasses: {allowed: ['*']}", "runtimeClassName: runc, " + plain, nil},
		{"automountServiceAccountToken: Forbidden", plain, []string{"spec.automountServiceAccountToken"}},
		{"automountServiceAccountToken: Forbidden", "automountServiceAccountToken: false, " + plain, nil},
		{"shareProcessNamespace: Forbidden", "shareProcessNamespace: true, " + plain, []string{"spec.shareProcessNamespace"}},
		{"shareProcessNamespace: Forbidden", "shareProcessNamespace: false, " + plain, nil},
		{"hostAliases: Forbidden", "hostAliases: [{ip: 1.2.3.4}, {ip: 1.2.3.5}], " + plain, []string{"spec.hostAliases[0]", "spec.hostAliases[1]"}},

		{"volumeTypes: {allowed: [secret, emptyDir]}", "volumes: [{name: v}, {name: w, nfs: {}}], " + plain, []string{"spec.volumes[1]"}},
		{"volumeTypes: {}", "volumes: [{name: v}], " + plain, []string{"spec.volumes[0]"}},
		{"volumeTypes: {allowed: ['*']}", hostPath("/"), nil},
		{"volumeTypes: {allowed: [secret]}", "volumes: [{name: v, newKind: {}}], " + plain, []string{"spec.volumes[0]"}},
		{"volumeTypes: {allowed: [serviceAccountToken]}", "volumes: [{name: v, projected: {sources: [{serviceAccountToken: {path: token}}]}}], " + plain, nil},
		{
			"volumeTypes: {allowed: [serviceAccountToken]}",
			"volumes: [{name: v, projected: {sources: [{serviceAccountToken: {path: token}}, {secret: {}}]}}], " + plain,
			[]string{"spec.volumes[0]"},
		},
		{"volumeTypes: {allowed: [projected]}", "volumes: [{name: v, projected: {}}], " + plain, nil},
		{logs, hostPath("/data"), nil},
		{logs, hostPath("/data/x"), nil},
		{logs, hostPath("/database"), []string{"spec.volumes[0].hostPath.path"}},
		{logs, hostPath("/data/../etc"), []string{"spec.volumes[0].hostPath.path"}},
		{logs, "volumes: [{name: v, hostPath: {path: /var/log}}], " + three("volumeMounts: [{name: w, mountPath: /w}, {name: v, mountPath: /v}]"), each("volumeMounts[1].readOnly")},
		{logs, "volumes: [{name: v, hostPath: {path: /var/log}}], " + three("volumeMounts: [{name: v, mountPath: /v, readOnly: true}]"), nil},
		{"allowedHostPaths: {}", hostPath("/"), []string{"spec.volumes[0].hostPath.path"}},
		{"flexVolumeDrivers: {allowed: [a/b]}", "volumes: [{name: v, flexVolume: {driver: a/b}}, {name: w, flexVolume: {driver: a/c}}], " + plain, []string{"spec.volumes[1].flexVolume.driver"}},
		{"csiDrivers: {allowed: [a.io]}", "volumes: [{name: v, csi: {driver: a.io}}, {name: w, csi: {driver: b.io}}], " + plain, []string{"spec.volumes[1].csi.driver"}},
		{"csiDrivers: {}", "volumes: [{name: v, csi: {}}], " + plain, []string{"spec.volumes[0].csi.driver"}},
	}
}
