package serve

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/client-go/util/cert"

	"github.com/gabion-security/gabion/e2e/cluster"
)

// Server is a `gabion serve`.
type Server struct {
	*cluster.Server

	// Log is the path of what it has said.
	Log string
	// Status is where its probes and metrics are: "http://127.0.0.1:1234".
	Status string
	// Admission is the address where it answers admission reviews.
	Admission string
}

// Start starts `gabion serve` with the arguments, beside those for addresses, as
// the user of a kubeconfig, and waits until it is ready. It is stopped when the
// test ends. The name tells it from others of the cluster.
func Start(t testing.TB, c *cluster.Cluster, gabion, name, kubeconfig string, args ...string) *Server {
	t.Helper()
	s := New(t, c, gabion, name, kubeconfig, args...)
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// New is Start without the start.
func New(t testing.TB, c *cluster.Cluster, gabion, name, kubeconfig string, args ...string) *Server {
	t.Helper()
	s, err := Prepare(c, gabion, name, kubeconfig, args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Kill(context.Background()); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			text, _ := os.ReadFile(s.Log)
			t.Logf("%s said:\n%s", name, text)
		}
	})
	return s
}

// Prepare is New for programs that are no tests: whoever starts the server has
// to stop it.
func Prepare(c *cluster.Cluster, gabion, name, kubeconfig string, args ...string) (*Server, error) {
	free, err := cluster.FreeAddresses(2)
	if err != nil {
		return nil, err
	}
	s := &Server{Log: filepath.Join(c.Dir(), name+".log"), Admission: free[0], Status: "http://" + free[1]}
	args = append([]string{"serve", "--kubeconfig=" + kubeconfig, "--listen=" + free[0], "--metrics-listen=" + free[1]}, args...)
	s.Server = c.Program(gabion, name+".log", args, func(ctx context.Context) error {
		_, err := s.Get(ctx, "/readyz")
		return err
	})
	return s, nil
}

// Get returns what the server says under a path of Status.
func (s *Server) Get(ctx context.Context, path string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Status+path, http.NoBody)
	if err != nil {
		return "", err
	}
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Status, strings.TrimSpace(string(text)))
	}
	return string(text), err
}

// Credentials writes a certificate for 127.0.0.1 with its key and returns the
// flags that name them.
func Credentials(t testing.TB, dir string) []string {
	t.Helper()
	flags, err := WriteCredentials(dir)
	if err != nil {
		t.Fatal(err)
	}
	return flags
}

// WriteCredentials is Credentials for programs that are no tests.
func WriteCredentials(dir string) ([]string, error) {
	certificate, key, err := cert.GenerateSelfSignedCertKey("localhost", []net.IP{net.IPv4(127, 0, 0, 1)}, nil)
	if err != nil {
		return nil, fmt.Errorf("making a certificate: %w", err)
	}
	certFile, keyFile := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	for file, content := range map[string][]byte{certFile: certificate, keyFile: key} {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			return nil, err
		}
	}
	return []string{"--tls-cert-file=" + certFile, "--tls-private-key-file=" + keyFile}, nil
}
