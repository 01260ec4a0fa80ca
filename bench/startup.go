package main

import (
	"context"
	"errors"
	"fmt"
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

// measureStartUp builds the program and returns how many milliseconds it takes
// to check one small file, from its start to its end.
func measureStartUp(ctx context.Context, starts int) (sample, error) {
	dir, err := os.MkdirTemp("", "gabion-bench-")
	if err != nil {
		return sample{}, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	program, err := binaries.Gabion(ctx, dir)
	if err != nil {
		return sample{}, err
	}
	manifest := filepath.Join(dir, "pod.yaml")
	if err := os.WriteFile(manifest, []byte(smallManifest), 0o600); err != nil {
		return sample{}, err
	}
	var series []float64
	for range starts + 3 {
		start := time.Now()
		out, err := exec.CommandContext(ctx, program, "check", manifest).CombinedOutput()
		if err != nil {
			return sample{}, fmt.Errorf("%w: %s", err, out)
		}
		series = append(series, float64(time.Since(start).Microseconds())/1000)
	}
	if len(series) <= 3 {
		return sample{}, errors.New("no start asked for")
	}
	return summarise(series[3:]), nil // the first ones load the program from disk
}
