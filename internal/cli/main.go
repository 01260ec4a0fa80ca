package cli

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/gabion-security/gabion/internal/report"
)

// Main runs the program and returns its exit code: 0 if all is well, 1 if
// violations were found and count, 2 for wrong usage, 3 if something could not
// be read, judged or written.
func Main(s System) (code int) {
	defer func() {
		if r := recover(); r != nil {
			// A bug must never look like a verdict.
			s.complain("this is a bug, please report it: " + report.EscapeSentence(fmt.Sprint(r)))
			code = 3
		}
	}()
	root := newRoot(&s)
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
