package pss

import (
	"slices"
	"strings"
)

// AppArmor. On supported hosts the runtime's default AppArmor profile is applied
// by default; it must not be overridden or disabled, except by a profile of the
// node's own.
//
//	metadata.annotations["container.apparmor.security.beta.kubernetes.io/*"]:
//	    undefined, "", "runtime/default", "localhost/*"
//	spec.securityContext.appArmorProfile.type and
//	spec.[*]containers[*].securityContext.appArmorProfile.type:
//	    undefined, "RuntimeDefault", "Localhost"
func appArmorProfile() Control {
	return Control{
		ID:    "appArmorProfile",
		Name:  "AppArmor",
		Level: Baseline,
		Revisions: []Revision{
			{Since: V1(0), Change: "Neither annotations nor fields may override or disable the default profile.", rule: confinedAppArmor},
		},
		Fields: append([]string{`metadata.annotations["` + AppArmorAnnotationPrefix + `*"]`},
			contextFields("securityContext.appArmorProfile.type")...),
		Allowed: []string{"undefined", "RuntimeDefault", "Localhost", `"runtime/default" and "localhost/*" in annotations`},
		Why:     "Without AppArmor a process that breaks out of its container meets one barrier less.",
		Fix:     "Remove the profile or annotation, or use RuntimeDefault; Localhost names a profile loaded on the nodes.",
		PSP: []PSPControl{{Name: "The AppArmor profile used by containers", Fields: []string{
			"metadata.annotations[apparmor.security.beta.kubernetes.io/allowedProfileNames]",
			"metadata.annotations[apparmor.security.beta.kubernetes.io/defaultProfileName]",
		}}},

		about:    statedAppArmor | statedAnnotations,
		describe: describeAppArmor,
	}
}

var confinedAppArmor = rule{
	find: func(p *Pod, yield func(place) bool) bool {
		return eachContext(p, func(n int, sc *SecurityContext) bool {
			return !sc.AppArmorProfile.Set || validProfile(sc.AppArmorProfile.Value) || yield(place{container: n})
		}) && appArmorAnnotations(p, yield)
	},
	finding: func(p *Pod, at place) Finding {
		if at.part == inAnnotations {
			a := &p.Annotations[at.item]
			return Finding{
				field: annotationField, key: a.Key, Value: StringValue(a.Value),
				Allowed: "runtime/default or localhost/*", Fix: "remove the annotation, or set it to runtime/default",
			}
		}
		return Finding{
			field: "securityContext.appArmorProfile.type", Value: StringValue(appArmorType(p, at)),
			Allowed: "undefined, RuntimeDefault or Localhost", Fix: "set securityContext.appArmorProfile.type to RuntimeDefault, or remove the profile",
		}
	},
}

func appArmorAnnotations(p *Pod, yield func(place) bool) bool {
	for i := range p.Annotations {
		a := &p.Annotations[i]
		if !strings.HasPrefix(a.Key, AppArmorAnnotationPrefix) ||
			a.Value == "" || a.Value == "runtime/default" || strings.HasPrefix(a.Value, "localhost/") {
			continue
		}
		if !yield(place{item: i, part: inAnnotations}) {
			return false
		}
	}
	return true
}

func appArmorType(p *Pod, at place) string { return at.context(p).AppArmorProfile.Value }

func describeAppArmor(b []byte, p *Pod, findings []place) (string, []byte) {
	annotations := slices.IndexFunc(findings, func(at place) bool { return at.part == inAnnotations })
	if annotations < 0 {
		annotations = len(findings)
	}
	fields, annotated := findings[:annotations], findings[annotations:]
	b = appendSetters(b, p, fields)
	if len(annotated) > 0 {
		if len(fields) > 0 {
			b = append(b, " and "...)
		}
		b = append(b, plural(len(annotated), "annotation", "annotations")...)
	}
	var bad []string
	for _, at := range distinct(nil, p, fields, appArmorType) {
		bad = append(bad, appArmorType(p, at))
	}
	bad = append(bad, annotationTexts(p, annotated)...)
	b = append(b, " must not set AppArmor profile type to "...)
	return plural(len(bad), "forbidden AppArmor profile", "forbidden AppArmor profiles"), appendQuoted(b, bad)
}
