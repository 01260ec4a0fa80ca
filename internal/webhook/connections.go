package webhook

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// newConnection is how long a connection may take until its first request is
// expected, when the server waits for requests that are on their way.
const newConnection = 5 * time.Second

// connections knows which connections are not idle.
type connections struct {
	mu   sync.Mutex
	busy map[net.Conn]busy
}

// busy is a connection that is not idle. A new one stops counting in time.
type busy struct {
	fresh bool
	since time.Time
}

// track is told of every change, see http.Server.ConnState.
func (c *connections) track(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch state {
	case http.StateNew:
		c.busy[conn] = busy{true, time.Now()}
	case http.StateActive:
		c.busy[conn] = busy{}
	case http.StateIdle, http.StateClosed, http.StateHijacked:
		delete(c.busy, conn)
	}
}

// quiet reports whether no request is being answered, or about to be.
func (c *connections) quiet() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, b := range c.busy {
		if !b.fresh || time.Since(b.since) < newConnection {
			return false
		}
	}
	return true
}

// wait waits until it is quiet, or the context ends.
func (c *connections) wait(ctx context.Context) {
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for !c.quiet() {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
