package admission

import (
	"context"

	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// judged is one judgement of a pod.
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
	if r.config.Exemptions.RuntimeClass(t.RuntimeClass) {
		r.recorder.RecordExemption(r.req.labels())
		return allowWith(ExemptKey, "runtimeClass")
	}
	if len(errs) > 0 {
		r.recorder.RecordError(false, r.req.labels())
	}

	d, what := allow(), "its pods"
	j := judging{Subject: subjectOf(t)}
	var known judged // the zero judged belongs to no policy
	if enforce {
		what = "this pod"
		known = r.judge(ctx, &j, policy.Enforce, ModeEnforce)
		if !known.allowed {
			d = forbid(r.req, `PodSecurity "`+policy.Enforce.String()+`": `+known.detail)
			r.evaluated(DecisionDeny, policy.Enforce, ModeEnforce)
		} else {
			r.evaluated(DecisionAllow, policy.Enforce, ModeEnforce)
		}
		if r.guarding.asks() {
			d = r.forbidGuarded(ctx, d, &j, known)
		}
	}

	audit := r.judgeAgain(ctx, &j, policy.Audit, ModeAudit, known, known)
	if !audit.allowed {
		r.evaluated(DecisionDeny, policy.Audit, ModeAudit)
	}
	if d.Allowed { // else an error says it all
		if warn := r.judgeAgain(ctx, &j, policy.Warn, ModeWarn, known, audit); !warn.allowed {
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
	d.tell(j.uses, what)
	return d
}

// violation says what the pod violates where it is allowed all the same.
func (j judged) violation() string {
	return `would violate PodSecurity "` + j.policy.String() + `": ` + j.detail
}

// judge judges a pod in a mode. What cannot be judged is not allowed, and what
// nobody waits for any more is not judged.
func (r *review) judge(ctx context.Context, j *judging, policy pss.LevelVersion, mode string) judged {
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
		return judged{policy: policy, detail: detail(r.evaluator, verdict, j.Pod), verdict: verdict}
	}
	if verdict, err = r.evaluator.Evaluate(j.Pod, policy); err != nil { // of the pod as it was read again
		return judged{policy: policy, detail: sentence(err.Error())}
	}
	verdict = r.without(j, mode, verdict)
	if verdict.Allowed() {
		return judged{policy: policy, allowed: true, own: true}
	}
	return judged{policy: policy, detail: detail(r.evaluator, verdict, j.Pod), own: true, verdict: verdict}
}

// judgeAgain judges a pod, unless one of the judgements is for the same policy and
// not only for its mode.
func (r *review) judgeAgain(ctx context.Context, j *judging, policy pss.LevelVersion, mode string, first, second judged) judged {
	switch {
	case policy == first.policy && !first.own:
		return first
	case policy == second.policy && !second.own:
		return second
	}
	return r.judge(ctx, j, policy, mode)
}

// evaluated counts a judgement.
func (r *review) evaluated(decision string, policy pss.LevelVersion, mode string) {
	r.recorder.RecordEvaluation(Evaluation{
		Labels: r.req.labels(), Decision: decision, Mode: mode,
		Level: policy.Level.String(), Version: versionLabel(policy, r.evaluator),
	})
}
