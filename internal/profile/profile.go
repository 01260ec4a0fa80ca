package profile

import (
	"errors"
	"fmt"
	"slices"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/match"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// ErrNotReady is the error of judging by a profile that was not compiled, or a
// pod that was read without [workload.Options.Extra]. Whoever meets it must
// refuse the pod.
var ErrNotReady = errors.New("the pod cannot be judged by a profile")

// Profile is a compiled profile. It holds no state and may be used from many
// goroutines. The zero Profile judges nothing.
type Profile struct {
	name   string
	base   pss.LevelVersion
	judged bool // Windows pods too
	active []active
}

type active struct {
	control Control
	rule    rule
}

// Compile compiles a profile. The error says in one line what is wrong with it.
func Compile(p *v1alpha1.PodSecurityProfile) (*Profile, error) {
	if err := match.Name("profile", p.Name); err != nil {
		return nil, err
	}
	level, err := pss.ParseLevel(string(p.Spec.Base.Level))
	if err != nil {
		return nil, fmt.Errorf("spec.base.level: %q is no level: use privileged, baseline or restricted", p.Spec.Base.Level)
	}
	version := pss.Latest
	if text := p.Spec.Base.Version; text != "" {
		if version, err = pss.ParseVersion(text); err != nil {
			return nil, fmt.Errorf("spec.base.version: %q is no version: use latest, or one such as v1.37", text)
		}
	}
	if err := oneOf("windowsPods", p.Spec.WindowsPods, "", v1alpha1.WindowsExcused, v1alpha1.WindowsJudged); err != nil {
		return nil, err
	}
	to := &Profile{
		name: p.Name, base: pss.LevelVersion{Level: level, Version: version},
		judged: p.Spec.WindowsPods == v1alpha1.WindowsJudged,
	}
	for _, c := range catalogue() {
		rule, err := c.compile(&p.Spec)
		if err != nil {
			return nil, err
		}
		if rule != nil {
			to.active = append(to.active, active{c, rule})
		}
	}
	return to, nil
}

// Name is the profile's name.
func (p *Profile) Name() string { return p.name }

// Base is the level and version that the profile adds to.
func (p *Profile) Base() pss.LevelVersion { return p.base }

// Verdict is the judgement of one pod by a profile. The zero Verdict is not
// Allowed.
type Verdict struct {
	// Base is the verdict of the profile's level.
	Base pss.Verdict
	// Violations are the profile's own controls that the pod fails, in their
	// order.
	Violations []Violation

	whole bool
}

// Allowed reports whether the pod meets the level and all controls.
func (v Verdict) Allowed() bool { return v.whole && v.Base.Allowed() && len(v.Violations) == 0 }

// Violation is one control of a profile that a pod fails.
type Violation struct {
	Control string
	// Reason and Detail are worded as those of the standard's controls are.
	Reason, Detail string
	Findings       []Finding

	must string
}

// Except returns the verdict without those findings of the profile's own controls
// that are excepted, and with what is left of the verdict of its level.
func (v Verdict) Except(base pss.Verdict, excepted func(control string, f Finding) bool) Verdict {
	to := Verdict{Base: base, whole: v.whole}
	for _, violation := range v.Violations {
		left := slices.DeleteFunc(slices.Clone(violation.Findings), func(f Finding) bool { return excepted(violation.Control, f) })
		if len(left) == 0 {
			continue
		}
		violation.Findings, violation.Detail = left, sentence(left, violation.must)
		to.Violations = append(to.Violations, violation)
	}
	return to
}

// Evaluate judges the pod of a template by the level, and by the profile's own
// controls. The Verdict that comes with an error is not Allowed.
func (p *Profile) Evaluate(e pss.Evaluator, t *workload.Template) (Verdict, error) {
	if p == nil || p.name == "" || t.Extra == nil ||
		len(t.Extra.Containers) != len(t.Pod.Containers) || len(t.Extra.Volumes) != len(t.Pod.Volumes) {
		return Verdict{}, ErrNotReady
	}
	base, err := e.Evaluate(&t.Pod, p.base)
	if err != nil {
		return Verdict{}, err
	}
	v := Verdict{Base: base, whole: true}
	s := &subject{Template: t, excused: t.Pod.OS == "windows" && !p.judged, version: e.Resolve(p.base.Version)}
	for i := range p.active {
		a := &p.active[i]
		var found []Finding
		a.rule(s, func(f Finding) { found = append(found, f) })
		if len(found) > 0 {
			v.Violations = append(v.Violations, Violation{
				Control: a.control.ID, Reason: a.control.reason, Detail: sentence(found, a.control.must), Findings: found, must: a.control.must,
			})
		}
	}
	return v, nil
}
