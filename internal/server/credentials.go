package server

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/gabion-security/gabion/internal/server/registration"
	"github.com/gabion-security/gabion/internal/webhook"
)

const (
	// credentialsInterval is how often files or Secret are read.
	credentialsInterval = 5 * time.Second
	// spread is how long all API servers may take to learn of new CAs.
	spread = 5 * time.Second
	// oldCAs is how long CAs stay that are no longer in the files: other replicas
	// may see the new files as much later. A kubelet takes up to two minutes.
	oldCAs = 5 * time.Minute
)

// material is what is served with, and the CAs by which API servers know it.
type material struct {
	credentials webhook.Credentials
	cas         []byte
}

func (m *material) equal(other *material) bool {
	a, b := m.credentials, other.credentials
	return bytes.Equal(a.Certificate, b.Certificate) && bytes.Equal(a.Key, b.Key) &&
		bytes.Equal(a.ClientCAs, b.ClientCAs) && bytes.Equal(m.cas, other.cas)
}

func (s *server) fromFiles() bool { return s.o.CredentialFiles.Certificate != "" }

// readMaterial reads what is to be served with now.
func (s *server) readMaterial(ctx context.Context) (material, error) {
	if s.fromFiles() {
		return s.readFiles()
	}
	m, err := s.readSecret(ctx)
	if err == nil && s.o.CredentialFiles.ClientCAs != "" {
		if m.credentials.ClientCAs, err = os.ReadFile(s.o.CredentialFiles.ClientCAs); err != nil {
			err = fmt.Errorf("TLS client CAs: %w", err)
		}
	}
	return m, err
}

// readFiles reads the files, and says if they cannot be served with.
func (s *server) readFiles() (material, error) {
	credentials, err := s.o.CredentialFiles.Read()
	if err != nil {
		return material{}, err
	}
	m := material{credentials: credentials, cas: credentials.Certificate}
	if s.o.RegisterCAFile != "" {
		if m.cas, err = os.ReadFile(s.o.RegisterCAFile); err != nil {
			return material{}, fmt.Errorf("CAs to register: %w", err)
		}
	}
	if _, err := webhook.NewCertificates(m.credentials, nil); err != nil {
		return material{}, err
	}
	if m.cas, err = certificatesOf(m.cas); err != nil {
		return material{}, fmt.Errorf("CAs to register: %w", err)
	}
	if s.o.Register {
		if err := trusted(m, hostOf(s.o.Target, s.o.Listen), time.Now()); err != nil {
			return material{}, err
		}
	}
	return m, nil
}

// trusted says why an API server that knows the CAs would not speak to a host that
// shows the certificate: then every pod would be refused.
func trusted(m material, host string, now time.Time) error {
	if err := verify(m.credentials.Certificate, m.cas, host, now); err != nil {
		return fmt.Errorf("an API server that is to reach the webhook as %s would not trust the TLS certificate: %w "+
			"(the CAs to register are those in --register-ca-file, or else the certificate's own file)", host, err)
	}
	return nil
}

// verify checks a certificate as an API server does that knows the CAs.
func verify(certificate, cas []byte, host string, now time.Time) error {
	leaf := first(certificate)
	if leaf == nil {
		return errors.New("there is none")
	}
	roots, intermediates := x509.NewCertPool(), x509.NewCertPool()
	roots.AppendCertsFromPEM(cas)
	intermediates.AppendCertsFromPEM(certificate)
	_, err := leaf.Verify(x509.VerifyOptions{DNSName: host, Roots: roots, Intermediates: intermediates, CurrentTime: now})
	return err
}

