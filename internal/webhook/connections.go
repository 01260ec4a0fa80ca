package webhook

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"time"
)

// newConnection is how long a connection may take until its first request is
// expected, when the server waits for requests that are on their way.
const newConnection = 5 * time.Second

// settled is how long a connection must have been waiting for a request to be closed
// for another one: on one that was opened or answered a moment ago, a request may be
// on its way, and would be lost.
const settled = 200 * time.Millisecond

// connections knows what the connections of a server do, and keeps their number
// within bounds.
type connections struct {
	mu sync.Mutex
	// doing says of each connection what it does, and since when.
	doing map[net.Conn]doing
}

type doing struct {
	state http.ConnState
	since time.Time // unless a request is being answered
}

// track is told of every change, see http.Server.ConnState.
func (c *connections) track(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch state {
	case http.StateClosed, http.StateHijacked:
		delete(c.doing, conn)
	case http.StateActive:
		c.doing[conn] = doing{state: state} // nobody asks since when
	default:
		c.doing[conn] = doing{state, time.Now()}
	}
}

// quiet reports whether no request is being answered, or about to be.
func (c *connections) quiet() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, d := range c.doing {
		if d.state == http.StateActive || d.state == http.StateNew && time.Since(d.since) < newConnection {
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

// shed closes the connection that has been waiting for a request the longest, if
// there is one that has been for long enough.
func (c *connections) shed() {
	c.mu.Lock()
	var longest net.Conn
	for conn, d := range c.doing {
		if d.state != http.StateActive && time.Since(d.since) >= settled && (longest == nil || d.since.Before(c.doing[longest].since)) {
			longest = conn
		}
	}
	delete(c.doing, longest)
	c.mu.Unlock()
	if secure, ok := longest.(*tls.Conn); ok {
		longest = secure.NetConn() // without a farewell, for which nobody may be there
	}
	if longest != nil {
		_ = longest.Close() // it is in nobody's use
	}
}

// bound returns a listener with at most so many connections open at once: for
// another one, that which has been waiting for a request the longest is closed,
// and as long as there is none, it waits.
func (c *connections) bound(l net.Listener, most int) net.Listener {
	return &bounded{Listener: l, connections: c, room: make(chan struct{}, most), done: make(chan struct{})}
}

type bounded struct {
	net.Listener

	connections *connections
	room        chan struct{} // has as much in it as there are connections
	once        sync.Once
	done        chan struct{}
}

// Accept waits for the next connection, and then for room.
func (b *bounded) Accept() (net.Conn, error) {
	conn, err := b.Listener.Accept()
	if err != nil {
		return nil, err //nolint:wrapcheck // http.Server looks at its type
	}
	select {
	case b.room <- struct{}{}:
	default:
		if !b.makeRoom() {
			_ = conn.Close() // nobody was served on it
			return nil, net.ErrClosed
		}
	}
	return &counted{Conn: conn, closed: sync.OnceFunc(func() { <-b.room })}, nil
}

// makeRoom is false if the listener was closed before there was room.
func (b *bounded) makeRoom() bool {
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		b.connections.shed()
		select {
		case b.room <- struct{}{}:
			return true
		case <-b.done:
			return false
		case <-again.C:
		}
	}
}

// Close closes the listener.
func (b *bounded) Close() error {
	b.once.Do(func() { close(b.done) })
	return b.Listener.Close() //nolint:wrapcheck // as if it were the listener itself
}

// counted is a connection that takes room until it is closed.
type counted struct {
	net.Conn

	closed func()
}

// Close closes the connection.
func (c *counted) Close() error {
	defer c.closed()
	return c.Conn.Close() //nolint:wrapcheck // as if it were the connection itself
}
