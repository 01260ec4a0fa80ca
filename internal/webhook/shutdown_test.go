package webhook_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gabion-security/gabion/internal/admission"
	"github.com/gabion-security/gabion/internal/webhook"
)

func TestShutdownUnderLoadLosesNoRequest(t *testing.T) {
	t.Parallel()
	for _, http2 := range []bool{false, true} {
		var decided, answered atomic.Int64
		r := serve(t, webhook.HandlerOptions{
			Decider: decider(func(context.Context, admission.Request) admission.Decision {
				time.Sleep(time.Millisecond)
				decided.Add(1)
				return admission.Decision{Allowed: true}
			}),
		}, webhook.ServerOptions{DrainDelay: 500 * time.Millisecond})
		client := r.client(t, http2)

		stopped := make(chan error, 1)
		go func() {
			for decided.Load() < 100 {
				time.Sleep(time.Millisecond)
			}
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
			defer cancel()
			stopped <- r.server.Shutdown(ctx)
		}()
		err := clients(32, 100_000, func(n, request int) error {
			uid, name, _, body := input(n, request)
			sent := false // whether the request went out on a connection
			ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
				GetConn: func(string) { sent = false },
				GotConn: func(httptrace.GotConnInfo) { sent = true },
			})
			a, err := ask(ctx, client, r.url, body)
			switch {
			case err != nil && !sent:
				return errGone
			case err != nil:
				return err
			case a.Response.UID != uid:
				return errors.New("another's answer to " + name)
			}
			answered.Add(1)
			return nil
		})
		for _, line := range strings.Split(err.Error(), "\n") {
			if line != errGone.Error() {
				t.Errorf("HTTP/2 %v: lost: %s", http2, line)
			}
		}
		if err := <-stopped; err != nil {
			t.Errorf("HTTP/2 %v: %v", http2, err)
		}
		if d, a := decided.Load(), answered.Load(); d != a || d < 100 {
			t.Errorf("HTTP/2 %v: %d requests were decided, %d answered", http2, d, a)
		}
	}
}

// errGone says that nobody listens any more.
var errGone = errors.New("the server is gone")

func TestReadinessDropsWhileRequestsAreStillServed(t *testing.T) {
	t.Parallel()
	r := serve(t, webhook.HandlerOptions{Decider: decider(allowAll)}, webhook.ServerOptions{DrainDelay: time.Minute})
	client := r.client(t, false)
	if _, err := ask(t.Context(), client, r.url, review("u", "n", "{}")); err != nil {
		t.Fatal(err)
	}
	client.CloseIdleConnections()
	if r.server.Draining() {
		t.Fatal("draining before the shutdown")
	}
	stopped := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { stopped <- r.server.Shutdown(ctx) }()
	wait(t, "readiness to drop", r.server.Draining)
	for range 3 { // each on a connection of its own, for the server closes them
		reused := false
		ctx := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
			GotConn: func(c httptrace.GotConnInfo) { reused = c.Reused },
		})
		if _, err := ask(ctx, client, r.url, review("u", "n", "{}")); err != nil {
			t.Error(err)
		}
		if reused {
			t.Error("the client was not asked to go elsewhere")
		}
	}
	cancel() // ends the delay
	if err := <-stopped; err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := ask(t.Context(), client, r.url, review("u", "n", "{}")); err == nil {
		t.Error("answered after the shutdown")
	}
}

func TestAServerThatWasShutDownServesNoListener(t *testing.T) {
	t.Parallel()
	r := serve(t, webhook.HandlerOptions{Decider: decider(allowAll)}, webhook.ServerOptions{})
	if err := r.server.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := r.server.Serve(listener); err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", listener.Addr().String()); err == nil {
		t.Error("the listener is open")
	}
}

func TestALostListenerIsAnError(t *testing.T) {
	t.Parallel()
	r := serve(t, webhook.HandlerOptions{Decider: decider(allowAll)}, webhook.ServerOptions{})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	want := "serve admission reviews on " + listener.Addr().String() + ": "
	if err := r.server.Serve(listener); err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v", err)
	}
}

