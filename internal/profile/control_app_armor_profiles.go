package profile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/pss"
)

// AppArmor profiles. Pods and containers must name only those that are allowed.
func appArmorProfiles() Control {
	return Control{
		ID: "appArmorProfiles", Name: "Allowed AppArmor profiles",
		Fields: append(eitherFields("securityContext.appArmorProfile"), "metadata.annotations["+pss.AppArmorAnnotationPrefix+"*]"),
		Why:    "An AppArmor profile keeps a process from files and capabilities it never needs.",
		Fix:    "Set appArmorProfile to a profile that is allowed, such as type: RuntimeDefault.",
		PSP:    []string{"annotation apparmor.security.beta.kubernetes.io/allowedProfileNames"},
		reason: "AppArmor profiles", must: "must name an AppArmor profile that the profile allows",
		compile: func(s *v1alpha1.PodSecurityProfileSpec) (rule, error) {
			return compileNamed("appArmorProfiles", s.AppArmorProfiles, named{
				field: "securityContext.appArmorProfile",
				pod: func(p *subject) (string, bool) {
					return profileName(p.Pod.SecurityContext.AppArmorProfile, p.Extra.SecurityContext.AppArmorLocalhost)
				},
				container: func(c container) (string, bool) {
					return profileName(c.SecurityContext.AppArmorProfile, c.extra.SecurityContext.AppArmorLocalhost)
				},
				prefix: pss.AppArmorAnnotationPrefix,
			})
		},
	}
}

// named is where profiles of one kind are named.
type named struct {
	field     string
	pod       func(*subject) (string, bool)
	container func(container) (string, bool)
	// podKey and prefix are the annotations that say the same.
	podKey, prefix string
	// until is the first version at which the annotations mean nothing, zero if
	// they still do.
	until pss.Version

	names []string
	where v1alpha1.Where
}

// compileNamed checks the names and makes the rule.
func compileNamed(field string, p *v1alpha1.NamedProfiles, n named) (rule, error) {
	if p == nil {
		return nil, nil
	}
	where, err := whereOf(field, p.Required)
	if err != nil {
		return nil, err
	}
	n.where = where
	if err := listed(field+".allowed", p.Allowed); err != nil {
		return nil, err
	}
	for i, name := range p.Allowed {
		name = sameName(name)
		known := slices.Contains([]string{all, runtimeDefault, "unconfined"}, name)
		if local, ok := strings.CutPrefix(name, "localhost/"); !known && (!ok || local == "") {
			return nil, fmt.Errorf("spec.%s.allowed[%d]: %q is no profile: use runtime/default, unconfined, localhost/NAME or *", field, i, name)
		}
		n.names = append(n.names, name)
	}
	return n.judge, nil
}

// judge judges every profile that is named, in a field or an annotation: which
// of them counts depends on the version of the cluster. Whoever has to name one
// must do it in a way that means something at the version of the profile's base.
func (n named) judge(p *subject, yield func(Finding)) {
	allowed, fix := words(n.names), "use a profile that the profile allows, or remove it"
	if n.where == v1alpha1.Never || n.where == "" {
		allowed = "undefined or " + allowed
	}
	refused := func(name string) bool { return !permits(n.names, sameName(name)) }
	annotated, dead := map[string]bool{}, n.until.Valid() && p.version >= n.until
	for _, a := range p.Pod.Annotations {
		name, ofContainer := strings.CutPrefix(a.Key, n.prefix)
		switch {
		case ofContainer && !p.hasContainer(name), !ofContainer && (n.podKey == "" || a.Key != n.podKey), a.Value == "":
			continue
		}
		annotated[name] = !dead
		if refused(a.Value) {
			yield(Finding{
				Path: "metadata.annotations[" + strconv.Quote(a.Key) + "]", Value: pss.StringValue(a.Value),
				Allowed: allowed, Fix: fix, Explicit: true,
			})
		}
	}
	name, stated := n.pod(p)
	if stated && refused(name) {
		yield(found(n.field, pss.StringValue(name), allowed, fix))
	}
	stated = stated || n.podKey != "" && annotated[n.podKey]
	if !stated && n.where == v1alpha1.Pod && !p.excused {
		yield(missing(n.field, allowed, "name a profile in the pod's securityContext"))
	}
	for c := range p.containers {
		name, own := n.container(c)
		switch {
		case own && refused(name):
			yield(c.found(n.field, pss.StringValue(name), allowed, fix))
		case !own && !stated && !annotated[c.Name] && n.where == v1alpha1.Containers && !p.excused:
			yield(c.missing(n.field, allowed, "name a profile in the pod's or the container's securityContext"))
		}
	}
}
