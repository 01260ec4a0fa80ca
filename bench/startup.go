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
	if f.startUp, f.resident, err = measureStartUp(ctx, program, dir, o.starts); err != nil {
		return fmt.Errorf("start-up: %w", err)
	}
	if f.files, err = measureFiles(ctx, u, program, cmp.Or(o.keep, filepath.Join(dir, "files")), o.workloads, o.fileRounds); err != nil {
		return fmt.Errorf("files: %w", err)
	}
	return nil
}

// measureStartUp returns how many milliseconds the program takes to check one
// small file, from its start to its end, and how many MiB it has in memory at
// most.
func measureStartUp(ctx context.Context, program, dir string, starts int) (took sample, resident float64, err error) {
	manifest := filepath.Join(dir, "pod.yaml")
	if err := os.WriteFile(manifest, []byte(smallManifest), 0o600); err != nil {
		return sample{}, 0, err
	}
	var series []float64
	for range starts + 3 {
		cmd := exec.CommandContext(ctx, program, "check", manifest)
		start := time.Now()
		out, err := cmd.CombinedOutput()
		if err != nil {
			return sample{}, 0, fmt.Errorf("%w: %s", err, out)
		}
		series = append(series, milliseconds(time.Since(start)))
	}
	if len(series) <= 3 {
		return sample{}, 0, errors.New("no start asked for")
	}
	if resident, err = residentAtMost(ctx, program); err != nil {
		return sample{}, 0, err
	}
	return summarise(series[3:]), resident, nil // the first ones load the program from disk
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
