package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/gabion-security/gabion/internal/cluster"
	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/internal/label"
	"github.com/gabion-security/gabion/internal/report"
)

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
	case apierrors.IsNotFound(f.err) && l.asked.file():
		s.named = false // there is nothing left to do
		return skip("it is gone")
	case f.err != nil:
		row.Outcome, row.Reason = report.OutcomeFailed, f.err.Error()
		return s, row
	case f.namespace.Terminating:
		s.named = f.named && !l.asked.file()
		return skip("it is being deleted")
	case inventory.OptedOut(f.namespace.Labels) && f.undo == nil:
		return skip("its label " + inventory.ManageLabel + ` is "false"`)
	case inventory.OptedOut(f.namespace.Labels) && !l.force:
		return skip("its label " + inventory.ManageLabel + ` is "false" now; --force restores it all the same`)
	case !f.named && inventory.System(f.name):
		return skip("it is one of the system's; name it to label it")
	}
	var err error
	if s.change, err = l.change(&f); err != nil {
		return skip(err.Error())
	}
	if f.planned != nil && s.change.Changes() {
		if changed := f.namespace.ChangedFrom(f.planned.CurrentLabels); len(changed) > 0 {
			row.Outcome = report.OutcomeRefused
			row.Reason = "its labels have changed since the plan was made (" + strings.Join(changed, ", ") + "); make a new one with '" + l.system.Name + " plan'"
			return s, row
		}
	}
	fillLabelRow(&row, &s.change)
	row.Assumed = l.assumed && s.change.Assumes()
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

// change works out what is to be done to a namespace, whatever stands in the way.
func (l *labeling) change(f *found) (label.Change, error) {
	if f.undo != nil {
		return l.planner.PlanUndo(f.namespace, f.undo, l.force)
	}
	planner := l.planner
	if f.planned != nil && l.admissionConfig == "" {
		planner.Defaults = f.planned.policy // what no label says is as the plan knows it
	}
	return planner.Plan(f.namespace, f.want), nil
}

// judge looks into the namespaces that are to enforce more, if there are any,
// and refuses where something would be rejected, or asked for less.
func (l *labeling) judge(ctx context.Context) error {
	var names []string
	for i := range l.steps {
		if s := &l.steps[i]; s.ready && s.undo == nil && s.change.Stricter {
			names = append(names, s.name)
		}
	}
	inv := &inventory.Inventory{}
	if len(names) > 0 {
		var err error
		if inv, err = l.inventory(ctx, names); err != nil {
			return err
		}
	}
	for i := range l.steps {
		s, row := &l.steps[i], &l.report.Namespaces[i]
		if s.ready {
			l.guard(ctx, s, row)
		}
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

// inventory lists what is in the namespaces.
func (l *labeling) inventory(ctx context.Context, names []string) (*inventory.Inventory, error) {
	return listFew(names, func(names []string) (*inventory.Inventory, error) {
		console := newConsole(l.system)
		defer console.listing()()
		b := inventory.NewBuilder("")
		b.Extra, b.Labels = l.planner.Exceptions != nil, l.planner.Exceptions != nil
		err := cluster.List(ctx, l.config, cluster.ListOptions{
			Extra: b.Extra, Namespaces: names, Paths: l.input.templates, Progress: console.list,
		}, &b.Inventory, b.Add)
		if err != nil {
			return nil, fmt.Errorf("listing what is in %s: %w", cluster.Address(l.config), err)
		}
		return b.Build(), nil
	})
}
