package cli

import (
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

type labelOptions struct {
	system     *System
	connection connectionOptions

	enforce, warn, audit parsed[pss.LevelVersion]
	plan, undo           string

	namespace string
	all       bool
	selector  string
	skip      []string

	admissionConfig string
	documents       documentOptions
	input           inputOptions // only for what cannot be judged

	force, forceConflicts bool
	yes                   bool
	dryRun                string
	undoFile              string
	output                string

	namespaces []string
	// given are targets that another command has worked out.
	given []target
}

// The values of --dry-run.
const (
	dryRunNone   = "none"
	dryRunClient = "client"
	dryRunServer = "server"
)

// newLabel returns `gabion label`.
func newLabel(s *System) *cobra.Command {
	mode := parsed[pss.LevelVersion]{parse: parseEnforce, name: "LEVEL[:VERSION]"}
	o := labelOptions{
		system: s, connection: connectionOptions{system: s}, documents: documentOptions{system: s}, input: inputOptions{system: s, recursive: true, namespace: "default"},
		enforce: mode, warn: mode, audit: mode, dryRun: dryRunNone,
	}
	cmd := &cobra.Command{
		Use:   "label [NAMESPACE]... --enforce=LEVEL[:VERSION]",
		Short: "Label namespaces, unless workloads would be rejected, and undo it",
		Long: `Give namespaces Pod Security labels by server-side apply, under the field manager
gabion-label. What changes is shown, and asked for on a terminal. Without a VERSION
a version label stays as it is.

A namespace is left as it is, and the others are labelled,

- if a pod or a workload in it would be rejected, running or not, or if not
  everything in it could be judged (--force labels it all the same),
- if enforce, warn or audit would ask for less than before: a lower level, or an
  older version of it (--force),
- if a guard of the cluster or of --policy-dir would refuse that as a weakening, and
  the user has not the right to weaken it: nothing overrides that,
- if another field manager owns a label that would change (--force-conflicts takes
  it over),
- if its label gabion.io/manage is "false", or it is being deleted,
- if it is one of the system's, such as kube-system, and neither the command line
  nor the plan names it.

--plan labels exactly what the plan proposes, namespaces at risk included: what the
policy in force refuses already is no reason to refuse. It goes by the defaults and
exemptions that the plan knows; what was planned with --exceptions wants them again. A namespace whose labels have changed since is left
as it is, and a plan for another cluster is refused.

Before anything is changed, what stood is written to a file; --undo gives it back,
labels and owners, whether or not something would be rejected. Labels that somebody
has changed since are kept, and namespaces that have opted out since, unless there
is --force.

The exit code is 0 if everything was done, 1 if something was refused, belongs to
others or was not wanted after all, 2 for wrong usage, and 3 if something failed
or was interrupted.`,
		Example: `  # Two namespaces; what it would mean, and then for good
  gabion label shop blog --enforce=baseline:v1.33 --warn=restricted --audit=restricted --dry-run=server
  gabion label shop blog --enforce=baseline:v1.33 --warn=restricted --audit=restricted

  # What a plan says
  gabion plan -o json > plan.json
  gabion label --plan plan.json

  # All of it back
  gabion label --undo gabion-undo-20260131T120000Z.json`,
		Args: func(_ *cobra.Command, args []string) error { return o.complete(args) },
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	o.flags(cmd)
	cmd.ValidArgsFunction = o.connection.completeNamespaces(cobra.ShellCompDirectiveNoFileComp)
	return cmd
}

func (o *labelOptions) flags(cmd *cobra.Command) {
	flagGroup(cmd, "Labels", func(fs *pflag.FlagSet) {
		fs.Var(&o.enforce, "enforce", "the level to enforce, and its version")
		fs.Var(&o.warn, "warn", "the level to warn of, and its version")
		fs.Var(&o.audit, "audit", "the level to write to the audit log, and its version")
		fs.StringVar(&o.plan, "plan", "", "the `FILE` with what 'gabion plan -o json' or yaml says to label; - for standard input")
		fs.StringVar(&o.undo, "undo", "", "the `FILE` that was written before labelling; restores what stood")
	})
	flagGroup(cmd, "Namespaces", func(fs *pflag.FlagSet) {
		fs.StringVarP(&o.namespace, "namespace", "n", "", "this `NAMESPACE`, as if it were an argument")
		fs.BoolVarP(&o.all, "all", "A", false, "every namespace but the system's")
		fs.StringVarP(&o.selector, "selector", "l", "", "those of them with the labels that a `SELECTOR` selects")
		fs.StringSliceVar(&o.skip, "skip", nil, "the `NAMESPACES` to leave as they are; may be repeated")
	})
	flagGroup(cmd, "Judging", func(fs *pflag.FlagSet) {
		fs.StringVar(&o.admissionConfig, "admission-config", "",
			"the `FILE` with the API server's PodSecurityConfiguration: defaults and exemptions (default privileged and none)")
		o.documents.flags(fs)
		templatePathFlag(fs, &o.input.templatePaths)
		fs.BoolVar(&o.input.allowUnchecked, "allow-unchecked", false, "do not refuse for objects that seem to hold pods but are of an unknown kind")
	})
	flagGroup(cmd, "Safety", func(fs *pflag.FlagSet) {
		fs.BoolVarP(&o.yes, "yes", "y", false, "do not ask")
		fs.Var(&choice{to: &o.dryRun, values: []string{dryRunNone, dryRunClient, dryRunServer}}, "dry-run",
			"the `MODE` in which nothing is changed: client (only say what would be done), server (ask the API server too)")
		fs.StringVar(&o.undoFile, "undo-file", "", "the new `FILE` for what is needed to undo it (default gabion-undo-<time>.json)")
		fs.BoolVar(&o.force, "force", false, "label although workloads would be rejected or less would be asked for; with --undo, restore what has changed since")
		fs.BoolVar(&o.forceConflicts, "force-conflicts", false, "take labels over from other field managers")
	})
	o.connection.flags(cmd)
	flagGroup(cmd, "Output", func(fs *pflag.FlagSet) { outputFlag(fs, &o.output, report.LabelFormats()) })
	complete(cmd, map[string][]string{
		"enforce": levelNames(), "warn": levelNames(), "audit": levelNames(), "output": report.LabelFormats(),
		"dry-run": {dryRunNone, dryRunClient, dryRunServer},
	})
}

// complete finds faults of the command line before anything is read.
func (o *labelOptions) complete(args []string) error {
	o.namespaces = args
	if o.namespace != "" {
		if o.namespaces = []string{o.namespace}; len(args) > 0 {
			return usagef("--namespace=%s and %q both name namespaces: name all of them as arguments", o.namespace, args[0])
		}
	}
	for _, check := range []func() error{o.completeWhat, o.completeWhere, o.completeHow} {
		if err := check(); err != nil {
			return err
		}
	}
	if err := o.documents.stdin(o.plan == workload.Stdin || o.dryRun == dryRunNone && !o.yes); err != nil {
		return err
	}
	return o.input.complete(nil)
}

// completeWhat checks what is to be done.
func (o *labelOptions) completeWhat() error {
	levels := o.enforce.set || o.warn.set || o.audit.set
	switch {
	case o.undo != "" && (levels || o.plan != ""):
		return usagef("--undo restores what stood: it goes with no level and no plan")
	case o.plan != "" && levels:
		return usagef("--plan says which labels to set: it goes with no --enforce, --warn and --audit")
	case !levels && o.plan == "" && o.undo == "":
		return usagef("nothing to do: give --enforce, --warn or --audit, or a --plan, or --undo")
	}
	return nil
}

// completeWhere checks the namespaces.
func (o *labelOptions) completeWhere() error {
	for _, name := range slices.Concat(o.namespaces, o.skip) {
		if !isDNSLabel(name) {
			return usagef("%q cannot be the name of a namespace", name)
		}
	}
	if _, err := labels.Parse(o.selector); err != nil {
		return usagef("--selector: %s", err)
	}
	some := o.all || o.selector != ""
	switch {
	case some && (o.plan != "" || o.undo != ""):
		return usagef("the file says which namespaces: name some of them, or pass no --all and no --selector")
	case some && len(o.namespaces) > 0:
		return usagef("name namespaces, or pass --all or --selector, not both")
	case !some && len(o.namespaces) == 0 && o.plan == "" && o.undo == "":
		return usagef("name namespaces, or pass --all or --selector")
	}
	return nil
}

// completeHow checks how careful to be.
func (o *labelOptions) completeHow() error {
	switch {
	case o.undoFile != "" && (o.undo != "" || o.dryRun != dryRunNone):
		return usagef("--undo-file is for labelling: there is nothing to write with --undo or --dry-run")
	case o.dryRun == dryRunNone && !o.yes && !(o.system.InTerminal && o.system.ErrTerminal):
		return usagef("there is no terminal to ask on: pass --yes to go ahead, or --dry-run=client to see what would be done")
	}
	return nil
}

// want returns the labels that the flags ask for.
func (o *labelOptions) want() map[string]string {
	want := map[string]string{}
	for _, mode := range []struct {
		level, version string
		asked          parsed[pss.LevelVersion]
	}{
		{pss.EnforceLabel, pss.EnforceVersionLabel, o.enforce},
		{pss.AuditLabel, pss.AuditVersionLabel, o.audit},
		{pss.WarnLabel, pss.WarnVersionLabel, o.warn},
	} {
		if !mode.asked.set {
			continue
		}
		want[mode.level] = mode.asked.value.Level.String()
		if mode.asked.value.Version.Valid() {
			want[mode.version] = mode.asked.value.Version.String()
		}
	}
	return want
}
