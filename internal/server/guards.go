package server

import (
	"context"
	"errors"
	"slices"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/admission"
	"github.com/gabion-security/gabion/internal/exception"
	"github.com/gabion-security/gabion/internal/guard"
	"github.com/gabion-security/gabion/internal/server/resource"
)

// guards are the guards of admission. In excluded namespaces nobody asks about
// pods: they are as good as exempt.
type guards struct {
	set      guard.Set
	excluded []string
}

var _ admission.Guards = guards{}

// Judge judges a change of a namespace.
func (g guards) Judge(c admission.NamespaceChange) admission.Guarding {
	ruling := g.set.Judge(guard.Change{
		Name: c.Name, New: c.New, Before: c.Before, After: c.After, Exempt: c.Exempt || slices.Contains(g.excluded, c.Name), Defaults: c.Defaults, Evaluator: c.Evaluator,
	})
	var said admission.Guarding
	for _, w := range ruling.Weakenings {
		said.Weakenings = append(said.Weakenings, admission.Weakening{
			Refused: w.Action == guard.Deny, Told: w.Action == guard.Warn, Text: w.String(),
		})
	}
	for _, r := range ruling.Relaxations {
		said.Notices = append(said.Notices, r.String())
	}
	return said
}

// Missing returns the labels that a new namespace gets.
func (g guards) Missing(name string, labels map[string]string) map[string]string {
	return g.set.Missing(name, labels)
}

// entering says which exceptions a namespace comes to have by its name or labels.
type entering struct {
	set *exception.Set
	now func() time.Time
}

var _ guard.Exceptions = entering{}

// Of returns the names of those that have not ended, without those of every
// namespace.
func (x entering) Of(namespace string, labels map[string]string) []string {
	var names []string
	at := x.now()
	for _, e := range x.set.InNamespace(namespace, labels) {
		if !e.Spec.Namespaces.All && !e.Expired(at) {
			names = append(names, e.Name)
		}
	}
	return names
}

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
