package cluster

import (
	"context"
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/pss"
)

// access lists who may do what.
func (l *lister) access(ctx context.Context) error {
	rbac := func(plural string, clusterScoped bool) resource {
		return resource{group: rbacv1.GroupName, version: "v1", plural: plural, clusterScoped: clusterScoped}
	}
	for _, kind := range []struct {
		resource
		newList func() runtime.Object
	}{
		{resource{version: "v1", plural: "serviceaccounts"}, func() runtime.Object { return new(corev1.ServiceAccountList) }},
		{rbac("clusterroles", true), func() runtime.Object { return new(rbacv1.ClusterRoleList) }},
		{rbac("clusterrolebindings", true), func() runtime.Object { return new(rbacv1.ClusterRoleBindingList) }},
		{rbac("roles", false), func() runtime.Object { return new(rbacv1.RoleList) }},
		{rbac("rolebindings", false), func() runtime.Object { return new(rbacv1.RoleBindingList) }},
	} {
		if err := l.pages(ctx, kind.resource, l.typedPage(kind.newList, l.grant)); err != nil {
			return err
		}
	}
	return nil
}

// grant takes a service account, a role or a binding.
func (l *lister) grant(whole runtime.Object) error {
	to := &l.rest.Access
	switch o := whole.(type) {
	case *corev1.ServiceAccount:
		account := inventory.ServiceAccount{Namespace: o.Namespace, Name: o.Name}
		if o.AutomountServiceAccountToken != nil {
			account.Automount = pss.Some(*o.AutomountServiceAccountToken)
		}
		to.ServiceAccounts = append(to.ServiceAccounts, account)
	case *rbacv1.ClusterRole:
		to.ClusterRoles = append(to.ClusterRoles, rbacv1.ClusterRole{
			ObjectMeta: bare(&o.ObjectMeta), Rules: o.Rules, AggregationRule: o.AggregationRule,
		})
	case *rbacv1.ClusterRoleBinding:
		to.ClusterRoleBindings = append(to.ClusterRoleBindings, rbacv1.ClusterRoleBinding{
			ObjectMeta: bare(&o.ObjectMeta), Subjects: o.Subjects, RoleRef: o.RoleRef,
		})
	case *rbacv1.Role:
		to.Roles = append(to.Roles, rbacv1.Role{ObjectMeta: bare(&o.ObjectMeta), Rules: o.Rules})
	case *rbacv1.RoleBinding:
		to.RoleBindings = append(to.RoleBindings, rbacv1.RoleBinding{
			ObjectMeta: bare(&o.ObjectMeta), Subjects: o.Subjects, RoleRef: o.RoleRef,
		})
	default:
		return fmt.Errorf("%T in a list of who may do what", whole)
	}
	return nil
}

// bare is what counts of the metadata of a role or binding. The labels tell what
// Kubernetes itself has made, and what is aggregated.
func bare(m *metav1.ObjectMeta) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: m.Name, Namespace: m.Namespace, Labels: m.Labels}
}

// policies lists PodSecurityPolicies. API servers from 1.25 on have none.
func (l *lister) policies(ctx context.Context) error {
	psp := resource{group: "policy", version: "v1beta1", plural: "podsecuritypolicies", clusterScoped: true}
	err := l.client.json(ctx, psp.path(""), &metav1.ListOptions{Limit: 1}, new(struct{}))
	if apierrors.IsNotFound(err) {
		return nil
	}
	return l.pages(ctx, psp, l.rawPage(func(text json.RawMessage) error {
		policy, err := inventory.PrunePolicy(text)
		if err != nil {
			return err
		}
		l.rest.PodSecurityPolicies = append(l.rest.PodSecurityPolicies, policy)
		return nil
	}))
}
