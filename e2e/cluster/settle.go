package cluster

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// probeNamespace is where Settle works. It always exists. Nothing may be enforced
// there: it has to be without Pod Security labels, or to be labelled privileged
// if something is enforced by default.
const probeNamespace = "kube-node-lease"

// Settle waits until what enforces Pod Security knows every pod that was created
// before this call. It judges existing pods from a cache, which follows what is
// stored in order: once it knows a pod that Settle makes, it knows all others.
func (c *Cluster) Settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	pods := c.client.CoreV1().Pods(probeNamespace)
	pod, err := pods.Create(ctx, &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "settle-"},
		Spec: corev1.PodSpec{
			HostPID:    true,
			Containers: []corev1.Container{{Name: "c", Image: "i"}},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("making a pod to wait for: %w", err)
	}
	if err := c.awaitWarning(ctx, pod.Name, true); err != nil {
		return err
	}
	// Without a node there is nobody to wait for: it is gone at once.
	if err := pods.Delete(ctx, pod.Name, metav1.DeleteOptions{GracePeriodSeconds: new(int64)}); err != nil {
		return fmt.Errorf("removing the pod that was waited for: %w", err)
	}
	return c.awaitWarning(ctx, pod.Name, false)
}

// awaitWarning waits until a change of the probe namespace's labels warns of the
// pod, or no longer does.
func (c *Cluster) awaitWarning(ctx context.Context, pod string, want bool) error {
	warnings := &Warnings{}
	config := c.Config()
	config.WarningHandler = warnings
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	patch := []byte(`{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"baseline"}}}`)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		_, err := client.CoreV1().Namespaces().Patch(ctx, probeNamespace, types.MergePatchType, patch,
			metav1.PatchOptions{DryRun: []string{metav1.DryRunAll}})
		if err != nil {
			return fmt.Errorf("asking about the pod %s: %w", pod, err)
		}
		if strings.Contains(strings.Join(warnings.Take(), "\n"), pod) == want {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting until Pod Security has heard of the pod %s: %w", pod, ctx.Err())
		case <-tick.C:
		}
	}
}

// Warnings collects the warnings of a client, in the order in which they arrive.
// It is a rest.WarningHandler and safe for use by several goroutines.
type Warnings struct {
	mu   sync.Mutex
	list []string
}

var _ rest.WarningHandler = (*Warnings)(nil)

// HandleWarningHeader takes a warning of the API server.
func (w *Warnings) HandleWarningHeader(code int, _, text string) {
	if code != 299 || text == "" {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.list = append(w.list, text)
}

// Take returns the warnings since the last call.
func (w *Warnings) Take() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := w.list
	w.list = nil
	return list
}
