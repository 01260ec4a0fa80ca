package faults_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gabion-security/gabion/e2e/cluster"
	"github.com/gabion-security/gabion/e2e/serve"
)

// TestReplicasThatAreReplacedUnderLoadLoseNoRequest ends each of two replicas
// with SIGTERM, as a rollout does, while the API server asks them, and others do
// over HTTP/1.1, as API servers ask a Service.
func TestReplicasThatAreReplacedUnderLoadLoseNoRequest(t *testing.T) {
	t.Parallel()
	c := cluster.ForTest(t, cluster.Options{WithoutPodSecurity: true})
	namespace(t, c, "shop", "baseline")
	front := newService(t)
	dir := t.TempDir()
	args := append(serve.Credentials(t, dir), "--register", "--register-url=https://"+front.address+"/validate")
	var replicas [2]*serve.Server
	for i := range replicas {
		replicas[i] = serve.Start(t, c, gabion, fmt.Sprint("replica-", i), c.Kubeconfig(), args...)
	}
	front.start(t, replicas[:])
	enforced(t, c)
	var asked atomic.Int64 // over HTTP/1.1

	l := underLoad(t, c)
	pod := hostPod("p")
	pod.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}
	for i := range 4 {
		d, r := askDirectly(t, front.address, dir, false), creation(t, fmt.Sprint(i), "shop", "pods", pod)
		l.run(func() {
			got, err := d.ask(t.Context(), r)
			if err == nil && (got.Allowed || got.Result.Code != http.StatusForbidden) {
				err = fmt.Errorf("not refused, but %+v", got)
			}
			if err != nil {
				l.note(err)
			}
			asked.Add(1)
		})
	}
	for round := range 2 * len(replicas) {
		s := replicas[round%len(replicas)]
		more(t, "requests to two replicas", &l.refused, 50)
		more(t, "requests over HTTP/1.1", &asked, 50)
		if err := s.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.Err(); err == nil {
			t.Error("the replica has not ended")
		}
		more(t, "requests to one replica", &l.refused, 50)
		if err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.end(); err != nil {
		t.Errorf("of %d requests, %d failed: %v", l.refused.Load()+l.failed.Load(), l.failed.Load(), err)
	}
	t.Logf("%d requests were answered, and %d over HTTP/1.1", l.refused.Load(), asked.Load())
	nothingStored(t, c)
	kept(t, c, replicas[:]...)

	for _, s := range replicas {
		if err := s.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	kept(t, c) // also without any replica
}

// service gives each connection to another of the replicas that are ready, as a
// Service does. A connection stays where it is.
type service struct {
	address  string
	listener net.Listener
	ready    []atomic.Bool
}

func newService(t *testing.T) *service {
	t.Helper()
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return &service{address: l.Addr().String(), listener: l}
}

func (f *service) start(t *testing.T, replicas []*serve.Server) {
	t.Helper()
	f.ready = make([]atomic.Bool, len(replicas))
	for i, s := range replicas {
		f.ready[i].Store(true)
		go func() {
			for tick := time.NewTicker(100 * time.Millisecond); ; {
				select {
				case <-t.Context().Done():
					tick.Stop()
					return
				case <-tick.C:
					_, err := s.Get(t.Context(), "/readyz")
					f.ready[i].Store(err == nil)
				}
			}
		}()
	}
	go func() {
		for n := 0; ; n++ {
			client, err := f.listener.Accept()
			if err != nil {
				return
			}
			if !f.ready[n%len(replicas)].Load() {
				n++
			}
			go join(t.Context(), client, replicas[n%len(replicas)].Admission)
		}
	}()
}

// join connects a client with an address until one of the two ends.
func join(ctx context.Context, client net.Conn, address string) {
	defer client.Close() //nolint:errcheck // it is over
	var dialer net.Dialer
	server, err := dialer.DialContext(ctx, "tcp", address)
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
