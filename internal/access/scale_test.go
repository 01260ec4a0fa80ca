package access_test

import (
	"fmt"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gabion-security/gabion/internal/access"
	"github.com/gabion-security/gabion/internal/inventory"
)

// many is a cluster of many tenants who may do everything in their namespaces.
func many(tenants int) *inventory.Inventory {
	inv := &inventory.Inventory{}
	a := &inv.Access
	a.ClusterRoles = []rbacv1.ClusterRole{{
		ObjectMeta: metav1.ObjectMeta{Name: "owner"},
		Rules:      []rbacv1.PolicyRule{{APIGroups: []string{"*"}, Resources: []string{"*"}, Verbs: []string{"*"}}},
	}}
	for i := range tenants {
		name := fmt.Sprintf("tenant-%d", i)
		inv.Namespaces = append(inv.Namespaces, inventory.Namespace{Name: name, Stated: true})
		a.ServiceAccounts = append(a.ServiceAccounts, inventory.ServiceAccount{Namespace: name, Name: "default"})
		a.RoleBindings = append(a.RoleBindings, rbacv1.RoleBinding{
			ObjectMeta: metav1.ObjectMeta{Namespace: name, Name: "owner"}, RoleRef: rbacv1.RoleRef{Kind: "ClusterRole", Name: "owner"},
			Subjects: []rbacv1.Subject{{Kind: "User", Name: name}, {Kind: "ServiceAccount", Name: "default"}, {Kind: "Group", Name: name}},
		})
	}
	return inv
}

func BenchmarkManyTenants(b *testing.B) {
	inv := many(5000)
	for b.Loop() {
		if got := access.Ask(access.Question{Aim: access.Weaken, Inventory: inv}); len(got.Grants) != 10000 {
			b.Fatalf("%d grants", len(got.Grants))
		}
	}
}
