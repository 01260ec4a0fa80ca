package server

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/gabion-security/gabion/internal/webhook"
)

const (
	// credentialsInterval is how often files or Secret are read.
	credentialsInterval = 5 * time.Second
	// spread is how long all API servers may take to learn of new CAs.
	spread = 5 * time.Second
	// oldCAs is how long CAs stay that are no longer in the files: other replicas
	// may see the new files as much later.
	oldCAs = 2 * time.Minute
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
	return s.readSecret(ctx)
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
	return m, nil
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
	// previous are CAs that are trusted until a time.
	previous []byte
	until    time.Time
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

// change lets API servers know the new CAs before they meet the certificate.
func (f *credentialsFollower) change(ctx context.Context, next material) {
	if keeper := f.keeper.Load(); keeper != nil && !bytes.Equal(next.cas, f.current.cas) {
		both := unite(next.cas, f.current.cas)
		keeper.SetCAs(both)
		for range int(askTimeout / (100 * time.Millisecond)) {
			if keeper.Holds(both) || ctx.Err() != nil {
				break
			}
			sleep(ctx, 100*time.Millisecond)
		}
		if expired := time.Now().After(f.certificates.Load().NotAfter()); !keeper.Holds(both) && !expired {
			f.log.Warn("the API server does not know the new CAs yet, so the old certificate stays")
			return
		}
		sleep(ctx, spread)
		f.previous, f.until = f.current.cas, time.Now().Add(oldCAs)
	}
	if err := f.certificates.Load().Set(next.credentials); err != nil {
		f.report(err)
		return
	}
	f.current, f.fault = next, ""
	f.log.Info("new TLS credentials are in use", slog.Time("notAfter", f.certificates.Load().NotAfter()))
	f.metrics.RecordCertificateReload(true)
}

// forget drops CAs that nobody needs any more.
func (f *credentialsFollower) forget() {
	keeper := f.keeper.Load()
	if keeper != nil && f.previous != nil && time.Now().After(f.until) {
		f.previous = nil
		keeper.SetCAs(f.current.cas)
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
