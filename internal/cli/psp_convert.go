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

type pspConvertOptions struct {
	system  *System
	source  sourceOptions
	only    []string
	version parsed[pss.Version]
	output  string
}

// newPSPConvert returns `gabion psp convert`.
func newPSPConvert(s *System) *cobra.Command {
	o := pspConvertOptions{system: s, source: pspSource(s), version: versionFlag()}
	cmd := &cobra.Command{
		Use:   "convert [PATH]...",
		Short: "Turn PodSecurityPolicies into profiles, or into the nearest labels",
		Long: `Turn every PodSecurityPolicy of a live cluster, a snapshot of one or YAML backups
into what may take its place:

  -o profile  a PodSecurityProfile, for 'gabion check --profile', that a pod meets
              exactly if the policy admits it without changing it
  -o labels   the labels of the nearest level, and everything that is lost by them
  -o yaml     both, or json, for a machine

What a policy does to pods that leave something open, no profile and no level does:
there the pods' templates have to say it ('gabion psp mutating' finds them).`,
		Example: `  # A profile that asks what the policy asked
  gabion psp convert -f psp.yaml --policy restricted > restricted.yaml
  gabion check --profile restricted.yaml deploy/

  # What labels alone would lose
  gabion psp convert -f psp.yaml -o labels`,
		Args: func(_ *cobra.Command, args []string) error { return o.complete(args) },
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	o.source.flags(cmd)
	flagGroup(cmd, "Policy", func(fs *pflag.FlagSet) {
		policyFlag(fs, &o.only)
		fs.Var(&o.version, "version", "the version of the standard for labels: v1.25, latest (the default)")
	})
	flagGroup(cmd, "Output", func(fs *pflag.FlagSet) {
		outputFlag(fs, &o.output, report.PSPConversionFormats())
	})
	complete(cmd, map[string][]string{"output": report.PSPConversionFormats()})
	return cmd
}

// policyFlag defines --policy.
func policyFlag(fs *pflag.FlagSet, to *[]string) {
	fs.StringSliceVar(to, "policy", nil, "only the policy with this `NAME`; may be repeated")
}

// complete finds faults of the command line before anything is read.
func (o *pspConvertOptions) complete(args []string) error {
	if !o.version.set {
		o.version.value = pss.Latest
	}
	return o.source.complete(args)
}

func (o *pspConvertOptions) run(ctx context.Context) error {
	b, err := o.source.backup(ctx)
	if err != nil {
		return err
	}
	b.input.console.noteVersions(o.version.value)
	policies, err := b.only(o.only)
	if err != nil {
		return err
	}
	document := report.PSPConversion{
		APIVersion: report.APIVersion, Kind: "PodSecurityPolicyConversion", Version: o.version.value.String(), Policies: []report.PSPConverted{},
	}
	for _, p := range policies {
		row, err := o.convert(b, p)
		if err != nil {
			b.fail(b.places[p.Name], err)
			continue
		}
		document.Policies = append(document.Policies, row)
	}
	document.NotChecked, document.Errors = b.notChecked, b.errors
	out := bufio.NewWriter(o.system.Stdout)
	if err = report.WritePSPConversion(out, o.output, o.system.style(), &document); err == nil {
		err = out.Flush()
	}
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return b.outcome()
}

// only returns the policies with the names, all if there are none, in the order
// of the input.
func (b *backup) only(names []string) ([]*psp.Policy, error) {
	b.noteNoPolicies()
	if len(names) == 0 {
		return b.policies, nil
	}
	var found []*psp.Policy
	for _, name := range names {
		if _, known := b.places[name]; !known {
			return nil, fmt.Errorf("there is no PodSecurityPolicy %q in the input", name)
		}
	}
	for _, p := range b.policies {
		if slices.Contains(names, p.Name) {
			found = append(found, p)
		}
	}
	return found, nil
}

// convert converts one policy. That no profile means the same is reported, and
// no reason to say nothing of the labels.
func (o *pspConvertOptions) convert(b *backup, p *psp.Policy) (report.PSPConverted, error) {
	m, err := p.Map(o.version.value)
	if err != nil {
		return report.PSPConverted{}, err
	}
	at := pss.LevelVersion{Level: m.Nearest, Version: o.version.value}
	lost, err := p.Lost(at)
	if err != nil {
		return report.PSPConverted{}, err
	}
	row := report.PSPConverted{
		Source: b.places[p.Name], Name: p.Name, Level: at.Level.String(),
		Labels: map[string]string{pss.EnforceLabel: at.Level.String(), pss.EnforceVersionLabel: at.Version.String()},
		Lost:   []report.PSPLoss{}, Mutates: pspSettings(p.Mutates()), Refused: []report.PSPRefusal{},
	}
	for _, l := range lost {
		row.Lost = append(row.Lost, report.PSPLoss{Control: l.Control, Field: l.Field, Value: l.Value, Allows: l.Allows})
	}
	for i := range m.Controls {
		if c := &m.Controls[i]; c.Control.Level <= at.Level && len(c.Findings) > 0 {
			row.Refused = append(row.Refused, report.PSPRefusal{Control: string(c.Control.ID), CouldAdmit: pspFindings(c.Findings)})
		}
	}
	if o.output == "labels" {
		return row, nil
	}
	profile, err := p.Convert()
	if err != nil {
		b.fail(row.Source, prefixed("PodSecurityPolicy "+p.Name+" cannot become a profile: ", err))
		return row, nil
	}
	row.Profile = &report.PSPProfile{
		APIVersion: profile.APIVersion, Kind: profile.Kind, Metadata: report.PSPProfileMetadata{Name: profile.Name}, Spec: profile.Spec,
	}
	return row, nil
}
