package psp

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/gabion-security/gabion/workload"
)

// Mutates returns the settings by which the policy can change pods, in the order
// of the fields. One thing that every policy does is left out: a pod that sets
// its seccomp profile as a field got the annotation for it too.
func (p *Policy) Mutates() []Setting {
	s := &p.Spec
	var found []Setting
	for _, f := range []struct {
		mutates bool
		field   string
	}{
		{len(s.DefaultAddCapabilities) > 0, "defaultAddCapabilities"},
		{len(s.RequiredDropCapabilities) > 0, "requiredDropCapabilities"},
		{s.SELinux.Rule == MustRunAs, "seLinux"},
		{s.RunAsUser.Rule == MustRunAs || s.RunAsUser.Rule == MustRunAsNonRoot, "runAsUser"},
		{s.RunAsGroup != nil && s.RunAsGroup.Rule == MustRunAs, "runAsGroup"},
		{s.SupplementalGroups.Rule == MustRunAs, "supplementalGroups"},
		{s.FSGroup.Rule == MustRunAs, "fsGroup"},
		{s.ReadOnlyRootFilesystem, "readOnlyRootFilesystem"},
		{s.DefaultAllowPrivilegeEscalation != nil, "defaultAllowPrivilegeEscalation"},
		{!s.EscalationAllowed(), "allowPrivilegeEscalation"},
		{s.RuntimeClass != nil && s.RuntimeClass.Default != nil, "runtimeClass"},
		{p.Annotations[seccompDefault] != "", "metadata.annotations[" + seccompDefault + "]"},
		{p.Annotations[appArmorDefault] != "", "metadata.annotations[" + appArmorDefault + "]"},
	} {
		if f.mutates {
			found = append(found, Setting{Field: f.field, Value: p.value(f.field)})
		}
	}
	return found
}

// Sets reports whether a change of a pod is one that the policy could have made:
// what else stands otherwise, somebody else has changed.
func (p *Policy) Sets(c *Change) bool {
	fields := settingsOf(c.Path)
	return slices.ContainsFunc(p.Mutates(), func(s Setting) bool {
		// Of the rules for users one sets the user, the other that it is not root.
		if s.Field == "runAsUser" && p.Spec.RunAsUser.Rule == MustRunAsNonRoot {
			s.Field = "runAsNonRoot"
		}
		return slices.Contains(fields, s.Field)
	})
}

// settingsOf returns the settings of a policy by which it changes what stands at a
// path of a pod.
func settingsOf(path string) []string {
	if key, ok := strings.CutPrefix(path, "metadata.annotations["); ok {
		if strings.HasPrefix(key, appArmorPrefix) {
			return []string{"metadata.annotations[" + appArmorDefault + "]"}
		}
		return []string{"metadata.annotations[" + seccompDefault + "]"}
	}
	switch name := path[strings.LastIndexByte(path, '.')+1:]; name {
	case "seLinuxOptions":
		return []string{"seLinux"}
	case "runtimeClassName":
		return []string{"runtimeClass"}
	case "add":
		return []string{"defaultAddCapabilities"}
	case "drop":
		return []string{"requiredDropCapabilities"}
	case "allowPrivilegeEscalation":
		return []string{name, "defaultAllowPrivilegeEscalation"}
	default:
		return []string{name}
	}
}

// Chosen returns the policy by which the API server admitted a pod that exists,
// empty if it had none.
func Chosen(pod *corev1.Pod) string { return pod.Annotations[workload.PodSecurityPolicyAnnotation] }

// Change is a setting of a pod that its template does not have so.
type Change struct {
	Path string
	// Template and Pod are the two values as JSON, empty for none.
	Template, Pod string
}

// IsOf reports whether one of these settings of a policy makes the change, which is
// one that a pod has to say itself (see [Rewrite]).
func (c *Change) IsOf(settings []string) bool {
	by := settingsOf(c.Path)
	if strings.HasSuffix(c.Path, ".seccompProfile") { // which a policy has an annotation for
		by = []string{"metadata.annotations[" + seccompDefault + "]"}
	}
	return slices.ContainsFunc(by, func(field string) bool { return slices.Contains(settings, field) })
}

// Changes returns what stands otherwise in a pod than in the template that it was
// made of, as far as a policy could have changed it. Containers are compared by
// their names: what somebody injected is nobody's mutation.
func Changes(template, pod *corev1.Pod) []Change {
	var c comparison
	of, made := podContext(template), podContext(pod)
	const path = "spec.securityContext."
	c.add(path+"supplementalGroups", of.SupplementalGroups, made.SupplementalGroups)
	c.add(path+"fsGroup", of.FSGroup, made.FSGroup)
	c.add(path+"seLinuxOptions", of.SELinuxOptions, made.SELinuxOptions)
	c.add("spec.runtimeClassName", template.Spec.RuntimeClassName, pod.Spec.RuntimeClassName)
	c.add("metadata.annotations["+seccompPod+"]", podProfile(template), podProfile(pod))
	originals := map[string]*container{}
	for original := range containers(&template.Spec) {
		originals[original.name] = original
	}
	for copied := range containers(&pod.Spec) {
		if original := originals[copied.name]; original != nil {
			c.containers(template, pod, original, copied)
		}
	}
	return c.changes
}

// podProfile is a pod's seccomp profile as its annotation, whether it is that or
// the field: the API server keeps the two equal.
func podProfile(pod *corev1.Pod) string {
	if field := podContext(pod).SeccompProfile; field != nil {
		return annotationOf(field)
	}
	return pod.Annotations[seccompPod]
}

// comparison collects changes.
type comparison struct{ changes []Change }

// add compares a setting.
func (c *comparison) add(path string, template, pod any) {
	was, is := shown(template), shown(pod)
	if was != is {
		c.changes = append(c.changes, Change{path, was, is})
	}
}

// shown is a value as JSON, empty for nothing.
func shown(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	if slices.Contains([]string{"null", `""`, "[]"}, string(text)) {
		return ""
	}
	return string(text)
}

// containers compares two containers of the same name.
func (c *comparison) containers(template, pod *corev1.Pod, original, copied *container) {
	of, made, path := original.own(), copied.own(), copied.path+".securityContext."
	c.add(path+"runAsUser", of.RunAsUser, made.RunAsUser)
	c.add(path+"runAsGroup", of.RunAsGroup, made.RunAsGroup)
	c.add(path+"runAsNonRoot", of.RunAsNonRoot, made.RunAsNonRoot)
	c.add(path+"seLinuxOptions", of.SELinuxOptions, made.SELinuxOptions)
	c.add(path+"capabilities.add", setOf(capabilitiesOf(of).Add), setOf(capabilitiesOf(made).Add))
	c.add(path+"capabilities.drop", setOf(capabilitiesOf(of).Drop), setOf(capabilitiesOf(made).Drop))
	c.add(path+"readOnlyRootFilesystem", of.ReadOnlyRootFilesystem, made.ReadOnlyRootFilesystem)
	c.add(path+"allowPrivilegeEscalation", of.AllowPrivilegeEscalation, made.AllowPrivilegeEscalation)
	key := appArmorPrefix + copied.name
	c.add("metadata.annotations["+key+"]", template.Annotations[key], pod.Annotations[key])
}

func capabilitiesOf(sc *corev1.SecurityContext) corev1.Capabilities {
	if sc.Capabilities == nil {
		return corev1.Capabilities{}
	}
	return *sc.Capabilities
}
