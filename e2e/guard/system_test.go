package guard_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
)

// systems are policies of a cluster with tenants: their operator labels namespaces
// as those of a tenant, for which something is excepted.
const systems = `
apiVersion: gabion.io/v1alpha1
kind: PodSecurityGuard
metadata: {name: system}
spec: {action: deny, namespaces: {names: [kube-system, kube-public, default]}, lock: true}
---
apiVersion: gabion.io/v1alpha1
kind: PodSecurityException
metadata: {name: tenants}
spec: {reason: a test, namespaces: {selector: {matchLabels: {tenants.example.com/tenant: blue}}}, controls: [{id: privileged}]}
`

// injected has an operator of tenants, who may write all namespaces, make those of
// the system a tenant's: CVE-2025-55205 was one that could be made to.
func injected(t *testing.T, policies string) {
	write(t, filepath.Join(policies, "systems.yaml"), systems)
	const injection = `"tenants.example.com/tenant":"blue"`
	operator, _ := client(t, editor)
	eventually(t, "the policies", func() string {
		_, err := operator.CoreV1().Namespaces().Patch(t.Context(), "default", types.MergePatchType, []byte(`{"metadata":{"labels":{`+injection+`}}}`),
			metav1.PatchOptions{DryRun: []string{metav1.DryRunAll}})
		if !apierrors.IsForbidden(err) {
			return fmt.Sprint(err)
		}
		return ""
	})
	finalizing := func(name string) func(context.Context, kubernetes.Interface) error {
		return func(ctx context.Context, c kubernetes.Interface) error {
			ns, err := c.CoreV1().Namespaces().Get(ctx, name, metav1.GetOptions{})
			if err != nil {
				return err
			}
			ns.Labels["tenants.example.com/tenant"] = "blue"
			_, err = c.CoreV1().Namespaces().Finalize(ctx, ns, metav1.UpdateOptions{})
			return err
		}
	}
	for _, name := range []string{"kube-system", "kube-public", "default"} {
		before := get(t, name)
		for way, do := range map[string]func(context.Context, kubernetes.Interface) error{
			"the object": patchOf(name, injection), "status": patchOf(name, injection, "status"), "finalize": finalizing(name),
		} {
			err := do(t.Context(), operator)
			if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "it comes to be excepted by PodSecurityException tenants (PodSecurityGuard ") ||
				!strings.Contains(err.Error(), "system). This needs") {
				t.Errorf("%s by %s: %v", name, way, err)
			}
		}
		if err := patchOf(name, `"other.example.com/a":"b"`)(t.Context(), operator); err != nil {
			t.Errorf("%s, a label that means nothing: %v", name, err)
		}
		after := get(t, name)
		if after.Labels["tenants.example.com/tenant"] != "" || len(after.Labels) != len(before.Labels)+1 {
			t.Errorf("%s has the labels %v", name, after.Labels)
		}
	}
}

// workloadsPass makes, with Gabion down, a workload whose pods are not let in. They
// are judged all the same, once there is somebody to judge them.
func workloadsPass(t *testing.T, namespace string) {
	t.Helper()
	yes := true
	labels := map[string]string{"app": "web"}
	spec := corev1.PodSpec{Containers: []corev1.Container{{
		Name: "c", Image: "example.com/app:1", SecurityContext: &corev1.SecurityContext{Privileged: &yes},
	}}}
	_, err := plane.Client().AppsV1().Deployments(namespace).Create(t.Context(), &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: appsv1.DeploymentSpec{Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: corev1.PodTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: spec,
		}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Errorf("a workload: %v", err)
	}
	_, err = plane.Client().CoreV1().Pods(namespace).Create(t.Context(), &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "web"}, Spec: spec}, metav1.CreateOptions{})
	if !apierrors.IsInternalError(err) || !strings.Contains(err.Error(), `failed calling webhook "enforce.pod-security.gabion.io"`) {
		t.Errorf("a pod: %v", err)
	}
	_, err = plane.Client().CoreV1().Pods("kube-system").Create(t.Context(), &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "web"}, Spec: spec}, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	if err != nil && !strings.Contains(err.Error(), "serviceaccount") {
		t.Errorf("a pod of an excluded namespace: %v", err)
	}
}
