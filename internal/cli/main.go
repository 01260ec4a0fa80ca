package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gabion-security/gabion/internal/report"
)

// Main runs the program and returns its exit code: 0 if all is well, 1 if
// violations were found and count, 2 for wrong usage, 3 if something could not
// be read, judged or written, or somebody has interrupted it. What is still at
// work then, because it cannot be stopped while it reads, ends with the process.
func Main(s System) int {
	s.careful, s.files = new(atomic.Int32), new(newFiles)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	done := make(chan int, 1)
	go func() { done <- s.run() }()
	again := false
	for {
		select {
		case code := <-done:
			return code
		case <-signals:
		}
		if s.careful.Load() > 0 && !again {
			again = true // who works with care ends soon, and not later than at the second time
			continue
		}
		select {
		case code := <-done: // it was about to end
			return code
		case <-time.After(100 * time.Millisecond):
		}
		s.files.discard()
		if s.ErrTerminal {
			_, _ = io.WriteString(s.Stderr, "\r\x1b[K") // a bar
		}
		s.complain("interrupted before everything was read and judged: what has been written so far is not all")
		return 3
	}
}

// carefully returns a context that ends when somebody interrupts the program. Until
// stop is called, whoever has it ends what is at hand, and says what was not done.
func (s *System) carefully(ctx context.Context) (_ context.Context, stop func()) {
	ctx, ignore := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	if s.careful == nil {
		return ctx, ignore
	}
	s.careful.Add(1)
	return ctx, func() {
		ignore()
		s.careful.Add(-1)
	}
}

// run runs the program.
func (s *System) run() (code int) {
	defer func() {
		if r := recover(); r != nil {
			// A bug must never look like a verdict.
			s.complain("this is a bug, please report it: " + report.EscapeSentence(fmt.Sprint(r)))
			code = 3
		}
	}()
	root := newRoot(s)
	root.SetArgs(append([]string{}, s.Args...))
	command, err := root.ExecuteC()
	if err == nil {
		err = s.helpErr
	}
	var usage *usageError
	if errors.As(err, &usage) && usage.command == "" {
		usage.command = command.CommandPath()
	}
	return s.exit(err)
}

// exit reports an error and returns the exit code it stands for.
func (s *System) exit(err error) int {
	var usage *usageError
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errFindings):
		return 1
	case errors.As(err, &usage):
		s.complain(report.EscapeSentence(usage.message))
		_, _ = fmt.Fprintf(s.Stderr, "See '%s --help'.\n", usage.command)
		return 2
	case errors.Is(err, errIncomplete), errors.Is(err, syscall.EPIPE):
		return 3 // reported, or nobody reads the rest of the report
	default:
		s.complain(report.EscapeSentence(err.Error()))
		return 3
	}
}

// complain writes one line to standard error. There is nobody to tell if that
// fails.
func (s *System) complain(message string) {
	_, _ = fmt.Fprintf(s.Stderr, "%s: %s\n", s.Name, message)
}
