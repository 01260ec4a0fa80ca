package cli

import (
	"io"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/gabion-security/gabion/internal/report"
)

// System is what the program may touch of the machine it runs on, apart from
// the files that its arguments name.
type System struct {
	// Name is what the user types to start the program: "gabion" or
	// "kubectl gabion".
	Name string
	// Args are the arguments after the program's name.
	Args []string
	// Stdin, Stdout and Stderr are the streams. Data goes to Stdout, and what
	// only people read to Stderr.
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// OutTerminal and ErrTerminal tell terminals from files and pipes. They
	// change how things look, never what they say.
	OutTerminal, ErrTerminal bool
	// InTerminal says that somebody can answer a question on Stdin.
	InTerminal bool
	// Width and ErrWidth are the numbers of columns of these terminals, 0 where
	// there is none.
	Width, ErrWidth int
	// Getenv reads the environment.
	Getenv func(string) string
	// Now reads the clock.
	Now func() time.Time
	// Version is the program's version, empty if the linker gave none.
	Version string

	// careful counts who ends by itself when it is interrupted, see carefully.
	careful *atomic.Int32
	// files are those that are not complete yet.
	files *newFiles
	// helpErr is what went wrong when help was written: cobra takes no error.
	helpErr error
}

// Process returns the System of the running process. From then on writing to a
// closed pipe is an error like any other: by default it would end the process
// with a signal, and no exit code could tell that output was lost.
func Process(name, version string) System {
	signal.Ignore(syscall.SIGPIPE)
	s := System{
		Name: name, Args: os.Args[1:], Version: version,
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		InTerminal: isTerminal(os.Stdin), OutTerminal: isTerminal(os.Stdout), ErrTerminal: isTerminal(os.Stderr),
		Getenv: os.Getenv, Now: time.Now,
	}
	s.Width, s.ErrWidth = columns(os.Stdout), columns(os.Stderr)
	return s
}

// columns is the width of a terminal, 0 for anything else.
func columns(f *os.File) int {
	width, _, err := term.GetSize(descriptor(f))
	if err != nil {
		return 0
	}
	return width
}

func isTerminal(f *os.File) bool { return term.IsTerminal(descriptor(f)) }

func descriptor(f *os.File) int { return int(f.Fd()) }

// style is how reports look on standard output.
func (s *System) style() report.Style {
	if !s.OutTerminal {
		return report.Style{Program: s.Name}
	}
	return report.Style{Colour: s.colours(), Width: s.Width, Program: s.Name}
}

// colours reports whether a terminal is to be given colours.
func (s *System) colours() bool { return s.Getenv("NO_COLOR") == "" && s.Getenv("TERM") != "dumb" }
