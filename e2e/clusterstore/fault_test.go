package clusterstore_test

import (
	"context"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestTheCacheSurvivesARestartOfTheAPIServer(t *testing.T) {
	create(t, "restart", "baseline")
	pods := plane.Client().CoreV1().Pods("restart")
	if _, err := pods.Create(t.Context(), newPod("p"), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	r, other := run(t), run(t)
	r.awaitReady(t)
	other.awaitReady(t)

	if err := plane.APIServer.Kill(t.Context()); err != nil {
		t.Fatal(err)
	}
	late := run(t)
	stopSoon(t, other)
	if got := r.level(t, "restart"); got != "baseline" {
		t.Errorf("without an API server, the namespace enforces %q; the cache knows better", got)
	}
	if all, err := r.Pods(t.Context(), "restart"); err != nil || len(all) != 1 {
		t.Errorf("without an API server: %v, %v", all, err)
	}

	r.ahead.Store(int64(2 * time.Minute))
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if labels, err := r.Labels(ctx, "restart"); err == nil {
		t.Errorf("two minutes without an API server: got %v", labels)
	}
	if all, err := r.Pods(t.Context(), "restart"); err == nil {
		t.Errorf("two minutes without an API server: got %v", all)
	}
	reasons := r.Unready()
	if len(reasons) != 2 || !strings.HasPrefix(reasons[0], "namespaces cache stale: nothing heard for 2m") ||
		!strings.HasPrefix(reasons[1], "pods cache stale: nothing heard for 2m") {
		t.Errorf("two minutes without an API server: %q", reasons)
	}

	if reasons := late.Unready(); len(reasons) != 2 || reasons[0] != "namespaces not synced" || reasons[1] != "pods not synced" {
		t.Errorf("started without an API server: %q", reasons)
	}

	if err := plane.APIServer.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	relabel(t, "restart", "restricted")
	if err := pods.Delete(t.Context(), "p", metav1.DeleteOptions{GracePeriodSeconds: new(int64)}); err != nil {
		t.Fatal(err)
	}
	r.awaitReady(t)
	await(t, "the new label is known", func() bool { return r.level(t, "restart") == "restricted" })
	await(t, "the pod is gone", func() bool {
		all, err := r.Pods(t.Context(), "restart")
		return err == nil && len(all) == 0
	})
	late.awaitReady(t)
	took := time.Since(begin)
	t.Logf("the caches were up to date %s after the API server", took.Round(10*time.Millisecond))
	if took > 20*time.Second {
		t.Errorf("the caches were up to date only %s after the API server", took)
	}
	if got := late.level(t, "restart"); got != "restricted" {
		t.Errorf("the namespace enforces %q", got)
	}
}

// stopSoon stops a cache, which must not take long.
func stopSoon(t *testing.T, r *running) {
	t.Helper()
	begin := time.Now()
	r.stop()
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("it took %s to stop", took)
	}
}

func TestTheCacheStopsWithoutAnAPIServer(t *testing.T) {
	r := run(t)
	r.awaitReady(t)
	if err := plane.APIServer.Freeze(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := plane.APIServer.Thaw(); err != nil {
			t.Error(err)
		}
	}()
	stopSoon(t, r)
}
