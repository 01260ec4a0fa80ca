package psp

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/pss"
)

// Loss is what a policy asks of pods and a level does not.
type Loss struct {
	// Control is the control of a profile that keeps it.
	Control string
	// Setting is the policy's.
	Setting
	// Allows are what the level allows there and the policy does not.
	Allows []string
}

// Lost returns what is lost if a level takes the place of the policy, in the
// order of the fields of a profile. The error is the evaluator's, for a policy
// of the standard that is none.
func (p *Policy) Lost(at pss.LevelVersion) ([]Loss, error) {
	c := conversion{Policy: p} // what a profile cannot say is lost all the same
	l := losses{at: at, policy: p}
	l.ofContainers(c.containers())
	l.ofPods(c.pods())
	l.ofVolumes(c.volumes())
	return l.found, l.err
}

// losses are found by judging pods that the policy does not admit.
type losses struct {
	at     pss.LevelVersion
	policy *Policy
	found  []Loss
	err    error
}

// witness is a pod that the policy does not admit.
type witness struct {
	words  string
	change func(*pss.Pod) // of a pod that passes every level
}

// unseen is a witness in something that no level looks at.
func unseen(words string) witness { return witness{words, func(*pss.Pod) {}} }

// inContainer is a witness in a container.
func inContainer(words string, change func(*pss.Container)) witness {
	return witness{words, func(p *pss.Pod) { change(&p.Containers[0]) }}
}

// exemplary returns a pod that passes every level.
func exemplary() *pss.Pod {
	return &pss.Pod{Containers: []pss.Container{{
		Name: looseContainer, Kind: pss.RegularContainer,
		SecurityContext: pss.SecurityContext{
			RunAsNonRoot: pss.Some(true), SeccompProfile: pss.Some(string(corev1.SeccompProfileTypeRuntimeDefault)),
		},
		AllowPrivilegeEscalation: pss.Some(false), DroppedCapabilities: []string{"ALL"},
	}}}
}

// add adds a loss, if the level allows one of the pods that the policy refuses
// for the field.
func (l *losses) add(control, field string, refused ...witness) {
	var allows []string
	for _, w := range refused {
		pod := exemplary()
		w.change(pod)
		verdict, err := pss.Evaluator{}.Evaluate(pod, l.at)
		l.err = cmp.Or(l.err, err)
		if verdict.Allowed() {
			allows = append(allows, w.words)
		}
	}
	if len(allows) > 0 {
		l.found = append(l.found, Loss{Control: control, Setting: Setting{Field: field, Value: l.policy.value(field)}, Allows: allows})
	}
}

// unset is what many pods do not say.
const unset = "not set"

func (l *losses) ofContainers(c v1alpha1.ContainerControls) {
	if c.ReadOnlyRootFilesystem != "" {
		l.add("readOnlyRootFilesystem", "readOnlyRootFilesystem", unseen("false"), unseen(unset))
	}
	if c.PrivilegedContainers != "" {
		l.add("privilegedContainers", "privileged", inContainer("true", func(c *pss.Container) { c.Privileged = pss.Some(true) }))
	}
	silent := inContainer(unset, func(c *pss.Container) { c.AllowPrivilegeEscalation = pss.Opt[bool]{} })
	switch c.PrivilegeEscalation {
	case v1alpha1.EscalationForbidden:
		l.add("privilegeEscalation", "allowPrivilegeEscalation",
			inContainer("true", func(c *pss.Container) { c.AllowPrivilegeEscalation = pss.Some(true) }), silent)
	case v1alpha1.EscalationStated:
		l.add("privilegeEscalation", "defaultAllowPrivilegeEscalation", silent)
	}
	l.ofUsers(c.UserIDs)
	if c.GroupIDs != nil {
		l.add("groupIDs", "runAsGroup", unseen("any group"))
	}
	l.ofCapabilities(c)
	if c.AllowedHostPorts != nil {
		l.add("allowedHostPorts", "hostPorts", inContainer("other ports", func(c *pss.Container) { c.HostPorts = []pss.HostPort{{Port: 1}} }))
	}
	l.ofProfiles(c)
	if c.SELinuxContexts != nil {
		refused := []witness{unseen(unset)}
		for _, name := range []string{"container_t", "container_init_t", "container_kvm_t", "container_engine_t", looseSELinux} {
			if name != c.SELinuxContexts.Allowed[0].Type {
				refused = append(refused, inContainer("type "+name, func(c *pss.Container) { c.SecurityContext.SELinux.Type = name }))
			}
		}
		l.add("seLinuxContexts", "seLinux", refused...)
	}
	if c.ProcMountTypes != nil {
		var refused []witness
		for _, name := range []string{string(corev1.DefaultProcMount), string(corev1.UnmaskedProcMount)} {
			if !slices.Contains(c.ProcMountTypes.Allowed, name) {
				refused = append(refused, inContainer(name, func(c *pss.Container) { c.ProcMount = pss.Some(name) }))
			}
		}
		l.add("procMountTypes", "allowedProcMountTypes", refused...)
	}
}

