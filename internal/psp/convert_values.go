package psp

import (
	"math"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/gabion-security/gabion/api/v1alpha1"
)

// capabilities converts a list of capabilities. Policies compared names as they
// are written; a profile knows only those that Kubernetes itself has.
func (c *conversion) capabilities(field string, list []corev1.Capability) []string {
	all := names(list)
	for _, name := range all {
		if name != strings.ToUpper(name) || strings.HasPrefix(name, "CAP_") || name == string(allCapabilities) {
			c.fail(field, "a profile has no capability %q: write its name in upper case without CAP_", name)
		}
	}
	return all
}

// users converts the strategy for users, nil for none.
func (c *conversion) users() *v1alpha1.UserIDs {
	switch s := &c.Spec.RunAsUser; s.Rule {
	case MustRunAs:
		return &v1alpha1.UserIDs{Rule: v1alpha1.MustRunAs, Ranges: c.ranges("runAsUser", s.Ranges)}
	case MustRunAsNonRoot:
		return &v1alpha1.UserIDs{Rule: v1alpha1.MustRunAsNonRoot}
	case RunAsAny, MayRunAs: // the latter is for groups only
	}
	return nil
}

// groups converts a strategy for groups, nil for none.
func (c *conversion) groups(field string, s *IDs) *v1alpha1.GroupIDs {
	if s.Rule == RunAsAny {
		return nil
	}
	return &v1alpha1.GroupIDs{Rule: v1alpha1.Rule(s.Rule), Ranges: c.ranges(field, s.Ranges)}
}

// ranges converts ranges of IDs as far as there are such IDs.
func (c *conversion) ranges(field string, list []IDRange) []v1alpha1.IDRange {
	var to []v1alpha1.IDRange
	for _, r := range list {
		if r.Min <= math.MaxInt32 {
			to = append(to, v1alpha1.IDRange{Min: new(r.Min), Max: new(min(r.Max, math.MaxInt32))})
		}
	}
	if len(to) == 0 {
		c.fail(field, "no ID is in its ranges, of which the highest is %d", math.MaxInt32)
	}
	return to
}

// hostPorts converts the ranges of host ports, nil if all are allowed.
func (s *Spec) hostPorts() *v1alpha1.HostPorts {
	to := &v1alpha1.HostPorts{}
	for _, r := range s.HostPorts {
		least, most := max(int64(r.Min), 1), int64(r.Max)
		if least == 1 && most == maxPort {
			return nil
		}
		if least <= most { // else it has only 0, which is no port
			to.Allowed = append(to.Allowed, v1alpha1.PortRange{Min: &least, Max: &most})
		}
	}
	return to
}

// seccompProfiles converts the seccomp profiles, nil if pods are free to name any
// or none. A policy that names profiles asks the pod itself for one, whatever its
// containers say.
func (c *conversion) seccompProfiles() *v1alpha1.NamedProfiles {
	s := c.seccomp()
	to := &v1alpha1.NamedProfiles{}
	if len(s.profiles) > 0 && !slices.Contains(s.profiles, "") || c.Annotations[seccompDefault] != "" {
		to.Required = v1alpha1.Pod
	}
	switch {
	case s.any && to.Required == "":
		return nil
	case s.any:
		to.Allowed = []string{"*"}
	default:
		to.Allowed = profileNames(s.profiles)
	}
	return to
}

// appArmorProfiles converts the AppArmor profiles. Each container has to name
// one, if there is a list of them or a default.
func (c *conversion) appArmorProfiles() *v1alpha1.NamedProfiles {
	to := &v1alpha1.NamedProfiles{Required: v1alpha1.Containers}
	text, restricted := c.Annotations[appArmorAllowed]
	switch {
	case restricted:
		to.Allowed = profileNames(strings.Split(text, ","))
	case c.Annotations[appArmorDefault] == "":
		return nil
	default:
		to.Allowed = []string{"*"}
	}
	return to
}

// profileNames returns the names in the list that a pod can have, each once.
func profileNames(list []string) []string {
	return names(slices.DeleteFunc(slices.Clone(list), func(name string) bool {
		local, isLocal := strings.CutPrefix(name, localhostPrefix)
		return name != runtimeDefault && name != unconfined && (!isLocal || local == "")
	}))
}

// volumes converts what the policy asks of volumes.
func (c *conversion) volumes() (to v1alpha1.VolumeControls) {
	s := &c.Spec
	if !slices.Contains(s.Volumes, "*") {
		to.VolumeTypes = &v1alpha1.Allowed{Allowed: volumeFields(s.Volumes)}
	}
	if len(s.AllowedHostPaths) > 0 {
		to.AllowedHostPaths = &v1alpha1.HostPaths{}
	}
	for _, p := range s.AllowedHostPaths {
		if !strings.HasPrefix(p.PathPrefix, "/") {
			c.fail("allowedHostPaths", "a profile has no path %q: it has only those from the root", p.PathPrefix)
		}
		to.AllowedHostPaths.Allowed = append(to.AllowedHostPaths.Allowed, v1alpha1.HostPath(p))
	}
	if len(s.AllowedFlexVolumes) > 0 {
		to.FlexVolumeDrivers = &v1alpha1.Allowed{}
	}
	for _, v := range s.AllowedFlexVolumes {
		to.FlexVolumeDrivers.Allowed = names(append(to.FlexVolumeDrivers.Allowed, v.Driver))
	}
	if len(s.AllowedCSIDrivers) > 0 {
		to.CSIDrivers = &v1alpha1.Allowed{}
	}
	for _, d := range s.AllowedCSIDrivers {
		to.CSIDrivers.Allowed = names(append(to.CSIDrivers.Allowed, d.Name))
	}
	return to
}

// volumeFields returns kinds of volumes by the names of their fields. What
// replaced the secret with a service account's token counted as a secret.
func volumeFields(kinds []string) []string {
	fields := names(kinds)
	for i, kind := range fields {
		if kind == "cephFS" {
			fields[i] = "cephfs" // the only kind whose field has another name
		}
	}
	if slices.Contains(fields, "secret") && !slices.Contains(fields, "projected") {
		fields = append(fields, "serviceAccountToken")
	}
	return fields
}
