package access_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"

	"github.com/gabion-security/gabion/internal/access"
	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/pss"
)

// world reads RBAC objects, namespaces and service accounts.
func world(t *testing.T, manifests string) *inventory.Inventory {
	t.Helper()
	inv := &inventory.Inventory{Server: inventory.Server{Version: pss.V1(37)}}
	for text := range strings.SplitSeq(manifests, "\n---\n") {
		var object struct {
			Kind     string
			Metadata struct {
				Name, Namespace string
				Labels          map[string]string
			}
		}
		read(t, text, &object)
		a := &inv.Access
		switch object.Kind {
		case "Namespace":
			inv.Namespaces = append(inv.Namespaces, inventory.Namespace{Name: object.Metadata.Name, Stated: true, Labels: object.Metadata.Labels})
		case "ServiceAccount":
			a.ServiceAccounts = append(a.ServiceAccounts, inventory.ServiceAccount{Namespace: object.Metadata.Namespace, Name: object.Metadata.Name})
		case "ClusterRole":
			a.ClusterRoles = append(a.ClusterRoles, as[rbacv1.ClusterRole](t, text))
		case "ClusterRoleBinding":
			a.ClusterRoleBindings = append(a.ClusterRoleBindings, as[rbacv1.ClusterRoleBinding](t, text))
		case "Role":
			a.Roles = append(a.Roles, as[rbacv1.Role](t, text))
		case "RoleBinding":
			a.RoleBindings = append(a.RoleBindings, as[rbacv1.RoleBinding](t, text))
		default:
			t.Fatalf("what is a %q?", object.Kind)
		}
	}
	return inv
}

func read(t *testing.T, text string, into any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
}

func as[T any](t *testing.T, text string) (object T) {
	t.Helper()
	if err := yaml.UnmarshalStrict([]byte(text), &object); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return object
}

// binds returns a binding, of the cluster if there is no namespace, to a Role or
// ClusterRole with one rule, and that role. Its subject is a user of that name.
func binds(user, namespace, roleKind, rule string) string {
	kind, in := "ClusterRoleBinding", ""
	if namespace != "" {
		kind, in = "RoleBinding", ", namespace: "+namespace
	}
	roleIn := in
	if roleKind == "ClusterRole" {
		roleIn = ""
	}
	return fmt.Sprintf(`kind: %s
metadata: {name: %s%s}
roleRef: {kind: %s, name: %s}
subjects: [{kind: User, name: %s}]
---
kind: %s
metadata: {name: %s%s}
rules: [%s]`, kind, user, in, roleKind, user, user, roleKind, user, roleIn, rule)
}

func namespace(name, labels string) string {
	return fmt.Sprintf("kind: Namespace\nmetadata: {name: %s, labels: {%s}}", name, labels)
}

// join makes one manifest of several.
func join(manifests ...string) string { return strings.Join(manifests, "\n---\n") }

// lines tells an answer in lines: who can do what where.
func lines(grants []access.Grant) []string {
	got := []string{}
	for _, g := range grants {
		var subjects []string
		for _, s := range g.Subjects {
			subjects = append(subjects, nameOf(s))
		}
		for _, h := range g.Rights {
			line := strings.Join(subjects, "+") + ": " + h.ID + ": " + strings.Join(h.Verbs, ",") + " " + strings.Join(h.Resources, ",")
			if h.Names != nil {
				line += " named " + strings.Join(h.Names, ",")
			}
			if h.Everywhere {
				line += " everywhere"
			} else {
				line += " in " + strings.Join(h.Namespaces, ",")
			}
			var others []string
			for _, s := range h.As {
				others = append(others, nameOf(s))
			}
			if len(others) > 0 {
				line += fmt.Sprintf(" as %s of %d", strings.Join(others, ","), len(others))
			}
			got = append(got, line)
		}
	}
	slices.Sort(got)
	return got
}

func nameOf(s access.Subject) string {
	if s.Namespace != "" {
		return s.Namespace + "/" + s.Name
	}
	return s.Name
}
