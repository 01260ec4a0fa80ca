package fix_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// kinds are manifests around a pod spec, which stands where the at sign does, as deep
// as that, and need another restartPolicy where the second is true.
var kinds = map[string]struct {
	text string
	once bool
}{
	"pods":                   {"apiVersion: v1\nkind: Pod\nmetadata:\n  name: NAME\nspec:\n  @\n", false},
	"podtemplates":           {"apiVersion: v1\nkind: PodTemplate\nmetadata: {name: NAME}\ntemplate:\n    metadata: {labels: {a: b}}\n    spec:\n        @\n", false},
	"deployments":            {"# A Deployment\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: NAME # its name\nspec:\n  selector: {matchLabels: {a: b}}\n  template:\n    metadata:\n      labels:\n        a: b\n    spec:\n      @\n", false},
	"statefulsets":           {"apiVersion: \"apps/v1\"\nkind: \"StatefulSet\"\nmetadata:\n  name: \"NAME\"\nspec:\n  serviceName: x\n  selector:\n    matchLabels:\n      a: b\n  template:\n    spec:\n      @\n    metadata:\n      labels:\n        a: b\n", false},
	"daemonsets":             {"---\napiVersion: apps/v1\nkind: DaemonSet\nmetadata:\n  name: NAME\nspec:\n  selector:\n    matchLabels: {a: b}\n  template:\n    metadata:\n      labels: {a: b}\n    spec:\n      @\n---\n# nothing more\n", false},
	"replicasets":            {"apiVersion: v1\nkind: List\nitems:\n- apiVersion: apps/v1\n  kind: ReplicaSet\n  metadata:\n    name: NAME\n  spec:\n    selector:\n      matchLabels:\n        a: b\n    template:\n      metadata:\n        labels:\n          a: b\n      spec:\n        @\n", false},
	"replicationcontrollers": {"apiVersion: v1\nkind: ReplicationController\nmetadata:\n  name: NAME\nspec:\n  template:\n    metadata:\n      labels:\n        a: b\n    spec:\n      @\n", false},
	"jobs":                   {"apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: NAME\nspec:\n  template:\n    spec:\n      @\n", true},
	"cronjobs":               {"apiVersion: batch/v1\nkind: CronJob\nmetadata:\n  name: NAME\nspec:\n  schedule: '0 0 * * *'\n  jobTemplate:\n    spec:\n      template:\n        spec:\n          @\n", true},
}

