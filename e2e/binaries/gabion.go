package binaries

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// Gabion builds gabion into dir, as it is shipped, and returns its path.
func Gabion(ctx context.Context, dir string) (string, error) {
	root, err := Root(ctx)
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "gabion")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", path, "./cmd/gabion")
	cmd.Dir = root
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // so that it removes its temporary files
	cmd.WaitDelay = 10 * time.Second
	cmd.Env = append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0")
	if _, err := output(cmd); err != nil {
		return "", err
	}
	return path, nil
}
