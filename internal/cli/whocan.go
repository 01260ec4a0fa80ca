package cli

import (
	"bufio"
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gabion-security/gabion/internal/access"
	"github.com/gabion-security/gabion/internal/admission"
	"github.com/gabion-security/gabion/internal/cluster"
	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/internal/server/install"
)

type whoCanOptions struct {
	system       *System
	source       sourceOptions
	aim          access.Aim
	can          string // the aim, as the user types it
	config       string
	documents    documentOptions
	counting     *documents
	exclude      []string
	installation string
	showSystem   bool
	exitCode     bool
	output       string
}

// newWhoCan returns `gabion who-can`.
func newWhoCan(s *System) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "who-can",
		Short: "Say who can weaken Pod Security, or get a pod past it",
		Long: `Say which users, groups and service accounts can weaken Pod Security, or bypass
it, by the rights that RBAC gives them.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("say what: weaken or bypass")
			}
			return unknownCommand(cmd, args[0])
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },

		SuggestionsMinimumDistance: 2,
	}
	cmd.AddCommand(newWhoCanWeaken(s), newWhoCanBypass(s))
	return cmd
}

func newWhoCanWeaken(s *System) *cobra.Command {
	o := whoCanOptions{system: s, source: whoCanSource(s), aim: access.Weaken, can: "weaken", documents: documentOptions{system: s}}
	return o.command(&cobra.Command{
		Use:   "weaken [NAMESPACE]...",
		Short: "Say who can have less enforced than before",
		Long: `Say who can have less enforced than before: relabel namespaces, also through
their status and finalizers, which a Role in the namespace allows; write webhook
configurations, admission policies, Gabion's objects, their definitions or its
installation; or be somebody who can, by impersonation, by a token, by a role, by
running a pod as a service account.

With NAMESPACEs, only what counts in them. Components of Kubernetes, which are
users and groups of the system's own and service accounts of kube-system, are
counted, and listed by --system.`,
		Example: `  gabion who-can weaken
  gabion who-can weaken shop -o wide`,
	})
}

func newWhoCanBypass(s *System) *cobra.Command {
	o := whoCanOptions{system: s, source: whoCanSource(s), aim: access.Bypass, can: "bypass", documents: documentOptions{system: s}}
	cmd := &cobra.Command{
		Use:   "bypass [NAMESPACE]...",
		Short: "Say who can have pods that nothing is enforced on",
		Long: `Say who can have pods that nothing is enforced on: make pods or workloads, custom
ones included, add containers to pods or run commands in them, in namespaces that
are privileged, exempt or excluded; make volumes of a node's paths; reach the
kubelets; or be somebody who can, by impersonation, by a token, by a role, by
running a pod as a service account.

What the API server takes for unlabelled namespaces, and what it exempts, cannot
be asked for: without --admission-config they are assumed to be privileged. Where a
guard with applyToPods, of the cluster or of --policy-dir, has a floor above that, a
namespace is not open: who can weaken that is the question of 'gabion who-can weaken'.

With NAMESPACEs, only what counts in them. Components of Kubernetes, which are
users and groups of the system's own and service accounts of kube-system, are
counted, and listed by --system.`,
		Example: `  gabion who-can bypass
  gabion who-can bypass --admission-config=psa.yaml -o markdown`,
	}
	flagGroup(cmd, "Policy", func(fs *pflag.FlagSet) {
		fs.StringVar(&o.config, "admission-config", "",
			"the `FILE` with the API server's defaults and exemptions: PodSecurityConfiguration or AdmissionConfiguration")
		excludeFlag(fs, &o.exclude)
		policyDirFlag(fs, &o.documents.dir)
	})
	return o.command(cmd)
}

// whoCanSource is a cluster of which it matters who may do what.
func whoCanSource(s *System) sourceOptions {
	return sourceOptions{input: inputOptions{system: s}, parts: cluster.Access, whole: true}
}

// command completes the command of one aim.
func (o *whoCanOptions) command(cmd *cobra.Command) *cobra.Command {
	cmd.Args = func(_ *cobra.Command, args []string) error { return o.complete(args) }
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) }
	o.source.accessFlags(cmd)
	flagGroup(cmd, "Scope", func(fs *pflag.FlagSet) {
		fs.BoolVar(&o.showSystem, "system", false, "list components of Kubernetes too")
		fs.StringVar(&o.installation, "gabion-namespace", install.DefaultNamespace, "the `NAMESPACE` where Gabion runs")
	})
	flagGroup(cmd, "Output", func(fs *pflag.FlagSet) {
		outputFlag(fs, &o.output, report.WhoCanFormats())
		fs.BoolVar(&o.exitCode, "exit-code", false, "exit with 1 if anybody can who is no component of Kubernetes")
	})
	complete(cmd, map[string][]string{"output": report.WhoCanFormats()})
	return cmd
}

// complete finds faults of the command line before anything is read.
func (o *whoCanOptions) complete(args []string) error {
	if err := checkNamespaces(append(slices.Clone(o.exclude), o.installation)); err != nil {
		return err
	}
	if err := o.source.complete(args); err != nil {
		return err
	}
	if len(o.source.input.paths) > 0 {
		return usagef("who-can needs a live cluster or --from a snapshot: manifests do not say who may do what")
	}
	return nil
}

func (o *whoCanOptions) run(ctx context.Context) error {
	config, err := o.system.admissionConfig(o.config)
	if err != nil {
		return fmt.Errorf("--admission-config: %w", err)
	}
	inv, err := o.source.load(ctx)
	if err != nil {
		return err
	}
	if o.counting, err = o.documents.read(); err != nil {
		return err
	}
	if o.aim == access.Bypass {
		o.counting.with(inv, newConsole(o.system))
	}
	answer := access.Ask(o.question(inv, &config))
	r := o.report(&answer)
	out := bufio.NewWriter(o.system.Stdout)
	if err = report.WriteWhoCan(out, o.output, o.system.style(), &r); err == nil {
		err = out.Flush()
	}
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	for _, problem := range inv.Errors {
		o.system.complain(report.EscapeSentence(problem.Reason))
	}
	switch {
	case len(answer.Missing)+len(answer.Unknown)+len(inv.Errors)+o.source.unknown > 0:
		o.system.complain("not everything could be seen, so others may be able too")
		return errIncomplete
	case o.exitCode && slices.ContainsFunc(answer.Grants, func(g access.Grant) bool { return len(people(g.Subjects)) > 0 }):
		return errFindings
	}
	return nil
}

// question is what the command line asks of a cluster.
func (o *whoCanOptions) question(inv *inventory.Inventory, config *admission.Config) access.Question {
	q := access.Question{Aim: o.aim, Inventory: inv, Installation: o.installation, Namespaces: o.source.namespaces}
	c := &q.Configuration
	if o.config != "" {
		c.Defaults = config.Defaults
	}
	c.Usernames, c.Namespaces, c.RuntimeClasses = config.Exemptions.Names()
	c.Excluded = append(slices.Clone(o.exclude), o.installation)
	if o.counting.guarded() {
		c.Guarded = o.counting.enforced
	}
	return q
}
