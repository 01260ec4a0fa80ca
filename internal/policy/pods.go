package policy

import (
	"slices"
	"strings"
	"time"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/admission"
	"github.com/gabion-security/gabion/internal/exception"
	"github.com/gabion-security/gabion/internal/guard"
	"github.com/gabion-security/gabion/internal/profile"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// PodGuards returns what policies ask of pods beside labels, by a clock for what
// is excepted of it; nil if that is nothing. In excluded namespaces nobody asks
// about pods, so nothing is said of workloads.
func (p *Set) PodGuards(excluded []string, now func() time.Time) admission.PodGuards {
	if p.Guards.Len() == 0 {
		return nil
	}
	return func(namespace string, labels map[string]string) admission.PodGuarding {
		to := p.PodGuarding(p.Guards.Pods(namespace, labels), namespace, labels, now)
		if slices.Contains(excluded, namespace) {
			to.Workloads = admission.EarlySilent
		}
		return to
	}
}

// PodGuarding returns what guards ask of the pods of a namespace in the words of
// admission, by a clock for what is excepted of it.
func (p *Set) PodGuarding(asked guard.Pods, namespace string, labels map[string]string, now func() time.Time) admission.PodGuarding {
	to := admission.PodGuarding{Alone: asked.Alone, By: By(asked.WorkloadsBy)}
	switch asked.Workloads {
	case guard.WorkloadsWarn:
		to.Workloads = admission.EarlyWarn
	case guard.WorkloadsDeny:
		to.Workloads = admission.EarlyDeny
	case guard.WorkloadsOff:
	}
	for _, f := range asked.Floors {
		to.Floors = append(to.Floors, admission.Floor{Policy: f.Policy, By: By(f.Guards)})
	}
	for _, f := range asked.Profiles {
		named := admission.Profile{Name: f.Name, By: By(f.Guards)}
		if found := p.Profiles[f.Name]; found != nil {
			excepted := profileExceptions{p.Exceptions, namespace, labels, now}
			named.Judge = func(e pss.Evaluator, s admission.Subject) ([]admission.Violation, []admission.Use, error) {
				return excepted.judge(found, e, s)
			}
		}
		to.Profiles = append(to.Profiles, named)
	}
	return to
}

// By names guards.
func By(guards []string) string {
	if len(guards) == 0 {
		return ""
	}
	return v1alpha1.KindPodSecurityGuard + " " + strings.Join(guards, ", ")
}

// profileExceptions are the exceptions for the pods of a namespace.
type profileExceptions struct {
	set       *exception.Set
	namespace string
	labels    map[string]string
	now       func() time.Time
}

// judge judges a pod by a profile, without what is excepted in mode enforce.
func (x profileExceptions) judge(p *profile.Profile, e pss.Evaluator, s admission.Subject) ([]admission.Violation, []admission.Use, error) {
	verdict, err := p.Evaluate(e, &workload.Template{Pod: *s.Pod, Extra: s.Extra, RuntimeClass: s.RuntimeClass})
	if err != nil || verdict.Allowed() {
		return nil, nil, err
	}
	at := x.now()
	match := x.set.For(exception.Pod{
		Namespace: x.namespace, NamespaceLabels: x.labels, Pod: s.Pod, Extra: s.Extra, RuntimeClass: s.RuntimeClass,
	}, v1alpha1.Enforce, at)
	left, used := ExceptProfile(&match, verdict)
	violations := violationsOf(left)
	if len(violations) == 0 && !left.Allowed() {
		return nil, nil, profile.ErrNotReady // never; nothing passes by what is not named
	}
	return violations, usesOf(used, at), nil
}

// ExceptProfile takes what is excepted from the verdict of a profile, and returns
// what was used for that.
func ExceptProfile(m *exception.Match, v profile.Verdict) (profile.Verdict, []exception.Use) {
	if m.Empty() || v.Allowed() {
		return v, nil
	}
	base, uses := m.Except(v.Base)
	left := v.Except(base, func(control string, f profile.Finding) bool {
		e := m.Covering(&exception.Finding{Control: control, Container: f.Container, Path: f.Path, Value: f.Value, Explicit: f.Explicit})
		if e != nil {
			uses = exception.Used(uses, e, control)
		}
		return e != nil
	})
	return left, uses
}

// violationsOf maps what a pod violates of a profile: of its level, and of its own.
func violationsOf(v profile.Verdict) []admission.Violation {
	var all []admission.Violation
	for _, violation := range v.Base.Violations() {
		to := admission.Violation{Control: string(violation.Control), Reason: violation.Reason}
		for _, f := range violation.Findings {
			to.Findings = append(to.Findings, admission.Finding{Container: f.Container, Path: f.Path(), Value: f.Value, Explicit: f.Explicit})
		}
		all = append(all, to)
	}
	for _, violation := range v.Violations {
		to := admission.Violation{Control: violation.Control, Reason: violation.Reason}
		for _, f := range violation.Findings {
			to.Findings = append(to.Findings, admission.Finding{Container: f.Container, Path: f.Path, Value: f.Value, Explicit: f.Explicit})
		}
		all = append(all, to)
	}
	return all
}
