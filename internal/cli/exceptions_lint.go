package cli

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gabion-security/gabion/internal/cluster"
	"github.com/gabion-security/gabion/internal/exception"
	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/internal/policy"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

type exceptionsLintOptions struct {
	system *System
	source judgedSource
	paths  []string
	live   bool
	strict bool
	output string
}

// newExceptionsLint returns `gabion exceptions lint`.
func newExceptionsLint(s *System) *cobra.Command {
	o := exceptionsLintOptions{system: s, source: newJudgedSource(s)}
	cmd := &cobra.Command{
		Use:   "lint [PATH|-]...",
		Short: "Find exceptions that are expired, unused, too broad or of no effect",
		Long: `Find what is wrong with the PodSecurityExceptions in files and directories, or
without any, of a snapshot (--from) or the live cluster: those that are expired or
soon will be, that nobody answers for, that never cover anything, that another one
makes superfluous, and those that nothing protects.

Held against manifests (-f), a snapshot (--from) or a cluster (--live), also those
that nothing there uses, and what of them is broader than what uses it. Pods and
workloads are judged by the labels of their namespaces, as 'gabion check' and a
cluster do, or by --level or --profile.

Exit codes: 0 no errors, 1 errors (with --strict also warnings), 2 wrong usage,
3 something could not be read or judged. If several apply, the highest.`,
		Example: `  # The files by themselves
  gabion exceptions lint exceptions/

  # Against what they are for
  gabion exceptions lint exceptions/ -f deploy/ --level=baseline
  gabion exceptions lint exceptions/ --from=cluster.json.gz
  gabion exceptions lint exceptions/ --live --strict -o json

  # Those of a cluster, by themselves and against what is in it
  gabion exceptions lint
  gabion exceptions lint --live`,
		Args: func(_ *cobra.Command, args []string) error { return o.complete(args) },
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	o.source.input.flags(cmd)
	cmd.Flags().Lookup("filename").Usage = "`PATHS` of manifests that the exceptions are held against, - for standard input; may be repeated"
	o.source.fromFlag(cmd)
	flagGroup(cmd, "Input", func(fs *pflag.FlagSet) {
		fs.BoolVar(&o.live, "live", false, "hold the exceptions against the live cluster")
		exceptionsFlag(fs, &o.paths)
		fs.Lookup("exceptions").Usage = "more `FILES` or directories with exceptions, as 'gabion check' takes them; may be repeated"
	})
	flagGroup(cmd, "Policy", o.source.policyFlags)
	o.source.connectionFlags(cmd)
	cmd.ValidArgsFunction = nil // they are files
	flagGroup(cmd, "Output", func(fs *pflag.FlagSet) {
		outputFlag(fs, &o.output, report.ExceptionLintFormats())
		fs.BoolVar(&o.strict, "strict", false, "exit with 1 for warnings, too")
	})
	complete(cmd, map[string][]string{"level": levelNames(), "output": report.ExceptionLintFormats()})
	return cmd
}

// complete finds faults of the command line before anything is read.
func (o *exceptionsLintOptions) complete(args []string) error {
	o.paths = append(o.paths, args...)
	if err := o.source.complete(nil); err != nil {
		return err
	}
	switch {
	case len(o.paths) == 0 && len(o.source.input.paths) > 0:
		return usagef("nothing to check: name files or directories with PodSecurityExceptions that the manifests are held against")
	case slices.Contains(o.paths, workload.Stdin) && (slices.Contains(o.source.input.paths, workload.Stdin) || o.source.from == workload.Stdin):
		return usagef("standard input (-) can be read only once")
	case o.live && !o.source.live():
		return usagef("--live and files cannot be read at once")
	case !o.held() && o.source.judged():
		return usagef("there are no pods to judge: name them by -f, --from or --live")
	case o.source.namespace.Changed && len(o.source.input.paths) == 0:
		return usagef("--namespace is for files: exceptions are held against a whole cluster")
	}
	return o.source.check()
}

// held reports whether the exceptions are held against something.
func (o *exceptionsLintOptions) held() bool { return o.live || !o.source.live() }

// read reads the exceptions, and what they are held against, if they are: nil if not.
func (o *exceptionsLintOptions) read(ctx context.Context) (all []policy.Placed, set *exception.Set, f *finder, inv *inventory.Inventory, err error) {
	if len(o.paths) > 0 {
		if all, set, err = exceptionsOf(o.paths, o.system.Stdin); err != nil {
			return nil, nil, nil, nil, err
		}
	}
	switch {
	case o.held():
		if f, inv, err = o.source.find(ctx); err == nil && len(o.paths) == 0 {
			all, set, err = exceptionsOfCluster(inv)
		}
	case len(o.paths) == 0:
		config, fault := o.source.connection.config()
		if err = fault; err == nil {
			all, set, err = liveExceptions(ctx, config)
		}
	}
	return all, set, f, inv, err
}

func (o *exceptionsLintOptions) run(ctx context.Context) error {
	all, set, f, inv, err := o.read(ctx)
	if err != nil {
		return err
	}
	now := o.system.Now()
	problems := exception.Lint(set.All(), now)
	r := report.ExceptionLint{APIVersion: report.APIVersion, Kind: "ExceptionLintReport", Problems: []report.ExceptionProblem{}}
	incomplete := false
	if o.held() {
		r.HeldAgainst = o.source.where()
		usage := exception.NewUsage(set, o.source.profile != "", now)
		if err := f.each(inv, func(f *violating) { usage.Add(f.Pod, f.mode, f.Findings) }); err != nil {
			return err
		}
		if incomplete = o.source.incomplete(inv); incomplete {
			newConsole(o.system).line("note: not everything could be judged, so nothing is said of exceptions that are not used")
		} else {
			problems = append(problems, usage.Problems()...)
		}
		forbidden, err := o.forbidden(ctx, set, inv)
		if err != nil {
			return err
		}
		problems = append(problems, forbidden...)
	}
	o.report(&r, all, problems)
	out := bufio.NewWriter(o.system.Stdout)
	if err = report.WriteExceptionLint(out, o.output, o.system.style(), &r); err == nil {
		err = out.Flush()
	}
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	newConsole(o.system).line(r.Summary.Line())
	switch {
	case incomplete:
		return errIncomplete
	case r.Summary.Errors > 0, o.strict && r.Summary.Warnings > 0:
		return errFindings
	}
	return nil
}

// forbidden finds the exceptions that the API server's own plugin does not know, if
// it is on in the live cluster.
func (o *exceptionsLintOptions) forbidden(ctx context.Context, set *exception.Set, inv *inventory.Inventory) ([]exception.Problem, error) {
	if !o.live {
		return nil, nil
	}
	config, err := o.source.connection.config()
	if err != nil {
		return nil, err
	}
	plugin, err := pluginOf(ctx, config)
	if err != nil || plugin != cluster.PluginOn {
		if err == nil && plugin == cluster.PluginUnknown {
			newConsole(o.system).line(pluginUnknown)
		}
		return nil, err
	}
	defaults, err := o.system.admissionConfig(o.source.config)
	if err != nil {
		return nil, fmt.Errorf("--admission-config: %w", err)
	}
	var enforced []exception.Enforced
	for i := range inv.Namespaces {
		ns := &inv.Namespaces[i]
		policy, _ := pss.PolicyFromLabels(ns.Labels, defaults.Defaults)
		enforced = append(enforced, exception.Enforced{Name: ns.Name, Labels: labelsOf(ns), Policy: policy.Enforce})
	}
	return exception.LintPlugin(set.All(), enforced), nil
}

// report maps the problems: the heaviest first, then by where they are.
func (o *exceptionsLintOptions) report(r *report.ExceptionLint, all []policy.Placed, problems []exception.Problem) {
	order := map[exception.Severity]int{exception.Error: 0, exception.Warning: 1, exception.Info: 2}
	place := map[*exception.Exception]int{}
	for i := range all {
		place[all[i].Exception] = i
	}
	slices.SortStableFunc(problems, func(a, b exception.Problem) int {
		return cmp.Or(cmp.Compare(order[a.Severity], order[b.Severity]), cmp.Compare(place[a.Exception], place[b.Exception]))
	})
	r.Summary.Exceptions = len(all)
	for _, p := range problems {
		at := &all[place[p.Exception]]
		r.Problems = append(r.Problems, report.ExceptionProblem{
			Severity: string(p.Severity), Rule: p.ID, Exception: p.Exception.Name, File: at.File, Line: at.Line,
			Path: p.Path, Message: p.Message, Fix: p.Fix,
		})
		r.Summary.Add(string(p.Severity))
	}
}
