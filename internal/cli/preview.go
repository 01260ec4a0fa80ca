package cli

import (
	"bufio"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gabion-security/gabion/internal/preview"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/pss"
)

type previewOptions struct {
	system     *System
	input      inputOptions
	enforce    parsed[pss.LevelVersion]
	kubernetes parsed[pss.Version]
	all        bool
	templates  bool
	exitCode   bool
	output     string

	namespaces []string
}

// newPreview returns `gabion preview`.
func newPreview(s *System) *cobra.Command {
	o := previewOptions{
		system: s, input: inputOptions{system: s}, kubernetes: kubernetesFlag(),
		enforce: parsed[pss.LevelVersion]{parse: parseEnforce, name: "LEVEL[:VERSION]"},
	}
	cmd := &cobra.Command{
		Use:   "preview [NAMESPACE]... --enforce=LEVEL[:VERSION] -f PATH...",
		Short: "Show what labelling namespaces would do to the pods in them",
		Long: `Show what labelling namespaces with an enforce level would do to the pods in the
input, in the words of

  kubectl label --dry-run=server --overwrite ns NAMESPACE \
    pod-security.kubernetes.io/enforce=LEVEL

but without a cluster and for any number of pods. Without a VERSION the label
enforce-version stays as it is. As in a cluster, a policy that is not stricter
than the one that stands brings no warnings.

With --all, every namespace counts that the input has or that an object in it
names, and arguments are paths. With --templates, so do the pods that workloads
will make, in lines that begin with "Template:"; kubectl has no such lines.`,
		Example: `  # A cluster's objects, kept in a file
  kubectl get ns,pods -A -o yaml > cluster.yaml
  gabion preview --all --enforce=baseline cluster.yaml

  # Two namespaces, and the workloads without a pod at present too
  gabion preview shop blog --enforce=restricted:v1.33 --templates -f deploy/`,
		Args: func(_ *cobra.Command, args []string) error { return o.complete(args) },
		RunE: func(*cobra.Command, []string) error { return o.run() },
	}
	flagGroup(cmd, "Policy", func(fs *pflag.FlagSet) {
		fs.Var(&o.enforce, "enforce", "the level, and the version if it is to be set, that namespaces would be labelled with")
		fs.Var(&o.kubernetes, "kubernetes-version", "the Kubernetes version whose API server judges, such as v1.33: what latest means")
	})
	o.input.flags(cmd)
	flagGroup(cmd, "Scope", func(fs *pflag.FlagSet) {
		fs.BoolVar(&o.all, "all", false, "every namespace in the input")
		fs.BoolVar(&o.templates, "templates", false, "workloads too, whose pods kubectl cannot see before they exist")
	})
	flagGroup(cmd, "Output", func(fs *pflag.FlagSet) {
		outputFlag(fs, &o.output, report.PreviewFormats())
		fs.BoolVar(&o.exitCode, "exit-code", false, "exit with 1 if there are violations")
	})
	complete(cmd, map[string][]string{"enforce": levelNames(), "output": report.PreviewFormats()})
	return cmd
}

// complete finds faults of the command line before anything is read.
func (o *previewOptions) complete(args []string) error {
	var paths []string
	if o.all {
		paths = args
	} else {
		o.namespaces = args
	}
	if err := o.input.complete(paths); err != nil {
		return err
	}
	switch {
	case !o.enforce.set:
		return usagef("--enforce=LEVEL is missing: name the level to preview")
	case !o.all && len(o.namespaces) == 0:
		return usagef("name namespaces, or pass --all")
	case len(o.input.paths) == 0:
		return usagef("nothing to read: name files or directories with -f, or - for standard input")
	}
	return nil
}

func (o *previewOptions) run() error {
	survey := newSurvey(newInput(&o.input), o.templates)
	survey.input.console.noteVersions(o.kubernetes.value, o.enforce.value.Version)
	survey.read()
	spaces := survey.all()
	if !o.all {
		var absent []string
		if spaces, absent = survey.named(o.namespaces); len(absent) > 0 {
			return o.absent(absent, survey)
		}
	}
	evaluator := pss.Evaluator{Kubernetes: o.kubernetes.value}
	change := preview.Change{Level: o.enforce.value.Level, Version: o.enforce.value.Version}
	for _, ns := range spaces {
		outcome, err := preview.Label(evaluator, ns, change)
		if err != nil {
			return fmt.Errorf("previewing namespace %q: %w", ns.Name, err)
		}
		survey.add(outcome, &ns)
	}
	out := bufio.NewWriter(o.system.Stdout)
	err := report.WritePreview(out, o.output, o.system.style(), &survey.report)
	if err == nil {
		err = out.Flush()
	}
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	if change.Level != pss.Privileged {
		survey.noteUnseen(spaces)
	}
	return o.outcome(survey)
}

// absent says that named namespaces are not in the input. That is wrong usage
// only if all of the input is known.
func (o *previewOptions) absent(names []string, s *survey) error {
	err := usagef("namespace %s is not in the input", names[0])
	if len(names) > 1 {
		err = usagef("namespaces %s are not in the input", strings.Join(names, ", "))
	}
	if outcome := o.outcome(s); errors.Is(outcome, errIncomplete) {
		o.system.complain(report.EscapeSentence(err.Error()))
		return outcome
	}
	return err
}

// outcome says how the preview went. What weighs most counts.
func (o *previewOptions) outcome(s *survey) error {
	switch {
	case len(s.report.Errors) > 0, s.denied, len(s.report.NotChecked) > 0 && !o.input.allowUnchecked:
		return errIncomplete
	case o.exitCode && s.report.Summary.Violating > 0:
		return errFindings
	}
	return nil
}
