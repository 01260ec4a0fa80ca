package webhook

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync/atomic"
	"time"
)

// Credentials are what a TLS server shows and demands, in PEM.
type Credentials struct {
	// Certificate is the serving certificate, followed by intermediate ones.
	Certificate, Key []byte
	// ClientCAs, if there are any, are who must have signed the certificate
	// that a client has to show.
	ClientCAs []byte
}

// CredentialFiles are files with [Credentials]. ClientCAs may be empty.
type CredentialFiles struct{ Certificate, Key, ClientCAs string }

// Read reads the files. The error names the one that cannot be read.
func (f CredentialFiles) Read() (Credentials, error) {
	var c Credentials
	for _, file := range []struct {
		what, name string
		into       *[]byte
	}{
		{"certificate", f.Certificate, &c.Certificate},
		{"private key", f.Key, &c.Key},
		{"client CAs", f.ClientCAs, &c.ClientCAs},
	} {
		if file.name == "" && file.into == &c.ClientCAs {
			continue
		}
		text, err := os.ReadFile(file.name)
		if err != nil {
			return Credentials{}, fmt.Errorf("TLS %s: %w", file.what, err)
		}
		if len(text) == 0 {
			return Credentials{}, fmt.Errorf("TLS %s: %s is empty", file.what, file.name)
		}
		*file.into = text
	}
	return c, nil
}

// Certificates are the credentials of a [Server]. They can be replaced while it
// serves: connections that exist stay, new ones see the new credentials.
type Certificates struct {
	now     func() time.Time
	current atomic.Pointer[loaded]
}

// loaded are credentials that can be served with.
type loaded struct {
	credentials Credentials
	config      *tls.Config
	notAfter    time.Time
}

// NewCertificates returns Certificates with the credentials to begin with. The
// error, one line, says why no API server would accept them. The clock may be
// nil for that of the system.
func NewCertificates(c Credentials, clock func() time.Time) (*Certificates, error) {
	if clock == nil {
		clock = time.Now
	}
	certs := &Certificates{now: clock}
	if err := certs.Set(c); err != nil {
		return nil, err
	}
	return certs, nil
}

// Set replaces the credentials. An error, one line, means that they cannot be
// served with and that the old ones stay.
func (c *Certificates) Set(next Credentials) error {
	l, err := load(&next, c.now())
	if err != nil {
		return err
	}
	c.current.Store(l)
	return nil
}

// NotAfter returns when the serving certificate expires.
func (c *Certificates) NotAfter() time.Time { return c.current.Load().notAfter }

// Serving returns the certificate that is served, in PEM, with what is in its file
// beside it.
func (c *Certificates) Serving() []byte { return c.current.Load().credentials.Certificate }

// TLSConfig returns a configuration that always serves the credentials last
// set.
func (c *Certificates) TLSConfig() *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		NextProtos:         protocols(),
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return c.current.Load().config, nil },
	}
}

func protocols() []string { return []string{"h2", "http/1.1"} }

// load checks credentials and makes them a configuration.
func load(c *Credentials, now time.Time) (*loaded, error) {
	chain, err := certificatesIn(c.Certificate)
	if err != nil {
		return nil, fmt.Errorf("TLS certificate: %w", err)
	}
	if err := checkKey(c.Key); err != nil {
		return nil, fmt.Errorf("TLS private key: %w", err)
	}
	pair, err := tls.X509KeyPair(c.Certificate, c.Key)
	if err != nil {
		return nil, fmt.Errorf("TLS certificate and private key: %w", err)
	}
	if err := checkLeaf(chain[0], now); err != nil {
		return nil, fmt.Errorf("TLS certificate: %w", err)
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: protocols(), Certificates: []tls.Certificate{pair}}
	if len(c.ClientCAs) > 0 {
		cas, err := certificatesIn(c.ClientCAs)
		if err != nil {
			return nil, fmt.Errorf("TLS client CAs: %w", err)
		}
		config.ClientCAs = x509.NewCertPool()
		for _, ca := range cas {
			config.ClientCAs.AddCert(ca)
		}
		config.ClientAuth = tls.RequireAndVerifyClientCert
		// A session that is resumed must not outlive the CAs it was begun with.
		config.SessionTicketsDisabled = true
	}
	return &loaded{*c, config, chain[0].NotAfter}, nil
}

// certificatesIn returns the certificates in a PEM text, at least one.
func certificatesIn(text []byte) ([]*x509.Certificate, error) {
	var found []*x509.Certificate
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		found = append(found, cert)
	}
	if len(found) == 0 {
		return nil, errors.New("there is no certificate in PEM in it")
	}
	return found, nil
}

// checkKey says more of a key that cannot be used than crypto/tls does.
func checkKey(text []byte) error {
	block, _ := pem.Decode(text)
	switch {
	case block == nil:
		return errors.New("there is no private key in PEM in it")
	case block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "":
		return errors.New("it is encrypted")
	}
	return nil
}

// checkLeaf says why an API server would refuse a serving certificate, as far
// as that does not depend on its CA.
func checkLeaf(leaf *x509.Certificate, now time.Time) error {
	usages := leaf.ExtKeyUsage
	switch {
	case now.After(leaf.NotAfter):
		return fmt.Errorf("it expired on %s", leaf.NotAfter.UTC().Format(time.RFC3339))
	case now.Before(leaf.NotBefore):
		return fmt.Errorf("it is not valid before %s", leaf.NotBefore.UTC().Format(time.RFC3339))
	case len(leaf.DNSNames) == 0 && len(leaf.IPAddresses) == 0:
		return errors.New("it names neither a host nor an IP address (subjectAltName)")
	case len(usages) > 0 && !slices.Contains(usages, x509.ExtKeyUsageServerAuth) && !slices.Contains(usages, x509.ExtKeyUsageAny):
		return errors.New("it is not for servers (extendedKeyUsage)")
	}
	return nil
}
