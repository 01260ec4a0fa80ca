package profile_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gabion-security/gabion/e2e/binaries"
	"github.com/gabion-security/gabion/e2e/cluster"
)

const root = "../.."

// wrong are specs that both the API server and the program refuse.
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
	plane := cluster.ForTest(t, cluster.Options{})
	gabion, err := binaries.Gabion(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	kubectl := func(stdin string, args ...string) (string, error) {
		cmd := plane.Kubectl(t.Context(), args...)
		cmd.Stdin = strings.NewReader(stdin)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	for _, args := range [][]string{
		{"apply", "-f", filepath.Join(root, "api/v1alpha1/crds")},
		{"wait", "--for=condition=Established", "crd/podsecurityprofiles.gabion.io", "--timeout=60s"},
		{"apply", "-f", filepath.Join(root, "examples/profiles")},
	} {
		if out, err := kubectl("", args...); err != nil {
			t.Fatalf("kubectl %v: %v\n%s", args, err, out)
		}
	}
	out, err := kubectl("", "get", "psprofile")
	if err != nil || !strings.Contains(out, "hardened-web   restricted") {
		t.Errorf("kubectl get psprofile: %v\n%s", err, out)
	}
	out, err = kubectl("", "explain", "psprofile.spec.allowedHostPaths.allowed.pathPrefix")
	if err != nil || !strings.Contains(out, "/foo/bar, and not /foobar") {
		t.Errorf("kubectl explain: %v\n%s", err, out)
	}
	for name, spec := range wrong {
		text := "apiVersion: gabion.io/v1alpha1\nkind: PodSecurityProfile\nmetadata: {name: wrong}\nspec: {" + spec + "}\n"
		if out, err := kubectl(text, "create", "--validate=strict", "-f", "-"); err == nil {
			t.Errorf("%s: the API server takes it: %s", name, out)
			_, _ = kubectl("", "delete", "psprofile", "wrong")
		}
		file := filepath.Join(t.TempDir(), "wrong.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		check := exec.CommandContext(t.Context(), gabion, "check", "--profile", file, filepath.Join(root, "examples/check"))
		output, err := check.CombinedOutput()
		if err == nil || check.ProcessState.ExitCode() != 3 || !strings.Contains(string(output), "gabion: --profile: ") {
			t.Errorf("%s: the program takes it: %v\n%s", name, err, output)
		}
	}
}
