package serve_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	"github.com/gabion-security/gabion/e2e/cluster"
	"github.com/gabion-security/gabion/e2e/serve"
)

// serviceAccount is who the manifests run Gabion as.
const serviceAccount = "system:serviceaccount:gabion-system:gabion"

// installed applies what `gabion install` prints.
func installed(t *testing.T, c *cluster.Cluster) []byte {
	t.Helper()
	manifest, err := command(t, "install", "-o", "yaml", "--image=example.com/gabion:v1").Output()
	if err != nil {
		t.Fatal(err)
	}
	apply := c.Kubectl(t.Context(), "apply", "--server-side", "--validate=strict", "-f", "-")
	apply.Stdin = bytes.NewReader(manifest)
	out, err := apply.CombinedOutput()
	if err != nil || strings.Contains(string(out), "Warning") {
		t.Fatalf("kubectl apply: %v\n%s", err, out)
	}
	return manifest
}

func TestTheInstallationIsCompliantAndGoesAwayAgain(t *testing.T) {
	t.Parallel()
	c := cluster.ForTest(t, cluster.Options{}) // the plugin is on: it judges the manifests
	manifest := installed(t, c)

	check := command(t, "check", "--at-least=restricted", "-")
	check.Stdin = bytes.NewReader(manifest)
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("gabion check: %v\n%s", err, out)
	}
	runsInItsNamespace(t, c, manifest)

	out, err := command(t, "uninstall", "--kubeconfig="+c.Kubeconfig()).CombinedOutput()
	if err != nil || !strings.Contains(string(out), `deployment.apps "gabion" deleted`) {
		t.Fatalf("gabion uninstall: %v\n%s", err, out)
	}
	kinds := "deployments,poddisruptionbudgets,networkpolicies,services,configmaps,secrets,resourcequotas,serviceaccounts," +
		"roles,rolebindings,clusterroles,clusterrolebindings,validatingwebhookconfigurations"
	left, err := c.Kubectl(t.Context(), "get", kinds, "-A", "-l", "app.kubernetes.io/name=gabion", "-o", "name").Output()
	if err != nil || len(bytes.TrimSpace(left)) > 0 {
		t.Errorf("after uninstall: %v, there is still\n%s", err, left)
	}
	ns, err := c.Client().CoreV1().Namespaces().Get(t.Context(), "gabion-system", metav1.GetOptions{})
	if err == nil && ns.DeletionTimestamp == nil {
		t.Error("after uninstall the namespace is not being deleted")
	}
}

