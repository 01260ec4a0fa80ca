package cli

import (
	"cmp"
	"slices"
	"strings"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/guard"
	"github.com/gabion-security/gabion/internal/policy"
	"github.com/gabion-security/gabion/internal/profile"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/workload"
)

// withFloors adds the floors of guards to what is to be met. The strictest comes
// first, of equal levels the namespace's own.
func withFloors(own []asked, floors []guard.Floor) []asked {
	all := slices.Clone(own)
	for _, f := range floors {
		if !slices.ContainsFunc(own, func(a asked) bool { return a.policy == f.Policy }) {
			all = append(all, asked{f.Policy, report.FromGuard, f.Guards})
		}
	}
	slices.SortStableFunc(all, func(a, b asked) int { return cmp.Compare(b.policy.Level, a.policy.Level) })
	return all
}

// addGuards adds to a result what the profiles of guards have to say about a
// template, and what becomes of the workload because of all that is wrong with it.
func (j *judge) addGuards(r *report.Result, item *workload.Item, t *workload.Template, namespace string, guards *guard.Pods) error {
	for _, asked := range guards.Profiles {
		if err := j.addGuardProfile(r, t, namespace, asked); err != nil {
			return err
		}
	}
	pod := item.Object.Kind == "Pod" && item.Object.APIVersion == "v1"
	if r.Allowed || pod || item.Controller != (workload.Owner{}) || t.Partial && !stated(r) {
		return nil
	}
	switch guards.Workloads {
	case guard.WorkloadsDeny:
		r.Early = &report.Early{Action: report.EarlyDeny, Guards: guards.WorkloadsBy}
	case guard.WorkloadsWarn:
		r.Early = &report.Early{Action: report.EarlyWarn, Guards: list(guards.WorkloadsBy)}
	case guard.WorkloadsOff:
	}
	return nil
}

// stated reports whether anything is wrong that a controller can hardly mend.
func stated(r *report.Result) bool {
	return slices.ContainsFunc(r.Violations, func(v report.Violation) bool {
		return slices.ContainsFunc(v.Findings, func(f report.Finding) bool { return f.Explicit })
	})
}

// addGuardProfile adds what a profile has to say beyond what has been said. One that
// is not there refuses every pod.
func (j *judge) addGuardProfile(r *report.Result, t *workload.Template, namespace string, asked guard.Profile) error {
	r.Profile = strings.Join(append(nonEmpty(r.Profile), asked.Name), ", ")
	by := j.documents.Profiles[asked.Name]
	if by == nil {
		addViolation(r, report.Violation{
			Control: "profile", Level: "profile/" + asked.Name, Reason: "missing profile", Findings: []report.Finding{},
			Detail: policy.By(asked.Guards) + " names PodSecurityProfile " + asked.Name + ", and there is no such profile",
		})
		return nil
	}
	verdict, err := by.Evaluate(j.evaluator, t)
	if err != nil {
		return err
	}
	match := j.exceptions.of(namespace, j.policies.labels[namespace], t, v1alpha1.Enforce)
	verdict, uses := policy.ExceptProfile(&match, verdict)
	r.Exceptions = mergeUses(r.Exceptions, j.exceptions.rows(uses))
	named := map[string]bool{}
	for _, v := range r.Violations {
		named[v.Control] = true
	}
	rows := append(verdictOf(verdict.Base, t).Violations, profileViolations(&verdict, by, t)...)
	for _, row := range rows {
		if !named[row.Control] {
			addViolation(r, row)
		}
	}
	return nil
}

// addViolation adds a violation to a result, which it makes one that is not allowed.
func addViolation(r *report.Result, v report.Violation) {
	r.Allowed = false
	r.Violations = append(r.Violations, v)
	r.Reason = joined(r.Reason, v.Reason)
	r.Message = joined(r.Message, v.Reason+" ("+v.Detail+")")
}

// profileViolations maps what a profile's own controls have to say.
func profileViolations(v *profile.Verdict, by *profile.Profile, t *workload.Template) []report.Violation {
	var rows []report.Violation
	order := containerOrder(&t.Pod)
	for _, v := range v.Violations {
		row := report.Violation{
			Control: v.Control, Level: "profile/" + by.Name(), Reason: v.Reason, Detail: v.Detail, Findings: []report.Finding{},
		}
		for _, f := range v.Findings {
			to := report.Finding{Path: f.Path, Value: f.Value.Any(), Allowed: f.Allowed, Explicit: f.Explicit, Fix: f.Fix}
			row.Findings = append(row.Findings, placed(to, f.Container, t, order))
		}
		rows = append(rows, row)
	}
	return rows
}

// mergeUses adds rows of exceptions to others, by name.
func mergeUses(rows, more []report.UsedException) []report.UsedException {
	all := slices.Clone(rows)
	for _, u := range more {
		i := slices.IndexFunc(all, func(have report.UsedException) bool { return have.Name == u.Name })
		if i < 0 {
			all = append(all, u)
			continue
		}
		controls := slices.Concat(all[i].Controls, u.Controls)
		slices.Sort(controls)
		all[i].Controls = slices.Compact(controls)
	}
	slices.SortFunc(all, func(a, b report.UsedException) int { return strings.Compare(a.Name, b.Name) })
	return all
}

func nonEmpty(text string) []string {
	if text == "" {
		return nil
	}
	return []string{text}
}
