package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gabion-security/gabion/internal/label"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/pss"
)

func emptyLabelRow(name string) report.LabelNamespace {
	return report.LabelNamespace{
		Namespace: name, Labels: []report.LabelEdit{}, Loosened: []report.LabelLoosening{}, Blockers: []report.LabelBlocker{},
		Unseen: []string{}, Conflicts: []report.LabelConflict{}, Warnings: []string{},
	}
}

// fillLabelRow reports a change.
func fillLabelRow(row *report.LabelNamespace, c *label.Change) {
	row.From, row.To = c.From.String(), c.To.String()
	for _, e := range c.Edits {
		row.Labels = append(row.Labels, report.LabelEdit{Label: e.Key, Before: e.Before, After: e.After, Owners: ownerNames(e.Owners)})
	}
	for _, less := range c.Loosened {
		row.Loosened = append(row.Loosened, report.LabelLoosening{Mode: less.Mode, From: less.From.String(), To: less.To.String()})
	}
	conflicts := c.Conflicts
	if len(c.Kept) > 0 {
		conflicts = c.Kept
	}
	for _, k := range conflicts {
		row.Conflicts = append(row.Conflicts, report.LabelConflict{Label: k.Key, Value: k.Value, Owners: ownerNames(k.Owners)})
	}
}

// ownerNames returns the names of field managers, each once.
func ownerNames(owners []label.Owner) []string {
	names := []string{}
	for i, o := range owners {
		if i == 0 || owners[i-1].Manager != o.Manager {
			names = append(names, o.Manager)
		}
	}
	return names
}

// fillBlockers reports what would be rejected and what is not known.
func fillBlockers(row *report.LabelNamespace, c *label.Change) {
	row.Unseen, row.Empty = list(c.Unseen), c.Empty
	for i := range c.Blockers {
		b := &c.Blockers[i]
		blocker := report.LabelBlocker{
			Object:   report.Object{APIVersion: b.APIVersion, Kind: b.Kind, Namespace: row.Namespace, Name: b.Name},
			Template: b.Template, Pods: b.Pods, Violations: []report.LabelViolation{},
		}
		for _, v := range b.Violations {
			fixes := fixesOf(v.Findings)
			blocker.Violations = append(blocker.Violations, report.LabelViolation{
				Control: string(v.Control), Level: v.Level.String(), Reason: v.Reason, Fixes: fixes, Fix: strings.Join(fixes, "; "),
			})
		}
		row.Blockers = append(row.Blockers, blocker)
	}
}

// fixesOf returns how findings are fixed, each way once.
func fixesOf(findings []pss.Finding) []string {
	fixes := []string{}
	for _, f := range findings {
		if fix := report.FixAt(f.Path(), f.Fix); !slices.Contains(fixes, fix) {
			fixes = append(fixes, fix)
		}
	}
	return fixes
}

// refusal says why a change is refused, if it is.
func refusal(c *label.Change) string {
	var reasons []string
	switch n := len(c.Blockers); {
	case n == 1:
		reasons = append(reasons, fmt.Sprintf("%s would reject 1 workload", c.To))
	case n > 1:
		reasons = append(reasons, fmt.Sprintf("%s would reject %d workloads", c.To, n))
	}
	if len(c.Unseen) > 0 {
		reasons = append(reasons, "not everything in it could be judged")
	}
	var modes []string
	for _, less := range c.Loosened {
		modes = append(modes, less.Mode)
	}
	if len(modes) > 0 {
		reasons = append(reasons, "it would loosen "+strings.Join(modes, " and "))
	}
	if len(reasons) == 0 {
		return ""
	}
	return strings.Join(reasons, ", and ") + "; --force labels it all the same"
}
