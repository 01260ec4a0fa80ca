package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gabion-security/gabion/api/v1alpha1"
)

// MayWeaken asks whether the user may weaken a namespace that is guarded. The review
// is one of the whole cluster, as Gabion's own is: no RoleBinding grants it. An error
// means that nobody has answered.
func (l *Labeler) MayWeaken(ctx context.Context, namespace string) (bool, error) {
	text, err := json.Marshal(&authorizationv1.SelfSubjectAccessReview{
		TypeMeta: metav1.TypeMeta{APIVersion: authorizationv1.SchemeGroupVersion.String(), Kind: "SelfSubjectAccessReview"},
		Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{
			Verb: v1alpha1.VerbWeaken, Group: v1alpha1.GroupName, Version: v1alpha1.GroupVersion().Version,
			Resource: v1alpha1.ResourcePodSecurityLevels, Name: namespace,
		}},
	})
	if err != nil {
		return false, err
	}
	text, err = answer(ctx, l.client.Post().AbsPath("/apis/"+authorizationv1.SchemeGroupVersion.String()+"/selfsubjectaccessreviews").
		SetHeader("Content-Type", "application/json").SetHeader("Accept", "application/json").Body(text))
	if err != nil {
		return false, fmt.Errorf("asking who may weaken namespace %q: %w", namespace, err)
	}
	var said authorizationv1.SelfSubjectAccessReview
	if err := json.Unmarshal(text, &said); err != nil {
		return false, fmt.Errorf("asking who may weaken namespace %q: %w", namespace, err)
	}
	allowed := said.Status.Allowed && !said.Status.Denied
	if fault := said.Status.EvaluationError; fault != "" && !allowed && !said.Status.Denied {
		return false, errors.New(fault)
	}
	return allowed, nil
}
