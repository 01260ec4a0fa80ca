package script_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gabion-security/gabion/internal/snapshot"
	"github.com/gabion-security/gabion/workload"
)

const (
	largeNamespaces = 5000
	largeWorkloads  = 10 // in each namespace
	largeReplicas   = 3  // of each workload
)

// BenchmarkPlanOfASnapshotOf150000PodsIn5000Namespaces runs the whole program on
// two cores. No two workloads have the same template, every tenth fails the
// baseline level and every third the restricted one.
func BenchmarkPlanOfASnapshotOf150000PodsIn5000Namespaces(b *testing.B) {
	dir := b.TempDir()
	path := filepath.Join(dir, "cluster.json.gz")
	writeLargeSnapshot(b, path)
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	gabion := filepath.Join(dir, "gabion") // the name by which TestMain runs the program
	if err := os.Symlink(self, gabion); err != nil {
		b.Fatal(err)
	}
	for _, format := range []string{"table", "wide", "json", "yaml", "markdown", "kubectl", "kustomize"} {
		b.Run(format, func(b *testing.B) {
			peak, busy, runs := int64(0), time.Duration(0), 0
			for b.Loop() {
				cmd := exec.CommandContext(b.Context(), gabion, "plan", "--from="+path, "-o", format)
				cmd.Env = append(os.Environ(), "GOMAXPROCS=2")
				cmd.Stdout = io.Discard
				if err := cmd.Start(); err != nil {
					b.Fatal(err)
				}
				ending, most := make(chan struct{}), make(chan int64)
				go func() { most <- residentUntil(ending, cmd.Process.Pid) }()
				err := cmd.Wait()
				close(ending)
				if peak = max(peak, <-most); err != nil || peak == 0 {
					b.Fatal(err, peak)
				}
				busy += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
				runs++
			}
			b.ReportMetric(busy.Seconds()/float64(runs), "cpu-s/op")
			b.ReportMetric(float64(peak), "MiB-peak")
		})
	}
}

// residentUntil returns how many MiB a process had resident at most until then. It
// is asked while it runs: what the system says of one that has ended counts the
// memory of the one that started it.
func residentUntil(ending <-chan struct{}, pid int) (most int64) {
	for {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if _, rest, found := strings.Cut(string(text), "\nVmHWM:"); err == nil && found {
			var kib int64
			if _, err := fmt.Sscan(rest, &kib); err == nil {
				most = max(most, kib>>10)
			}
		}
		select {
		case <-ending:
			return most
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// writeLargeSnapshot writes a snapshot with Deployments, their ReplicaSets and
// the pods of these.
func writeLargeSnapshot(b *testing.B, path string) {
	b.Helper()
	reader, err := workload.NewReader(workload.Options{Stored: true, Extra: true})
	if err != nil {
		b.Fatal(err)
	}
	var w snapshot.Writer
	add := func(format string, args ...any) {
		item := reader.ReadObject(fmt.Appendf(nil, format, args...))
		if item.Outcome == workload.Broken {
			b.Fatal(item.Err)
		}
		w.Add(&item)
	}
	const made = `"metadata": {"name": %q, "namespace": %q, "ownerReferences": [{"apiVersion": "apps/v1", "kind": %q, "name": %q, "uid": "u", "controller": true}]}`
	for i := range largeNamespaces {
		namespace := fmt.Sprintf("team-%04d", i)
		add(`{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": %q, "labels": {"team": %q}}}`, namespace, namespace)
		for j := range largeWorkloads {
			name := fmt.Sprintf("app-%d", j)
			set := name + "-75c8f5c5d"
			spec := largeSpec(i, j, "")
			add(`{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": %q, "namespace": %q}, "spec": {"template": {"spec": %s}}}`, name, namespace, spec)
			add(`{"apiVersion": "apps/v1", "kind": "ReplicaSet", `+made+`, "spec": {"template": {"spec": %s}}}`, set, namespace, "Deployment", name, spec)
			running := largeSpec(i, j, `{"name": "kube-api-access", "projected": {}}`)
			for k := range largeReplicas {
				add(`{"apiVersion": "v1", "kind": "Pod", `+made+`, "spec": %s}`, fmt.Sprintf("%s-%05d", set, k), namespace, "ReplicaSet", set, running)
			}
		}
	}
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := w.WriteTo(f); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
}

func largeSpec(i, j int, volume string) string {
	escalation := `"allowPrivilegeEscalation": false,`
	if j%3 == 0 {
		escalation = ""
	}
	return fmt.Sprintf(`{"hostPID": %t, "serviceAccountName": "app", "volumes": [%s],
		"securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}},
		"containers": [{"name": "app-%d-%d", "image": "registry.example/team/app:1.2.3", "securityContext": {%s "capabilities": {"drop": ["ALL"]}}},
			{"name": "proxy", "image": "registry.example/proxy:2", "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}}}]}`,
		j%10 == 0, volume, i, j, escalation)
}
