package cli

import (
	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/internal/plan"
	"github.com/gabion-security/gabion/internal/policy"
	"github.com/gabion-security/gabion/internal/profile"
	"github.com/gabion-security/gabion/pss"
)

// profilesForPlan returns what a plan asks of guards: the profiles that pods of a
// namespace have to meet, without what is excepted by its labels as they stand.
func (d *documents) profilesForPlan(e pss.Evaluator) func(*inventory.Namespace) []plan.Profile {
	return func(ns *inventory.Namespace) []plan.Profile {
		var all []plan.Profile
		for _, named := range d.surely(ns).Profiles {
			to := plan.Profile{Name: named.Name, Guards: named.Guards}
			if by := d.Profiles[named.Name]; by != nil {
				detail := "refused by the profile " + named.Name + " of " + policy.By(named.Guards) + " already"
				to.Judge = func(v *inventory.View) ([]plan.Violation, error) {
					verdict, err := by.Evaluate(e, v.Template())
					if err != nil {
						return nil, err
					}
					match := d.excepting().of(ns.Name, labelsOf(ns), v.Template(), v1alpha1.Enforce)
					verdict, _ = policy.ExceptProfile(&match, verdict)
					return profilePlanned(named.Name, detail, verdict), nil
				}
			}
			all = append(all, to)
		}
		return all
	}
}

// profilePlanned maps what a pod violates of a profile: of its level, and of its own.
func profilePlanned(name, detail string, verdict profile.Verdict) []plan.Violation {
	var all []plan.Violation
	for _, v := range verdict.Base.Violations() {
		to := plan.Violation{Control: v.Control, Level: v.Level, Profile: name, Reason: v.Reason, Detail: detail}
		for _, f := range v.Findings {
			to.Findings = append(to.Findings, plan.Finding{Finding: f, FullPath: f.Path()})
		}
		all = append(all, to)
	}
	for _, v := range verdict.Violations {
		to := plan.Violation{Control: pss.ID(v.Control), Profile: name, Reason: v.Reason, Detail: detail}
		for _, f := range v.Findings {
			to.Findings = append(to.Findings, plan.Finding{
				Finding:  pss.Finding{Container: f.Container, Value: f.Value, Allowed: f.Allowed, Fix: f.Fix, Explicit: f.Explicit},
				FullPath: f.Path,
			})
		}
		all = append(all, to)
	}
	return all
}
