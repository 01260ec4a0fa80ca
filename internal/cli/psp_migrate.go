package cli

import (
	"bufio"
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/pss"
)

type pspMigrateOptions struct {
	system        *System
	source        sourceOptions
	target        parsed[pss.Level]
	kubernetes    parsed[pss.Version]
	config        string
	planSystem    bool
	weaker        bool
	applying, yes bool
	undoFile      string
	exitCode      bool
	output        string
}

// newPSPMigrate returns `gabion psp migrate`.
func newPSPMigrate(s *System) *cobra.Command {
	o := pspMigrateOptions{
		system: s, target: levelFlag(), kubernetes: kubernetesFlag(),
		source: pspSource(s),
	}
	cmd := &cobra.Command{
		Use:   "migrate [NAMESPACE]... [PATH]...",
		Short: "Go from PodSecurityPolicy to Pod Security, step by step",
		Long: `Go the way from PodSecurityPolicy to Pod Security admission, by the steps of the
Kubernetes migration guide: say where each step stands on a live cluster, in a
snapshot of one or in YAML backups, and what is to be done.

  0  does Pod Security fit: which policies change pods, and what no level asks for
  1  who can edit the labels of namespaces
  2  simplify the policies ('gabion psp simplify')
  3  per namespace: the level that fits, the templates that have to say first what
     policies say for their pods, the labels; 3d: PodSecurityPolicy taken away there
  4  how namespaces are made, and the API server's defaults for them
  5  the plugin switched off, policies and roles deleted: printed, never done

Arguments with a slash or a dot are paths, others are namespaces.
Nothing is kept between two runs: where a step stands shows in the cluster itself.

--apply goes the steps one after another, and asks before each thing that it does:

  3   per workload: the patch of its template, which rolls out its pods anew
  2   per policy: its simplified copy, which the roles that name the policy let be used
      beside it; not if namespaces are named, because a copy counts everywhere. Some
      admit more than the policy, such as every path of the node instead of
      allowedHostPaths: the question says so, and --yes needs --allow-weaker for them
  3   the labels of the namespaces that are ready
  3d  per namespace: a policy that admits everything is given to its service accounts,
      which is how PodSecurityPolicy ends there

The API server is asked first what would become of each (a dry run). What it refuses
is told of, as is what somebody else has changed meanwhile; that is left as it is, the
rest goes on, and the exit code is 1. No policy and no role of others is written over,
and nothing is deleted: each line of what was done ends with the command that takes it
back, the last line first, and the labels with a file for 'gabion label --undo'.

Templates have to say what the original policies say, unless all pods of a workload
were admitted by a copy, which proves that they can do without the rest. The template
of a custom resource or a Job is for you to change, as printed; the exit code is 1
until then. What Helm, Argo CD or Flux writes has to be changed where they have it
from, too, and the question says so.

A namespace is not ready while a template has to be patched, or while it passes less
than the level nearest to the policies by which its pods are admitted, or have been by
their annotation kubernetes.io/psp. It gets neither labels nor step 3d while pods are
rolled out, because pods are still made of templates from before their patch; and no
policy is copied while a template under it has to be patched for what the copy does
without. The exit code is 1 then: run it again.

Step 3d is refused while a role that names no policy (without resourceNames) is bound
for others than the namespaces at hand, because they could use that policy, too: give
the role resourceNames, or pass --allow-weaker. Members of system:masters do not count.`,
		Example: `  # Where a cluster stands
  gabion psp migrate
  gabion psp migrate --from=cluster.json.gz -o html > migration.html
  kubectl get psp,clusterroles,clusterrolebindings,roles,rolebindings,sa,ns,pods,deploy,ds,sts,cronjobs -A -o yaml |
    gabion psp migrate -f -

  # Two namespaces, for good
  gabion psp migrate shop blog --apply`,
		Args: func(_ *cobra.Command, args []string) error { return o.complete(args) },
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	o.flags(cmd)
	return cmd
}

func (o *pspMigrateOptions) flags(cmd *cobra.Command) {
	flagGroup(cmd, "Policy", func(fs *pflag.FlagSet) {
		fs.Var(&o.target, "target", "the level that namespaces are brought to; restricted if not given")
		fs.Var(&o.kubernetes, "kubernetes-version", "the Kubernetes version of the cluster that manifests are from; v1.24 if not given")
		fs.StringVar(&o.config, "admission-config", "", "the `FILE` with the API server's defaults and exemptions: PodSecurityConfiguration or AdmissionConfiguration")
	})
	o.source.flags(cmd)
	flagGroup(cmd, "Scope", func(fs *pflag.FlagSet) {
		fs.BoolVar(&o.planSystem, "system", false, "the namespaces of the system too")
		fs.BoolVar(&o.weaker, "allow-weaker", false, "go on where more gets admitted than policies allow: by copies of policies, in namespaces that pass less, or elsewhere, too")
	})
	flagGroup(cmd, "Doing it", func(fs *pflag.FlagSet) {
		fs.BoolVar(&o.applying, "apply", false, "do steps 2, 3 and 3d, asking before each thing")
		fs.BoolVarP(&o.yes, "yes", "y", false, "do not ask")
		fs.StringVar(&o.undoFile, "undo-file", "", "the `FILE` for what is needed to undo the labels (default gabion-undo-<time>.json)")
	})
	flagGroup(cmd, "Output", func(fs *pflag.FlagSet) {
		outputFlag(fs, &o.output, report.MigrationFormats())
		fs.BoolVar(&o.exitCode, "exit-code", false, "exit with 1 if a step is open")
	})
	complete(cmd, map[string][]string{"target": levelNames(), "output": report.MigrationFormats()})
}

// complete finds faults of the command line before anything is read.
func (o *pspMigrateOptions) complete(args []string) error {
	if err := o.source.complete(args); err != nil {
		return err
	}
	switch {
	case o.kubernetes.set && o.source.live():
		return usagef("--kubernetes-version is for manifests: a live cluster says itself what it is")
	case o.applying && !o.source.live():
		return usagef("--apply changes a live cluster: it means nothing with files")
	case o.applying && o.output != "text":
		return usagef("--apply shows text: leave out -o")
	case !o.applying && (o.yes || o.undoFile != ""):
		return usagef("--yes and --undo-file go with --apply")
	case o.applying && !o.yes && !(o.system.InTerminal && o.system.ErrTerminal):
		return usagef("there is no terminal to ask on: pass --yes to go ahead")
	}
	return nil
}

func (o *pspMigrateOptions) run(ctx context.Context) error {
	config, err := o.system.admissionConfig(o.config)
	if err != nil {
		return fmt.Errorf("--admission-config: %w", err)
	}
	m, err := o.read(ctx)
	if err != nil {
		return err
	}
	m.config = config
	if err := m.work(); err != nil {
		return err
	}
	out := bufio.NewWriter(o.system.Stdout)
	if err = report.WriteMigration(out, o.output, o.system.style(), &m.report); err == nil {
		err = out.Flush()
	}
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	noteProblems(m.backup.input.console, m.missingOnly(), &o.source)
	for _, line := range m.unseen {
		m.backup.input.console.line(line)
	}
	m.backup.input.console.line(m.summary())
	if o.applying {
		if err := m.apply(ctx); err != nil {
			return err
		}
	}
	return m.outcome()
}
