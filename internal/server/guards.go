package server

import (
	"context"
	"errors"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/admission"
	"github.com/gabion-security/gabion/internal/server/resource"
)

const (
	accessReviews = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
	// reviewWithin is less than an API server waits for a webhook, so that it
	// still learns why a change is refused.
	reviewWithin = 3 * time.Second
)

// rights asks the API server's authorizers.
type rights struct{ client *resource.Client }

var _ admission.Rights = rights{}

// MayWeaken asks whether a user may weaken a namespace. The review is one of the
// whole cluster: no RoleBinding of the namespace, which a tenant may write, grants
// anything in it, and a name narrows it to what resourceNames allow.
func (r rights) MayWeaken(ctx context.Context, u admission.User, namespace string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, reviewWithin)
	defer cancel()
	review := authorizationv1.SubjectAccessReview{
		TypeMeta: metav1.TypeMeta{APIVersion: authorizationv1.SchemeGroupVersion.String(), Kind: "SubjectAccessReview"},
		Spec: authorizationv1.SubjectAccessReviewSpec{
			User: u.Name, UID: u.UID, Groups: u.Groups, Extra: map[string]authorizationv1.ExtraValue{},
			ResourceAttributes: &authorizationv1.ResourceAttributes{
				Verb: v1alpha1.VerbWeaken, Group: v1alpha1.GroupName, Version: v1alpha1.GroupVersion().Version,
				Resource: v1alpha1.ResourcePodSecurityLevels, Name: namespace,
			},
		},
	}
	for key, values := range u.Extra {
		review.Spec.Extra[key] = values
	}
	var answer authorizationv1.SubjectAccessReview
	if err := r.client.Create(ctx, accessReviews, &review, &answer); err != nil {
		return false, err
	}
	allowed := answer.Status.Allowed && !answer.Status.Denied
	if fault := answer.Status.EvaluationError; fault != "" && !allowed && !answer.Status.Denied {
		return false, errors.New(fault)
	}
	return allowed, nil
}
