package cli

import (
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/internal/upgrade"
	"github.com/gabion-security/gabion/pss"
)

// upgradeReport turns what an upgrade changes into what is printed.
func upgradeReport(o *upgrade.Outcome, from, to upgrade.Server) report.Upgrade {
	r := report.Upgrade{
		APIVersion: report.APIVersion, Kind: "UpgradeReport", From: serverOf(from), To: serverOf(to),
		UserNamespacesGate: from.UserNamespacesGate,
		NewlyDenied:        flipsOf(o.Denied), NewlyWarned: flipsOf(o.Warned),
		NewlyAllowed: flipsOf(o.Allowed), NewlyDeniedIfGate: flipsOf(o.IfGate),
		Moving: []report.UpgradeMoving{}, Changes: changeRows(o.Changes), Exempt: list(o.Exempt),
		InvalidLabels: []report.UpgradeInvalid{}, Missing: []report.UpgradeMissing{},
		NotChecked: []report.NotChecked{}, Errors: []report.Error{},
		Summary: report.UpgradeSummary{
			Namespaces: o.Namespaces, Workloads: o.Workloads, Templates: o.Templates, Pods: o.Pods,
			NewlyDenied: len(o.Denied), NewlyWarned: len(o.Warned), NewlyAllowed: len(o.Allowed), NewlyDeniedIfGate: len(o.IfGate),
			Unlabelled: o.Unlabelled, Unseen: o.Unseen,
		},
	}
	moving := map[string]bool{}
	for _, m := range o.Moving {
		moving[m.Namespace] = true
		r.Moving = append(r.Moving, report.UpgradeMoving{
			Namespace: m.Namespace, Modes: modeNames(m.Modes), Policy: m.Policy.String(),
			Before: m.Before.String(), After: m.After.String(), Labelled: m.Labelled, Guards: m.Guards,
		})
	}
	r.Summary.Moving = len(moving)
	for _, i := range o.Invalid {
		r.InvalidLabels = append(r.InvalidLabels, report.UpgradeInvalid{Namespace: i.Namespace, Message: i.Errors.Error()})
	}
	return r
}

// changesReport lists what changes between two servers.
func changesReport(from, to upgrade.Server) report.UpgradeChanges {
	return report.UpgradeChanges{
		APIVersion: report.APIVersion, Kind: "UpgradeChangeList", From: serverOf(from), To: serverOf(to),
		Changes: changeRows(upgrade.Changes(from, to)),
	}
}

func serverOf(s upgrade.Server) report.UpgradeServer {
	return report.UpgradeServer{Release: s.Release.String(), Latest: s.Latest().String()}
}

func flipsOf(flips []upgrade.Flip) []report.UpgradeFlip {
	rows := []report.UpgradeFlip{}
	for i := range flips {
		f := &flips[i]
		row := report.UpgradeFlip{
			Namespace: f.Namespace, Modes: modeNames(f.Modes), Policy: f.Policy.String(),
			Object:    report.Object{APIVersion: f.Object.APIVersion, Kind: f.Object.Kind, Namespace: f.Namespace, Name: f.Object.Name},
			Templates: list(f.Templates), Pods: list(f.Pods), PodsTotal: f.AllPods, Partial: f.Partial,
			Controls: []report.UpgradeCause{}, Pin: versionName(f.Pin),
		}
		for _, c := range f.Causes {
			row.Controls = append(row.Controls, report.UpgradeCause{
				Control: string(c.Control), Release: versionName(c.Change.Release), Change: c.Change.Text,
				Reach: string(c.Change.Reach), Source: c.Change.Source,
			})
		}
		rows = append(rows, row)
	}
	return rows
}

func changeRows(changes []upgrade.Change) []report.UpgradeChange {
	rows := []report.UpgradeChange{}
	for _, c := range changes {
		control, _ := pss.LookupControl(c.Control)
		rows = append(rows, report.UpgradeChange{
			Release: c.Release.String(), Control: string(c.Control), Level: control.Level.String(),
			Effect: string(c.Effect), Reach: string(c.Reach), Change: c.Text, Source: c.Source,
		})
	}
	return rows
}

func modeNames(modes []upgrade.Mode) []string {
	names := []string{}
	for _, m := range modes {
		names = append(names, string(m))
	}
	return names
}

// versionName is the version, or nothing for none.
func versionName(v pss.Version) string {
	if !v.Valid() {
		return ""
	}
	return v.String()
}
