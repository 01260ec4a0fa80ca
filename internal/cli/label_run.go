package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

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

	asked   request
	config  *rest.Config
	labeler *cluster.Labeler
	here    inventory.Cluster
	planner label.Planner
	// counting are the guards and exceptions that count.
	counting *documents
	// assumed says that the defaults of the cluster are not known.
	assumed bool
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
	// weakens says that the right to weaken is used.
	weakens bool
	// ready says that it is to be done.
	ready bool
}

func (o *labelOptions) run(ctx context.Context) error {
	ctx, stop := o.system.carefully(ctx)
	defer stop()
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
	l.noteAssumption()
	if err := l.execute(ctx); err != nil {
		return err
	}
	return l.close()
}

// read finds the namespaces and works out what is to be done to each.
func (l *labeling) read(ctx context.Context) error {
	var err error
	if l.asked, err = l.request(); err != nil {
		return err
	}
	if err := l.configure(); err != nil {
		return err
	}
	if l.counting, err = l.documents.read(); err != nil {
		return err
	}
	if l.config, err = l.connection.config(); err != nil {
		return err
	}
	if l.labeler, err = cluster.NewLabeler(l.config); err != nil {
		return err
	}
	if err := l.identify(ctx); err != nil {
		return err
	}
	if err := l.count(ctx); err != nil {
		return err
	}
	all, err := l.find(ctx, l.labeler)
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

// configure takes over what the API server was given: from its own file, or else
// from the plan.
func (l *labeling) configure() error {
	config, err := l.system.admissionConfig(l.admissionConfig)
	if err != nil {
		return fmt.Errorf("--admission-config: %w", err)
	}
	l.assumed = l.admissionConfig == ""
	if p := l.asked.plan; p != nil && l.admissionConfig == "" {
		config.Exemptions = admission.NewExemptions(nil, p.Exemptions.Namespaces, p.Exemptions.RuntimeClasses)
		l.assumed = p.Defaults.Assumed
	}
	l.planner = label.Planner{Defaults: config.Defaults, Exemptions: config.Exemptions, AllowUnchecked: l.input.allowUnchecked}
	return nil
}

// identify finds out which cluster it is, and whether it is the one that the file
// was made for.
func (l *labeling) identify(ctx context.Context) error {
	here, server, err := l.labeler.Identify(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", cluster.Address(l.config), err)
	}
	l.here, l.planner.Kubernetes, l.report.Cluster = here, server.Version, report.Cluster(here)
	newConsole(l.system).noteVersions(server.Version)
	if err := label.SameCluster(l.asked.cluster, here, l.force); err != nil {
		return fmt.Errorf("%s: %w", report.Place(l.labelOptions.plan+l.undo, 0), err)
	}
	return nil
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

// noteAssumption says what is assumed of the cluster's defaults, where they
// matter.
func (l *labeling) noteAssumption() {
	n := 0
	for i := range l.report.Namespaces {
		if l.report.Namespaces[i].Assumed {
			n++
		}
	}
	newConsole(l.system).noteAssumption(n)
}

// execute does what is to be done, namespace by namespace, until it is
// interrupted. The error says that nothing was done.
func (l *labeling) execute(ctx context.Context) error {
	var changes []*label.Change
	weakened := 0
	for i := range l.steps {
		if s := &l.steps[i]; s.ready {
			changes = append(changes, &s.change)
			weakened += map[bool]int{true: 1}[s.weakens]
		}
	}
	if l.dryRun == dryRunNone && len(changes) > 0 {
		if !l.yes && !l.system.ask(ctx, l.question(changes, weakened)) {
			l.declined = ctx.Err() == nil
		} else if err := l.keep(changes); err != nil {
			return err
		}
	}
	told := context.AfterFunc(ctx, func() {
		l.system.complain("interrupted: the namespace at hand is finished, the rest is left as it is")
	})
	defer told()
	console := newConsole(l.system)
	defer console.clear()
	for i := range l.steps {
		s, row := &l.steps[i], &l.report.Namespaces[i]
		if l.output != "text" { // else there is a line for each
			console.list(cluster.Progress{Resource: "namespaces", Done: i, Total: len(l.steps)})
		}
		switch {
		case s.ready && l.stopped(ctx) != "":
			row.Outcome, row.Reason = report.OutcomeNotDone, l.stopped(ctx)
			if l.declined {
				continue // nobody who says no is told so for each
			}
		case s.ready:
			l.apply(ctx, s, row)
		case row.Outcome != report.OutcomeUnchanged:
			continue // it has been said
		}
		if l.unheard == nil {
			console.clear()
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

// question asks for what is going to be done. What --force lets pass is said once
// more, and where the right to weaken is used.
func (l *labeling) question(changes []*label.Change, weakened int) string {
	verb := "Label"
	if l.undo != "" {
		verb = "Restore"
	}
	which := plural(len(changes), "namespace")
	if len(changes) < len(l.steps) {
		which = fmt.Sprintf("%d of %s", len(changes), plural(len(l.steps), "namespace"))
	}
	less, rejecting := 0, 0
	for _, c := range changes {
		if len(c.Loosened) > 0 {
			less++
		}
		if len(c.Blockers) > 0 {
			rejecting++
		}
	}
	question := fmt.Sprintf("%s %s in %s", verb, which, report.Escape(l.here.Address))
	if less > 0 {
		question += fmt.Sprintf(", ask for less in %d", less)
	}
	if weakened > 0 {
		question += fmt.Sprintf(", weaken what is guarded in %d", weakened)
	}
	if rejecting > 0 {
		question += fmt.Sprintf(", reject workloads in %d", rejecting)
	}
	return question + "?"
}

// keep writes what is needed to undo the changes.
func (l *labeling) keep(changes []*label.Change) error {
	if l.undo != "" {
		return nil // the file is there
	}
	now := l.system.Now()
	text, err := label.NewUndo(now, l.here, changes).Encode()
	if err != nil {
		return err
	}
	path, err := writeUndo(l.undoFile, now, text)
	if err != nil {
		return fmt.Errorf("nothing was labelled, because it could not be undone: writing the undo data: %w", err)
	}
	l.report.Undo = path
	return nil
}

// apply makes the change of one namespace. An interruption does not reach into
// it: whether it was done must be known.
func (l *labeling) apply(ctx context.Context, s *step, row *report.LabelNamespace) {
	switch {
	case row.Outcome != "": // not all of it can be done, and it says so
	case l.undo != "":
		row.Outcome = report.OutcomeRestored
	default:
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
