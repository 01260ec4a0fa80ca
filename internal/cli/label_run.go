package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/rest"

	"github.com/gabion-security/gabion/internal/admission"
	"github.com/gabion-security/gabion/internal/cluster"
	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/internal/label"
	"github.com/gabion-security/gabion/internal/report"
)

// labelWithin is how long the API server may take for one namespace.
const labelWithin = time.Minute

// labeling is one run of `gabion label`.
type labeling struct {
	*labelOptions

	config  *rest.Config
	labeler *cluster.Labeler
	planner label.Planner
	steps   []step
	report  report.Label
	// declined says that the answer was no, and unheard is why nobody hears any
	// more what is done.
	declined bool
	unheard  error
}

// step is what is done to one namespace; its row in the report has the same
// place.
type step struct {
	found

	change label.Change
	// ready says that it is to be done.
	ready bool
}

func (o *labelOptions) run(ctx context.Context) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	l := labeling{labelOptions: o, report: report.Label{
		APIVersion: report.APIVersion, Kind: "LabelReport", DryRun: o.dryRun, Namespaces: []report.LabelNamespace{},
	}}
	if err := l.read(ctx); err != nil {
		if ctx.Err() != nil {
			return errors.New("interrupted; nothing was changed")
		}
		return err
	}
	if err := l.show(); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	if err := l.execute(ctx); err != nil {
		return err
	}
	return l.close()
}

// read finds the namespaces and works out what is to be done to each.
func (l *labeling) read(ctx context.Context) error {
	targets, many, err := l.targets()
	if err != nil {
		return err
	}
	exemptions, err := admission.LoadConfig(l.admissionConfig, os.ReadFile)
	if err != nil {
		return fmt.Errorf("--admission-config: %w", err)
	}
	l.planner = label.Planner{Defaults: exemptions.Defaults, Exemptions: exemptions.Exemptions, AllowUnchecked: l.input.allowUnchecked}
	if l.config, err = l.connection.config(); err != nil {
		return err
	}
	if l.labeler, err = cluster.NewLabeler(l.config); err != nil {
		return err
	}
	all, err := l.find(ctx, l.labeler, targets, many)
	if err != nil {
		return err
	}
	for _, f := range all {
		s, row := l.plan(f)
		l.steps = append(l.steps, s)
		l.report.Namespaces = append(l.report.Namespaces, row)
	}
	return l.judge(ctx)
}

// plan works out what is to be done to a namespace, as far as that can be said
// without looking into it.
func (l *labeling) plan(f found) (step, report.LabelNamespace) {
	s := step{found: f}
	row := emptyLabelRow(f.name)
	skip := func(reason string) (step, report.LabelNamespace) {
		row.Outcome, row.Reason = report.OutcomeSkipped, reason
		return s, row
	}
	switch {
	case slices.Contains(l.skip, f.name):
		s.named = false // and not missed
		return skip("as --skip says")
	case f.err != nil && f.undo != nil && apierrors.IsNotFound(f.err):
		return skip("it is gone")
	case f.err != nil:
		row.Outcome, row.Reason = report.OutcomeFailed, f.err.Error()
		return s, row
	case inventory.OptedOut(f.namespace.Labels):
		return skip("its label " + inventory.ManageLabel + ` is "false"`)
	case !f.named && inventory.System(f.name):
		return skip("it is one of the system's; name it to label it")
	}
	if f.undo == nil {
		s.change = l.planner.Plan(f.namespace, f.want)
	} else {
		var err error
		if s.change, err = l.planner.PlanUndo(f.namespace, f.undo, l.force); err != nil {
			return skip(err.Error())
		}
	}
	fillLabelRow(&row, &s.change)
	switch c := &s.change; {
	case len(c.Denied) > 0:
		row.Outcome, row.Reason = report.OutcomeFailed, "the API server would not take it: "+c.Denied.Error()
	case len(c.Kept) > 0:
		row.Outcome, row.Reason = report.OutcomeKept, "what has changed since is kept; --force restores it"
		s.ready = c.Changes()
	case !c.Changes():
		row.Outcome = report.OutcomeUnchanged
	case len(c.Conflicts) > 0 && !l.forceConflicts:
		row.Outcome, row.Reason = report.OutcomeOwned, "labels belong to others; --force-conflicts takes them over"
	default:
		s.ready = true
	}
	return s, row
}

