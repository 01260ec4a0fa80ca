package profile

import (
	"slices"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/pss"
)

// Control is one control that a profile may state, and no Pod Security Standard
// has.
type Control struct {
	// ID is the name of its field in the profile's spec.
	ID string
	// Name is its name for people.
	Name string
	// Fields are the fields that it reads, as paths from the pod's root.
	Fields []string
	// Allowed says what it allows in Fields, as far as that does not depend on
	// the profile.
	Allowed []string
	// Why says what an attacker gains without it.
	Why string
	// Fix says how a pod is brought to meet it.
	Fix string
	// PSP are the fields of PodSecurityPolicy that correspond to it.
	PSP []string

	// reason and must are the sentence's parts: reason (who must …).
	reason, must string
	// compile makes the rule of a profile; nil if it does not state the
	// control.
	compile func(s *v1alpha1.PodSecurityProfileSpec) (rule, error)
}

// A rule yields every offender in a pod.
type rule func(p *subject, yield func(Finding))

// Finding is one offender of a control.
type Finding struct {
	// Container is the container that offends, or nil for the pod itself.
	Container *pss.Container
	// Path is where, from the pod's root.
	Path string
	// Value is what the pod says there.
	Value pss.Value
	// Allowed says in words what the profile allows there.
	Allowed string
	// Fix says in words how to make the finding go away.
	Fix string
	// Explicit tells a value that the pod states from one that is missing.
	Explicit bool
}

// Controls returns all controls in the order in which they are judged. The
// slice is the caller's.
func Controls() []Control { return slices.Clone(catalogue()) }

func catalogue() []Control {
	return []Control{
		readOnlyRootFilesystem(), privilegedContainers(), privilegeEscalation(), userIDs(), groupIDs(),
		allowedCapabilities(), requiredDropCapabilities(), statedCapabilities(), allowedHostPorts(),
		seccompProfiles(), appArmorProfiles(), seLinuxContexts(), procMountTypes(), resourceLimits(),
		imageRegistries(), imageDigests(),
		fsGroups(), supplementalGroups(), hostNetwork(), hostPID(), hostIPC(), hostUsers(),
		allowedSysctls(), forbiddenSysctls(), runtimeClasses(), automountServiceAccountToken(),
		shareProcessNamespace(), hostAliases(),
		volumeTypes(), allowedHostPaths(), flexVolumeDrivers(), csiDrivers(),
	}
}

// IDs returns the IDs of the controls that a profile may ask for.
func IDs() []string {
	var ids []string
	for _, c := range catalogue() {
		ids = append(ids, c.ID)
	}
	return ids
}
