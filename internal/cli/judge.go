package cli

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/exception"
	"github.com/gabion-security/gabion/internal/profile"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// judge turns pod templates into results.
type judge struct {
	evaluator  pss.Evaluator
	policies   policies
	profile    *profile.Profile // nil if there is none
	documents  *documents       // with guards, if there are any
	exceptions *exceptions
	ignores    ignores
	baseline   *knownFindings // nil if there is none
	failOn     failOn
	edits      *edits // nil if no format wants them
}

// subject is a template that is judged in a namespace, with what does not count
// there.
type subject struct {
	namespace, file string
	*workload.Template

	aside aside
}

// judged is a verdict with what was excepted, and the verdicts on what does not
// count beside it.
type judged struct {
	pss.Verdict

	uses           []exception.Use
	ignored, known []pss.Verdict
}

// result judges one template of an object in a namespace.
func (j *judge) result(item *workload.Item, t *workload.Template, namespace string) (report.Result, error) {
	m := j.policies.of(namespace)
	guards := j.documents.pods(namespace, j.policies.labels[namespace])
	s := &subject{namespace, item.Source.File, t, j.asideOf(item, t, namespace)}
	shown, verdict, err := j.enforce(s, withFloors(m.enforce, guards.Floors))
	if err != nil {
		return report.Result{}, fmt.Errorf("judging %s: %w", objectOf(item, namespace).KindName(), err)
	}
	r := report.Result{
		Source: sourceOf(item, t.Path), Object: objectOf(item, namespace),
		Policy: shown.policy.String(), PolicyFrom: shown.from, By: shown.by, Partial: t.Partial,
		Verdict: j.verdict(verdict, s), Invalid: []report.Invalid{}, WarnFails: j.failOn == failOnWarn,
	}
	if j.profile != nil {
		if err := j.addProfile(&r, s); err != nil {
			return report.Result{}, fmt.Errorf("judging %s: %w", objectOf(item, namespace).KindName(), err)
		}
	}
	if err := j.addGuards(&r, item, s, &guards); err != nil {
		return report.Result{}, fmt.Errorf("judging %s: %w", objectOf(item, namespace).KindName(), err)
	}
	for _, i := range t.Invalid() {
		line, column, rendered := t.Place(i.Path)
		r.Invalid = append(r.Invalid, report.Invalid{
			Path: t.FullPath(i.Path), Message: i.Message, Line: line, Column: column, RenderedLine: rendered, Excerpt: excerpt(t, cmp.Or(rendered, line)),
		})
	}
	if r.Warn, err = j.mode(s, m.warn, v1alpha1.Warn, verdict); err != nil {
		return report.Result{}, err
	}
	r.Audit, err = j.mode(s, m.audit, v1alpha1.Audit, verdict)
	return r, err
}

// by judges by a policy, without what is excepted in the mode or does not count.
func (j *judge) by(policy pss.LevelVersion, s *subject, mode v1alpha1.Mode) (judged, error) {
	verdict, err := j.evaluator.Evaluate(&s.Pod, policy)
	if err != nil || verdict.Allowed() {
		return judged{Verdict: verdict}, err
	}
	match := j.exceptions.of(s.namespace, j.policies.labels[s.namespace], s.Template, mode)
	left, uses := match.Except(verdict)
	return s.aside.from(judged{Verdict: left, uses: uses}, mode), nil
}

// enforce judges by all policies that are to be met and returns the first that
// refuses the pod, else the first of all.
func (j *judge) enforce(s *subject, all []asked) (asked, judged, error) {
	first, err := j.by(all[0].policy, s, v1alpha1.Enforce)
	if err != nil || !first.Allowed() {
		return all[0], first, err
	}
	for _, other := range all[1:] {
		verdict, err := j.by(other.policy, s, v1alpha1.Enforce)
		verdict.ignored, verdict.known = append(first.ignored, verdict.ignored...), append(first.known, verdict.known...)
		if err != nil || !verdict.Allowed() {
			return other, verdict, err
		}
		first.uses = withUses(first.uses, verdict.uses)
		first.ignored, first.known = verdict.ignored, verdict.known
	}
	return all[0], first, nil
}

