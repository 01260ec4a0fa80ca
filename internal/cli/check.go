package cli

import (
	"fmt"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gabion-security/gabion/internal/ignore"
	"github.com/gabion-security/gabion/internal/profile"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

type checkOptions struct {
	system     *System
	input      inputOptions
	render     renderOptions
	level      parsed[pss.Level]
	version    parsed[pss.Version]
	floor      parsed[pss.Level]
	kubernetes parsed[pss.Version]
	profile    string
	documents  documentOptions
	baseline   baselineOptions
	failOn     failOn
	noIgnores  bool
	bounded    bool // --at-least is given, and nothing of ignores
	config     string
	configured *configured
	output     []string
	outputs    outputs
}

// newCheck returns `gabion check`.
func newCheck(s *System) *cobra.Command {
	o := checkOptions{
		system: s, input: inputOptions{system: s}, documents: documentOptions{system: s},
		level: levelFlag(), version: versionFlag(), floor: levelFlag(), kubernetes: kubernetesFlag(),
	}
	o.input.render = &o.render
	cmd := &cobra.Command{
		Use:   "check [PATH|-]...",
		Short: "Judge the pods in manifests as Pod Security admission would",
		Long: `Judge every pod and pod template in files, directories, charts or standard input exactly
as Pod Security admission would, and say where and why it violates its policy.

The policy is that of --level and --version. Without them, the labels of a
Namespace object anywhere in the input decide for its namespace; its warn and
audit labels are reported, and change the exit code only with --fail-on=warn.
Otherwise it is restricted:latest. With --profile, a PodSecurityProfile decides
instead: its level, and its controls beyond the standard ('gabion controls
--profiles' lists them).

A .gabion.yaml in the directory that all of the input has in common, or above it in
its git repository, may say what flags say; flags win, and --config=none leaves it
out. A manifest may ask to ignore controls, by the annotation gabion.io/ignore, and
--no-ignores counts them all the same. Both come with the input: whoever judges
that of others does without.

With --policy-dir, pods also have to meet what the guards in the folder ask of those of
their namespace, floors and profiles, without what its exceptions cover, as with a
cluster whose 'gabion serve' is given the same folder. Where there is no Namespace
object, guards that select by labels count.

A directory with a Chart.yaml is rendered as helm template does, and -k builds a
kustomization. Neither fetches or runs anything, or reads outside of what is given.

Exit codes: 0 no violations, 1 violations, 2 wrong usage, 3 something could not
be read or judged. If several apply, the highest.`,
		Example: `  # A directory, by the labels of the namespaces in it
  gabion check deploy/

  # A Helm chart, with values of its own, by the baseline level
  gabion check --level=baseline --values=production.yaml --set=image.tag=2 chart/

  # What kustomize makes of an overlay
  gabion check -k overlays/production

  # Standard input
  helm template chart/ | gabion check -

  # Everything but the tests of charts and what others wrote
  gabion check --exclude='**/templates/tests/' --exclude=vendor/ .

  # As a 1.33 cluster would, for a machine
  gabion check --kubernetes-version=v1.33 -o json deploy/ > report.json

  # In a pipeline: a table in its log, a report for its pages
  gabion check -o table -o sarif=gabion.sarif deploy/

  # Whatever the manifests' own namespaces say, nothing below baseline
  gabion check --at-least=baseline deploy/

  # By a level and more: read-only root filesystems, image registries and so on
  gabion check --profile=examples/profiles/hardened-web.yaml deploy/

  # As a cluster would whose webhook is given these exceptions
  gabion check --exceptions=examples/exceptions/service-mesh/exception.yaml deploy/

  # Only what is new fails: write down what is there, and compare from then on
  gabion check --write-baseline=gabion-baseline.yaml deploy/
  gabion check --baseline=gabion-baseline.yaml deploy/

  # A pull request of somebody else, which has no say in how it is judged
  gabion check --config=none --no-ignores --level=baseline deploy/

  # As one whose webhook is given a folder of guards, profiles and exceptions
  gabion check --policy-dir=examples/guards deploy/

  # A kind that Gabion does not know
  gabion check --pod-template-path='example.com/Machine=.spec.roles[*].template' machine.yaml`,
		Args: func(_ *cobra.Command, args []string) error { return o.complete(args) },
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.configure(cmd.Flags(), args); err != nil {
				return err
			}
			if err := o.keepsFiles(); err != nil {
				return err
			}
			return o.run()
		},
	}
	o.flags(cmd)
	return cmd
}

// flags defines the flags.
func (o *checkOptions) flags(cmd *cobra.Command) {
	flagGroup(cmd, "Policy", func(fs *pflag.FlagSet) {
		fs.Var(&o.level, "level", "the level to judge by: privileged, baseline, restricted")
		fs.Var(&o.version, "version", "the version of the standard to judge by: v1.25, latest")
		fs.Var(&o.floor, "at-least", "a level that the labels in the input cannot go below; then no .gabion.yaml that is found and no annotation loosens the check")
		profileFlag(fs, &o.profile)
		o.documents.flags(fs)
		fs.Var(&o.kubernetes, "kubernetes-version", "the Kubernetes version whose API server judges, such as v1.33: what latest means, and from v1.25 that there is no PodSecurityPolicy")
	})
	o.input.flags(cmd)
	o.render.flags(cmd)
	flagGroup(cmd, "Known and ignored violations", func(fs *pflag.FlagSet) {
		o.baseline.flags(fs)
		fs.BoolVar(&o.noIgnores, "no-ignores", false, "do not ignore what the annotation gabion.io/ignore in manifests asks for")
		failOnFlag(fs, &o.failOn)
	})
	flagGroup(cmd, "Output", func(fs *pflag.FlagSet) {
		outputsFlag(fs, &o.output)
		configFlag(fs, &o.config)
	})
	complete(cmd, map[string][]string{
		"fail-on": failOnValues(), "level": levelNames(), "at-least": levelNames(), "output": report.CheckFormats(),
	})
}

