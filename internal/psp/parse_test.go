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
