package cli

import (
	"context"
	"strings"

	"github.com/gabion-security/gabion/internal/admission"
	"github.com/gabion-security/gabion/internal/cluster"
	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/pss"
)

// count finds what guards and exceptions of the cluster say, beside those of files.
func (l *labeling) count(ctx context.Context) error {
	var found inventory.Inventory
	if err := cluster.ListDocuments(ctx, l.config, &found); err != nil {
		return err
	}
	console := newConsole(l.system)
	l.counting.with(&found, console)
	for _, m := range found.Missing {
		console.line("note: " + report.Missing(m).String() + "; what guards would refuse is known once the API server is asked")
	}
	for _, fault := range found.Errors {
		console.line("note: " + report.EscapeSentence(fault.Reason) + ": what it would refuse is known once the API server is asked")
	}
	excepted, err := l.counting.excepting().counting(ctx, l.system, l.config)
	if excepted != nil {
		l.planner.Exceptions = excepted.forLabel
	}
	return err
}

// guard refuses a change that guards would refuse, unless the user has the right to
// weaken the namespace. No answer is no.
func (l *labeling) guard(ctx context.Context, s *step, row *report.LabelNamespace) {
	said := l.counting.change(s.name, s.namespace.Labels, s.change.Labels(), l.planner.Defaults, pss.Evaluator{Kubernetes: l.planner.Kubernetes})
	var refused []string
	for _, w := range said.Weakenings {
		row.Weakened = append(row.Weakened, w.Text)
		if w.Refused {
			refused = append(refused, w.Text)
		}
	}
	if l.dryRun == dryRunClient && !s.change.Exempt { // else the API server says it
		labels := namespaceLabels(s.name, s.change.Labels())
		enforced, _ := pss.PolicyFromLabels(labels, l.planner.Defaults)
		asked := l.counting.beside(s.name, labels)
		for _, text := range asked.Beside(enforced.Enforce) {
			newConsole(l.system).line(report.EscapeSentence("note: namespace " + s.name + ": " + text))
		}
	}
	if len(refused) == 0 {
		return
	}
	may, err := l.labeler.MayWeaken(ctx, s.name)
	if may && err == nil {
		s.weakens = true
		return
	}
	s.ready = false
	row.Outcome = report.OutcomeRefused
	row.Reason = "guards refuse it: " + strings.Join(refused, "; ") + ". It needs " + admission.WeakenRight(s.name)
	if err != nil {
		row.Reason += ", and whether you have that could not be asked: " + err.Error()
	}
}
