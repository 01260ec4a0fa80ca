package admission

import (
	"context"
	"slices"

	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// ignored reports whether a subresource of pods changes nothing that matters.
// Every other one, also of times to come, is judged.
func ignored(subresource string) bool {
	switch subresource {
	case "exec", "attach", "binding", "eviction", "log", "portforward", "proxy", "status":
		return true
	}
	return false
}

// pod decides a request for a pod. Whatever cannot be found or read out refuses
// it.
func (r *review) pod(ctx context.Context) Decision {
	if ignored(r.req.Subresource) {
		return allow()
	}
	if d, ok := r.exempt(); ok {
		return d
	}
	policy, errs, err := r.policy(ctx)
	if err != nil {
		return internalError("failed to lookup namespace "+quote(r.req.Namespace), err)
	}
	if r.podGuards != nil {
		r.guarding = r.podGuards(r.req.Namespace, r.labels)
	}
	if asksNothing(policy, errs, true) && !r.guarding.asks() {
		r.evaluated(DecisionAllow, policy.Enforce, ModeEnforce)
		return allowWith(EnforcePolicyKey, "privileged:latest")
	}

	if r.req.Operation != Update {
		reader := r.reader
		if len(r.guarding.Profiles) > 0 {
			reader = r.whole
		}
		pod, d, ok := r.readPod(reader, r.req.object(), "")
		if !ok {
			return d
		}
		return r.evaluate(ctx, policy, errs, pod, true)
	}
	pod, d, ok := r.readPod(r.whole, r.req.object(), "")
	if !ok {
		return d
	}
	old, d, ok := r.readPod(r.whole, r.req.oldObject(), "old ")
	if !ok {
		return d
	}
	if !significant(pod, old) {
		return allow()
	}
	if !r.guarding.Alone || r.req.Subresource != ephemeralContainers {
		return r.evaluate(ctx, policy, errs, pod, true)
	}
	d = r.evaluate(ctx, policy, errs, alone(pod, old), true)
	if d.Allowed {
		d.Warnings = append(d.Warnings, r.targets(pod, old)...)
	}
	return d
}

// readPod reads a pod; if it is none, the Decision refuses the request.
func (r *review) readPod(reader *workload.Reader, from unread, which string) (*workload.Template, Decision, bool) {
	o, err := read(reader, from)
	switch {
	case err != nil:
		r.recorder.RecordError(true, r.req.labels())
		return nil, badRequest("failed to decode "+which+"object", err), false
	case o.kind != kindPod:
		r.recorder.RecordError(true, r.req.labels())
		return nil, badRequest("failed to decode "+which+"pod", nil), false
	}
	return o.template, Decision{}, true
}

// significant reports whether an update changes what the API lets change in a
// pod and what matters: images, and ephemeral containers. Both pods were read
// with their images.
func significant(pod, old *workload.Template) bool {
	for _, kind := range []pss.ContainerKind{pss.RegularContainer, pss.InitContainer} {
		now, before := images(pod, kind), images(old, kind)
		if len(now) != len(before) {
			return true
		}
		for i := range now {
			if now[i].image != before[i].image {
				return true
			}
		}
	}
	before := imagesBefore(old)
	for _, c := range images(pod, pss.EphemeralContainer) {
		if !before.had(c) {
			return true
		}
	}
	return false
}

// formerImages are the images that ephemeral containers had, by name, of those with one
// name the first one's.
type formerImages map[string]string

func imagesBefore(old *workload.Template) formerImages {
	list := images(old, pss.EphemeralContainer)
	before := make(formerImages, len(list))
	for _, c := range slices.Backward(list) {
		before[c.name] = c.image
	}
	return before
}

// had reports whether the container, found by its name, had its image before.
func (f formerImages) had(c containerImage) bool {
	image, found := f[c.name]
	return found && image == c.image
}

// containerImage is a container's name and image.
type containerImage struct{ name, image string }

// images returns the names and images of the containers of a kind.
func images(t *workload.Template, kind pss.ContainerKind) []containerImage {
	found := make([]containerImage, 0, 4)
	for i := range t.Pod.Containers {
		if c := &t.Pod.Containers[i]; c.Kind == kind {
			found = append(found, containerImage{c.Name, t.Extra.Containers[i].Image})
		}
	}
	return found
}
