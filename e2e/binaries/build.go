package binaries

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// reportEvery is how often a long build says how far it is.
const reportEvery = 15 * time.Second

// goBuild builds the programs of the recipe by `go build`.
func goBuild(ctx context.Context, r recipe, dir string, progress *log.Logger) error {
	progress.Printf("building %s of Kubernetes %s, once: %s", strings.Join(r.programs, ", "), r.kubernetes, r.takes)
	start := time.Now()
	args := append([]string{"-v", "-o", dir + string(filepath.Separator)}, r.flags...)
	cmd := GoBuild(ctx, dir, append(args, "./cmd/...")...)
	cmd.Dir = r.module
	pipe, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	complaints := follow(pipe, progress, start)
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("go build in %s: %w\n%s", r.module, err, complaints)
	}
	progress.Printf("built the control plane in %s", time.Since(start).Round(time.Second))
	return nil
}

// follow reads what `go build -v` says, a package a line, reports how many there
// have been, and returns all other lines.
func follow(r io.Reader, progress *log.Logger, start time.Time) string {
	var (
		mu       sync.Mutex
		packages int
	)
	done := make(chan struct{})
	var reporter sync.WaitGroup
	reporter.Go(func() {
		tick := time.NewTicker(reportEvery)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				mu.Lock()
				n := packages
				mu.Unlock()
				progress.Printf("building the control plane: %d packages compiled, %s", n, time.Since(start).Round(time.Second))
			}
		}
	})
	var others strings.Builder
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		line := lines.Text()
		if isPackage(line) {
			mu.Lock()
			packages++
			mu.Unlock()
			continue
		}
		others.WriteString(line + "\n")
	}
	close(done)
	reporter.Wait()
	return others.String()
}

// isPackage reports whether a line of `go build -v` is the path of a package:
// everything else that it prints has a space.
func isPackage(line string) bool { return line != "" && !strings.ContainsAny(line, " \t") }
