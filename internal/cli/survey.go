package cli

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/gabion-security/gabion/internal/preview"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/workload"
)

// survey gathers the namespaces of the input with the pods in them, and then
// what a change of labels would do to each.
type survey struct {
	input     *input
	templates bool
	spaces    map[string]*space
	// waiting are the workloads, until it is known which of them another one
	// in the input controls.
	waiting []waiting
	denied  bool
	report  report.Preview
}

// space is a namespace of the input.
type space struct {
	preview.Namespace
	stated bool // a Namespace object is in the input
	unseen int  // workloads that were not asked about
}

func newSurvey(in *input, templates bool) *survey {
	return &survey{
		input: in, templates: templates, spaces: map[string]*space{},
		report: report.Preview{
			APIVersion: report.APIVersion, Kind: "PreviewReport",
			Namespaces: []report.PreviewNamespace{}, NotChecked: []report.NotChecked{}, Errors: []report.Error{},
		},
	}
}

// read reads the whole input.
func (s *survey) read() {
	for item := range s.input.items() {
		s.take(&item)
	}
	for _, w := range uncontrolled(s.waiting) {
		space := s.space(w.key.namespace)
		space.Templates = append(space.Templates, w.pods...)
	}
	s.waiting = nil
}

func (s *survey) take(item *workload.Item) {
	if item.Outcome == workload.Broken {
		s.fail(item, item.Err)
		return
	}
	if isNamespace(item) {
		s.namespace(item)
		return
	}
	if len(item.Unchecked) > 0 || item.Outcome == workload.NotChecked {
		n := s.input.notChecked(item)
		s.report.NotChecked = append(s.report.NotChecked, n)
		s.input.console.line(notCheckedLine(n))
	}
	if item.Object.Namespace != "" {
		s.space(item.Object.Namespace)
	}
	if item.Outcome == workload.Read {
		s.workload(item)
	}
}

// namespace takes the labels of a Namespace object.
func (s *survey) namespace(item *workload.Item) {
	if item.Object.Name == "" {
		return // one that the API server is to name: nothing can be in it yet
	}
	space := s.space(item.Object.Name)
	if space.stated && !samePolicyLabels(space.Labels, item.Labels) {
		s.fail(item, fmt.Errorf("namespace %q is in the input with other Pod Security labels too; those that came first count", item.Object.Name))
		return
	}
	space.stated, space.Labels = true, item.Labels
}

// workload takes an object with pods: a Pod exists, others make pods.
func (s *survey) workload(item *workload.Item) {
	namespace := s.input.namespaceOf(item)
	space := s.space(namespace)
	if item.Object.Kind == "Pod" && item.Object.APIVersion == "v1" {
		pod := item.Templates[0].Pod // a copy, which holds on to no text
		space.Pods = append(space.Pods, preview.Pod{Name: cmp.Or(item.Object.Name, report.Unnamed), Pod: &pod})
		return
	}
	if !s.templates {
		space.unseen++
		return
	}
	w := waiting{
		key:        keyOf(namespace, item.Object.APIVersion, item.Object.Kind, item.Object.Name),
		controller: keyOf(namespace, item.Controller.APIVersion, item.Controller.Kind, item.Controller.Name),
	}
	name := objectOf(item, namespace).KindName()
	for i := range item.Templates {
		pod, part := item.Templates[i].Pod, name
		if len(item.Templates) > 1 {
			part += " (" + item.Templates[i].Path + ")"
		}
		w.pods = append(w.pods, preview.Pod{Name: part, Pod: &pod})
	}
	s.waiting = append(s.waiting, w)
}

func (s *survey) space(name string) *space {
	if s.spaces[name] == nil {
		s.spaces[name] = &space{Namespace: preview.Namespace{Name: name}}
	}
	return s.spaces[name]
}

// noteUnseen says where a preview looked at nothing although the input has
// workloads: no warning would be taken for good news.
func (s *survey) noteUnseen(namespaces []preview.Namespace) {
	for _, ns := range namespaces {
		if n := s.spaces[ns.Name].unseen; n > 0 && len(ns.Pods) == 0 {
			s.input.console.line(fmt.Sprintf("note: namespace %s has workloads in the input but no pods, so nothing was judged; --templates judges the pods that workloads make", ns.Name))
		}
	}
}

// all returns every namespace, by name.
func (s *survey) all() []preview.Namespace {
	var all []preview.Namespace
	for _, name := range slices.Sorted(maps.Keys(s.spaces)) {
		all = append(all, s.spaces[name].Namespace)
	}
	return all
}

// named returns the namespaces with these names, each once, in this order, and
// the names that the input does not have.
func (s *survey) named(names []string) (found []preview.Namespace, absent []string) {
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			continue
		}
		if space, ok := s.spaces[name]; ok {
			found = append(found, space.Namespace)
		} else {
			absent = append(absent, strconv.Quote(name))
		}
	}
	return found, absent
}

func (s *survey) fail(item *workload.Item, cause error) {
	if cause == nil {
		cause = errIncomplete
	}
	e := report.Error{Source: sourceOf(item, ""), Message: cause.Error()}
	s.report.Errors = append(s.report.Errors, e)
	s.input.console.line(e.String())
}

// add reports what the change would do to one namespace.
func (s *survey) add(o preview.Outcome, ns *preview.Namespace) {
	n := report.PreviewNamespace{
		Namespace: o.Namespace, From: o.From.String(), To: o.To.String(),
		Labeled: o.Labeled && len(o.Denied) == 0, Evaluated: o.Evaluated, Warnings: list(o.Warnings),
		Groups: groupsOf(o.Pods, "pod"), Templates: groupsOf(o.Templates, "workload"),
	}
	if len(o.Denied) > 0 {
		s.denied = true
		n.Error = fmt.Sprintf("The Namespace %q is invalid: %s", o.Namespace, o.Denied.Error())
		s.input.console.line(report.EscapeSentence(n.Error))
	}
	sum := &s.report.Summary
	sum.Namespaces++
	sum.Pods += len(ns.Pods)
	sum.Templates += len(ns.Templates)
	if len(n.Groups)+len(n.Templates) > 0 {
		sum.Violating++
	}
	s.report.Namespaces = append(s.report.Namespaces, n)
}

func groupsOf(groups []preview.Group, noun string) []report.PreviewGroup {
	to := []report.PreviewGroup{}
	for _, g := range groups {
		row := report.PreviewGroup{
			Reason: g.Reason, Names: g.Names, Violations: []report.PreviewViolation{}, Line: g.Line(noun),
		}
		for _, v := range g.Violations {
			row.Violations = append(row.Violations, report.PreviewViolation{
				Control: string(v.Control), Level: v.Level.String(), Reason: v.Reason,
			})
		}
		to = append(to, row)
	}
	return to
}
