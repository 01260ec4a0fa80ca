package psp

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestThePoliciesOfTheDocumentationChangePodsByTheseSettings(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]string{
		"privileged": nil,
		"baseline":   {"metadata.annotations[" + seccompDefault + "]", "metadata.annotations[" + appArmorDefault + "]"},
		"restricted": {
			"requiredDropCapabilities", "runAsUser", "supplementalGroups", "fsGroup", "allowPrivilegeEscalation",
			"metadata.annotations[" + appArmorDefault + "]",
		},
	} {
		var got []string
		for _, s := range example(t, name).Mutates() {
			got = append(got, s.Field)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestGroupsThatMayBeAnyOfARangeAreNoMutation(t *testing.T) {
	t.Parallel()
	p := policyOf(t, "p", `  runAsUser: {rule: RunAsAny}
  runAsGroup: {rule: MayRunAs, ranges: [{min: 1, max: 2}]}
  seLinux: {rule: RunAsAny}
  fsGroup: {rule: MayRunAs, ranges: [{min: 1, max: 2}]}
  supplementalGroups: {rule: MayRunAs, ranges: [{min: 1, max: 2}]}
`)
	if found := p.Mutates(); len(found) > 0 {
		t.Errorf("got %+v", found)
	}
	p = policyOf(t, "p", lenient+"  runtimeClass: {allowedRuntimeClassNames: [a], defaultRuntimeClassName: a}\n")
	if found := p.Mutates(); len(found) != 1 || found[0].Field != "runtimeClass" {
		t.Errorf("a default RuntimeClass is one, got %+v", found)
	}
}

func TestAPodIsComparedWithItsTemplateByTheNamesOfContainers(t *testing.T) {
	t.Parallel()
	template := "{securityContext: {seccompProfile: {type: RuntimeDefault}}, containers: [{name: a}, {name: b, securityContext: {runAsUser: 1, capabilities: {drop: [KILL, ALL]}}}]}"
	for _, c := range []struct {
		name, pod string
		want      []Change
	}{
		{"a pod that is its template", template, nil},
		{"a sidecar in front", "{securityContext: {seccompProfile: {type: RuntimeDefault}}, containers: [{name: proxy, securityContext: {runAsUser: 9}}, " +
			"{name: a, securityContext: {}}, {name: b, securityContext: {runAsUser: 1, capabilities: {drop: [ALL, KILL]}}}]}", nil},
		{"the profile as an annotation", "metadata: {annotations: {" + seccompPod + ": runtime/default}}\n" +
			"spec: {containers: [{name: a}, {name: b, securityContext: {runAsUser: 1, capabilities: {drop: [KILL, ALL]}}}]}", nil},
		{"what a policy gives", "metadata: {annotations: {" + appArmorPrefix + "a: runtime/default}}\nspec: {securityContext: {seccompProfile: {type: RuntimeDefault}, " +
			"fsGroup: 1}, containers: [{name: a, securityContext: {runAsNonRoot: true}}, {name: b, securityContext: {runAsUser: 1, capabilities: {drop: [ALL, CHOWN, KILL]}}}]}",
			[]Change{
				{"spec.securityContext.fsGroup", "", "1"},
				{"spec.containers[0].securityContext.runAsNonRoot", "", "true"},
				{"metadata.annotations[" + appArmorPrefix + "a]", "", `"runtime/default"`},
				{"spec.containers[1].securityContext.capabilities.drop", `["ALL","KILL"]`, `["ALL","CHOWN","KILL"]`},
			}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, Changes(podOf(t, template), podOf(t, c.pod))); diff != "" {
				t.Error(diff)
			}
		})
	}
}
