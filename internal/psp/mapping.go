package psp

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/gabion-security/gabion/pss"
)

// Mapping is what the Pod Security Standards have for a policy.
type Mapping struct {
	// Controls are those of all levels in force at a version.
	Controls []MappedControl
	// Literal is the strictest level that every pod passes which the policy
	// admits.
	Literal pss.Level
	// ByFields is what Literal would be but for the controls that a policy has no
	// field for: no policy can answer for those.
	ByFields pss.Level
	// Decisive are the controls that keep Literal from ByFields, or from the next
	// level if ByFields is no stricter.
	Decisive []pss.ID
	// Nearest is the level that asks for the most like the policy: it differs from
	// it in the fewest controls that a policy has a field for.
	Nearest pss.Level
	// NoOpinion are the settings of the policy that no level has an opinion on.
	NoOpinion []Setting
}

// MappedControl is a control of the standard beside the policy.
type MappedControl struct {
	Control pss.Control
	// Settings are the policy's for it, none if a policy has no field for it.
	Settings []Setting
	// Findings are how a pod that the policy admits could fail the control, none if
	// no such pod can.
	Findings []pss.Finding
	// Meets says that the policy asks for what the control does, by Kubernetes'
	// own mapping. It is the same as having no Findings, but where it is ByIntent.
	Meets bool
}

// ByIntent reports whether the policy asks for what the control does, and yet
// admits pods that fail it. So it is with users: a policy looks at the user that
// each container ends up with, and a control at what pod and containers say. A
// pod that passes MustRunAsNonRoot by its user alone does not pass runAsNonRoot,
// and one that names root does not pass runAsUser although no container of it
// runs as root.
func (c *MappedControl) ByIntent() bool { return c.Meets && len(c.Findings) > 0 }

// Differs reports whether the policy asks for the control and the level does not,
// or the other way round. A policy that has no field for it does neither.
func (c *MappedControl) Differs(level pss.Level) bool {
	return len(c.Settings) > 0 && c.Meets != (c.Control.Level <= level)
}

// Setting is a field of a policy, or an annotation of it.
type Setting struct {
	Field string
	// Value is JSON, empty if it is not set.
	Value string
	// Goes says what becomes of it without the policy.
	Goes string
}

// Map holds a policy against the standard at a version.
func (p *Policy) Map(version pss.Version) (*Mapping, error) {
	pod, err := view(p.Loosest())
	if err != nil {
		return nil, err
	}
	m := &Mapping{Literal: pss.Privileged, NoOpinion: p.noOpinion()}
	for _, level := range []pss.Level{pss.Baseline, pss.Restricted} {
		at := pss.LevelVersion{Level: level, Version: version}
		verdict, err := pss.Evaluator{}.Evaluate(pod, at)
		if err != nil {
			return nil, fmt.Errorf("judging the loosest pod: %w", err)
		}
		if verdict.Allowed() {
			m.Literal = level
		}
		failed := map[pss.ID][]pss.Finding{}
		for _, v := range verdict.Violations() {
			failed[v.Control] = v.Findings
		}
		for _, c := range pss.ControlsAt(at) {
			if c.Level == level {
				m.Controls = append(m.Controls, p.mapped(c, failed[c.ID]))
			}
		}
	}
	m.Nearest = nearest(m.Controls)
	m.decide()
	return m, nil
}

// decide finds what decides on the literal answer.
func (m *Mapping) decide() {
	m.ByFields = pss.Restricted
	for i := range m.Controls {
		if c := &m.Controls[i]; len(c.Findings) > 0 && len(c.Settings) > 0 {
			m.ByFields = min(m.ByFields, c.Control.Level-1)
		}
	}
	upTo := max(m.ByFields, m.Literal+1)
	for i := range m.Controls {
		if c := &m.Controls[i]; len(c.Findings) > 0 && c.Control.Level <= upTo {
			m.Decisive = append(m.Decisive, c.Control.ID)
		}
	}
}

