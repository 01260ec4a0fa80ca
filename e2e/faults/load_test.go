package faults_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gabion-security/gabion/e2e/cluster"
)

// load is clients that go on asking until they are told to stop.
type load struct {
	done    atomic.Bool
	clients sync.WaitGroup

	// refused counts requests that Gabion has refused, failed those in which it
	// was not reached, so that the API server refused them.
	refused, failed atomic.Int64

	mu     sync.Mutex
	faults error
}

// underLoad lets clients create pods in the namespace shop that Gabion has to
// refuse. They would be stored.
func underLoad(t *testing.T, c *cluster.Cluster) *load {
	t.Helper()
	l := &load{}
	t.Cleanup(func() { _ = l.end() })
	for range 4 {
		l.run(func() { l.count(t.Context(), c) })
	}
	return l
}

// run adds a client that does the same again and again.
func (l *load) run(ask func()) {
	l.clients.Go(func() {
		for !l.done.Load() {
			ask()
		}
	})
}

// count sends one request.
func (l *load) count(ctx context.Context, c *cluster.Cluster) {
	_, err := c.Client().CoreV1().Pods("shop").Create(ctx, hostPod("p"), metav1.CreateOptions{})
	switch {
	case ctx.Err() != nil: // the test has failed
	case err != nil && err.Error() == refusal:
		l.refused.Add(1)
	case apierrors.IsInternalError(err): // the API server could not ask
		l.failed.Add(1)
		l.note(err)
	default:
		l.note(fmt.Errorf("wrongly admitted, or another answer: %w", err))
	}
}

// note keeps the first faults.
func (l *load) note(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.faults == nil {
		l.faults = err
	}
}

// more waits until so many more requests were counted.
func more(t *testing.T, what string, counter *atomic.Int64, n int64) {
	t.Helper()
	begin := counter.Load()
	eventually(t, what, func() string {
		if got := counter.Load() - begin; got < n {
			return fmt.Sprintf("only %d requests", got)
		}
		return ""
	})
}

// end stops the clients and returns the first fault.
func (l *load) end() error {
	l.done.Store(true)
	l.clients.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.faults
}

// nothingStored demands that no pod got into the namespace shop.
func nothingStored(t *testing.T, c *cluster.Cluster) {
	t.Helper()
	pods, err := c.Client().CoreV1().Pods("shop").List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range pods.Items {
		t.Errorf("the pod %s was admitted", pods.Items[i].Name)
	}
}
