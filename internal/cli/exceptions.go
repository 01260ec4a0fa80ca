package cli

import (
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/exception"
	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/internal/plan"
	"github.com/gabion-security/gabion/internal/preview"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/internal/upgrade"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// exceptions are those of --exceptions, at one moment. The nil exceptions are
// none.
type exceptions struct {
	set *exception.Set
	now time.Time
}

// of returns what is excepted for a template in a namespace.
func (x *exceptions) of(namespace string, labels map[string]string, t *workload.Template, mode v1alpha1.Mode) exception.Match {
	if x == nil {
		return exception.Match{}
	}
	return x.set.For(exception.Pod{
		Namespace: namespace, NamespaceLabels: labels, Pod: &t.Pod, Extra: t.Extra, RuntimeClass: t.RuntimeClass,
	}, mode, x.now)
}

// rows maps what was used.
func (x *exceptions) rows(uses []exception.Use) []report.UsedException {
	var rows []report.UsedException
	for _, u := range uses {
		row := report.UsedException{Name: u.Exception.Name, Controls: u.Controls, Reason: u.Exception.Spec.Reason}
		if at, ok := u.Exception.Expires(); ok {
			row.ExpiresAt, row.Soon = at.UTC().Format(time.RFC3339), u.Exception.ExpiresSoon(x.now)
		}
		rows = append(rows, row)
	}
	return rows
}

// namespaceLabels returns the labels of a Namespace with the one that the API
// server gives it.
func namespaceLabels(name string, labels map[string]string) map[string]string {
	all := maps.Clone(labels)
	if all == nil {
		all = map[string]string{}
	}
	all[corev1.LabelMetadataName] = name
	return all
}

// labelsOf returns the labels of a namespace, nil if they are not known.
func labelsOf(ns *inventory.Namespace) map[string]string {
	if !ns.Stated {
		return nil
	}
	return namespaceLabels(ns.Name, ns.Labels)
}

// inNamespace reports whether exceptions may count in a namespace.
func (x *exceptions) inNamespace(name string, labels map[string]string) bool {
	return x != nil && len(x.set.InNamespace(name, labels)) > 0
}

// labelledWith returns the labels of a namespace as they are once it enforces a
// policy, nil if they are not known: exceptions may select by them.
func labelledWith(ns *inventory.Namespace, policy pss.LevelVersion) map[string]string {
	labels := labelsOf(ns)
	if labels != nil && labels[pss.EnforceLabel] != policy.Level.String() {
		labels[pss.EnforceLabel] = policy.Level.String()
	}
	return labels
}

// planned reports whether exceptions may count in a namespace, whatever it comes
// to enforce.
func (x *exceptions) planned(ns *inventory.Namespace) bool {
	for _, level := range []pss.Level{pss.Baseline, pss.Restricted} {
		if x.inNamespace(ns.Name, labelledWith(ns, pss.LevelVersion{Level: level})) {
			return true
		}
	}
	return false
}

// forPlan returns what a plan asks: each level by the labels that would be there.
func (x *exceptions) forPlan(ns *inventory.Namespace) plan.Except {
	if !x.planned(ns) {
		return nil
	}
	return func(v *inventory.View, verdict pss.Verdict) pss.Verdict {
		match := x.of(ns.Name, labelledWith(ns, verdict.Policy()), v.Template(), v1alpha1.Enforce)
		left, _ := match.Except(verdict)
		return left
	}
}

// forUpgrade returns what an upgrade asks, nil if nothing is excepted in a namespace.
func (x *exceptions) forUpgrade(ns *inventory.Namespace) upgrade.Except {
	labels := labelsOf(ns)
	if !x.inNamespace(ns.Name, labels) {
		return nil
	}
	return func(mode upgrade.Mode, v *inventory.View, seen *pss.Pod, verdict pss.Verdict) pss.Verdict {
		match := x.set.For(exception.Pod{
			Namespace: ns.Name, NamespaceLabels: labels, Pod: seen, Extra: v.Extra, RuntimeClass: v.RuntimeClass,
		}, v1alpha1.Mode(mode), x.now)
		left, _ := match.Except(verdict)
		return left
	}
}

// forLabel returns what labelling asks, as a plan does.
func (x *exceptions) forLabel(ns *inventory.Namespace) func(*inventory.View, pss.Verdict) pss.Verdict {
	return x.forPlan(ns)
}

// forPreview returns what a preview of a namespace asks, nil if nothing is
// excepted there, and notes in uses what is used.
func (x *exceptions) forPreview(namespace string, labels map[string]string, uses *[]exception.Use) func(*preview.Pod, pss.Verdict) pss.Verdict {
	if !x.inNamespace(namespace, labels) {
		return nil
	}
	return func(p *preview.Pod, verdict pss.Verdict) pss.Verdict {
		match := x.of(namespace, labels, p.Template(), v1alpha1.Enforce)
		left, used := match.Except(verdict)
		*uses = withUses(*uses, used)
		return left
	}
}

// usedBy returns the exceptions on which a namespace relies under a policy.
func (x *exceptions) usedBy(ns *inventory.Namespace, e pss.Evaluator, policy pss.LevelVersion) ([]exception.Use, error) {
	if !x.planned(ns) {
		return nil, nil
	}
	views := map[*inventory.View]bool{}
	for i := range ns.Pods {
		views[ns.Pods[i].View] = true
	}
	for _, w := range ns.Workloads {
		for i := range w.Templates {
			views[w.Templates[i].View] = true
		}
	}
	var uses []exception.Use
	for v := range views {
		t := v.Template()
		verdict, err := e.Evaluate(&t.Pod, policy)
		if err != nil {
			return nil, err
		}
		match := x.of(ns.Name, labelledWith(ns, policy), t, v1alpha1.Enforce)
		_, used := match.Except(verdict)
		uses = withUses(uses, used)
	}
	return uses, nil
}

// withUses adds uses to others, in the order of their names.
func withUses(uses, more []exception.Use) []exception.Use {
	if len(more) == 0 {
		return uses
	}
	controls := map[*exception.Exception][]string{}
	for _, u := range append(slices.Clone(uses), more...) {
		controls[u.Exception] = append(controls[u.Exception], u.Controls...)
	}
	var all []exception.Use
	for _, e := range slices.SortedFunc(maps.Keys(controls), func(a, b *exception.Exception) int {
		return strings.Compare(a.Name, b.Name)
	}) {
		slices.Sort(controls[e])
		all = append(all, exception.Use{Exception: e, Controls: slices.Compact(controls[e])})
	}
	return all
}

// addTo adds to a plan the exceptions on which each namespace relies: under what
// is proposed for it, or else under what it enforces.
func (x *exceptions) addTo(r *report.Plan, inv *inventory.Inventory, o *plan.Options) error {
	if x == nil {
		return nil
	}
	spaces := map[string]*inventory.Namespace{}
	for i := range inv.Namespaces {
		spaces[inv.Namespaces[i].Name] = &inv.Namespaces[i]
	}
	for i := range r.Namespaces {
		n := &r.Namespaces[i]
		labels := n.Labels
		if !n.Change {
			labels = n.CurrentLabels
		}
		policy, _ := pss.PolicyFromLabels(labels, o.Defaults)
		uses, err := x.usedBy(spaces[n.Name], o.Evaluator, policy.Enforce)
		if err != nil {
			return err
		}
		n.Exceptions = x.rows(uses)
	}
	return nil
}
