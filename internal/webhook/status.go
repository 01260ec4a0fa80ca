package webhook

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
)

// maxStatusConnections is more than probes and those who collect metrics open.
const maxStatusConnections = 64

// StatusServer serves a [NewStatusHandler] over plain HTTP.
type StatusServer struct {
	http        *http.Server
	connections connections
}

// NewStatusServer returns a StatusServer; the log, which may be nil, gets what goes
// wrong on connections.
func NewStatusServer(o StatusOptions, log *slog.Logger) *StatusServer {
	s := &StatusServer{http: newHTTPServer(NewStatusHandler(o), log), connections: connections{doing: map[net.Conn]doing{}}}
	s.http.ConnState = s.connections.track
	return s
}

// Serve serves the connections of the listener until Close.
func (s *StatusServer) Serve(l net.Listener) error {
	if err := s.http.Serve(s.connections.bound(l, maxStatusConnections)); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve probes and metrics: %w", err)
	}
	return nil
}

// Close closes the listener and all connections.
func (s *StatusServer) Close() { _ = s.http.Close() } // probes and metrics can be cut

// StatusOptions are what [NewStatusHandler] is made of.
type StatusOptions struct {
	// NotReady returns why the program is not ready, one reason each; none if
	// it is. Nil means that it always is.
	NotReady func() []string
	// Metrics serves /metrics; nil if there are none.
	Metrics http.Handler
}

// NewStatusHandler returns what is served over plain HTTP for probes and
// metrics: /healthz, which is well as long as it answers, /readyz, which says
// why if it is not ready, and /metrics.
func NewStatusHandler(o StatusOptions) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		writeText(w, http.StatusOK, "ok\n")
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		var reasons []string
		if o.NotReady != nil {
			reasons = o.NotReady()
		}
		if len(reasons) > 0 {
			writeText(w, http.StatusServiceUnavailable, "not ready:\n- "+strings.Join(reasons, "\n- ")+"\n")
			return
		}
		writeText(w, http.StatusOK, "ok\n")
	})
	if o.Metrics != nil {
		mux.Handle("GET /metrics", o.Metrics)
	}
	return mux
}

func writeText(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text) // if it fails, nobody is there to be told
}
