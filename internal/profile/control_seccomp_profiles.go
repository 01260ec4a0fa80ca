package profile

import (
	"strings"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/pss"
)

// Seccomp profiles. Pods and containers must name only those that are allowed.
func seccompProfiles() Control {
	return Control{
		ID: "seccompProfiles", Name: "Allowed seccomp profiles",
		Fields: append(eitherFields("securityContext.seccompProfile"),
			"metadata.annotations["+pss.SeccompPodAnnotation+"]", "metadata.annotations["+pss.SeccompContainerAnnotationPrefix+"*]"),
		Why:    "A seccomp profile keeps system calls from processes that never need them, and weaknesses in those calls from attackers.",
		Fix:    "Set seccompProfile to a profile that is allowed, such as type: RuntimeDefault.",
		PSP:    []string{"annotation seccomp.security.alpha.kubernetes.io/allowedProfileNames"},
		reason: "seccomp profiles", must: "must name a seccomp profile that the profile allows",
		compile: func(s *v1alpha1.PodSecurityProfileSpec) (rule, error) {
			return compileNamed("seccompProfiles", s.SeccompProfiles, named{
				field: "securityContext.seccompProfile",
				pod: func(p *subject) (string, bool) {
					return profileName(p.Pod.SecurityContext.SeccompProfile, p.Extra.SecurityContext.SeccompLocalhost)
				},
				container: func(c container) (string, bool) {
					return profileName(c.SecurityContext.SeccompProfile, c.extra.SecurityContext.SeccompLocalhost)
				},
				podKey: pss.SeccompPodAnnotation, prefix: pss.SeccompContainerAnnotationPrefix,
				until: pss.V1(27), // KEP-135
			})
		},
	}
}

// profileName returns a profile as annotations write it.
func profileName(kind, localhost pss.Opt[string]) (name string, stated bool) {
	switch kind.Value {
	case "RuntimeDefault":
		name = runtimeDefault
	case "Unconfined":
		name = "unconfined"
	case "Localhost":
		name = "localhost/" + localhost.Value
	default:
		name = kind.Value
	}
	return name, kind.Set
}

const runtimeDefault = "runtime/default"

// sameName folds the names that mean the same.
func sameName(name string) string {
	if name == "docker/default" {
		return runtimeDefault
	}
	return strings.TrimSpace(name)
}
