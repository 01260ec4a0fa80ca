package cli

import (
	"bufio"
	"cmp"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gabion-security/gabion/internal/exclude"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

type fixOptions struct {
	system    *System
	input     inputOptions
	excludes  []string
	level     parsed[pss.Level]
	version   parsed[pss.Version]
	overwrite bool
	write     bool
	diff      bool
	profile   string
	output    string
	outputSet func() bool

	excluded *exclude.Matcher
}

// newFix returns `gabion fix`.
func newFix(s *System) *cobra.Command {
	o := fixOptions{system: s, input: inputOptions{system: s, json: true}, level: levelFlag(), version: versionFlag()}
	cmd := &cobra.Command{
		Use:   "fix [PATH|-]...",
		Short: "Rewrite manifests toward a level of the Pod Security Standards",
		Long: `Fill in what the pods in files, directories or standard input lack to meet a level,
restricted:latest unless --level and --version say otherwise. Comments, order,
quoting, indentation and anchors stay: only the lines change that this is about.

What is missing is set for the pod where that covers all its containers and
contradicts none, else for the container. What a manifest states otherwise, such as
privileged: true, is left and listed unless --overwrite is given; so is what no field
makes up for, such as a hostPath volume, with what to do instead. What may stop a
program is marked for review. Whatever is reported as fixed has been judged again.

The template of a chart is no manifest: charts are left, and the line that says so
has the command that shows what is to be changed in them. A .gabion.yaml counts for
check only.

Without --write no file is touched: the table says what would change. What comes from
standard input (-) goes to standard output, fixed, and the table to standard error.

Exit codes: 0 nothing is left to do, 1 something is left or was not written, 2 wrong
usage, 3 something could not be read, judged or written. If several apply, the highest.`,
		Example: `  # What would change, and what has to be done by hand
  gabion fix deploy/

  # The same as a diff that git takes
  gabion fix --diff deploy/ | git apply

  # Change the files
  gabion fix --level=restricted --write deploy/

  # Whatever the manifests state, nothing below baseline
  gabion fix --level=baseline --overwrite --diff deploy/

  # In a pipeline
  helm template chart/ | gabion fix - | kubectl apply --dry-run=server -f -

  # Commands that patch what runs
  gabion fix -o patch deploy/

  # A kustomization that patches files which are not your own
  gabion fix -o kustomize vendor.yaml > kustomization.yaml`,
		Args: func(_ *cobra.Command, args []string) error { return o.complete(args) },
		RunE: func(*cobra.Command, []string) error { return o.run() },
	}
	flagGroup(cmd, "Policy", func(fs *pflag.FlagSet) {
		fs.Var(&o.level, "level", "the level to fix toward: baseline, restricted (the default)")
		fs.Var(&o.version, "version", "the version of the standard: v1.25, latest")
		fs.BoolVar(&o.overwrite, "overwrite", false, "change what manifests state otherwise, too")
	})
	o.input.flags(cmd)
	flagGroup(cmd, "Output", func(fs *pflag.FlagSet) {
		fs.BoolVar(&o.write, "write", false, "write the fixed files in the place of those that were read")
		fs.BoolVar(&o.diff, "diff", false, "print a diff instead of the table")
		outputFlag(fs, &o.output, report.FixFormats())
		o.outputSet = func() bool { return fs.Changed("output") }
	})
	flagGroup(cmd, "Input", func(fs *pflag.FlagSet) { excludeFilesFlag(fs, &o.excludes) })
	cmd.Flags().SetNormalizeFunc(sourceAliases)
	cmd.Flags().StringVar(&o.profile, "profile", "", "a `FILE`, which fix does not take")
	_ = cmd.Flags().MarkHidden("profile") // there is such a flag
	complete(cmd, map[string][]string{"level": {"baseline", "restricted"}, "output": report.FixFormats()})
	return cmd
}

// complete finds faults of the command line before anything is read.
func (o *fixOptions) complete(args []string) error {
	if o.profile != "" {
		return usagef("fix works toward levels only: a profile's controls beyond the standard need decisions that it cannot take; 'gabion check --profile' finds what violates them")
	}
	if err := o.input.complete(args); err != nil {
		return err
	}
	var err error
	if o.excluded, err = exclude.New(".", o.excludes); err != nil {
		return usagef("--exclude: %s", err)
	}
	stdin := slices.Contains(o.input.paths, workload.Stdin)
	switch {
	case len(o.input.paths) == 0:
		return usagef("nothing to fix: name files or directories, or - for standard input")
	case o.level.value == pss.Privileged && o.level.set:
		return usagef("--level=privileged asks nothing of a pod: fix works toward baseline or restricted")
	case o.write && o.diff:
		return usagef("--write and --diff exclude each other: look at the diff first, then write")
	case o.diff && o.outputSet():
		return usagef("--diff and -o exclude each other")
	case o.write && o.output != "table" && o.output != "json":
		return usagef("--write and -o %s exclude each other: a patch is for what is not written", o.output)
	case o.write && stdin:
		return usagef("standard input cannot be written: without --write its fixed manifests go to standard output")
	case o.output == "kustomize" && stdin:
		return usagef("-o kustomize names the files that it patches, and standard input is none")
	case stdin && len(o.input.paths) > 1 && !o.diff && !o.outputSet():
		return usagef("standard input (-) stands alone: its fixed manifests go to standard output")
	}
	return nil
}

// policy is what is fixed toward.
func (o *fixOptions) policy() pss.LevelVersion {
	return pss.LevelVersion{Level: cmp.Or(o.level.value, pss.Restricted), Version: cmp.Or(o.version.value, pss.Latest)}
}

// filter reports whether standard input goes to standard output.
func (o *fixOptions) filter() bool {
	return slices.Contains(o.input.paths, workload.Stdin) && !o.diff && !o.outputSet()
}

func (o *fixOptions) run() error {
	out := bufio.NewWriterSize(o.system.Stdout, 64<<10)
	f := fixing{fixOptions: o, input: newInput(&o.input), out: out}
	style, to := o.system.style(), out
	if o.filter() {
		to = bufio.NewWriter(o.system.Stderr)
		style = report.Style{Colour: o.system.ErrTerminal && o.system.colours(), Width: o.system.ErrWidth}
	}
	f.input.console.noteVersions(o.version.value)
	f.diffed = newDiffPlace()
	f.style = style
	var ok bool
	if f.writer, ok = report.NewFix(o.output, o.policy().String(), to, style); !ok {
		return fmt.Errorf("no format %q", o.output)
	}
	if err := f.run(); err != nil {
		return err
	}
	if !o.diff {
		if err := f.writer.Close(f.summary); err != nil {
			return fmt.Errorf("writing the report: %w", err)
		}
	}
	for _, w := range []*bufio.Writer{out, to} {
		if err := w.Flush(); err != nil {
			return fmt.Errorf("writing the report: %w", err)
		}
	}
	f.input.console.line(f.endLine())
	if note := f.diffed.note(); note != "" {
		f.input.console.line(note)
	}
	return f.outcome()
}
