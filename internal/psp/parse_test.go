package psp

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

// head is a policy without its spec; lenient is all that a spec must have.
const (
	head    = "apiVersion: policy/v1beta1\nkind: PodSecurityPolicy\nmetadata: {name: p}\nspec:\n"
	lenient = "  runAsUser: {rule: RunAsAny}\n  seLinux: {rule: RunAsAny}\n  fsGroup: {rule: RunAsAny}\n  supplementalGroups: {rule: RunAsAny}\n"
)

// parse reads a policy from YAML.
func parse(t *testing.T, text string) (*Policy, []Unknown, error) {
	t.Helper()
	json, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return Parse(json)
}

// policyOf returns the policy of a spec in YAML, whose name it gives.
func policyOf(t *testing.T, name, spec string) *Policy {
	t.Helper()
	p, unknown, err := parse(t, strings.Replace(head, "{name: p}", "{name: "+name+"}", 1)+spec)
	if err != nil || len(unknown) > 0 {
		t.Fatal(err, unknown)
	}
	return p
}

func TestWhatAPolicyLeavesOutIsReadAsTheAPIServerReadIt(t *testing.T) {
	t.Parallel()
	p := policyOf(t, "p", lenient)
	s := &p.Spec
	if s.Privileged || s.HostNetwork || s.HostPID || s.HostIPC || s.ReadOnlyRootFilesystem {
		t.Error("a boolean that is left out is not false")
	}
	if !s.EscalationAllowed() {
		t.Error("privilege escalation was allowed by policies that do not speak of it")
	}
	if s.RunAsGroup != nil || len(s.Volumes) > 0 {
		t.Error("something came from nowhere")
	}
	if p := policyOf(t, "p", lenient+"  allowPrivilegeEscalation: false\n"); p.Spec.EscalationAllowed() {
		t.Error("a policy that forbids privilege escalation allows it")
	}
}

func TestBothAPIGroupsHadPodSecurityPolicy(t *testing.T) {
	t.Parallel()
	for apiVersion, want := range map[string]bool{
		"policy/v1beta1": true, "extensions/v1beta1": true, "policy/v1": false, "v1": false, "extensions/v1": false,
	} {
		if got := IsPolicy(apiVersion, Kind); got != want {
			t.Errorf("%s: %v", apiVersion, got)
		}
	}
	if IsPolicy("policy/v1beta1", "PodDisruptionBudget") {
		t.Error("a PodDisruptionBudget is no PodSecurityPolicy")
	}
}

func TestFieldsThatAPolicyDoesNotHaveAreNamedWithThoseItHas(t *testing.T) {
	t.Parallel()
	_, unknown, err := parse(t, head+lenient+`  Privileged: true
  hostport: []
  allowedHostPaths: [{prefix: /var, pathPrefix: /var}]
  strange: {deep: {deeper: 1}}
status: {}
`)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, u := range unknown {
		got[u.Path] = true
		switch u.Path {
		case "spec.allowedHostPaths[0].prefix":
			if diff := cmp.Diff([]string{"pathPrefix", "readOnly"}, u.Known); diff != "" {
				t.Error(diff)
			}
		case "spec.Privileged":
			if len(u.Known) != 24 {
				t.Errorf("a policy has 24 fields, here are %d: %q", len(u.Known), u.Known)
			}
		}
	}
	want := map[string]bool{"spec.Privileged": true, "spec.hostport": true, "spec.allowedHostPaths[0].prefix": true, "spec.strange": true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestANameThatTheAPIServerWouldRefuseIsAnErrorInItsWords(t *testing.T) {
	t.Parallel()
	annotated := func(key, value string) string {
		return strings.Replace(head, "name: p", "name: p, annotations: {"+key+": "+value+"}", 1) + lenient
	}
	const subdomain = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric " +
		"character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
	for _, c := range []struct{ name, text, want string }{
		{"a seccomp profile that is misspelt", annotated(seccompAllowed, `"runtime/default,runtime/defaults"`),
			"metadata.annotations[" + seccompAllowed + `]: Invalid value: "runtime/defaults": must be a valid seccomp profile`},
		{"no name after a comma", annotated(seccompAllowed, `"runtime/default,"`),
			"metadata.annotations[" + seccompAllowed + `]: Invalid value: "": must be a valid seccomp profile`},
		{"all seccomp profiles by default", annotated(seccompDefault, `"*"`),
			"metadata.annotations[" + seccompDefault + `]: Invalid value: "*": must be a valid seccomp profile`},
		{"a seccomp profile that climbs", annotated(seccompAllowed, "localhost/../a"),
			"metadata.annotations[" + seccompAllowed + `]: Invalid value: "../a": must not contain '..'`},
		{"a seccomp profile outside the folder", annotated(seccompDefault, "localhost//a"),
			"metadata.annotations[" + seccompDefault + `]: Invalid value: "/a": must be a relative path`},
		{"an AppArmor profile that is none", annotated(appArmorDefault, "bogus"),
			"metadata.annotations[" + appArmorDefault + `]: Invalid value: "bogus": invalid AppArmor profile name: "bogus"`},
		{"an AppArmor profile among others", annotated(appArmorAllowed, `"runtime/default,*"`),
			"metadata.annotations[" + appArmorAllowed + `]: Invalid value: "runtime/default,*": invalid AppArmor profile name: "*"`},
		{"a FlexVolume driver without a name", head + lenient + "  allowedFlexVolumes: [{driver: a/b}, {driver: ''}]\n",
			"spec.allowedFlexVolumes[1].driver: Required value: must specify a driver"},
		{"a CSI driver without a name", head + lenient + "  allowedCSIDrivers: [{}]\n", "spec.allowedCSIDrivers[0].name: Required value"},
		{"a CSI driver that is none", head + lenient + "  allowedCSIDrivers: [{name: A_b}]\n",
			`spec.allowedCSIDrivers[0].name: Invalid value: "A_b": ` + subdomain},
		{"a CSI driver with a long name", head + lenient + "  allowedCSIDrivers: [{name: " + strings.Repeat("a", 64) + "}]\n",
			"spec.allowedCSIDrivers[0].name: Too long: must have at most 63 bytes"},
		{"a sysctl that is none", head + lenient + "  allowedUnsafeSysctls: [a b]\n",
			`spec.allowedUnsafeSysctls[0]: Invalid value: "a b": must have at most 253 characters and match regex ` + sysctlPattern},
		{"a sysctl without a name", head + lenient + "  forbiddenSysctls: ['']\n", `spec.forbiddenSysctls[0]: Invalid value: "": empty sysctl not allowed`},
		{"all sysctls and one", head + lenient + "  forbiddenSysctls: ['*', kernel.sem]\n",
			"spec.forbiddenSysctls: Forbidden: if '*' is present, must not specify other sysctls"},
		{"a RuntimeClass that is none", head + lenient + "  runtimeClass: {allowedRuntimeClassNames: [A]}\n",
			`spec.runtimeClass.allowedRuntimeClassNames[0]: Invalid value: "A": ` + subdomain},
		{"a RuntimeClass twice", head + lenient + "  runtimeClass: {allowedRuntimeClassNames: [a, a]}\n",
			`spec.runtimeClass.allowedRuntimeClassNames[1]: Duplicate value: "a"`},
		{"a policy whose name is none", strings.Replace(head, "name: p", "name: P", 1) + lenient, `metadata.name: Invalid value: "P": ` + subdomain},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if _, _, err := parse(t, c.text); err == nil || err.Error() != c.want {
				t.Errorf("%s\ngot %v\nwant %s", c.text, err, c.want)
			}
		})
	}
}

