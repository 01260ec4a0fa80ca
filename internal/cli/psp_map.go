package cli

import (
	"bufio"
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gabion-security/gabion/internal/psp"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/pss"
)

type pspMapOptions struct {
	system  *System
	source  sourceOptions
	version parsed[pss.Version]
	output  string
}

// newPSPMap returns `gabion psp map`.
func newPSPMap(s *System) *cobra.Command {
	o := pspMapOptions{system: s, source: pspSource(s), version: versionFlag()}
	cmd := &cobra.Command{
		Use:   "map [NAMESPACE]... [PATH]...",
		Short: "Hold PodSecurityPolicies against the Pod Security Standards",
		Long: `Hold every PodSecurityPolicy of a live cluster, a snapshot of one or YAML backups
against the controls of the Pod Security Standards, and give three answers that are
three things:

  It could admit     what every pod passes that the policy admits, taken literally
  It is nearest to   the level that asks for the most like it, and where it differs
  Its pods need      what those pods need that the policy admits, or has admitted
                     by their annotation kubernetes.io/psp

The table below has each control with the fields of the policy for it, and how a
pod that the policy admits could fail it. A control of users may be met 'by
intent': the policy looks at the user that a container ends up with and the standard
at what pods say, so that a pod may pass the one and fail the other. Settings that
no level has an opinion on follow, and where they go. RBAC objects, service accounts,
pods and workloads count as in 'gabion psp simulate', in all namespaces or those
named. Arguments with a slash or a dot are paths, others are namespaces.`,
		Example: `  # A cluster before 1.25; and a snapshot of one
  gabion psp map
  gabion psp map --from=cluster.json.gz

  # What kubectl gets of it
  kubectl get psp,clusterroles,clusterrolebindings,roles,rolebindings,sa,deploy,ds,sts,cronjobs -A -o yaml > cluster.yaml
  gabion psp map -f cluster.yaml

  # For a machine
  gabion psp map -f psp.yaml -o json`,
		Args: func(_ *cobra.Command, args []string) error { return o.complete(args) },
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	o.source.flags(cmd)
	flagGroup(cmd, "Policy", func(fs *pflag.FlagSet) {
		fs.Var(&o.version, "version", "the version of the standard: v1.25, latest (the default)")
	})
	flagGroup(cmd, "Output", func(fs *pflag.FlagSet) {
		outputFlag(fs, &o.output, report.PSPMapFormats())
	})
	complete(cmd, map[string][]string{"output": report.PSPMapFormats()})
	return cmd
}

// complete finds faults of the command line before anything is read.
func (o *pspMapOptions) complete(args []string) error {
	if !o.version.set {
		o.version.value = pss.Latest
	}
	return o.source.complete(args)
}

func (o *pspMapOptions) run(ctx context.Context) error {
	b, err := o.source.backup(ctx)
	if err != nil {
		return err
	}
	b.input.console.noteVersions(o.version.value)
	needs, err := o.needs(b)
	if err != nil {
		return err
	}
	document := report.PSPMap{
		APIVersion: report.APIVersion, Kind: "PodSecurityPolicyMap", Version: o.version.value.String(), Policies: []report.PSPMapPolicy{},
	}
	b.noteNoPolicies()
	for _, p := range b.policies {
		m, err := p.Map(o.version.value)
		if err != nil {
			b.fail(b.places[p.Name], err)
			continue
		}
		row := pspMapRow(m)
		row.Source, row.Name, row.Need = b.places[p.Name], p.Name, needs[p.Name]
		document.Policies = append(document.Policies, row)
	}
	document.NotChecked, document.Errors = b.notChecked, b.errors
	out := bufio.NewWriter(o.system.Stdout)
	if err = report.WritePSPMap(out, o.output, o.system.style(), &document); err == nil {
		err = out.Flush()
	}
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return b.outcome()
}

// needs returns what the pods need that each policy admits, by its name.
func (o *pspMapOptions) needs(b *backup) (map[string]*report.PSPMapNeed, error) {
	n := mapNeeds{version: o.version.value, needs: map[string]*report.PSPMapNeed{}, levels: map[string]pss.Level{}}
	if len(b.pods) == 0 || len(b.policies) == 0 {
		return n.needs, nil
	}
	s := simulation{backup: b, simulator: psp.NewSimulator(b.policies, b.authorizer())}
	for i := range b.pods {
		item := &b.pods[i]
		for j := range item.Templates {
			t := &item.Templates[j]
			result, err := s.simulate(item, t)
			if err != nil {
				b.fail(sourceOf(item, t.Path), err)
				continue
			}
			if result.Admitted {
				err = n.add(result.Policy, &t.Pod, len(result.Patch) > 0)
			}
			// A pod that exists was admitted, be it by a policy that only whoever
			// made it may use.
			if named := admittedBy(t.Extra); err == nil && isPod(item) && named != result.Policy && b.has(named) {
				err = n.add(named, &t.Pod, false)
			}
			if err != nil {
				return nil, err
			}
		}
	}
	return n.needs, nil
}

// mapNeeds are what pods need, and levels what all of them pass, by the names of
// the policies.
type mapNeeds struct {
	version pss.Version
	needs   map[string]*report.PSPMapNeed
	levels  map[string]pss.Level
}

// add counts a pod for a policy.
func (n *mapNeeds) add(policy string, pod *pss.Pod, mutated bool) error {
	need := n.needs[policy]
	if need == nil {
		need = &report.PSPMapNeed{Failing: []string{}}
		n.needs[policy], n.levels[policy] = need, pss.Restricted
	}
	if need.Pods++; mutated {
		need.Mutated++
	}
	level, failing, err := passes(pod, n.version)
	if err != nil {
		return err
	}
	n.levels[policy] = min(n.levels[policy], level)
	need.Level = n.levels[policy].String()
	for _, id := range failing {
		if !slices.Contains(need.Failing, id) {
			need.Failing = append(need.Failing, id)
		}
	}
	slices.Sort(need.Failing)
	return nil
}

// passes returns the strictest level that a pod passes, and the controls that
// keep it from the next ones.
func passes(pod *pss.Pod, version pss.Version) (pss.Level, []string, error) {
	best := pss.Privileged
	var failing []string
	for _, level := range []pss.Level{pss.Baseline, pss.Restricted} {
		verdict, err := pss.Evaluator{}.Evaluate(pod, pss.LevelVersion{Level: level, Version: version})
		if err != nil {
			return 0, nil, fmt.Errorf("judging a pod: %w", err)
		}
		if verdict.Allowed() {
			best = level
		}
		for _, id := range verdict.Failed() {
			failing = append(failing, string(id))
		}
	}
	return best, failing, nil
}

// pspMapRow puts a mapping in the report's shape.
func pspMapRow(m *psp.Mapping) report.PSPMapPolicy {
	row := report.PSPMapPolicy{
		CouldAdmit: m.Literal.String(), ByFields: m.ByFields.String(), Decisive: []string{},
		Nearest: m.Nearest.String(), Differences: []string{},
		Controls: []report.PSPMapControl{}, NoOpinion: pspSettings(m.NoOpinion),
	}
	for _, id := range m.Decisive {
		row.Decisive = append(row.Decisive, string(id))
	}
	for i := range m.Controls {
		c := &m.Controls[i]
		out := report.PSPMapControl{
			Control: string(c.Control.ID), Name: c.Control.Name, Level: c.Control.Level.String(),
			Settings: pspSettings(c.Settings), Answer: report.PSPLooser, CouldAdmit: pspFindings(c.Findings),
		}
		switch {
		case len(c.Settings) == 0:
			out.Answer = report.PSPNoField
		case c.ByIntent():
			out.Answer = report.PSPByIntent
		case c.Meets:
			out.Answer = report.PSPMet
		}
		if c.Differs(m.Nearest) {
			row.Differences = append(row.Differences, out.Control)
		}
		row.Controls = append(row.Controls, out)
	}
	return row
}

func pspFindings(findings []pss.Finding) []report.PSPMapFinding {
	out := []report.PSPMapFinding{}
	for i := range findings {
		out = append(out, report.PSPMapFinding{Path: findings[i].Path(), Value: findings[i].Value.Any()})
	}
	return out
}

func pspSettings(settings []psp.Setting) []report.PSPMapSetting {
	out := []report.PSPMapSetting{}
	for _, s := range settings {
		out = append(out, report.PSPMapSetting(s))
	}
	return out
}
