package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gabion-security/gabion/internal/admission"
	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/internal/plan"
	"github.com/gabion-security/gabion/internal/policy"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/pss"
)

// planReport turns a plan into what is printed, and gives up what is large in it.
func planReport(made *plan.Plan, o *plan.Options) report.Plan {
	r := report.Plan{
		APIVersion: report.APIVersion, Kind: "Plan",
		Latest: o.Evaluator.Resolve(pss.Latest).String(), Target: o.Target.String(), Pin: o.Pin.String(),
		Defaults:   report.PlanDefaults{PlanPolicy: policyOf(o.Defaults), Assumed: o.Assumed},
		Namespaces: make([]report.PlanNamespace, 0, len(made.Namespaces)), Gaps: list(made.Gaps),
	}
	if log := o.Observed; log != nil {
		r.AuditLog = report.PlanAuditLog{Events: log.Events, Violations: log.Violations, Malformed: log.Malformed}
	}
	for i := range made.Namespaces {
		n := planNamespace(&made.Namespaces[i], o, len(made.Gaps))
		made.Namespaces[i].AtRisk, made.Namespaces[i].Steps = nil, nil // nobody needs them any more
		r.Summary.Add(&n)
		r.Namespaces = append(r.Namespaces, n)
	}
	return r
}

func policyOf(p pss.Policy) report.PlanPolicy {
	return report.PlanPolicy{Enforce: p.Enforce.String(), Audit: p.Audit.String(), Warn: p.Warn.String()}
}

func exemptionsOf(c *admission.Config) report.PlanExemptions {
	usernames, namespaces, runtimeClasses := c.Exemptions.Names()
	return report.PlanExemptions{Usernames: list(usernames), Namespaces: list(namespaces), RuntimeClasses: list(runtimeClasses)}
}

// proposedOf joins what is to be exempt to what is.
func proposedOf(c plan.Configuration, now report.PlanExemptions) report.PlanConfiguration {
	namespaces := append(slices.Clone(now.Namespaces), c.Exempt...)
	slices.Sort(namespaces)
	return report.PlanConfiguration{
		Defaults:   policyOf(c.Defaults),
		Exemptions: report.PlanExemptions{Usernames: now.Usernames, Namespaces: list(namespaces), RuntimeClasses: now.RuntimeClasses},
		Held:       list(c.Held),
	}
}

func planNamespace(n *plan.Namespace, o *plan.Options, gaps int) report.PlanNamespace {
	to := report.PlanNamespace{
		Name: n.Name, Stage: stageOf(n, o), System: n.System,
		Current: policyOf(n.Current), CurrentLabels: n.CurrentLabels, LabelsKnown: n.Stated,
		Strictest: n.Strictest.String(), Labels: n.Labels, Change: n.Change,
		Reasons: planReasons(n, o, gaps), AtRisk: planBlockers(n.AtRisk), Steps: []report.PlanStep{}, Older: []report.PlanOlder{},
		Pods: n.Pods, Workloads: n.Workloads,
	}
	for _, f := range n.Floors {
		to.Floors = append(to.Floors, report.PlanFloor{Enforce: f.Policy.String(), Guards: f.Guards})
	}
	for _, p := range n.Profiles {
		to.Profiles = append(to.Profiles, report.PlanProfile{Name: p.Name, Guards: p.Guards, Missing: p.Judge == nil})
	}
	for _, s := range n.Steps {
		to.Steps = append(to.Steps, report.PlanStep{Enforce: s.Enforce.String(), Labels: s.Labels, Blockers: planBlockers(s.Blockers)})
	}
	for _, older := range n.Older {
		row := report.PlanOlder{Enforce: older.Enforce.String(), Without: []string{}}
		for _, id := range older.Without {
			row.Without = append(row.Without, string(id))
		}
		to.Older = append(to.Older, row)
	}
	return to
}

