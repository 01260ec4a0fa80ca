package pss

import (
	"slices"
	"strings"
)

// Seccomp. The seccomp profile must not be set to Unconfined. Until v1.18 only
// annotations stated it, since v1.19 only fields count.
//
//	v1.0 to v1.18, metadata.annotations["seccomp.security.alpha.kubernetes.io/pod"] and
//	metadata.annotations["container.seccomp.security.alpha.kubernetes.io/*"]:
//	    undefined, runtime/default, docker/default, localhost/*
//	v1.19+, spec.securityContext.seccompProfile.type and
//	spec.[*]containers[*].securityContext.seccompProfile.type:
//	    undefined, RuntimeDefault, Localhost
func seccompProfileBaseline() Control {
	return Control{
		ID:    "seccompProfile_baseline",
		Name:  "Seccomp",
		Level: Baseline,
		Revisions: []Revision{
			{Since: V1(0), Change: "Annotations may not switch seccomp off.", rule: confinedSeccompAnnotations},
			{Since: V1(19), Change: "Fields take the place of annotations.", rule: confinedSeccomp},
		},
		Fields: append([]string{
			`metadata.annotations["` + SeccompPodAnnotation + `"]`,
			`metadata.annotations["` + SeccompContainerAnnotationPrefix + `*"]`,
		}, contextFields(seccompType)...),
		Allowed: []string{"undefined", "RuntimeDefault", "Localhost", `"runtime/default", "docker/default" and "localhost/*" in annotations (until v1.18)`},
		Why:     whySeccomp,
		Fix:     "Remove the profile, or set its type to RuntimeDefault.",
		PSP:     pspSeccomp(),

		about:    statedSeccomp | statedAnnotations,
		describe: describeSeccomp,
	}
}

const (
	seccompType = "securityContext.seccompProfile.type"
	whySeccomp  = "Without seccomp every system call of the kernel is open to the process, and with it every bug in one."
)

func pspSeccomp() []PSPControl {
	return []PSPControl{{Name: "The seccomp profile used by containers", Fields: []string{
		"metadata.annotations[seccomp.security.alpha.kubernetes.io/allowedProfileNames]",
		"metadata.annotations[seccomp.security.alpha.kubernetes.io/defaultProfileName]",
	}}}
}

func confinedSeccompAnnotations(p *Pod, yield func(Finding) bool) bool {
	if len(p.Annotations) == 0 {
		return true
	}
	annotation := func(c *Container, prefix, name string) bool {
		i := slices.IndexFunc(p.Annotations, func(a Annotation) bool {
			rest, ok := strings.CutPrefix(a.Key, prefix)
			return ok && rest == name
		})
		if i < 0 {
			return true
		}
		a := &p.Annotations[i]
		if a.Value == "runtime/default" || a.Value == "docker/default" || strings.HasPrefix(a.Value, "localhost/") {
			return true
		}
		return yield(Finding{
			Container: c, field: annotationField, name: a.Key, Value: StringValue(a.Value), Explicit: true,
			Allowed: "runtime/default, docker/default or localhost/*", Fix: "remove the annotation, or set it to runtime/default",
		})
	}
	return annotation(nil, SeccompPodAnnotation, "") && eachContainer(p, func(c *Container) bool {
		return annotation(c, SeccompContainerAnnotationPrefix, c.Name)
	})
}

func confinedSeccomp(p *Pod, yield func(Finding) bool) bool {
	return eachContext(p, func(c *Container, sc *SecurityContext) bool {
		return !sc.SeccompProfile.Set || validProfile(sc.SeccompProfile.Value) || yield(badSeccomp(c, sc))
	})
}

func badSeccomp(c *Container, sc *SecurityContext) Finding {
	return Finding{
		Container: c, field: seccompType, Value: StringValue(sc.SeccompProfile.Value), Explicit: true,
		Allowed: "RuntimeDefault or Localhost", Fix: "set securityContext.seccompProfile.type to RuntimeDefault",
	}
}

func describeSeccomp(b []byte, findings []Finding) (string, []byte) {
	if findings[0].field == annotationField {
		var texts []string
		for i := range findings {
			texts = append(texts, annotationText(&findings[i]))
		}
		texts = sortedSet(texts)
		b = append(b, plural(len(texts), "forbidden annotation ", "forbidden annotations ")...)
		return "seccompProfile", appendJoined(b, texts)
	}
	b = appendSetters(b, findings)
	b = append(b, " must not set securityContext.seccompProfile.type to "...)
	return "seccompProfile", appendValues(b, findings)
}