// runsInItsNamespace makes the Deployment's pod, as its controllers would.
func runsInItsNamespace(t *testing.T, c *cluster.Cluster, manifest []byte) {
	t.Helper()
	var deployment appsv1.Deployment
	for text := range strings.SplitSeq(string(manifest), "\n---\n") {
		if strings.Contains(text, "kind: Deployment") {
			if err := yaml.UnmarshalStrict([]byte(text), &deployment); err != nil {
				t.Fatal(err)
			}
		}
	}
	// There is no controller that counts what a quota is for.
	status := []byte(`{"status":{"hard":{"pods":"10"},"used":{"pods":"0"}}}`)
	client := c.Client().CoreV1()
	if _, err := client.ResourceQuotas("gabion-system").Patch(
		t.Context(), "gabion", types.MergePatchType, status, metav1.PatchOptions{}, "status"); err != nil {
		t.Fatal(err)
	}
	pod := &corev1.Pod{ObjectMeta: deployment.Spec.Template.ObjectMeta, Spec: deployment.Spec.Template.Spec}
	pod.Name = "gabion-1"
	eventually(t, 10*time.Second, "the pod of the Deployment", func() string {
		_, err := client.Pods("gabion-system").Create(t.Context(), pod, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		if err != nil {
			return err.Error() // until the quota's status is known everywhere
		}
		return ""
	})
}

// installation is a cluster with an installation, whose replicas the test runs by
// the kubeconfig, and a namespace shop that enforces baseline.
func installation(t *testing.T) (c *cluster.Cluster, kubeconfig string) {
	t.Helper()
	c = cluster.ForTest(t, cluster.Options{
		WithoutPodSecurity: true, Users: []cluster.User{{Name: serviceAccount, Groups: []string{"system:serviceaccounts"}}},
	})
	installed(t, c)
	makeNamespace(t, c, "shop", "baseline")
	kubeconfig, err := c.KubeconfigOf(serviceAccount)
	if err != nil {
		t.Fatal(err)
	}
	return c, kubeconfig
}

func TestReplicasWithTheRightsOfTheInstallationShareACertificate(t *testing.T) {
	t.Parallel()
	c, kubeconfig := installation(t)
	front := newBalancer(t)
	var replicas []*serve.Server
	for i := range 2 {
		s := serve.New(t, c, gabion, fmt.Sprintf("replica-%d", i), kubeconfig,
			"--register", "--register-url=https://"+front.address+"/validate", "--tls-secret=gabion-system/gabion-tls")
		front.to = append(front.to, s.Admission)
		replicas = append(replicas, s)
	}
	front.start(t)
	var starting sync.WaitGroup
	for _, s := range replicas {
		starting.Go(func() {
			if err := s.Start(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	starting.Wait()
	enforced(t, c, "shop")

	before := webhooks(t, c)
	trust := watchTrust(t, c, replicas)
	trust.await(t, 1, 1)
	stop := load(t, c)
	if err := c.Client().CoreV1().Secrets("gabion-system").Delete(t.Context(), "gabion-tls", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, time.Minute, "rotation", func() string {
		for i, s := range replicas {
			text, err := s.Get(t.Context(), "/metrics")
			if err != nil || !strings.Contains(text, `gabion_certificate_reloads_total{result="success"} 1`) {
				return fmt.Sprintf("replica %d serves the old certificate (%v)", i, err)
			}
			if !strings.Contains(text, "gabion_registration_repairs_total 0") {
				t.Fatalf("replica %d took the new CAs for a fault", i)
			}
		}
		return ""
	})
	trust.await(t, 2, 1)
	trust.await(t, 2, 2)
	ageRotation(t, c)
	trust.await(t, 1, 2)
	time.Sleep(time.Second) // with the new certificates
	if requests, faults := stop(); faults != nil || requests < 50 {
		t.Errorf("of %d requests during the rotation some failed: %v", requests, faults)
	}
	if webhooks(t, c) == before {
		t.Error("the registration still has the old CAs only")
	}
	// Connections that were open go on with the certificate they began with. Now
	// each begins anew, at one replica after the other.
	for range 3 * len(replicas) {
		reached := front.connections.Load()
		front.drop()
		if err := tryPod(t, c, "shop"); err == nil || err.Error() != refusal {
			t.Errorf("on a new connection: not refused, but: %v", err)
		}
		if front.connections.Load() == reached {
			t.Error("there was no new connection")
		}
	}
}

// load sends requests that Gabion has to refuse until the function that it
// returns is called, which returns how many there were and what went wrong.
func load(t *testing.T, c *cluster.Cluster) func() (int64, error) {
	t.Helper()
	var (
		done     atomic.Bool
		requests atomic.Int64
		clients  sync.WaitGroup
		mu       sync.Mutex
		faults   error
	)
	for range 4 {
		clients.Go(func() {
			for !done.Load() {
				err := tryPod(t, c, "shop")
				requests.Add(1)
				if err == nil || err.Error() != refusal {
					mu.Lock()
					faults = errors.Join(faults, fmt.Errorf("not refused, but: %w", err))
					mu.Unlock()
					return
				}
			}
		})
	}
	return func() (int64, error) {
		done.Store(true)
		clients.Wait()
		return requests.Load(), faults
	}
}

// balancer gives each connection to another replica, as a Service does.
type balancer struct {
	address     string
	listener    net.Listener
	to          []string
	connections atomic.Int64 // that there ever were

	mu   sync.Mutex
	open map[net.Conn]bool
}

func newBalancer(t *testing.T) *balancer {
	t.Helper()
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return &balancer{address: l.Addr().String(), listener: l, open: map[net.Conn]bool{}}
}

// drop ends all connections, and leaves clients the time to see it. Nothing is to
// be on its way.
func (b *balancer) drop() {
	b.mu.Lock()
	for conn := range b.open {
		_ = conn.Close()
	}
	b.mu.Unlock()
	time.Sleep(200 * time.Millisecond)
}

func (b *balancer) start(t *testing.T) {
	t.Helper()
	go func() {
		for n := 0; ; n++ {
			client, err := b.listener.Accept()
			if err != nil {
				return
			}
			b.connections.Add(1)
			b.mu.Lock()
			b.open[client] = true
			b.mu.Unlock()
			go b.join(t, client, b.to[n%len(b.to)])
		}
	}()
}

func (b *balancer) join(t *testing.T, client net.Conn, address string) {
	defer func() {
		_ = client.Close()
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.open, client)
	}()
	var dialer net.Dialer
	server, err := dialer.DialContext(t.Context(), "tcp", address)
	if err != nil {
		return
	}
	defer server.Close() //nolint:errcheck // it is over
	go func() {
		_, _ = io.Copy(server, client)
		_ = server.Close()
	}()
	_, _ = io.Copy(client, server)
}
