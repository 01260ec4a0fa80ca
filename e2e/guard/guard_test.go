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
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/gabion-security/gabion/e2e/cluster"
	"github.com/gabion-security/gabion/e2e/serve"
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
	t.Run("a tenant cannot grant himself the right", tenantGrants)
	t.Run("who has the right may", theRight)
	t.Run("what weakens nothing passes", nothingWeakened)
	t.Run("a namespace can be deleted", deletion)
	t.Run("a right that cannot be asked for is none", unanswered)
	t.Run("guards are followed", func(t *testing.T) { followed(t, s, policies) })
	t.Run("while Gabion is down, only labels wait", func(t *testing.T) { down(t, s) })
}

// way is one way to change the labels of the namespace shop.
type way struct {
	name string
	do   func(ctx context.Context, c kubernetes.Interface) error
	want string // in the refusal
}

// patch changes labels by a merge patch, of the object or its subresource.
func patch(labels string, subresources ...string) func(context.Context, kubernetes.Interface) error {
	return patchOf("shop", labels, subresources...)
}

func patchOf(name, labels string, subresources ...string) func(context.Context, kubernetes.Interface) error {
	return func(ctx context.Context, c kubernetes.Interface) error {
		_, err := c.CoreV1().Namespaces().Patch(ctx, name, types.MergePatchType, []byte(`{"metadata":{"labels":{`+labels+`}}}`), metav1.PatchOptions{}, subresources...)
		return err
	}
}

const (
	enforce        = `"` + pss.EnforceLabel + `":`
	enforceVersion = `"` + pss.EnforceVersionLabel + `":`
	audit          = `"` + pss.AuditLabel + `":`
	warn           = `"` + pss.WarnLabel + `":`
)

