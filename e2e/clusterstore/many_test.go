package clusterstore_test

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	control "github.com/gabion-security/gabion/e2e/cluster"
	"github.com/gabion-security/gabion/internal/cluster"
	"github.com/gabion-security/gabion/pss"
)

const (
	many      = 10_000
	mostEach  = 300      // bytes that a pod may take in the cache
	mostAtAll = 40 << 20 // bytes that may be in use while it is filled; whole, the pods take 170 MiB
)

// TestManyPods fills a namespace and lets caches read it, each in its way. It is
// the last test of the package: it leaves another API server behind.
func TestManyPods(t *testing.T) {
	create(t, "many", "privileged")
	begin := time.Now()
	fill(t, "many")
	t.Logf("%d pods were made in %s", many, time.Since(begin).Round(100*time.Millisecond))

	log := plane.AuditLog()
	requested(t, log, "pods") // by other tests
	t.Run("are streamed by an API server of today", func(t *testing.T) {
		readMany(t)
		asked := requested(t, log, "pods")
		if len(asked) != 1 || !strings.Contains(asked[0], "sendInitialEvents=true") {
			t.Errorf("asked %q, want one stream", asked)
		}
	})

	err := plane.Reconfigure(t.Context(), func(o *control.Options) {
		o.EmulatedVersion = "1.34"
		o.APIServerArgs = []string{"--feature-gates=WatchList=false"}
	})
	if err != nil {
		t.Fatal(err)
	}
	requested(t, log, "pods") // by caches that were being stopped
	t.Run("come in pages from one that cannot stream", func(t *testing.T) {
		readMany(t)
		asked := requested(t, log, "pods")
		if len(asked) < 2+many/500 || strings.Contains(asked[1], "resourceVersion=") {
			t.Fatalf("asked %q, want a stream that is refused, pages of 500 and a watch", asked)
		}
		for _, page := range asked[1 : 1+many/500] {
			if !strings.Contains(page, "limit=500") {
				t.Errorf("asked %q instead of a page", page)
			}
		}
	})
	t.Run("do not keep an API server from saying what it emulates", func(t *testing.T) {
		got, err := cluster.FindServer(t.Context(), connect(t))
		if want := (cluster.Server{Release: plane.Version(), Version: pss.V1(34)}); err != nil || got != want {
			t.Errorf("got %+v, %v; want %+v", got, err, want)
		}
	})
}

// fill makes many pods of a few kinds.
func fill(t *testing.T, namespace string) {
	t.Helper()
	config := plane.Config()
	config.ContentType = "application/vnd.kubernetes.protobuf" // takes less of everybody's time
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	pods := client.CoreV1().Pods(namespace)
	var next atomic.Int64
	var makers sync.WaitGroup
	for range 16 {
		makers.Go(func() {
			for i := next.Add(1); i <= many; i = next.Add(1) {
				if _, err := pods.Create(t.Context(), largePod(int(i)), metav1.CreateOptions{}); err != nil {
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

// largePod returns a pod as large as those of real clusters, most of which Pod
// Security does not look at.
func largePod(i int) *corev1.Pod {
	p := newPod(fmt.Sprintf("checkout-service-6f7b5c9d84-%05d", i))
	p.Annotations = map[string]string{"example.com/filler": strings.Repeat("x", 4096)}
	p.Spec.HostNetwork = i%10 == 0
	for j := range 10 {
		p.Spec.Containers[0].Env = append(p.Spec.Containers[0].Env, corev1.EnvVar{Name: fmt.Sprint("V", j), Value: fmt.Sprint(i)})
	}
	return p
}

// readMany runs a cache until it knows all pods, and looks at what it takes.
func readMany(t *testing.T) {
	t.Helper()
	before := heap()
	begin := time.Now()
	r := run(t)
	var most uint64
	for len(r.Unready()) > 0 {
		most = max(most, heap())
	}
	took := time.Since(begin)
	after := heap()

	all, err := r.Pods(t.Context(), "many")
	if err != nil || len(all) != many {
		t.Fatalf("got %d pods, %v", len(all), err)
	}
	kinds := map[*pss.Pod]int{}
	for _, p := range all {
		kinds[p.Pod]++
	}
	if len(kinds) != 2 {
		t.Errorf("%d kinds of pods, want 2", len(kinds))
	}
	for p, n := range kinds {
		if want := map[bool]int{true: many / 10, false: many - many/10}[p.HostNetwork]; n != want {
			t.Errorf("%d pods on the host's network: %t, want %d", n, p.HostNetwork, want)
		}
	}
	each := (int64(after) - int64(before)) / many
	peak := int64(most) - int64(before)
	t.Logf("ready in %s, %d bytes a pod, at most %d KiB while it was filled", took.Round(time.Millisecond), each, peak>>10)
	if each > mostEach {
		t.Errorf("%d bytes a pod, want at most %d", each, mostEach)
	}
	if peak > mostAtAll {
		t.Errorf("%d bytes while it was filled, want at most %d", peak, mostAtAll)
	}
	r.stop()
}

// heap returns how much memory is in use.
func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
