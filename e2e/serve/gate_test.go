package serve_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"k8s.io/client-go/rest"

	"github.com/gabion-security/gabion/e2e/cluster"
)

// gate stands between a program and the API server, to which everything goes on as
// from an administrator.
type gate struct {
	// Kubeconfig leads a program to the gate.
	Kubeconfig string

	api http.Handler
	// open is closed when writes of the registration may pass.
	open chan struct{}
	// asked counts the requests about the registration, but for watches.
	asked atomic.Int64
}

// newGate returns a gate that ends with the test.
func newGate(t *testing.T, c *cluster.Cluster) *gate {
	t.Helper()
	transport, err := rest.TransportFor(c.Config())
	if err != nil {
		t.Fatal(err)
	}
	api, err := url.Parse(c.URL())
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{open: make(chan struct{}), Kubeconfig: filepath.Join(t.TempDir(), "kubeconfig")}
	g.api = &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(api) }, Transport: transport, FlushInterval: -1, // watches
	}
	server := httptest.NewServer(g)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	text := "apiVersion: v1\nkind: Config\ncurrent-context: gate\n" +
		"clusters: [{name: gate, cluster: {server: '" + server.URL + "'}}]\n" +
		"contexts: [{name: gate, context: {cluster: gate, user: gate}}]\nusers: [{name: gate, user: {}}]\n"
	if err := os.WriteFile(g.Kubeconfig, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return g
}

// ServeHTTP passes a request on, if need be once the gate is open.
func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.Contains(r.URL.Path, "/validatingwebhookconfigurations") && r.URL.Query().Get("watch") == "" {
		g.asked.Add(1)
		if r.Method != http.MethodGet {
			select {
			case <-g.open:
			case <-r.Context().Done():
				return
			}
		}
	}
	g.api.ServeHTTP(w, r)
}
