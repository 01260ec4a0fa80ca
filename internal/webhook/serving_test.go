package webhook_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/gabion-security/gabion/internal/admission"
	"github.com/gabion-security/gabion/internal/webhook"
)

// decider is a function as a webhook.Decider.
type decider func(context.Context, admission.Request) admission.Decision

func (d decider) Decide(ctx context.Context, req admission.Request) admission.Decision {
	return d(ctx, req)
}

// allowAll allows everything.
func allowAll(context.Context, admission.Request) admission.Decision {
	return admission.Decision{Allowed: true}
}

// review returns an AdmissionReview for the creation of a pod, whose object is
// the JSON given.
func review(uid, name, object string) string {
	return fmt.Sprintf(`{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":%q,`+
		`"kind":{"group":"","version":"v1","kind":"Pod"},"resource":{"group":"","version":"v1","resource":"pods"},`+
		`"name":%q,"namespace":"shop","operation":"CREATE","userInfo":{"username":"ann"},"object":%s}}`, uid, name, object)
}

// answer is an AdmissionReview as an API server reads it.
type answer struct {
	Kind, APIVersion string
	Request          any
	Response         struct {
		UID     string
		Allowed bool
		Status  *struct {
			Status, Message, Reason string
			Code                    int
			Details                 *struct {
				Name, Group, Kind string
				Causes            []struct{ Reason, Message, Field string }
			}
		}
		AuditAnnotations map[string]string
		Warnings         []string
	}
}

// authority is a CA with what tests need of it.
type authority struct {
	webhook.KeyPair

	pool *x509.CertPool
}

func newAuthority(tb testing.TB, name string) authority {
	tb.Helper()
	ca, err := webhook.GenerateCA(name, time.Now(), time.Hour)
	if err != nil {
		tb.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca.Certificate) {
		tb.Fatal("the CA is no certificate")
	}
	return authority{ca, pool}
}

// credentials returns a serving certificate for the loopback addresses.
func (a authority) credentials(tb testing.TB) webhook.Credentials {
	tb.Helper()
	pair, err := webhook.GenerateServing(a.KeyPair, []string{"127.0.0.1", "localhost"}, time.Now(), time.Hour)
	if err != nil {
		tb.Fatal(err)
	}
	return webhook.Credentials{Certificate: pair.Certificate, Key: pair.Key}
}

// client returns a client that trusts the CA.
func (a authority) client(tb testing.TB, http2 bool) *http.Client {
	tb.Helper()
	protocols := new(http.Protocols)
	protocols.SetHTTP1(!http2)
	protocols.SetHTTP2(http2)
	transport := &http.Transport{
		TLSClientConfig:     &tls.Config{RootCAs: a.pool, MinVersion: tls.VersionTLS12},
		Protocols:           protocols,
		MaxIdleConnsPerHost: 256,
	}
	tb.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: time.Minute}
}

// running is a server that serves on loopback.
type running struct {
	authority

	url          string
	handler      *webhook.Handler
	server       *webhook.Server
	certificates *webhook.Certificates
	first        webhook.Credentials // of the certificates
}

// serve starts a server, which ends with the test.
func serve(tb testing.TB, h webhook.HandlerOptions, s webhook.ServerOptions) running {
	tb.Helper()
	r := running{authority: newAuthority(tb, "test")}
	var err error
	if r.handler, err = webhook.NewHandler(h); err != nil {
		tb.Fatal(err)
	}
	r.first = r.credentials(tb)
	if r.certificates, err = webhook.NewCertificates(r.first, nil); err != nil {
		tb.Fatal(err)
	}
	s.Handler, s.Certificates = r.handler, r.certificates
	if r.server, err = webhook.NewServer(s); err != nil {
		tb.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	r.url = "https://" + listener.Addr().String()
	ended := make(chan error, 1)
	go func() { ended <- r.server.Serve(listener) }()
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := r.server.Shutdown(ctx); err != nil {
			tb.Error(err)
		}
		if err := <-ended; err != nil {
			tb.Error(err)
		}
	})
	return r
}

// post sends a body and returns the status and the answer's text.
func post(ctx context.Context, client *http.Client, url string, body io.Reader) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, body)
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, text, errors.Join(err, resp.Body.Close())
}

// ask posts a review and returns the answer.
func ask(ctx context.Context, client *http.Client, url, body string) (answer, error) {
	status, text, err := post(ctx, client, url, bytes.NewReader([]byte(body)))
	if err != nil {
		return answer{}, err
	}
	return parse(status, text)
}

// parse reads an answer.
func parse(status int, text []byte) (answer, error) {
	if status != http.StatusOK {
		return answer{}, fmt.Errorf("status %d: %s", status, text)
	}
	var a answer
	if err := json.Unmarshal(text, &a); err != nil {
		return answer{}, fmt.Errorf("%q: %w", text, err)
	}
	return a, nil
}

// lockedBuffer is a buffer for a log.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
