// Command bench measures Gabion against k8s.io/pod-security-admission, both on
// the same pods in the same run, and writes docs/performance.md and the table in
// README.md. Before anything is timed, both must give the same verdict in the
// same words.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func main() {
	var o options
	flag.StringVar(&o.root, "root", "", "the repository's root, whose documents are brought up to date; none if empty")
	flag.IntVar(&o.rounds, "rounds", 61, "rounds, each of which times both sides of every comparison once")
	flag.IntVar(&o.starts, "starts", 40, "starts of the program")
	flag.IntVar(&o.webhooks.rounds, "webhook-rounds", 21, "rounds, each of which measures all webhooks with every request once")
	flag.IntVar(&o.webhooks.requests, "webhook-requests", 1000, "requests that a webhook answers in one measurement")
	flag.IntVar(&o.webhooks.clients, "webhook-clients", 8, "clients that send them")
	flag.Parse()
	if err := run(os.Stdout, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options say what is measured how often, and where the figures go.
type options struct {
	root           string
	rounds, starts int
	webhooks       webhookOptions
}

// run measures, writes the report to stdout and brings the documents up to date.
func run(stdout io.Writer, o options) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	comparisons, err := comparisons()
	if err != nil {
		return err
	}
	f := figures{webhooks: o.webhooks, engine: measure(comparisons, o.rounds)}
	if f.startUp, err = measureStartUp(ctx, o.starts); err != nil {
		return fmt.Errorf("start-up: %w", err)
	}
	if f.webhook, err = measureWebhooks(ctx, o.webhooks); err != nil {
		return fmt.Errorf("webhooks: %w", err)
	}
	text := render(&f, thisMachine(), time.Now())
	if _, err := io.WriteString(stdout, text); err != nil {
		return err
	}
	if o.root != "" {
		for _, name := range []string{"README.md", filepath.Join("docs", "performance.md")} {
			if err := update(filepath.Join(o.root, name), text); err != nil {
				return err
			}
		}
	}
	return demandBounds(f.webhook)
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
