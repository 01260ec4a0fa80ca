package guard_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/gabion-security/gabion/e2e/cluster"
	"github.com/gabion-security/gabion/pss"
)

// TestNobodyWeakensAGuardedNamespace follows one `gabion serve`. The steps build on
// each other.
func TestNobodyWeakensAGuardedNamespace(t *testing.T) {
	s, policies := guarded(t)
	for _, user := range []string{editor, tenant} {
		t.Run("every way is closed to the "+user, func(t *testing.T) { everyWayIsClosed(t, user) })
	}
	t.Run("the README says what is said", readme)
	t.Run("an exempt name needs the right", exemptName)
	t.Run("a new namespace enforces the floor", belowTheFloor)
	t.Run("a tenant cannot grant himself the right", tenantGrants)
	t.Run("who has the right may", theRight)
	t.Run("what weakens nothing passes", nothingWeakened)
	t.Run("a namespace can be deleted", deletion)
	t.Run("a right that cannot be asked for is none", unanswered)
	t.Run("guards are followed", func(t *testing.T) { followed(t, s, policies) })
	t.Run("a tenants' operator labels no namespace of the system", func(t *testing.T) { injected(t, policies) })
	t.Run("an excepted name needs the right", func(t *testing.T) { exceptedNames(t, policies) })
	t.Run("while Gabion is down, only labels wait", func(t *testing.T) { down(t, s) })
}

// needsRight ends a refusal.
const needsRight = `. This needs the verb "weaken" on podsecuritylevels.gabion.io "shop", by a ClusterRoleBinding`

func everyWayIsClosed(t *testing.T, user string) {
	c, _ := client(t, user)
	before := get(t, "shop")
	log := plane.AuditLog()
	if _, err := log.Next(); err != nil {
		t.Fatal(err)
	}
	for _, w := range ways() {
		err := w.do(t.Context(), c)
		if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), `denied the request: namespaces "shop" is forbidden: it would be weakened: `) ||
			!strings.Contains(err.Error(), w.want) || !strings.HasSuffix(err.Error(), needsRight) {
			t.Errorf("%s: %v, want that it is refused because %s", w.name, err, w.want)
		}
	}
	if err := patch(audit+`"strict"`)(t.Context(), c); !apierrors.IsInvalid(err) {
		t.Errorf("an invalid label: %v, want that it is invalid, as without guards", err)
	}
	if after := get(t, "shop"); after.ResourceVersion != before.ResourceVersion {
		t.Errorf("the namespace has changed to %v", after.Labels)
	}
	refusals := 0
	events, err := log.Next()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if e.User.Username == user && e.Annotations["namespaces.pod-security.gabion.io/weaken-right"] == "missing" &&
			e.Annotations["namespaces.pod-security.gabion.io/weakening"] != "" {
			refusals++
		}
	}
	if refusals != len(ways()) {
		t.Errorf("the audit log tells of %d refusals, want %d", refusals, len(ways()))
	}
}

func readme(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	namespace(t, "web", map[string]string{pss.EnforceLabel: "restricted"})
	c, _ := client(t, editor)
	if err := patchOf("web", enforce+`null`)(t.Context(), c); err == nil || !strings.Contains(string(text), err.Error()+"\n") {
		t.Errorf("it does not show this: %v", err)
	}
}

func exemptName(t *testing.T) {
	c, _ := client(t, editor)
	if err := create(t, c, "exempt", nil); !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "a namespace of this name is exempt from Pod Security (PodSecurityGuard floor)") {
		t.Errorf("an exempt name: %v", err)
	}
	if err := create(t, c, "another", map[string]string{pss.EnforceLabel: "baseline"}); err != nil {
		t.Errorf("another name: %v", err)
	}
}

// create makes a namespace as somebody.
func create(t *testing.T, c kubernetes.Interface, name string, labels map[string]string) error {
	t.Helper()
	_, err := c.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}, metav1.CreateOptions{})
	return err
}

// belowTheFloor has an editor make a namespace that enforces less than the floor, as who
// deletes one and makes it again would.
func belowTheFloor(t *testing.T) {
	c, _ := client(t, editor)
	const want = `enforce is privileged:latest, less than the floor baseline:latest`
	for _, labels := range []map[string]string{nil, {pss.EnforceLabel: "privileged"}} {
		if err := create(t, c, "low", labels); !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), want) ||
			!strings.Contains(err.Error(), "; state pod-security.kubernetes.io/enforce=baseline (PodSecurityGuard floor)") {
			t.Errorf("with the labels %v: %v", labels, err)
		}
	}
}

// exceptedNames has an editor make namespaces with the names that a guard and an
// exception except.
func exceptedNames(t *testing.T, policies string) {
	for name, text := range map[string]string{
		"spare.yaml": "apiVersion: gabion.io/v1alpha1\nkind: PodSecurityGuard\nmetadata: {name: spare}\n" +
			"spec: {action: deny, namespaces: {all: true, except: [spare]}, floor: {enforce: baseline}}\n",
		"monitoring.yaml": "apiVersion: gabion.io/v1alpha1\nkind: PodSecurityException\nmetadata: {name: monitoring}\n" +
			"spec: {reason: r, namespaces: {names: [monitoring]}, controls: [{id: hostNamespaces}]}\n",
	} {
		file := filepath.Join(policies, name)
		write(t, file, text)
		defer func() {
			if err := os.Remove(file); err != nil {
				t.Error(err)
			}
		}()
	}
	c, _ := client(t, editor)
	for name, want := range map[string]string{
		"spare":      "a namespace of this name is excepted by a guard (PodSecurityGuard spare)",
		"monitoring": "it comes to be excepted by PodSecurityException monitoring (PodSecurityGuard ",
	} {
		eventually(t, "the refusal of "+name, func() string {
			_, err := c.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{
				ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{pss.EnforceLabel: "restricted"}},
			}, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
			if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), want) {
				return fmt.Sprintf("%v, want %s", err, want)
			}
			return ""
		})
	}
}

