package faults_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/yaml"

	"github.com/gabion-security/gabion/e2e/serve"
)

// limits are what the Deployment that `gabion install` prints says of memory.
type limits struct {
	memory int64    // bytes
	env    []string // GOMEMLIMIT among it
}

// installed returns the limits of the installation.
func installed(t *testing.T) limits {
	t.Helper()
	install := exec.CommandContext(t.Context(), gabion, "install", "-o", "yaml")
	install.Env = []string{"HOME=" + t.TempDir()}
	manifest, err := install.Output()
	if err != nil {
		t.Fatal(err)
	}
	var d appsv1.Deployment
	for text := range strings.SplitSeq(string(manifest), "\n---\n") {
		if strings.Contains(text, "kind: Deployment") {
			if err := yaml.UnmarshalStrict([]byte(text), &d); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(d.Spec.Template.Spec.Containers) != 1 {
		t.Fatalf("the Deployment has not one container: %+v", d.Spec.Template.Spec)
	}
	container := &d.Spec.Template.Spec.Containers[0]
	l := limits{memory: container.Resources.Limits.Memory().Value()}
	for _, e := range container.Env {
		l.env = append(l.env, e.Name+"="+e.Value)
	}
	if l.memory == 0 || !strings.Contains(strings.Join(l.env, " "), "GOMEMLIMIT=") {
		t.Fatalf("the Deployment has no limits: %+v", l)
	}
	return l
}

// limited starts a `gabion serve` at the shared control plane, with what the
// installation says of memory, and returns it with the folder of its credentials.
func limited(t *testing.T, l limits, name string) (*serve.Server, string) {
	t.Helper()
	dir := t.TempDir()
	s := serve.New(t, plane, gabion, name, plane.Kubeconfig(), serve.Credentials(t, dir)...)
	s.Env = l.env
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s, dir
}

// most returns the most memory that a server ever had at once, in bytes, its
// program text among it: what a limit would have had to allow.
func most(ctx context.Context, s *serve.Server) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.PID()))
	if err != nil { // not Linux
		return mostElsewhere(ctx, s.PID())
	}
	for line := range strings.Lines(string(text)) {
		if kib, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			n, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(kib), "kB")), 10, 64)
			return n << 10, err
		}
	}
	return 0, fmt.Errorf("no VmHWM in %s", text)
}

// mostElsewhere returns what a process has now, where its peak is not known.
func mostElsewhere(ctx context.Context, pid int) (int64, error) {
	out, err := exec.CommandContext(ctx, "ps", "-o", "rss=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
	return n << 10, err
}

// demandWithin demands that a server never had more memory than it may have.
func demandWithin(t *testing.T, l limits, s *serve.Server) {
	t.Helper()
	peak, err := most(t.Context(), s)
	if err != nil {
		t.Fatalf("%v; %v", err, s.Err())
	}
	t.Logf("at most %d MiB of %d", peak>>20, l.memory>>20)
	if peak >= l.memory {
		t.Errorf("it had %d MiB, and would have been killed at %d", peak>>20, l.memory>>20)
	}
}