// judge looks into the namespaces that are to enforce more, if there are any,
// and refuses where something would be rejected.
func (l *labeling) judge(ctx context.Context) error {
	var names []string
	for i := range l.steps {
		if s := &l.steps[i]; s.ready && s.undo == nil && s.change.Stricter() {
			names = append(names, s.name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	inv, err := l.inventory(ctx, names)
	if err != nil {
		return err
	}
	for i := range l.steps {
		s, row := &l.steps[i], &l.report.Namespaces[i]
		if !s.ready || s.undo != nil {
			continue
		}
		if err := l.planner.Judge(&s.change, inv); err != nil {
			return fmt.Errorf("namespace %q: %w", s.name, err)
		}
		fillBlockers(row, &s.change)
		if reason := refusal(&s.change); reason != "" && !l.force {
			s.ready = false
			row.Outcome, row.Reason = report.OutcomeRefused, reason
		}
	}
	return nil
}

// fewNamespaces are listed one by one; of more, the whole cluster is listed.
const fewNamespaces = 10

// inventory lists what is in the namespaces. Who may not list pods everywhere may
// perhaps list them there.
func (l *labeling) inventory(ctx context.Context, names []string) (*inventory.Inventory, error) {
	if len(names) > fewNamespaces {
		inv, err := l.list(ctx, nil)
		if err != nil || !slices.ContainsFunc(inv.Missing, func(m inventory.Missing) bool { return m.Resource == "pods" }) {
			return inv, err
		}
	}
	return l.list(ctx, names)
}

func (l *labeling) list(ctx context.Context, names []string) (*inventory.Inventory, error) {
	console := newConsole(l.system)
	defer console.clear()
	b := inventory.NewBuilder("")
	err := cluster.List(ctx, l.config, cluster.ListOptions{
		Namespaces: names, Paths: l.input.templates, Progress: console.list,
	}, &b.Inventory, b.Add)
	if err != nil {
		return nil, fmt.Errorf("listing what is in %s: %w", cluster.Address(l.config), err)
	}
	return b.Build(), nil
}

// show says what is going to be done, and what is not.
func (l *labeling) show() error {
	out := l.system.Stdout
	if l.output != "text" {
		if l.dryRun != dryRunNone || l.yes {
			return nil // nobody is asked
		}
		out = l.system.Stderr
	}
	for i := range l.report.Namespaces {
		if err := report.WriteLabelPlan(out, l.system.style(), &l.report.Namespaces[i]); err != nil {
			return err
		}
	}
	return nil
}

// execute does what is to be done, namespace by namespace, until it is
// interrupted. The error says that nothing was done.
func (l *labeling) execute(ctx context.Context) error {
	var changes []*label.Change
	for i := range l.steps {
		if l.steps[i].ready {
			changes = append(changes, &l.steps[i].change)
		}
	}
	if l.dryRun == dryRunNone && len(changes) > 0 {
		if !l.yes && !l.system.ask(ctx, l.question(len(changes))) {
			l.declined = ctx.Err() == nil
		} else if err := l.keep(changes); err != nil {
			return err
		}
	}
	told := context.AfterFunc(ctx, func() {
		l.system.complain("interrupted: the namespace that is being labelled is finished, the rest is left as it is")
	})
	defer told()
	for i := range l.steps {
		s, row := &l.steps[i], &l.report.Namespaces[i]
		switch {
		case s.ready && l.stopped(ctx) != "":
			row.Outcome, row.Reason = report.OutcomeNotDone, l.stopped(ctx)
		case s.ready:
			l.apply(ctx, s, row)
		case row.Outcome != report.OutcomeUnchanged:
			continue // it has been said
		}
		if l.unheard == nil {
			l.unheard = l.tell(row)
		}
	}
	return nil
}

// stopped says why no namespace is labelled any more, if that is so.
func (l *labeling) stopped(ctx context.Context) string {
	switch {
	case l.declined:
		return "the answer was not yes"
	case ctx.Err() != nil:
		return "interrupted"
	case l.unheard != nil:
		return "the report could not be written"
	}
	return ""
}

// question asks for what is going to be done.
func (l *labeling) question(n int) string {
	verb, noun := "Label", "namespaces"
	if l.undo != "" {
		verb = "Restore"
	}
	if n == 1 {
		noun = "namespace"
	}
	return fmt.Sprintf("%s %d %s?", verb, n, noun)
}

// keep writes what is needed to undo the changes.
func (l *labeling) keep(changes []*label.Change) error {
	if l.undo != "" {
		return nil // the file is there
	}
	now := l.system.Now()
	text, err := label.NewUndo(now, cluster.Address(l.config), changes).Encode()
	if err != nil {
		return err
	}
	path := l.undoFile
	if path == "" {
		path = undoFileName(now)
	}
	if err := writeNew(path, text); err != nil {
		return fmt.Errorf("nothing was labelled, because it could not be undone: writing the undo data: %w", err)
	}
	l.report.Undo = path
	return nil
}

// apply makes the change of one namespace. An interruption does not reach into
// it: whether it was done must be known.
func (l *labeling) apply(ctx context.Context, s *step, row *report.LabelNamespace) {
	if row.Outcome == "" {
		row.Outcome = report.OutcomeLabeled
	}
	if l.dryRun == dryRunClient {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), labelWithin)
	defer cancel()
	warnings, err := l.labeler.Apply(ctx, &s.change, cluster.ApplyOptions{
		DryRun: l.dryRun == dryRunServer, Force: l.forceConflicts || l.undo != "" && l.force,
	})
	row.Warnings = list(warnings)
	var owned *cluster.OwnedError
	switch {
	case errors.As(err, &owned):
		row.Outcome, row.Reason = report.OutcomeOwned, owned.Error()
	case err != nil:
		row.Outcome, row.Reason = report.OutcomeFailed, err.Error()
	}
}

// tell says at once what was done to a namespace.
func (l *labeling) tell(row *report.LabelNamespace) error {
	for _, w := range row.Warnings {
		_, _ = fmt.Fprintln(l.system.Stderr, "Warning: "+report.EscapeSentence(w)) // as kubectl does
	}
	if l.output != "text" {
		return nil
	}
	return report.WriteLabelOutcome(l.system.Stdout, l.system.style(), l.dryRun, row)
}

// close ends the report and says how it went.
func (l *labeling) close() error {
	l.report.Summarize()
	if l.output != "text" {
		l.unheard = report.WriteLabel(l.system.Stdout, l.output, &l.report)
	}
	l.say(l.report.Summary.String())
	if l.report.Undo != "" {
		l.say("to undo it: " + l.system.Name + " label --undo " + l.report.Undo)
	}
	if l.unheard != nil {
		return fmt.Errorf("writing the report: %w", l.unheard)
	}
	return l.outcome()
}

func (l *labeling) say(line string) {
	_, _ = io.WriteString(l.system.Stderr, report.EscapeSentence(line)+"\n")
}

// outcome says how it went. What weighs most counts.
func (l *labeling) outcome() error {
	sum := &l.report.Summary
	missed := false // what was asked for by name
	for i := range l.steps {
		missed = missed || l.steps[i].named && l.report.Namespaces[i].Outcome == report.OutcomeSkipped
	}
	switch {
	case sum.Failed > 0, sum.NotDone > 0 && !l.declined:
		return errIncomplete
	case sum.Refused+sum.Owned+sum.Kept > 0, missed, l.declined:
		return errFindings
	}
	return nil
}
