package sample

import "strings"

// app is something that people run.
type app struct {
	name       string
	pod        []string   // lines of the pod's own fields
	containers [][]string // lines of each container, the name first
	init       [][]string
	volumes    []string
}

const (
	image  = "image: registry.example.com/"
	secure = "securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}"
)

func hardened() []string {
	return []string{"securityContext:", "  runAsNonRoot: true", "  runAsUser: 10001", "  seccompProfile:", "    type: RuntimeDefault"}
}

// apps are 24 of them, from those that pass the restricted level to those that
// only the privileged one lets pass.
func apps() []app {
	return []app{
		{name: "shop-web", pod: hardened(), containers: [][]string{
			{"name: web", image + "shop/web:4.2.1", "ports:", "- containerPort: 8080", "  name: http", secure},
			{"name: log-tail", image + "busybox:1.37", "command: [sh, -c, tail -F /var/log/shop/*.log]", secure, "volumeMounts:", "- {name: logs, mountPath: /var/log/shop}"},
		}, volumes: []string{"- name: logs", "  emptyDir: {}"}},
		{name: "checkout", containers: [][]string{{"name: checkout", image + "shop/checkout:2.0.0", "env:", "- name: LOG_LEVEL", "  value: info"}}},
		{name: "payments", pod: hardened(), containers: [][]string{
			{"name: payments", image + "shop/payments@sha256:" + strings.Repeat("ab", 32), "securityContext:", "  allowPrivilegeEscalation: false", "  readOnlyRootFilesystem: true", "  capabilities:", "    drop:", "    - ALL"},
			{"name: mesh-proxy", image + "mesh/proxy:1.22", "securityContext:", "  runAsUser: 1337", "  allowPrivilegeEscalation: false", "  capabilities: {drop: [ALL]}"},
		}, init: [][]string{{"name: mesh-init", image + "mesh/init:1.22", "securityContext:", "  runAsUser: 0", "  runAsNonRoot: false", "  capabilities:", "    add: [NET_ADMIN, NET_RAW]"}}},
		{name: "node-exporter", pod: []string{"hostNetwork: true", "hostPID: true", "tolerations:", "- operator: Exists"}, containers: [][]string{
			{"name: exporter", image + "monitoring/node-exporter:1.9", "args: [--path.rootfs=/host]", "ports:", "- {containerPort: 9100, hostPort: 9100}", "volumeMounts:", "- {name: root, mountPath: /host, readOnly: true}"},
		}, volumes: []string{"- name: root", "  hostPath: {path: /}"}},
		{name: "log-shipper", containers: [][]string{
			{"name: shipper", image + "logging/shipper:3.1", "securityContext:", "  runAsUser: 0", "volumeMounts:", "- name: varlog", "  mountPath: /var/log"},
		}, volumes: []string{"- name: varlog", "  hostPath:", "    path: /var/log", "    type: Directory"}},
		{name: "cni-agent", pod: []string{"hostNetwork: true", "priorityClassName: system-node-critical"}, containers: [][]string{
			{"name: agent", image + "net/cni:1.16", "securityContext: {privileged: true}", "volumeMounts: [{name: bin, mountPath: /opt/cni/bin}]"},
		}, init: [][]string{{"name: install", image + "net/cni:1.16", "command: [/install]", "securityContext:", "  privileged: true"}},
			volumes: []string{"- {name: bin, hostPath: {path: /opt/cni/bin}}"}},
		{name: "csi-node", containers: [][]string{
			{"name: driver", image + "storage/csi:5", "securityContext:", "  privileged: true", "  allowPrivilegeEscalation: true", "volumeMounts:", "- name: kubelet", "  mountPath: /var/lib/kubelet", "  mountPropagation: Bidirectional"},
			{"name: registrar", image + "storage/registrar:2.14", secure},
			{"name: liveness", image + "storage/liveness:2.16", "ports: [{containerPort: 9808}]"},
		}, volumes: []string{"- name: kubelet", "  hostPath: {path: /var/lib/kubelet, type: Directory}"}},
		{name: "postgres", pod: []string{"securityContext:", "  fsGroup: 999", "  runAsUser: 999", "  fsGroupChangePolicy: OnRootMismatch"}, containers: [][]string{
			{"name: postgres", image + "db/postgres:17", "env:", "- name: PGDATA", "  value: /data/pg", "volumeMounts:", "- name: data", "  mountPath: /data"},
			{"name: metrics", image + "db/postgres-exporter:0.17", "securityContext:", "  runAsNonRoot: true"},
		}, init: [][]string{{"name: chown", image + "busybox:1.37", "command:", "- sh", "- -c", "- chown -R 999:999 /data", "securityContext: {runAsUser: 0, capabilities: {add: [CHOWN, FOWNER]}}"}},
			volumes: []string{"- name: data", "  persistentVolumeClaim: {claimName: data}"}},
		{name: "search", pod: []string{"securityContext:", "  sysctls:", "  - {name: vm.max_map_count, value: '262144'}"}, containers: [][]string{
			{"name: search", image + "search/engine:8.17", "securityContext:", "  capabilities:", "    add:", "    - IPC_LOCK"},
		}},
		{name: "gpu-trainer", containers: [][]string{{"name: train", image + "ml/train:2025.4", "resources:", "  limits: {nvidia.com/gpu: 1}", "volumeMounts: [{name: shm, mountPath: /dev/shm}]"}},
			volumes: []string{"- name: shm", "  emptyDir: {medium: Memory, sizeLimit: 8Gi}"}},
		{name: "image-builder", containers: [][]string{{"name: build", image + "ci/build:24", "securityContext:", "  seccompProfile: {type: Unconfined}", "  procMount: Unmasked"}}},
		{name: "queue", pod: append(hardened(), "terminationGracePeriodSeconds: 60"), containers: [][]string{{"name: queue", image + "mq/queue:4.0", "livenessProbe:", "  httpGet: {path: /healthz, port: 15672}", secure}}},
		{name: "vpn-gateway", pod: []string{"securityContext: {sysctls: [{name: net.ipv4.ip_forward, value: '1'}]}"}, containers: [][]string{{"name: vpn", image + "net/vpn:1.0", "securityContext: {capabilities: {add: [NET_ADMIN]}}"}}},
		{name: "dns-cache", pod: []string{"hostNetwork: true", "dnsPolicy: Default"}, containers: [][]string{{"name: dns", image + "net/dns:1.25", "securityContext:", "  capabilities: {add: [NET_BIND_SERVICE], drop: [ALL]}", "  allowPrivilegeEscalation: false"}}},
		{name: "backup", pod: []string{"restartPolicy: Never"}, containers: [][]string{{"name: backup", image + "ops/backup:0.18", "envFrom:", "- secretRef: {name: backup}"}}},
		{name: "legacy-app", pod: []string{"securityContext:", "  seLinuxOptions: {type: spc_t, level: 's0:c1'}"}, containers: [][]string{{"name: app", image + "legacy/app:1"}}},
		{name: "debugger", pod: []string{"hostIPC: true", "shareProcessNamespace: true"}, containers: [][]string{{"name: shell", image + "ops/shell:12", "stdin: true", "tty: true", "securityContext: {capabilities: {add: [SYS_PTRACE]}}"}}},
		{name: "cert-manager", pod: hardened(), containers: [][]string{{"name: controller", image + "certs/controller:1.17", "args:", "- --v=2", "- --leader-election-namespace=kube-system", secure}}},
		{name: "policy-webhook", pod: hardened(), containers: [][]string{{"name: webhook", image + "policy/webhook:0.9", "ports: [{containerPort: 9443, protocol: TCP}]", secure}},
			volumes: []string{"- name: tls", "  secret:", "    secretName: webhook-tls", "    defaultMode: 0400"}},
		{name: "dashboard", containers: [][]string{
			{"name: dashboard", image + "obs/dashboard:12", "volumeMounts: [{name: config, mountPath: /etc/dashboard}]"},
			{"name: config-reloader", image + "obs/reloader:0.82", "securityContext: {allowPrivilegeEscalation: false}"},
		}, volumes: []string{"- name: config", "  projected:", "    sources:", "    - configMap: {name: dashboards}", "    - secret: {name: datasources}"}},
		{name: "web-terminal", containers: [][]string{{"name: terminal", image + "dev/terminal:5", "securityContext: {runAsUser: 0, allowPrivilegeEscalation: true}"}}},
		{name: "native-sidecar", pod: hardened(), containers: [][]string{{"name: app", image + "shop/app:1", secure}},
			init: [][]string{{"name: proxy", image + "mesh/proxy:1.25", "restartPolicy: Always", secure}, {"name: warm", image + "shop/warm:1", "securityContext: {allowPrivilegeEscalation: false}"}}},
		{name: "nfs-client", containers: [][]string{{"name: client", image + "storage/nfs:4", "volumeMounts: [{name: share, mountPath: /share}]"}},
			volumes: []string{"- name: share", "  nfs: {server: nfs.example.com, path: /exports}"}},
		{name: "apparmor-app", pod: []string{"securityContext: {appArmorProfile: {type: Unconfined}, runAsNonRoot: true}"}, containers: [][]string{{"name: app", image + "shop/armor:1", "securityContext:", "  seccompProfile: {type: RuntimeDefault}", "  capabilities: {drop: [ALL]}"}}},
	}
}
