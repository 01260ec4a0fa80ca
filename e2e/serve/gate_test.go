package serve_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gabion-security/gabion/e2e/cluster"
)

// gate stands between a program and the API server.
type gate struct {
	// Kubeconfig leads a program to the gate.
	Kubeconfig string

	// open is closed when writes of the registration may pass.
	open chan struct{}
	// asked counts the requests about the registration, but for watches.
	asked atomic.Int64
}

// newGate returns a gate that ends with the test.
func newGate(t *testing.T, c *cluster.Cluster) *gate {
	t.Helper()
	g := &gate{open: make(chan struct{})}
	g.Kubeconfig = c.Through(t, func(api http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if g.pass(r) {
				api.ServeHTTP(w, r)
			}
		})
	})
	return g
}

// pass counts a request, waits until it may go on, and reports whether it may.
func (g *gate) pass(r *http.Request) bool {
	if !strings.Contains(r.URL.Path, "/validatingwebhookconfigurations") || r.URL.Query().Get("watch") != "" {
		return true
	}
	g.asked.Add(1)
	if r.Method == http.MethodGet {
		return true
	}
	select {
	case <-g.open:
		return true
	case <-r.Context().Done():
		return false
	}
}
