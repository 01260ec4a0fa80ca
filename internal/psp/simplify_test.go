package psp

import (
	"slices"
	"testing"
)

func TestACopySaysWhatItAdmitsMoreThanThePolicy(t *testing.T) {
	t.Parallel()
	some := IDs{Rule: MayRunAs, Ranges: []IDRange{{Min: 1, Max: 2}}}
	for _, c := range []struct {
		name  string
		spec  Spec
		field string
		then  string
	}{
		{"paths of the node", Spec{Volumes: []string{"hostPath"}, AllowedHostPaths: []HostPath{{PathPrefix: "/var"}}}, "allowedHostPaths", "every path of the node, writable"},
		{"paths, and every kind of volume", Spec{Volumes: []string{"*"}, AllowedHostPaths: []HostPath{{PathPrefix: "/var"}}}, "allowedHostPaths", "every path of the node, writable"},
		{"paths, and no such volume", Spec{Volumes: []string{"secret"}, AllowedHostPaths: []HostPath{{PathPrefix: "/var"}}}, "allowedHostPaths", ""},
		{"sysctls", Spec{ForbiddenSysctls: []string{"*"}}, "forbiddenSysctls", "the sysctls that it forbids"},
		{"runtime classes", Spec{RuntimeClass: &RuntimeClass{Allowed: []string{"a"}}}, "runtimeClass", "every runtime class"},
		{"a default of them", Spec{RuntimeClass: &RuntimeClass{Allowed: []string{"*"}, Default: new("a")}}, "runtimeClass", ""},
		{"groups", Spec{SupplementalGroups: some}, "supplementalGroups", "every supplemental group"},
		{"a default only", Spec{DefaultAllowPrivilegeEscalation: new(false)}, "defaultAllowPrivilegeEscalation", ""},
	} {
		_, steps := (&Policy{Name: "p", Spec: c.spec}).Simplify("0-p", false)
		i := slices.IndexFunc(steps, func(s Simplification) bool { return s.Field == c.field })
		if i < 0 || steps[i].Then != c.then {
			t.Errorf("%s: %+v", c.name, steps)
		}
	}
}
