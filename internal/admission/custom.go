package admission

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// SetTemplatePaths replaces where custom resources hold pod templates, beside those
// that package workload knows. Requests that are being decided keep what they began
// with. An error means that a path is none, and that the old ones stay.
func (c *Controller) SetTemplatePaths(paths []workload.TemplatePath) error {
	reader, err := customReader(paths)
	if err != nil {
		return fmt.Errorf("admission: %w", err)
	}
	c.replace(func(s *state) { s.custom = reader })
	return nil
}

// customReader returns a reader of custom resources. To the API server their
// templates are no pods, so none of a pod's defaults are in them; and they are few,
// so what exceptions look at is always read.
func customReader(paths []workload.TemplatePath) (*workload.Reader, error) {
	return workload.NewReader(workload.Options{Paths: paths, Extra: true})
}

// isCustom reports whether a resource of the group is none of Kubernetes' own with pod
// templates. Groups of custom resources have a dot in the name.
func isCustom(group string) bool { return strings.Contains(group, ".") }

// customResource decides a request for a custom resource as one for a workload, but
// that it may hold several pod templates, or none.
func (r *review) customResource(ctx context.Context, policy pss.Policy, errs pss.LabelErrors) Decision {
	item := r.req.object().item(r.custom)
	object := item.Object
	var what string
	var err error
	switch {
	case item.Outcome == workload.Broken:
		what, err = "failed to decode object", item.Err
	case !item.Kubernetes:
		what, err = "failed to decode object", errors.New("apiVersion and kind are missing")
	case !r.custom.Knows(object.APIVersion, object.Kind):
		what, err = "failed to decode object", noSuchKind(object.APIVersion, object.Kind)
	case item.Outcome == workload.NotChecked && len(item.Unchecked) > 0:
		what, err = "failed to extract pod template", errors.New(item.Reason)
	}
	if err != nil {
		r.recorder.RecordError(true, r.req.labels())
		return allowDespite(what, err)
	}
	if len(item.Templates) == 0 {
		return allow() // it has none, or refers to another object
	}
	pods := make([]judging, len(item.Templates))
	for i := range pods {
		t := &item.Templates[i]
		pods[i] = judging{Subject: subjectOf(t)}
		if len(pods) > 1 {
			pods[i].path = t.Path
		}
	}
	d := r.evaluateAll(ctx, policy, errs, pods, false)
	if len(item.Unchecked) > 0 {
		d.unchecked(item.Unchecked[0], item.Reason)
	}
	return d
}

// unchecked says that some of an object was not judged.
func (d *Decision) unchecked(path, reason string) {
	text := sentence("failed to extract pod template at " + path + ": " + reason)
	at := slices.IndexFunc(d.Annotations, func(a Annotation) bool { return a.Key >= ErrorKey })
	switch {
	case at < 0:
		d.Annotations = append(d.Annotations, Annotation{ErrorKey, text})
	case d.Annotations[at].Key == ErrorKey:
		d.Annotations[at].Value += "; " + text
	default:
		d.Annotations = slices.Insert(d.Annotations, at, Annotation{ErrorKey, text})
	}
}