// untrusted says why API servers would not trust the certificate that is served
// now; it says nothing if they do. That happens to a replica that does not follow
// a rotation, because it cannot use what is new. They trust the CAs that are
// registered, or, where this program registers nothing, those in the Secret.
func (s *server) untrusted(keeper *registration.Keeper, now time.Time) string {
	cas, host := *s.cas.Load(), ""
	if end := s.certificates.Load().NotAfter(); now.After(end) {
		return "the TLS certificate of this replica expired on " + end.UTC().Format(time.RFC3339)
	}
	switch {
	case keeper != nil:
		cas, host = keeper.Registered(), hostOf(s.o.Target, s.o.Listen)
	case s.fromFiles():
		return "" // nobody knows which CAs are registered
	}
	if err := verify(s.certificates.Load().Serving(), cas, host, now); err != nil {
		return "API servers do not trust the TLS certificate of this replica: " + err.Error()
	}
	return ""
}

// followCredentials serves with what is new in files or Secret. It begins with
// what was read at the start.
func (s *server) followCredentials(ctx context.Context, current material) {
	f := credentialsFollower{server: s, current: current}
	for sleep(ctx, credentialsInterval); ctx.Err() == nil; sleep(ctx, credentialsInterval) {
		f.look(ctx)
	}
}

// credentialsFollower is how far following has come.
type credentialsFollower struct {
	*server

	current material
	fault   string
	// until is when older CAs than those in the files are forgotten.
	until time.Time
}

// look reads once.
func (f *credentialsFollower) look(ctx context.Context) {
	next, err := f.readMaterial(ctx)
	switch {
	case ctx.Err() != nil:
	case err != nil && isAway(err):
		// The Secret is read again soon.
	case err != nil:
		f.report(err)
	case next.equal(&f.current):
		f.forget()
		f.fault = ""
	default:
		f.change(ctx, next)
	}
}

// wantedCAs are the CAs that API servers should know. In a Secret they are the
// same for all replicas.
func (s *server) wantedCAs(ctx context.Context) ([]byte, error) {
	if s.fromFiles() {
		return *s.cas.Load(), nil
	}
	return s.readCAs(ctx)
}

// change lets API servers know the new CAs before they meet the certificate.
func (f *credentialsFollower) change(ctx context.Context, next material) {
	if f.keeper.Load() != nil && !bytes.Equal(next.cas, f.current.cas) {
		wanted := next.cas
		if f.fromFiles() {
			wanted = unite(next.cas, f.current.cas)
			f.until = time.Now().Add(oldCAs)
		}
		f.cas.Store(&wanted)
		if !f.known(ctx, wanted) {
			f.log.Warn("the API server does not know the new CAs yet, so the old certificate stays")
			return
		}
	}
	if err := f.certificates.Load().Set(next.credentials); err != nil {
		f.report(err)
		return
	}
	f.key.Store(&next.credentials.Key)
	f.current, f.fault = next, ""
	f.log.Info("new TLS credentials are in use", slog.Time("notAfter", f.certificates.Load().NotAfter()))
	f.metrics.RecordCertificateReload(true)
}

// known waits until API servers know the CAs. It gives up after a while, unless
// the old certificate is worth nothing any more.
func (f *credentialsFollower) known(ctx context.Context, cas []byte) bool {
	f.lookAgain()
	for until := time.Now().Add(askTimeout); !f.registrationHolds(cas); sleep(ctx, 50*time.Millisecond) {
		if ctx.Err() != nil || time.Now().After(until) {
			return time.Now().After(f.certificates.Load().NotAfter())
		}
	}
	sleep(ctx, spread)
	return true
}

// forget drops CAs that nobody needs any more. In a Secret, whoever rotates does
// that.
func (f *credentialsFollower) forget() {
	if f.keeper.Load() != nil && !f.until.IsZero() && time.Now().After(f.until) {
		f.until = time.Time{}
		f.cas.Store(&f.current.cas)
		f.lookAgain()
	}
}

// report tells of what cannot be used, once.
func (f *credentialsFollower) report(err error) {
	if err.Error() == f.fault {
		return
	}
	f.fault = err.Error()
	f.log.Error("the new TLS credentials cannot be used, the old ones stay", slog.String("error", f.fault))
	f.metrics.RecordCertificateReload(false)
}
