package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
)

// ask asks a question on the terminal; anything but yes is no. An interruption
// is no, too, whatever is being typed.
func (s *System) ask(ctx context.Context, question string) bool {
	_, _ = fmt.Fprint(s.Stderr, question+" [y/N] ")
	answer := make(chan string, 1)
	go func() { answer <- readLine(s.Stdin) }()
	select {
	case line := <-answer:
		line = strings.ToLower(strings.TrimSpace(line))
		return line == "y" || line == "yes"
	case <-ctx.Done():
		_, _ = fmt.Fprintln(s.Stderr)
		return false
	}
}

// readLine reads a line and nothing of what follows it, which answers the next
// question. The end is an empty answer, which is no.
func readLine(r io.Reader) string {
	var line []byte
	for b := make([]byte, 1); ; {
		n, err := r.Read(b)
		if n > 0 {
			line = append(line, b[0])
		}
		if err != nil || n > 0 && b[0] == '\n' {
			return string(line)
		}
	}
}
