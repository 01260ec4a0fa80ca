// Package ci_test runs what people's pipelines run: the action and the hooks in the
// repository's root, and the templates in this folder, each as its runner would.
package ci_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

const (
	pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {hostPID: true, containers: [{name: app}]}\n"
	job = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: j}\nspec: {template: {spec: {containers: [{name: app}]}}}\n"
)

// TestRunners builds the program by the action's own step, and runs it as each
// runner would.
func TestRunners(t *testing.T) {
	t.Parallel()
	temp := t.TempDir()
	a := readAction(t)
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	env := []string{"GITHUB_ACTION_PATH=" + root, "RUNNER_TEMP=" + temp}
	if code, out := a.step(t, t.TempDir(), "Build gabion", env, nil); code != 0 {
		t.Fatal(out)
	}
	t.Run("the action", func(t *testing.T) { testAction(t, a, env) })
	path := "PATH=" + filepath.Join(temp, "gabion") + string(os.PathListSeparator) + os.Getenv("PATH")
	t.Run("pre-commit", func(t *testing.T) { testPreCommit(t, path) })
	t.Run("GitLab", func(t *testing.T) { testGitLab(t, path) })
}

// read decodes a YAML file of the repository strictly.
func read(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict(text, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// repository is a git repository with a pod that baseline refuses, a job that it
// does not, and a file that is nothing of Kubernetes.
func repository(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"deploy/pod.yaml": pod, "deploy/my job.yaml": job, "docker-compose.yml": "services: {}\n", "README.md": "# A project\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if code, out := run(t, dir, nil, "git", "init", "-q"); code != 0 {
		t.Fatal(out)
	}
	return dir
}

// run runs a program with nothing in its environment but a few variables.
func run(t *testing.T, dir string, env []string, args ...string) (code int, output string) {
	t.Helper()
	var out bytes.Buffer
	cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &out
	for _, name := range []string{"PATH", "HOME", "GOPROXY", "GOFLAGS", "GOMODCACHE", "GOCACHE", "GOSUMDB", "GONOSUMDB"} {
		if value, ok := os.LookupEnv(name); ok {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	cmd.Env = append(cmd.Env, env...)
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s: %v", args[0], err)
	}
	return cmd.ProcessState.ExitCode(), out.String()
}

// wanted compares how something ended.
func wanted(t *testing.T, name string, code, wantCode int, output, want string) {
	t.Helper()
	if code != wantCode || !strings.Contains(output, want) {
		t.Errorf("%s: exit code %d, want %d, and %q:\n%s", name, code, wantCode, want, output)
	}
}
