package cli

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/gabion-security/gabion/internal/admission"
	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/internal/preview"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/workload"
)

// survey is the namespaces of the source with the pods in them, and then what a
// change would do to each.
type survey struct {
	input     *input
	config    admission.Config
	templates bool
	inventory *inventory.Inventory
	denied    bool // a change, or a judgement
	refused   bool // by a guard
	report    report.Preview
}

// newSurvey tells of everything that is not in the inventory.
func newSurvey(in *input, i *inventory.Inventory, config admission.Config, templates bool) *survey {
	s := &survey{
		input: in, config: config, templates: templates, inventory: i,
		report: report.Preview{
			APIVersion: report.APIVersion, Kind: "PreviewReport",
			Namespaces: []report.PreviewNamespace{}, NotChecked: []report.NotChecked{}, Errors: []report.Error{},
		},
	}
	for k := range i.NotChecked {
		n := in.notChecked(itemOf(&i.NotChecked[k]))
		s.report.NotChecked = append(s.report.NotChecked, n)
		in.console.line(notCheckedLine(n))
	}
	noteOpaque(in.console, i)
	for k := range i.Errors {
		s.fail(&i.Errors[k])
	}
	for _, m := range i.Missing {
		row := report.Missing(m)
		s.report.Missing = append(s.report.Missing, row)
		in.console.line(row.String())
	}
	return s
}

// itemOf returns what was read of an object that is a problem.
func itemOf(p *inventory.Problem) *workload.Item {
	return &workload.Item{Source: p.Source, Object: p.Object, Unchecked: p.Paths, Reason: p.Reason}
}

func (s *survey) fail(p *inventory.Problem) {
	e := report.Error{Source: sourceOf(itemOf(p), ""), Message: p.Reason}
	if p.Source.File == "" {
		name := objectOf(itemOf(p), p.Object.Namespace)
		e.Message = "namespace " + p.Object.Namespace + ": " + name.KindName() + ": " + p.Reason
	}
	s.report.Errors = append(s.report.Errors, e)
	s.input.console.line(e.String())
}

// namespace returns a namespace as previews see it: without pods whose runtime
// class is exempt, and without the pods that workloads will make unless they
// count.
func (s *survey) namespace(ns *inventory.Namespace) preview.Namespace {
	to := preview.Namespace{Name: ns.Name, Labels: ns.Labels, Exempt: s.config.Exemptions.Namespace(ns.Name)}
	for i := range ns.Pods {
		if p := &ns.Pods[i]; !s.exempt(p.View) {
			to.Pods = append(to.Pods, previewPod(cmp.Or(p.Name, report.Unnamed), p.View))
		}
	}
	if !s.templates {
		return to
	}
	for _, w := range ns.Workloads {
		for i := range w.Templates {
			if t := &w.Templates[i]; !s.exempt(t.View) {
				to.Templates = append(to.Templates, previewPod(templateName(ns.Name, w, t), t.View))
			}
		}
	}
	return to
}

func previewPod(name string, v *inventory.View) preview.Pod {
	return preview.Pod{Name: name, Pod: &v.Pod, RuntimeClass: v.RuntimeClass, Extra: v.Extra}
}

func (s *survey) exempt(v *inventory.View) bool {
	return s.config.Exemptions.RuntimeClass(v.RuntimeClass)
}

// templateName is the workload's name, with the template's path if there are
// more than one.
func templateName(namespace string, w *inventory.Workload, t *inventory.Template) string {
	o := report.Object{APIVersion: w.APIVersion, Kind: w.Kind, Namespace: namespace, Name: w.Name}
	if len(w.Templates) > 1 {
		return o.KindName() + " (" + t.Path + ")"
	}
	return o.KindName()
}

// noteUnseen says where a preview looked at nothing although the input has
// workloads: no warning would be taken for good news.
func (s *survey) noteUnseen(namespaces []*inventory.Namespace) {
	for _, ns := range namespaces {
		if !s.templates && len(ns.Workloads) > 0 && len(ns.Pods) == 0 {
			s.input.console.line(fmt.Sprintf("note: namespace %s has workloads in the input but no pods, so nothing was judged; --templates judges the pods that workloads make", ns.Name))
		}
	}
}

// all returns every namespace, by name.
func (s *survey) all() []*inventory.Namespace {
	var all []*inventory.Namespace
	for i := range s.inventory.Namespaces {
		all = append(all, &s.inventory.Namespaces[i])
	}
	return all
}

// named returns the namespaces with these names, each once, in this order.
func (s *survey) named(names []string) (found []*inventory.Namespace) {
	for i, name := range names {
		at := slices.IndexFunc(s.inventory.Namespaces, func(n inventory.Namespace) bool { return n.Name == name })
		if at >= 0 && !slices.Contains(names[:i], name) {
			found = append(found, &s.inventory.Namespaces[at])
		}
	}
	return found
}

// add reports what the change would do to one namespace.
func (s *survey) add(o preview.Outcome, ns *preview.Namespace) *report.PreviewNamespace {
	n := report.PreviewNamespace{
		Namespace: o.Namespace, From: o.From.String(), To: o.To.String(),
		Labeled: o.Labeled && len(o.Denied) == 0, Evaluated: o.Evaluated, Warnings: list(o.Warnings),
		Groups: groupsOf(o.Pods, "pod"), Templates: groupsOf(o.Templates, "workload"),
	}
	if len(o.Denied) > 0 {
		s.deny(&n, fmt.Sprintf("The Namespace %q is invalid: %s", o.Namespace, o.Denied.Error()))
	}
	sum := &s.report.Summary
	sum.Namespaces++
	sum.Pods += len(ns.Pods)
	sum.Templates += len(ns.Templates)
	if len(n.Groups)+len(n.Templates) > 0 {
		sum.Violating++
	}
	s.report.Namespaces = append(s.report.Namespaces, n)
	return &s.report.Namespaces[len(s.report.Namespaces)-1]
}

// deny reports that the API server refuses the change.
func (s *survey) deny(n *report.PreviewNamespace, why string) {
	s.denied = true
	n.Error = why
	s.input.console.line(report.EscapeSentence(why))
}

// guard reports what guards say of the change of one namespace.
func (s *survey) guard(n *report.PreviewNamespace, said admission.Guarding) {
	for _, w := range said.Weakenings {
		to := report.PreviewGuard{Text: w.Text, Action: report.GuardAudits}
		switch {
		case w.Refused:
			s.refused = true
			to.Action, to.Needs = report.GuardDenies, admission.WeakenRight(n.Namespace)
		case w.Told:
			to.Action = report.GuardWarns
		}
		n.Guards = append(n.Guards, to)
	}
	for _, text := range said.Notices {
		n.Guards = append(n.Guards, report.PreviewGuard{Text: text, Action: report.GuardNotes})
	}
}

func groupsOf(groups []preview.Group, noun string) []report.PreviewGroup {
	to := []report.PreviewGroup{}
	for _, g := range groups {
		row := report.PreviewGroup{
			Reason: g.Reason, Names: g.Names, Violations: []report.PreviewViolation{}, Line: g.Line(noun),
		}
		for _, v := range g.Violations {
			row.Violations = append(row.Violations, report.PreviewViolation(v))
		}
		to = append(to, row)
	}
	return to
}