// tenantGrants has a tenant write what RBAC lets him write: nothing in a namespace
// grants what is asked for in none.
func tenantGrants(t *testing.T) {
	c, _ := client(t, tenant)
	binding := &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "mine"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "mine"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: tenant}},
	}
	role := &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: "mine"}, Rules: []rbacv1.PolicyRule{
		{APIGroups: []string{"gabion.io"}, Resources: []string{"podsecuritylevels"}, Verbs: []string{"weaken"}},
	}}
	if _, err := c.RbacV1().Roles("shop").Create(t.Context(), role, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.RbacV1().RoleBindings("shop").Create(t.Context(), binding, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	// A RoleBinding that somebody else has made of the ClusterRole grants as little.
	binding.Name, binding.RoleRef.Kind, binding.RoleRef.Name = "given", "ClusterRole", "weaken-shop"
	if _, err := plane.Client().RbacV1().RoleBindings("shop").Create(t.Context(), binding, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	everyWayIsClosed(t, tenant)
}

func theRight(t *testing.T) {
	namespace(t, "bank", map[string]string{pss.EnforceLabel: "restricted"})
	c, warnings := client(t, owner)
	log := plane.AuditLog()
	if _, err := log.Next(); err != nil {
		t.Fatal(err)
	}
	if err := patchOf("bank", enforce+`"privileged"`)(t.Context(), c); !apierrors.IsForbidden(err) {
		t.Errorf("a namespace that the right does not name: %v", err)
	}
	warnings.Take()
	const weakened = `enforce goes from restricted:latest to privileged:latest, by the label pod-security.kubernetes.io/enforce ("restricted" becomes "privileged"): ` +
		`pods are let in, whatever they ask for (PodSecurityGuard floor, production)`
	if err := patch(enforce+`"privileged"`, "status")(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if got := warnings.Take(); len(got) == 0 || got[0] != "the namespace is weakened, by the right to weaken it: "+weakened {
		t.Errorf("the warnings are %q", got)
	}
	events, err := log.Next()
	if err != nil {
		t.Fatal(err)
	}
	noted := slices.ContainsFunc(events, func(e cluster.AuditEvent) bool {
		return e.User.Username == owner && e.Annotations["namespaces.pod-security.gabion.io/weaken-right"] == "used" &&
			strings.HasPrefix(e.Annotations["namespaces.pod-security.gabion.io/weakening"], weakened)
	})
	if !noted {
		t.Errorf("the audit log does not tell of it: %+v", events)
	}
	if err := patch(enforce+`"restricted"`)(t.Context(), c); err != nil {
		t.Errorf("the way back: %v", err)
	}
}

// nothingWeakened has an editor do what is no weakening, in a namespace below the
// floor and in one above it.
func nothingWeakened(t *testing.T) {
	namespace(t, "lab", map[string]string{"team": "a"})
	c, warnings := client(t, editor)
	for _, step := range []struct {
		name    string
		do      func(context.Context, kubernetes.Interface) error
		warning string
	}{
		{"an unrelated label", patch(`"a":"b"`), ""},
		{"its removal by status", patch(`"a":null`, "status"), ""},
		{"an unrelated label below the floor", patchOf("lab", `"a":"b"`), ""},
		{"an improvement in part", patchOf("lab", enforce+`"baseline",`+enforceVersion+`"v1.20"`), ""},
		{"a newer version", patchOf("lab", enforceVersion+`"v1.36"`), "the newer version of the standard relaxes procMount (Pods in a user namespace"},
		{"an improvement in whole", patchOf("lab", enforce+`"restricted",`+enforceVersion+`null`), ""},
		{"a lower level above the floor", patchOf("lab", enforce+`"baseline"`), ""},
		{"coming to a guard", patchOf("lab", `"env":"prod"`), ""},
	} {
		if err := step.do(t.Context(), c); err != nil {
			t.Errorf("%s: %v", step.name, err)
		}
		if got := strings.Join(warnings.Take(), "\n"); !strings.Contains(got, step.warning) || strings.Contains(got, "weakened") {
			t.Errorf("%s: the warnings are %q, want %q", step.name, got, step.warning)
		}
	}
}

// deletion deletes a namespace as its controller would.
func deletion(t *testing.T) {
	c, _ := client(t, editor)
	namespace(t, "gone", map[string]string{pss.EnforceLabel: "restricted", "env": "prod"})
	if err := c.CoreV1().Namespaces().Delete(t.Context(), "gone", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if ns := get(t, "gone"); ns.DeletionTimestamp == nil {
		t.Fatalf("it is not being deleted: %+v", ns)
	}
	if err := patchOf("gone", enforce+`null,"env":null`)(t.Context(), c); err != nil {
		t.Errorf("labels of what is being deleted: %v", err)
	}
	finalize(t, c, "gone")
}

// finalize ends a namespace that is being deleted.
func finalize(t *testing.T, c kubernetes.Interface, name string) {
	t.Helper()
	ns := get(t, name)
	ns.Spec.Finalizers = nil
	if _, err := c.CoreV1().Namespaces().Finalize(t.Context(), ns, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.CoreV1().Namespaces().Get(t.Context(), name, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("it is still there: %v", err)
	}
}