// specs are pod specs by what is special about them.
var specs = map[string]string{
	"plain":      "containers:\n- name: a\n  image: i",
	"flow":       "containers: [{name: a, image: i}, {name: b, image: 'i', securityContext: {}}]",
	"sidecars":   "initContainers:\n- name: init\n  image: i\n  command: [\"sh\", \"-c\", \"true\"]\n- name: mesh\n  image: i\n  restartPolicy: Always\ncontainers:\n- name: app # the program\n  image: i\n  ports:\n  - containerPort: 8080\n  # - containerPort: 9090\n# the log shipper\n- name: logs\n  image: i",
	"half":       "securityContext:\n  fsGroup: 2000\ncontainers:\n- name: a\n  image: i\n  securityContext:\n    runAsUser: 1000\n    capabilities:\n      drop:\n      - NET_RAW # why not",
	"nulls":      "securityContext:\ncontainers:\n- name: a\n  image: i\n  securityContext: ~ # none\n- name: b\n  image: i\n  securityContext:\n    capabilities:\n    seccompProfile: null",
	"brackets":   "securityContext: {}\ncontainers:\n- name: a\n  image: i\n  securityContext: {capabilities: {drop: []}}\n- name: b\n  image: i\n  securityContext: {capabilities: {drop: [\"NET_RAW\", KILL], add: [NET_BIND_SERVICE]}}",
	"anchors":    "containers:\n- name: a\n  image: i\n  securityContext: &sc\n    readOnlyRootFilesystem: true\n- name: b\n  image: i\n  securityContext: *sc",
	"merged":     "containers:\n- &c\n  name: a\n  image: i\n  securityContext:\n    readOnlyRootFilesystem: true\n- <<: *c\n  name: b",
	"shared":     "containers:\n- name: a\n  image: i\n  securityContext: &sc {readOnlyRootFilesystem: true}\n- name: b\n  image: i\n  securityContext:\n    <<: *sc\n    allowPrivilegeEscalation: false",
	"privileged": "containers:\n- name: a\n  image: i\n  securityContext:\n    privileged: true\n- name: b\n  image: i",
	"added":      "containers:\n- name: a\n  image: i\n  securityContext:\n    capabilities:\n      add:\n      - SYS_ADMIN\n      - NET_BIND_SERVICE",
	"prefixed":   "containers:\n- name: a\n  image: i\n  securityContext:\n    capabilities: {add: [CAP_SYS_ADMIN]}",
	"root":       "containers:\n- name: a\n  image: i\n  securityContext:\n    runAsUser: 0\n- name: b\n  image: i",
	"rootpod":    "securityContext:\n  runAsUser: 0\ncontainers:\n- name: a\n  image: i\n- name: b\n  image: i\n  securityContext: {runAsUser: 7}",
	"asroot":     "securityContext:\n  runAsNonRoot: false\ncontainers:\n- name: a\n  image: i",
	"unconfined": "containers:\n- name: a\n  image: i\n  securityContext:\n    seccompProfile:\n      type: \"Unconfined\"\n- name: b\n  image: i",
	"localhost":  "securityContext:\n  seccompProfile:\n    type: Localhost\n    localhostProfile: p.json\ncontainers:\n- name: a\n  image: i",
	"apparmor":   "securityContext:\n  appArmorProfile:\n    type: Unconfined\ncontainers:\n- name: a\n  image: i",
	"selinux":    "securityContext:\n  seLinuxOptions:\n    user: u\n    level: s0\ncontainers:\n- name: a\n  image: i\n  securityContext:\n    seLinuxOptions: {type: spc_t}",
	"sysctls":    "securityContext:\n  sysctls:\n  - name: kernel.msgmax\n    value: \"1\"\n  - name: net.ipv4.tcp_syncookies\n    value: \"1\"\ncontainers:\n- name: a\n  image: i",
	"hostpath":   "containers:\n- name: a\n  image: i\nvolumes:\n- name: v\n  hostPath:\n    path: /var",
	"node":       "hostNetwork: true\nhostPID: true\ncontainers:\n- name: a\n  image: i\n  ports:\n  - containerPort: 80\n    hostPort: 80",
	"probe":      "containers:\n- name: a\n  image: i\n  livenessProbe:\n    httpGet:\n      host: 127.0.0.1\n      port: 80",
	"windows":    "os:\n  name: windows\ncontainers:\n- name: a\n  image: i",
	"linux":      "os: {name: linux}\nhostUsers: false\ncontainers:\n- name: a\n  image: i\n  securityContext:\n    runAsUser: 0",
	"fine": "securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}\ncontainers:\n- name: a\n  image: i\n" +
		"  securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}",
}

// manifest is one of all kinds and specs.
type manifest struct{ resource, name, text string }

// manifests are all of them, some with line ends of Windows or none at their end.
func manifests() (all []manifest) {
	for i, resource := range slices.Sorted(maps.Keys(kinds)) {
		kind := kinds[resource]
		for j, name := range slices.Sorted(maps.Keys(specs)) {
			spec := specs[name]
			if kind.once {
				spec = "restartPolicy: Never\n" + spec
			}
			before, _, _ := strings.Cut(kind.text, "@")
			indent := strings.Repeat(" ", len(before)-1-strings.LastIndexByte(before, '\n'))
			text := strings.ReplaceAll(kind.text, "@", strings.ReplaceAll(spec, "\n", "\n"+indent))
			text = strings.ReplaceAll(text, "NAME", name)
			switch (i + j) % 5 {
			case 0:
				text = strings.ReplaceAll(text, "\n", "\r\n")
			case 1:
				text = strings.TrimSuffix(text, "\n")
			}
			all = append(all, manifest{resource, name, text})
		}
	}
	return all
}

// file is a manifest's own.
func (m manifest) file() string { return fmt.Sprintf("%s-%s.yaml", m.resource, m.name) }
