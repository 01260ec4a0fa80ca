package psp

import (
	"slices"
	"testing"
)

func TestACopySaysWhatItAdmitsMoreThanThePolicy(t *testing.T) {
	t.Parallel()
	const (
		seccompField = "metadata.annotations[" + seccompDefault + "]"
		bare         = "pods without a seccomp profile, which get one now that the policy refuses"
	)
	some := IDs{Rule: MayRunAs, Ranges: []IDRange{{Min: 1, Max: 2}}}
	for _, c := range []struct {
		name        string
		annotations map[string]string
		spec        Spec
		field       string
		then        string
	}{
		{"paths of the node", nil, Spec{Volumes: []string{"hostPath"}, AllowedHostPaths: []HostPath{{PathPrefix: "/var"}}}, "allowedHostPaths", "every path of the node, writable"},
		{"paths, and every kind of volume", nil, Spec{Volumes: []string{"*"}, AllowedHostPaths: []HostPath{{PathPrefix: "/var"}}}, "allowedHostPaths", "every path of the node, writable"},
		{"paths, and no such volume", nil, Spec{Volumes: []string{"secret"}, AllowedHostPaths: []HostPath{{PathPrefix: "/var"}}}, "allowedHostPaths", ""},
		{"sysctls", nil, Spec{ForbiddenSysctls: []string{"*"}}, "forbiddenSysctls", "the sysctls that it forbids"},
		{"runtime classes", nil, Spec{RuntimeClass: &RuntimeClass{Allowed: []string{"a"}}}, "runtimeClass", "every runtime class"},
		{"a default of them", nil, Spec{RuntimeClass: &RuntimeClass{Allowed: []string{"*"}, Default: new("a")}}, "runtimeClass", ""},
		{"groups", nil, Spec{SupplementalGroups: some}, "supplementalGroups", "every supplemental group"},
		{"a default only", nil, Spec{DefaultAllowPrivilegeEscalation: new(false)}, "defaultAllowPrivilegeEscalation", ""},
		{"a seccomp profile that is not allowed", map[string]string{seccompDefault: runtimeDefault}, Spec{}, seccompField, bare},
		{"one, and only none is", map[string]string{seccompDefault: runtimeDefault, seccompAllowed: ""}, Spec{}, seccompField, bare},
		{"one that is allowed, as is none", map[string]string{seccompDefault: runtimeDefault, seccompAllowed: ",docker/default"}, Spec{}, seccompField, ""},
		{"one that is not allowed, and neither is none", map[string]string{seccompDefault: unconfined, seccompAllowed: runtimeDefault}, Spec{}, seccompField, ""},
		{"any", map[string]string{seccompDefault: unconfined, seccompAllowed: "*"}, Spec{}, seccompField, ""},
	} {
		_, steps := (&Policy{Name: "p", Annotations: c.annotations, Spec: c.spec}).Simplify("0-p", false)
		i := slices.IndexFunc(steps, func(s Simplification) bool { return s.Field == c.field })
		if i < 0 || steps[i].Then != c.then {
			t.Errorf("%s: %+v", c.name, steps)
		}
	}
}
