package serve_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gabion-security/gabion/e2e/cluster"
	"github.com/gabion-security/gabion/e2e/serve"
)

// stage is what a new connection to a replica meets: how many CAs are registered,
// and which of its certificates the replica serves, counted from 1.
type stage struct{ replica, cas, certificate int }

// trust opens new connections to all replicas and trusts the registered CAs, as
// an API server does.
type trust struct {
	c        *cluster.Cluster
	replicas []*serve.Server

	mu           sync.Mutex
	certificates map[[sha256.Size]byte]int
	seen         map[stage]bool
	fault        error
}

// watchTrust begins to do so. It ends with the test, or with the first replica
// that is not trusted.
func watchTrust(t *testing.T, c *cluster.Cluster, replicas []*serve.Server) *trust {
	t.Helper()
	w := &trust{c: c, replicas: replicas, certificates: map[[sha256.Size]byte]int{}, seen: map[stage]bool{}}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		for ctx.Err() == nil {
			if err := w.look(ctx); err != nil && ctx.Err() == nil {
				w.mu.Lock()
				defer w.mu.Unlock()
				w.fault = err
				return
			}
		}
	})
	t.Cleanup(func() { cancel(); running.Wait() })
	return w
}

// look connects to all replicas once. API servers learn of new CAs by a watch, so
// that what is looked at here is a second old.
func (w *trust) look(ctx context.Context) error {
	found, err := w.c.Client().AdmissionregistrationV1().ValidatingWebhookConfigurations().Get(ctx, "gabion", metav1.GetOptions{})
	if err != nil {
		return err
	}
	bundle := found.Webhooks[0].ClientConfig.CABundle
	cas := bytes.Count(bundle, []byte("BEGIN CERTIFICATE"))
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(bundle)
	select {
	case <-ctx.Done():
	case <-time.After(time.Second):
	}
	for i, r := range w.replicas {
		dialer := tls.Dialer{Config: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
		conn, err := dialer.DialContext(ctx, "tcp", r.Admission)
		if err != nil {
			return fmt.Errorf("replica %d, of whose CAs %d are registered: %w", i, cas, err)
		}
		met := conn.(*tls.Conn).ConnectionState().PeerCertificates[0] //nolint:forcetypeassert // as tls.Dialer says
		w.note(i, cas, met)
		if err := conn.Close(); err != nil {
			return err
		}
	}
	return nil
}

func (w *trust) note(replica, cas int, met *x509.Certificate) {
	w.mu.Lock()
	defer w.mu.Unlock()
	key := sha256.Sum256(met.Raw)
	if w.certificates[key] == 0 {
		w.certificates[key] = len(w.certificates) + 1
	}
	w.seen[stage{replica, cas, w.certificates[key]}] = true
}

// ageRotation makes the last rotation one that was long ago.
func ageRotation(t *testing.T, c *cluster.Cluster) {
	t.Helper()
	patch := fmt.Sprintf(`{"metadata":{"annotations":{"gabion.io/rotated-at":%q}}}`, time.Now().Add(-time.Hour).UTC().Format(time.RFC3339))
	if _, err := c.Client().CoreV1().Secrets("gabion-system").Patch(
		t.Context(), "gabion-tls", types.MergePatchType, []byte(patch), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
}

// await waits until every replica was met with so many CAs and its nth certificate.
func (w *trust) await(t *testing.T, cas, certificate int) {
	t.Helper()
	eventually(t, time.Minute, "trust", func() string {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.fault != nil {
			t.Fatalf("a new connection was not trusted: %v", w.fault)
		}
		for i := range w.replicas {
			if !w.seen[stage{i, cas, certificate}] {
				return fmt.Sprintf("replica %d was not met with %d CAs and certificate %d, but %v", i, cas, certificate, w.seen)
			}
		}
		return ""
	})
}
