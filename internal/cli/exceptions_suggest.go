package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/exception"
	"github.com/gabion-security/gabion/internal/profile"
	"github.com/gabion-security/gabion/internal/report"
)

type exceptionsSuggestOptions struct {
	system                      *System
	source                      judgedSource
	reason, owner, ticket, name string
	expiresIn                   parsed[time.Duration]
	documents                   documentOptions
	output                      string
}

// newExceptionsSuggest returns `gabion exceptions suggest`.
func newExceptionsSuggest(s *System) *cobra.Command {
	o := exceptionsSuggestOptions{system: s, source: newJudgedSource(s), documents: documentOptions{system: s}, expiresIn: parsed[time.Duration]{parse: parseDays, name: "TIME"}}
	_ = o.expiresIn.Set("90d")
	cmd := &cobra.Command{
		Use:   "suggest [NAMESPACE]... [PATH]... --reason=TEXT",
		Short: "Write the narrowest exceptions for what pods violate",
		Long: `Write the narrowest PodSecurityExceptions by which the pods in files, a snapshot
or a live cluster pass: for their namespaces, service accounts and labels, for the
containers and images that violate, for the controls and values that they violate,
and nothing else. What a pod as a whole violates has an exception of its own, and
what is equal in several workloads of a namespace has one.

Look at every one before you keep it: it is written from what the pods do today, not
from what they need. 'gabion check' says how to make them pass without.

Pods and workloads are judged by the labels of their namespaces, as 'gabion check' and
a cluster do, or by --level or --profile. Labels that change from one release to the
next, such as helm.sh/chart, are left out. Arguments with a slash or a dot are paths,
others are namespaces. Nothing is written for what the exceptions of the cluster or
snapshot cover, or those of --exceptions.`,
		Example: `  gabion exceptions suggest deploy/ --level=baseline --reason="moved to the CSI driver in March" --owner=team-a
  gabion exceptions suggest shop --from=cluster.json.gz --reason="see ticket" --ticket=SEC-42 > exceptions/shop.yaml
  gabion check deploy/ --level=baseline --exceptions=exceptions/`,
		Args: func(_ *cobra.Command, args []string) error { return o.complete(args) },
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	flagGroup(cmd, "Exceptions", func(fs *pflag.FlagSet) {
		fs.StringVar(&o.reason, "reason", "", "the `TEXT` that says why the exceptions are there; it has to be given")
		fs.StringVar(&o.owner, "owner", "", "the `NAME` of who answers for them")
		fs.StringVar(&o.ticket, "ticket", "", "the `NAME` of where they were agreed to")
		fs.Var(&o.expiresIn, "expires-in", "when they end: 90d, 12h, or never")
		fs.StringVar(&o.name, "name", "", "the `PREFIX` of their names")
		exceptionsFlag(fs, &o.documents.exceptions)
		fs.Lookup("exceptions").Usage = "`FILES` or directories with exceptions that there are: nothing is written for what they cover; may be repeated"
	})
	flagGroup(cmd, "Policy", o.source.policyFlags)
	o.source.flags(cmd)
	flagGroup(cmd, "Output", func(fs *pflag.FlagSet) {
		outputFlag(fs, &o.output, report.SuggestedExceptionFormats())
	})
	complete(cmd, map[string][]string{"level": levelNames(), "output": report.SuggestedExceptionFormats()})
	return cmd
}

// parseDays reads a time in days or hours; never is 0.
func parseDays(text string) (time.Duration, error) {
	for unit, hours := range map[string]int{"d": 24, "h": 1} {
		number, ok := strings.CutSuffix(text, unit)
		if n, err := strconv.ParseUint(number, 10, 16); ok && err == nil && n > 0 {
			return time.Duration(n) * time.Duration(hours) * time.Hour, nil //nolint:gosec // it is small
		}
	}
	if text == "never" {
		return 0, nil
	}
	return 0, errors.New("must be a number of days or hours, such as 90d or 12h, or never")
}

// complete finds faults of the command line before anything is read.
func (o *exceptionsSuggestOptions) complete(args []string) error {
	if err := o.source.complete(args); err != nil {
		return err
	}
	if strings.TrimSpace(o.reason) == "" {
		return usagef("--reason is missing: say why the exceptions are there")
	}
	if err := o.documents.stdin(o.source.stdin()); err != nil {
		return err
	}
	return o.source.check()
}

func (o *exceptionsSuggestOptions) run(ctx context.Context) error {
	standing, err := o.documents.read()
	if err != nil {
		return err
	}
	f, inv, err := o.source.find(ctx)
	if err != nil {
		return err
	}
	standing.with(exceptionsIn(inv), newConsole(o.system))
	var failing []exception.Failing
	err = f.each(inv, func(f *violating) {
		match := standing.Exceptions.For(f.Pod, f.mode, standing.now)
		left := f.Failing
		left.Findings = slices.DeleteFunc(slices.Clone(f.Findings), func(each exception.Finding) bool { return match.Covering(&each) != nil })
		if f.mode == v1alpha1.Enforce && len(left.Findings) > 0 {
			failing = append(failing, left)
		}
	})
	if err != nil {
		return err
	}
	s, err := exception.Suggest(failing, o.name, profile.IDs())
	if err != nil {
		return err
	}
	out := bufio.NewWriter(o.system.Stdout)
	if err = report.WriteSuggestedExceptions(out, o.output, o.report(&s)); err == nil {
		err = out.Flush()
	}
	if err != nil {
		return fmt.Errorf("writing the exceptions: %w", err)
	}
	console := newConsole(o.system)
	for i := range s.Left {
		for j := range s.Left[i].Findings {
			f := &s.Left[i].Findings[j]
			console.line(report.EscapeSentence(fmt.Sprintf("%s: no exception can cover %s at %s", s.Left[i].By, f.Control, f.Path)))
		}
	}
	incomplete := o.source.incomplete(inv)
	if len(failing) == 0 && !incomplete { // else nobody knows
		console.line("nothing is violated: no exception is needed")
	}
	if incomplete || len(s.Left) > 0 {
		return errIncomplete
	}
	return nil
}

// report makes documents of what is suggested.
func (o *exceptionsSuggestOptions) report(s *exception.Suggestion) *report.SuggestedExceptions {
	to := &report.SuggestedExceptions{APIVersion: "v1", Kind: "List", Items: []report.SuggestedException{}}
	for i := range s.Exceptions {
		e := &s.Exceptions[i]
		spec := e.Spec
		spec.Reason, spec.Owner, spec.Ticket = o.reason, o.owner, o.ticket
		if in := o.expiresIn.value; in > 0 {
			spec.ExpiresAt = &metav1.Time{Time: o.system.Now().UTC().Add(in).Truncate(time.Second)}
		}
		to.Items = append(to.Items, report.SuggestedException{
			APIVersion: e.APIVersion, Kind: e.Kind, Metadata: report.SuggestedMetadata{Name: e.Name}, Spec: spec, For: e.For,
		})
	}
	return to
}
