package workload

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWhatValidationRefusesOnWindows(t *testing.T) {
	t.Parallel()
	const message = "Forbidden: cannot be set for a windows pod"
	forbidden := func(paths ...string) (invalid []Invalid) {
		for _, path := range paths {
			invalid = append(invalid, Invalid{path, message})
		}
		return invalid
	}
	pod := []string{
		"appArmorProfile", "seLinuxOptions", "seccompProfile", "fsGroup", "fsGroupChangePolicy", "sysctls", "runAsUser", "runAsGroup",
		"supplementalGroups", "supplementalGroupsPolicy", "seLinuxChangePolicy",
	}
	container := []string{
		"appArmorProfile", "seLinuxOptions", "seccompProfile", "capabilities", "readOnlyRootFilesystem", "privileged",
		"allowPrivilegeEscalation", "procMount", "runAsUser", "runAsGroup",
	}
	values := map[string]string{
		"fsGroup": "1", "fsGroupChangePolicy": `"Always"`, "sysctls": `[{"name":"a"}]`, "runAsUser": "1", "runAsGroup": "1", "supplementalGroups": "[]",
		"supplementalGroupsPolicy": `"Merge"`, "seLinuxChangePolicy": `"Recursive"`, "readOnlyRootFilesystem": "false", "privileged": "false",
		"allowPrivilegeEscalation": "false", "procMount": `"Default"`,
	}
	object := func(fields []string) string {
		var members []string
		for i := range fields { // the other way round: order is not the text's
			field := fields[len(fields)-1-i]
			value := values[field]
			if value == "" {
				value = "{}"
			}
			members = append(members, `"`+field+`":`+value)
		}
		return "{" + strings.Join(members, ",") + "}"
	}
	prefix := func(p string, fields []string) (paths []string) {
		for _, f := range fields {
			paths = append(paths, p+f)
		}
		return paths
	}
	for name, c := range map[string]struct {
		spec string
		want []Invalid
	}{
		"nothing": {`{"os":{"name":"windows"},"containers":[{"name":"c"}]}`, nil},
		"everything at once": {
			`{"containers":[{"securityContext":` + object(container) + `}],"ephemeralContainers":[{"securityContext":{"privileged":true}}],
			 "initContainers":[null,{"securityContext":{"procMount":"x"}}],"securityContext":` + object(pod) + `,
			 "shareProcessNamespace":false,"hostIPC":true,"hostPID":true,"hostUsers":true,"resources":{},"os":{"name":"windows"}}`,
			append(append([]Invalid{{"spec.resources", "Forbidden: may not be set for a windows pod"}},
				forbidden(prefix("spec.securityContext.", pod)...)...),
				append(append(forbidden("spec.hostUsers", "spec.hostPID", "spec.hostIPC", "spec.shareProcessNamespace",
					"spec.initContainers[1].securityContext.procMount"),
					forbidden(prefix("spec.containers[0].securityContext.", container)...)...),
					forbidden("spec.ephemeralContainers[0].securityContext.privileged")...)...),
		},
		"what is null or false or empty": {
			`{"os":{"name":"windows"},"hostPID":false,"hostIPC":null,"hostUsers":null,"securityContext":{"sysctls":[],"runAsUser":null,"windowsOptions":{}},
			 "containers":[{"securityContext":{"capabilities":null,"runAsNonRoot":true,"windowsOptions":{}}},{"securityContext":null}]}`, nil,
		},
		"some HostProcess containers": {
			`{"os":{"name":"windows"},"containers":[{"securityContext":{"windowsOptions":{"hostProcess":true}}},{}]}`,
			[]Invalid{
				{"spec", `Invalid value: "": If pod contains any hostProcess containers then all containers must be HostProcess containers`},
				{"spec.hostNetwork", "Invalid value: false: hostNetwork must be true if pod contains any hostProcess containers"},
			},
		},
		"a container that contradicts the pod": {
			`{"os":{"name":"windows"},"hostNetwork":true,"securityContext":{"windowsOptions":{"hostProcess":true}},"containers":[{"securityContext":{"windowsOptions":{"hostProcess":false}}}]}`,
			[]Invalid{{
				"spec.containers[0].securityContext.windowsOptions.hostProcess",
				"Invalid value: false: pod hostProcess value must be identical if both are specified, was true",
			}},
		},
		"a HostProcess pod as it should be": {
			`{"os":{"name":"windows"},"hostNetwork":true,"securityContext":{"windowsOptions":{"hostProcess":true}},"containers":[{}]}`, nil,
		},
		"Linux":        {`{"os":{"name":"linux"},"hostPID":true}`, nil},
		"no OS":        {`{"hostPID":true}`, nil},
		"other case":   {`{"os":{"name":"Windows"},"hostPID":true}`, nil},
		"a host's PID": {`{"hostPID":true,"os":{"name":"windows"}}`, forbidden("spec.hostPID")},
	} {
		for _, text := range []string{
			`{"apiVersion":"v1","kind":"Pod","spec":` + c.spec + `,"status":{}}`,
			`{"apiVersion":"apps/v1","kind":"DaemonSet","spec":{"template":{"spec":` + c.spec + `,"metadata":{}},"x":1}}`,
		} {
			template := podOf(t, Options{}, text)
			if diff := cmp.Diff(c.want, template.Invalid()); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
		typed := Template{Pod: podOf(t, Options{}, `{"apiVersion":"v1","kind":"Pod","spec":`+c.spec+`}`).Pod}
		if err := typed.ReadInvalid([]byte(c.spec)); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, typed.Invalid()); diff != "" {
			t.Errorf("%s, from a spec (-want +got):\n%s", name, diff)
		}
	}
	broken := Template{}
	broken.Pod.OS = "windows"
	if err := broken.ReadInvalid([]byte(`{"containers":{}}`)); err == nil || err.Error() != "pod spec: containers: expected a list, found an object" {
		t.Errorf("got %v", err)
	}
}
