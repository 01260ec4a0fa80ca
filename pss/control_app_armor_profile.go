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

func confinedAppArmor(p *Pod, yield func(Finding) bool) bool {
	return eachContext(p, func(c *Container, sc *SecurityContext) bool {
		return !sc.AppArmorProfile.Set || validProfile(sc.AppArmorProfile.Value) || yield(Finding{
			Container: c, field: "securityContext.appArmorProfile.type",
			Value: StringValue(sc.AppArmorProfile.Value), Explicit: true,
			Allowed: "undefined, RuntimeDefault or Localhost", Fix: "set securityContext.appArmorProfile.type to RuntimeDefault, or remove the profile",
		})
	}) && appArmorAnnotations(p, yield)
}

func appArmorAnnotations(p *Pod, yield func(Finding) bool) bool {
	for i := range p.Annotations {
		a := &p.Annotations[i]
		if !strings.HasPrefix(a.Key, AppArmorAnnotationPrefix) ||
			a.Value == "" || a.Value == "runtime/default" || strings.HasPrefix(a.Value, "localhost/") {
			continue
		}
		if !yield(Finding{
			field: annotationField, name: a.Key, Value: StringValue(a.Value), Explicit: true,
			Allowed: "runtime/default or localhost/*", Fix: "remove the annotation, or set it to runtime/default",
		}) {
			return false
		}
	}
	return true
}

func describeAppArmor(b []byte, findings []Finding) (string, []byte) {
	annotations := slices.IndexFunc(findings, func(f Finding) bool { return f.name != "" })
	if annotations < 0 {
		annotations = len(findings)
	}
	fields, annotated := findings[:annotations], findings[annotations:]
	b = appendSetters(b, fields)
	if len(annotated) > 0 {
		if len(fields) > 0 {
			b = append(b, " and "...)
		}
		b = append(b, plural(len(annotated), "annotation", "annotations")...)
	}
	bad := values(nil, fields)
	texts := make([]string, len(annotated))
	for i := range annotated {
		texts[i] = annotationText(&annotated[i])
	}
	slices.Sort(texts)
	bad = append(bad, texts...)
	b = append(b, " must not set AppArmor profile type to "...)
	return plural(len(bad), "forbidden AppArmor profile", "forbidden AppArmor profiles"), appendQuoted(b, bad)
}
