package main

import (
	"context"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// TestAllWebhooksAreMeasuredWithEveryRequest runs everything but often enough:
// the measurement itself fails unless upstream and Gabion answer the same.
func TestAllWebhooksAreMeasuredWithEveryRequest(t *testing.T) {
	t.Parallel()
	rows, memory, err := measureWebhooks(t.Context(), webhookOptions{rounds: 1, requests: 20})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for i := range rows {
		r := &rows[i]
		names = append(names, r.name())
		for _, turns := range [][]turn{r.constant, r.upstream, r.gabion} {
			if len(turns) != 1 {
				t.Fatalf("%s: a server had %d turns, want 1", r.name(), len(turns))
			}
			if one := turns[0]; one.perSecond <= 0 || one.p50 <= 0 || one.p99 < one.p50 || one.processor <= 0 {
				t.Errorf("%s: measured %+v", r.name(), one)
			}
		}
	}
	var want []string
	for _, size := range []string{"1.2 KB", "4.2 KB", "16 KB", "256 KB"} {
		for _, verdict := range []string{"allowed", "denied"} {
			for _, clients := range []string{"1 client", "16 clients", "64 clients"} {
				want = append(want, "HTTP/1.1, "+size+", "+verdict+", "+clients)
			}
		}
	}
	want = append(want, "HTTP/2, 1.2 KB, allowed, 16 clients", "HTTP/2, 1.2 KB, denied, 16 clients",
		"HTTP/2, 4.2 KB, allowed, 16 clients", "HTTP/2, 4.2 KB, denied, 16 clients")
	if !slices.Equal(names, want) {
		t.Errorf("got  %q\nwant %q", names, want)
	}
	if len(memory) != 3 {
		t.Fatalf("the memory of %d servers was looked at, want 3", len(memory))
	}
	for _, m := range memory {
		if m.anonymous <= 1 || m.resident <= m.anonymous {
			t.Errorf("%s: %.0f MiB resident, %.0f of it anonymous", m.name, m.resident, m.anonymous)
		}
	}
}

func TestLargeReviewsAreFewerButEveryClientSendsOne(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ size, clients, want int }{
		{1200, 16, 1000}, {4200, 64, 1000}, {16_000, 1, 400}, {256_000, 1, 100}, {256_000, 200, 200},
	} {
		if got := (kind{size: tt.size, clients: tt.clients}).requests(1000); got != tt.want {
			t.Errorf("%d reviews of %d bytes by %d clients, want %d", got, tt.size, tt.clients, tt.want)
		}
	}
}

func TestAPercentileIsOfTheSortedWaits(t *testing.T) {
	t.Parallel()
	var waits []time.Duration
	for i := range 200 {
		waits = append(waits, time.Duration(200-i))
	}
	if half, most := percentile(waits, 50), percentile(waits, 99); half != 100 || most != 198 {
		t.Errorf("half wait %v at most, 99 of 100 %v; want 100 and 198", half, most)
	}
	if got := percentile([]time.Duration{7}, 50); got != 7 {
		t.Errorf("got %v of one wait, want it", got)
	}
}

func TestReviewsHaveTheSizeAskedFor(t *testing.T) {
	t.Parallel()
	if _, err := reviewOfSize(100, true); err == nil {
		t.Error("got a review of 100 bytes, which is impossible")
	}
	for _, size := range []int{1200, 4200, 16_000, 256_000} {
		for _, allowed := range []bool{true, false} {
			review, err := reviewOfSize(size, allowed)
			if err != nil {
				t.Fatal(err)
			}
			if len(review) != size {
				t.Errorf("the review has %d bytes, want %d", len(review), size)
			}
		}
	}
}

