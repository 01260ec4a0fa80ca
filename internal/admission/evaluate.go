package admission

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// maxTemplates is how many pod templates of an object a text describes.
const maxTemplates = 8

// judged is one judgement of a pod, or of all pods of an object.
type judged struct {
	policy  pss.LevelVersion
	allowed bool
	detail  string      // what the pod violates, if it is not allowed
	verdict pss.Verdict // with the same, or none if the pod could not be judged
	// own says that it is the mode's own: in another, something else is excepted.
	own bool
}

// evaluate judges a pod, or the pod of a template, in each mode; in enforce mode
// only if that is asked for.
func (r *review) evaluate(ctx context.Context, policy pss.Policy, errs pss.LabelErrors, t *workload.Template, enforce bool) Decision {
	return r.evaluateAll(ctx, policy, errs, []judging{{Subject: subjectOf(t)}}, enforce)
}

// evaluateAll is evaluate for all pods of an object, of which there is at least one.
func (r *review) evaluateAll(ctx context.Context, policy pss.Policy, errs pss.LabelErrors, pods []judging, enforce bool) Decision {
	pods = slices.DeleteFunc(pods, func(j judging) bool { return r.config.Exemptions.RuntimeClass(j.RuntimeClass) })
	if len(pods) == 0 {
		r.recorder.RecordExemption(r.req.labels())
		return allowWith(ExemptKey, "runtimeClass")
	}
	if len(errs) > 0 {
		r.recorder.RecordError(false, r.req.labels())
	}

	d, what := allow(), "its pods"
	var known judged // the zero judged belongs to no policy
	if enforce {
		what = "this pod"
		known = r.judge(ctx, pods, policy.Enforce, ModeEnforce)
		if !known.allowed {
			d = forbid(&r.req, `PodSecurity "`, policy.Enforce.String(), `": `, known.detail)
			r.evaluated(DecisionDeny, policy.Enforce, ModeEnforce)
		} else {
			r.evaluated(DecisionAllow, policy.Enforce, ModeEnforce)
		}
		if r.guarding.asks() {
			d = r.forbidGuarded(ctx, d, &pods[0], known)
		}
	}

	audit := r.judgeAgain(ctx, pods, policy.Audit, ModeAudit, known, known)
	if !audit.allowed {
		r.evaluated(DecisionDeny, policy.Audit, ModeAudit)
	}
	if d.Allowed { // else an error says it all
		if warn := r.judgeAgain(ctx, pods, policy.Warn, ModeWarn, known, audit); !warn.allowed {
			d.Warnings = []string{warn.violation()}
			r.evaluated(DecisionDeny, policy.Warn, ModeWarn)
		}
	}

	d.Annotations = make([]Annotation, 0, 3)
	if !audit.allowed {
		d.Annotations = append(d.Annotations, Annotation{AuditViolationsKey, audit.violation()})
	}
	if enforce {
		d.Annotations = append(d.Annotations, Annotation{EnforcePolicyKey, policy.Enforce.String()})
	}
	if len(errs) > 0 {
		d.Annotations = append(d.Annotations, Annotation{ErrorKey, "Failed to parse policy: " + cutValues(errs).Error()})
	}
	uses := usesOf(pods)
	r.uses = merge(r.uses, uses)
	d.tell(uses, what)
	return d
}

// violation says what the pod violates where it is allowed all the same.
func (j judged) violation() string {
	return `would violate PodSecurity "` + j.policy.String() + `": ` + j.detail
}

// judge judges the pods of an object in a mode.
func (r *review) judge(ctx context.Context, pods []judging, policy pss.LevelVersion, mode string) judged {
	if len(pods) == 1 && pods[0].path == "" {
		return r.judgePod(ctx, &pods[0], policy, mode)
	}
	all := judged{policy: policy, allowed: true}
	var texts []string
	failed := 0
	for i := range pods {
		one := r.verdict(ctx, &pods[i], policy, mode)
		all.own = all.own || one.own
		if one.allowed {
			continue
		}
		all.allowed = false
		if failed++; failed <= maxTemplates {
			texts = append(texts, printable(pods[i].path)+": "+r.described(one, &pods[i]).detail)
		}
	}
	if more := failed - maxTemplates; more > 0 {
		texts = append(texts, "and "+strconv.Itoa(more)+" more pod templates")
	}
	all.detail = strings.Join(texts, "; ")
	return all
}

// judgePod judges a pod in a mode.
func (r *review) judgePod(ctx context.Context, j *judging, policy pss.LevelVersion, mode string) judged {
	return r.described(r.verdict(ctx, j, policy, mode), j)
}

// described is a judgement of a pod with its detail, which takes more than to judge.
func (r *review) described(one judged, of *judging) judged {
	if !one.allowed && one.detail == "" {
		one.detail = detail(r.evaluator, one.verdict, of.Pod)
	}
	return one
}

// verdict judges a pod in a mode, with a detail only if there is no verdict. What cannot
// be judged is not allowed, and what nobody waits for any more is not judged.
func (r *review) verdict(ctx context.Context, j *judging, policy pss.LevelVersion, mode string) judged {
	if ctx.Err() != nil {
		return judged{policy: policy, detail: "not judged: the time of the request is over"}
	}
	verdict, err := r.evaluator.Evaluate(j.Pod, policy)
	switch {
	case err != nil:
		return judged{policy: policy, detail: sentence(err.Error())}
	case verdict.Allowed():
		return judged{policy: policy, allowed: true}
	case !r.excepting(j):
		return judged{policy: policy, verdict: verdict}
	}
	if verdict, err = r.evaluator.Evaluate(j.Pod, policy); err != nil { // of the pod as it was read again
		return judged{policy: policy, detail: sentence(err.Error())}
	}
	verdict = r.without(j, mode, verdict)
	if verdict.Allowed() {
		return judged{policy: policy, allowed: true, own: true}
	}
	return judged{policy: policy, own: true, verdict: verdict}
}

// judgeAgain judges pods, unless one of the judgements is for the same policy and
// not only for its mode.
func (r *review) judgeAgain(ctx context.Context, pods []judging, policy pss.LevelVersion, mode string, first, second judged) judged {
	switch {
	case policy == first.policy && !first.own:
		return first
	case policy == second.policy && !second.own:
		return second
	}
	return r.judge(ctx, pods, policy, mode)
}

// evaluated counts a judgement.
func (r *review) evaluated(decision string, policy pss.LevelVersion, mode string) {
	r.recorder.RecordEvaluation(Evaluation{
		Labels: r.req.labels(), Decision: decision, Mode: mode,
		Level: policy.Level.String(), Version: versionLabel(policy, r.evaluator),
	})
}
