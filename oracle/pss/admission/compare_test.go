package admission

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admission/v1"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/klog/v2"
	"k8s.io/pod-security-admission/api"

	"github.com/gabion-security/gabion/internal/admission"
)

// answer is what either controller makes of a request.
type answer struct {
	Decision admission.Decision
	Events   []string
}

// decoder reads objects as the upstream webhook does.
func decoder(t testing.TB) runtime.Decoder {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		admissionv1.AddToScheme, corev1.AddToScheme, appsv1.AddToScheme, batchv1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	return serializer.NewCodecFactory(scheme).UniversalDeserializer()
}

// ask puts a request to both controllers.
func (w *world) ask(d runtime.Decoder, r *admissionv1.AdmissionRequest) (ours, theirs answer) {
	quiet := klog.NewContext(context.Background(), klog.Logger{})
	response := w.theirs.Validate(quiet, api.RequestAttributes(r, d))
	theirs = answer{fromUpstream(response), w.events.theirs.take()}
	ours.Decision = w.ours.Decide(context.Background(), admission.Request{
		Operation: string(r.Operation),
		Group:     r.Resource.Group, Resource: r.Resource.Resource, Subresource: r.RequestSubResource, Kind: r.Kind.Kind,
		Namespace: r.Namespace, Name: r.Name, Username: r.UserInfo.Username,
		Object: r.Object.Raw, OldObject: r.OldObject.Raw,
	})
	ours.Events = w.events.ours.take()
	return ours, theirs
}

// fromUpstream puts upstream's response into Gabion's shape.
func fromUpstream(r *admissionv1.AdmissionResponse) admission.Decision {
	d := admission.Decision{Allowed: r.Allowed, Warnings: r.Warnings}
	for _, key := range slices.Sorted(maps.Keys(r.AuditAnnotations)) {
		d.Annotations = append(d.Annotations, admission.Annotation{Key: key, Value: r.AuditAnnotations[key]})
	}
	if r.Result == nil {
		return d
	}
	d.Code, d.Reason, d.Message = r.Result.Code, string(r.Result.Reason), r.Result.Message
	if details := r.Result.Details; details != nil {
		d.Details = admission.Details{Group: details.Group, Kind: details.Kind, Name: details.Name}
		for _, c := range details.Causes {
			d.Details.Causes = append(d.Details.Causes, admission.Cause{Type: string(c.Type), Message: c.Message, Field: c.Field})
		}
	}
	return d
}

// comparable makes an answer ready to be compared: the decoders' own words are
// cut, and empty lists are nil. Without texts, only their number is left.
func (a answer) comparable(texts bool) answer {
	a.Decision.Err = nil
	if len(a.Decision.Warnings) == 0 {
		a.Decision.Warnings = nil
	}
	a.Decision.Warnings = slices.Clone(a.Decision.Warnings)
	a.Decision.Annotations = slices.Clone(a.Decision.Annotations)
	if len(a.Decision.Annotations) == 0 {
		a.Decision.Annotations = nil
	}
	for i := range a.Decision.Annotations {
		v := &a.Decision.Annotations[i].Value
		if before, _, ok := strings.Cut(*v, "object: "); ok && strings.HasPrefix(*v, "failed to decode ") {
			*v = before + "object: …"
		}
	}
	if texts {
		return a
	}
	before, _, _ := strings.Cut(a.Decision.Message, "violates PodSecurity")
	a.Decision.Message = before
	for i := range a.Decision.Warnings {
		a.Decision.Warnings[i], _, _ = strings.Cut(a.Decision.Warnings[i], ": ")
	}
	for i := range a.Decision.Annotations {
		a.Decision.Annotations[i].Value, _, _ = strings.Cut(a.Decision.Annotations[i].Value, ": ")
	}
	return a
}

// difference compares the answers to a request; if values in it are odd, Gabion
// escapes them, and the sentences about pods may differ.
func difference(ours, theirs answer, odd bool) string {
	return cmp.Diff(theirs.comparable(!odd), ours.comparable(!odd))
}
