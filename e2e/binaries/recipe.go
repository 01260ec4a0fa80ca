package binaries

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// The modules whose versions name a build.
const (
	kubernetesModule = "k8s.io/kubernetes"
	etcdModule       = "go.etcd.io/etcd/server/v3"
)

// recipe says what is built, and from what.
type recipe struct {
	// module is the directory of the build-only module.
	module string
	// kubernetes is the version of kube-apiserver and kubectl, "v1.37.2".
	kubernetes string
	flags      []string
	// programs are the names of what it makes.
	programs []string
	// takes says in words how long that is.
	takes string
	// key names the result: equal keys mean equal binaries.
	key string
}

// newRecipe reads what the module in dir builds, with further flags of `go build`.
func newRecipe(ctx context.Context, dir string, flags ...string) (recipe, error) {
	versions, err := required(ctx, dir)
	if err != nil {
		return recipe{}, err
	}
	r := recipe{module: dir, kubernetes: versions[kubernetesModule]}
	if r.flags, err = buildFlags(r.kubernetes); err != nil {
		return recipe{}, err
	}
	r.flags = append(flags, r.flags...)
	env, err := goEnv(ctx)
	if err != nil {
		return recipe{}, err
	}
	sum, err := r.sum(env)
	if err != nil {
		return recipe{}, err
	}
	name := "kubernetes-" + r.kubernetes
	if etcd, ok := versions[etcdModule]; ok {
		name += "-etcd-" + etcd
	}
	r.key = strings.Join([]string{name, env["GOVERSION"], env["GOOS"], env["GOARCH"], sum}, "-")
	return r, nil
}

// goEnv returns the settings of Go that change what a build makes.
func goEnv(ctx context.Context) (map[string]string, error) {
	out, err := output(exec.CommandContext(ctx, "go", "env", "-json",
		"GOVERSION", "GOOS", "GOARCH", "CGO_ENABLED", "GOEXPERIMENT", "GOAMD64", "GOARM64"))
	if err != nil {
		return nil, err
	}
	env := map[string]string{}
	if err := json.Unmarshal(out, &env); err != nil {
		return nil, fmt.Errorf("reading go env: %w", err)
	}
	return env, nil
}

// buildFlags returns the flags of `go build`. The version is stamped the way
// Kubernetes' own build does it: clients and the emulation of older versions
// depend on it. There is no -trimpath, so that the packages that tests use too
// are compiled once.
func buildFlags(kubernetes string) ([]string, error) {
	parts := strings.Split(strings.TrimPrefix(kubernetes, "v"), ".")
	if len(parts) != 3 {
		return nil, fmt.Errorf("the version of %s is %q, want one like v1.37.2", kubernetesModule, kubernetes)
	}
	ldflags := []string{"-s", "-w"}
	for _, pkg := range []string{"k8s.io/component-base/version", "k8s.io/client-go/pkg/version"} {
		ldflags = append(ldflags,
			"-X "+pkg+".gitVersion="+kubernetes,
			"-X "+pkg+".gitMajor="+parts[0],
			"-X "+pkg+".gitMinor="+parts[1],
			"-X "+pkg+".gitTreeState=clean",
			"-X "+pkg+".gitCommit=",
		)
	}
	return []string{"-buildvcs=false", "-ldflags=" + strings.Join(ldflags, " ")}, nil
}

// sum returns the hash of everything that decides what the build makes.
func (r *recipe) sum(env map[string]string) (string, error) {
	files, err := filepath.Glob(filepath.Join(r.module, "cmd", "*", "*.go"))
	if err != nil {
		return "", fmt.Errorf("finding the main packages: %w", err)
	}
	for _, file := range files {
		if name := filepath.Base(filepath.Dir(file)); !slices.Contains(r.programs, name) {
			r.programs = append(r.programs, name)
		}
	}
	h := sha256.New()
	settings, err := json.Marshal(env) // sorts the keys
	if err != nil {
		return "", fmt.Errorf("naming the build: %w", err)
	}
	_, _ = fmt.Fprintf(h, "%s\n%q\n", settings, r.flags)
	for _, file := range append([]string{filepath.Join(r.module, "go.mod"), filepath.Join(r.module, "go.sum")}, files...) {
		data, err := os.ReadFile(file)
		if err != nil {
			return "", fmt.Errorf("naming the build: %w", err)
		}
		name, err := filepath.Rel(r.module, file)
		if err != nil {
			return "", fmt.Errorf("naming the build: %w", err)
		}
		_, _ = fmt.Fprintf(h, "%s %d\n%s\n", name, len(data), data)
	}
	return hex.EncodeToString(h.Sum(nil))[:12], nil
}
