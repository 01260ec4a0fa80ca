package faults_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/gabion-security/gabion/e2e/cluster"
	"github.com/gabion-security/gabion/e2e/serve"
)

const many = 10_000

// TestTenThousandPodsAreAllJudgedWhenTheirNamespaceIsRelabelled asks for the
// answer that an API server waits 5 seconds for. No two pods are alike.
func TestTenThousandPodsAreAllJudgedWhenTheirNamespaceIsRelabelled(t *testing.T) {
	t.Parallel()
	c := cluster.ForTest(t, cluster.Options{WithoutPodSecurity: true})
	namespace(t, c, "shop", "privileged")
	fill(t, c)
	serve.Start(t, c, gabion, "gabion", c.Kubeconfig(), append(serve.Credentials(t, t.TempDir()), "--register")...)
	eventually(t, "enforcement", func() string {
		if _, err := warnings(t, c, "odd", true); err == nil {
			return "an invalid label is valid"
		}
		return ""
	})
	for _, step := range []struct {
		level  string
		dryRun bool
		lines  int // different violations
		count  int // pods that violate
	}{
		{"baseline", true, 1, many / 10},
		{"restricted", true, 2, many},
		{"restricted", false, 2, many},
	} {
		begin := time.Now()
		got, err := warnings(t, c, step.level, step.dryRun)
		took := time.Since(begin)
		if err != nil {
			t.Fatalf("%s: %v", step.level, err)
		}
		t.Logf("%s: answered after %s", step.level, took.Round(time.Millisecond))
		if took >= 5*time.Second {
			t.Errorf("%s: the answer took %s", step.level, took)
		}
		header := `existing pods in namespace "shop" violate the new PodSecurity enforce level "` + step.level + `:latest"`
		if len(got) != 1+step.lines || got[0] != header {
			t.Fatalf("%s: got %d warnings, want %d:\n%s", step.level, len(got), 1+step.lines, strings.Join(got, "\n"))
		}
		count := 0
		for _, line := range got[1:] {
			count += podsIn(t, line)
		}
		if count != step.count {
			t.Errorf("%s: %d pods violate it, want %d:\n%s", step.level, count, step.count, strings.Join(got, "\n"))
		}
	}
	if err := try(t.Context(), c, plainPod("p")); err == nil || !strings.Contains(err.Error(), `violates PodSecurity "restricted:latest"`) {
		t.Errorf("after the change, a pod: %v", err)
	}
}

// fill makes many pods, each with a container of its own name, one of ten of
// them in the host's PID namespace.
func fill(t *testing.T, c *cluster.Cluster) {
	t.Helper()
	config := c.Config()
	config.ContentType = "application/vnd.kubernetes.protobuf" // takes less of everybody's time
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	var next atomic.Int64
	var makers sync.WaitGroup
	for range 16 {
		makers.Go(func() {
			for i := next.Add(1); i <= many; i = next.Add(1) {
				pod := plainPod(fmt.Sprintf("pod-%05d", i))
				pod.Spec.HostPID = i%10 == 0
				pod.Spec.Containers[0] = corev1.Container{Name: fmt.Sprint("c", i), Image: "i"}
				if _, err := client.CoreV1().Pods("shop").Create(t.Context(), pod, metav1.CreateOptions{}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	makers.Wait()
	if t.Failed() {
		t.FailNow()
	}
}

// warnings changes the enforce label and returns what the client is warned of.
func warnings(t *testing.T, c *cluster.Cluster, level string, dryRun bool) ([]string, error) {
	t.Helper()
	collected := &cluster.Warnings{}
	config := c.Config()
	config.WarningHandler = collected
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	var options metav1.PatchOptions
	if dryRun {
		options.DryRun = []string{metav1.DryRunAll}
	}
	patch := `{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"` + level + `"}}}`
	_, err = client.CoreV1().Namespaces().Patch(t.Context(), "shop", types.MergePatchType, []byte(patch), options)
	return collected.Take(), err
}

// podsIn returns how many pods a line of a warning counts.
func podsIn(t *testing.T, line string) int {
	t.Helper()
	found := regexp.MustCompile(`^pod-\d+(?: \(and (\d+) other pods?\))?: `).FindStringSubmatch(line)
	if found == nil {
		t.Fatalf("no line about pods: %s", line)
	}
	if found[1] == "" {
		return 1
	}
	others, err := strconv.Atoi(found[1])
	if err != nil {
		t.Fatal(err)
	}
	return 1 + others
}