func TestNamesThatTheAPIServerTakesAreNoErrors(t *testing.T) {
	t.Parallel()
	const annotations = "name: p, annotations: {" + seccompAllowed + `: "*,runtime/default,docker/default,unconfined,localhost/a/b.json", ` + seccompDefault + ": localhost/a, " +
		appArmorAllowed + `: "runtime/default,,unconfined,localhost/a", ` + appArmorDefault + `: ""}`
	_, _, err := parse(t, strings.Replace(head, "name: p", annotations, 1)+lenient+`  allowedFlexVolumes: [{driver: a/b}]
  allowedCSIDrivers: [{name: CSI.example.com}]
  allowedUnsafeSysctls: ["kernel.msg*", net.core.somaxconn, kernel.shm_rmid_forced]
  forbiddenSysctls: ["vm.*"]
  runtimeClass: {allowedRuntimeClassNames: [a.b]}
`)
	if err != nil {
		t.Error(err)
	}
}

func TestAPolicyThatTheAPIServerWouldRefuseIsAnError(t *testing.T) {
	t.Parallel()
	without := func(field string) string {
		lines := strings.SplitAfter(lenient, "\n")
		kept := ""
		for _, line := range lines {
			if !strings.Contains(line, field+":") {
				kept += line
			}
		}
		return kept
	}
	for _, c := range []struct{ name, spec, want string }{
		{"a range that ends before it begins", without("runAsUser") + "  runAsUser: {rule: MustRunAs, ranges: [{min: 1, max: 2}, {min: 10, max: 9}]}\n",
			"spec.runAsUser.ranges[1]: 10 to 9 is no range: min is greater than max"},
		{"a range that is negative", without("fsGroup") + "  fsGroup: {rule: MayRunAs, ranges: [{min: -1, max: 9}]}\n",
			"spec.fsGroup.ranges[0]: -1 to 9 is no range: neither end can be negative"},
		{"ports that end before they begin", lenient + "  hostPorts: [{min: 80, max: 8}]\n",
			"spec.hostPorts[0]: 80 to 8 is no range: min is greater than max"},
		{"a port that is none", lenient + "  hostPorts: [{min: 80, max: 70000}]\n",
			"spec.hostPorts[0]: 70000 is no port: the highest is 65535"},
		{"a strategy that is none", without("seLinux") + "  seLinux: {rule: Whatever}\n",
			`spec.seLinux.rule: "Whatever" is no strategy: it must be one of MustRunAs, RunAsAny`},
		{"a strategy of another setting", without("fsGroup") + "  fsGroup: {rule: MustRunAsNonRoot}\n",
			`spec.fsGroup.rule: "MustRunAsNonRoot" is no strategy: it must be one of MayRunAs, MustRunAs, RunAsAny`},
		{"no strategy", without("supplementalGroups"),
			"spec.supplementalGroups.rule: is missing: it must be one of MayRunAs, MustRunAs, RunAsAny"},
		{"groups without a strategy", lenient + "  runAsGroup: {}\n",
			"spec.runAsGroup.rule: is missing: it must be one of MayRunAs, MustRunAs, RunAsAny"},
		{"groups with ranges that say nothing", lenient + "  runAsGroup: {rule: RunAsAny, ranges: [{min: 1, max: 2}]}\n",
			"spec.runAsGroup.ranges: must be empty: RunAsAny has no ranges"},
		{"all RuntimeClasses and one", lenient + "  runtimeClass: {allowedRuntimeClassNames: ['*', a]}\n",
			"spec.runtimeClass.allowedRuntimeClassNames: if '*' is present, must not specify other RuntimeClass names"},
		{"no ranges", without("runAsUser") + "  runAsUser: {rule: MustRunAs}\n",
			"spec.runAsUser.ranges: is empty: MustRunAs needs at least one range"},
		{"no SELinux options", without("seLinux") + "  seLinux: {rule: MustRunAs}\n",
			"spec.seLinux.seLinuxOptions: is missing: MustRunAs needs the options that pods must run as"},
		{"a capability that is both allowed and dropped", lenient + "  allowedCapabilities: [CHOWN]\n  requiredDropCapabilities: [CHOWN]\n",
			"spec.allowedCapabilities[0]: CHOWN stands in requiredDropCapabilities too"},
		{"all allowed and one dropped", lenient + "  allowedCapabilities: ['*']\n  requiredDropCapabilities: [CHOWN]\n",
			"spec.requiredDropCapabilities: must be empty where allowedCapabilities has *"},
		{"escalation by default where there is none", lenient + "  allowPrivilegeEscalation: false\n  defaultAllowPrivilegeEscalation: true\n",
			"spec.defaultAllowPrivilegeEscalation: is true, but allowPrivilegeEscalation is false"},
		{"a path that climbs", lenient + "  allowedHostPaths: [{pathPrefix: /var/../etc}]\n",
			`spec.allowedHostPaths[0].pathPrefix: "/var/../etc" must not contain ..`},
		{"a path that is empty", lenient + "  allowedHostPaths: [{readOnly: true}]\n", "spec.allowedHostPaths[0].pathPrefix: is missing"},
		{"a type of /proc that is none", lenient + "  allowedProcMountTypes: [Masked]\n",
			`spec.allowedProcMountTypes[0]: "Masked" is no type of /proc mount; those are Default and Unmasked`},
		{"a default that is not allowed", lenient + "  runtimeClass: {allowedRuntimeClassNames: [a], defaultRuntimeClassName: b}\n",
			`spec.runtimeClass.defaultRuntimeClassName: "b" is not among allowedRuntimeClassNames`},
		{"a sysctl that is allowed and forbidden", lenient + "  allowedUnsafeSysctls: [kernel.msgmax]\n  forbiddenSysctls: ['kernel.*']\n",
			`spec.allowedUnsafeSysctls[0]: "kernel.msgmax" is forbidden by "kernel.*" in forbiddenSysctls`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if _, _, err := parse(t, head+c.spec); err == nil || err.Error() != c.want {
				t.Errorf("got %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestAKindOfVolumeThatIsNoneIsAnError(t *testing.T) {
	t.Parallel()
	_, _, err := parse(t, head+lenient+"  volumes: [secret, hostpath]\n")
	if err == nil || !strings.HasPrefix(err.Error(), `spec.volumes[1]: "hostpath" is no kind of volume; those are *, `) {
		t.Errorf("got %v", err)
	}
}

func TestEveryFaultOfAPolicyIsALineOfItsOwn(t *testing.T) {
	t.Parallel()
	_, _, err := parse(t, "apiVersion: policy/v1beta1\nkind: PodSecurityPolicy\nspec: {}\n")
	if err == nil {
		t.Fatal("no error")
	}
	want := []string{
		"metadata.name: is missing",
		"spec.runAsUser.rule: is missing: it must be one of MustRunAs, MustRunAsNonRoot, RunAsAny",
		"spec.supplementalGroups.rule: is missing: it must be one of MayRunAs, MustRunAs, RunAsAny",
		"spec.fsGroup.rule: is missing: it must be one of MayRunAs, MustRunAs, RunAsAny",
		"spec.seLinux.rule: is missing: it must be one of MustRunAs, RunAsAny",
	}
	if diff := cmp.Diff(want, strings.Split(err.Error(), "\n")); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsNoPolicyAtAllIsAnError(t *testing.T) {
	t.Parallel()
	_, _, err := parse(t, head+"  volumes: secret\n")
	if err == nil || !strings.HasPrefix(err.Error(), "it is no PodSecurityPolicy: ") || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v", err)
	}
}
