package rollout_test

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/e2e/binaries"
	"github.com/gabion-security/gabion/internal/report"
)

// builtGabion builds gabion and fills the cluster.
func builtGabion(t *testing.T) string {
	t.Helper()
	fill(t)
	gabion, err := binaries.Gabion(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return gabion
}

func TestGabionTheAPIServerAndASnapshotSayTheSameOfLabels(t *testing.T) {
	t.Parallel()
	gabion := builtGabion(t)
	file := filepath.Join(t.TempDir(), "cluster.json.gz")
	if _, stderr, code := run(t, gabion, plane.Kubeconfig(), "snapshot", "-o", file); code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	namespaces := []string{"shop", "blog", "default", "kube-system"}
	warned := false
	for _, policy := range []string{"privileged", "baseline", "restricted", "baseline:v1.20", "restricted:latest", "restricted:v1.25"} {
		args := append([]string{"preview", "--allow-unchecked", "--enforce=" + policy}, namespaces...)
		own, stderr, code := run(t, gabion, plane.Kubeconfig(), args...)
		if code != 0 {
			t.Fatalf("%s: exit code %d: %s", policy, code, stderr)
		}
		warned = warned || strings.Contains(own, "Warning: ")
		server, stderr, code := run(t, gabion, plane.Kubeconfig(), append(args, "--server")...)
		if code != 0 {
			t.Fatalf("%s: exit code %d: %s", policy, code, stderr)
		}
		if diff := cmp.Diff(server, own); diff != "" {
			t.Errorf("%s: the API server (-), gabion (+):\n%s", policy, diff)
		}
		// Snapshots need no cluster: that kubeconfig is none.
		kept, stderr, code := run(t, gabion, file, append(args, "--from="+file)...)
		if code != 0 {
			t.Fatalf("%s: exit code %d: %s", policy, code, stderr)
		}
		if diff := cmp.Diff(own, kept); diff != "" {
			t.Errorf("%s: live (-), snapshot (+):\n%s", policy, diff)
		}
	}
	if !warned {
		t.Error("nothing violates anything, so that nothing was compared")
	}
}

func TestLabelsThatAreRefusedAreNoVerdictOnPods(t *testing.T) {
	t.Parallel()
	gabion := builtGabion(t)
	dev, err := plane.KubeconfigOf("dev")
	if err != nil {
		t.Fatal(err)
	}
	stdout, stderr, code := run(t, gabion, dev, "preview", "shop", "--enforce=baseline", "--server", "--allow-unchecked")
	if code != 3 || !strings.Contains(stderr, "namespace shop: the labels could not be asked about: ") || strings.Contains(stdout, "Warning") {
		t.Errorf("exit code %d, got\n%s%s", code, stdout, stderr)
	}
	_, stderr, code = run(t, gabion, plane.Kubeconfig(), "preview", "nowhere", "--enforce=baseline", "--server")
	if code != 3 || !strings.Contains(stderr, `there is no namespace "nowhere" in the cluster`) {
		t.Errorf("exit code %d, got\n%s", code, stderr)
	}
}

func TestTheAPIServerIsAskedAboutAPodOfEachTemplate(t *testing.T) {
	t.Parallel()
	gabion := builtGabion(t)
	var got report.PreviewNamespace
	deadline := time.Now().Add(time.Minute)
	for {
		stdout, stderr, code := run(t, gabion, plane.Kubeconfig(),
			"preview", "ask", "--enforce=restricted", "--templates", "--server", "-o", "json")
		if code != 3 {
			t.Fatalf("exit code %d, want 3 for what could not be asked: %s%s", code, stdout, stderr)
		}
		var all report.Preview
		if err := json.Unmarshal([]byte(stdout), &all); err != nil {
			t.Fatal(err)
		}
		got = all.Namespaces[0]
		injected := slices.ContainsFunc(got.Templates, func(g report.PreviewGroup) bool {
			return slices.Contains(g.Names, "deployment.apps/injected")
		})
		if injected || time.Now().After(deadline) {
			break // the API server takes a moment to hear of the policy
		}
	}
	reasons := map[string]string{}
	for _, g := range got.Templates {
		for _, name := range g.Names {
			reasons[name] = g.Reason
		}
	}
	want := map[string]string{
		"deployment.apps/injected": "allowPrivilegeEscalation != false, unrestricted capabilities",
		"cronjob.batch/refused":    "host namespaces, allowPrivilegeEscalation != false, unrestricted capabilities, runAsNonRoot != true, seccompProfile",
	}
	if diff := cmp.Diff(want, reasons); diff != "" {
		t.Errorf("templates that violate, want (-), got (+):\n%s", diff)
	}
	if len(got.Unasked) != 1 || !strings.HasPrefix(got.Unasked[0], "deployment.apps/unknowable could not be asked about: ") ||
		!strings.Contains(got.Unasked[0], "there-is-none") {
		t.Errorf("could not be asked: %q", got.Unasked)
	}
}
