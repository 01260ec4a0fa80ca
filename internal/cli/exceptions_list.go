package cli

import (
	"bufio"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/admission"
	"github.com/gabion-security/gabion/internal/policy"
	"github.com/gabion-security/gabion/internal/report"
)

type exceptionsListOptions struct {
	system     *System
	connection connectionOptions
	paths      []string
	config     string
	output     string
}

// newExceptionsList returns `gabion exceptions list`.
func newExceptionsList(s *System) *cobra.Command {
	o := exceptionsListOptions{system: s, connection: connectionOptions{system: s}}
	cmd := &cobra.Command{
		Use:   "list [PATH|-]...",
		Short: "List exceptions, and what the API server exempts",
		Long: `List the PodSecurityExceptions of the live cluster, or those in files and
directories: for which pods and containers they are, from which controls, how long,
whose and why. What an API server's configuration exempts, which is everything,
stands in the same list; with --admission-config and nothing else, alone.`,
		Example: `  # Those of a cluster
  gabion exceptions list
  gabion exceptions list --context=production -o json

  # Those in files, and what the API server exempts
  gabion exceptions list exceptions/ --admission-config psa.yaml -o wide`,
		Args: func(_ *cobra.Command, args []string) error { return o.complete(args) },
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	flagGroup(cmd, "Input", func(fs *pflag.FlagSet) {
		exceptionsFlag(fs, &o.paths)
		fs.Lookup("exceptions").Usage = "more `FILES` or directories, as 'gabion check' takes them; may be repeated"
		exemptionsFlag(fs, &o.config)
	})
	o.connection.flags(cmd)
	flagGroup(cmd, "Output", func(fs *pflag.FlagSet) {
		outputFlag(fs, &o.output, report.ExceptionListFormats())
	})
	complete(cmd, map[string][]string{"output": report.ExceptionListFormats()})
	return cmd
}

// exemptionsFlag defines --admission-config.
func exemptionsFlag(fs *pflag.FlagSet, to *string) {
	fs.StringVar(to, "admission-config", "",
		"the `FILE` with the API server's defaults and exemptions: PodSecurityConfiguration or AdmissionConfiguration")
}

// complete finds faults of the command line before anything is read.
func (o *exceptionsListOptions) complete(args []string) error {
	o.paths = append(o.paths, args...)
	return (&documentOptions{exceptions: o.paths}).stdin(false)
}

// read reads the exceptions, of files or else of the live cluster.
func (o *exceptionsListOptions) read(ctx context.Context) ([]policy.Placed, error) {
	if len(o.paths) > 0 || o.config != "" {
		all, _, err := exceptionsOf(o.paths, o.system.Stdin)
		return all, err
	}
	config, err := o.connection.config()
	if err != nil {
		return nil, err
	}
	all, _, err := liveExceptions(ctx, config)
	return all, err
}

func (o *exceptionsListOptions) run(ctx context.Context) error {
	all, err := o.read(ctx)
	if err != nil {
		return err
	}
	config, err := o.system.admissionConfig(o.config)
	if err != nil {
		return fmt.Errorf("--admission-config: %w", err)
	}
	l := report.ExceptionList{APIVersion: report.APIVersion, Kind: "ExceptionList", Items: []report.ListException{}}
	for i := range all {
		l.Items = append(l.Items, exceptionRow(&all[i], o.system.Now()))
	}
	l.Items = append(l.Items, exemptionRows(config.Exemptions, o.config)...)
	out := bufio.NewWriter(o.system.Stdout)
	if err = report.WriteExceptionList(out, o.output, o.system.style(), &l); err == nil {
		err = out.Flush()
	}
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	if len(l.Items) == 0 {
		newConsole(o.system).line("nothing is exempt")
	}
	return nil
}

// exceptionRow maps an exception.
func exceptionRow(e *policy.Placed, now time.Time) report.ListException {
	spec := &e.Spec
	row := report.ListException{
		Type: report.TypeException, Name: e.Name, File: e.File, Line: e.Line, Namespaces: namespacesInWords(&spec.Namespaces),
		NarrowedBy: narrowing(spec), Controls: []report.ListControl{}, Modes: texts(spec.Modes),
		Reason: spec.Reason, Owner: spec.Owner, Ticket: spec.Ticket, Expired: e.Expired(now),
	}
	for _, c := range spec.Controls {
		row.Controls = append(row.Controls, report.ListControl{ID: c.ID, Values: list(c.Values), Missing: c.Missing})
	}
	if at, ok := e.Expires(); ok {
		const day = 24 * time.Hour
		row.ExpiresAt = at.UTC().Format(time.RFC3339)
		if !row.Expired {
			row.DaysLeft = int((at.Sub(now) + day - 1) / day)
		}
	}
	return row
}

// exemptionRows maps what an API server exempts.
func exemptionRows(e admission.Exemptions, file string) []report.ListException {
	rows := []report.ListException{}
	add := func(name, namespaces string, narrowedBy ...string) {
		rows = append(rows, report.ListException{
			Type: report.TypeExemption, Name: name, File: file, Namespaces: namespaces, NarrowedBy: list(narrowedBy),
			Controls: []report.ListControl{}, Modes: []string{}, Reason: "the API server's configuration",
		})
	}
	usernames, namespaces, runtimeClasses := e.Names()
	for _, name := range namespaces {
		add(name, name)
	}
	for _, name := range runtimeClasses {
		add(name, "all", "runtime class "+name)
	}
	for _, name := range usernames {
		add(name, "all", "requests of the user "+name)
	}
	return rows
}

// namespacesInWords says which namespaces are meant.
func namespacesInWords(n *v1alpha1.Namespaces) string {
	var parts []string
	if n.All {
		parts = append(parts, "all")
	}
	if n.Names != nil {
		parts = append(parts, strings.Join(n.Names, ", "))
	}
	if n.Selector != nil {
		parts = append(parts, "labels "+selectorText(n.Selector))
	}
	if n.Except != nil {
		parts = append(parts, "not "+strings.Join(n.Except, ", "))
	}
	return strings.Join(parts, "; ")
}

// narrowing says what narrows an exception to some pods and containers.
func narrowing(spec *v1alpha1.PodSecurityExceptionSpec) []string {
	found := []string{}
	add := func(noun string, names []string) {
		if len(names) > 0 {
			found = append(found, noun+" "+strings.Join(names, ", "))
		}
	}
	if p := spec.Pods; p != nil {
		if p.Selector != nil {
			add("labels", []string{selectorText(p.Selector)})
		}
		add("service account", p.ServiceAccounts)
		add("runtime class", p.RuntimeClasses)
	}
	if c := spec.Containers; c != nil {
		add("container", c.Names)
		add("kind", texts(c.Kinds))
		add("image", c.Images)
	}
	return found
}

// selectorText is a selector as kubectl takes it.
func selectorText(s *metav1.LabelSelector) string {
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(s.MatchLabels)) {
		parts = append(parts, key+"="+s.MatchLabels[key])
	}
	if len(s.MatchExpressions) > 0 {
		parts = append(parts, metav1.FormatLabelSelector(&metav1.LabelSelector{MatchExpressions: s.MatchExpressions}))
	}
	return strings.Join(parts, ",")
}

// texts are words as texts.
func texts[T ~string](words []T) []string {
	all := make([]string, len(words))
	for i, w := range words {
		all[i] = string(w)
	}
	return all
}