func TestShutdownWaitsForRequestsAsLongAsItMay(t *testing.T) {
	t.Parallel()
	entered := make(chan struct{})
	slow := decider(func(ctx context.Context, req admission.Request) admission.Decision {
		entered <- struct{}{}
		if req.Name == "slow" {
			time.Sleep(300 * time.Millisecond)
		} else {
			<-ctx.Done()
		}
		return admission.Decision{Allowed: true}
	})
	for name, c := range map[string]struct {
		request string
		limit   time.Duration
		cut     bool
	}{
		"a slow request is waited for":           {"slow", 20 * time.Second, false},
		"an endless one is cut at the last hour": {"endless", 400 * time.Millisecond, true},
	} {
		r := serve(t, webhook.HandlerOptions{Decider: slow}, webhook.ServerOptions{})
		client := r.client(t, false)
		answered := make(chan error, 1)
		go func() {
			_, err := ask(t.Context(), client, r.url, review("u", c.request, "{}"))
			answered <- err
		}()
		<-entered
		ctx, cancel := context.WithTimeout(t.Context(), c.limit)
		err := r.server.Shutdown(ctx)
		cancel()
		if (err != nil) != c.cut || c.cut && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", name, err)
		}
		if err := <-answered; (err != nil) != c.cut {
			t.Errorf("%s: the client got: %v", name, err)
		}
	}
}

func TestConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	entered, leave := make(chan struct{}), make(chan struct{})
	r := serve(t, webhook.HandlerOptions{Decider: decider(func(context.Context, admission.Request) admission.Decision {
		entered <- struct{}{}
		<-leave
		return admission.Decision{Allowed: true}
	})}, webhook.ServerOptions{MaxConnections: 2})
	client := r.client(t, false)
	answered := make(chan error, 2)
	for range 2 {
		go func() {
			_, err := ask(t.Context(), client, r.url, review("u", "n", "{}"))
			answered <- err
		}()
		<-entered
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	third := r.client(t, false)
	if _, err := ask(ctx, third, r.url, review("u", "n", "{}")); err == nil {
		t.Error("a third connection was served")
	}
	close(leave)
	for range 2 {
		if err := <-answered; err != nil {
			t.Errorf("a request was cut: %v", err)
		}
	}
	go func() { <-entered }()
	if _, err := ask(t.Context(), third, r.url, review("u", "n", "{}")); err != nil {
		t.Errorf("a connection does not get its turn: %v", err)
	}
}

func TestAConnectionOnWhichARequestMayBeOnItsWayIsNotClosedForAnother(t *testing.T) {
	t.Parallel()
	r := serve(t, webhook.HandlerOptions{Decider: decider(allowAll)}, webhook.ServerOptions{MaxConnections: 1})
	var dialer net.Dialer
	var conns []net.Conn
	for range 2 {
		conn, err := dialer.DialContext(t.Context(), "tcp", strings.TrimPrefix(r.url, "https://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		conns = append(conns, conn)
	}
	// Shorter than what it is left alone for, so that it is so on a slow machine too.
	if err := conns[0].SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if _, err := conns[0].Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("it was closed at once: %v", err)
	}
	if err := conns[0].SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := conns[0].Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("it never gives way")
	}
}

func TestIdleConnectionsGiveWayToNewOnesTheLongestIdleFirst(t *testing.T) {
	t.Parallel()
	r := serve(t, webhook.HandlerOptions{Decider: decider(allowAll)}, webhook.ServerOptions{MaxConnections: 2})
	address := strings.TrimPrefix(r.url, "https://")
	var idle []net.Conn
	for range 2 {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		idle = append(idle, conn)
		time.Sleep(20 * time.Millisecond)
	}
	for range 3 { // one connection each
		client := r.client(t, false)
		if _, err := ask(t.Context(), client, r.url, review("u", "n", "{}")); err != nil {
			t.Fatal(err)
		}
		if err := idle[0].SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := idle[0].Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("the first connection is still open: %v", err)
		}
	}
}

func TestProbesAreAnsweredHoweverManyConnectionsThereAre(t *testing.T) {
	t.Parallel()
	s := webhook.NewStatusServer(webhook.StatusOptions{}, nil)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(listener) }()
	t.Cleanup(func() {
		s.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	for range 200 {
		conn, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
	}
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get("http://" + listener.Addr().String() + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("status %d, %v", resp.StatusCode, err)
	}
}