func stageOf(n *plan.Namespace, o *plan.Options) string {
	switch {
	case n.Exempt:
		return report.StageExempt
	case n.OptedOut:
		return report.StageOptedOut
	case n.System && !o.System:
		return report.StageSystem
	case n.Incomplete, !n.Stated && !o.AllowIncomplete:
		return report.StageIncomplete
	case n.Change:
		return report.StageLabel
	case n.Done():
		return report.StageDone
	}
	return report.StageFix
}

// planReasons says what is noteworthy about a namespace, what weighs most first.
func planReasons(n *plan.Namespace, o *plan.Options, gaps int) []report.PlanReason {
	reasons := []report.PlanReason{}
	add := func(code, format string, args ...any) {
		reasons = append(reasons, report.PlanReason{Code: code, Message: fmt.Sprintf(format, args...)})
	}
	if len(n.AtRisk) > 0 {
		enforced := n.Current.Enforce.String()
		for _, f := range n.Floors {
			enforced += ", with the floor " + f.Policy.String() + " of " + policy.By(f.Guards) + ","
		}
		for _, p := range n.Profiles {
			enforced += ", with the profile " + p.Name + " of " + policy.By(p.Guards) + ","
		}
		add(report.ReasonRestart, "%s is enforced and refuses the pods of %s once they are made again", enforced, plural(len(n.AtRisk), "workload"))
	}
	for _, e := range n.Invalid {
		add(report.ReasonInvalid, "%s", e.Error())
	}
	for i := 0; i < len(n.Gaps) && !n.Exempt; i++ {
		add(report.ReasonIncomplete, "%s", n.Gaps[i])
	}
	if gaps > 0 && !n.Exempt {
		add(report.ReasonIncomplete, "%s that may be in any namespace could not be seen", plural(gaps, "thing"))
	}
	if n.Weaker(o.Target) && n.Labelled() {
		add(report.ReasonWeaker, "everything passes %s, and only %s is enforced", min(n.Strictest, o.Target), n.Current.Enforce)
	}
	if n.Stated && !n.Labelled() && !n.Exempt {
		message := "no enforce label: " + n.Current.Enforce.String()
		if o.Assumed && !n.Shown.Level.Valid() {
			message = report.Assuming
		}
		add(report.ReasonUnlabelled, "%s", message)
	}
	if n.Shown.Level.Valid() {
		add(report.ReasonDefaults, "the audit log shows that %s is enforced without a label: pass --admission-config", n.Shown)
	}
	if n.Unpinned() {
		add(report.ReasonUnpinned, "enforces latest, which changes with the control plane")
	}
	if n.Kept && len(n.AtRisk) == 0 {
		add(report.ReasonKept, "%s stays: what is proposed at %s would be less", n.Current.Enforce, o.Pin)
	}
	for _, older := range n.Older {
		add(report.ReasonOlder, "%s would pass, without %s", older.Enforce, joinIDs(older.Without))
	}
	return reasons
}

func joinIDs(ids []pss.ID) string {
	var names []string
	for _, id := range ids {
		names = append(names, string(id))
	}
	if len(names) == 0 {
		return "anything less" // the same controls, which object to less
	}
	return strings.Join(names, ", ")
}

// plural counts things.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func planBlockers(blockers []plan.Blocker) []report.PlanBlocker {
	to := make([]report.PlanBlocker, 0, len(blockers))
	for i := range blockers {
		b := &blockers[i]
		row := report.PlanBlocker{
			Object: report.Object{APIVersion: b.Object.APIVersion, Kind: b.Object.Kind, Namespace: b.Object.Namespace, Name: b.Object.Name},
			Pods:   b.Pods, Failing: b.Failing, Partial: b.Partial, Seen: b.Seen,
			Violations: make([]report.PlanViolation, 0, len(b.Violations)),
		}
		if b.Seen > 0 {
			row.LastSeen = b.LastSeen.Format(time.RFC3339)
		}
		for j := range b.Violations {
			row.Violations = append(row.Violations, planViolation(&b.Violations[j]))
		}
		to = append(to, row)
	}
	return to
}

