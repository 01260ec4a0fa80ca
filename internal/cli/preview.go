package cli

import (
	"bufio"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gabion-security/gabion/internal/admission"
	"github.com/gabion-security/gabion/internal/exception"
	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/internal/preview"
	"github.com/gabion-security/gabion/internal/profile"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/pss"
)

type previewOptions struct {
	system          *System
	source          sourceOptions
	enforce         parsed[pss.LevelVersion]
	kubernetes      parsed[pss.Version]
	admissionConfig string
	defaults        string
	profile         string
	documents       documentOptions
	templates       bool
	server          bool
	exitCode        bool
	output          string

	// What readFiles makes of the files.
	config, planned admission.Config
	by              *profile.Profile // nil without --profile
	counting        *documents       // of the files, and then of the cluster, too
	excepted        *exceptions
}

// newPreview returns `gabion preview`.
func newPreview(s *System) *cobra.Command {
	o := previewOptions{
		system: s, source: sourceOptions{input: inputOptions{system: s}}, kubernetes: kubernetesFlag(), documents: documentOptions{system: s},
		enforce: parsed[pss.LevelVersion]{parse: parseEnforce, name: "LEVEL[:VERSION]"},
	}
	cmd := &cobra.Command{
		Use:   "preview [NAMESPACE]... [PATH]... --enforce=LEVEL[:VERSION]",
		Short: "Show what labelling namespaces would do to the pods in them",
		Long: `Show what labelling namespaces with an enforce level would do to the pods in a
live cluster, a snapshot of one or files, in the words of

  kubectl label --dry-run=server --overwrite ns NAMESPACE \
    pod-security.kubernetes.io/enforce=LEVEL

but for any number of pods. Without a VERSION the label enforce-version stays as
it is. As in a cluster, a policy that is not stricter than the one that stands
brings no warnings.

Arguments with a slash or a dot are paths, others are namespaces. With --all, every
namespace counts that there is or that an object names. With --templates, so do the
pods that workloads will make, in lines that begin with "Template:"; kubectl has no
such lines.

Gabion judges by itself, or with --server has the API server judge: nothing is
changed there. Then --templates asks what would become of a pod of each workload,
so that what is injected counts, and judges that. The user must be allowed to
patch namespaces and to create pods.

With --profile, a PodSecurityProfile judges instead: its level, and its controls
beyond the standard.

The exceptions and guards of the cluster or snapshot count, beside those of
--policy-dir and --exceptions. What guards say of the new labels, and the right that
a weakening needs, stands in lines that begin with "Guard:"; kubectl has no such
lines either.`,
		Example: `  # A live cluster
  gabion preview --all --enforce=baseline --templates

  # What is in a file: a snapshot, or objects
  gabion preview --all --enforce=baseline --from=cluster.json.gz
  gabion preview shop blog --enforce=restricted:v1.33 --templates -f deploy/

  # What cluster-wide defaults would do to namespaces without a label
  gabion preview --all --defaults=admission.yaml

  # What guards would say of less
  gabion preview shop --enforce=baseline --policy-dir=policies/

  # Which pods and workloads do not meet a profile
  gabion preview --all --templates --profile=examples/profiles/hardened-web.yaml`,
		Args: func(_ *cobra.Command, args []string) error { return o.complete(args) },
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	flagGroup(cmd, "Policy", func(fs *pflag.FlagSet) {
		fs.Var(&o.enforce, "enforce", "the level, and the version if it is to be set, that namespaces would be labelled with")
		fs.StringVar(&o.defaults, "defaults", "", "instead, the `FILE` with the PodSecurityConfiguration that the API server would be given")
		profileFlag(fs, &o.profile)
		o.documents.flags(fs)
		fs.StringVar(&o.admissionConfig, "admission-config", "", "the `FILE` with the one it has: defaults and exemptions cannot be asked for")
		fs.Var(&o.kubernetes, "kubernetes-version", "the Kubernetes version whose API server judges, such as v1.33: what latest means")
		fs.BoolVar(&o.server, "server", false, "have the API server judge, by dry runs")
	})
	o.source.flags(cmd)
	cmd.Flags().Lookup("all").Usage = "every namespace that there is"
	flagGroup(cmd, "Scope", func(fs *pflag.FlagSet) {
		fs.BoolVar(&o.templates, "templates", false, "workloads too, whose pods kubectl cannot see before they exist")
	})
	flagGroup(cmd, "Output", func(fs *pflag.FlagSet) {
		outputFlag(fs, &o.output, report.PreviewFormats())
		fs.BoolVar(&o.exitCode, "exit-code", false, "exit with 1 if there are violations, or guards would refuse the labels")
	})
	complete(cmd, map[string][]string{"enforce": levelNames(), "output": report.PreviewFormats()})
	return cmd
}

// complete finds faults of the command line before anything is read.
func (o *previewOptions) complete(args []string) error {
	o.source.input.labels = o.documents.given()
	o.source.input.extra = o.profile != "" || o.source.input.labels
	if err := o.source.complete(args); err != nil {
		return err
	}
	if err := o.documents.stdin(o.source.stdin()); err != nil {
		return err
	}
	switch {
	case !o.enforce.set && o.defaults == "" && o.profile == "":
		return usagef("--enforce=LEVEL is missing: name the level to preview")
	case o.enforce.set && o.defaults != "":
		return usagef("--enforce and --defaults exclude each other")
	case o.profile != "" && (o.enforce.set || o.defaults != "" || o.admissionConfig != ""):
		return usagef("--profile judges by itself: leave out --enforce, --defaults and --admission-config")
	case o.profile != "" && o.server:
		return usagef("--server cannot ask for --profile: the API server knows none")
	case o.documents.given() && o.server:
		return usagef("--server cannot ask for --exceptions and --policy-dir: the API server knows none")
	case !o.source.all && !o.source.narrow():
		return usagef("name namespaces, or pass --all or --selector")
	case o.server && !o.source.live():
		return usagef("--server asks the API server of a live cluster: it means nothing with files")
	case o.server && o.defaults != "":
		return usagef("--server cannot ask for --defaults: an API server reads them when it starts")
	}
	return nil
}

// readFiles reads what judges, beside what is judged.
func (o *previewOptions) readFiles() (err error) {
	if o.config, err = o.system.admissionConfig(o.admissionConfig); err != nil {
		return fmt.Errorf("--admission-config: %w", err)
	}
	if o.planned, err = o.system.admissionConfig(o.defaults); err != nil {
		return fmt.Errorf("--defaults: %w", err)
	}
	if o.profile != "" {
		if o.by, err = readProfile(o.profile); err != nil {
			return err
		}
	}
	o.counting, err = o.documents.read()
	return err
}

func (o *previewOptions) run(ctx context.Context) error {
	if err := o.readFiles(); err != nil {
		return err
	}
	i, err := o.source.load(ctx)
	if err != nil {
		return err
	}
	if err := o.count(ctx, i); err != nil {
		return err
	}
	config := o.config
	if o.defaults != "" {
		config.Exemptions = o.planned.Exemptions
	}
	survey := newSurvey(newInput(&o.source.input), i, config, o.templates)
	survey.input.console.noteVersions(o.kubernetes.value, o.enforce.value.Version, i.Server.Version)
	spaces := survey.all()
	if o.source.narrow() {
		spaces = survey.named(o.source.namespaces)
	}
	if err := o.preview(ctx, survey, spaces); err != nil {
		return err
	}
	out := bufio.NewWriter(o.system.Stdout)
	err = report.WritePreview(out, o.output, o.system.style(), &survey.report)
	if err == nil {
		err = out.Flush()
	}
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	if !o.enforce.set || o.enforce.value.Level != pss.Privileged {
		survey.noteUnseen(spaces)
	}
	o.noteAssumption(survey, spaces)
	return o.outcome(survey)
}

// count takes what guards and exceptions of the cluster say beside those of files. A
// server that is asked goes by its own.
func (o *previewOptions) count(ctx context.Context, i *inventory.Inventory) (err error) {
	if o.server {
		return nil
	}
	o.counting.with(i, newConsole(o.system))
	o.excepted = o.counting.excepting()
	if o.by == nil { // what a profile asks nobody else does
		o.excepted, err = o.source.counting(ctx, o.excepted)
	}
	return err
}

// preview works out what the change would do to each namespace.
func (o *previewOptions) preview(ctx context.Context, s *survey, spaces []*inventory.Namespace) error {
	evaluator := pss.Evaluator{Kubernetes: s.inventory.Server.Version}
	if o.kubernetes.set {
		evaluator.Kubernetes = o.kubernetes.value
	}
	if o.server {
		return o.ask(ctx, s, spaces, evaluator)
	}
	for _, space := range spaces {
		if err := o.previewNamespace(s, space, evaluator); err != nil {
			return err
		}
	}
	return nil
}

// previewNamespace works out what the change would do to one namespace.
func (o *previewOptions) previewNamespace(s *survey, space *inventory.Namespace, e pss.Evaluator) error {
	ns := s.namespace(space)
	var uses []exception.Use
	labels := labelsOf(space)
	if labels != nil && o.enforce.set {
		maps.Copy(labels, o.change().Labels())
	}
	ns.Except = o.excepted.forPreview(ns.Name, labels, &uses)
	row, err := o.previewRow(s, &ns, labels, e, &uses)
	if err == nil && row != nil {
		if row.Error == "" {
			o.besideLabels(s, row, space, labels, e, &uses)
		}
		row.Exceptions = o.excepted.rows(uses)
		if o.enforce.set && space.Stated && row.Error == "" {
			s.guard(row, o.counting.change(ns.Name, labelsOf(space), labels, o.config.Defaults, e))
		}
	}
	return err
}

// previewRow adds what the change would do to one namespace to the report; there
// is no row where it does nothing.
func (o *previewOptions) previewRow(
	s *survey, ns *preview.Namespace, labels map[string]string, e pss.Evaluator, uses *[]exception.Use,
) (*report.PreviewNamespace, error) {
	switch {
	case o.by != nil:
		return o.previewProfile(s, ns, labels, e, uses)
	case o.defaults != "":
		return o.previewDefaults(s, ns, e)
	}
	outcome, err := o.label(s, e, ns)
	if err != nil {
		return nil, err
	}
	return s.add(outcome, ns), nil
}

// change is what the labels are set to.
func (o *previewOptions) change() preview.Change {
	return preview.Change{
		Level: o.enforce.value.Level, Version: o.enforce.value.Version, Defaults: o.config.Defaults,
	}
}

// label previews the labels of one namespace.
func (o *previewOptions) label(s *survey, e pss.Evaluator, ns *preview.Namespace) (preview.Outcome, error) {
	change := o.change()
	outcome, err := preview.Label(e, *ns, change)
	if err != nil {
		return outcome, fmt.Errorf("previewing namespace %q: %w", ns.Name, err)
	}
	if outcome.Exempt {
		after := maps.Clone(ns.Labels)
		if after == nil {
			after = map[string]string{}
		}
		maps.Copy(after, change.Labels())
		policy, _ := pss.PolicyFromLabels(after, s.config.Defaults)
		outcome.Warnings = s.config.ExemptWarnings(ns.Name, after, policy)
	}
	return outcome, nil
}

// previewDefaults previews other defaults for one namespace, if they count
// there.
func (o *previewOptions) previewDefaults(s *survey, ns *preview.Namespace, e pss.Evaluator) (*report.PreviewNamespace, error) {
	if _, labelled := ns.Labels[pss.EnforceLabel]; labelled {
		return nil, nil //nolint:nilnil // the defaults do not count there
	}
	outcome, err := preview.Default(e, *ns, o.config.Defaults, o.planned.Defaults)
	if err != nil {
		return nil, fmt.Errorf("previewing namespace %q: %w", ns.Name, err)
	}
	if outcome.Exempt {
		outcome.Warnings = []string{fmt.Sprintf("namespace %q is exempt from Pod Security", ns.Name)}
	}
	row := s.add(outcome, ns)
	row.Unlabelled = true
	return row, nil
}

// noteAssumption says what is assumed of a cluster's defaults, which cannot be
// asked for, where they matter.
func (o *previewOptions) noteAssumption(s *survey, spaces []*inventory.Namespace) {
	if o.admissionConfig != "" || o.server || o.by != nil || s.inventory.Server.Release == "" {
		return
	}
	n := 0
	for _, ns := range spaces {
		if _, labelled := ns.Labels[pss.EnforceLabel]; !labelled {
			n++
		}
	}
	s.input.console.noteAssumption(n)
}

// outcome says how the preview went. What weighs most counts.
func (o *previewOptions) outcome(s *survey) error {
	unknown := len(s.report.NotChecked)+len(s.report.Missing) > 0 && !o.source.input.allowUnchecked
	unasked := slices.ContainsFunc(s.report.Namespaces, func(n report.PreviewNamespace) bool { return len(n.Unasked) > 0 })
	switch {
	case len(s.report.Errors) > 0, s.denied, unknown, unasked, o.source.unknown > 0:
		return errIncomplete
	case o.exitCode && (s.report.Summary.Violating > 0 || s.refused):
		return errFindings
	}
	return nil
}
