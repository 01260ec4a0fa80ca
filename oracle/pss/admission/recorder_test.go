package admission

import (
	"fmt"
	"strconv"
	"strings"

	admissionv1 "k8s.io/api/admission/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/metrics"

	"github.com/gabion-security/gabion/internal/admission"
)

// recorder writes down what either controller counts, as the labels of
// upstream's metrics.
type recorder struct {
	version api.Version // upstream's binary
	events  []string
}

func (r *recorder) take() []string {
	events := r.events
	r.events = nil
	return events
}

func (r *recorder) add(parts ...string) { r.events = append(r.events, strings.Join(parts, " ")) }

// upstreamsRecorder is what upstream's controller calls.
type upstreamsRecorder struct{ *recorder }

var (
	_ metrics.Recorder   = upstreamsRecorder{}
	_ admission.Recorder = oursRecorder{}
)

func (r upstreamsRecorder) RecordEvaluation(d metrics.Decision, lv api.LevelVersion, m metrics.Mode, a api.Attributes) {
	version := "latest"
	if !lv.Latest() && lv.Level != api.LevelPrivileged {
		version = lv.Version.String()
		if r.version.Older(lv.Version) {
			version = "future"
		}
	}
	r.add("evaluation", string(d), string(lv.Level), version, string(m), requestLabels(a))
}

func (r upstreamsRecorder) RecordExemption(a api.Attributes) { r.add("exemption", requestLabels(a)) }

func (r upstreamsRecorder) RecordError(fatal bool, a api.Attributes) {
	r.add("error", strconv.FormatBool(fatal), requestLabels(a))
}

// requestLabels are upstream's labels of a request, with Gabion's bounds.
func requestLabels(a api.Attributes) string {
	operation := strings.ToLower(string(a.GetOperation()))
	switch a.GetOperation() {
	case admissionv1.Create, admissionv1.Update, admissionv1.Delete, admissionv1.Connect:
	default:
		operation = "other"
	}
	resource := "controller"
	switch gr := a.GetResource().GroupResource(); gr.String() {
	case "pods":
		resource = "pod"
	case "namespaces":
		resource = "namespace"
	}
	subresource := a.GetSubresource()
	if subresource != "" && subresource != "ephemeralcontainers" && subresource != "resize" {
		subresource = "other"
	}
	return fmt.Sprintf("%s %s %q", operation, resource, subresource)
}

// oursRecorder is what Gabion's controller calls.
type oursRecorder struct{ *recorder }

func (r oursRecorder) RecordEvaluation(e admission.Evaluation) {
	r.add("evaluation", e.Decision, e.Level, e.Version, e.Mode, text(e.Labels))
}

func (r oursRecorder) RecordExemption(l admission.Labels) { r.add("exemption", text(l)) }

func (r oursRecorder) RecordError(fatal bool, l admission.Labels) {
	r.add("error", strconv.FormatBool(fatal), text(l))
}

// RecordProfileRefusal is never called: upstream has no profiles.
func (r oursRecorder) RecordProfileRefusal(name string) { r.add("profile", name, "") }

// RecordException is never called: upstream has no exceptions.
func (r oursRecorder) RecordException(name, mode string) { r.add("exception", name, mode) }

func text(l admission.Labels) string {
	return fmt.Sprintf("%s %s %q", l.Operation, l.Resource, l.Subresource)
}
