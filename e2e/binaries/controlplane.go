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
	version, dir, err := built(ctx, "controlplane", "about ten minutes on two cores", progress)
	if err != nil {
		return Set{}, err
	}
	return Set{
		KubernetesVersion: version,
		Etcd:              filepath.Join(dir, programs[0]),
		APIServer:         filepath.Join(dir, programs[1]),
		Kubectl:           filepath.Join(dir, programs[2]),
	}, nil
}

// ControlPlane124 returns the same with the API server of Kubernetes 1.24, the
// last that had PodSecurityPolicy. It is built without the cloud providers that
// it had, which would take as long again.
func ControlPlane124(ctx context.Context, progress *log.Logger) (Set, error) {
	return withAPIServer(ctx, "controlplane124", progress)
}

// ControlPlane128 returns the same with the API server of Kubernetes 1.28, the
// oldest that gabion serve is for.
func ControlPlane128(ctx context.Context, progress *log.Logger) (Set, error) {
	return withAPIServer(ctx, "controlplane128", progress)
}

// withAPIServer returns the control plane with the API server of another module.
func withAPIServer(ctx context.Context, module string, progress *log.Logger) (Set, error) {
	set, err := ControlPlane(ctx, progress)
	if err != nil {
		return Set{}, err
	}
	version, dir, err := built(ctx, module, "about five minutes on two cores", progress, "-tags=providerless")
	if err != nil {
		return Set{}, err
	}
	set.KubernetesVersion, set.APIServer = version, filepath.Join(dir, programs[1])
	return set, nil
}

// built returns the folder with the programs of a build-only module of e2e, and
// the version of Kubernetes in it.
func built(ctx context.Context, module, takes string, progress *log.Logger, flags ...string) (version, dir string, err error) {
	root, err := Root(ctx)
	if err != nil {
		return "", "", err
	}
	cache, err := cacheDir()
	if err != nil {
		return "", "", err
	}
	r, err := newRecipe(ctx, filepath.Join(root, "e2e", module), flags...)
	if err != nil {
		return "", "", err
	}
	r.takes = takes
	dir = filepath.Join(cache, r.key)
	if err := ensure(ctx, r, dir, goBuild, progress); err != nil {
		return "", "", fmt.Errorf("building the control plane: %w", err)
	}
	return r.kubernetes, dir, nil
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
