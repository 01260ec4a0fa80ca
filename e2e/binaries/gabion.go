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
	cmd := GoBuild(ctx, dir, "-trimpath", "-o", path, "./cmd/gabion")
	cmd.Dir = root
	cmd.Env = append(cmd.Env, "CGO_ENABLED=0")
	if _, err := output(cmd); err != nil {
		return "", err
	}
	return path, nil
}

// GoBuild returns a `go build` with arguments. Its temporary files are in dir:
// if it is interrupted, it leaves them.
func GoBuild(ctx context.Context, dir string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", append([]string{"build"}, args...)...)
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOTMPDIR="+dir)
	// An interrupted build takes its compilers with it.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}
