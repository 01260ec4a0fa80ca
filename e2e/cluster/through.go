package cluster

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"k8s.io/client-go/rest"
)

// Through returns the path of a kubeconfig that leads to the API server through a
// handler of the test's own, which passes on to api what it wants. Everything that
// is passed on has all rights. It ends with the test.
func (c *Cluster) Through(t testing.TB, wrap func(api http.Handler) http.Handler) string {
	t.Helper()
	transport, err := rest.TransportFor(c.Config())
	if err != nil {
		t.Fatal(err)
	}
	address, err := url.Parse(c.url)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(wrap(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(address) }, Transport: transport, FlushInterval: -1, // watches
	}))
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	text := "apiVersion: v1\nkind: Config\ncurrent-context: through\n" +
		"clusters: [{name: through, cluster: {server: '" + server.URL + "'}}]\n" +
		"contexts: [{name: through, context: {cluster: through, user: through}}]\nusers: [{name: through, user: {}}]\n"
	if err := os.WriteFile(kubeconfig, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return kubeconfig
}
