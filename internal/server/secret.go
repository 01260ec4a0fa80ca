package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gabion-security/gabion/internal/webhook"
)

// SecretOptions say where the program keeps a certificate that it makes itself,
// with the CA that signs it.
type SecretOptions struct {
	Namespace, Name string
	// Names are the host names and IP addresses that the certificate is for.
	Names []string
}

// The keys of the Secret, beside those of its type for certificate and key, and
// what marks it.
const (
	caKey            = "ca.crt" // all CAs to be trusted, that of the certificate first
	caPrivateKey     = "ca.key"
	managedLabel     = "app.kubernetes.io/managed-by"
	managedBy        = "gabion"
	rotatedKey       = "gabion.io/rotated-at"
	rotationAttempts = 10
)

func (o *SecretOptions) collection() string { return "/api/v1/namespaces/" + o.Namespace + "/secrets" }
func (o *SecretOptions) path() string       { return o.collection() + "/" + o.Name }

// readSecret reads what is to be served with from the Secret. If there is none,
// or it is time for another certificate, it makes one; of several replicas that
// do so at the same moment one wins, and the others read what it has written.
func (s *server) readSecret(ctx context.Context) (material, error) {
	for range rotationAttempts {
		m, err := s.trySecret(ctx)
		switch {
		case err == nil:
			s.cas.Store(&m.cas)
			s.secretRead.Store(time.Now().UnixNano())
			return m, nil
		case !apierrors.IsConflict(err) && !apierrors.IsAlreadyExists(err):
			return material{}, fmt.Errorf("TLS Secret %s/%s: %w", s.o.Secret.Namespace, s.o.Secret.Name, err)
		}
	}
	return material{}, fmt.Errorf("TLS Secret %s/%s: others keep changing it", s.o.Secret.Namespace, s.o.Secret.Name)
}

// unreadFor is how long a replica is ready that cannot read the Secret. It may have
// missed a new certificate, so it gets no requests any more long before older CAs
// are forgotten (see trustOld), and with them the certificate it serves with.
const unreadFor = 5 * time.Minute

// secretUnread says that the Secret was not read for too long; it says nothing
// if all is well.
func (s *server) secretUnread(now time.Time) string {
	if s.fromFiles() || now.Sub(time.Unix(0, s.secretRead.Load())) < unreadFor {
		return ""
	}
	return fmt.Sprintf("the TLS Secret %s/%s was not read for %s: this replica may serve an old certificate",
		s.o.Secret.Namespace, s.o.Secret.Name, unreadFor)
}

func (s *server) trySecret(ctx context.Context) (material, error) {
	o, now := &s.o.Secret, time.Now()
	var stored corev1.Secret
	err := s.client.Get(ctx, o.path(), &stored)
	switch {
	case apierrors.IsNotFound(err):
		fresh := &corev1.Secret{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
			ObjectMeta: metav1.ObjectMeta{
				Name: o.Name, Namespace: o.Namespace,
				Labels: map[string]string{managedLabel: managedBy, "app.kubernetes.io/name": "gabion"},
			},
			Type: corev1.SecretTypeTLS,
		}
		if err := rotate(fresh, o.Names, s.knownCAs(), now, true); err != nil { // somebody may have deleted it
			return material{}, err
		}
		s.log.Info("made a CA and a certificate", slog.String("secret", o.Namespace+"/"+o.Name))
		return written(func(into *corev1.Secret) error { return s.client.Create(ctx, o.collection(), fresh, into) })
	case err != nil:
		return material{}, err
	case stored.Labels[managedLabel] != managedBy:
		return material{}, errors.New("it was made by somebody else (it has no label " + managedLabel + "=" + managedBy + ")")
	}
	due, err := update(&stored, o.Names, s.knownCAs(), now)
	switch {
	case err != nil:
		return material{}, err
	case due == "":
		return materialOf(&stored)
	}
	m, err := written(func(into *corev1.Secret) error { return s.client.Replace(ctx, o.path(), &stored, into) })
	if err == nil {
		s.log.Info("rotated what is in the TLS Secret", slog.String("why", due))
	}
	return m, err
}

// knownCAs are the CAs that were in the Secret when it was last read.
func (s *server) knownCAs() []byte {
	if cas := s.cas.Load(); cas != nil {
		return *cas
	}
	return nil
}

// written sends a Secret and returns what is in the one that is then stored.
func written(send func(*corev1.Secret) error) (material, error) {
	var stored corev1.Secret
	if err := send(&stored); err != nil {
		return material{}, err
	}
	return materialOf(&stored)
}

// readCAs reads the CAs in the Secret. Without one, those read last count: it is
// about to be made again.
func (s *server) readCAs(ctx context.Context) ([]byte, error) {
	var stored corev1.Secret
	err := s.client.Get(ctx, s.o.Secret.path(), &stored)
	if err == nil && len(stored.Data[caKey]) > 0 {
		return certificatesOf(stored.Data[caKey])
	}
	if err == nil || apierrors.IsNotFound(err) {
		return *s.cas.Load(), nil
	}
	return nil, err
}

func materialOf(secret *corev1.Secret) (material, error) {
	cas, err := certificatesOf(secret.Data[caKey])
	if err != nil {
		return material{}, err
	}
	return material{cas: cas, credentials: webhook.Credentials{
		Certificate: secret.Data[corev1.TLSCertKey], Key: secret.Data[corev1.TLSPrivateKeyKey],
	}}, nil
}
