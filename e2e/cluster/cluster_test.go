package cluster_test

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/gabion-security/gabion/e2e/cluster"
)

// plane is the control plane that the tests of this package share. Those that
// restart a server have their own.
var plane *cluster.Cluster

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		os.Exit(child()) //nolint:forbidigo // a TestMain is a main
	}
	os.Exit(cluster.Main(m, &plane, cluster.Options{ //nolint:forbidigo // a TestMain is a main
		AuditPolicy: cluster.AuditMetadata,
		Users:       []cluster.User{{Name: "alice"}, {Name: "bob", Groups: []string{"system:masters", "ops"}}},
	}))
}

// hostPod is a pod that the baseline level forbids.
func hostPod(name string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       corev1.PodSpec{HostPID: true, Containers: []corev1.Container{{Name: "c", Image: "i"}}},
	}
}

// enforcing makes a namespace that enforces the baseline level.
func enforcing(t *testing.T, c *cluster.Cluster, name string) {
	t.Helper()
	_, err := c.Client().CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name: name, Labels: map[string]string{"pod-security.kubernetes.io/enforce": "baseline"},
	}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

// tryPod asks whether a pod that baseline forbids may be created.
func tryPod(ctx context.Context, c kubernetes.Interface, namespace string) error {
	_, err := c.CoreV1().Pods(namespace).Create(ctx, hostPod("p"), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	return err
}

func TestTheServersAndKubectlSayTheVersionThatTheyAre(t *testing.T) {
	t.Parallel()
	out, err := plane.Kubectl(t.Context(), "version", "-o", "json").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	type version struct{ GitVersion, Major, Minor string }
	var got struct{ ClientVersion, ServerVersion version }
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	want := version{"v1.37.2", "1", "37"}
	if got.ClientVersion != want || got.ServerVersion != want || plane.Version() != want.GitVersion {
		t.Errorf("got client %+v, server %+v, cluster %s; want %+v", got.ClientVersion, got.ServerVersion, plane.Version(), want)
	}
}

func TestKubectlWritesAndReadsObjectsAndShowsWarnings(t *testing.T) {
	t.Parallel()
	manifest := filepath.Join(t.TempDir(), "pod.yaml")
	if err := os.WriteFile(manifest, []byte(`{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "seen"},
		"spec": {"hostPID": true, "containers": [{"name": "c", "image": "i"}]}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		args []string
		want string
	}{
		{[]string{"create", "namespace", "kubectl"}, "namespace/kubectl created\n"},
		{[]string{"label", "namespace", "kubectl", "pod-security.kubernetes.io/warn=baseline"}, "namespace/kubectl labeled\n"},
		{[]string{"apply", "-n", "kubectl", "-f", manifest},
			"Warning: would violate PodSecurity \"baseline:latest\": host namespaces (hostPID=true)\npod/seen created\n"},
		{[]string{"get", "pods", "-n", "kubectl", "-o", "name"}, "pod/seen\n"},
	} {
		out, err := plane.Kubectl(t.Context(), step.args...).CombinedOutput()
		if err != nil || string(out) != step.want {
			t.Fatalf("kubectl %s: %v\ngot  %q\nwant %q", strings.Join(step.args, " "), err, out, step.want)
		}
	}
}

func TestUsersHaveTheRightsThatRBACGivesThem(t *testing.T) {
	t.Parallel()
	list := func(user string) error {
		t.Helper()
		config, err := plane.ConfigOf(user)
		if err != nil {
			t.Fatal(err)
		}
		client, err := kubernetes.NewForConfig(config)
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.CoreV1().Pods("default").List(t.Context(), metav1.ListOptions{})
		return err
	}
	if err := list("alice"); !apierrors.IsForbidden(err) {
		t.Errorf("alice, who has no rights, got %v, want that it is forbidden", err)
	}
	if err := list("bob"); err != nil {
		t.Errorf("bob, who is in a group that may do everything, got %v", err)
	}
	if _, err := plane.ConfigOf("mallory"); err == nil {
		t.Error("got a configuration for somebody who is not a user")
	}
}

// withAuditID gives requests an ID by which they are found in the audit log.
type withAuditID struct {
	id   string
	next http.RoundTripper
}

func (w withAuditID) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Audit-ID", w.id)
	return w.next.RoundTrip(r)
}

func TestTheAuditLogHoldsARequestAsSoonAsItIsAnswered(t *testing.T) {
	t.Parallel()
	enforcing(t, plane, "audited")
	log := plane.AuditLog()
	if _, err := log.Next(); err != nil {
		t.Fatal(err)
	}
	config := plane.Config()
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return withAuditID{"the-request", next} })
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := tryPod(t.Context(), client, "audited"); !apierrors.IsForbidden(err) {
		t.Fatalf("got %v, want that it is forbidden", err)
	}
	events, err := log.Next()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if e.AuditID != "the-request" {
			continue
		}
		if got := e.Annotations["pod-security.kubernetes.io/enforce-policy"]; got != "baseline:latest" || e.ResponseStatus.Code != 403 {
			t.Errorf("got enforce-policy %q and code %d, want baseline:latest and 403", got, e.ResponseStatus.Code)
		}
		return
	}
	t.Errorf("the request is not among the %d events since", len(events))
}

func TestSettleWaitsForThePodsThatWereCreatedBefore(t *testing.T) {
	t.Parallel()
	_, err := plane.Client().CoreV1().Namespaces().Create(t.Context(),
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "settled"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b", "c"} {
		if _, err := plane.Client().CoreV1().Pods("settled").Create(t.Context(), hostPod(name), metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := plane.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	out, err := plane.Kubectl(t.Context(), "label", "--dry-run=server", "ns", "settled", "pod-security.kubernetes.io/enforce=baseline").CombinedOutput()
	want := `Warning: existing pods in namespace "settled" violate the new PodSecurity enforce level "baseline:latest"
Warning: a (and 2 other pods): host namespaces
namespace/settled labeled (server dry run)
`
	if err != nil || string(out) != want {
		t.Errorf("%v, got:\n%swant:\n%s", err, out, want)
	}
}

func TestServersAreKilledFrozenStartedAgainAndReconfigured(t *testing.T) {
	t.Parallel()
	c := cluster.ForTest(t, cluster.Options{WithoutPodSecurity: true})
	enforcing(t, c, "ns")
	if err := tryPod(t.Context(), c.Client(), "ns"); err != nil {
		t.Errorf("without PodSecurity: %v", err)
	}

	// Another configuration, that of an older version and with exemptions.
	err := c.Reconfigure(t.Context(), func(o *cluster.Options) {
		o.WithoutPodSecurity, o.EmulatedVersion = false, "1.34"
		o.AdmissionConfiguration = `{"apiVersion": "apiserver.config.k8s.io/v1", "kind": "AdmissionConfiguration", "plugins": [
			{"name": "PodSecurity", "configuration": {"apiVersion": "pod-security.admission.config.k8s.io/v1",
				"kind": "PodSecurityConfiguration", "exemptions": {"namespaces": ["exempt"]}}}]}`
	})
	if err != nil {
		t.Fatal(err)
	}
	enforcing(t, c, "exempt")
	if err := tryPod(t.Context(), c.Client(), "ns"); !apierrors.IsForbidden(err) {
		t.Errorf("with PodSecurity: got %v, want that it is forbidden", err)
	}
	if err := tryPod(t.Context(), c.Client(), "exempt"); err != nil {
		t.Errorf("in an exempt namespace: %v", err)
	}
	version, err := c.Client().Discovery().ServerVersion()
	if err != nil {
		t.Fatal(err)
	}
	if version.Minor != "34" && version.EmulationMinor != "34" {
		t.Errorf("the server says that it is %+v, want minor 34", version)
	}

	// A server that stands still or is gone, and what it knew when it is back.
	if err := c.APIServer.Freeze(); err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := tryPod(short, c.Client(), "exempt"); err == nil {
		t.Error("a frozen server answered")
	}
	if err := c.APIServer.Thaw(); err != nil {
		t.Fatal(err)
	}
	if err := tryPod(t.Context(), c.Client(), "exempt"); err != nil {
		t.Errorf("after the thaw: %v", err)
	}
	if err := c.APIServer.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.Etcd.Kill(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := tryPod(t.Context(), c.Client(), "exempt"); err == nil {
		t.Error("a server that is not there answered")
	}
	for _, s := range []*cluster.Server{c.Etcd, c.APIServer} {
		if err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := tryPod(t.Context(), c.Client(), "exempt"); err != nil {
		t.Errorf("after the restart of both servers: %v", err)
	}
}

func TestAServerThatCannotStartSaysWhy(t *testing.T) {
	t.Parallel()
	_, err := cluster.Start(t.Context(), cluster.Options{APIServerArgs: []string{"--no-such-flag"}})
	if err == nil || !strings.Contains(err.Error(), "unknown flag: --no-such-flag") {
		t.Errorf("got %v, want the server's own words", err)
	}
}

func TestAStoppedClusterLeavesNothing(t *testing.T) {
	t.Parallel()
	c, err := cluster.Start(t.Context(), cluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	config := rest.CopyConfig(c.Config())
	if err := c.Stop(); err != nil {
		t.Fatal(err)
	}
	if !gone(c.Dir()) {
		t.Error("its folder is still there")
	}
	if c.APIServer.PID() != 0 || c.Etcd.PID() != 0 {
		t.Error("a server still runs")
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Discovery().ServerVersion(); err == nil {
		t.Error("its API server still answers")
	}
}

// gone reports whether nothing has this path.
func gone(path string) bool {
	_, err := os.Stat(path)
	return errors.Is(err, fs.ErrNotExist)
}
