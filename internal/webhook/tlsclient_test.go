package webhook_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gabion-security/gabion/internal/webhook"
)

// setTLS changes how a client speaks TLS.
func setTLS(client *http.Client, config *tls.Config) {
	client.Transport.(*http.Transport).TLSClientConfig = config
}

// clientCertificate makes a certificate for a client.
func clientCertificate(tb testing.TB, ca authority, usage x509.ExtKeyUsage) tls.Certificate {
	tb.Helper()
	issuer, err := tls.X509KeyPair(ca.Certificate, ca.Key)
	if err != nil {
		tb.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	template := &x509.Certificate{
		NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(time.Minute), ExtKeyUsage: []x509.ExtKeyUsage{usage},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, issuer.Leaf, key.Public(), issuer.PrivateKey)
	if err != nil {
		tb.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{cert}, PrivateKey: key}
}

// shown returns the certificate that a server shows.
func shown(tb testing.TB, r running) []byte {
	tb.Helper()
	dialer := tls.Dialer{Config: &tls.Config{RootCAs: r.pool, MinVersion: tls.VersionTLS12}}
	conn, err := dialer.DialContext(tb.Context(), "tcp", strings.TrimPrefix(r.url, "https://"))
	if err != nil {
		tb.Fatal(err)
	}
	cert := conn.(*tls.Conn).ConnectionState().PeerCertificates[0].Raw
	if err := conn.Close(); err != nil {
		tb.Fatal(err)
	}
	return cert
}

// der returns the certificate of credentials.
func der(tb testing.TB, c webhook.Credentials) []byte {
	tb.Helper()
	block, _ := pem.Decode(c.Certificate)
	if block == nil {
		tb.Fatal("no PEM")
	}
	return block.Bytes
}
