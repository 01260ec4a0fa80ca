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

var confinedSeccompAnnotations = rule{
	find: func(p *Pod, yield func(place) bool) bool {
		if len(p.Annotations) == 0 {
			return true
		}
		sorted := slices.IsSortedFunc(p.Annotations, byKey)
		annotation := func(n int, prefix, name string) bool {
			i := findAnnotation(p.Annotations, sorted, prefix, name)
			if i < 0 {
				return true
			}
			value := p.Annotations[i].Value
			return value == "runtime/default" || value == "docker/default" || strings.HasPrefix(value, "localhost/") ||
				yield(place{container: n, item: i, part: inAnnotations})
		}
		return annotation(ofPod, SeccompPodAnnotation, "") && eachContainer(p, func(n int, c *Container) bool {
			return annotation(n, SeccompContainerAnnotationPrefix, c.Name)
		})
	},
	finding: func(p *Pod, at place) Finding {
		a := &p.Annotations[at.item]
		return Finding{
			field: annotationField, key: a.Key, Value: StringValue(a.Value),
			Allowed: "runtime/default, docker/default or localhost/*", Fix: "remove the annotation, or set it to runtime/default",
		}
	},
}

func byKey(a, b Annotation) int { return strings.Compare(a.Key, b.Key) }

// findAnnotation returns where the first annotation is whose key is made of a prefix and
// a name, or -1. That they are not sorted is against what [Pod] says, and only slower.
func findAnnotation(all []Annotation, sorted bool, prefix, name string) int {
	compare := func(a Annotation, name string) int {
		if rest, ok := strings.CutPrefix(a.Key, prefix); ok {
			return strings.Compare(rest, name)
		}
		return strings.Compare(a.Key, prefix)
	}
	if !sorted {
		return slices.IndexFunc(all, func(a Annotation) bool { return compare(a, name) == 0 })
	}
	if i, found := slices.BinarySearchFunc(all, name, compare); found {
		return i
	}
	return -1
}

var confinedSeccomp = rule{
	find: func(p *Pod, yield func(place) bool) bool {
		return eachContext(p, func(n int, sc *SecurityContext) bool {
			return !sc.SeccompProfile.Set || validProfile(sc.SeccompProfile.Value) || yield(place{container: n})
		})
	},
	finding: badSeccomp,
}

func badSeccomp(p *Pod, at place) Finding {
	return Finding{
		field: seccompType, Value: StringValue(seccompTypeAt(p, at)),
		Allowed: "RuntimeDefault or Localhost", Fix: "set securityContext.seccompProfile.type to RuntimeDefault",
	}
}

func seccompTypeAt(p *Pod, at place) string { return at.context(p).SeccompProfile.Value }

func describeSeccomp(b []byte, p *Pod, findings []place) (string, []byte) {
	if findings[0].part == inAnnotations {
		texts := slices.Compact(annotationTexts(p, findings))
		b = append(b, plural(len(texts), "forbidden annotation ", "forbidden annotations ")...)
		return "seccompProfile", appendJoined(b, texts)
	}
	b = appendSetters(b, p, findings)
	b = append(b, " must not set securityContext.seccompProfile.type to "...)
	return "seccompProfile", appendSet(b, p, findings, seccompTypeAt)
}
