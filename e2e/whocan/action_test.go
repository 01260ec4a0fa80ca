package whocan_test

import (
	"context"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	admissionregistrationv1 "k8s.io/client-go/applyconfigurations/admissionregistration/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/gabion-security/gabion/e2e/cluster"
	"github.com/gabion-security/gabion/pss"
)

// as returns a client of a user.
func as(t *testing.T, plane *cluster.Cluster, user string) kubernetes.Interface {
	t.Helper()
	config, err := plane.ConfigOf(user)
	if err != nil {
		t.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// levelOf returns what a namespace enforces.
func levelOf(t *testing.T, plane *cluster.Cluster, namespace string) string {
	t.Helper()
	ns, err := plane.Client().CoreV1().Namespaces().Get(t.Context(), namespace, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return ns.Labels[pss.EnforceLabel]
}

const toPrivileged = `{"metadata":{"labels":{"` + pss.EnforceLabel + `":"privileged"}}}`

// patchStatus and putFinalize take the label of a namespace down.
func patchStatus(ctx context.Context, client kubernetes.Interface, namespace string) error {
	_, err := client.CoreV1().Namespaces().Patch(ctx, namespace, types.MergePatchType, []byte(toPrivileged), metav1.PatchOptions{}, "status")
	return err
}

func patchNamespace(ctx context.Context, client kubernetes.Interface, namespace string) error {
	_, err := client.CoreV1().Namespaces().Patch(ctx, namespace, types.MergePatchType, []byte(toPrivileged), metav1.PatchOptions{})
	return err
}

func putFinalize(ctx context.Context, client kubernetes.Interface, namespace string) error {
	ns, err := client.CoreV1().Namespaces().Get(ctx, namespace, metav1.GetOptions{})
	if err != nil {
		return err
	}
	ns.Labels[pss.EnforceLabel] = "privileged"
	_, err = client.CoreV1().Namespaces().Finalize(ctx, ns, metav1.UpdateOptions{})
	return err
}

// users are those of the world who do things themselves.
var users = []cluster.User{{Name: "status"}, {Name: "finalize"}, {Name: "stranger"}, {Name: "tenant"}, {Name: "webhook"}, {Name: "limited"}}

// peopleCan has people do, or fail to do, what is said of them.
func peopleCan(t *testing.T, plane *cluster.Cluster, gabion string) {
	t.Helper()
	all, _, _ := ask(t, plane, gabion, plane.Kubeconfig(), "weaken")
	for _, tt := range []struct {
		user, verb, resource string
		try                  func(context.Context, kubernetes.Interface, string) error
		can                  bool
	}{
		{"status", "patch", "namespaces/status", patchStatus, true},
		{"status", "patch", "namespaces", patchNamespace, false},
		{"finalize", "update", "namespaces/finalize", putFinalize, true},
		{"finalize", "patch", "namespaces/status", patchStatus, false},
		{"tenant", "patch", "namespaces/status", patchStatus, true},
		{"tenant", "update", "namespaces/finalize", putFinalize, true},
		{"tenant", "patch", "namespaces", patchNamespace, true},
		{"stranger", "patch", "namespaces/status", patchStatus, false},
		{"stranger", "patch", "namespaces", patchNamespace, false},
	} {
		reset(t, plane, "base")
		err := tt.try(t.Context(), as(t, plane, tt.user), "base")
		level := levelOf(t, plane, "base")
		if did := err == nil && level == "privileged"; did != tt.can || !did && !apierrors.IsForbidden(err) {
			t.Errorf("%s may %s %s: got %t, want %t: %v, and the level is %s", tt.user, tt.verb, tt.resource, did, tt.can, err, level)
		}
		if says := all.covers(subject{"User", "", tt.user}, request{tt.verb, "", tt.resource, "base", "base"}); says != tt.can {
			t.Errorf("%s may %s %s: gabion says %t", tt.user, tt.verb, tt.resource, says)
		}
	}
	createsByName(t, plane, all)
}

// reset has the namespace enforce the baseline level.
func reset(t *testing.T, plane *cluster.Cluster, namespace string) {
	t.Helper()
	patch := `{"metadata":{"labels":{"` + pss.EnforceLabel + `":"baseline"}}}`
	if _, err := plane.Client().CoreV1().Namespaces().Patch(
		t.Context(), namespace, types.MergePatchType, []byte(patch), metav1.PatchOptions{},
	); err != nil {
		t.Fatal(err)
	}
}

// createsByName shows that a right to create that names an object is one: with
// server-side apply.
func createsByName(t *testing.T, plane *cluster.Cluster, all answers) {
	t.Helper()
	const group, resource = "admissionregistration.k8s.io", "validatingwebhookconfigurations"
	client := as(t, plane, "webhook").AdmissionregistrationV1().ValidatingWebhookConfigurations()
	for name, can := range map[string]bool{"mine": true, "other": false} {
		object := admissionregistrationv1.ValidatingWebhookConfiguration(name)
		_, err := client.Apply(t.Context(), object, metav1.ApplyOptions{FieldManager: "test"})
		if did := err == nil; did != can || !did && !apierrors.IsForbidden(err) {
			t.Errorf("webhook may create %s: got %t: %v", name, did, err)
		}
		if says := all.covers(subject{"User", "", "webhook"}, request{"create", group, resource, "", name}); says != can {
			t.Errorf("webhook may create %s: gabion says %t", name, says)
		}
	}
	err := client.DeleteCollection(t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{FieldSelector: "metadata.name=mine"})
	if !apierrors.IsForbidden(err) {
		t.Errorf("webhook may delete a collection by name: %v", err)
	}
	if all.covers(subject{"User", "", "webhook"}, request{"deletecollection", group, resource, "", "mine"}) {
		t.Error("gabion says that webhook may delete a collection by name")
	}
}
