// Command bench measures Gabion against k8s.io/pod-security-admission, both on
// the same pods in the same run, and writes docs/performance.md and the table in
// README.md. Before anything is timed, both must give the same verdict in the
// same words.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

func main() {
	root := flag.String("root", "", "the repository's root, whose documents are brought up to date; none if empty")
	rounds := flag.Int("rounds", 61, "rounds, each of which times both sides of every comparison once")
	starts := flag.Int("starts", 40, "starts of the program")
	flag.Parse()
	if err := run(os.Stdout, *root, *rounds, *starts); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run measures, writes the report to stdout and brings the documents up to date.
func run(stdout io.Writer, root string, rounds, starts int) error {
	comparisons, err := comparisons()
	if err != nil {
		return err
	}
	rows := measure(comparisons, rounds)
	startUp, err := measureStartUp(starts)
	if err != nil {
		return fmt.Errorf("start-up: %w", err)
	}
	figures := render(rows, startUp, thisMachine(), time.Now())
	if _, err := io.WriteString(stdout, figures); err != nil || root == "" {
		return err
	}
	for _, name := range []string{"README.md", filepath.Join("docs", "performance.md")} {
		if err := update(filepath.Join(root, name), figures); err != nil {
			return err
		}
	}
	return nil
}

// The figures stand between these lines of a document.
const (
	figuresBegin = "<!-- figures: written by make bench, do not edit -->\n"
	figuresEnd   = "<!-- end of figures -->\n"
)

// update replaces the figures in a document.
func update(file, figures string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, begins := strings.Cut(string(text), figuresBegin)
	_, after, ends := strings.Cut(rest, figuresEnd)
	if !begins || !ends {
		return fmt.Errorf("%s: has no lines %q and %q", file, figuresBegin, figuresEnd)
	}
	text = []byte(before + figuresBegin + "\n" + figures + "\n" + figuresEnd + after)
	return os.WriteFile(file, text, 0o644)
}
