package main

import (
	"context"
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
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
	rows, err := measureWebhooks(t.Context(), webhookOptions{rounds: 1, requests: 50, clients: 4})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, r := range rows {
		names = append(names, r.name)
		for _, s := range []sample{r.constant, r.upstream, r.gabion, r.overConstant, r.overUpstream} {
			if s.median <= 0 {
				t.Errorf("%s: measured %v", r.name, s)
			}
		}
	}
	const want = "HTTP/1.1, 1.2 KB, allowed; HTTP/1.1, 1.2 KB, denied; HTTP/1.1, 4.2 KB, allowed; HTTP/1.1, 4.2 KB, denied; " +
		"HTTP/2, 1.2 KB, allowed; HTTP/2, 1.2 KB, denied; HTTP/2, 4.2 KB, allowed; HTTP/2, 4.2 KB, denied"
	if got := strings.Join(names, "; "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestARowOutOfBoundsIsAnError(t *testing.T) {
	t.Parallel()
	row := func(name string, overConstant, overUpstream float64) webhookRow {
		return webhookRow{name: name, overConstant: sample{median: overConstant}, overUpstream: sample{median: overUpstream}}
	}
	for _, tt := range []struct {
		row  webhookRow
		want string
	}{
		{row("HTTP/1.1, a", 1.5, 0.45), ""},
		{row("HTTP/1.1, b", 1.51, 0.2), "HTTP/1.1, b: 1.51x of the constant handler and 0.20x of upstream, and the bounds are 1.50x and 0.45x"},
		{row("HTTP/1.1, c", 1.2, 0.46), "HTTP/1.1, c: 1.20x of the constant handler and 0.46x of upstream, and the bounds are 1.50x and 0.45x"},
		{row("HTTP/1.1, d", math.NaN(), 0.2), "HTTP/1.1, d: NaNx of the constant handler and 0.20x of upstream, and the bounds are 1.50x and 0.45x"},
	} {
		got := ""
		if err := demandBounds([]webhookRow{tt.row, row("HTTP/2, e", 3, 3)}); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
	if err := demandBounds([]webhookRow{row("HTTP/2, e", 1, 0.1)}); err == nil {
		t.Error("nothing over HTTP/1.1 was measured, and nobody says so")
	}
}

func TestReviewsHaveTheSizeAskedFor(t *testing.T) {
	t.Parallel()
	if _, err := reviewOfSize(100, true); err == nil {
		t.Error("got a review of 100 bytes, which is impossible")
	}
	for _, size := range []int{1200, 4200} {
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
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.Client(), s.URL
}

func TestAsManyRequestsAreSentAsAreCounted(t *testing.T) {
	t.Parallel()
	var got atomic.Int64
	client, url := testClient(t, func(http.ResponseWriter, *http.Request) { got.Add(1) })
	if err := postAll(t.Context(), client, protocols()[0], url, []byte("{}"), 8, 100); err != nil {
		t.Fatal(err)
	}
	if got.Load() != 100 {
		t.Errorf("%d requests arrived, want 100", got.Load())
	}
}

func TestAFailedRequestOrAnotherProtocolEndsTheMeasurement(t *testing.T) {
	t.Parallel()
	var once sync.Once
	client, url := testClient(t, func(w http.ResponseWriter, _ *http.Request) {
		once.Do(func() { http.Error(w, "no more", http.StatusTooManyRequests) })
	})
	err := postAll(t.Context(), client, protocols()[0], url, []byte("{}"), 2, 20)
	if err == nil || !strings.Contains(err.Error(), "no more") {
		t.Errorf("got %v, want the answer that was not 200", err)
	}
	if err := postAll(t.Context(), client, protocols()[1], url, []byte("{}"), 2, 20); err == nil {
		t.Error("HTTP/1.1 was taken for HTTP/2")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := postAll(ctx, client, protocols()[0], url, []byte("{}"), 2, 20); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that it was interrupted", err)
	}
}
