package psp

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// The names of seccomp profiles in annotations. Docker's is an alias.
const (
	runtimeDefault  = "runtime/default"
	dockerDefault   = "docker/default"
	unconfined      = "unconfined"
	localhostPrefix = "localhost/"
)

// The annotations of a pod that name its profiles.
const (
	seccompPod     = "seccomp.security.alpha.kubernetes.io/pod"
	seccompPrefix  = "container.seccomp.security.alpha.kubernetes.io/"
	appArmorPrefix = "container.apparmor.security.beta.kubernetes.io/"
)

// podAnnotations is where errors about seccomp and AppArmor were said to be.
const podAnnotations = "pod.metadata.annotations"

// annotationOf returns the annotation that means the same as the field.
func annotationOf(p *corev1.SeccompProfile) string {
	switch p.Type {
	case corev1.SeccompProfileTypeUnconfined:
		return unconfined
	case corev1.SeccompProfileTypeRuntimeDefault:
		return runtimeDefault
	case corev1.SeccompProfileTypeLocalhost:
		if p.LocalhostProfile != nil {
			return localhostPrefix + *p.LocalhostProfile
		}
	}
	return ""
}

// seccompFor returns what the pod's seccomp annotation becomes. A pod that sets
// the field gets the annotation too, so that it never passed without mutation.
func (p *Policy) seccompFor(pod *corev1.Pod) string {
	if profile := pod.Annotations[seccompPod]; profile != "" {
		return profile
	}
	if field := podContext(pod).SeccompProfile; field != nil {
		return annotationOf(field)
	}
	return p.Annotations[seccompDefault]
}

// seccomp is which seccomp profiles a policy allows.
type seccomp struct {
	text     string // the annotation
	profiles []string
	any      bool
}

func (p *Policy) seccomp() *seccomp {
	text, ok := p.Annotations[seccompAllowed]
	s := &seccomp{text: text}
	if !ok {
		return s
	}
	for _, profile := range strings.Split(text, ",") {
		switch profile {
		case "*":
			s.any = true
		case runtimeDefault, dockerDefault:
			s.profiles = append(s.profiles, runtimeDefault, dockerDefault)
		default:
			s.profiles = append(s.profiles, profile)
		}
	}
	return s
}

// allows reports whether pods may have a profile, empty for none.
func (s *seccomp) allows(profile string) bool {
	return s.any || len(s.profiles) == 0 && profile == "" || slices.Contains(s.profiles, profile)
}

// check returns what is wrong with a profile.
func (s *seccomp) check(key, profile string) []FieldError {
	path := podAnnotations + "[" + key + "]"
	switch {
	case s.allows(profile):
		return nil
	case len(s.profiles) == 0:
		return []FieldError{forbidden(path, "seccomp may not be set")}
	}
	return []FieldError{forbidden(path, fmt.Sprintf("%s is not an allowed seccomp profile. Valid values are %s", profile, s.text))}
}

// checkPod checks the pod's own profile.
func (s *seccomp) checkPod(pod *corev1.Pod) []FieldError {
	profile := pod.Annotations[seccompPod]
	if field := podContext(pod).SeccompProfile; profile == "" && field != nil {
		profile = annotationOf(field)
	}
	return s.check(seccompPod, profile)
}

// checkContainer checks the profile that is in force for a container.
func (s *seccomp) checkContainer(pod *corev1.Pod, c *container) []FieldError {
	key := seccompPrefix + c.name
	profile, stated := pod.Annotations[key]
	switch field := podContext(pod).SeccompProfile; {
	case c.own().SeccompProfile != nil:
		profile = annotationOf(c.own().SeccompProfile)
	case stated:
	case field != nil:
		profile = annotationOf(field)
	default:
		profile = pod.Annotations[seccompPod]
	}
	return s.check(key, profile)
}

// checkAppArmor checks a container's AppArmor profile. A policy that names none
// allows all.
func (p *Policy) checkAppArmor(pod *corev1.Pod, c *container) []FieldError {
	text, restricted := p.Annotations[appArmorAllowed]
	if !restricted {
		return nil
	}
	key := appArmorPrefix + c.name
	path := podAnnotations + "[" + key + "]"
	switch profile := pod.Annotations[key]; {
	case profile == "":
		return []FieldError{forbidden(path, "AppArmor profile must be set")}
	case !slices.Contains(strings.Split(text, ","), profile):
		return []FieldError{forbidden(path, fmt.Sprintf("%s is not an allowed profile. Allowed values: %q", profile, text))}
	}
	return nil
}
