package workload

import (
	"slices"
	"strings"

	"github.com/gabion-security/gabion/pss"
)

// The API server fills in some settings before Pod Security admission sees a
// pod. Those that change verdicts are here; they belong to objects that have
// not been through an API server.

// DefaultVolume makes a volume that states no source an emptyDir, as the API
// server does in pods and pod templates. Callers keep it from volumes that
// state a source which they do not know.
func DefaultVolume(v *pss.Volume) {
	if v.Sources == 0 {
		v.Sources = pss.VolumeEmptyDir
	}
}

// DefaultHostPort returns the port that the API server opens on the node for a
// container's port in a Pod: with hostNetwork the containerPort where there is
// no hostPort. It does so neither for ephemeral containers nor in pod templates.
func DefaultHostPort(kind pss.ContainerKind, hostNetwork bool, hostPort, containerPort int32) int32 {
	if hostPort == 0 && hostNetwork && kind != pss.EphemeralContainer {
		return containerPort
	}
	return hostPort
}

// DefaultAppArmor copies the AppArmor annotations of a Pod's containers to the
// containers' fields, as the API server does when a Pod is created; it does not
// in pod templates. podLocalhost is the pod's own
// securityContext.appArmorProfile.localhostProfile. extra is nil or the pod's.
func DefaultAppArmor(pod *pss.Pod, podLocalhost pss.Opt[string], extra *Extra) {
	if len(pod.Annotations) == 0 || pod.OS == "windows" {
		return
	}
	for i := range pod.Containers {
		c := &pod.Containers[i]
		if c.SecurityContext.AppArmorProfile.Set {
			continue
		}
		at, found := slices.BinarySearchFunc(pod.Annotations, c.Name, compareAppArmor)
		if !found {
			continue
		}
		profile, localhost := appArmorField(pod.Annotations[at].Value)
		if !profile.Set || profile == pod.SecurityContext.AppArmorProfile && localhost == podLocalhost {
			continue
		}
		c.SecurityContext.AppArmorProfile = profile
		if extra != nil {
			extra.Containers[i].SecurityContext.AppArmorLocalhost = localhost
		}
	}
}

// compareAppArmor compares an annotation with the AppArmor annotation of a
// container.
func compareAppArmor(a pss.Annotation, container string) int {
	if name, ok := strings.CutPrefix(a.Key, pss.AppArmorAnnotationPrefix); ok {
		return strings.Compare(name, container)
	}
	return strings.Compare(a.Key, pss.AppArmorAnnotationPrefix)
}

// appArmorField returns the profile that an annotation's value means; it is not
// set if the API server would not copy the value to the field.
func appArmorField(value string) (profile, localhost pss.Opt[string]) {
	switch value {
	case "unconfined":
		return pss.Some("Unconfined"), localhost
	case "runtime/default":
		return pss.Some("RuntimeDefault"), localhost
	}
	const longest = 4095 // of a path
	name, ok := strings.CutPrefix(value, "localhost/")
	if !ok || name == "" || len(name) > longest || strings.TrimSpace(name) != name {
		return profile, localhost
	}
	return pss.Some("Localhost"), pss.Some(name)
}
