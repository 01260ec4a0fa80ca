package registration

import (
	"slices"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/api/equality"
)

// differences names what of a stored configuration is not as wanted, such as
// "enforce.pod-security.gabion.io: failurePolicy". The order of webhooks means
// nothing, and neither does what others write into the metadata.
func differences(have, want *admissionregistrationv1.ValidatingWebhookConfiguration) []string {
	var found []string
	for i := range want.Webhooks {
		w := &want.Webhooks[i]
		at := slices.IndexFunc(have.Webhooks, func(h admissionregistrationv1.ValidatingWebhook) bool { return h.Name == w.Name })
		if at < 0 {
			found = append(found, w.Name+" is missing")
			continue
		}
		for _, field := range differentFields(&have.Webhooks[at], w) {
			found = append(found, w.Name+": "+field)
		}
	}
	for i := range have.Webhooks {
		name := have.Webhooks[i].Name
		if !slices.ContainsFunc(want.Webhooks, func(w admissionregistrationv1.ValidatingWebhook) bool { return w.Name == name }) {
			found = append(found, name+" is too many")
		}
	}
	if have.Annotations[withdrawnAnnotation] != "" {
		found = append(found, announcement)
	}
	return found
}

// announcement is the difference that an announced removal makes.
const announcement = "the annotation " + withdrawnAnnotation

func differentFields(have, want *admissionregistrationv1.ValidatingWebhook) []string {
	var found []string
	for _, field := range []struct {
		name       string
		have, want any
	}{
		{"clientConfig", have.ClientConfig, want.ClientConfig},
		{"rules", have.Rules, want.Rules},
		{"failurePolicy", have.FailurePolicy, want.FailurePolicy},
		{"matchPolicy", have.MatchPolicy, want.MatchPolicy},
		{"namespaceSelector", have.NamespaceSelector, want.NamespaceSelector},
		{"objectSelector", have.ObjectSelector, want.ObjectSelector},
		{"sideEffects", have.SideEffects, want.SideEffects},
		{"timeoutSeconds", have.TimeoutSeconds, want.TimeoutSeconds},
		{"admissionReviewVersions", have.AdmissionReviewVersions, want.AdmissionReviewVersions},
		{"matchConditions", have.MatchConditions, want.MatchConditions},
	} {
		// Semantic: an empty list is none.
		if !equality.Semantic.DeepEqual(field.have, field.want) {
			found = append(found, field.name)
		}
	}
	return found
}
