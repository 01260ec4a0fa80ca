package psp

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Validate returns why the policy does not allow a pod as it stands, nothing if it
// does. The pod must be as the API server hands it to admission.
func (p *Policy) Validate(pod *corev1.Pod) []FieldError {
	const path = "spec.securityContext"
	s := &p.Spec
	sc := podContext(pod)
	var fsGroups []int64
	if sc.FSGroup != nil {
		fsGroups = []int64{*sc.FSGroup}
	}
	errs := s.FSGroup.checkGroups(path+".fsGroup", fsGroups)
	errs = append(errs, s.SupplementalGroups.checkGroups(path+".supplementalGroups", sc.SupplementalGroups)...)
	profiles := p.seccomp()
	errs = append(errs, profiles.checkPod(pod)...)
	errs = append(errs, s.SELinux.check(path+".seLinuxOptions", sc.SELinuxOptions)...)
	for _, host := range []struct {
		name         string
		allowed, use bool
	}{
		{"network", s.HostNetwork, pod.Spec.HostNetwork}, {"PID", s.HostPID, pod.Spec.HostPID}, {"IPC", s.HostIPC, pod.Spec.HostIPC},
	} {
		if host.use && !host.allowed {
			field := path + ".host" + strings.ToUpper(host.name[:1]) + host.name[1:]
			errs = append(errs, invalid(field, true, "Host "+host.name+" is not allowed to be used"))
		}
	}
	errs = append(errs, s.checkSysctls(sc.Sysctls)...)
	errs = append(errs, s.checkVolumes(&pod.Spec)...)
	if name := pod.Spec.RuntimeClassName; name != nil && s.RuntimeClass != nil &&
		!slices.Contains(s.RuntimeClass.Allowed, "*") && !slices.Contains(s.RuntimeClass.Allowed, *name) {
		errs = append(errs, invalid("spec.runtimeClassName", *name, ""))
	}
	for c := range containers(&pod.Spec) {
		errs = append(errs, p.checkContainer(profiles, pod, c)...)
	}
	return errs
}

// checkContainer is Validate for one container.
func (p *Policy) checkContainer(profiles *seccomp, pod *corev1.Pod, c *container) []FieldError {
	s, own, path := &p.Spec, c.own(), c.path+".securityContext"
	errs := s.RunAsUser.checkUser(path, c.runAsNonRoot(pod), c.runAsUser(pod))
	if s.RunAsGroup != nil {
		var groups []int64
		if g := c.runAsGroup(pod); g != nil {
			groups = []int64{*g}
		}
		errs = append(errs, s.RunAsGroup.checkGroups(path, groups)...)
	}
	errs = append(errs, s.SELinux.check(path+".seLinuxOptions", c.seLinux(pod))...)
	errs = append(errs, p.checkAppArmor(pod, c)...)
	errs = append(errs, profiles.checkContainer(pod, c)...)
	if own.Privileged != nil && *own.Privileged && !s.Privileged {
		errs = append(errs, invalid(path+".privileged", true, "Privileged containers are not allowed"))
	}
	procMount := corev1.DefaultProcMount
	if own.ProcMount != nil {
		procMount = *own.ProcMount
	}
	allowed := s.AllowedProcMountTypes
	if len(allowed) == 0 {
		allowed = []corev1.ProcMountType{corev1.DefaultProcMount}
	}
	if !slices.Contains(allowed, procMount) {
		errs = append(errs, invalid(path+".procMount", procMount, "ProcMountType is not allowed"))
	}
	errs = append(errs, s.checkCapabilities(path+".capabilities", own.Capabilities)...)
	errs = append(errs, s.checkPorts(c)...)
	if readOnly := own.ReadOnlyRootFilesystem; s.ReadOnlyRootFilesystem && (readOnly == nil || !*readOnly) {
		detail := "ReadOnlyRootFilesystem must be set to true"
		if readOnly == nil {
			detail = "ReadOnlyRootFilesystem may not be nil and must be set to true"
		}
		errs = append(errs, invalid(path+".readOnlyRootFilesystem", readOnly, detail))
	}
	if allow := own.AllowPrivilegeEscalation; !s.EscalationAllowed() && (allow == nil || *allow) {
		errs = append(errs, invalid(path+".allowPrivilegeEscalation", allow, "Allowing privilege escalation for containers is not allowed"))
	}
	return errs
}

// checkGroups checks group IDs. MustRunAs wants at least one.
func (s *IDs) checkGroups(path string, groups []int64) []FieldError {
	if s.Rule == RunAsAny {
		return nil
	}
	var errs []FieldError
	if s.Rule == MustRunAs && len(groups) == 0 {
		errs = append(errs, invalid(path, groups, "unable to validate empty groups against required ranges"))
	}
	for _, g := range groups {
		if !s.contains(g) {
			errs = append(errs, invalid(path, groups, fmt.Sprintf("group %d must be in the ranges: %v", g, s.Ranges)))
		}
	}
	return errs
}

