package cli

import (
	"cmp"
	"slices"
	"strings"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/guard"
	"github.com/gabion-security/gabion/internal/policy"
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
func (j *judge) addGuards(r *report.Result, item *workload.Item, s *subject, guards *guard.Pods) error {
	for _, asked := range guards.Profiles {
		if err := j.addGuardProfile(r, s, asked); err != nil {
			return err
		}
	}
	pod := item.Object.Kind == "Pod" && item.Object.APIVersion == "v1"
	if r.Allowed || pod || item.Controller != (workload.Owner{}) || s.Partial && !stated(r) {
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
func (j *judge) addGuardProfile(r *report.Result, s *subject, asked guard.Profile) error {
	r.Profile = strings.Join(append(nonEmpty(r.Profile), asked.Name), ", ")
	by := j.documents.Profiles[asked.Name]
	if by == nil {
		addViolation(r, report.Violation{
			Control: "profile", Level: "profile/" + asked.Name, Reason: "missing profile", Findings: []report.Finding{},
			Detail: policy.By(asked.Guards) + " names PodSecurityProfile " + asked.Name + ", and there is no such profile",
		})
		return nil
	}
	verdict, err := by.Evaluate(j.evaluator, s.Template)
	if err != nil {
		return err
	}
	match := j.exceptions.of(s.namespace, j.policies.labels[s.namespace], s.Template, v1alpha1.Enforce)
	verdict, uses := policy.ExceptProfile(&match, verdict)
	r.Exceptions = mergeUses(r.Exceptions, j.exceptions.rows(uses))
	base := s.aside.from(judged{Verdict: verdict.Base}, v1alpha1.Enforce)
	verdict, ignored, known := s.aside.fromProfile(verdict)
	r.Ignored = withIgnored(r.Ignored, s.aside.ignored(append(violationsOf(base.ignored, s.Template), profileViolations(by, ignored, s.Template)...)))
	r.Known = withViolations(r.Known, append(violationsOf(base.known, s.Template), profileViolations(by, known, s.Template)...))
	for _, row := range withViolations(r.Violations, append(verdictOf(base.Verdict, s.Template).Violations, profileViolations(by, verdict.Violations, s.Template)...))[len(r.Violations):] {
		addViolation(r, row)
	}
	return nil
}

// withViolations adds those of controls that are not there yet.
func withViolations(all, more []report.Violation) []report.Violation {
	named := len(all)
	for _, v := range more {
		if !slices.ContainsFunc(all[:named], func(have report.Violation) bool { return have.Control == v.Control }) {
			all = append(all, v)
		}
	}
	return all
}

// withIgnored does the same for what is ignored.
func withIgnored(all, more []report.Ignored) []report.Ignored {
	named := len(all)
	for _, v := range more {
		if !slices.ContainsFunc(all[:named], func(have report.Ignored) bool { return have.Control == v.Control }) {
			all = append(all, v)
		}
	}
	return all
}

// addViolation adds a violation to a result, which it makes one that is not allowed.
func addViolation(r *report.Result, v report.Violation) {
	r.Allowed = false
	r.Violations = append(r.Violations, v)
	r.Reason = joined(r.Reason, v.Reason)
	r.Message = joined(r.Message, v.Reason+" ("+v.Detail+")")
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
