package faults_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gabion-security/gabion/e2e/cluster"
	"github.com/gabion-security/gabion/e2e/serve"
)

// outage is how long the API server is away.
const outage = 30 * time.Second

// TestServeOutlivesItsAPIServer follows one `gabion serve` through all that an
// API server can do to it. The steps build on each other.
func TestServeOutlivesItsAPIServer(t *testing.T) {
	t.Parallel()
	c, s, dir := registered(t)
	d := askDirectly(t, s.Admission, dir, true)
	for _, step := range []struct {
		name       string
		away, back func() error
		length     time.Duration
	}{
		{"the API server restarts", kill(t, c), start(t, c), 0},
		{"the API server stands still for 30 s", c.APIServer.Freeze, c.APIServer.Thaw, outage},
		{"the API server is gone for 30 s", kill(t, c), start(t, c), outage},
	} {
		passed := t.Run(step.name, func(t *testing.T) {
			begin := time.Now()
			if err := step.away(); err != nil {
				t.Fatal(err)
			}
			rounds, late := 0, 0
			for ; rounds == 0 || time.Since(begin) < step.length; rounds++ {
				if judgesByItself(t, d) > inTime {
					late++
				}
				if _, err := s.Get(t.Context(), "/readyz"); err != nil {
					t.Errorf("what it knows is younger than 2 minutes, but: %v", err)
				}
				time.Sleep(500 * time.Millisecond)
			}
			// On a busy machine single ones may be late.
			if late > rounds/2 {
				t.Errorf("of %d rounds, %d had an answer for which an API server would not have waited", rounds, late)
			}
			if err := step.back(); err != nil {
				t.Fatal(err)
			}
			recovers(t, c, s, step.name)
		})
		if !passed {
			return
		}
	}
	t.Run("it ends and begins while the API server stands still", func(t *testing.T) { endsAndBegins(t, c, s) })
}

// endsAndBegins restarts the server while its API server says nothing.
func endsAndBegins(t *testing.T, c *cluster.Cluster, s *serve.Server) {
	if err := c.APIServer.Freeze(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := s.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	if err := s.Err(); err == nil || !strings.Contains(err.Error(), "ended (without an error)") {
		t.Errorf("after SIGTERM: %v", err)
	}
	started := make(chan error, 1)
	go func() { started <- s.Start(t.Context()) }()
	time.Sleep(2 * time.Second) // it waits for the API server by now
	if err := c.APIServer.Thaw(); err != nil {
		t.Fatal(err)
	}
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	recovers(t, c, s, "its own start")
}

func kill(t *testing.T, c *cluster.Cluster) func() error {
	return func() error { return c.APIServer.Kill(t.Context()) }
}

func start(t *testing.T, c *cluster.Cluster) func() error {
	return func() error { return c.APIServer.Start(t.Context()) }
}

// judgesByItself asks what can be answered without an API server, and what
// cannot. It returns how long the slowest answer took.
func judgesByItself(t *testing.T, d *direct) time.Duration {
	t.Helper()
	pod := hostPod("p")
	pod.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}
	deployment := &appsv1.Deployment{
		TypeMeta: metav1.TypeMeta{APIVersion: "apps/v1", Kind: "Deployment"},
		Spec:     appsv1.DeploymentSpec{Template: corev1.PodTemplateSpec{Spec: pod.Spec}},
	}
	var slowest time.Duration
	ask := func(r *admissionv1.AdmissionRequest) *admissionv1.AdmissionResponse {
		t.Helper()
		begin := time.Now()
		got, err := d.ask(t.Context(), r)
		if err != nil {
			t.Fatalf("%s in %s: %v", r.Resource.Resource, r.Namespace, err)
		}
		slowest = max(slowest, time.Since(begin))
		return got
	}
	if got := ask(creation(t, "1", "shop", "pods", pod)); got.Allowed || got.Result.Code != http.StatusForbidden {
		t.Errorf("a pod in a namespace that is known: %+v", got)
	}
	got := ask(creation(t, "2", "missing", "pods", pod))
	if want := `Internal error occurred: failed to lookup namespace "missing"`; got.Allowed ||
		got.Result.Code != http.StatusInternalServerError || got.Result.Message != want {
		t.Errorf("a pod in a namespace that is not: %+v", got)
	}
	workload := creation(t, "3", "missing", "deployments", deployment)
	workload.Resource.Group, workload.Kind.Group = "apps", "apps"
	got = ask(workload)
	if want := `failed to lookup namespace "missing"`; !got.Allowed || !strings.HasPrefix(got.AuditAnnotations["error"], want) {
		t.Errorf("a workload in a namespace that is not: %+v", got)
	}
	return slowest
}

// recovers demands that all is as it was before.
func recovers(t *testing.T, c *cluster.Cluster, s *serve.Server, after string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	switch wrong := judged(ctx, c); {
	case wrong == "":
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		t.Fatalf("%s, and does not answer any more", after)
	default:
		t.Errorf("the first request after %s: %s", after, wrong)
	}
	follows(t, c)
	eventually(t, "readiness", func() string {
		if _, err := s.Get(t.Context(), "/readyz"); err != nil {
			return fmt.Sprint(err)
		}
		return ""
	})
	kept(t, c, s)
}
