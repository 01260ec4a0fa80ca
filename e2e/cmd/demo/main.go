// Command demo shows `gabion serve` at work: it starts a control plane whose own
// Pod Security admission is off, with Gabion in its place, fills it with the
// example cluster, labels its namespaces by kubectl and prints what kubectl says.
// It ends by itself and leaves nothing behind.
package main

import (
	"log"
	"os"
)

func main() {
	progress := log.New(os.Stderr, "", 0)
	if err := run(os.Stdout, progress); err != nil {
		progress.Printf("demo: %v", err)
		os.Exit(1)
	}
}
