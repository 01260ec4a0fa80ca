package admission

import "context"

// workload decides a request for an object with a pod template as the plugin does.
// It never refuses: the pods are judged when they are made.
func (r *review) workload(ctx context.Context) Decision {
	if r.req.Subresource != "" {
		return allow()
	}
	if d, ok := r.exempt(); ok {
		return d
	}
	policy, errs, err := r.policy(ctx)
	if err != nil {
		return allowDespite("failed to lookup namespace "+quote(r.req.Namespace), err)
	}
	if asksNothing(policy, errs, false) {
		return allow()
	}
	if isCustom(r.req.Group) {
		return r.customResource(ctx, policy, errs)
	}

	o, err := read(r.reader, r.req.object())
	switch {
	case err != nil:
		r.recorder.RecordError(true, r.req.labels())
		return allowDespite("failed to decode object", err)
	case !o.hasPodSpec():
		r.recorder.RecordError(true, r.req.labels())
		return allowDespite("failed to extract pod template", o.unexpected())
	case o.kind == kindTemplateless:
		return allow()
	}
	return r.evaluate(ctx, policy, errs, o.template, false)
}