func (l *losses) ofUsers(users *v1alpha1.UserIDs) {
	switch {
	case users == nil:
	case users.Rule == v1alpha1.MustRunAs:
		l.add("userIDs", "runAsUser", unseen("any user that the level allows"))
	default:
		l.add("userIDs", "runAsUser",
			inContainer("user 0", func(c *pss.Container) { c.SecurityContext.RunAsUser = pss.Some(int64(0)) }),
			inContainer("runAsNonRoot "+unset, func(c *pss.Container) { c.SecurityContext.RunAsNonRoot = pss.Opt[bool]{} }))
	}
}

func (l *losses) ofCapabilities(c v1alpha1.ContainerControls) {
	if c.AllowedCapabilities != nil {
		var refused []witness
		for _, name := range append(namesIn("capabilities_baseline"), looseCapability) {
			if !slices.Contains(c.AllowedCapabilities.Allowed, name) {
				refused = append(refused, inContainer(name, func(c *pss.Container) { c.AddedCapabilities = []string{name} }))
			}
		}
		l.add("allowedCapabilities", "allowedCapabilities", refused...)
	}
	dropping := func(words string, names ...string) witness {
		return inContainer(words, func(c *pss.Container) { c.DroppedCapabilities = names })
	}
	switch required := c.RequiredDropCapabilities; {
	case slices.Equal(required, []string{"ALL"}):
		l.add("requiredDropCapabilities", "requiredDropCapabilities", dropping(unset))
	case len(required) > 0:
		l.add("requiredDropCapabilities", "requiredDropCapabilities", dropping(unset), dropping("ALL instead of their names", "ALL"))
	}
	if len(c.StatedCapabilities) > 0 {
		l.add("statedCapabilities", "defaultAddCapabilities", dropping(unset), dropping("ALL dropped, without their names", "ALL"))
	}
}

// namesIn returns the values that a control of the standard allows, as far as
// they are names.
func namesIn(id pss.ID) []string {
	var list []string
	for _, c := range pss.Controls() {
		if c.ID == id {
			list = c.Allowed
		}
	}
	return slices.DeleteFunc(slices.Clone(list), func(text string) bool { return text == "undefined" })
}

// ofProfiles finds what is lost of seccomp and AppArmor.
func (l *losses) ofProfiles(c v1alpha1.ContainerControls) {
	if p := c.SeccompProfiles; p != nil {
		var refused []witness
		for _, profile := range []struct{ name, kind string }{
			{"", ""}, {runtimeDefault, "RuntimeDefault"}, {localhostPrefix + "*", "Localhost"}, {unconfined, "Unconfined"},
		} {
			change := func(c *pss.Container) { c.SecurityContext.SeccompProfile = pss.Some(profile.kind) }
			if profile.name == "" {
				change = func(c *pss.Container) { c.SecurityContext.SeccompProfile = pss.Opt[string]{} }
			}
			if refusesProfile(p, profile.name) {
				refused = append(refused, inContainer(cmp.Or(profile.name, unset), change))
			}
		}
		if p.Required == v1alpha1.Pod {
			refused = append(refused, unseen("profiles that only containers name"))
		}
		field := seccompAllowed
		if slices.Contains(p.Allowed, "*") {
			field = seccompDefault
		}
		l.add("seccompProfiles", "metadata.annotations["+field+"]", refused...)
	}
	p := c.AppArmorProfiles
	if p == nil {
		return
	}
	var refused []witness
	for _, name := range []string{"", runtimeDefault, localhostPrefix + "*", unconfined} {
		change := func(p *pss.Pod) {
			p.Annotations = []pss.Annotation{{Key: appArmorPrefix + looseContainer, Value: name}}
			p.Containers[0].SecurityContext.AppArmorProfile = pss.Some(map[string]string{
				runtimeDefault: "RuntimeDefault", localhostPrefix + "*": "Localhost", unconfined: "Unconfined",
			}[name])
		}
		if name == "" {
			change = func(*pss.Pod) {}
		}
		if refusesProfile(p, name) {
			refused = append(refused, witness{cmp.Or(name, unset), change})
		}
	}
	field := appArmorAllowed
	if slices.Contains(p.Allowed, "*") {
		field = appArmorDefault
	}
	l.add("appArmorProfiles", "metadata.annotations["+field+"]", refused...)
}

