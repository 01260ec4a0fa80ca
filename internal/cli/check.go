package cli

import (
	"bufio"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gabion-security/gabion/internal/profile"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/pss"
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
	exceptions []string
	output     string
}

// newCheck returns `gabion check`.
func newCheck(s *System) *cobra.Command {
	o := checkOptions{
		system: s, input: inputOptions{system: s},
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
audit labels are reported, and never change the exit code. Otherwise it is
restricted:latest. With --profile, a PodSecurityProfile decides instead: its level,
and its controls beyond the standard ('gabion controls --profiles' lists them).

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

  # Whatever the manifests' own namespaces say, nothing below baseline
  gabion check --at-least=baseline deploy/

  # By a level and more: read-only root filesystems, image registries and so on
  gabion check --profile=examples/profiles/hardened-web.yaml deploy/

  # As a cluster would whose webhook is given these exceptions
  gabion check --exceptions=examples/exceptions/service-mesh/exception.yaml deploy/

  # A kind that Gabion does not know
  gabion check --pod-template-path='example.com/Machine=.spec.roles[*].template' machine.yaml`,
		Args: func(_ *cobra.Command, args []string) error { return o.complete(args) },
		RunE: func(*cobra.Command, []string) error { return o.run() },
	}
	flagGroup(cmd, "Policy", func(fs *pflag.FlagSet) {
		fs.Var(&o.level, "level", "the level to judge by: privileged, baseline, restricted")
		fs.Var(&o.version, "version", "the version of the standard to judge by: v1.25, latest")
		fs.Var(&o.floor, "at-least", "a level that the labels in the input cannot go below")
		profileFlag(fs, &o.profile)
		exceptionsFlag(fs, &o.exceptions)
		fs.Var(&o.kubernetes, "kubernetes-version", "the Kubernetes version whose API server judges, such as v1.33: what latest means, and from v1.25 that there is no PodSecurityPolicy")
	})
	o.input.flags(cmd)
	o.render.flags(cmd)
	flagGroup(cmd, "Output", func(fs *pflag.FlagSet) {
		outputFlag(fs, &o.output, report.CheckFormats())
	})
	complete(cmd, map[string][]string{"level": levelNames(), "at-least": levelNames(), "output": report.CheckFormats()})
	return cmd
}

// complete finds faults of the command line before anything is read.
func (o *checkOptions) complete(args []string) error {
	o.input.extra = o.profile != "" || len(o.exceptions) > 0
	if o.profile != "" && (o.level.set || o.version.set || o.floor.set) {
		return usagef("--profile has a level and a version of its own: leave out --level, --version and --at-least")
	}
	if err := o.input.complete(args); err != nil {
		return err
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
	out := bufio.NewWriterSize(o.system.Stdout, 64<<10)
	writer, ok := report.NewCheck(o.output, out, o.system.style())
	if !ok {
		return fmt.Errorf("no format %q", o.output)
	}
	policies := policies{flags: o.flagPolicy(), floor: o.floor.value}
	var by *profile.Profile
	if o.profile != "" {
		var err error
		if by, err = readProfile(o.profile); err != nil {
			return err
		}
		policies.flags = by.Base()
	}
	excepted, err := newExceptions(o.system, o.exceptions)
	if err != nil {
		return err
	}
	c := checker{
		input: newInput(&o.input), out: out, writer: writer,
		judge: judge{
			evaluator: pss.Evaluator{Kubernetes: o.kubernetes.value}, policies: policies, profile: by, exceptions: excepted,
		},
	}
	c.input.console.noteVersions(o.kubernetes.value, o.version.value)
	if err := c.run(); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return c.outcome()
}
