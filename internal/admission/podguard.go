package admission

import (
	"context"
	"slices"

	"github.com/gabion-security/gabion/pss"
)

// PodGuards returns what is asked of the pods of a namespace at this moment, beside
// what its labels enforce.
type PodGuards func(namespace string, labels map[string]string) PodGuarding

// PodGuarding is what is asked of the pods of a namespace. The zero PodGuarding
// asks nothing.
type PodGuarding struct {
	Floors   []Floor
	Profiles []Profile
	// Workloads is what becomes of a workload whose pods would be refused, and By
	// names who says so, or nobody.
	Workloads Early
	By        string
	// Alone says that ephemeral containers are judged without the pod's others.
	Alone bool
}

// Early is what becomes of a workload whose pods would be refused.
type Early uint8

// The values of Early.
const (
	EarlySilent Early = iota // nothing
	EarlyWarn                // who makes or changes it is told
	EarlyDeny                // it is refused, too
)

// Floor is a policy that pods have to meet beside that of the labels; By names who
// says so.
type Floor struct {
	Policy pss.LevelVersion
	By     string
}

// Profile is a profile that pods have to meet; By names who says so.
type Profile struct {
	Name, By string
	// Judge returns what a pod violates in mode enforce, without what is excepted
	// of it, and what was used for that. The Subject has its Extra. A profile that
	// is not there has none, and refuses every pod.
	Judge func(pss.Evaluator, Subject) ([]Violation, []Use, error)
}

// Violation is one control that a pod fails.
type Violation struct {
	// Control is the control's ID.
	Control string
	// Reason says what is wrong, as in "host namespaces".
	Reason   string
	Findings []Finding
}

// Finding is one offender of a control.
type Finding struct {
	// Container is the container that offends, nil for the pod itself.
	Container *pss.Container
	// Path is where, from the pod's root, and Value what the pod says there, if it
	// says something.
	Path     string
	Value    pss.Value
	Explicit bool
}

// asks reports whether pods have to meet anything.
func (g *PodGuarding) asks() bool { return len(g.Floors)+len(g.Profiles) > 0 }

// String names the floor where pods are judged by it.
func (f Floor) String() string { return `"` + f.Policy.String() + `", the floor of ` + f.By }

// String names the profile where pods are judged by it.
func (p Profile) String() string { return "PodSecurityProfile " + quote(p.Name) + " of " + p.By }

// Beside says in sentences what pods have to meet beside a policy that their
// namespace enforces.
func (g *PodGuarding) Beside(enforced pss.LevelVersion) []string {
	var all []string
	for _, f := range g.Floors {
		if f.Policy.Level > enforced.Level {
			all = append(all, "pods are judged by "+f.String()+", too")
		}
	}
	for _, p := range g.Profiles {
		if p.Judge == nil {
			all = append(all, "every pod is refused, by "+p.String()+": there is no such profile")
			continue
		}
		all = append(all, "pods are judged by "+p.String()+", too")
	}
	return all
}

// refusal is one policy that a pod does not meet.
type refusal struct {
	// violated names the policy where a pod is refused, by where its workload is.
	violated, by string
	violations   []Violation
	// detail says what is wrong in the words for the pod itself.
	detail string
}

// refusals judges a pod by all that it has to meet in mode enforce. Of the labels'
// policy it has been judged already. What has no control to name that is not named is
// passed over.
func (r *review) refusals(ctx context.Context, j *judging, labels judged, g *PodGuarding) []refusal {
	var all []refusal
	named := map[string]bool{}
	if !labels.allowed {
		labels.names(named)
		policy := ` "` + labels.policy.String() + `"`
		all = append(all, labels.refusal("PodSecurity"+policy, "enforce"+policy, j.Pod))
	}
	for _, f := range g.Floors {
		if f.Policy == labels.policy {
			continue
		}
		by := r.judgePod(ctx, j, f.Policy, ModeEnforce)
		r.evaluatedPod(by)
		if by.allowed || !by.names(named) {
			continue
		}
		policy := `"` + f.Policy.String() + `"`
		all = append(all, by.refusal("PodSecurity "+policy+", the floor of "+f.By, "the floor "+policy+" of "+f.By, j.Pod))
	}
	for _, p := range g.Profiles {
		if refused, ok := r.profile(j, p, named); !ok {
			all = append(all, refused)
		}
	}
	return all
}

// evaluatedPod counts a judgement of what is a pod, not only a template.
func (r *review) evaluatedPod(j judged) {
	switch {
	case !r.req.isCore(podsResource):
	case j.allowed:
		r.evaluated(DecisionAllow, j.policy, ModeEnforce)
	default:
		r.evaluated(DecisionDeny, j.policy, ModeEnforce)
	}
}

// names adds the controls that a pod failed to those that are named already, and
// reports whether there were any others, or something else is wrong.
func (j judged) names(named map[string]bool) bool {
	failed := j.verdict.Failed()
	more := len(failed) == 0
	for _, id := range failed {
		more = more || !named[string(id)]
		named[string(id)] = true
	}
	return more
}

// refusal is the judgement of a pod that is not allowed.
func (j judged) refusal(violated, by string, pod *pss.Pod) refusal {
	to := refusal{violated: violated, by: by, detail: j.detail}
	if items(pod) > maxItems {
		return to // there would be too much to say
	}
	for _, violation := range j.verdict.Violations() {
		v := Violation{Control: string(violation.Control), Reason: violation.Reason}
		for _, f := range violation.Findings {
			v.Findings = append(v.Findings, Finding{f.Container, f.Path(), f.Value, f.Explicit})
		}
		to.violations = append(to.violations, v)
	}
	return to
}

// profile judges a pod by a profile; ok is false if it does not meet it, in something
// that is not named, or cannot be judged.
func (r *review) profile(j *judging, p Profile, named map[string]bool) (refusal, bool) {
	name := p.String()
	no := refusal{violated: name, by: name}
	if p.Judge == nil {
		r.refusedBy(p)
		no.detail = "there is no such profile"
		return no, false
	}
	violations, uses, err := p.Judge(r.evaluator, j.Subject)
	if err != nil || len(violations) > 0 {
		r.refusedBy(p)
	}
	if err != nil {
		no.detail = sentence(err.Error())
		return no, false
	}
	r.used(j, uses, ModeEnforce)
	violations = slices.DeleteFunc(violations, func(v Violation) bool { return named[v.Control] })
	no.violations = violations
	no.detail = found(violations, func(path string) string { return path })
	return no, len(violations) == 0
}

// refusedBy counts a pod, not only a template, that a profile refuses.
func (r *review) refusedBy(p Profile) {
	if r.req.isCore(podsResource) {
		r.recorder.RecordProfileRefusal(p.Name)
	}
}

// forbidGuarded refuses a pod, whose decision was another one so far, if it does not
// meet what is asked beside the labels.
func (r *review) forbidGuarded(ctx context.Context, d Decision, j *judging, labels judged) Decision {
	refused := r.refusals(ctx, j, labels, &r.guarding)
	if len(refused) == 0 || len(refused) == 1 && !labels.allowed {
		return d
	}
	text := ""
	for i, f := range refused {
		if i > 0 {
			text += "; violates "
		}
		text += f.violated + ": " + f.detail
	}
	return forbid(&r.req, text)
}
