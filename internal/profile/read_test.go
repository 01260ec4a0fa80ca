package profile_test

import (
	"strings"
	"testing"

	"github.com/gabion-security/gabion/internal/profile"
)

func TestAProfileThatIsWrongIsAnErrorThatSaysWhy(t *testing.T) {
	t.Parallel()
	spec := func(control string) string { return head + "  base: {level: baseline}\n  " + control + "\n" }
	for _, tt := range []struct{ name, text, want string }{
		{"nothing", "# nothing\n", "no profile is here"},
		{"two documents", spec("") + "---\n" + spec(""), "more than one document"},
		{"another kind", "apiVersion: v1\nkind: Pod\n", `apiVersion "v1" and kind "Pod" are no profile: use gabion.io/v1alpha1 and PodSecurityProfile`},
		{"no name", strings.Replace(spec(""), "name: test", "", 1), "metadata.name is missing"},
		{"no base", head + "  hostPID: Forbidden\n", `spec.base.level: "" is no level`},
		{"an unknown level", head + "  base: {level: strict}\n", `spec.base.level: "strict" is no level: use privileged, baseline or restricted`},
		{"an unknown version", head + "  base: {level: baseline, version: 1.25}\n", "spec.base.version"},
		{"a text that is no version", head + "  base: {level: baseline, version: newest}\n", `spec.base.version: "newest" is no version`},
		{"an unknown field", spec("hostPid: Forbidden"), `unknown field "spec.hostPid": did you mean hostPID?`},
		{"an unknown field far from all", spec("somethingElse: 1"), "there is no such field"},
		{"an unknown field in a control", spec("allowedHostPaths: {allow: []}"), "did you mean allowed?"},
		{"a field twice", spec("hostPID: Forbidden\n  hostPID: Forbidden"), "hostPID"},
		{"a control without a value", spec("allowedHostPorts:"), "spec.allowedHostPorts has no value: write {}"},
		{"a list without a value", spec("allowedHostPaths: {allowed: }"), "spec.allowedHostPaths.allowed has no value"},
		{"an empty value", spec("hostPID: ''"), "spec.hostPID has no value"},
		{"a spec without a value", "apiVersion: gabion.io/v1alpha1\nkind: PodSecurityProfile\nmetadata: {name: a}\nspec:\n", "spec has no value"},
		{"an unknown value", spec("hostPID: forbidden"), `spec.hostPID: "forbidden" is no value: use Forbidden`},
		{"a value of another type", spec("hostPID: true"), "cannot unmarshal bool"},
		{"an impossible range", spec("userIDs: {rule: MustRunAs, ranges: [{min: 9, max: 5}]}"), "spec.userIDs.ranges[0]: min 9 is above max 5"},
		{"a range without min", spec("userIDs: {rule: MustRunAs, ranges: [{max: 5}]}"), "a range needs min and max"},
		{"a range out of bounds", spec("groupIDs: {rule: MayRunAs, ranges: [{min: -1, max: 5}]}"), "use numbers from 0 to 2147483647"},
		{"ports out of bounds", spec("allowedHostPorts: {allowed: [{min: 1, max: 70000}]}"), "use numbers from 1 to 65535"},
		{"a rule without ranges", spec("fsGroups: {rule: MustRunAs}"), "the rule MustRunAs needs ranges"},
		{"a rule with ranges that it has not", spec("fsGroups: {rule: RunAsAny, ranges: [{min: 1, max: 2}]}"), "the rule RunAsAny has no ranges"},
		{"no rule", spec("fsGroups: {}"), `spec.fsGroups.rule: "" is no value`},
		{"a rule that groups have not", spec("groupIDs: {rule: MustRunAsNonRoot}"), "spec.groupIDs.rule"},
		{"a capability with its prefix", spec("allowedCapabilities: {allowed: [CAP_KILL]}"), "without CAP_"},
		{"a star among what is dropped", spec("requiredDropCapabilities: ['*']"), "is no capability"},
		{"a name twice", spec("csiDrivers: {allowed: [a, a]}"), `"a" stands in the list twice`},
		{"an empty name", spec("csiDrivers: {allowed: ['']}"), "a name is empty"},
		{"an unknown volume type", spec("volumeTypes: {allowed: [hostpath]}"), `"hostpath" is no type of volume`},
		{"a path that climbs", spec("allowedHostPaths: {allowed: [{pathPrefix: /a/../b}]}"), "does not climb"},
		{"a path that is relative", spec("allowedHostPaths: {allowed: [{pathPrefix: a}]}"), "from the root"},
		{"a star amid a sysctl", spec("forbiddenSysctls: ['a.*.b']"), "a star that is not at its end"},
		{"an unknown seccomp profile", spec("seccompProfiles: {allowed: [RuntimeDefault]}"), "use runtime/default"},
		{"an unknown place", spec("seccompProfiles: {required: Always}"), "use Never or Containers or Pod"},
		{"an unknown procMount", spec("procMountTypes: {allowed: [default]}"), "use Default or Unmasked"},
		{"an unknown resource", spec("resourceLimits: [disk]"), "use cpu or memory"},
		{"a registry with its scheme", spec("imageRegistries: {allowed: ['https://a.io']}"), "without scheme"},
		{"a registry that is a name only", spec("imageRegistries: {allowed: [nginx]}"), "is no registry"},
		{"unknown Windows pods", spec("windowsPods: Ignored"), "use Excused or Judged"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, err := profile.Read([]byte(tt.text))
			if err == nil || p != nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want one line with %s", err, tt.want)
			}
		})
	}
}
