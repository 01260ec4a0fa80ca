package fix

import (
	"slices"
	"strings"

	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

const (
	securityContext = "securityContext"
	seccompField    = securityContext + ".seccompProfile.type"
	nonRootField    = securityContext + ".runAsNonRoot"
)

// planning decides what is done about the findings in one template.
type planning struct {
	template  *workload.Template
	model     any // of the object
	overwrite bool

	changes []*Change
	left    map[offence]Left
}

// plan decides about some violations of a template.
func plan(t *workload.Template, model any, violations []pss.Violation, overwrite bool) *planning {
	p := &planning{template: t, model: model, overwrite: overwrite, left: map[offence]Left{}}
	for _, v := range violations {
		p.control(v.Control, v.Findings)
	}
	p.prune()
	return p
}

// control decides about the findings of one control.
func (p *planning) control(id pss.ID, findings []pss.Finding) {
	switch id {
	case "runAsNonRoot":
		p.inherited(id, findings, inheritedField{field: nonRootField, value: true, review: reviewNonRoot, conflicts: p.runsAsRoot})
		p.noRoot(id)
		return
	case "seccompProfile_restricted":
		p.inherited(id, findings, inheritedField{field: seccompField, value: "RuntimeDefault"})
		return
	}
	for _, f := range findings {
		p.single(id, f)
	}
}

// single decides about a finding that stands for itself.
func (p *planning) single(id pss.ID, f pss.Finding) {
	path := f.Path()
	switch id {
	case "allowPrivilegeEscalation":
		if why := p.escalates(f.Container); why != "" && !f.Explicit {
			p.leave(id, f, ReasonConflict, why)
			return
		}
		p.set(id, f, path, false, f.Explicit, "")
	case "capabilities_restricted", "capabilities_baseline":
		if f.Explicit {
			p.remove(id, f, path)
		} else {
			p.append(id, f, path, "ALL", reviewDropAll)
		}
	case "privileged":
		p.set(id, f, path, false, true, "")
	case "procMount", "procMount_restricted":
		p.set(id, f, path, "Default", true, "")
	case "seccompProfile_baseline", "appArmorProfile":
		p.profile(id, f, path)
	case "runAsUser", "seLinuxOptions", "hostProbesAndHostLifecycle":
		p.remove(id, f, path)
	case "sysctls":
		p.remove(id, f, strings.TrimSuffix(path, ".name"))
	default:
		p.leave(id, f, ReasonManual, advice(id, f))
	}
}

// profile decides about a profile of AppArmor or seccomp, in a field or in an
// annotation.
func (p *planning) profile(id pss.ID, f pss.Finding, path string) {
	switch {
	case strings.HasPrefix(path, "metadata."):
		p.set(id, f, path, "runtime/default", true, "")
	case !p.states(path):
		// The API server makes the field from the annotation, which is found, too.
		p.leave(id, f, ReasonStated, "it comes from the pod's annotation")
	default:
		p.profileType(id, f, path)
	}
}

// profileType sets the type of a profile that is stated and returns the change, nil
// if there is none.
func (p *planning) profileType(id pss.ID, f pss.Finding, path string) *Change {
	if p.states(strings.TrimSuffix(path, ".type") + ".localhostProfile") {
		p.leave(id, f, ReasonConflict, "it names a localhostProfile: say type Localhost, or remove that and say RuntimeDefault")
		return nil
	}
	return p.set(id, f, path, "RuntimeDefault", p.states(path), "")
}

// inheritedField is a setting that containers have from their pod unless they make
// it themselves.
type inheritedField struct {
	field, review string
	value         any
	// conflicts says what in a container contradicts the setting and stays, empty if
	// nothing does.
	conflicts func(*pss.Container) string
}

// inherited decides about a setting of that kind: in the pod where that covers all
// containers and contradicts none, else in the containers.
func (p *planning) inherited(id pss.ID, findings []pss.Finding, field inheritedField) {
	var missing []pss.Finding
	alone := false // a container keeps what contradicts the setting
	for _, f := range findings {
		switch {
		case !f.Explicit:
			missing = append(missing, f)
		case f.Container != nil && p.correct(id, f, field) == nil:
			alone = true
		}
	}
	if own := findings[0]; own.Container == nil {
		p.follow(id, missing, p.correct(id, own, field), "the pod says otherwise for its containers, which is left")
		return
	}
	for i := range p.template.Pod.Containers {
		alone = alone || field.conflict(&p.template.Pod.Containers[i]) != ""
	}
	if len(missing) > 0 && !alone {
		made := p.set(id, missing[0], "spec."+field.field, field.value, false, field.review)
		p.follow(id, missing[1:], made, p.left[offence{id, missing[0].Path()}].Advice)
		return
	}
	for _, f := range missing {
		if why := field.conflict(f.Container); why != "" {
			p.leave(id, f, ReasonConflict, why)
		} else {
			p.set(id, f, f.Path(), field.value, false, field.review)
		}
	}
}

// follow notes that containers have what the pod says, where that is changed.
func (p *planning) follow(id pss.ID, findings []pss.Finding, made *Change, otherwise string) {
	for _, f := range findings {
		if made != nil {
			p.cover(made, id, f)
		} else {
			p.leave(id, f, ReasonConflict, otherwise)
		}
	}
}

// correct changes a setting that says otherwise and returns the change, nil if there
// is none.
func (p *planning) correct(id pss.ID, f pss.Finding, field inheritedField) *Change {
	if field.field == seccompField {
		return p.profileType(id, f, f.Path())
	}
	return p.set(id, f, f.Path(), field.value, true, field.review)
}

func (i *inheritedField) conflict(c *pss.Container) string {
	if i.conflicts == nil {
		return ""
	}
	return i.conflicts(c)
}

// runsAsRoot says that a container runs as user 0 and keeps that.
func (p *planning) runsAsRoot(c *pss.Container) string {
	user := c.SecurityContext.RunAsUser
	if !user.Set {
		user = p.template.Pod.SecurityContext.RunAsUser
	}
	if !user.Is(0) || p.overwrite {
		return ""
	}
	return "it states runAsUser: 0, so it could not start: give it another user first"
}

// escalates says what in a container the API server takes only with the right to
// escalate, and stays.
func (p *planning) escalates(c *pss.Container) string {
	switch {
	case p.overwrite:
		return ""
	case c.Privileged.Is(true):
		return "the API server does not take it in a privileged container: change that first"
	case slices.Contains(c.AddedCapabilities, "CAP_SYS_ADMIN"):
		return "the API server does not take it in a container that adds CAP_SYS_ADMIN: remove that first"
	}
	return ""
}