func planViolation(v *plan.Violation) report.PlanViolation {
	to := report.PlanViolation{
		Control: string(v.Control), Level: v.Level.String(), Reason: v.Reason, Detail: v.Detail,
		Origin: []string{
			plan.InTemplate: report.OriginTemplate, plan.InPod: report.OriginPod,
			plan.Injected: report.OriginInjected, plan.InAuditLog: report.OriginAuditLog,
		}[v.Origin],
		Findings: make([]report.PlanFinding, 0, len(v.Findings)),
	}
	if c, ok := pss.LookupControl(v.Control); ok && v.Origin == plan.InAuditLog {
		to.Fix = c.Fix // the log has no findings that could say it better
	}
	if v.Profile != "" {
		to.Level = "profile/" + v.Profile
		if len(v.Findings) == 0 {
			to.Fix = "make the profile " + v.Profile + ", or name another one in the guard"
		}
	}
	for _, f := range v.Findings {
		row := report.PlanFinding{Path: f.FullPath, Value: f.Value.Any(), Allowed: f.Allowed, Fix: f.Fix}
		if c := f.Container; c != nil {
			row.Container, row.ContainerKind = c.Name, c.Kind.String()
		}
		to.Findings = append(to.Findings, row)
	}
	return to
}

// notes says for people what the formats for machines may not.
func (o *planOptions) notes(r *report.Plan, inv *inventory.Inventory) {
	console := newConsole(o.system)
	noteProblems(console, inv, &o.source)
	console.line(r.Summary.Line())
}

// noteProblems says what an inventory lacks, a line each.
func noteProblems(console *console, inv *inventory.Inventory, source *sourceOptions) {
	for _, m := range inv.Missing {
		where := ""
		if m.Namespace != "" {
			where = " in " + m.Namespace
		}
		console.line("not listed: " + report.EscapeSentence(m.Resource+where+": "+m.Reason))
	}
	advice := "; name the templates with --pod-template-path 'GROUP/KIND=.path.to.template', or pass --allow-unchecked"
	if source.input.fromSnapshot {
		advice = "; take the snapshot with --pod-template-path 'GROUP/KIND=.path.to.template', or pass --allow-unchecked"
	}
	noteUnchecked(console, inv, advice)
	noteOpaque(console, inv)
	for i := range inv.Errors {
		p := &inv.Errors[i]
		console.line(problemPlace(p) + ": " + report.EscapeSentence(p.Reason))
	}
}

// noteUnchecked says what may hold pod templates that nobody found, a line each,
// with what to do about it.
func noteUnchecked(console *console, inv *inventory.Inventory, advice string) {
	for i := range inv.NotChecked {
		p := &inv.NotChecked[i]
		console.line(problemPlace(p) + ": not checked: " + report.EscapeSentence(p.Reason+advice))
	}
}

// noteOpaque names the custom resources of which nobody can tell whether they hold
// pods.
func noteOpaque(console *console, inv *inventory.Inventory) {
	var names []string
	for _, r := range inv.Opaque {
		names = append(names, report.Escape(r.Name+"."+r.Group))
	}
	if len(names) > 0 {
		console.line("note: whether these hold pods cannot be told, as their definitions allow anything: " + strings.Join(names, ", ") +
			"; if they do, --pod-template-path 'GROUP/KIND=.path.to.template' says where")
	}
}

// problemPlace says what a problem is about.
func problemPlace(p *inventory.Problem) string {
	var names []string
	if p.Source.File != "" {
		names = append(names, report.Place(p.Source.File, p.Source.Line))
	}
	if p.Object.Kind != "" {
		o := report.Object{APIVersion: p.Object.APIVersion, Kind: p.Object.Kind, Name: p.Object.Name}
		names = append(names, report.Escape(o.KindName()))
	}
	return strings.Join(names, ": ")
}