// mode judges by a policy that refuses nobody. There is nothing to say if it is
// the one enforced, and the same is excepted in both.
func (j *judge) mode(s *subject, policy *pss.LevelVersion, mode v1alpha1.Mode, enforced judged) (*report.Mode, error) {
	if policy == nil {
		return nil, nil //nolint:nilnil // the namespace says nothing
	}
	same := policy.Equivalent(enforced.Policy())
	if same && j.exceptions == nil {
		return nil, nil //nolint:nilnil // there is nothing else to say
	}
	verdict, err := j.by(*policy, s, mode)
	if err != nil || same && verdict.Detail() == enforced.Detail() {
		return nil, err
	}
	return &report.Mode{Policy: policy.String(), Verdict: j.verdict(verdict, s)}, nil
}

// verdict maps a verdict with what was excepted and what does not count.
func (j *judge) verdict(v judged, s *subject) report.Verdict {
	to := verdictOf(v.Verdict, s.Template)
	to.Exceptions = j.exceptions.rows(v.uses)
	to.Known = violationsOf(v.known, s.Template)
	to.Ignored = s.aside.ignored(violationsOf(v.ignored, s.Template))
	j.edits.add(&to, v.Policy(), s)
	return to
}

// verdictOf maps a verdict with the places of its findings in the object.
func verdictOf(v pss.Verdict, t *workload.Template) report.Verdict {
	to := report.Verdict{
		Allowed: v.Allowed(), Reason: v.Reason(), Message: v.Detail(), Violations: []report.Violation{},
	}
	if to.Allowed {
		return to
	}
	to.Violations = append(to.Violations, violationsOf([]pss.Verdict{v}, t)...)
	return to
}

// violationsOf maps the violations of several verdicts on one template. A control
// that fails by several policies comes once, as the first has it.
func violationsOf(verdicts []pss.Verdict, t *workload.Template) (rows []report.Violation) {
	if len(verdicts) == 0 {
		return nil // as for most pods
	}
	order := containerOrder(&t.Pod)
	for _, v := range verdicts {
		for _, violation := range v.Violations() {
			if slices.ContainsFunc(rows, func(r report.Violation) bool { return r.Control == string(violation.Control) }) {
				continue
			}
			row := report.Violation{
				Control: string(violation.Control), Level: violation.Level.String(),
				Reason: violation.Reason, Detail: violation.Detail, Findings: []report.Finding{},
			}
			for _, f := range violation.Findings {
				row.Findings = append(row.Findings, findingOf(f, t, order))
			}
			rows = append(rows, row)
		}
	}
	return rows
}

func findingOf(f pss.Finding, t *workload.Template, order map[containerKey]int) report.Finding {
	to := report.Finding{Path: f.Path(), Value: f.Value.Any(), Allowed: f.Allowed, Explicit: f.Explicit, Fix: f.Fix}
	return placed(to, f.Container, t, order)
}

// placed completes a finding, which has its path in the pod, by where it is.
func placed(to report.Finding, c *pss.Container, t *workload.Template, order map[containerKey]int) report.Finding {
	to.Line, to.Column, to.RenderedLine = t.Place(to.Path)
	to.Excerpt = excerpt(t, cmp.Or(to.RenderedLine, to.Line))
	to.Path, to.Root = t.FullPath(to.Path), t.Path
	if c != nil {
		to.Container, to.ContainerKind = c.Name, c.Kind.String()
		to.Root = t.FullPath(fmt.Sprintf("spec.%s[%d]", c.Kind.Field(), c.Index))
		to.Order = order[containerKey{c.Kind, c.Index}]
	}
	return to
}

// containerKey tells the containers of a pod apart.
type containerKey struct {
	kind  pss.ContainerKind
	index int
}

// containerOrder returns each container's place in the order in which Pod
// Security admission visits them, from 1.
func containerOrder(pod *pss.Pod) map[containerKey]int {
	order := make(map[containerKey]int, len(pod.Containers))
	for i := range pod.Containers {
		order[containerKey{pod.Containers[i].Kind, pod.Containers[i].Index}] = i + 1
	}
	return order
}

func sourceOf(item *workload.Item, template string) report.Source {
	s := item.Source
	source := report.Source{File: s.File, Document: s.Document, Item: s.Item, Line: s.Line, Template: template}
	if s.Rendered != nil {
		source.RenderedLine = s.Rendered.Line
	}
	return source
}

func objectOf(item *workload.Item, namespace string) report.Object {
	o := item.Object
	return report.Object{APIVersion: o.APIVersion, Kind: o.Kind, Namespace: namespace, Name: o.Name}
}

// excerpt is the manifest around a line, of what was rendered in what came out.
func excerpt(t *workload.Template, line int) report.Excerpt {
	const around = 3
	if line == 0 {
		return report.Excerpt{}
	}
	from, lines := t.Lines(line-around, line+around)
	return report.Excerpt{From: from, Lines: lines}
}
