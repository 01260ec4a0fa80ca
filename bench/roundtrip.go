package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// roundTripper speaks HTTP/1.1 with as little of its own as can be, since the
// clients share their processors with what they measure: whoever sends a request
// also writes it and reads the answer. http.Transport has two goroutines for that
// on each connection. What it writes comes in the same pieces as Transport's, which
// is what an API server has. Connections stay open.
type roundTripper struct {
	config *tls.Config
	mu     sync.Mutex
	idle   map[string][]*connection // by the address they lead to; the last one was used last
}

// stale is when a connection that nobody used is not used again: a server may be
// about to close it.
const stale = time.Minute

// connection is one that is open, and that one request at a time uses.
type connection struct {
	net.Conn

	in   *bufio.Reader
	out  *bufio.Writer
	used time.Time
}

// RoundTrip sends a request and reads the whole answer.
func (t *roundTripper) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	c, err := t.take(ctx, req.URL.Host)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = c.Close() }) // what waits for it fails
	resp, err := c.exchange(req)
	if !stop() {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		_ = c.Close() // it failed already
		return nil, err
	}
	if resp.Close {
		return resp, c.Close()
	}
	c.used = time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.idle[req.URL.Host] = append(t.idle[req.URL.Host], c)
	return resp, nil
}

func (c *connection) exchange(req *http.Request) (*http.Response, error) {
	if err := req.Write(c.out); err != nil {
		return nil, err
	}
	if err := c.out.Flush(); err != nil {
		return nil, err
	}
	resp, err := http.ReadResponse(c.in, req)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("the answer's body: %w", err)
	}
	resp.Body = io.NopCloser(bytes.NewReader(text))
	return resp, nil
}

// take returns a connection that is idle, or else a new one.
func (t *roundTripper) take(ctx context.Context, address string) (*connection, error) {
	if c := t.spare(address); c != nil {
		return c, nil
	}
	conn, err := (&tls.Dialer{Config: t.config}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return &connection{Conn: conn, in: bufio.NewReader(conn), out: bufio.NewWriter(conn)}, nil
}

func (t *roundTripper) spare(address string) *connection {
	t.mu.Lock()
	defer t.mu.Unlock()
	for {
		idle := t.idle[address]
		if len(idle) == 0 {
			return nil
		}
		c := idle[len(idle)-1]
		t.idle[address] = idle[:len(idle)-1]
		if time.Since(c.used) < stale {
			return c
		}
		_ = c.Close() // nobody uses it
	}
}

// CloseIdleConnections is what http.Client calls.
func (t *roundTripper) CloseIdleConnections() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, idle := range t.idle {
		for _, c := range idle {
			_ = c.Close() // nobody uses it
		}
	}
	clear(t.idle)
}
