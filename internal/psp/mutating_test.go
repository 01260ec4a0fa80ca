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

func TestAPolicyIsBlamedForNothingThatItCannotSet(t *testing.T) {
	t.Parallel()
	const container = "spec.initContainers[0].securityContext."
	for _, c := range []struct{ name, path, sets, leaves string }{
		{"a user", container + "runAsUser", "runAsUser: {rule: MustRunAs, ranges: [{min: 1, max: 2}]}", "runAsUser: {rule: MustRunAsNonRoot}"},
		{"no root", container + "runAsNonRoot", "runAsUser: {rule: MustRunAsNonRoot}", "runAsUser: {rule: MustRunAs, ranges: [{min: 1, max: 2}]}"},
		{"a group", container + "runAsGroup", "runAsGroup: {rule: MustRunAs, ranges: [{min: 1, max: 2}]}", "runAsGroup: {rule: MayRunAs, ranges: [{min: 1, max: 2}]}"},
		{"SELinux", container + "seLinuxOptions", "seLinux: {rule: MustRunAs, seLinuxOptions: {type: t}}", "seLinux: {rule: RunAsAny}"},
		{"capabilities dropped", container + "capabilities.drop", "requiredDropCapabilities: [KILL]", "defaultAddCapabilities: [KILL]"},
		{"capabilities added", container + "capabilities.add", "defaultAddCapabilities: [KILL]", "requiredDropCapabilities: [KILL]"},
		{"escalation by default", container + "allowPrivilegeEscalation", "defaultAllowPrivilegeEscalation: true", "allowPrivilegeEscalation: true"},
		{"escalation", container + "allowPrivilegeEscalation", "allowPrivilegeEscalation: false", "readOnlyRootFilesystem: true"},
		{"a root", container + "readOnlyRootFilesystem", "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false"},
		{"the pod's groups", "spec.securityContext.fsGroup", "fsGroup: {rule: MustRunAs, ranges: [{min: 1, max: 2}]}", "supplementalGroups: {rule: MustRunAs, ranges: [{min: 1, max: 2}]}"},
		{"a RuntimeClass", "spec.runtimeClassName", "runtimeClass: {allowedRuntimeClassNames: [a], defaultRuntimeClassName: a}", "runtimeClass: {allowedRuntimeClassNames: [a]}"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for text, want := range map[string]bool{c.sets: true, c.leaves: false} {
				p, _, _ := parse(t, head+"  "+text+"\n") // what else it needs does not count here
				if got := p.Sets(&Change{Path: c.path}); got != want {
					t.Errorf("%s sets %s: got %v", text, c.path, got)
				}
			}
		})
	}
	for key, annotation := range map[string]string{appArmorPrefix + "c": appArmorDefault, seccompPod: seccompDefault} {
		change := Change{Path: "metadata.annotations[" + key + "]"}
		p := policyOf(t, "p", lenient)
		if p.Sets(&change) {
			t.Errorf("%s is set by nothing", key)
		}
		if !withAnnotations(p, annotation, "runtime/default").Sets(&change) {
			t.Errorf("%s is not set by %s", key, annotation)
		}
	}
}

func TestWhatAPodHasToSayIsOfASetting(t *testing.T) {
	t.Parallel()
	for path, setting := range map[string]string{
		"spec.securityContext.seccompProfile":                             "metadata.annotations[" + seccompDefault + "]",
		"metadata.annotations[" + appArmorPrefix + "c]":                   "metadata.annotations[" + appArmorDefault + "]",
		"spec.containers[0].securityContext.capabilities.add":             "defaultAddCapabilities",
		"spec.initContainers[0].securityContext.allowPrivilegeEscalation": "defaultAllowPrivilegeEscalation",
		"spec.runtimeClassName":                                           "runtimeClass",
	} {
		change := Change{Path: path}
		if !change.IsOf([]string{"allowedHostPaths", setting}) || change.IsOf([]string{"allowedHostPaths", "fsGroup"}) {
			t.Errorf("%s is not of %s alone", path, setting)
		}
	}
}
