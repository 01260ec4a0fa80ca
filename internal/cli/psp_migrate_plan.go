package cli

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/internal/plan"
	"github.com/gabion-security/gabion/internal/psp"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/pss"
)

// bypassBinding names the RoleBinding, and the ClusterRole, by which the service
// accounts of a namespace may use the policy that admits everything.
const bypassBinding = "gabion-bypass-psp" //nolint:gosec // no secret

// work works out where each step stands.
func (m *migration) work() error {
	m.report = report.Migration{
		APIVersion: report.APIVersion, Kind: "PodSecurityPolicyMigration",
		Server: m.inv.Server.Release, Version: m.version.String(), Target: m.level().String(), Calendar: calendar(m.version),
		Policies: []report.MigrationPolicy{}, LeftOut: m.leftOut(), Editors: m.editors(), Namespaces: []report.MigrationNamespace{}, Retire: m.retire(),
	}
	if err := m.policies(); err != nil {
		return err
	}
	if len(m.backup.policies) > 0 {
		m.authorizer, m.onPurpose = m.backup.authorizer(), namingOnly(&m.backup.roles, psp.BypassName)
	}
	after, found := m.rewritten()
	options := m.options()
	made, err := plan.Make(m.inv, options)
	if err != nil {
		return err
	}
	patched, err := plan.Make(after, options)
	if err != nil {
		return err
	}
	for i := range made.Namespaces {
		now := &made.Namespaces[i]
		n := m.namespace(now, &patched.Namespaces[i], found[now.Name])
		if n.State != report.MigrationNamespaceLeft && (now.Incomplete || !now.Stated) {
			m.unseen = append(m.unseen, report.Escape("namespace "+now.Name+": "+firstOf(now.Gaps, "not everything could be seen")))
		}
		m.report.Namespaces = append(m.report.Namespaces, n)
	}
	if err := m.bypass(); err != nil {
		return err
	}
	if m.report.NoDefaults = m.noDefaults(made); m.report.NoDefaults == "" {
		if m.report.Defaults, err = m.defaults(made, &options); err != nil {
			return err
		}
	}
	m.report.Gaps = list(made.Gaps)
	m.report.NotChecked, m.report.Errors = m.backup.notChecked, m.backup.errors
	m.report.Steps = m.steps()
	return nil
}

// level is the one that namespaces are brought to.
func (m *migration) level() pss.Level {
	if m.target.set {
		return m.target.value
	}
	return pss.Restricted
}

// options are those of the plans.
func (m *migration) options() plan.Options {
	e := pss.Evaluator{Kubernetes: m.version}
	return plan.Options{
		Evaluator: e, Target: m.level(), Pin: e.Resolve(pss.Latest), Defaults: m.config.Defaults, Assumed: m.pspMigrateOptions.config == "",
		ExemptNamespace: m.config.Exemptions.Namespace, ExemptRuntimeClass: m.config.Exemptions.RuntimeClass,
		Select: m.selected, System: m.planSystem || len(m.source.namespaces) > 0, AllowUnchecked: m.source.input.allowUnchecked,
	}
}

// selected reports whether a namespace was asked for.
func (m *migration) selected(ns *inventory.Namespace) bool {
	return len(m.source.namespaces) == 0 || slices.Contains(m.source.namespaces, ns.Name)
}

// policies holds the policies against the standard.
func (m *migration) policies() error {
	m.nearest = map[string]pss.Level{}
	for _, p := range m.backup.policies {
		mapping, err := p.Map(m.version)
		if err != nil {
			return err
		}
		m.nearest[p.Name] = mapping.Nearest
		if p.Name == psp.BypassName || m.isCopy(p.Name) {
			continue
		}
		lost, err := p.Lost(pss.LevelVersion{Level: mapping.Nearest, Version: m.version})
		if err != nil {
			return err
		}
		row := report.MigrationPolicy{
			Source: m.backup.places[p.Name], Name: p.Name, Nearest: mapping.Nearest.String(),
			Mutates: []string{}, Lost: []string{}, Dropped: []string{}, Kept: []string{}, AdmitsMore: []report.MigrationLoosened{},
			Copied: m.backup.has(copyPrefix + p.Name), Ungranted: []string{},
		}
		for _, s := range p.Mutates() {
			row.Mutates = append(row.Mutates, s.Field)
		}
		for _, l := range lost {
			row.Lost = append(row.Lost, l.Control)
		}
		_, steps := p.Simplify(copyPrefix+p.Name, m.dropsAll(p))
		for _, s := range steps {
			if s.Kept {
				row.Kept = append(row.Kept, s.Field)
			} else {
				row.Dropped = append(row.Dropped, s.Field)
			}
			if s.Then != "" {
				row.AdmitsMore = append(row.AdmitsMore, report.MigrationLoosened{Field: s.Field, Value: s.Value, Then: s.Then})
			}
		}
		if len(row.Dropped) > 0 {
			for _, role := range m.backup.withoutCopy(p.Name, copyPrefix+p.Name) {
				row.Ungranted = append(row.Ungranted, role.String())
			}
		}
		m.report.Policies = append(m.report.Policies, row)
	}
	return nil
}

