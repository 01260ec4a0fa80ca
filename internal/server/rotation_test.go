package server

import (
	"bytes"
	"encoding/pem"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

var names = []string{"gabion.gabion-system.svc"}

// newSecret returns a Secret as it is made.
func newSecret(t *testing.T, now time.Time) *corev1.Secret {
	t.Helper()
	secret := &corev1.Secret{}
	if err := rotate(secret, names, nil, now, true); err != nil {
		t.Fatal(err)
	}
	return secret
}

func countCAs(secret *corev1.Secret) int {
	return bytes.Count(secret.Data[caKey], []byte("BEGIN CERTIFICATE"))
}

func TestASecretIsBroughtUpToDate(t *testing.T) {
	t.Parallel()
	made := time.Now()
	for _, tt := range []struct {
		name  string
		spoil func(*corev1.Secret)
		names []string
		after time.Duration
		due   string
		newCA bool
	}{
		{name: "a new one stays", names: names},
		{name: "one of some months stays", names: names, after: servingLifetime / 2},
		{name: "a certificate that ends soon", names: names, after: servingLifetime - renewBefore + time.Hour, due: "the certificate ends soon"},
		{
			name: "a CA that ends before a new certificate would", names: names, after: caLifetime - servingLifetime + time.Hour,
			due: "another CA", newCA: true,
		},
		{name: "other names", names: []string{"gabion.elsewhere.svc"}, due: "the certificate is for other names"},
		{
			name: "no certificate", names: names, due: "another CA", newCA: true,
			spoil: func(s *corev1.Secret) { delete(s.Data, corev1.TLSCertKey) },
		},
		{
			name: "no CA", names: names, due: "another CA", newCA: true,
			spoil: func(s *corev1.Secret) { s.Data[caKey] = []byte("nonsense") },
		},
		{
			name: "another key", names: names, due: "certificate and key do not fit",
			spoil: func(s *corev1.Secret) { s.Data[corev1.TLSPrivateKeyKey] = s.Data[caPrivateKey] },
		},
		{
			name: "no key of the CA, when it is needed", names: []string{"b.c.svc"}, due: "the certificate is for other names", newCA: true,
			spoil: func(s *corev1.Secret) { delete(s.Data, caPrivateKey) },
		},
		{name: "nothing at all", names: names, due: "another CA", newCA: true, spoil: func(s *corev1.Secret) { s.Data = nil }},
	} {
		secret := newSecret(t, made)
		before := first(secret.Data[caKey])
		if tt.spoil != nil {
			tt.spoil(secret)
		}
		now := made.Add(tt.after)
		due, err := update(secret, tt.names, nil, now)
		if err != nil || due != tt.due {
			t.Errorf("%s: due because of %q, %v; want %q", tt.name, due, err, tt.due)
			continue
		}
		ca, leaf := first(secret.Data[caKey]), first(secret.Data[corev1.TLSCertKey])
		if newCA := !ca.Equal(before); newCA != tt.newCA {
			t.Errorf("%s: another CA: %v, want %v", tt.name, newCA, tt.newCA)
		}
		if leaf.CheckSignatureFrom(ca) != nil || !covers(leaf, tt.names) || leaf.NotAfter.Before(now) {
			t.Errorf("%s: the certificate is not fit to serve with", tt.name)
		}
		if again, err := update(secret, tt.names, nil, now); again != "" || err != nil {
			t.Errorf("%s: not up to date afterwards: %q, %v", tt.name, again, err)
		}
	}
}

func TestOldCAsStayUntilNobodyNeedsThem(t *testing.T) {
	t.Parallel()
	made := time.Now()
	secret := newSecret(t, made)
	old := first(secret.Data[caKey])
	rotated := made.Add(caLifetime - servingLifetime + time.Hour)
	if _, err := update(secret, names, nil, rotated); err != nil {
		t.Fatal(err)
	}
	if countCAs(secret) != 2 || !bytes.Contains(secret.Data[caKey], pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: old.Raw})) {
		t.Fatal("the old CA is not beside the new one")
	}
	if due, err := update(secret, names, nil, rotated.Add(trustOld-time.Minute)); due != "" || err != nil || countCAs(secret) != 2 {
		t.Errorf("too early: %q, %v, %d CAs", due, err, countCAs(secret))
	}
	if due, err := update(secret, names, nil, rotated.Add(trustOld+time.Minute)); due == "" || err != nil || countCAs(secret) != 1 {
		t.Errorf("when nobody needs it: %q, %v, %d CAs", due, err, countCAs(secret))
	}
	if first(secret.Data[corev1.TLSCertKey]).CheckSignatureFrom(first(secret.Data[caKey])) != nil {
		t.Error("the CA that stays is not that of the certificate")
	}
}

func TestCAsThatAreLostInTheSecretStayIfSomebodyKnowsThem(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*corev1.Secret){
		"garbled":   func(s *corev1.Secret) { s.Data[caKey] = []byte("nonsense") },
		"removed":   func(s *corev1.Secret) { delete(s.Data, caKey) },
		"all of it": func(s *corev1.Secret) { s.Data = nil },
	} {
		now := time.Now()
		secret := newSecret(t, now)
		known := secret.Data[caKey]
		spoil(secret)
		if due, err := update(secret, names, known, now); due != "another CA" || err != nil {
			t.Fatalf("%s: due because of %q, %v", name, due, err)
		}
		if countCAs(secret) != 2 || !bytes.HasSuffix(secret.Data[caKey], known) {
			t.Errorf("%s: the CA that signed what is served is not beside the new one", name)
		}
	}
}

func TestCertificatesAreUnitedWithoutRepetition(t *testing.T) {
	t.Parallel()
	a, b := newSecret(t, time.Now()).Data[caKey], newSecret(t, time.Now()).Data[caKey]
	for _, tt := range []struct {
		name       string
		a, b, want []byte
	}{
		{"nothing to add", a, nil, a},
		{"the same", a, a, a},
		{"another", a, b, append(bytes.Clone(a), b...)},
		{"one of two", append(bytes.Clone(a), b...), b, append(bytes.Clone(a), b...)},
	} {
		if got := unite(tt.a, tt.b); !bytes.Equal(got, tt.want) {
			t.Errorf("%s:\n%s", tt.name, got)
		}
	}
}

func TestAReplicaThatCannotReadTheSecretIsNotReadyLongBeforeItsCAIsForgotten(t *testing.T) {
	t.Parallel()
	read := time.Now()
	s := &server{o: Options{Secret: SecretOptions{Namespace: "own", Name: "tls"}}}
	s.secretRead.Store(read.UnixNano())
	for after, want := range map[time.Duration]string{
		0:               "",
		4 * time.Minute: "",
		trustOld / 2:    "the TLS Secret own/tls was not read for 5m0s: this replica may serve an old certificate",
		24 * time.Hour:  "the TLS Secret own/tls was not read for 5m0s: this replica may serve an old certificate",
	} {
		if got := s.secretUnread(read.Add(after)); got != want {
			t.Errorf("after %s: %q, want %q", after, got, want)
		}
	}
	s.o.CredentialFiles.Certificate = "file"
	if got := s.secretUnread(read.Add(24 * time.Hour)); got != "" {
		t.Errorf("with files: %q", got)
	}
}
