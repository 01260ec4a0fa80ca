package clusterstore_test

import (
	"context"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	control "github.com/gabion-security/gabion/e2e/cluster"
	"github.com/gabion-security/gabion/internal/cluster"
	"github.com/gabion-security/gabion/pss"
)

// plane is the control plane that all tests use, one after the other: some of
// them restart its API server.
var plane *control.Cluster

// reader is the user as whom the cache asks, so that the audit log tells its
// requests from those of the tests.
const reader = "reader"

func TestMain(m *testing.M) {
	os.Exit(control.Main(m, &plane, control.Options{ //nolint:forbidigo // a TestMain is a main
		WithoutPodSecurity: true,
		AuditPolicy:        auditReader,
		Users:              []control.User{{Name: reader, Groups: []string{"system:masters"}}},
	}))
}

// auditReader logs what the cache asks, when it asks it: watches end late.
const auditReader = `apiVersion: audit.k8s.io/v1
kind: Policy
rules: [{level: Metadata, users: [reader], omitStages: [ResponseStarted, ResponseComplete]}, {level: None}]
`

// connect returns how the API server is reached as the reader.
func connect(t *testing.T) *rest.Config {
	t.Helper()
	kubeconfig, err := plane.KubeconfigOf(reader)
	if err != nil {
		t.Fatal(err)
	}
	config, err := cluster.Connect(cluster.ConnectOptions{Kubeconfig: kubeconfig, Version: "e2e"})
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// running is a cache that runs by a clock that can be put forward.
type running struct {
	*cluster.Cache

	ahead atomic.Int64 // nanoseconds
	stop  func()
}

// run runs a cache until stop is called or the test ends.
func run(t *testing.T) *running {
	t.Helper()
	return runWith(t, cluster.CacheOptions{})
}

func runWith(t *testing.T, o cluster.CacheOptions) *running {
	t.Helper()
	r := &running{}
	o.Now = func() time.Time { return time.Now().Add(time.Duration(r.ahead.Load())) }
	cache, err := cluster.NewCache(connect(t), o)
	if err != nil {
		t.Fatal(err)
	}
	r.Cache = cache
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		cache.Run(ctx)
	}()
	r.stop = func() { cancel(); <-done }
	t.Cleanup(r.stop)
	return r
}

// await waits until something comes true.
func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("in vain: waited until " + what)
		}
	}
}

func (r *running) awaitReady(t *testing.T) {
	t.Helper()
	await(t, "the cache is ready", func() bool { return len(r.Unready()) == 0 })
}

// level returns what a namespace enforces, as the cache says.
func (r *running) level(t *testing.T, namespace string) string {
	t.Helper()
	labels, err := r.Labels(t.Context(), namespace)
	if err != nil {
		t.Fatal(err)
	}
	return labels[pss.EnforceLabel]
}

// create creates a namespace that enforces a level.
func create(t *testing.T, name, level string) {
	t.Helper()
	_, err := plane.Client().CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name: name, Labels: map[string]string{pss.EnforceLabel: level},
	}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

