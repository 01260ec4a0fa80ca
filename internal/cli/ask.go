package cli

import (
	"bufio"
	"context"
	"fmt"
	"strings"
)

// ask asks a question on the terminal; anything but yes is no. An interruption
// is no, too, whatever is being typed.
func (s *System) ask(ctx context.Context, question string) bool {
	_, _ = fmt.Fprint(s.Stderr, question+" [y/N] ")
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(s.Stdin).ReadString('\n') // the end is no
		answer <- line
	}()
	select {
	case line := <-answer:
		line = strings.ToLower(strings.TrimSpace(line))
		return line == "y" || line == "yes"
	case <-ctx.Done():
		_, _ = fmt.Fprintln(s.Stderr)
		return false
	}
}
