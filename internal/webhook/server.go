package webhook

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// DefaultMaxConnections is how many connections a [Server] has at once unless
// its options say something else.
const DefaultMaxConnections = 1024

// The bounds of connections. An API server gives up on a webhook after 30
// seconds at most, and closes a connection that was idle for 90.
const (
	headerTimeout = 10 * time.Second // of TLS handshakes too
	readTimeout   = 30 * time.Second
	writeTimeout  = 75 * time.Second // reading, deciding, writing
	// idleTimeout leaves it to the client to close idle connections: if the
	// server did, it could do so just as a request is on its way.
	idleTimeout    = 3 * time.Minute
	maxHeaderBytes = 16 << 10
	// http2Buffer is how much of a body HTTP/2 holds that nobody reads yet, of
	// a stream and of all streams of a connection.
	http2Buffer = 256 << 10
	// maxStreams is how many requests HTTP/2 has on one connection at once. For more
	// an API server opens another one.
	maxStreams = 100
)

// ServerOptions are what a [Server] is made of.
type ServerOptions struct {
	// Handler and Certificates are required.
	Handler      http.Handler
	Certificates *Certificates
	// MaxConnections is how many connections there may be at once. For another
	// one, that which has been idle the longest is closed; if none is, it waits.
	// Zero is the default.
	MaxConnections int
	// DrainDelay is how long Shutdown goes on to serve as before, so that all
	// who send requests have seen that the program is not ready any more.
	DrainDelay time.Duration
	// Log gets what goes wrong on connections; nil for no log.
	Log *slog.Logger
}

// Server serves a handler over TLS.
type Server struct {
	http           *http.Server
	maxConnections int
	drainDelay     time.Duration
	draining       atomic.Bool
	connections    connections

	mu        sync.Mutex
	listeners []net.Listener
}

// NewServer returns a Server. The error says what is missing in the options.
func NewServer(o ServerOptions) (*Server, error) {
	switch {
	case o.Handler == nil:
		return nil, errors.New("webhook: Handler required")
	case o.Certificates == nil:
		return nil, errors.New("webhook: Certificates required")
	}
	s := &Server{
		maxConnections: o.MaxConnections, drainDelay: o.DrainDelay,
		connections: connections{doing: map[net.Conn]doing{}},
	}
	if s.maxConnections <= 0 {
		s.maxConnections = DefaultMaxConnections
	}
	s.http = newHTTPServer(s.leaving(o.Handler), o.Log)
	s.http.ConnState = s.connections.track
	s.http.TLSConfig = o.Certificates.TLSConfig()
	return s, nil
}

// newHTTPServer returns a server with the bounds of a connection.
func newHTTPServer(h http.Handler, log *slog.Logger) *http.Server {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeaderBytes,
		ErrorLog:       slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		HTTP2: &http.HTTP2Config{
			MaxReceiveBufferPerConnection: http2Buffer, MaxReceiveBufferPerStream: http2Buffer, MaxConcurrentStreams: maxStreams,
		},
	}
}

// leaving asks clients to go elsewhere with their next request once the server
// is being shut down. Their connections are closed after an answer, when no
// request can be on its way.
func (s *Server) leaving(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.draining.Load() {
			w.Header().Set("Connection", "close")
		}
		h.ServeHTTP(w, r)
	})
}

// Serve serves the connections of the listener until Shutdown closes it. Then
// it returns nil, while Shutdown is still waiting for requests.
func (s *Server) Serve(l net.Listener) error {
	l = s.connections.bound(l, s.maxConnections)
	if !s.begin(l) {
		return nil
	}
	err := s.http.ServeTLS(l, "", "")
	if s.Draining() {
		return nil
	}
	return fmt.Errorf("serve admission reviews on %s: %w", l.Addr(), err)
}

// begin keeps the listener for Shutdown; it closes it if that was called before.
func (s *Server) begin(l net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Draining() {
		_ = l.Close() // nobody was served on it
		return false
	}
	s.listeners = append(s.listeners, l)
	return true
}

// Draining reports whether Shutdown was called: the program is not ready any
// more.
func (s *Server) Draining() bool { return s.draining.Load() }

// Shutdown stops the server: first Draining becomes true, then, after the drain
// delay, the listeners are closed, then it waits until all requests are
// answered. The delay takes at most half of the time that the context leaves,
// and a second call does without.
// If the context ends before the last answer, the rest is cut, and that is the
// error.
func (s *Server) Shutdown(ctx context.Context) error {
	delay := s.drainDelay
	if s.draining.Swap(true) {
		delay = 0
	}
	if deadline, ok := ctx.Deadline(); ok {
		delay = min(delay, time.Until(deadline)/2)
	}
	select {
	case <-time.After(delay):
	case <-ctx.Done():
	}
	// http.Server.Shutdown drops requests that it reads after it was called, so
	// those that are on their way come first.
	s.closeListeners()
	s.connections.wait(ctx)
	if err := s.http.Shutdown(ctx); err != nil && !errors.Is(err, net.ErrClosed) { // the listeners' closing is no fault
		_ = s.http.Close() // it stops either way
		return fmt.Errorf("requests were cut at the end: %w", err)
	}
	return nil
}

func (s *Server) closeListeners() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.listeners {
		_ = l.Close() // it may be closed already
	}
}