// complete finds faults of the command line before anything is read.
func (o *checkOptions) complete(args []string) error {
	o.needs()
	if o.profile != "" && (o.level.set || o.version.set || o.floor.set) {
		return usagef("--profile has a level and a version of its own: leave out --level, --version and --at-least")
	}
	if o.profile != "" && o.documents.dir != "" {
		return usagef("--profile judges instead of guards: leave out --policy-dir, or have a guard in it name the profile")
	}
	if err := o.input.complete(args); err != nil {
		return err
	}
	var err error
	if o.outputs, err = parseOutputs(o.output); err != nil {
		return usagef("--output: %s", err)
	}
	if err := o.documents.stdin(slices.Contains(o.input.paths, workload.Stdin)); err != nil {
		return err
	}
	if o.baseline.read == workload.Stdin || o.baseline.write == workload.Stdin {
		return usagef("a baseline is a file: neither --baseline nor --write-baseline takes -")
	}
	if err := o.render.complete(o.input.namespace, o.kubernetes.value, o.system.Now()); err != nil {
		return err
	}
	if len(o.input.paths) == 0 && len(o.render.kustomize) == 0 {
		return usagef("nothing to check: name files, directories or charts, - for standard input, or kustomizations with -k")
	}
	if lv := o.flagPolicy(); lv.Level.Valid() && lv.Level < o.floor.value {
		return usagef("--level=%s is below --at-least=%s", lv.Level, o.floor.value)
	}
	return nil
}

// needs says what has to be read beyond what the standard looks at.
func (o *checkOptions) needs() {
	o.input.extra = o.profile != "" || o.documents.given() || o.baseline != baselineOptions{}
	o.input.annotations = nil
	if !o.noIgnores {
		o.input.annotations = []string{ignore.Annotation}
	}
}

// configure adds to the flags what the configuration of the input says.
func (o *checkOptions) configure(fs *pflag.FlagSet, args []string) (err error) {
	if o.configured, err = configure(fs, o.config, slices.Concat(o.input.paths, o.render.kustomize)); err != nil {
		return err
	}
	if o.configured.sets("exclude") {
		o.render.excludesOf = filepath.Dir(o.configured.file)
	}
	if c := o.configured; c.sets("level") && c.sets("at-least") && o.flagPolicy().Level < o.floor.value {
		return fmt.Errorf("%s: level is below atLeast", report.Escape(c.file))
	}
	o.bounded = o.floor.set && !o.configured.sets("at-least") && !fs.Changed("no-ignores")
	if len(o.configured.set) == 0 {
		return nil
	}
	o.needs()
	// The command line has been found sound before.
	if err := o.input.complete(args); err != nil {
		return fmt.Errorf("%s: %s", report.Escape(o.configured.file), err.Error())
	}
	if err := o.render.complete(o.input.namespace, o.kubernetes.value, o.system.Now()); err != nil {
		return fmt.Errorf("%s: %s", report.Escape(o.configured.file), err.Error())
	}
	if o.outputs, err = parseOutputs(o.output); err != nil {
		return fmt.Errorf("%s: formats: %w", report.Escape(o.configured.file), err)
	}
	return nil
}

// flagPolicy is the policy that the flags ask for, without a Level if none.
func (o *checkOptions) flagPolicy() pss.LevelVersion {
	if !o.level.set && !o.version.set {
		return pss.LevelVersion{}
	}
	lv := strict()
	if o.level.set {
		lv.Level = o.level.value
	}
	if o.version.set {
		lv.Version = o.version.value
	}
	return lv
}

func (o *checkOptions) run() error {
	policies := policies{flags: o.flagPolicy(), floor: o.floor.value, configured: o.configured.policy()}
	var by *profile.Profile
	if o.profile != "" {
		var err error
		if by, err = readProfile(o.profile); err != nil {
			return err
		}
		policies.flags = by.Base()
	}
	o.documents.lenient = true
	documents, err := o.documents.read()
	if err != nil {
		return err
	}
	known, err := o.baseline.open(o.failOn)
	if err != nil {
		return err
	}
	edits, err := o.edits()
	if err != nil {
		return err
	}
	formats := o.system.checkOptions()
	formats.AllowUnchecked, formats.Baseline = o.input.allowUnchecked, known != nil
	reports, err := o.outputs.open(o.system, formats)
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	defer reports.close()
	c := checker{
		input: newInput(&o.input), out: reports.stdout, writer: reports,
		judge: judge{
			evaluator: pss.Evaluator{Kubernetes: o.kubernetes.value}, policies: policies, profile: by,
			documents: documents, exceptions: documents.excepting(), baseline: known, failOn: o.failOn,
			edits: edits,
		},
	}
	if !o.noIgnores && !o.bounded {
		c.judge.ignores = everyControl()
	}
	c.bounded = o.bounded && !o.noIgnores
	o.configured.note(c.input.console)
	c.input.console.noteVersions(o.kubernetes.value, o.version.value)
	if err := c.run(); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	if err := known.save(c.complete() && documents.unread == nil, c.input.console); err != nil {
		return err
	}
	if documents.unread != nil {
		return fmt.Errorf("--policy-dir: %s: judged without these exceptions: %w", report.Escape(o.documents.dir), documents.unread)
	}
	return c.outcome()
}