// leftOut are the policies of which nothing is said.
func (m *migration) leftOut() []report.MigrationLeftOut {
	found := []report.MigrationLeftOut{}
	for _, name := range slices.Sorted(maps.Keys(m.backup.places)) {
		row := report.MigrationLeftOut{Source: m.backup.places[name], Name: cmp.Or(name, report.Unnamed), Why: "no API server takes it as it stands"}
		switch {
		case m.backup.has(name):
			continue
		case !m.hasPolicies():
			row.Why = fmt.Sprintf("Kubernetes %s has no PodSecurityPolicy", m.version)
		}
		found = append(found, row)
	}
	return found
}

// isCopy reports whether a policy is the simplified copy of another one.
func (m *migration) isCopy(name string) bool {
	return len(name) > len(copyPrefix) && name[:len(copyPrefix)] == copyPrefix && m.backup.has(name[len(copyPrefix):])
}

// has reports whether there is a policy of the name.
func (b *backup) has(name string) bool {
	return slices.ContainsFunc(b.policies, func(p *psp.Policy) bool { return p.Name == name })
}

// namespace says where a namespace stands: by the plan as things stand, by the
// plan once templates say what policies say for their pods, and by what policies
// make of them.
func (m *migration) namespace(now, after *plan.Namespace, found []admitted) report.MigrationNamespace {
	n := report.MigrationNamespace{
		Name: now.Name, Policies: []string{}, Enforces: now.Current.Enforce.String(), Passes: now.Strictest.String(),
		PassesPatched: after.Strictest.String(), Labels: map[string]string{}, Patches: patches(found), Refused: []report.MigrationRefused{},
		Blockers: []report.PlanBlocker{}, Bypassed: m.bypassed(now.Name),
	}
	for _, a := range found {
		if a.refused != "" {
			n.Refused = append(n.Refused, report.MigrationRefused{Object: a.object, Message: a.refused})
		}
		for _, policy := range []string{a.policy, a.named} {
			if m.backup.has(policy) && !slices.Contains(n.Policies, policy) {
				n.Policies = append(n.Policies, policy)
			}
		}
	}
	slices.Sort(n.Policies)
	if len(after.Steps) > 0 {
		n.Next, n.Blockers = after.Steps[0].Enforce.String(), planBlockers(after.Steps[0].Blockers)
	}
	n.State, n.Why = m.stateOf(now, after, &n)
	if n.State == report.MigrationNamespaceLabel {
		n.Labels = now.Labels
	}
	return n
}

// stateOf says what comes next in a namespace, and why.
func (m *migration) stateOf(now, after *plan.Namespace, n *report.MigrationNamespace) (state, why string) {
	fits := min(now.Strictest, m.level())
	asked := min(m.asked(n), m.level())
	switch {
	case now.Exempt:
		return report.MigrationNamespaceLeft, "the API server judges nothing in it"
	case now.OptedOut:
		return report.MigrationNamespaceLeft, inventory.ManageLabel + ` is "false" on it`
	case now.System && !m.planSystem && len(m.source.namespaces) == 0:
		return report.MigrationNamespaceLeft, "it is one of the system's; --system goes on there too"
	case len(n.Patches) > 0:
		return report.MigrationNamespacePatch, plural(len(n.Patches), "template") + " to patch first"
	case now.Incomplete, !now.Stated:
		return report.MigrationNamespaceIncomplete, firstOf(now.Gaps, "not everything could be seen")
	case fits < asked && !n.Bypassed && !m.weaker:
		because := "its policies are nearest to " + asked.String()
		if len(n.Policies) == 0 {
			because = fmt.Sprintf("no policy admits %d of what is in it, so that none says what to ask for", len(n.Refused))
		}
		return report.MigrationNamespaceFix, fmt.Sprintf("%s, and it passes %s only: %s to fix before %s",
			because, fits, plural(len(n.Blockers), "workload"), n.Next)
	case m.version < firstWithLevels:
		return report.MigrationNamespaceIncomplete, "the API server looks at no labels: it needs v1.23 or v1.24"
	case now.Change && now.Labels[pss.EnforceLabel] == "":
		return report.MigrationNamespaceLabel, "warn and audit only: nothing stricter than privileged fits"
	case now.Change:
		return report.MigrationNamespaceLabel, "enforce " + fits.String()
	case m.hasPolicies() && !n.Bypassed:
		return report.MigrationNamespaceBypass, "PodSecurityPolicy is still in force"
	case after.Done():
		return report.MigrationNamespaceDone, ""
	}
	return report.MigrationNamespaceDone, "more is possible: " + m.system.Name + " plan " + now.Name
}

