// Command demo shows `gabion serve` at work: it starts a control plane whose own
// Pod Security admission is off, with Gabion in its place, fills it with the
// example cluster, labels its namespaces by kubectl and prints what kubectl says.
// It ends by itself and leaves nothing behind.
package main

import (
	"context"
	"log"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	progress := log.New(os.Stderr, "", 0)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if err := run(ctx, os.Stdout, progress); err != nil {
		progress.Printf("demo: %v", err)
		os.Exit(1)
	}
}
