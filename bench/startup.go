package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/gabion-security/gabion/e2e/binaries"
)

// A small file that meets restricted: what is timed is the start.
const smallManifest = `apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  securityContext:
    runAsNonRoot: true
    seccompProfile:
      type: RuntimeDefault
  containers:
  - name: web
    image: registry.example.com/shop/web:1.4.2
    securityContext:
      allowPrivilegeEscalation: false
      capabilities:
        drop: [ALL]
`

// measureProgram builds the program and measures its start and how it reads many
// files.
func measureProgram(ctx context.Context, f *figures, u upstream, o options) error {
	dir, err := os.MkdirTemp("", "gabion-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	program, err := binaries.Gabion(ctx, dir)
	if err != nil {
		return err
	}
	if f.startUp, f.bareStart, f.resident, err = measureStartUp(ctx, program, dir, o.starts); err != nil {
		return fmt.Errorf("start-up: %w", err)
	}
	if f.files, err = measureFiles(ctx, u, program, cmp.Or(o.keep, filepath.Join(dir, "files")), o.workloads, o.fileRounds); err != nil {
		return fmt.Errorf("files: %w", err)
	}
	return nil
}

// measureStartUp returns how many milliseconds the program takes to check one
// small file, from its start to its end, in turn with a program that only links
// client-go, and how many MiB it has in memory at most.
func measureStartUp(ctx context.Context, program, dir string, starts int) (took, bare sample, resident float64, err error) {
	if starts < 1 {
		return sample{}, sample{}, 0, errors.New("no start asked for")
	}
	manifest := filepath.Join(dir, "pod.yaml")
	if err := os.WriteFile(manifest, []byte(smallManifest), 0o600); err != nil {
		return sample{}, sample{}, 0, err
	}
	floor := filepath.Join(dir, "bare")
	build := binaries.GoBuild(ctx, dir, "-o", floor, "./cmd/bare")
	if out, err := build.CombinedOutput(); err != nil {
		return sample{}, sample{}, 0, fmt.Errorf("%s: %w: %s", strings.Join(build.Args, " "), err, out)
	}
	var ours, theirs []float64
	for range starts + 3 {
		for _, each := range []struct {
			series *[]float64
			args   []string
		}{{&ours, []string{program, "check", manifest}}, {&theirs, []string{floor}}} {
			cmd := exec.CommandContext(ctx, each.args[0], each.args[1:]...)
			start := time.Now()
			out, err := cmd.CombinedOutput()
			if err != nil {
				return sample{}, sample{}, 0, fmt.Errorf("%w: %s", err, out)
			}
			*each.series = append(*each.series, milliseconds(time.Since(start)))
		}
	}
	if resident, err = residentAtMost(ctx, program); err != nil {
		return sample{}, sample{}, 0, err
	}
	return summarise(ours[3:]), summarise(theirs[3:]), resident, nil // the first ones load the program from disk
}

// residentAtMost returns how many MiB the program has in memory at most when it
// has judged a small manifest. It is asked while it waits for more: what the system
// says of a process that has ended counts the memory of the one that started it.
func residentAtMost(ctx context.Context, program string) (float64, error) {
	cmd := exec.CommandContext(ctx, program, "check", "--level=restricted", "-")
	in, err := cmd.StdinPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	_, err = io.WriteString(in, smallManifest+"---\n")
	most := 0.0
	for calm := 0; err == nil && calm < 5; {
		time.Sleep(50 * time.Millisecond)
		var now float64
		if now, err = memoryOf(cmd.Process.Pid, "VmHWM"); now > most {
			most, calm = now, 0
		} else {
			calm++
		}
	}
	return most, errors.Join(err, in.Close(), cmd.Wait())
}
