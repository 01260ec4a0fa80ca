package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// process is one run of a program, which does not outlive this process.
type process struct {
	name string
	pid  int
	log  string
	// done is closed when the program has ended; err says how.
	done chan struct{}
	err  error
}

// startProcess runs a program, with additions to this process's environment;
// what it prints is added to the file log.
func startProcess(log string, env []string, path string, args ...string) (*process, error) {
	file, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(path, args...) //nolint:noctx // lives until it is stopped
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = file, file
	cmd.SysProcAttr = attributes()
	p := &process{name: filepath.Base(path), log: log, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		defer close(p.done)
		// The kernel kills the program when the thread ends that started it, so
		// this one stays until the program has ended.
		runtime.LockOSThread()
		err := cmd.Start()
		_ = file.Close()
		if err == nil {
			p.pid = cmd.Process.Pid
		}
		started <- err
		if err == nil {
			p.err = cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting %s: %w", p.name, err)
	}
	return p, nil
}

// running reports whether the program runs, or is stopped by a signal.
func (p *process) running() bool {
	if p == nil {
		return false
	}
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// signal sends a signal, and does nothing if the program has ended.
func (p *process) signal(s syscall.Signal) error {
	if !p.running() {
		return nil
	}
	if err := syscall.Kill(p.pid, s); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("sending %v to %s: %w", s, p.name, err)
	}
	return nil
}

// end sends a signal that ends the program, and waits until it has.
func (p *process) end(ctx context.Context, s syscall.Signal) error {
	if !p.running() {
		return nil
	}
	if err := p.signal(s); err != nil {
		return err
	}
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting for %s to end: %w", p.name, ctx.Err())
	}
}

// await calls ready until it returns nil, the program ends or ctx does.
func (p *process) await(ctx context.Context, ready func(context.Context) error) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("%s ended (%w); it said last:\n%s", p.name, p.cause(), p.lastLines())
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w; it said last:\n%s", p.name, err, p.lastLines())
		case <-tick.C:
		}
	}
}

// errNoFailure stands for the error of a program that ended without one.
var errNoFailure = errors.New("without an error")

func (p *process) cause() error {
	if p.err == nil {
		return errNoFailure
	}
	return p.err
}

// lastLines returns the end of what the program has said.
func (p *process) lastLines() string {
	const most = 15
	data, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(string(bytes.TrimSpace(data)), "\n")
	return strings.Join(lines[max(0, len(lines)-most):], "\n")
}