func (p *Policy) mapped(c pss.Control, findings []pss.Finding) MappedControl {
	m := MappedControl{Control: c, Findings: findings, Meets: len(findings) == 0}
	switch users := &p.Spec.RunAsUser; c.ID {
	case "runAsNonRoot":
		m.Meets = users.Rule == MustRunAsNonRoot
	case "runAsUser":
		m.Meets = users.Rule == MustRunAsNonRoot || users.Rule == MustRunAs && !users.contains(0)
	}
	fields := fieldsFor(c)
	for _, field := range fields {
		m.Settings = append(m.Settings, Setting{Field: field, Value: p.value(field)})
	}
	return m
}

// fieldsFor returns the fields of a policy that decide on a control. Where the
// catalogue of controls names the table of the standard, some are beside the
// point or missing.
func fieldsFor(c pss.Control) []string {
	switch c.ID {
	case "hostPathVolumes", "restrictedVolumes":
		return []string{"volumes"}
	case "windowsHostProcess":
		return []string{"hostNetwork"}
	case "allowPrivilegeEscalation":
		return []string{"allowPrivilegeEscalation"}
	case "sysctls":
		return []string{"allowedUnsafeSysctls"}
	}
	var fields []string
	for _, psp := range c.PSP {
		for _, f := range psp.Fields {
			if !strings.Contains(f, "defaultProfileName") {
				fields = append(fields, f)
			}
		}
	}
	return fields
}

// value returns a setting as JSON, empty if it is not set.
func (p *Policy) value(field string) string {
	if key, ok := strings.CutPrefix(field, "metadata.annotations["); ok {
		text, set := p.Annotations[strings.TrimSuffix(key, "]")]
		quoted, err := json.Marshal(text)
		if !set || err != nil {
			return ""
		}
		return string(quoted)
	}
	text, err := json.Marshal(p.Spec)
	var fields map[string]json.RawMessage
	if err != nil || json.Unmarshal(text, &fields) != nil {
		return "" // never: a Spec can be encoded, and read again
	}
	return string(fields[field])
}

// nearest returns the level that differs from the policy in the fewest controls:
// those it asks for and the policy does not, and the other way round. A tie goes
// to the stricter one.
func nearest(controls []MappedControl) pss.Level {
	best, least := pss.Privileged, len(controls)+1
	for _, level := range []pss.Level{pss.Restricted, pss.Baseline, pss.Privileged} {
		differs := 0
		for i := range controls {
			if controls[i].Differs(level) {
				differs++
			}
		}
		if differs < least {
			best, least = level, differs
		}
	}
	return best
}

// noOpinion returns the settings that no level looks at.
func (p *Policy) noOpinion() []Setting {
	const (
		template = "into the pods' templates: nothing sets it for them any more"
		profile  = "into a profile: "
	)
	var found []Setting
	for _, s := range []struct{ field, goes string }{
		{"defaultAddCapabilities", template}, {"runAsGroup", profile + "groupIDs"},
		{"supplementalGroups", profile + "supplementalGroups"}, {"fsGroup", profile + "fsGroups"},
		{"readOnlyRootFilesystem", profile + "readOnlyRootFilesystem"}, {"defaultAllowPrivilegeEscalation", template},
		{"allowedHostPaths", profile + "allowedHostPaths"}, {"allowedFlexVolumes", profile + "flexVolumeDrivers"},
		{"allowedCSIDrivers", profile + "csiDrivers"}, {"forbiddenSysctls", profile + "forbiddenSysctls"},
		{"runtimeClass", profile + "runtimeClasses"},
		{"metadata.annotations[" + seccompDefault + "]", template}, {"metadata.annotations[" + appArmorDefault + "]", template},
	} {
		value := p.value(s.field)
		if value != "" && !slices.Contains([]string{`{"rule":"RunAsAny"}`, "false", "[]"}, value) {
			found = append(found, Setting{s.field, value, s.goes})
		}
	}
	if p.Spec.RunAsUser.Rule == MustRunAs {
		found = append(found, Setting{"runAsUser", p.value("runAsUser"), profile + "userIDs"})
	}
	return found
}
