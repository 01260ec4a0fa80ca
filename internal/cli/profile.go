package cli

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/pflag"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/policy"
	"github.com/gabion-security/gabion/internal/profile"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/workload"
)

// profileFlag defines --profile.
func profileFlag(fs *pflag.FlagSet, to *string) {
	fs.StringVar(to, "profile", "", "the `FILE` of a PodSecurityProfile to judge by: its level and its controls")
}

// errProfile is the error of a profile that cannot be read: nothing is judged.
var errProfile = errors.New("--profile")

// readProfile reads the profile of a file.
func readProfile(path string) (*profile.Profile, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errProfile, fileFault(path, err))
	}
	p, err := profile.Read(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", errProfile, path, err)
	}
	return p, nil
}

// addProfile adds what the profile's own controls have to say about a template
// to the verdict of its level. It never takes anything away.
func (j *judge) addProfile(r *report.Result, s *subject) error {
	verdict, err := j.profile.Evaluate(j.evaluator, s.Template)
	if err != nil {
		return err
	}
	match := j.exceptions.of(s.namespace, j.policies.labels[s.namespace], s.Template, v1alpha1.Enforce)
	verdict, uses := policy.ExceptProfile(&match, verdict)
	r.Exceptions = j.exceptions.rows(uses)
	r.Profile = j.profile.Name()
	if r.PolicyFrom != report.FromFloor {
		r.PolicyFrom = report.FromProfile
	}
	verdict, ignored, known := s.aside.fromProfile(verdict)
	r.Ignored = append(r.Ignored, s.aside.ignored(profileViolations(j.profile, ignored, s.Template))...)
	r.Known = append(r.Known, profileViolations(j.profile, known, s.Template)...)
	r.Allowed = r.Allowed && verdict.Allowed()
	for _, row := range profileViolations(j.profile, verdict.Violations, s.Template) {
		addViolation(r, row)
	}
	return nil
}

// profileViolations maps violations of a profile's own controls.
func profileViolations(by *profile.Profile, violations []profile.Violation, t *workload.Template) (rows []report.Violation) {
	order := containerOrder(&t.Pod)
	for _, v := range violations {
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

func joined(text, more string) string {
	if text == "" {
		return more
	}
	return text + ", " + more
}

// profileRow maps a control that only profiles have.
func profileRow(c *profile.Control) report.Control {
	row := report.Control{
		ID: c.ID, Name: c.Name, Level: report.LevelProfile, Note: "Not part of the Pod Security Standards: a PodSecurityProfile may ask for it.",
		Revisions: []report.Revision{}, Fields: list(c.Fields), Allowed: list(c.Allowed), Why: c.Why, Fix: c.Fix, PSP: []report.PSP{},
	}
	for _, field := range c.PSP {
		row.PSP = append(row.PSP, report.PSP{Name: field, Fields: []string{}})
	}
	return row
}

// profileRows are the controls that only profiles have.
func profileRows() []report.Control {
	rows := []report.Control{}
	for _, c := range profile.Controls() {
		rows = append(rows, profileRow(&c))
	}
	return rows
}
