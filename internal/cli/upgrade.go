package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/internal/upgrade"
	"github.com/gabion-security/gabion/pss"
)

type upgradeOptions struct {
	system    *System
	source    sourceOptions
	documents documentOptions
	from, to  parsed[pss.Version]
	gate      bool
	config    string
	changes   bool
	exitCode  bool
	output    string
}

// newUpgrade returns `gabion upgrade`.
func newUpgrade(s *System) *cobra.Command {
	o := upgradeOptions{
		system: s, source: sourceOptions{input: inputOptions{system: s}}, from: kubernetesFlag(), to: kubernetesFlag(),
		documents: documentOptions{system: s},
	}
	cmd := &cobra.Command{
		Use:   "upgrade [--from=VERSION|FILE] [--to=VERSION] [NAMESPACE]... [PATH]...",
		Short: "Show what a new control plane would say to the pods of a cluster",
		Long: `Show what changes in the verdicts of Pod Security admission when a cluster's
control plane is upgraded: the workloads whose pods would be denied and were not,
or would be allowed, by namespace and mode; the policies that mean another version
then, because they are latest; and all changes between the two releases, with the
release that made them. Pods that run go on running; one that would be denied
cannot be made again.

A policy that is pinned to a version does not keep every change away: v1.30 looks
at AppArmor's fields, and v1.33 allows image volumes, at every version of the
policy. From v1.29 to v1.34 the feature gate UserNamespacesPodSecurityStandards,
off by default, exempts pods with hostUsers: false; what would be denied because
v1.35 has no such gate is listed apart, or counted with --user-namespaces-gate.

The exceptions and guards of the cluster or snapshot count, beside those of
--policy-dir and --exceptions: what is excepted before and after changes nothing, and
the floor of a guard with applyToPods is a policy like that of a label.

Arguments with a slash or a dot are paths, others are namespaces; without any it is
about all of a cluster.

Without --from the old release is the API server's own; manifests do not say it.
Without --to the new release is the newest one known. --from takes the file of a
snapshot too, as it does for other commands: what looks like a version is one, and
./v1.33 would be a file. Only what refuses a pod counts for --exit-code: the mode
enforce, not warn and audit.`,
		Example: `  # The cluster of the kubeconfig
  gabion upgrade --to=v1.37

  # A snapshot of one, and manifests
  gabion upgrade --from=cluster.json.gz --to=v1.37
  gabion upgrade --from=v1.33 --to=v1.37 -f deploy/

  # Where gabion serve goes by guards and exceptions of a folder
  gabion upgrade --to=v1.37 --policy-dir=policies/

  # What changes, whatever the cluster
  gabion upgrade --from=v1.29 --changes -o markdown`,
		Args: func(_ *cobra.Command, args []string) error { return o.complete(args) },
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	o.flags(cmd)
	return cmd
}

func (o *upgradeOptions) flags(cmd *cobra.Command) {
	flagGroup(cmd, "Upgrade", func(fs *pflag.FlagSet) {
		// The source has a flag of that name too, which this one takes the place of.
		fs.Var(&fromFlag{release: &o.from, file: &o.source.from}, "from",
			"the release of the API server before, such as v1.33, or the FILE that gabion snapshot has written; give it twice for both")
		fs.Var(&o.to, "to", "the release after; "+pss.NewestVersion().String()+" if not given")
		fs.BoolVar(&o.gate, "user-namespaces-gate", false,
			"the API server runs with the feature gate UserNamespacesPodSecurityStandards on, which releases before v1.35 have")
		fs.StringVar(&o.config, "admission-config", "",
			"the `FILE` with the API server's defaults and exemptions: PodSecurityConfiguration or AdmissionConfiguration")
	})
	flagGroup(cmd, "Policy", o.documents.flags)
	o.source.flags(cmd)
	flagGroup(cmd, "Output", func(fs *pflag.FlagSet) {
		fs.BoolVar(&o.changes, "changes", false, "list only what changes between the releases, and read nothing")
		outputFlag(fs, &o.output, report.UpgradeFormats())
		fs.BoolVar(&o.exitCode, "exit-code", false, "exit with 1 if anything would be newly denied")
	})
	complete(cmd, map[string][]string{"to": versionsSince(upgrade.Oldest()), "output": report.UpgradeFormats()})
}

// fromFlag is a flag that takes the release of an API server or, as it does for
// other commands, the file with a snapshot.
type fromFlag struct {
	release *parsed[pss.Version]
	file    *string
}

// Set takes what looks like a release for one, right or wrong.
func (f *fromFlag) Set(text string) error {
	if text == "latest" || text != "" && strings.Trim(strings.TrimPrefix(text, "v"), "0123456789.") == "" {
		return f.release.Set(text)
	}
	*f.file = text
	return nil
}

// String returns what was given.
func (f *fromFlag) String() string {
	if f.release == nil {
		return ""
	}
	return strings.TrimSpace(f.release.text + " " + *f.file)
}

// Type names the kind of value.
func (f *fromFlag) Type() string { return "VERSION|FILE" }

// complete finds faults of the command line before anything is read.
func (o *upgradeOptions) complete(args []string) error {
	if !o.to.set {
		o.to.value = pss.NewestVersion()
	}
	if err := known(o.to.value); err != nil {
		return usagef("--to: %s", err)
	}
	if o.from.set {
		if err := o.upwards(o.from.value); err != nil {
			return usagef("--from: %s", err)
		}
	}
	if !o.changes {
		o.source.input.extra, o.source.input.labels = o.documents.given(), o.documents.given()
		if err := o.source.complete(args); err != nil {
			return err
		}
		if err := o.documents.stdin(o.source.stdin()); err != nil {
			return err
		}
		if len(o.source.input.paths) > 0 && !o.from.set {
			return usagef("--from=VERSION is missing: manifests do not say which release the API server has")
		}
		return nil
	}
	switch {
	case !o.from.set:
		return usagef("--from=VERSION is missing: name the release of the API server before the upgrade")
	case len(args) > 0 || len(o.source.input.files) > 0 || o.source.from != "" || o.documents.given():
		return usagef("--changes reads nothing: leave out what is to be read")
	case o.exitCode:
		return usagef("--changes finds nothing that --exit-code could tell of: leave one of them out")
	}
	return nil
}

// known refuses a release that nothing is known of.
func known(v pss.Version) error {
	switch {
	case v > pss.NewestVersion():
		return fmt.Errorf("%s is newer than this program, which knows up to %s", v, pss.NewestVersion())
	case v < upgrade.Oldest():
		return fmt.Errorf("%s is too old; API servers are known from %s on", v, upgrade.Oldest())
	}
	return nil
}

// upwards refuses a release that is none to upgrade from.
func (o *upgradeOptions) upwards(v pss.Version) error {
	if err := known(v); err != nil {
		return err
	}
	if v > o.to.value {
		return fmt.Errorf("%s is newer than the release to upgrade to, %s", v, o.to.value)
	}
	return nil
}

func (o *upgradeOptions) run(ctx context.Context) error {
	if o.changes {
		from, to := o.servers(upgrade.Server{})
		list := changesReport(from, to)
		return o.write(func(w io.Writer) error {
			return report.WriteUpgradeChanges(w, o.output, o.system.style(), &list)
		})
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
	own := upgrade.ParseServer(inv.Server.Release, inv.Server.Version)
	switch {
	case o.from.set:
	case own == (upgrade.Server{}):
		return errors.New("the API server's release is not known: name it with --from=VERSION")
	default:
		if err := o.upwards(own.Release); err != nil {
			return fmt.Errorf("the API server: %w", err)
		}
	}
	from, to := o.servers(own)
	options := upgrade.Options{From: from, To: to, Defaults: config.Defaults, Exemptions: config.Exemptions}
	if documents.guarded() {
		options.Floors = documents.forUpgrade
	}
	if excepted != nil {
		options.Exceptions = excepted.forUpgrade
	}
	outcome, err := upgrade.Compute(inv, options)
	if err != nil {
		return err
	}
	r := upgradeReport(outcome, from, to)
	addProblems(&r, inv)
	if err := o.write(func(w io.Writer) error { return report.WriteUpgrade(w, o.output, o.system.style(), &r) }); err != nil {
		return err
	}
	o.notes(&r)
	return o.outcome(&r)
}

// servers are the API server before and after; own is the one that was read, if
// there is one.
func (o *upgradeOptions) servers(own upgrade.Server) (from, to upgrade.Server) {
	from, to = own, upgrade.Server{Release: o.to.value}
	if o.from.set {
		from = upgrade.Server{Release: o.from.value}
	}
	from.UserNamespacesGate, to.UserNamespacesGate = o.gate, o.gate
	return from, to
}

func (o *upgradeOptions) write(report func(io.Writer) error) error {
	out := bufio.NewWriter(o.system.Stdout)
	err := report(out)
	if err == nil {
		err = out.Flush()
	}
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// notes says on standard error what the report leaves open.
func (o *upgradeOptions) notes(r *report.Upgrade) {
	console := newConsole(o.system)
	for _, m := range r.Missing {
		console.line(report.EscapeSentence(missingLine(inventory.Missing(m))))
	}
	for _, n := range r.NotChecked {
		console.line(notCheckedLine(n))
	}
	for _, e := range r.Errors {
		console.line(e.String())
	}
	if n := r.Summary.Unlabelled; n > 0 && o.config == "" {
		console.line(fmt.Sprintf("note: %s no Pod Security labels and %s taken to be privileged; "+
			"if the API server has other defaults, name its configuration with --admission-config",
			counted(n, "namespace has", "namespaces have"), choose(n, "is", "are")))
	}
	if n := r.Summary.Unseen; n > 0 {
		console.line(fmt.Sprintf("note: the labels of %s not known: %s named by objects, but the Namespace itself was not seen",
			counted(n, "namespace are", "namespaces are"), choose(n, "it is", "they are")))
	}
}

// counted is a number with its noun.
func counted(n int, one, many string) string { return fmt.Sprintf("%d %s", n, choose(n, one, many)) }

// choose returns one for a single thing and many for any other number.
func choose(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// outcome says how it went. What weighs most counts.
func (o *upgradeOptions) outcome(r *report.Upgrade) error {
	switch {
	case len(r.Missing) > 0, len(r.Errors) > 0, o.source.unknown > 0, len(r.NotChecked) > 0 && !o.source.input.allowUnchecked:
		return errIncomplete
	case o.exitCode && len(r.NewlyDenied) > 0:
		return errFindings
	}
	return nil
}

// addProblems takes into the report what could not be listed, judged or read.
func addProblems(r *report.Upgrade, inv *inventory.Inventory) {
	for _, m := range inv.Missing {
		r.Missing = append(r.Missing, report.UpgradeMissing(m))
	}
	for i := range inv.NotChecked {
		p := &inv.NotChecked[i]
		r.NotChecked = append(r.NotChecked, report.NotChecked{
			Source: placeOf(p), Object: reportObject(p), Paths: list(p.Paths), Reason: p.Reason,
		})
	}
	for i := range inv.Errors {
		p := &inv.Errors[i]
		message := p.Reason
		if p.Source.File == "" && p.Object.Kind != "" {
			message = reportObject(p).KindName() + ": " + message
		}
		r.Errors = append(r.Errors, report.Error{Source: placeOf(p), Message: message})
	}
}

func placeOf(p *inventory.Problem) report.Source {
	return report.Source{File: p.Source.File, Document: p.Source.Document, Item: p.Source.Item, Line: p.Source.Line}
}

func reportObject(p *inventory.Problem) report.Object {
	return report.Object{APIVersion: p.Object.APIVersion, Kind: p.Object.Kind, Namespace: p.Object.Namespace, Name: p.Object.Name}
}
