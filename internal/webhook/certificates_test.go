package webhook_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gabion-security/gabion/internal/webhook"
)

func TestFaultsOfCredentialsAreOneClearLine(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "test")
	good, other := ca.credentials(t), ca.credentials(t)
	now := time.Now()
	text := []byte("hello\n")
	encrypted := pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte("x")})
	broken := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")})
	for name, c := range map[string]struct {
		credentials webhook.Credentials
		now         time.Time
		want        string // how the error begins; none if it is empty
	}{
		"credentials that can be served with": {good, now, ""},
		"the same with client CAs":            {webhook.Credentials{Certificate: good.Certificate, Key: good.Key, ClientCAs: ca.Certificate}, now, ""},
		"a certificate with text around it": {
			webhook.Credentials{Certificate: append([]byte("subject: x\n"), good.Certificate...), Key: good.Key}, now, "",
		},
		"nothing":                         {webhook.Credentials{}, now, "TLS certificate: there is no certificate in PEM in it"},
		"a certificate that is text":      {webhook.Credentials{Certificate: text, Key: good.Key}, now, "TLS certificate: there is no certificate in PEM in it"},
		"a certificate that is a key":     {webhook.Credentials{Certificate: good.Key, Key: good.Key}, now, "TLS certificate: there is no certificate in PEM in it"},
		"a certificate with broken bytes": {webhook.Credentials{Certificate: broken, Key: good.Key}, now, "TLS certificate: x509: "},
		"a key that is text":              {webhook.Credentials{Certificate: good.Certificate, Key: text}, now, "TLS private key: there is no private key in PEM in it"},
		"a key that is encrypted":         {webhook.Credentials{Certificate: good.Certificate, Key: encrypted}, now, "TLS private key: it is encrypted"},
		"a key that is a certificate":     {webhook.Credentials{Certificate: good.Certificate, Key: good.Certificate}, now, "TLS certificate and private key: tls: "},
		"another certificate's key":       {webhook.Credentials{Certificate: good.Certificate, Key: other.Key}, now, "TLS certificate and private key: tls: private key does not match public key"},
		"an expired certificate":          {good, now.Add(2 * time.Hour), "TLS certificate: it expired on "},
		"a certificate of tomorrow":       {good, now.Add(-24 * time.Hour), "TLS certificate: it is not valid before "},
		"a certificate without names": {
			webhook.Credentials{Certificate: ca.Certificate, Key: ca.Key}, now, "TLS certificate: it names neither a host nor an IP address (subjectAltName)",
		},
		"client CAs that are text": {
			webhook.Credentials{Certificate: good.Certificate, Key: good.Key, ClientCAs: text}, now, "TLS client CAs: there is no certificate in PEM in it",
		},
	} {
		_, err := webhook.NewCertificates(c.credentials, func() time.Time { return c.now })
		if c.want == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err == nil || !strings.HasPrefix(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func TestFilesThatCannotBeReadAreNamed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	good, empty := filepath.Join(dir, "good"), filepath.Join(dir, "empty")
	write(t, good, []byte("x"))
	write(t, empty, nil)
	for name, c := range map[string]struct {
		files webhook.CredentialFiles
		want  string
	}{
		"no name of a certificate":      {webhook.CredentialFiles{}, "TLS certificate: open : no such file or directory"},
		"a certificate that is missing": {webhook.CredentialFiles{Certificate: dir + "/gone", Key: good}, "TLS certificate: open " + dir + "/gone: no such file or directory"},
		"a key that is missing":         {webhook.CredentialFiles{Certificate: good, Key: dir + "/gone"}, "TLS private key: open " + dir + "/gone: no such file or directory"},
		"a key that is a directory":     {webhook.CredentialFiles{Certificate: good, Key: dir}, "TLS private key: read " + dir + ": is a directory"},
		"client CAs that are missing":   {webhook.CredentialFiles{Certificate: good, Key: good, ClientCAs: dir + "/gone"}, "TLS client CAs: open " + dir + "/gone: no such file or directory"},
		"client CAs that are empty":     {webhook.CredentialFiles{Certificate: good, Key: good, ClientCAs: empty}, "TLS client CAs: " + empty + " is empty"},
	} {
		if _, err := c.files.Read(); err == nil || err.Error() != c.want {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
	if _, err := (webhook.CredentialFiles{Certificate: good, Key: good}).Read(); err != nil {
		t.Errorf("without client CAs: %v", err)
	}
}

// write writes a file as a whole.
func write(tb testing.TB, name string, text []byte) {
	tb.Helper()
	if err := os.WriteFile(name+".new", text, 0o600); err != nil {
		tb.Fatal(err)
	}
	if err := os.Rename(name+".new", name); err != nil {
		tb.Fatal(err)
	}
}

func TestClientsMustShowACertificateOfTheClientCAs(t *testing.T) {
	t.Parallel()
	r := serve(t, webhook.HandlerOptions{Decider: decider(allowAll)}, webhook.ServerOptions{})
	clientCA, otherCA := newAuthority(t, "clients"), newAuthority(t, "others")
	credentials := r.credentials(t)
	credentials.ClientCAs = clientCA.Certificate
	if err := r.certificates.Set(credentials); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		version uint16
		ca      *authority
		usage   x509.ExtKeyUsage
		allowed bool
	}{
		{"a certificate of the CA", tls.VersionTLS13, &clientCA, x509.ExtKeyUsageClientAuth, true},
		{"the same with TLS 1.2", tls.VersionTLS12, &clientCA, x509.ExtKeyUsageClientAuth, true},
		{"no certificate", tls.VersionTLS13, nil, 0, false},
		{"no certificate with TLS 1.2", tls.VersionTLS12, nil, 0, false},
		{"a certificate of another CA", tls.VersionTLS13, &otherCA, x509.ExtKeyUsageClientAuth, false},
		{"a certificate for servers", tls.VersionTLS13, &clientCA, x509.ExtKeyUsageServerAuth, false},
	} {
		config := &tls.Config{RootCAs: r.pool, MinVersion: c.version, MaxVersion: c.version}
		if c.ca != nil {
			config.Certificates = []tls.Certificate{clientCertificate(t, *c.ca, c.usage)}
		}
		client := r.client(t, false)
		setTLS(client, config)
		_, err := ask(t.Context(), client, r.url, review("u", "n", "{}"))
		if (err == nil) != c.allowed {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestOldTLSIsRefused(t *testing.T) {
	t.Parallel()
	r := serve(t, webhook.HandlerOptions{Decider: decider(allowAll)}, webhook.ServerOptions{})
	client := r.client(t, false)
	setTLS(client, &tls.Config{RootCAs: r.pool, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
	if _, err := ask(t.Context(), client, r.url, review("u", "n", "{}")); err == nil || !strings.Contains(err.Error(), "protocol version") {
		t.Errorf("got %v", err)
	}
}

func TestCredentialsThatCannotBeUsedLeaveTheOldOnes(t *testing.T) {
	t.Parallel()
	r := serve(t, webhook.HandlerOptions{Decider: decider(allowAll)}, webhook.ServerOptions{})
	before := r.certificates.NotAfter()
	if err := r.certificates.Set(webhook.Credentials{Certificate: []byte("x")}); err == nil {
		t.Error("no error")
	}
	if _, err := ask(t.Context(), r.client(t, false), r.url, review("u", "n", "{}")); err != nil {
		t.Error(err)
	}
	if got := r.certificates.NotAfter(); !got.Equal(before) || time.Until(got) > time.Hour || time.Until(got) < 50*time.Minute {
		t.Errorf("expires at %s", got)
	}
}

func TestCertificatesAreReplacedUnderLoad(t *testing.T) {
	t.Parallel()
	r := serve(t, webhook.HandlerOptions{Decider: decider(allowAll)}, webhook.ServerOptions{})
	done := make(chan struct{})
	load := make(chan error, 1)
	go func() {
		load <- clients(8, 1_000_000, func(n, _ int) error {
			select {
			case <-done:
				return nil
			default:
			}
			client := r.client(t, n%2 == 0)
			defer client.CloseIdleConnections() // so that each request shakes hands
			_, err := ask(t.Context(), client, r.url, review("u", "n", "{}"))
			return err
		})
	}()
	for range 10 {
		next := r.credentials(t)
		if err := r.certificates.Set(next); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(shown(t, r), der(t, next)) {
			t.Error("the new certificate is not shown")
		}
		if err := r.certificates.Set(webhook.Credentials{Certificate: []byte("garbage"), Key: next.Key}); err == nil {
			t.Error("garbage was taken for a certificate")
		}
		if !bytes.Equal(shown(t, r), der(t, next)) {
			t.Error("garbage replaced the certificate")
		}
	}
	close(done)
	if err := <-load; err != nil {
		t.Errorf("under load: %v", err)
	}
}