// relabel changes what a namespace enforces.
func relabel(t *testing.T, name, level string) {
	t.Helper()
	patch := `{"metadata": {"labels": {"` + pss.EnforceLabel + `": "` + level + `"}}}`
	_, err := plane.Client().CoreV1().Namespaces().Patch(t.Context(), name, types.MergePatchType, []byte(patch), metav1.PatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

// newPod returns a pod that the API server takes.
func newPod(name string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: corev1.PodSpec{
			Containers:    []corev1.Container{{Name: "c", Image: "example.com/app"}},
			RestartPolicy: corev1.RestartPolicyNever,
		},
	}
}

// requested returns what the reader asked since the last call, for one resource.
func requested(t *testing.T, log *control.AuditLog, resource string) []string {
	t.Helper()
	events, err := log.Next()
	if err != nil {
		t.Fatal(err)
	}
	var uris []string
	for _, e := range events {
		if uri := e.RequestURI; strings.HasPrefix(uri, "/api/v1/"+resource+"?") {
			uris = append(uris, uri)
		}
	}
	return uris
}

func TestTheServerSaysWhatItIs(t *testing.T) {
	got, err := cluster.FindServer(t.Context(), connect(t))
	if want := (cluster.Server{Release: plane.Version(), Version: pss.V1(37)}); err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
}

func TestTheCacheFollowsWhatHappens(t *testing.T) {
	create(t, "before", "baseline")
	r := run(t)
	r.awaitReady(t)
	if got := r.level(t, "before"); got != "baseline" {
		t.Errorf("before enforces %q", got)
	}

	relabel(t, "before", "restricted")
	await(t, "the new label is known", func() bool { return r.level(t, "before") == "restricted" })

	namespaces := r.Stats().Namespaces
	create(t, "after", "baseline")
	await(t, "the namespace is known", func() bool { return r.Stats().Namespaces == namespaces+1 })

	pods := plane.Client().CoreV1().Pods("after")
	for _, name := range []string{"one", "two"} {
		if _, err := pods.Create(t.Context(), newPod(name), metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	await(t, "both pods are known, which are alike", func() bool {
		all, err := r.Pods(t.Context(), "after")
		return err == nil && len(all) == 2 && all[0].Pod == all[1].Pod
	})
	ephemeral := `{"spec": {"ephemeralContainers": [{"name": "debug", "image": "example.com/debug"}]}}`
	_, err := pods.Patch(t.Context(), "two", types.StrategicMergePatchType, []byte(ephemeral), metav1.PatchOptions{}, "ephemeralcontainers")
	if err != nil {
		t.Fatal(err)
	}
	await(t, "one of them has a container more", func() bool {
		all, err := r.Pods(t.Context(), "after")
		return err == nil && len(all) == 2 && len(all[0].Pod.Containers)+len(all[1].Pod.Containers) == 3
	})
	if err := pods.Delete(t.Context(), "one", metav1.DeleteOptions{GracePeriodSeconds: new(int64)}); err != nil {
		t.Fatal(err)
	}
	await(t, "the deleted pod is gone", func() bool {
		all, err := r.Pods(t.Context(), "after")
		return err == nil && len(all) == 1 && all[0].Name == "two"
	})
}

func TestANamespaceIsKnownAsSoonAsItExists(t *testing.T) {
	r := run(t)
	for _, name := range []string{"new-1", "new-2", "new-3"} { // before the list, and perhaps after
		create(t, name, "restricted")
		if got := r.level(t, name); got != "restricted" {
			t.Errorf("%s enforces %q", name, got)
		}
	}
	r.awaitReady(t)
	create(t, "new-4", "baseline")
	if got := r.level(t, "new-4"); got != "baseline" {
		t.Errorf("new-4 enforces %q", got)
	}
	_, err := r.Labels(t.Context(), "none")
	if !apierrors.IsNotFound(err) || err.Error() != `namespaces "none" not found` {
		t.Errorf("got %v for a namespace that there is not", err)
	}
}

func TestAQuietClusterIsNoReasonForDoubt(t *testing.T) {
	create(t, "quiet", "baseline")
	r := runWith(t, cluster.CacheOptions{Idle: 1500 * time.Millisecond})
	r.awaitReady(t)
	log := plane.AuditLog()
	requested(t, log, "namespaces") // until now
	for range 2 {
		r.ahead.Add(int64(90 * time.Second))
		await(t, "both watches are resumed, though nothing happens", func() bool {
			s := r.Stats()
			return s.NamespacesAge < time.Minute && s.PodsAge < time.Minute
		})
		if reasons := r.Unready(); len(reasons) > 0 {
			t.Fatalf("not ready: %q", reasons)
		}
	}
	relabel(t, "quiet", "restricted")
	await(t, "the new label is known", func() bool { return r.level(t, "quiet") == "restricted" })
	asked := requested(t, log, "namespaces")
	if len(asked) == 0 {
		t.Error("the cache is ready, but has asked nothing")
	}
	for _, uri := range asked {
		if begins(uri) {
			t.Errorf("asked %q instead of going on where the watch was", uri)
		}
	}

	// After too long a silence, what a watch goes on from may be long out of date.
	r.ahead.Add(int64(2 * time.Minute))
	if len(r.Unready()) != 2 {
		t.Fatalf("not ready: %q, want both caches to be stale", r.Unready())
	}
	r.awaitReady(t)
	if asked := requested(t, log, "namespaces"); !slices.ContainsFunc(asked, begins) {
		t.Errorf("ready again without a list: %q", asked)
	}
}

// begins reports whether a request asks for everything, and not only for news.
func begins(uri string) bool {
	return !strings.Contains(uri, "watch=true") || strings.Contains(uri, "sendInitialEvents") || !strings.Contains(uri, "resourceVersion=")
}
