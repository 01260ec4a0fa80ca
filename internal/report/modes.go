package report

import "slices"

// modeFindings are the findings of one mode. Of a violation that is about no place
// there is one, of no path.
type modeFindings struct {
	mode, policy string
	severity     severity
	violations   []Violation
}

// prefix says which mode has found something, unless it is the one that refuses.
func (m *modeFindings) prefix() string {
	if m.mode == "enforce" {
		return ""
	}
	return m.mode + " (" + m.policy + "): "
}

// fails reports whether what the mode finds makes the check fail.
func (m *modeFindings) fails() bool { return m.severity == severityError }

// modes returns what each mode finds. What a mode that refuses more has found is
// not repeated.
func modes(r *Result) []modeFindings {
	return byMode(r, func(v *Verdict) []Violation { return v.Violations })
}

// knownByMode returns what the baseline knows of that which each mode finds.
func knownByMode(r *Result) []modeFindings {
	return byMode(r, func(v *Verdict) []Violation { return v.Known })
}

// ignoredByMode returns what is ignored of it, and why each control is.
func ignoredByMode(r *Result) (found []modeFindings, reasons map[string]string) {
	reasons = map[string]string{}
	return byMode(r, func(v *Verdict) (all []Violation) {
		for _, i := range v.Ignored {
			reasons[i.Control] = i.Reason
			all = append(all, Violation{Control: i.Control, Findings: i.Findings})
		}
		return all
	}), reasons
}

// aside returns what does not count of that which would make the check fail: of what
// is enforced and, if the warn mode fails too, what that has more.
func (r *Result) aside() (ignored []Ignored, known []Violation) {
	ignored, known = slices.Clip(r.Ignored), slices.Clip(r.Known)
	if !r.WarnFails || r.Warn == nil {
		return ignored, known
	}
	for _, m := range knownByMode(r) {
		if m.mode == "warn" {
			known = append(known, m.violations...)
		}
	}
	all, reasons := ignoredByMode(r)
	for _, m := range all {
		for _, v := range m.violations {
			if m.mode == "warn" {
				ignored = append(ignored, Ignored{Control: v.Control, Reason: reasons[v.Control], Findings: v.Findings})
			}
		}
	}
	return ignored, known
}

func byMode(r *Result, of func(*Verdict) []Violation) []modeFindings {
	warning := severityWarning
	if r.WarnFails {
		warning = severityError
	}
	type key struct{ control, path string }
	seen := map[key]bool{}
	fresh := func(violations []Violation) (all []Violation) {
		for _, v := range violations {
			found := v.Findings
			if len(found) == 0 {
				found = []Finding{{}}
			}
			v.Findings = nil
			for _, f := range found {
				if !seen[key{v.Control, f.Path}] {
					v.Findings = append(v.Findings, f)
				}
			}
			if v.Findings != nil {
				all = append(all, v)
			}
		}
		for _, v := range all {
			for _, f := range v.Findings {
				seen[key{v.Control, f.Path}] = true
			}
		}
		return all
	}
	all := []modeFindings{{"enforce", r.Policy, severityError, fresh(of(&r.Verdict))}}
	if r.Warn != nil {
		all = append(all, modeFindings{"warn", r.Warn.Policy, warning, fresh(of(&r.Warn.Verdict))})
	}
	if r.Audit != nil {
		all = append(all, modeFindings{"audit", r.Audit.Policy, severityNote, fresh(of(&r.Audit.Verdict))})
	}
	return all
}
