package psp

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// faults returns what the API server would have refused the policy for, what the
// plugin would have, and host ports that are no range, which both took. What is
// wrong with a name is said in the words of the API server.
func (p *Policy) faults() []error {
	s := &p.Spec
	var f faults
	f.name(p.Name)
	f.annotations(p.Annotations)
	f.rule("spec.runAsUser", s.RunAsUser.Rule, MustRunAs, MustRunAsNonRoot, RunAsAny)
	f.ranges("spec.runAsUser", &s.RunAsUser, s.RunAsUser.Rule == MustRunAs)
	if g := s.RunAsGroup; g != nil {
		f.groups("spec.runAsGroup", g)
		if g.Rule == RunAsAny && len(g.Ranges) > 0 {
			f.add("spec.runAsGroup.ranges", "must be empty: RunAsAny has no ranges")
		}
	}
	f.groups("spec.supplementalGroups", &s.SupplementalGroups)
	f.groups("spec.fsGroup", &s.FSGroup)
	f.rule("spec.seLinux", s.SELinux.Rule, MustRunAs, RunAsAny)
	if s.SELinux.Rule == MustRunAs && s.SELinux.Options == nil {
		f.add("spec.seLinux.seLinuxOptions", "is missing: MustRunAs needs the options that pods must run as")
	}
	for i, r := range s.HostPorts {
		path := fmt.Sprintf("spec.hostPorts[%d]", i)
		f.bounds(path, int64(r.Min), int64(r.Max))
		if r.Max > maxPort {
			f.add(path, "%d is no port: the highest is %d", r.Max, maxPort)
		}
	}
	for i, v := range s.Volumes {
		if !slices.Contains(volumeKinds(), v) {
			f.add(fmt.Sprintf("spec.volumes[%d]", i), "%q is no kind of volume; those are %s", v, strings.Join(volumeKinds(), ", "))
		}
	}
	f.capabilities(s)
	if d := s.DefaultAllowPrivilegeEscalation; d != nil && *d && !s.EscalationAllowed() {
		f.add("spec.defaultAllowPrivilegeEscalation", "is true, but allowPrivilegeEscalation is false")
	}
	f.others(s)
	return f.errs
}

const maxPort = 65535

// faults are collected, each with its path.
type faults struct{ errs []error }

func (f *faults) add(path, format string, args ...any) {
	f.errs = append(f.errs, fmt.Errorf("%s: %s", path, fmt.Sprintf(format, args...)))
}

// rule checks that a strategy has one of its rules.
func (f *faults) rule(path string, rule Rule, known ...Rule) {
	switch {
	case slices.Contains(known, rule):
	case rule == "":
		f.add(path+".rule", "is missing: it must be one of %s", joinRules(known))
	default:
		f.add(path+".rule", "%q is no strategy: it must be one of %s", rule, joinRules(known))
	}
}

func joinRules(rules []Rule) string {
	words := make([]string, len(rules))
	for i, r := range rules {
		words[i] = string(r)
	}
	return strings.Join(words, ", ")
}

// groups checks a strategy for groups.
func (f *faults) groups(path string, s *IDs) {
	f.rule(path, s.Rule, MayRunAs, MustRunAs, RunAsAny)
	f.ranges(path, s, s.Rule == MustRunAs || s.Rule == MayRunAs)
}

// ranges checks the ranges of a strategy.
func (f *faults) ranges(path string, s *IDs, needed bool) {
	if needed && len(s.Ranges) == 0 {
		f.add(path+".ranges", "is empty: %s needs at least one range", s.Rule)
	}
	for i, r := range s.Ranges {
		f.bounds(fmt.Sprintf("%s.ranges[%d]", path, i), r.Min, r.Max)
	}
}

// bounds checks one range.
func (f *faults) bounds(path string, least, most int64) {
	switch {
	case least < 0 || most < 0:
		f.add(path, "%d to %d is no range: neither end can be negative", least, most)
	case least > most:
		f.add(path, "%d to %d is no range: min is greater than max", least, most)
	}
}

// capabilities checks that what is to be dropped is not allowed as well.
func (f *faults) capabilities(s *Spec) {
	if len(s.RequiredDropCapabilities) > 0 && slices.Contains(s.AllowedCapabilities, allCapabilities) {
		f.add("spec.requiredDropCapabilities", "must be empty where allowedCapabilities has *")
	}
	for _, list := range []struct {
		name         string
		capabilities []corev1.Capability
	}{{"defaultAddCapabilities", s.DefaultAddCapabilities}, {"allowedCapabilities", s.AllowedCapabilities}} {
		for i, c := range list.capabilities {
			if slices.Contains(s.RequiredDropCapabilities, c) {
				f.add(fmt.Sprintf("spec.%s[%d]", list.name, i), "%s stands in requiredDropCapabilities too", c)
			}
		}
	}
}

// others checks what has no strategy.
func (f *faults) others(s *Spec) {
	for i, p := range s.AllowedHostPaths {
		path := fmt.Sprintf("spec.allowedHostPaths[%d].pathPrefix", i)
		switch {
		case p.PathPrefix == "":
			f.add(path, "is missing")
		case slices.Contains(strings.Split(p.PathPrefix, "/"), ".."):
			f.add(path, "%q must not contain ..", p.PathPrefix)
		}
	}
	for i, t := range s.AllowedProcMountTypes {
		if t != corev1.DefaultProcMount && t != corev1.UnmaskedProcMount {
			f.add(fmt.Sprintf("spec.allowedProcMountTypes[%d]", i), "%q is no type of /proc mount; those are Default and Unmasked", t)
		}
	}
	f.drivers(s)
	if s.RuntimeClass != nil {
		f.runtimeClasses(s.RuntimeClass)
	}
	f.sysctls("spec.allowedUnsafeSysctls", s.AllowedUnsafeSysctls)
	f.sysctls("spec.forbiddenSysctls", s.ForbiddenSysctls)
	for i, allowed := range s.AllowedUnsafeSysctls {
		for _, forbidden := range s.ForbiddenSysctls {
			if overlap(allowed, forbidden) {
				f.add(fmt.Sprintf("spec.allowedUnsafeSysctls[%d]", i), "%q is forbidden by %q in forbiddenSysctls", allowed, forbidden)
			}
		}
	}
}

// overlap reports whether two patterns of sysctls have one in common.
func overlap(a, b string) bool {
	aPrefix, aOpen := strings.CutSuffix(a, "*")
	bPrefix, bOpen := strings.CutSuffix(b, "*")
	return a == b || aOpen && strings.HasPrefix(bPrefix, aPrefix) || bOpen && strings.HasPrefix(aPrefix, bPrefix)
}