func TestCPUTimeIsWhatTheProcessUsed(t *testing.T) {
	t.Parallel()
	used := func() time.Duration {
		t.Helper()
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			t.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	for n := 0; used() < 50*time.Millisecond; n++ { // something to measure
		_ = strings.Repeat("x", n%1000)
	}
	least := used()
	got, err := cpuTime(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	const slack = 20 * time.Millisecond // what is accounted for by ticks
	if most := used(); got < least-slack || got > most+slack {
		t.Errorf("got %s, want one between %s and %s", got, least, most)
	}
	for _, pid := range []int{0, 1 << 23} { // Linux has no process of such a number
		if got, err := cpuTime(pid); err == nil {
			t.Errorf("process %d, which does not exist, used %s", pid, got)
		}
	}
}

// testClient speaks HTTP/1.1 to a server of a test.
func testClient(t *testing.T, h http.HandlerFunc) (client *http.Client, url string) {
	t.Helper()
	s := httptest.NewTLSServer(h)
	t.Cleanup(s.Close)
	certificate := filepath.Join(t.TempDir(), "tls.crt")
	if err := os.WriteFile(certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	client, err := newClient(protocols()[0], certificate)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)
	return client, s.URL
}

func TestClientsKeepTheirConnectionsUntilTheServerEndsThem(t *testing.T) {
	t.Parallel()
	var closing atomic.Bool
	addresses := make(chan string, 100)
	client, url := testClient(t, func(w http.ResponseWriter, r *http.Request) {
		if addresses <- r.RemoteAddr; closing.Load() {
			w.Header().Set("Connection", "close")
		}
		if body, err := io.ReadAll(r.Body); err != nil || string(body) != "{}" || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("got %q, %v with %v", body, err, r.Header)
		}
		_, _ = io.WriteString(w, strings.Repeat("x", 10_000)) // in pieces
	})
	send := func() string {
		t.Helper()
		body, err := post(t.Context(), client, protocols()[0], url, []byte("{}"))
		if err != nil || len(body) != 10_000 {
			t.Fatalf("%d bytes, %v", len(body), err)
		}
		return <-addresses
	}
	first := send()
	if second := send(); second != first {
		t.Errorf("the second request came from %s, the first from %s", second, first)
	}
	closing.Store(true)
	send()
	closing.Store(false)
	if next := send(); next == first {
		t.Error("a connection was used that the server had ended")
	}
	client.CloseIdleConnections()
	if last := send(); last == first {
		t.Error("a connection was used that had been closed")
	}
}

func TestWhoWaitsForAnAnswerCanBeInterrupted(t *testing.T) {
	t.Parallel()
	arrived, end := make(chan struct{}), make(chan struct{})
	client, url := testClient(t, func(http.ResponseWriter, *http.Request) { close(arrived); <-end })
	defer close(end)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-arrived; cancel() }()
	if _, err := post(ctx, client, protocols()[0], url, []byte("{}")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that it was interrupted", err)
	}
}

func TestAsManyRequestsAreSentAsAreCounted(t *testing.T) {
	t.Parallel()
	var got atomic.Int64
	client, url := testClient(t, func(http.ResponseWriter, *http.Request) { got.Add(1) })
	waits, err := postAll(t.Context(), client, protocols()[0], url, []byte("{}"), 8, 100)
	if err != nil {
		t.Fatal(err)
	}
	if got.Load() != 100 || len(waits) != 100 {
		t.Errorf("%d requests arrived, and %d were waited for; want 100", got.Load(), len(waits))
	}
	if least := slices.Min(waits); least <= 0 {
		t.Errorf("a request took %s", least)
	}
}

func TestAFailedRequestOrAnotherProtocolEndsTheMeasurement(t *testing.T) {
	t.Parallel()
	var once sync.Once
	client, url := testClient(t, func(w http.ResponseWriter, _ *http.Request) {
		once.Do(func() { http.Error(w, "no more", http.StatusTooManyRequests) })
	})
	_, err := postAll(t.Context(), client, protocols()[0], url, []byte("{}"), 2, 20)
	if err == nil || !strings.Contains(err.Error(), "no more") {
		t.Errorf("got %v, want the answer that was not 200", err)
	}
	if _, err := postAll(t.Context(), client, protocols()[1], url, []byte("{}"), 2, 20); err == nil {
		t.Error("HTTP/1.1 was taken for HTTP/2")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := postAll(ctx, client, protocols()[0], url, []byte("{}"), 2, 20); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that it was interrupted", err)
	}
}
