package cli

import (
	"cmp"
	"slices"

	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/pss"
)

// controlRow maps a control, with the revisions up to a version.
func controlRow(c *pss.Control, until pss.Version) report.Control {
	row := report.Control{
		ID: string(c.ID), Name: c.Name, Level: c.Level.String(),
		Revisions: []report.Revision{}, Fields: list(c.Fields), Allowed: list(c.Allowed),
		Why: c.Why, Fix: c.Fix, PSP: pspRows(c.PSP),
	}
	for _, r := range c.Revisions {
		if r.Since > until {
			break
		}
		overrides := []string{}
		for _, id := range r.Overrides {
			overrides = append(overrides, string(id))
		}
		row.Revisions = append(row.Revisions, report.Revision{Since: r.Since.String(), Change: r.Change, Overrides: overrides})
	}
	return row
}

// retiredRow maps a row that is no longer in the standard.
func retiredRow(r *pss.Retired) report.Control {
	return report.Control{
		Name: r.Name, Level: r.Level.String(), Retired: true, Note: r.Note,
		Revisions: []report.Revision{}, Fields: []string{}, Allowed: []string{}, PSP: pspRows(r.PSP),
	}
}

func pspRows(controls []pss.PSPControl) []report.PSP {
	rows := []report.PSP{}
	for _, c := range controls {
		rows = append(rows, report.PSP{Name: c.Name, Fields: list(c.Fields), Note: c.Note})
	}
	return rows
}

// list returns the strings, never nil: in JSON an array is never null.
func list(s []string) []string { return append([]string{}, s...) }

// inPageOrder sorts rows as the standard's page lists them, which is not the
// order of the API server's messages. A control that is not named here comes
// last in its level.
func inPageOrder(rows []report.Control) {
	page := map[string][]string{
		pss.Baseline.String(): {
			"HostProcess", "Host Namespaces", "Privileged Containers", "Capabilities", "HostPath Volumes", "Host Ports",
			"Host Probes / Lifecycle Hooks", "AppArmor", "SELinux", "/proc Mount Type", "Seccomp", "Sysctls",
		},
		pss.Restricted.String(): {
			"Volume Types", "Privilege Escalation", "Running as Non-root", "Running as Non-root user", "Non-root groups",
			"Seccomp", "Capabilities",
		},
	}
	rank := func(c *report.Control) (level, place int) {
		l, _ := pss.ParseLevel(c.Level)
		if place = slices.Index(page[c.Level], c.Name); place < 0 {
			place = len(rows) + len(page[c.Level])
		}
		return int(l), place
	}
	slices.SortStableFunc(rows, func(a, b report.Control) int {
		levelA, placeA := rank(&a)
		levelB, placeB := rank(&b)
		return cmp.Or(cmp.Compare(levelA, levelB), cmp.Compare(placeA, placeB))
	})
}

// allControls are the controls of the standard and those of profiles.
func allControls() []report.Control {
	var all []report.Control
	for _, c := range pss.Controls() {
		all = append(all, controlRow(&c, pss.Latest))
	}
	return append(all, profileRows()...)
}