// checkUser checks the user of a container.
func (s *IDs) checkUser(path string, nonRoot *bool, user *int64) []FieldError {
	switch {
	case s.Rule == MustRunAs && user == nil:
		return []FieldError{required(path+".runAsUser", "")}
	case s.Rule == MustRunAs && !s.contains(*user):
		return []FieldError{invalid(path+".runAsUser", *user, fmt.Sprintf("must be in the ranges: %v", s.Ranges))}
	case s.Rule != MustRunAsNonRoot:
		return nil
	case nonRoot == nil && user == nil:
		return []FieldError{required(path+".runAsNonRoot", "must be true")}
	case nonRoot != nil && !*nonRoot:
		return []FieldError{invalid(path+".runAsNonRoot", false, "must be true")}
	case user != nil && *user == 0:
		return []FieldError{invalid(path+".runAsUser", *user, "running with the root UID is forbidden")}
	}
	return nil
}

// check checks SELinux options.
func (s *SELinux) check(path string, o *corev1.SELinuxOptions) []FieldError {
	if s.Rule != MustRunAs {
		return nil
	}
	if o == nil {
		return []FieldError{required(path, "")}
	}
	var errs []FieldError
	want := s.Options
	if !equalLevels(want.Level, o.Level) {
		errs = append(errs, invalid(path+".level", o.Level, "must be "+want.Level))
	}
	for _, part := range []struct{ name, want, have string }{
		{"role", want.Role, o.Role}, {"type", want.Type, o.Type}, {"user", want.User, o.User},
	} {
		if part.want != part.have {
			errs = append(errs, invalid(path+"."+part.name, part.have, "must be "+part.want))
		}
	}
	return errs
}

// equalLevels compares SELinux levels; the order of categories does not count:
// "s0:c6,c0" is "s0:c0,c6".
func equalLevels(a, b string) bool {
	if a == b {
		return true
	}
	aSensitivity, aCategories, aOK := strings.Cut(a, ":")
	bSensitivity, bCategories, bOK := strings.Cut(b, ":")
	if !aOK || !bOK || aSensitivity != bSensitivity {
		return false
	}
	sorted := func(list string) []string { return slices.Sorted(slices.Values(strings.Split(list, ","))) }
	return slices.Equal(sorted(aCategories), sorted(bCategories))
}

// checkPorts checks the host ports of a container.
func (s *Spec) checkPorts(c *container) []FieldError {
	var errs []FieldError
	for _, port := range c.ports {
		in := func(r PortRange) bool { return r.Min <= port.HostPort && port.HostPort <= r.Max }
		if port.HostPort > 0 && !slices.ContainsFunc(s.HostPorts, in) {
			errs = append(errs, invalid(c.path+".hostPort", port.HostPort,
				fmt.Sprintf("Host port %d is not allowed to be used. Allowed ports: [%s]", port.HostPort, showPorts(s.HostPorts))))
		}
	}
	return errs
}

func showPorts(ranges []PortRange) string {
	words := make([]string, len(ranges))
	for i, r := range ranges {
		words[i] = fmt.Sprint(r.Min)
		if r.Min != r.Max {
			words[i] = fmt.Sprintf("%d-%d", r.Min, r.Max)
		}
	}
	return strings.Join(words, ",")
}

// safeSysctls are those that need no policy.
func safeSysctls() []string {
	return []string{
		"kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range",
		"net.ipv4.ip_unprivileged_port_start",
	}
}

// checkSysctls checks the pod's sysctls.
func (s *Spec) checkSysctls(sysctls []corev1.Sysctl) []FieldError {
	var errs []FieldError
	for i, sysctl := range sysctls {
		path := at("pod.spec.securityContext.sysctls", i)
		switch {
		case matchesSysctl(s.ForbiddenSysctls, sysctl.Name):
			errs = append(errs, forbidden(path, fmt.Sprintf("sysctl %q is not allowed", sysctl.Name)))
		case slices.Contains(safeSysctls(), sysctl.Name), matchesSysctl(s.AllowedUnsafeSysctls, sysctl.Name):
		default:
			errs = append(errs, forbidden(path, fmt.Sprintf("unsafe sysctl %q is not allowed", sysctl.Name)))
		}
	}
	return errs
}

// matchesSysctl reports whether one of the patterns, which may end in an
// asterisk, means the sysctl.
func matchesSysctl(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		prefix, open := strings.CutSuffix(pattern, "*")
		return pattern == name || open && strings.HasPrefix(name, prefix)
	})
}