func ways() []way {
	put := func(send func(context.Context, kubernetes.Interface, *corev1.Namespace) (*corev1.Namespace, error)) func(context.Context, kubernetes.Interface) error {
		return func(ctx context.Context, c kubernetes.Interface) error {
			ns, err := c.CoreV1().Namespaces().Get(ctx, "shop", metav1.GetOptions{})
			if err != nil {
				return err
			}
			delete(ns.Labels, pss.EnforceLabel)
			_, err = send(ctx, c, ns)
			return err
		}
	}
	const lowered = "enforce goes from restricted:latest to privileged:latest"
	return []way{
		{"a lower level", patch(enforce + `"baseline"`), "enforce goes from restricted:latest to baseline:latest"},
		{"the lowest level", patch(enforce + `"privileged"`), lowered},
		{"no level", patch(enforce + `null`), lowered},
		{"an older version", patch(enforceVersion + `"v1.0"`), "enforce goes from restricted:latest to restricted:v1.0"},
		{"an older version of a lower level", patch(enforce + `"baseline",` + enforceVersion + `"v1.30"`), "enforce goes from restricted:latest to baseline:v1.30"},
		{"a lower level of audit", patch(audit + `"privileged"`), "audit goes from restricted:latest to privileged:latest"},
		{"a lower level of warn", patch(warn + `"privileged"`), "warn goes from restricted:latest to privileged:latest"},
		{"leaving a guard", patch(`"env":"dev"`), "with its new labels it is guarded no more (by PodSecurityGuard production)"},
		{"a lower level by status", patch(enforce+`"privileged"`, "status"), lowered},
		{"no level by status", patch(enforce+`null`, "status"), lowered},
		{"an invalid label by status", patch(audit+`"strict"`, "status"), `audit goes from restricted:latest to privileged:latest, by the label pod-security.kubernetes.io/audit ("restricted" becomes "strict", which is invalid)`},
		{"leaving a guard by status", patch(`"env":null`, "status"), "with its new labels it is guarded no more"},
		{"a PUT", put(func(ctx context.Context, c kubernetes.Interface, ns *corev1.Namespace) (*corev1.Namespace, error) {
			return c.CoreV1().Namespaces().Update(ctx, ns, metav1.UpdateOptions{})
		}), lowered},
		{"a PUT of status", put(func(ctx context.Context, c kubernetes.Interface, ns *corev1.Namespace) (*corev1.Namespace, error) {
			return c.CoreV1().Namespaces().UpdateStatus(ctx, ns, metav1.UpdateOptions{})
		}), lowered},
		{"a PUT of finalize", put(func(ctx context.Context, c kubernetes.Interface, ns *corev1.Namespace) (*corev1.Namespace, error) {
			return c.CoreV1().Namespaces().Finalize(ctx, ns, metav1.UpdateOptions{})
		}), lowered},
		{"a server-side apply", func(ctx context.Context, c kubernetes.Interface) error {
			text := `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop","labels":{` + enforce + `"privileged"}}}`
			_, err := c.CoreV1().Namespaces().Patch(ctx, "shop", types.ApplyYAMLPatchType, []byte(text), metav1.PatchOptions{FieldManager: "me", Force: new(true)})
			return err
		}, lowered},
		{"a JSON patch of status", func(ctx context.Context, c kubernetes.Interface) error {
			text := `[{"op":"remove","path":"/metadata/labels"}]`
			_, err := c.CoreV1().Namespaces().Patch(ctx, "shop", types.JSONPatchType, []byte(text), metav1.PatchOptions{}, "status")
			return err
		}, lowered},
	}
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
	create := func(name string) error {
		_, err := c.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
		return err
	}
	if err := create("exempt"); !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "a namespace of this name is exempt from Pod Security (PodSecurityGuard floor)") {
		t.Errorf("an exempt name: %v", err)
	}
	if err := create("another"); err != nil {
		t.Errorf("another name: %v", err)
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
	binding.Name, binding.RoleRef.Kind, binding.RoleRef.Name = "given", "ClusterRole", "weakens-shop"
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

// unanswered takes from Gabion the right to ask.
func unanswered(t *testing.T) {
	api := plane.Client().RbacV1().ClusterRoles()
	role, err := api.Get(t.Context(), "gabion", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	deaf := role.DeepCopy()
	deaf.Rules = slices.DeleteFunc(deaf.Rules, func(r rbacv1.PolicyRule) bool { return slices.Contains(r.APIGroups, "authorization.k8s.io") })
	if len(deaf.Rules) != len(role.Rules)-1 {
		t.Fatalf("the manifests grant %v", role.Rules)
	}
	if _, err := api.Update(t.Context(), deaf, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	c, _ := client(t, owner)
	dryRun := func() error {
		_, err := c.CoreV1().Namespaces().Patch(t.Context(), "shop", types.MergePatchType, []byte(`{"metadata":{"labels":{`+enforce+`null}}}`),
			metav1.PatchOptions{DryRun: []string{metav1.DryRunAll}})
		return err
	}
	eventually(t, "the refusal", func() string {
		if err := dryRun(); !apierrors.IsForbidden(err) || !strings.HasSuffix(err.Error(), needsRight+", and whether that is there could not be asked") {
			return fmt.Sprint(err)
		}
		return ""
	})
	apply(t, []byte(`
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: gabion-asks}
rules: [{apiGroups: [authorization.k8s.io], resources: [subjectaccessreviews], verbs: [create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: gabion-asks}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: gabion-asks}
subjects: [{kind: ServiceAccount, name: gabion, namespace: gabion-system}]
`))
	eventually(t, "the answer", func() string {
		if err := dryRun(); err != nil {
			return err.Error()
		}
		return ""
	})
}

// followed changes the folder of guards.
func followed(t *testing.T, s *serve.Server, policies string) {
	namespace(t, "kept", map[string]string{pss.EnforceLabel: "restricted"})
	c, _ := client(t, editor)
	dryRun := func() error {
		_, err := c.CoreV1().Namespaces().Patch(t.Context(), "kept", types.MergePatchType, []byte(`{"metadata":{"labels":{`+enforce+`"baseline"}}}`),
			metav1.PatchOptions{DryRun: []string{metav1.DryRunAll}})
		return err
	}
	if err := dryRun(); err != nil {
		t.Fatalf("before there is a guard against it: %v", err)
	}
	file := filepath.Join(policies, "more.yaml")
	write(t, file, "apiVersion: gabion.io/v1alpha1\nkind: PodSecurityGuard\nmetadata: {name: kept}\n"+
		"spec: {action: deny, namespaces: {names: [kept]}, lock: true}\n")
	eventually(t, "another guard", func() string {
		if err := dryRun(); !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "PodSecurityGuard kept") {
			return fmt.Sprint(err)
		}
		return ""
	})
	write(t, file, "apiVersion: gabion.io/v1alpha1\nkind: PodSecurityGaurd\n")
	eventually(t, "a broken file", func() string {
		_, err := s.Get(t.Context(), "/readyz")
		if err == nil || !strings.Contains(err.Error(), "the policies cannot be read, older ones are in use: more.yaml, line 1: PodSecurityGaurd") {
			return fmt.Sprint(err)
		}
		return ""
	})
	if err := dryRun(); !apierrors.IsForbidden(err) {
		t.Errorf("with a broken file: %v", err)
	}
	text, err := s.Get(t.Context(), "/metrics")
	if err != nil || !strings.Contains(text, "gabion_policy_last_reload_successful 0\n") || !strings.Contains(text, `gabion_policy_reloads_total{result="success"} 1`) {
		t.Errorf("the metrics do not tell of it (%v)", err)
	}
	write(t, file, "# no more\n")
	eventually(t, "a file without guards", func() string {
		if err := dryRun(); err != nil {
			return err.Error()
		}
		if _, err := s.Get(t.Context(), "/readyz"); err != nil {
			return err.Error()
		}
		return ""
	})
}

// down ends Gabion. The last step of all.
func down(t *testing.T, s *serve.Server) {
	namespace(t, "waits", map[string]string{pss.EnforceLabel: "restricted", "env": "prod"})
	namespace(t, "last", map[string]string{pss.EnforceLabel: "restricted", "env": "prod"})
	if err := s.Kill(t.Context()); err != nil {
		t.Fatal(err)
	}
	c, _ := client(t, editor)
	refused := func(name string, err error) {
		t.Helper()
		if !apierrors.IsInternalError(err) || !strings.Contains(err.Error(), `failed calling webhook "namespaces.pod-security.gabion.io"`) {
			t.Errorf("%s: %v", name, err)
		}
	}
	refused("labels", patchOf("waits", `"a":"b"`)(t.Context(), c))
	refused("labels by status", patchOf("waits", enforce+`null`, "status")(t.Context(), c))
	_, err := c.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "new"}}, metav1.CreateOptions{})
	refused("a new namespace", err)

	for name, do := range map[string]func() error{
		"an annotation": func() error {
			_, err := c.CoreV1().Namespaces().Patch(t.Context(), "waits", types.MergePatchType, []byte(`{"metadata":{"annotations":{"a":"b"}}}`), metav1.PatchOptions{})
			return err
		},
		"status": func() error {
			text := `{"status":{"conditions":[{"type":"NamespaceContentRemaining","status":"False"}]}}`
			_, err := c.CoreV1().Namespaces().Patch(t.Context(), "waits", types.MergePatchType, []byte(text), metav1.PatchOptions{}, "status")
			return err
		},
		"finalize": func() error {
			ns := get(t, "waits")
			ns.Spec.Finalizers = append(ns.Spec.Finalizers, "example.com/more")
			_, err := c.CoreV1().Namespaces().Finalize(t.Context(), ns, metav1.UpdateOptions{})
			return err
		},
	} {
		if err := do(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := c.CoreV1().Namespaces().Delete(t.Context(), "last", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	finalize(t, c, "last")
}
