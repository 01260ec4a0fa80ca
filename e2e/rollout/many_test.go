package rollout_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/gabion-security/gabion/e2e/binaries"
	"github.com/gabion-security/gabion/e2e/cluster"
	"github.com/gabion-security/gabion/e2e/samples"
)

const (
	manyNamespaces = 300
	manyPods       = 10_000
	// writers make objects at the same time.
	writers = 16
)

// faults are what pods of a large cluster have wrong, or not.
var faults = []func(*corev1.PodSpec){
	func(*corev1.PodSpec) {},
	func(s *corev1.PodSpec) { s.HostNetwork = true },
	func(s *corev1.PodSpec) { s.HostPID = true },
	func(s *corev1.PodSpec) { s.SecurityContext = nil },
	func(s *corev1.PodSpec) { s.Containers[0].SecurityContext = nil },
	func(s *corev1.PodSpec) {
		s.Containers[0].SecurityContext.AllowPrivilegeEscalation = nil
		s.Containers[0].SecurityContext.Privileged = new(true)
	},
	func(s *corev1.PodSpec) {
		s.Containers[0].Ports = []corev1.ContainerPort{{ContainerPort: 80, HostPort: 80}}
	},
	func(s *corev1.PodSpec) {
		s.Volumes = []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/"}}}}
	},
	func(s *corev1.PodSpec) {
		s.Containers[0].SecurityContext.Capabilities.Add = []corev1.Capability{"SYS_ADMIN"}
	},
}

func manyPod(name string, r *rand.Rand) *corev1.Pod {
	spec := corev1.PodSpec{
		SecurityContext: &corev1.PodSecurityContext{
			RunAsNonRoot: new(true), SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
		Containers: []corev1.Container{{Name: "main", Image: "registry.example/app:1", SecurityContext: &corev1.SecurityContext{
			AllowPrivilegeEscalation: new(false), Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		}}},
	}
	faults[r.IntN(len(faults))](&spec)
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: spec}
}

// fillMany makes namespaces with labels of all kinds and pods in them. Some
// namespaces stay without pods.
func fillMany(t *testing.T, c *cluster.Cluster, seed uint64) {
	t.Helper()
	labels := []map[string]string{
		nil, {"pod-security.kubernetes.io/enforce": "baseline"}, {"pod-security.kubernetes.io/enforce": "privileged"},
		{"pod-security.kubernetes.io/enforce": "baseline", "pod-security.kubernetes.io/enforce-version": "v1.30"},
		{"pod-security.kubernetes.io/warn": "restricted"},
	}
	config := c.Config()
	config.WarningHandler = rest.NoWarnings{}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	each := func(n int, create func(i int, r *rand.Rand) error) {
		var wg sync.WaitGroup
		var next atomic.Int64
		for range writers {
			wg.Go(func() {
				for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
					if err := create(i, rand.New(rand.NewPCG(seed, uint64(i)))); err != nil { //nolint:gosec // a seed
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
	}
	name := func(i int) string { return fmt.Sprintf("team-%03d", i) }
	each(manyNamespaces, func(i int, _ *rand.Rand) error {
		ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name(i)}}
		_, err := client.CoreV1().Namespaces().Create(t.Context(), ns, metav1.CreateOptions{})
		return err
	})
	each(manyPods, func(i int, r *rand.Rand) error {
		pod := manyPod(fmt.Sprintf("pod-%05d", i), r)
		_, err := client.CoreV1().Pods(name(r.IntN(manyNamespaces-10))).Create(t.Context(), pod, metav1.CreateOptions{})
		return err
	})
	// The labels come last: they would keep pods away that are to violate them.
	each(manyNamespaces, func(i int, _ *rand.Rand) error {
		ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name(i), Labels: labels[i%len(labels)]}}
		_, err := client.CoreV1().Namespaces().Update(t.Context(), ns, metav1.UpdateOptions{})
		return err
	})
	if t.Failed() {
		t.Fatal("the cluster could not be filled")
	}
}

// listPods lists all pods as gabion does, page by page in protobuf, and does
// nothing with them.
func listPods(t *testing.T, c *cluster.Cluster) (n int) {
	t.Helper()
	config := c.Config()
	config.ContentType, config.AcceptContentTypes = runtime.ContentTypeProtobuf, runtime.ContentTypeProtobuf
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	for o := (metav1.ListOptions{Limit: 500}); ; {
		page, err := client.CoreV1().Pods("").List(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		n += len(page.Items)
		if o.Continue = page.Continue; o.Continue == "" {
			return n
		}
	}
}

func TestTenThousandPodsIn300NamespacesAreJudgedAsTheAPIServerJudgesThem(t *testing.T) {
	t.Parallel()
	seed := samples.Seed(t)
	c := cluster.ForTest(t, cluster.Options{})
	gabion, err := binaries.Gabion(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	fillMany(t, c, seed)
	file := filepath.Join(t.TempDir(), "cluster.json.gz")
	start := time.Now()
	if _, stderr, code := run(t, gabion, c.Kubeconfig(), "snapshot", "-o", file); code != 0 ||
		!strings.Contains(stderr, fmt.Sprintf("%d pods and 0 workloads in ", manyPods)) {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	t.Logf("the snapshot took %s", time.Since(start).Round(time.Millisecond))
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	// A few hundred bytes a pod are promised.
	if perPod := info.Size() / manyPods; perPod > 300 || info.Mode() != 0o600 {
		t.Errorf("the snapshot has %d bytes a pod and mode %s", perPod, info.Mode())
	}
	// A live plan is bound by the API server's lists: how long they take stands beside
	// it, and what Gabion adds is what a plan of the snapshot takes.
	start = time.Now()
	listed := listPods(t, c)
	t.Logf("the API server's list of %d pods took %s", listed, time.Since(start).Round(time.Millisecond))
	for _, source := range []string{"--kubeconfig=" + c.Kubeconfig(), "--from=" + file} {
		start = time.Now()
		if _, stderr, code := run(t, gabion, c.Kubeconfig(), "plan", "-o", "json", source); code != 0 {
			t.Fatalf("plan: exit code %d: %s", code, stderr)
		}
		t.Logf("the plan of %s took %s", strings.TrimLeft(source, "-"), time.Since(start).Round(time.Millisecond))
	}
	for _, policy := range []string{"baseline", "restricted:v1.24"} {
		args := []string{"preview", "--all", "--enforce=" + policy}
		want, stderr, code := run(t, gabion, c.Kubeconfig(), append(args, "--server")...)
		if code != 0 {
			t.Fatalf("%s: exit code %d: %s", policy, code, stderr)
		}
		if n := strings.Count(want, "Warning: existing pods in namespace "); n < manyNamespaces/4 {
			t.Fatalf("%s: the API server warns of %d namespaces only", policy, n)
		}
		for _, source := range [][]string{nil, {"--from=" + file}} {
			got, stderr, code := run(t, gabion, c.Kubeconfig(), append(args, source...)...)
			if code != 0 {
				t.Fatalf("%s: exit code %d: %s", policy, code, stderr)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: the API server (-), gabion %q (+):\n%s", policy, source, diff)
			}
		}
	}
}
