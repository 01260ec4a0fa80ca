package guard_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gabion-security/gabion/e2e/serve"
	"github.com/gabion-security/gabion/pss"
)

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
	workloadsPass(t, "waits")

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
