package server

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/gabion-security/gabion/internal/webhook"
)

// How long certificates live. A CA is replaced while it can still sign one that
// lives as long as any.
const (
	servingLifetime = 365 * 24 * time.Hour
	caLifetime      = 5 * 365 * 24 * time.Hour
	// renewBefore is how long before its end a certificate is replaced.
	renewBefore = servingLifetime / 3
	// trustOld is how long older CAs stay. A replica that has not heard of the new
	// certificate by then has not been ready for minutes, see unreadFor.
	trustOld = 15 * time.Minute
)

// update brings the contents of a Secret up to date and says why; it says
// nothing if there was nothing to do. The known CAs are those that were in it
// before, nil if nobody knows: with another CA they stay, whatever has become of
// them in the Secret, because replicas serve certificates that they signed.
func update(secret *corev1.Secret, names []string, known []byte, now time.Time) (due string, err error) {
	cas, err := certificatesOf(secret.Data[caKey])
	if err != nil {
		cas = nil
	}
	ca, leaf := first(cas), first(secret.Data[corev1.TLSCertKey])
	switch {
	case ca == nil || leaf == nil || leaf.CheckSignatureFrom(ca) != nil || ca.NotAfter.Before(now.Add(servingLifetime)) || now.Before(ca.NotBefore):
		return "another CA", rotate(secret, names, known, now, true)
	case leaf.NotAfter.Before(now.Add(renewBefore)), now.Before(leaf.NotBefore):
		due = "the certificate ends soon"
	case !covers(leaf, names):
		due = "the certificate is for other names"
	case !fits(secret, now):
		due = "certificate and key do not fit"
	}
	if due != "" {
		return due, rotate(secret, names, known, now, false)
	}
	only := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.Raw})
	if bytes.Equal(cas, only) || now.Before(rotatedAt(secret).Add(trustOld)) {
		return "", nil
	}
	secret.Data[caKey] = only
	return "nobody needs the older CAs any more", nil
}

// rotate makes another certificate, signed by another CA if that is asked for or
// if the one that there is cannot sign. Older CAs stay beside it for now.
func rotate(secret *corev1.Secret, names []string, known []byte, now time.Time, newCA bool) error {
	if secret.Data == nil {
		secret.Data = map[string][]byte{}
	}
	if secret.Annotations == nil {
		secret.Annotations = map[string]string{}
	}
	older, err := certificatesOf(secret.Data[caKey])
	if err != nil {
		older = nil
	}
	ca := webhook.KeyPair{Certificate: secret.Data[caKey], Key: secret.Data[caPrivateKey]}
	serving, err := webhook.GenerateServing(ca, names, now, servingLifetime)
	if newCA || err != nil {
		if ca, err = webhook.GenerateCA(fmt.Sprintf("gabion %d", now.Unix()), now, caLifetime); err != nil {
			return err
		}
		if serving, err = webhook.GenerateServing(ca, names, now, servingLifetime); err != nil {
			return err
		}
		secret.Data[caKey] = unite(unite(ca.Certificate, older), known)
		secret.Data[caPrivateKey] = ca.Key
	}
	secret.Data[corev1.TLSCertKey], secret.Data[corev1.TLSPrivateKeyKey] = serving.Certificate, serving.Key
	secret.Annotations[rotatedKey] = now.UTC().Format(time.RFC3339)
	return nil
}

// first returns the first certificate in a PEM text, nil if there is none.
func first(text []byte) *x509.Certificate {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil
	}
	return certificate
}

func covers(leaf *x509.Certificate, names []string) bool {
	for _, name := range names {
		if leaf.VerifyHostname(name) != nil {
			return false
		}
	}
	return true
}

// fits reports whether a server could begin with the Secret.
func fits(secret *corev1.Secret, now time.Time) bool {
	m, err := materialOf(secret)
	if err != nil {
		return false
	}
	_, err = webhook.NewCertificates(m.credentials, func() time.Time { return now })
	return err == nil
}

// rotatedAt returns when the certificate was made; long ago if nobody knows.
func rotatedAt(secret *corev1.Secret) time.Time {
	t, err := time.Parse(time.RFC3339, secret.Annotations[rotatedKey])
	if err != nil {
		return time.Time{}
	}
	return t
}
