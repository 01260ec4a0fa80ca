package conformance_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/gabion-security/gabion/e2e/binaries"
)

// verdict is the part of a result of `gabion check -o json` that the API server
// has too.
type verdict struct {
	Source  struct{ File string }
	Allowed bool
	Message string
}

// check returns what gabion says of the fixtures in a folder, by file.
func check(t *testing.T, gabion, level, version, dir string) map[string]verdict {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), gabion, "check", "--level", level, "--version", version, "-o", "json", dir).Output()
	if exit := new(exec.ExitError); errors.As(err, &exit) && exit.ExitCode() != 1 || err != nil && exit == nil {
		t.Fatalf("gabion check %s: %v: %s", dir, err, exit.Stderr)
	}
	var report struct{ Results []verdict }
	if err := json.Unmarshal(out, &report); err != nil {
		t.Fatal(err)
	}
	verdicts := map[string]verdict{}
	for _, v := range report.Results {
		verdicts[v.Source.File] = v
	}
	return verdicts
}

// fixtureDir finds upstream's fixtures in the module cache.
func fixtureDir(t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "k8s.io/pod-security-admission").Output()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "test", "testdata")
}

// TestCheckSaysOfUpstreamsFixturesWhatTheAPIServerAnswers judges the fixtures of
// some versions by the policy that they were made for, and by the strictest one.
func TestCheckSaysOfUpstreamsFixturesWhatTheAPIServerAnswers(t *testing.T) {
	t.Parallel()
	gabion, err := binaries.Gabion(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	fixtures := fixtureDir(t)
	for _, level := range []string{"baseline", "restricted"} {
		for _, version := range []string{"v1.0", "v1.7", "v1.18", "v1.21", "v1.24", "v1.30", "v1.33", "v1.36", "v1.37"} {
			dir := filepath.Join(fixtures, level, version)
			t.Run(level+"_"+version, func(t *testing.T) {
				t.Parallel()
				compare(t, level, version, dir, check(t, gabion, level, version, dir))
			})
		}
	}
	t.Run("restricted_latest", func(t *testing.T) {
		t.Parallel()
		dir := filepath.Join(fixtures, "baseline", "v1.37")
		compare(t, "restricted", "latest", dir, check(t, gabion, "restricted", "latest", dir))
	})
}

// compare holds the verdicts on the fixtures of a folder against the API server.
func compare(t *testing.T, level, version, dir string, verdicts map[string]verdict) {
	t.Helper()
	namespace := "check-" + level + "-" + strings.ReplaceAll(version, ".", "-")
	_, err := plane.Client().CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name: namespace, Labels: map[string]string{
			"pod-security.kubernetes.io/enforce": level, "pod-security.kubernetes.io/enforce-version": version,
		},
	}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 40 || len(files) != len(verdicts) {
		t.Fatalf("%d fixtures, %d verdicts", len(files), len(verdicts))
	}
	var allowed, denied, invalid int
	for _, file := range files {
		v, ok := verdicts[file]
		if !ok {
			t.Fatalf("no verdict on %s", file)
		}
		err := create(t, namespace, file)
		switch {
		case apierrors.IsInvalid(err):
			// The API server's validation comes first. What it refuses must not
			// pass here.
			invalid++
			if v.Allowed {
				t.Errorf("%s: allowed, but the API server says: %v", file, err)
			}
		case err == nil:
			allowed++
			if !v.Allowed || v.Message != "" {
				t.Errorf("%s: the API server allows it, gabion says: %s", file, v.Message)
			}
		default:
			denied++
			want := fmt.Sprintf(`pods "test" is forbidden: violates PodSecurity %q: %s`, level+":"+version, v.Message)
			if v.Allowed || err.Error() != want {
				t.Errorf("%s:\ngabion     %s\nAPI server %v", file, want, err)
			}
		}
	}
	t.Logf("allowed %d, denied %d, invalid %d", allowed, denied, invalid)
	if allowed == 0 || denied < len(files)/2 || invalid > 2 {
		t.Errorf("of %d fixtures the API server allows %d, denies %d and calls %d invalid: there is little left to compare",
			len(files), allowed, denied, invalid)
	}
}

// create asks whether the pod in a file may be created. Its name there is not
// always one that a pod may have.
func create(t *testing.T, namespace, file string) error {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var pod corev1.Pod
	if err := yaml.UnmarshalStrict(data, &pod); err != nil {
		t.Fatal(err)
	}
	pod.Name = "test"
	_, err = plane.Client().CoreV1().Pods(namespace).Create(t.Context(), &pod, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	return err
}
