package cluster

import (
	"context"
	"fmt"
	"syscall"
	"time"
)

// readyWithin is how long a server may take to become ready. On an idle machine
// it takes seconds; tests share theirs with compilers.
const readyWithin = 2 * time.Minute

// Server is etcd or the API server, for tests that make it fail. It is not safe
// for use by several goroutines.
type Server struct {
	// Env is added to its environment, "KEY=value", at the next start.
	Env []string

	program string
	log     string
	args    func() []string
	ready   func(context.Context) error
	process *process
}

// Start starts the server, if it does not run, and waits until it is ready.
func (s *Server) Start(ctx context.Context) error {
	if s.process.running() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	var err error
	if s.process, err = startProcess(s.log, s.Env, s.program, s.args()...); err != nil {
		return err
	}
	return s.process.await(ctx, s.ready)
}

// Stop ends the server in order and waits until it has ended.
func (s *Server) Stop(ctx context.Context) error { return s.process.end(ctx, syscall.SIGTERM) }

// Kill ends the server at once.
func (s *Server) Kill(ctx context.Context) error { return s.process.end(ctx, syscall.SIGKILL) }

// Freeze makes the server stand still: it accepts connections and does not
// answer.
func (s *Server) Freeze() error { return s.process.signal(syscall.SIGSTOP) }

// Thaw lets a frozen server go on.
func (s *Server) Thaw() error { return s.process.signal(syscall.SIGCONT) }

// PID returns the process ID of the server, 0 if it does not run.
func (s *Server) PID() int {
	if !s.process.running() {
		return 0
	}
	return s.process.pid
}

// Ended returns a channel that is closed when this run of the server ends, and
// Err then says how it ended. The server has to have been started.
func (s *Server) Ended() <-chan struct{} { return s.process.done }

// Err returns why the server is not running, with what it said last.
func (s *Server) Err() error {
	if s.process.running() {
		return nil
	}
	return fmt.Errorf("%s ended (%w); it said last:\n%s", s.process.name, s.process.cause(), s.process.lastLines())
}