// refusesProfile reports whether profiles do not allow a name, "" for none.
func refusesProfile(p *v1alpha1.NamedProfiles, name string) bool {
	if name == "" {
		return p.Required != ""
	}
	return !slices.Contains(p.Allowed, "*") && !slices.Contains(p.Allowed, name)
}

func (l *losses) ofPods(c v1alpha1.PodControls) {
	if c.FSGroups != nil {
		l.add("fsGroups", "fsGroup", unseen("any group"))
	}
	if c.SupplementalGroups != nil {
		l.add("supplementalGroups", "supplementalGroups", unseen("any groups"))
	}
	if c.HostNetwork != "" {
		l.add("hostNetwork", "hostNetwork", witness{"true", func(p *pss.Pod) { p.HostNetwork = true }})
	}
	if c.HostPID != "" {
		l.add("hostPID", "hostPID", witness{"true", func(p *pss.Pod) { p.HostPID = true }})
	}
	if c.HostIPC != "" {
		l.add("hostIPC", "hostIPC", witness{"true", func(p *pss.Pod) { p.HostIPC = true }})
	}
	sysctls := append(namesIn("sysctls"), looseSysctl)
	setting := func(refused func(name string) bool) (found []witness) {
		for _, name := range sysctls {
			if refused(name) {
				found = append(found, witness{name, func(p *pss.Pod) { p.Sysctls = []string{name} }})
			}
		}
		return found
	}
	if c.AllowedSysctls != nil {
		l.add("allowedSysctls", "allowedUnsafeSysctls", setting(func(name string) bool { return !matchesSysctl(c.AllowedSysctls.Allowed, name) })...)
	}
	if len(c.ForbiddenSysctls) > 0 {
		forbidden := setting(func(name string) bool { return matchesSysctl(c.ForbiddenSysctls, name) })
		forbidden = append(forbidden, witness{"what it forbids", func(p *pss.Pod) { p.Sysctls = c.ForbiddenSysctls }})
		l.add("forbiddenSysctls", "forbiddenSysctls", forbidden...)
	}
	if c.RuntimeClasses != nil {
		l.add("runtimeClasses", "runtimeClass", unseen("any class, or none"))
	}
}

func (l *losses) ofVolumes(c v1alpha1.VolumeControls) {
	using := func(words string, sources pss.VolumeSources) witness {
		return witness{words, func(p *pss.Pod) { p.Volumes = []pss.Volume{{Name: "v", Sources: sources}} }}
	}
	if c.VolumeTypes != nil {
		var refused []witness
		for _, name := range volumeFields(volumeKinds()) {
			if source := pss.VolumeSource(name); source != 0 && !slices.Contains(c.VolumeTypes.Allowed, name) {
				refused = append(refused, using(name, source))
			}
		}
		l.add("volumeTypes", "volumes", refused...)
	}
	if c.AllowedHostPaths != nil {
		l.add("allowedHostPaths", "allowedHostPaths", using("other paths", pss.VolumeHostPath))
	}
	if c.FlexVolumeDrivers != nil {
		l.add("flexVolumeDrivers", "allowedFlexVolumes", using("other drivers", pss.VolumeFlexVolume))
	}
	if c.CSIDrivers != nil {
		l.add("csiDrivers", "allowedCSIDrivers", using("other drivers", pss.VolumeCSI))
	}
}
