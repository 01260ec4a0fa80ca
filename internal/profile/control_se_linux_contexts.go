package profile

import (
	"slices"
	"strings"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// SELinux options. Pods and containers must set only those that are allowed.
func seLinuxContexts() Control {
	return Control{
		ID: "seLinuxContexts", Name: "Allowed SELinux options",
		Fields: eitherFields("securityContext.seLinuxOptions"),
		Why:    "By its SELinux options a process gets at the files and processes of others.",
		Fix:    "Set seLinuxOptions to one of the sets that the profile has, or remove them.",
		PSP:    []string{"seLinux"},
		reason: "SELinux options", must: "must set securityContext.seLinuxOptions that the profile allows",
		compile: func(s *v1alpha1.PodSecurityProfileSpec) (rule, error) {
			if s.SELinuxContexts == nil {
				return nil, nil
			}
			where, err := whereOf("seLinuxContexts", s.SELinuxContexts.Required)
			if err != nil {
				return nil, err
			}
			sets := s.SELinuxContexts.Allowed
			return func(p *subject, yield func(Finding)) { judgeSELinux(p, sets, where, yield) }, nil
		},
	}
}

func judgeSELinux(p *subject, sets []v1alpha1.SELinuxOptions, where v1alpha1.Where, yield func(Finding)) {
	const field, fix = "securityContext.seLinuxOptions", "use options that the profile allows"
	var texts []string
	for _, o := range sets {
		texts = append(texts, contextText(o))
	}
	allowed := words(texts)
	if where == v1alpha1.Never || where == "" {
		allowed = "undefined or " + allowed
	}
	refused := func(sc *pss.SecurityContext, x *workload.SecurityContextExtra) (string, bool) {
		if !x.SELinux {
			return "", false
		}
		o := v1alpha1.SELinuxOptions{User: sc.SELinux.User, Role: sc.SELinux.Role, Type: sc.SELinux.Type, Level: x.SELinuxLevel}
		return contextText(o), !slices.ContainsFunc(sets, func(a v1alpha1.SELinuxOptions) bool { return sameContext(a, o) })
	}
	if text, bad := refused(&p.Pod.SecurityContext, &p.Extra.SecurityContext); bad {
		yield(found(field, pss.StringValue(text), allowed, fix))
	}
	if where == v1alpha1.Pod && !p.Extra.SecurityContext.SELinux && !p.excused {
		yield(missing(field, allowed, fix))
	}
	for c := range p.containers {
		if text, bad := refused(&c.SecurityContext, &c.extra.SecurityContext); bad {
			yield(c.found(field, pss.StringValue(text), allowed, fix))
		}
		if where == v1alpha1.Containers && !c.extra.SecurityContext.SELinux && !p.Extra.SecurityContext.SELinux && !p.excused {
			yield(c.missing(field, allowed, fix))
		}
	}
}

// contextText writes options as SELinux does.
func contextText(o v1alpha1.SELinuxOptions) string {
	return o.User + ":" + o.Role + ":" + o.Type + ":" + o.Level
}

// sameContext compares options; the order of a level's categories is no
// difference.
func sameContext(a, b v1alpha1.SELinuxOptions) bool {
	return a.User == b.User && a.Role == b.Role && a.Type == b.Type && sortedLevel(a.Level) == sortedLevel(b.Level)
}

func sortedLevel(level string) string {
	sensitivity, categories, ok := strings.Cut(level, ":")
	if !ok {
		return level
	}
	list := strings.Split(categories, ",")
	slices.Sort(list)
	return sensitivity + ":" + strings.Join(list, ",")
}

// whereOf checks who has to make a setting.
func whereOf(field string, where v1alpha1.Where) (v1alpha1.Where, error) {
	return where, oneOf(field+".required", where, "", v1alpha1.Never, v1alpha1.Containers, v1alpha1.Pod)
}