// asked is the level that the policies of a namespace together ask for: the one
// nearest to the loosest of them. Where none admits anything, and something is
// refused, nobody knows, and it is the strictest; where nothing is in it, none.
func (m *migration) asked(n *report.MigrationNamespace) pss.Level {
	if len(n.Policies)+len(n.Refused) == 0 {
		return pss.Privileged
	}
	level := pss.Restricted
	for _, name := range n.Policies {
		level = min(level, m.nearest[name])
	}
	return level
}

func firstOf(lines []string, otherwise string) string {
	if len(lines) > 0 {
		return lines[0]
	}
	return otherwise
}

// noDefaults is why no configuration of the API server is proposed, empty if one
// is: what breaks nothing is only known of what was seen.
func (m *migration) noDefaults(made *plan.Plan) string {
	switch {
	case len(m.source.namespaces) > 0:
		return "only some namespaces were looked at, and defaults are for all of them"
	case len(made.Namespaces) == 0:
		return "no namespace was seen, so that nobody knows what they would break"
	case !slices.ContainsFunc(made.Namespaces, func(n plan.Namespace) bool { return n.Pods+n.Workloads > 0 }):
		return "no pod and no workload was seen, so that nobody knows what they would break"
	}
	return ""
}

// defaults is the API server's configuration that goes with the plan.
func (m *migration) defaults(made *plan.Plan, o *plan.Options) (string, error) {
	configuration := made.Configuration(o)
	r := planReport(made, o)
	r.Server, r.Exemptions = m.inv.Server.Release, exemptionsOf(&m.config)
	r.Proposed = proposedOf(configuration, r.Exemptions)
	var b bytes.Buffer
	if err := report.WritePlan(&b, "admissionconfiguration", report.Style{}, &r); err != nil {
		return "", fmt.Errorf("writing the defaults: %w", err)
	}
	lines := slices.DeleteFunc(strings.SplitAfter(b.String(), "\n"), func(line string) bool { return strings.HasPrefix(line, "#") })
	return strings.Join(lines, ""), nil
}

// summary says in a line how far it is.
func (m *migration) summary() string {
	count := map[string]int{}
	for i := range m.report.Namespaces {
		count[m.report.Namespaces[i].State]++
	}
	return fmt.Sprintf("%s: %d done, %d to label, %d to bypass, %d to patch, %d to fix, %d incomplete, %d left alone",
		plural(len(m.report.Namespaces), "namespace"), count[report.MigrationNamespaceDone], count[report.MigrationNamespaceLabel],
		count[report.MigrationNamespaceBypass], count[report.MigrationNamespacePatch], count[report.MigrationNamespaceFix],
		count[report.MigrationNamespaceIncomplete], count[report.MigrationNamespaceLeft])
}

// outcome says how it went. What weighs most counts.
func (m *migration) outcome() error {
	unchecked := len(m.report.NotChecked)+len(m.inv.NotChecked)+len(m.inv.Missing) > 0 && !m.source.input.allowUnchecked
	switch {
	case len(m.report.Errors)+len(m.inv.Errors)+m.source.unknown > 0, len(m.unseen) > 0, unchecked, len(m.report.Gaps) > 0:
		return errIncomplete
	case m.exitCode && slices.ContainsFunc(m.report.Steps, func(s report.MigrationStep) bool { return s.State == report.MigrationOpen }):
		return errFindings
	}
	return nil
}
