package webhook_test

import (
	"crypto/tls"
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"github.com/gabion-security/gabion/internal/webhook"
)

func TestGeneratedCertificatesAreGoodForTheirNamesAndTime(t *testing.T) {
	t.Parallel()
	now := time.Date(2031, 5, 6, 7, 8, 9, 0, time.UTC)
	ca, err := webhook.GenerateCA("gabion", now, 48*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"gabion.gabion-system.svc", "gabion.gabion-system.svc.cluster.local", "10.0.0.1", "fd00::1"}
	serving, err := webhook.GenerateServing(ca, names, now, 24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(serving.Certificate, serving.Key)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca.Certificate)
	verify := func(name string, at time.Time, usage x509.ExtKeyUsage) error {
		if strings.Contains(name, ":") {
			name = "[" + name + "]"
		}
		_, err := pair.Leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: pool, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{usage}})
		return err
	}
	for _, name := range names {
		for what, at := range map[string]time.Time{"now": now, "on a late clock": now.Add(-59 * time.Minute), "at the end": now.Add(24 * time.Hour)} {
			if err := verify(name, at, x509.ExtKeyUsageServerAuth); err != nil {
				t.Errorf("%s %s: %v", name, what, err)
			}
		}
	}
	if verify("gabion", now, x509.ExtKeyUsageServerAuth) == nil || verify("10.0.0.2", now, x509.ExtKeyUsageServerAuth) == nil {
		t.Error("good for other names")
	}
	if verify(names[0], now.Add(24*time.Hour+time.Second), x509.ExtKeyUsageServerAuth) == nil {
		t.Error("good for ever")
	}
	if verify(names[0], now, x509.ExtKeyUsageClientAuth) == nil {
		t.Error("good for clients")
	}
	if pair.Leaf.IsCA {
		t.Error("a CA")
	}
	if _, err := webhook.NewCertificates(webhook.Credentials{Certificate: serving.Certificate, Key: serving.Key}, func() time.Time { return now }); err != nil {
		t.Error(err)
	}
}

func TestAServingCertificateDoesNotOutliveItsCA(t *testing.T) {
	t.Parallel()
	now := time.Now()
	ca, err := webhook.GenerateCA("gabion", now, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	serving, err := webhook.GenerateServing(ca, []string{"localhost"}, now, 24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(serving.Certificate, serving.Key)
	if err != nil {
		t.Fatal(err)
	}
	if left := pair.Leaf.NotAfter.Sub(now); left > time.Hour {
		t.Errorf("valid for %s", left)
	}
}

func TestTwoGeneratedCertificatesDiffer(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "test")
	a, b := ca.credentials(t), ca.credentials(t)
	if string(a.Key) == string(b.Key) || string(a.Certificate) == string(b.Certificate) {
		t.Error("they are the same")
	}
}

func TestWhatCannotBeGenerated(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "test").KeyPair
	serving, err := webhook.GenerateServing(ca, []string{"localhost"}, time.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		ca       webhook.KeyPair
		names    []string
		lifetime time.Duration
		want     string
	}{
		"no CA":                {webhook.KeyPair{}, []string{"a"}, time.Hour, "generate a serving certificate: its CA: tls: failed to find any PEM data in certificate input"},
		"a CA that is none":    {serving, []string{"a"}, time.Hour, "generate a serving certificate: its CA: it is no CA"},
		"no names":             {ca, nil, time.Hour, "generate a serving certificate: no names to serve under"},
		"no time":              {ca, []string{"a"}, 0, "generate a serving certificate: it would have expired already"},
		"a name not in ASCII ": {ca, []string{"é"}, time.Hour, `generate a serving certificate: x509: "é" cannot be encoded as an IA5String`},
	} {
		if _, err := webhook.GenerateServing(c.ca, c.names, time.Now(), c.lifetime); err == nil || err.Error() != c.want {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}
