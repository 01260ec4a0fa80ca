package binaries

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"os"
	"path/filepath"
)

// Set is the programs of a control plane.
type Set struct {
	// KubernetesVersion is that of API server and kubectl, "v1.37.2".
	KubernetesVersion string
	// Etcd, APIServer and Kubectl are the paths of the programs.
	Etcd, APIServer, Kubectl string
}

// programs are the names of the main packages, and of what they become.
var programs = [...]string{"etcd", "kube-apiserver", "kubectl"}

// ControlPlane returns the programs of the control plane. It builds them if
// there are none for these versions, which takes ten minutes the first time and
// is reported on progress. They are kept in ${XDG_CACHE_HOME:-~/.cache}/gabion,
// not in the checkout: a fresh clone finds them. Any number of processes may
// ask at once; one builds, the others wait.
func ControlPlane(ctx context.Context, progress *log.Logger) (Set, error) {
	root, err := Root(ctx)
	if err != nil {
		return Set{}, err
	}
	cache, err := cacheDir()
	if err != nil {
		return Set{}, err
	}
	r, err := newRecipe(ctx, filepath.Join(root, "e2e", "controlplane"))
	if err != nil {
		return Set{}, err
	}
	dir := filepath.Join(cache, r.key)
	if err := ensure(ctx, r, dir, goBuild, progress); err != nil {
		return Set{}, fmt.Errorf("building the control plane: %w", err)
	}
	return Set{
		KubernetesVersion: r.kubernetes,
		Etcd:              filepath.Join(dir, programs[0]),
		APIServer:         filepath.Join(dir, programs[1]),
		Kubectl:           filepath.Join(dir, programs[2]),
	}, nil
}

// cacheDir returns the folder of all builds.
func cacheDir() (string, error) {
	base := os.Getenv("XDG_CACHE_HOME")
	if base == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("finding the cache: %w", err)
		}
		base = filepath.Join(home, ".cache")
	}
	return filepath.Join(base, "gabion", "controlplane"), nil
}

// builder makes the programs of a recipe in a folder.
type builder func(ctx context.Context, r recipe, dir string, progress *log.Logger) error

// ensure makes dir by the builder, unless it exists. It appears at once and
// complete, whatever happens to the builder or to this process.
func ensure(ctx context.Context, r recipe, dir string, build builder, progress *log.Logger) error {
	if exists, err := isDir(dir); exists || err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	unlock, err := lock(ctx, dir+".lock", func() {
		progress.Print("another process is building the control plane; waiting for it")
	})
	if err != nil {
		return err
	}
	defer unlock()
	if exists, err := isDir(dir); exists || err != nil { // the other process has built it
		return err
	}
	// Nobody else has a folder of this name in use: that takes the lock.
	unfinished := dir + ".unfinished"
	if err := os.RemoveAll(unfinished); err != nil {
		return err
	}
	if err := os.Mkdir(unfinished, 0o755); err != nil {
		return err
	}
	if err := build(ctx, r, unfinished, progress); err != nil {
		return errors.Join(err, os.RemoveAll(unfinished))
	}
	return os.Rename(unfinished, dir)
}

// isDir reports whether there is a folder of this name.
func isDir(path string) (bool, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if !info.IsDir() {
		return false, fmt.Errorf("%s is not a folder", path)
	}
	return true, nil
}
