package cluster

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"testing"

	"k8s.io/client-go/rest"
)

// Through returns the path of a kubeconfig that leads to the API server through a
// handler of the test's own, which passes on to api what it wants. Everything that
// is passed on has all rights. It ends with the test.
func (c *Cluster) Through(t testing.TB, wrap func(api http.Handler) http.Handler) string {
	t.Helper()
	kubeconfig, end, err := c.Detour(wrap)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(end)
	return kubeconfig
}

// Detour is Through for programs that are no tests: whoever begins it has to end
// it.
func (c *Cluster) Detour(wrap func(api http.Handler) http.Handler) (kubeconfig string, end func(), err error) {
	transport, err := rest.TransportFor(c.Config())
	if err != nil {
		return "", nil, err
	}
	address, err := url.Parse(c.url)
	if err != nil {
		return "", nil, err
	}
	file, err := os.CreateTemp(c.folder.path, "kubeconfig-")
	if err != nil {
		return "", nil, err
	}
	server := httptest.NewServer(wrap(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(address) }, Transport: transport, FlushInterval: -1, // watches
	}))
	end = func() {
		server.CloseClientConnections()
		server.Close()
	}
	_, err = fmt.Fprintf(file, "apiVersion: v1\nkind: Config\ncurrent-context: through\n"+
		"clusters: [{name: through, cluster: {server: '%s'}}]\n"+
		"contexts: [{name: through, context: {cluster: through, user: through}}]\nusers: [{name: through, user: {}}]\n", server.URL)
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		end()
		return "", nil, err
	}
	return file.Name(), end, nil
}
