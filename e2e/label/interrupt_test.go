package label_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// slowed is a proxy in front of the API server that holds one patch back.
type slowed struct {
	kubeconfig string
	// reached is closed when the patch has come, which waits for release.
	reached, release chan struct{}
}

// slow returns a proxy that holds the n-th patch back.
func slow(t *testing.T, n int32) *slowed {
	t.Helper()
	s := &slowed{reached: make(chan struct{}), release: make(chan struct{})}
	target, err := url.Parse(plane.URL())
	must(t, err)
	transport, err := rest.TransportFor(plane.Config())
	must(t, err)
	proxy := &httputil.ReverseProxy{
		Transport: transport,
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
	}
	var patches atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPatch && patches.Add(1) == n {
			close(s.reached)
			<-s.release
		}
		proxy.ServeHTTP(w, r)
	}))
	server.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	config, err := clientcmd.LoadFromFile(plane.Kubeconfig())
	must(t, err)
	for _, c := range config.Clusters {
		c.Server, c.CertificateAuthorityData, c.InsecureSkipTLSVerify = server.URL, nil, true
	}
	s.kubeconfig = filepath.Join(t.TempDir(), "kubeconfig")
	must(t, clientcmd.WriteToFile(*config, s.kubeconfig))
	return s
}

func TestAnInterruptionStopsBetweenNamespacesAndCanBeUndone(t *testing.T) {
	t.Parallel()
	const many, before = 50, 20
	names := make([]string, many)
	states := map[string]state{}
	for i := range names {
		names[i] = fmt.Sprintf("many-%02d", i)
		makeNamespace(t, names[i])
	}
	kubectl(t, "", slices.Concat([]string{"label", "ns"}, names[10:30], []string{"pod-security.kubernetes.io/warn=privileged"})...)
	for _, name := range names {
		states[name] = stateOf(t, name)
	}
	o := newOperator(t)
	proxy := slow(t, before+1)
	o.kubeconfig = proxy.kubeconfig
	cmd := o.command(append(asked(), names...)...)
	var stdout bytes.Buffer
	cmd.Stdout = &stdout
	stderr, err := cmd.StderrPipe()
	must(t, err)
	must(t, cmd.Start())
	<-proxy.reached
	must(t, cmd.Process.Signal(syscall.SIGINT))
	lines := bufio.NewScanner(stderr)
	var said strings.Builder
	released := false
	for lines.Scan() {
		said.WriteString(lines.Text() + "\n")
		if !released && strings.Contains(lines.Text(), "interrupted") {
			released = true
			close(proxy.release)
		}
	}
	_ = cmd.Wait() // the exit code counts
	o.kubeconfig = plane.Kubeconfig()
	end := &ended{t, "interrupted", cmd.ProcessState.ExitCode(), stdout.String(), said.String()}
	end.exits(3).says("namespace/many-20 labeled\n", "namespace/many-21 not-done: interrupted\n", "21 labeled, 29 not done\n", "to undo it: gabion label --undo ")
	for i, name := range names {
		want := states[name].Labels
		if i <= before {
			want = nil
		}
		if got := get(t, name).Labels; want != nil && !cmp.Equal(got, want) {
			t.Errorf("%s was not reached, and has labels %v", name, got)
		} else if want == nil && !cmp.Equal(policyOf(t, name), allSix()) {
			t.Errorf("%s was labelled, and has %v", name, got)
		}
	}
	o.label("--undo", o.undoFile(), "--yes").exits(0).says("21 restored, 29 unchanged\n")
	for _, name := range names {
		if diff := cmp.Diff(states[name], stateOf(t, name)); diff != "" {
			t.Errorf("%s is not as it was (-want +got):\n%s", name, diff)
		}
	}
	if left, err := os.ReadDir(o.dir); err != nil || len(left) != 1 {
		t.Errorf("beside the undo data there is something in %v, %v", left, err)
	}
}
