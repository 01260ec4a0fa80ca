package snapshot

import (
	"encoding/json"
	"fmt"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/pss"
)

// parsed is a line that is read as a whole. Its spec is read elsewhere.
type parsed struct {
	grant

	Templates []customTemplate `json:"templates"`
}

// grant is a line that says who may do what.
type grant struct {
	APIVersion string   `json:"apiVersion"`
	Kind       string   `json:"kind"`
	Metadata   metadata `json:"metadata"`

	Automount       *bool                   `json:"automountServiceAccountToken"`
	Rules           []rbacv1.PolicyRule     `json:"rules"`
	AggregationRule *rbacv1.AggregationRule `json:"aggregationRule"`
	Subjects        []rbacv1.Subject        `json:"subjects"`
	RoleRef         rbacv1.RoleRef          `json:"roleRef"`
}

// merger puts entries into an inventory that is being built.
type merger struct {
	into *inventory.Builder
	// shared are the inventory's views by those of the parsers, each of which
	// has its own.
	shared map[*inventory.View]*inventory.View
}

func newMerger(into *inventory.Builder) *merger {
	return &merger{into: into, shared: map[*inventory.View]*inventory.View{}}
}

func (m *merger) merge(all []entry) error {
	for i := range all {
		switch e := &all[i]; {
		case e.view != nil:
			view := m.shared[e.view]
			if view == nil {
				view = m.into.Share(e.view)
				m.shared[e.view] = view
			}
			m.into.Pod(e.namespace, e.name, view, e.controller)
		case e.item != nil:
			m.into.Add(e.item)
		default:
			if err := m.grant(e.line, e.text); err != nil {
				return err
			}
		}
	}
	return nil
}

// grant takes a service account, a role, a binding or a policy.
func (m *merger) grant(l *grant, text json.RawMessage) error {
	to := &m.into.Access
	meta := metav1.ObjectMeta{Name: l.Metadata.Name, Namespace: l.Metadata.Namespace, Labels: l.Metadata.Labels}
	switch rbac := rbacv1.SchemeGroupVersion.String(); l.APIVersion + " " + l.Kind {
	case "v1 ServiceAccount":
		account := inventory.ServiceAccount{Namespace: meta.Namespace, Name: meta.Name}
		if l.Automount != nil {
			account.Automount = pss.Some(*l.Automount)
		}
		to.ServiceAccounts = append(to.ServiceAccounts, account)
	case rbac + " ClusterRole":
		to.ClusterRoles = append(to.ClusterRoles, rbacv1.ClusterRole{
			ObjectMeta: meta, Rules: l.Rules, AggregationRule: l.AggregationRule,
		})
	case rbac + " ClusterRoleBinding":
		to.ClusterRoleBindings = append(to.ClusterRoleBindings, rbacv1.ClusterRoleBinding{
			ObjectMeta: meta, Subjects: l.Subjects, RoleRef: l.RoleRef,
		})
	case rbac + " Role":
		to.Roles = append(to.Roles, rbacv1.Role{ObjectMeta: meta, Rules: l.Rules})
	case rbac + " RoleBinding":
		to.RoleBindings = append(to.RoleBindings, rbacv1.RoleBinding{ObjectMeta: meta, Subjects: l.Subjects, RoleRef: l.RoleRef})
	case "policy/v1beta1 PodSecurityPolicy":
		m.into.PodSecurityPolicies = append(m.into.PodSecurityPolicies, text)
	default:
		return fmt.Errorf("%s %s: nobody knows what this is", l.Kind, meta.Name)
	}
	return nil
}
