package webhook_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gabion-security/gabion/internal/admission"
	"github.com/gabion-security/gabion/internal/webhook"
)

func TestAFloodOfLargeBodiesIsTurnedAway(t *testing.T) {
	// Not parallel: it measures the memory of the process.
	const (
		size   = 7 << 20
		budget = 32 << 20
		fits   = budget * 3 / 4 / size // the rest is for small ones
	)
	for _, c := range []struct {
		name           string
		http2, chunked bool
		callers        int64
	}{{"HTTP/1.1", false, false, 200}, {"HTTP/2", true, false, 50}, {"HTTP/1.1 in chunks", false, true, 50}} {
		t.Run(c.name, func(t *testing.T) {
			turnedAway := make(chan struct{})
			r := serve(t, webhook.HandlerOptions{
				MaxBytesInFlight: budget,
				Decider: decider(func(ctx context.Context, _ admission.Request) admission.Decision {
					select { // all that were let in stay until the others are gone
					case <-turnedAway:
					case <-ctx.Done():
					}
					return admission.Decision{Allowed: true}
				}),
			}, webhook.ServerOptions{})
			body := []byte(review("u", "n", `"`+strings.Repeat("x", size-300)+`"`))
			client := r.client(t, c.http2)
			before := liveHeap()

			var answered, refused atomic.Int64
			var all sync.WaitGroup
			for range c.callers {
				all.Go(func() {
					var from io.Reader = bytes.NewReader(body)
					if c.chunked {
						from = struct{ io.Reader }{from}
					}
					status, _, err := post(t.Context(), client, r.url, from)
					if err == nil && status == http.StatusOK {
						answered.Add(1)
						return
					}
					// A client that is still sending may see the connection's
					// end before the 429.
					if err == nil && status != http.StatusTooManyRequests {
						t.Errorf("status %d", status)
					}
					refused.Add(1)
				})
			}
			wait(t, "all others to be turned away", func() bool { return refused.Load() >= c.callers-fits })
			if n := r.handler.BytesInFlight(); n > budget*3/4 {
				t.Errorf("%d bytes are in flight, and small bodies have no room", n)
			}
			if used := liveHeap() - before; used > 2*budget {
				t.Errorf("%d MiB are in memory", used>>20)
			}
			close(turnedAway)
			all.Wait()
			// In chunks, a buffer that grows counts for more than the body.
			if n := answered.Load(); n > fits || n < fits/2 || !c.chunked && n != fits {
				t.Errorf("%d of %d were answered, room was for %d", n, c.callers, fits)
			}
			wait(t, "nothing to be in flight", func() bool { return r.handler.BytesInFlight() == 0 })
			if _, err := ask(t.Context(), r.client(t, c.http2), r.url, review("u", "n", "{}")); err != nil {
				t.Errorf("after the flood: %v", err)
			}
		})
	}
}

// TestWhoSaysMuchAndSendsNothingTakesNothing has clients announce large bodies.
func TestWhoSaysMuchAndSendsNothingTakesNothing(t *testing.T) {
	t.Parallel()
	r := serve(t, webhook.HandlerOptions{Decider: decider(allowAll), MaxBytesInFlight: 32 << 20}, webhook.ServerOptions{})
	config := &tls.Config{RootCAs: r.pool, MinVersion: tls.VersionTLS12}
	for range 100 {
		conn, err := tls.Dial("tcp", strings.TrimPrefix(r.url, "https://"), config)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		_, err = io.WriteString(conn, "POST /validate HTTP/1.1\r\nHost: gabion\r\nContent-Type: application/json\r\nContent-Length: 16777216\r\n\r\n{")
		if err != nil {
			t.Fatal(err)
		}
	}
	wait(t, "all of them to be read", func() bool { return r.handler.BytesInFlight() >= 100*32<<10 })
	large := review("u", "n", `"`+strings.Repeat("x", 7<<20)+`"`)
	if _, err := ask(t.Context(), r.client(t, false), r.url, large); err != nil {
		t.Error(err)
	}
}

// TestWhoBeginsManyRequestsAndSendsNothingLeavesRoomForOthers has one address begin
// as many as all bodies together may be.
func TestWhoBeginsManyRequestsAndSendsNothingLeavesRoomForOthers(t *testing.T) {
	t.Parallel()
	h, err := webhook.NewHandler(webhook.HandlerOptions{Decider: decider(allowAll)})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(address string, body io.Reader) int {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/validate", body)
		r.RemoteAddr, r.ContentLength = address, -1
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
	never, end := io.Pipe()
	var all sync.WaitGroup
	var refused atomic.Int64
	const begun = webhook.DefaultMaxBytesInFlight / (32 << 10)
	for i := range begun {
		all.Go(func() {
			if ask(fmt.Sprintf("10.0.0.1:%d", i), never) == http.StatusTooManyRequests {
				refused.Add(1)
			}
		})
	}
	wait(t, "most of them to be turned away", func() bool { return refused.Load() == begun-1024 })
	if code := ask("10.0.0.1:1", strings.NewReader(review("u", "n", "{}"))); code != http.StatusTooManyRequests {
		t.Errorf("one more from there: status %d", code)
	}
	for _, address := range []string{"10.0.0.2:1", "[fd00::1]:1"} {
		if code := ask(address, strings.NewReader(review("u", "n", "{}"))); code != http.StatusOK {
			t.Errorf("from %s: status %d", address, code)
		}
	}
	if err := end.Close(); err != nil {
		t.Error(err)
	}
	all.Wait()
	if code := ask("10.0.0.1:1", strings.NewReader(review("u", "n", "{}"))); code != http.StatusOK {
		t.Errorf("afterwards: status %d", code)
	}
}

// liveHeap returns how many bytes are in use.
func liveHeap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// wait waits until something is so.
func wait(tb testing.TB, what string, so func() bool) {
	tb.Helper()
	for deadline := time.Now().Add(30 * time.Second); !so(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			tb.Fatalf("waited too long for %s", what)
		}
	}
}

func TestATurnedAwayRequestIsToldToComeAgain(t *testing.T) {
	t.Parallel()
	entered, leave := make(chan struct{}), make(chan struct{})
	r := serve(t, webhook.HandlerOptions{
		MaxBodyBytes: 40 << 10, MaxBytesInFlight: 60 << 10,
		Decider: decider(func(context.Context, admission.Request) admission.Decision {
			entered <- struct{}{}
			<-leave
			return admission.Decision{Allowed: true}
		}),
	}, webhook.ServerOptions{})
	client := r.client(t, false)
	first := make(chan error, 1)
	go func() {
		_, err := ask(t.Context(), client, r.url, review("u", "n", "{}"))
		first <- err
	}()
	<-entered
	status, header, text := send(t, client, r.url, "", "", "", review("u", "n", "{}"), false)
	if status != http.StatusTooManyRequests || header.Get("Retry-After") != "1" || text != "too many requests are being answered: try again\n" {
		t.Errorf("status %d, Retry-After %q, %q", status, header.Get("Retry-After"), text)
	}
	close(leave)
	if err := <-first; err != nil {
		t.Error(err)
	}
}
