package cli

import (
	"fmt"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/ignore"
	"github.com/gabion-security/gabion/internal/profile"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// aside is what does not count among the violations of one template: what its
// manifest asks to be ignored, and what the baseline knows. The zero aside is
// nothing.
type aside struct {
	ignore []ignore.Entry
	known  *knownTemplate // nil if there is no baseline
}

// asideOf returns what does not count in a template of an object.
func (j *judge) asideOf(item *workload.Item, t *workload.Template, namespace string) aside {
	return aside{ignore: j.ignores.of(item, t), known: j.baseline.template(item, t, namespace)}
}

// from takes from a verdict what does not count in the mode, and keeps it beside.
func (a *aside) from(v judged, mode v1alpha1.Mode) judged {
	if v.Allowed() {
		return v
	}
	if len(a.ignore) > 0 {
		ignores := func(id pss.ID, _ pss.Finding) bool { return a.ignores(string(id)) }
		if ignored := v.Except(not(ignores)); !ignored.Allowed() {
			v.ignored = append(v.ignored, ignored)
			v.Verdict = v.Except(ignores)
		}
	}
	if a.known != nil && !v.Allowed() {
		knows := func(id pss.ID, f pss.Finding) bool {
			return a.known.knows(mode, string(id), f.Path(), f.Container, f.Value)
		}
		if known := v.Except(not(knows)); !known.Allowed() {
			v.known = append(v.known, known)
			v.Verdict = v.Except(knows)
		}
	}
	return v
}

func not(covers func(pss.ID, pss.Finding) bool) func(pss.ID, pss.Finding) bool {
	return func(id pss.ID, f pss.Finding) bool { return !covers(id, f) }
}

// fromProfile is from for the verdict of a profile, which always enforces.
func (a *aside) fromProfile(v profile.Verdict) (left profile.Verdict, ignored, known []profile.Violation) {
	v.Base = a.from(judged{Verdict: v.Base}, v1alpha1.Enforce).Verdict
	ignores := func(control string, _ profile.Finding) bool { return a.ignores(control) }
	ignored = v.Except(v.Base, notOfProfile(ignores)).Violations
	v = v.Except(v.Base, ignores)
	if a.known == nil {
		return v, ignored, nil
	}
	knows := func(control string, f profile.Finding) bool {
		return a.known.knows(v1alpha1.Enforce, control, f.Path, f.Container, f.Value)
	}
	known = v.Except(v.Base, notOfProfile(knows)).Violations
	return v.Except(v.Base, knows), ignored, known
}

func notOfProfile(covers func(string, profile.Finding) bool) func(string, profile.Finding) bool {
	return func(control string, f profile.Finding) bool { return !covers(control, f) }
}

// ignores reports whether a control is ignored.
func (a *aside) ignores(control string) bool {
	_, ok := a.reason(control)
	return ok
}

// reason is why a control is ignored, false if it is not.
func (a *aside) reason(control string) (string, bool) {
	for _, e := range a.ignore {
		if e.Control == control {
			return e.Reason, true
		}
	}
	return "", false
}

// ignored adds to violations why they are ignored.
func (a *aside) ignored(violations []report.Violation) (rows []report.Ignored) {
	for _, v := range violations {
		reason, _ := a.reason(v.Control)
		rows = append(rows, report.Ignored{Control: v.Control, Reason: reason, Findings: v.Findings})
	}
	return rows
}

// asideLine says in one line what does not count, and what else failed.
func (c *checker) asideLine() string {
	line := ""
	if c.warned > 0 {
		line += fmt.Sprintf("; %d failing for the warn mode", c.warned)
	}
	if n := c.summary.Ignored; n > 0 {
		line += fmt.Sprintf("; %s ignored in manifests (--no-ignores counts them)", counted(n, "finding", "findings"))
	}
	if n := c.uncounted; n > 0 {
		line += fmt.Sprintf("; the annotation gabion.io/ignore of %s does not count beside --at-least (--no-ignores=false has it count)", counted(n, "object", "objects"))
	}
	if n := c.summary.Known; n > 0 {
		line += fmt.Sprintf("; %s known", counted(n, "finding", "findings"))
	}
	if n := len(c.summary.Fixed); n > 0 {
		line += fmt.Sprintf("; %s fixed (--baseline with --write-baseline takes them out)", counted(n, "known finding", "known findings"))
	}
	if n := c.summary.Gone; n > 0 {
		line += fmt.Sprintf("; %s of objects that are not here", counted(n, "known finding", "known findings"))
	}
	return line
}
