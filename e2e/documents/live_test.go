package documents_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gabion-security/gabion/e2e/serve"
)

// reader may read namespaces and what makes pods, and none of the group's objects.
const reader = "reader"

// living is what the cluster of the tests has: a guard, and an exception for what the
// labels of a namespace forbid.
const living = `apiVersion: v1
kind: Namespace
metadata: {name: living, labels: {pod-security.kubernetes.io/enforce: baseline, team: living}}
---
apiVersion: gabion.io/v1alpha1
kind: PodSecurityException
metadata: {name: living-agent}
spec: {reason: it looks after nodes, owner: team-a, namespaces: {names: [living]}, controls: [{id: privileged}]}
---
apiVersion: gabion.io/v1alpha1
kind: PodSecurityGuard
metadata: {name: living-floor}
spec: {action: deny, namespaces: {selector: {matchLabels: {team: living}}}, floor: {enforce: baseline}, applyToPods: true}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader}
rules:
- {apiGroups: ["", apps, batch, apiextensions.k8s.io], resources: ["*"], verbs: [get, list]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reader}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: reader}]
`

// ran is a run of the program as somebody.
type ran struct {
	out, err string
	code     int
}

func run(t *testing.T, kubeconfig string, args ...string) ran {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), gabion, append(args, "--kubeconfig="+kubeconfig)...)
	cmd.Env = []string{"HOME=" + t.TempDir()}
	var out, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &stderr
	_ = cmd.Run() // the exit code tells
	return ran{out.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// says checks the exit code, and that both streams together say something.
func (r ran) says(t *testing.T, code int, texts ...string) {
	t.Helper()
	if r.code != code {
		t.Errorf("exit code %d, want %d:\n%s%s", r.code, code, r.out, r.err)
	}
	for _, text := range texts {
		if !strings.Contains(r.out+r.err, text) {
			t.Errorf("%q is not said:\n%s%s", text, r.out, r.err)
		}
	}
}

// TestCommandsGoByTheClustersOwnDocuments and then what a server says of an exception
// that the API server's own plugin, which is on, does not know.
func TestCommandsGoByTheClustersOwnDocuments(t *testing.T) {
	t.Parallel()
	if out, err := kubectl(t, living, "apply", "-f", "-"); err != nil {
		t.Fatal(out)
	}
	admin := plane.Kubeconfig()
	const counts = " of the cluster count" // other tests have some, too
	const weaker = "enforce goes from baseline:latest to privileged:latest"
	run(t, admin, "exceptions", "list").says(t, 0, "living-agent", "it looks after nodes")
	run(t, admin, "exceptions", "lint").says(t, 0, "living-agent", "never-expires")
	run(t, admin, "exceptions", "lint", "--live").says(t, 0, "still-forbidden")
	run(t, admin, "preview", "living", "--enforce=privileged", "--exit-code").says(t, 1, counts, "Guard: would refuse this: "+weaker, "(PodSecurityGuard living-floor)", `It needs the verb "weaken"`)
	run(t, admin, "plan", "living").says(t, 0, counts, "knows no exceptions")
	run(t, admin, "label", "living", "--enforce=privileged", "--force", "--force-conflicts", "--dry-run=client").says(t, 0, counts, "weakens what is guarded: "+weaker)
	run(t, admin, "upgrade", "living", "--from=v1.33").says(t, 0, counts)

	snapshot := filepath.Join(t.TempDir(), "cluster.json.gz")
	run(t, admin, "snapshot", "-o", snapshot).says(t, 0)
	from := exec.CommandContext(t.Context(), gabion, "preview", "living", "--enforce=privileged", "--from="+snapshot)
	if out, err := from.CombinedOutput(); err != nil || !strings.Contains(string(out), "Guard: would refuse this: "+weaker) {
		t.Errorf("of the snapshot: %v: %s", err, out)
	}

	blind, err := plane.KubeconfigOf(reader)
	if err != nil {
		t.Fatal(err)
	}
	run(t, blind, "preview", "living", "--enforce=restricted").says(t, 3,
		"the exceptions of the cluster could not be listed and count as none: ", "podsecurityguards.gabion.io could not be listed: ")
	run(t, blind, "exceptions", "list").says(t, 3, "gabion: the exceptions of the cluster could not be listed: ")

	server := serve.Start(t, plane, gabion, "living", admin, serve.Credentials(t, t.TempDir())...)
	metrics := func(there bool, lines ...string) {
		t.Helper()
		for begin := time.Now(); ; time.Sleep(50 * time.Millisecond) {
			text, err := server.Get(t.Context(), "/metrics")
			found := err == nil
			for _, line := range lines {
				found = found && strings.Contains(text, line) == there
			}
			if found {
				return
			}
			if time.Since(begin) > time.Minute {
				t.Fatalf("the metrics have %q: not %t", lines, there)
			}
		}
	}
	metrics(true, `gabion_builtin_plugin{state="on"} 1`, `gabion_exception_still_forbidden{exception="living-agent"} 1`)
	log, err := os.ReadFile(server.Log)
	if err != nil || !strings.Contains(string(log), "by the labels of living it forbids what this covers") || !strings.Contains(string(log), "floor.enforce: baseline") {
		t.Errorf("the log does not name the exception (%v):\n%s", err, log)
	}
	if out, err := kubectl(t, "", "label", "--overwrite", "namespace", "living", "pod-security.kubernetes.io/enforce=privileged"); err != nil {
		t.Fatal(out)
	}
	metrics(false, `gabion_exception_still_forbidden{`)
}
