package faults_test

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/gabion-security/gabion/e2e/cluster"
)

// TestAWebhookThatDiesFailsClosed kills `gabion serve` while it is asked, and
// leaves it dead in the end.
func TestAWebhookThatDiesFailsClosed(t *testing.T) {
	t.Parallel()
	c, s, _ := registered(t)
	l := underLoad(t, c)
	for range 3 {
		more(t, "refusals of a webhook that is well", &l.refused, 20)
		if err := s.Kill(t.Context()); err != nil {
			t.Fatal(err)
		}
		more(t, "refusals without it", &l.failed, 20)
		if err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		// Requests of before the start may still be failing.
		enforced(t, c)
		more(t, "refusals once it is back", &l.refused, 20)
	}
	failed := l.failed.Load()
	more(t, "refusals of a webhook that is well", &l.refused, 100)
	if n := l.failed.Load(); n != failed {
		t.Errorf("%d requests failed while the webhook was well", n-failed)
	}
	if err := l.end(); !apierrors.IsInternalError(err) {
		t.Error(err)
	}
	nothingStored(t, c)
	follows(t, c)
	kept(t, c, s)

	leavings := beforeTheEnd(t, c)
	if err := s.Kill(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Run("with every replica down", func(t *testing.T) { leavings.afterIt(t, c) })
}

// leavings are objects of a namespace that is to go although nobody can be
// asked any more.
type leavings struct {
	pod  *corev1.Pod
	pods typedcorev1.PodInterface
}

// beforeTheEnd makes a namespace with a pod that a finalizer holds.
func beforeTheEnd(t *testing.T, c *cluster.Cluster) *leavings {
	t.Helper()
	namespace(t, c, "leaving", "baseline")
	l := &leavings{pods: c.Client().CoreV1().Pods("leaving")}
	held := plainPod("held")
	held.Finalizers = []string{"example.com/one", "example.com/two"}
	var err error
	if l.pod, err = l.pods.Create(t.Context(), held, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	return l
}

// afterIt does what the components of a cluster do when Gabion is down.
func (l *leavings) afterIt(t *testing.T, c *cluster.Cluster) {
	client := c.Client().CoreV1()
	stays := func(what string, err error) {
		t.Helper()
		if !apierrors.IsInternalError(err) {
			t.Errorf("%s: %v, want that it is refused", what, err)
		}
	}
	goes := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}

	_, err := client.Pods("kube-system").Create(t.Context(), hostPod("proxy"), metav1.CreateOptions{})
	goes("a pod in kube-system starts", err)
	stays("a pod elsewhere starts", try(t.Context(), c, plainPod("p")))
	stays("a pod in a namespace without labels starts", func() error {
		_, err := client.Pods("default").Create(t.Context(), plainPod("p"), metav1.CreateOptions{})
		return err
	}())
	_, err = c.Client().AppsV1().Deployments("shop").Create(t.Context(), deployment(), metav1.CreateOptions{})
	goes("a Deployment is made", err)

	running := l.pod.DeepCopy()
	running.Status.Phase = corev1.PodRunning
	_, err = l.pods.UpdateStatus(t.Context(), running, metav1.UpdateOptions{})
	goes("a kubelet reports", err)
	_, err = l.pods.Patch(t.Context(), "held", types.StrategicMergePatchType,
		[]byte(`{"spec":{"containers":[{"name":"c","image":"another"}]}}`), metav1.PatchOptions{})
	stays("a pod gets another image", err)

	goes("a pod is deleted", l.pods.Delete(t.Context(), "held", metav1.DeleteOptions{GracePeriodSeconds: new(int64)}))
	for _, finalizers := range []string{`["example.com/two"]`, `null`} {
		_, err = l.pods.Patch(t.Context(), "held", types.MergePatchType,
			[]byte(`{"metadata":{"finalizers":`+finalizers+`}}`), metav1.PatchOptions{})
		goes("a finalizer is removed", err)
	}
	if _, err := l.pods.Get(t.Context(), "held", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("the pod without finalizers: %v, want that it is gone", err)
	}

	goes("a namespace is deleted", client.Namespaces().Delete(t.Context(), "leaving", metav1.DeleteOptions{}))
	left, err := client.Namespaces().Get(t.Context(), "leaving", metav1.GetOptions{})
	if err != nil || left.DeletionTimestamp == nil || len(left.Spec.Finalizers) == 0 {
		t.Fatalf("got %+v, %v; want a namespace that waits for its finalizer", left, err)
	}
	left.Spec.Finalizers = nil
	_, err = client.Namespaces().Finalize(t.Context(), left, metav1.UpdateOptions{})
	goes("a namespace is finalized", err)
	if _, err := client.Namespaces().Get(t.Context(), "leaving", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("the namespace: %v, want that it is gone", err)
	}
}

// deployment has a pod that baseline forbids.
func deployment() *appsv1.Deployment {
	labels := map[string]string{"app": "d"}
	pod := hostPod("")
	pod.Labels = labels
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "d"},
		Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: pod.ObjectMeta, Spec: pod.Spec},
		},
	}
}
