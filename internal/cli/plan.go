package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gabion-security/gabion/internal/admission"
	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/internal/plan"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/pss"
)

// gcPercent is how much garbage, in percent of what is in use, a plan waits for.
const gcPercent = 60

type planOptions struct {
	system          *System
	source          sourceOptions
	target          parsed[pss.Level]
	pin             parsed[pss.Version]
	kubernetes      parsed[pss.Version]
	config          string
	documents       documentOptions
	auditLogs       []string
	auditSince      time.Duration
	planSystem      bool
	allowIncomplete bool
	exitCode        bool
	output          string
}

// newPlan returns `gabion plan`.
func newPlan(s *System) *cobra.Command {
	o := planOptions{
		system: s, source: sourceOptions{input: inputOptions{system: s}}, documents: documentOptions{system: s},
		target: levelFlag(), pin: versionFlag(), kubernetes: kubernetesFlag(),
	}
	cmd := &cobra.Command{
		Use:   "plan [NAMESPACE]... [PATH]...",
		Short: "Say which level each namespace can enforce now, and what stands in the way of more",
		Long: `Judge everything that runs in the namespaces of a cluster, and everything that
will: pods, the templates of workloads and CronJobs. Say which level each
namespace can enforce now, and which few workloads stand in the way of the next.

First come the namespaces that need somebody now: those whose next restart would
fail, and those whose labels make no sense. Then, for each, the labels to set
now: the strictest level that everything passes is enforced, pinned to a version,
and the target is announced by warn and audit. Nothing that stands is loosened.
Where not everything could be seen no level is proposed.

The exceptions and guards of the cluster or snapshot count, beside those of
--policy-dir and --exceptions: pods have to meet the floor of a guard with applyToPods
whatever the labels say.

Arguments with a slash or a dot are paths, others are namespaces.

The namespaces of the system are listed apart; --system plans for them too. A
namespace with the label gabion.io/manage=false is left alone and listed. What
the API server takes for unlabelled namespaces cannot be asked for: without
--admission-config it is assumed to be privileged.

  -o kubectl                 the commands that set the labels
  -o kustomize               one kustomization.yaml, with a patch for each Namespace;
                             its resources have to hold the Namespaces
  -o admissionconfiguration  the API server's file with defaults and exemptions
  -o json                    what 'gabion label --plan' reads`,
		Example: `  # The cluster that kubectl talks to, or what was kept of one
  gabion plan
  gabion plan --from=cluster.json.gz

  # Two namespaces, only to baseline, as commands
  gabion plan shop blog --target=baseline -o kubectl

  # For a cluster where gabion serve enforces, with the exceptions it is given
  gabion plan --exceptions=examples/exceptions/service-mesh/exception.yaml

  # With the guards, profiles and exceptions that gabion serve is given
  gabion plan --policy-dir=policies/

  # With what the API server saw last week, and the defaults it was given
  gabion plan --admission-config=psa.yaml \
    --audit-log=audit.log,audit-2026-11-20.log.gz --audit-since=168h`,
		Args: func(_ *cobra.Command, args []string) error { return o.complete(args) },
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	o.flags(cmd)
	return cmd
}

func (o *planOptions) flags(cmd *cobra.Command) {
	flagGroup(cmd, "Policy", func(fs *pflag.FlagSet) {
		fs.Var(&o.target, "target", "the level that namespaces are brought to; restricted if not given")
		fs.Var(&o.pin, "pin", "the version that enforced levels get; the server's minor if not given, latest to pin nothing")
		fs.Var(&o.kubernetes, "kubernetes-version", "the Kubernetes version whose API server judges, such as v1.33: what latest means")
		fs.StringVar(&o.config, "admission-config", "", "the `FILE` with the API server's defaults and exemptions: PodSecurityConfiguration or AdmissionConfiguration")
		o.documents.flags(fs)
	})
	o.source.flags(cmd)
	flagGroup(cmd, "Audit log", func(fs *pflag.FlagSet) {
		fs.StringSliceVar(&o.auditLogs, "audit-log", nil, "`FILES` of the API server's audit log, JSON lines, gzip or not; may be repeated")
		fs.DurationVar(&o.auditSince, "audit-since", 0, "leave out what the audit log shows of earlier than this `DURATION` ago, such as 168h")
	})
	flagGroup(cmd, "Scope", func(fs *pflag.FlagSet) {
		fs.BoolVar(&o.planSystem, "system", false, "propose labels for the namespaces of the system too")
		fs.BoolVar(&o.allowIncomplete, "allow-incomplete", false, "propose levels even where not everything could be seen")
	})
	flagGroup(cmd, "Output", func(fs *pflag.FlagSet) {
		outputFlag(fs, &o.output, report.PlanFormats())
		fs.BoolVar(&o.exitCode, "exit-code", false, "exit with 1 if there is anything to do")
	})
	complete(cmd, map[string][]string{"target": levelNames(), "output": report.PlanFormats()})
}

// complete finds faults of the command line before anything is read.
func (o *planOptions) complete(args []string) error {
	o.source.input.extra, o.source.input.labels = o.documents.given(), o.documents.given()
	if err := o.source.complete(args); err != nil {
		return err
	}
	if err := o.documents.stdin(o.source.stdin()); err != nil {
		return err
	}
	switch {
	case o.output == "admissionconfiguration" && o.source.narrow():
		return usagef("-o admissionconfiguration is about the whole cluster: leave out namespaces and --selector")
	case o.auditSince < 0:
		return usagef("--audit-since is negative")
	case o.auditSince > 0 && len(o.auditLogs) == 0:
		return usagef("--audit-since is of no use without --audit-log")
	}
	return nil
}

func (o *planOptions) run(ctx context.Context) error {
	if o.system.Getenv("GOGC") == "" {
		// What is read stays, so that to wait until there is as much garbage takes
		// twice the memory of a large cluster.
		defer debug.SetGCPercent(debug.SetGCPercent(gcPercent))
	}
	config, err := o.system.admissionConfig(o.config)
	if err != nil {
		return fmt.Errorf("--admission-config: %w", err)
	}
	documents, err := o.documents.read()
	if err != nil {
		return err
	}
	inv, err := o.source.load(ctx)
	if err != nil {
		return err
	}
	documents.with(inv, newConsole(o.system))
	excepted, err := o.source.counting(ctx, documents.excepting())
	if err != nil {
		return err
	}
	options, err := o.options(inv, &config)
	if err != nil {
		return err
	}
	if excepted != nil {
		options.Exceptions = excepted.forPlan
	}
	if documents.guarded() {
		options.Floors, options.Profiles = documents.forPlan, documents.profilesForPlan(options.Evaluator)
	}
	made, err := plan.Make(inv, options)
	if err != nil {
		return err
	}
	r := planReport(made, &options)
	if err := excepted.addTo(&r, inv, &options); err != nil {
		return err
	}
	r.Cluster, r.Server, r.Exemptions = report.Cluster(inv.Cluster), inv.Server.Release, exemptionsOf(&config)
	configuration := plan.Configuration{Defaults: config.Defaults}
	if !o.source.narrow() {
		configuration = made.Configuration(&options)
	}
	r.Proposed = proposedOf(configuration, r.Exemptions)
	out := bufio.NewWriterSize(o.system.Stdout, 64<<10)
	if err = report.WritePlan(out, o.output, o.system.style(), &r); err == nil {
		err = out.Flush()
	}
	if err != nil {
		return fmt.Errorf("writing the plan: %w", err)
	}
	o.notes(&r, inv)
	return o.outcome(&r)
}

// options are the plan's, for what was loaded.
func (o *planOptions) options(inv *inventory.Inventory, config *admission.Config) (plan.Options, error) {
	console := newConsole(o.system)
	kubernetes := inv.Server.Version
	if o.kubernetes.set {
		kubernetes = o.kubernetes.value
	}
	console.noteVersions(kubernetes)
	options := plan.Options{
		Evaluator: pss.Evaluator{Kubernetes: kubernetes}, Target: pss.Restricted,
		Defaults: config.Defaults, Assumed: o.config == "",
		ExemptNamespace: config.Exemptions.Namespace, ExemptRuntimeClass: config.Exemptions.RuntimeClass,
		System:          o.planSystem,
		AllowIncomplete: o.allowIncomplete, AllowUnchecked: o.source.input.allowUnchecked,
	}
	latest := options.Evaluator.Resolve(pss.Latest)
	options.Pin = latest
	if o.target.set {
		options.Target = o.target.value
	}
	if o.pin.set {
		options.Pin = o.pin.value
	}
	if options.Pin > latest && options.Pin != pss.Latest {
		return options, usagef("--pin=%s is newer than the API server, %s: the labels would change their meaning with it", options.Pin, latest)
	}
	if len(o.auditLogs) > 0 {
		var err error
		if options.Observed, err = o.readAuditLogs(); err != nil {
			return options, err
		}
	}
	return options, nil
}

// readAuditLogs reads the logs one after the other.
func (o *planOptions) readAuditLogs() (*plan.AuditLog, error) {
	log := &plan.AuditLog{}
	if o.auditSince > 0 {
		log.Since = o.system.Now().Add(-o.auditSince)
	}
	console := newConsole(o.system)
	console.begin(o.auditLogs)
	defer console.clear()
	for _, path := range o.auditLogs {
		before := *log
		if err := readAuditLog(log, path, console); err != nil {
			return nil, fmt.Errorf("reading the audit log %s: %w", path, err)
		}
		switch {
		case log.Events > before.Events:
		case log.Malformed > before.Malformed:
			return nil, fmt.Errorf("reading the audit log %s: no line of it is an audit event, which are JSON of kind Event in audit.k8s.io/v1", path)
		default:
			console.line("note: the audit log " + report.Escape(path) + " is empty")
		}
	}
	if log.Malformed > 0 {
		console.line(fmt.Sprintf("note: %d of %d lines of the audit log are no audit events and were passed over", log.Malformed, log.Malformed+log.Events))
	}
	return log, nil
}

func readAuditLog(log *plan.AuditLog, path string, console *console) error {
	f, err := os.Open(path)
	if err != nil {
		var fault *os.PathError
		if errors.As(err, &fault) {
			err = fault.Err
		}
		return err
	}
	defer func() { _ = f.Close() }() // it was only read
	if console.bar == nil {
		return log.Read(f)
	}
	return log.Read(console.watch(f))
}

// outcome says how the planning went. What weighs most counts.
func (o *planOptions) outcome(r *report.Plan) error {
	switch {
	case !r.Complete(), o.source.unknown > 0:
		return errIncomplete
	case o.exitCode && r.Summary.Label+r.Summary.Fix+r.Summary.AtRisk > 0:
		return errFindings
	}
	return nil
}
