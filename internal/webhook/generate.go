package webhook

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"time"
)

// backdate is how long before now a certificate becomes valid, for clocks that
// are late.
const backdate = time.Hour

// KeyPair is a certificate and its private key, in PEM.
type KeyPair struct{ Certificate, Key []byte }

// GenerateCA makes a certificate authority that signs serving certificates and
// nothing else.
func GenerateCA(name string, now time.Time, lifetime time.Duration) (KeyPair, error) {
	pair, err := generate(&x509.Certificate{
		Subject:   pkix.Name{CommonName: name},
		NotBefore: now.Add(-backdate), NotAfter: now.Add(lifetime),
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		IsCA:     true, BasicConstraintsValid: true, MaxPathLenZero: true,
	}, nil)
	if err != nil {
		return KeyPair{}, fmt.Errorf("generate a CA: %w", err)
	}
	return pair, nil
}

// GenerateServing makes a serving certificate for host names and IP addresses,
// at least one, signed by a CA of [GenerateCA]. It does not outlive the CA.
func GenerateServing(ca KeyPair, names []string, now time.Time, lifetime time.Duration) (KeyPair, error) {
	authority, err := parseAuthority(ca)
	if err != nil {
		return KeyPair{}, fmt.Errorf("generate a serving certificate: its CA: %w", err)
	}
	if len(names) == 0 {
		return KeyPair{}, errors.New("generate a serving certificate: no names to serve under")
	}
	notAfter := now.Add(lifetime)
	if limit := authority.certificate.NotAfter; notAfter.After(limit) {
		notAfter = limit
	}
	if !notAfter.After(now) {
		return KeyPair{}, errors.New("generate a serving certificate: it would have expired already")
	}
	template := &x509.Certificate{
		Subject:   pkix.Name{CommonName: "gabion"}, // names stand in the subjectAltName
		NotBefore: now.Add(-backdate), NotAfter: notAfter,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	pair, err := generate(template, authority)
	if err != nil {
		return KeyPair{}, fmt.Errorf("generate a serving certificate: %w", err)
	}
	return pair, nil
}

// authority is a CA that can sign.
type authority struct {
	certificate *x509.Certificate
	key         crypto.PrivateKey
}

func parseAuthority(ca KeyPair) (*authority, error) {
	pair, err := tls.X509KeyPair(ca.Certificate, ca.Key)
	if err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return nil, err
	}
	if !certificate.IsCA {
		return nil, errors.New("it is no CA")
	}
	return &authority{certificate, pair.PrivateKey}, nil
}

// generate makes a key and a certificate for it, signed by the authority or, if
// that is nil, by its own key. Keys and serial numbers come from the system: the
// standard library takes no other source for them.
func generate(template *x509.Certificate, by *authority) (KeyPair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return KeyPair{}, err
	}
	if by == nil {
		by = &authority{template, key}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, by.certificate, key.Public(), by.key)
	if err != nil {
		return KeyPair{}, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return KeyPair{}, err
	}
	return KeyPair{
		Certificate: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		Key:         pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
	}, nil
}
