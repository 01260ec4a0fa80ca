package documents_test

import (
	"path/filepath"
	"strings"
	"testing"
)

// wrong are specs of profiles that both the API server and the program refuse.
var wrong = map[string]string{
	"no base":                         "hostPID: Forbidden",
	"an unknown level":                "base: {level: strict}",
	"a text that is no version":       "base: {level: baseline, version: newest}",
	"an unknown value":                "base: {level: baseline}, hostPID: Allowed",
	"a range that holds nothing":      "base: {level: baseline}, userIDs: {rule: MustRunAs, ranges: [{min: 9, max: 5}]}",
	"a range without its end":         "base: {level: baseline}, userIDs: {rule: MustRunAs, ranges: [{min: 9}]}",
	"a rule without ranges":           "base: {level: baseline}, fsGroups: {rule: MustRunAs}",
	"a rule with ranges it has not":   "base: {level: baseline}, fsGroups: {rule: RunAsAny, ranges: [{min: 1, max: 5}]}",
	"a rule that groups have not":     "base: {level: baseline}, groupIDs: {rule: MustRunAsNonRoot}",
	"ports that do not exist":         "base: {level: baseline}, allowedHostPorts: {allowed: [{min: 0, max: 70000}]}",
	"a relative path":                 "base: {level: baseline}, allowedHostPaths: {allowed: [{pathPrefix: var}]}",
	"an unknown seccomp profile":      "base: {level: baseline}, seccompProfiles: {allowed: [RuntimeDefault]}",
	"an unknown resource":             "base: {level: baseline}, resourceLimits: [disk]",
	"a name twice":                    "base: {level: baseline}, csiDrivers: {allowed: [a, a]}",
	"an unknown field":                "base: {level: baseline}, hostPid: Forbidden",
	"an unknown field of a control":   "base: {level: baseline}, allowedHostPaths: {allow: []}",
	"a capability in the lower case":  "base: {level: baseline}, requiredDropCapabilities: [kill]",
	"Windows pods that are something": "base: {level: baseline}, windowsPods: Ignored",
}

func TestTheAPIServerTakesAndRefusesTheProfilesThatTheProgramDoes(t *testing.T) {
	t.Parallel()
	if out, err := kubectl(t, "", "apply", "-f", filepath.Join(root, "examples/profiles")); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err := kubectl(t, "", "get", "psprofile")
	if err != nil || !strings.Contains(out, "hardened-web   restricted") {
		t.Errorf("kubectl get psprofile: %v\n%s", err, out)
	}
	out, err = kubectl(t, "", "explain", "psprofile.spec.allowedHostPaths.allowed.pathPrefix")
	if err != nil || !strings.Contains(out, "/foo/bar, and not /foobar") {
		t.Errorf("kubectl explain: %v\n%s", err, out)
	}
	for name, spec := range wrong {
		refused(t, name, "PodSecurityProfile", spec, "--profile")
	}
}
