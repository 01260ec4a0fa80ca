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

// numFixtures is how many pods upstream's suite has: a smaller number would mean
// that a test has lost some.
const numFixtures = 4537

// verdict is the part of a result of `gabion check -o json` that the API server
// has too.
type verdict struct {
	Source  struct{ File string }
	Allowed bool
	Message string
}

// check returns what gabion says of the manifests in a folder, by file.
func check(t *testing.T, gabion, level, version, dir string) map[string]verdict {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), gabion, "check", "--level", level, "--version", version, "-o", "json", dir).Output()
	if exit := new(exec.ExitError); errors.As(err, &exit) && exit.ExitCode() != 1 || err != nil && exit.ProcessState == nil {
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

// fixtures returns the fixtures of a level and version by file, under a name
// that a pod may have.
func fixtures(t *testing.T, root, level, version string) map[string]*corev1.Pod {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, level, version, "*", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	pods := map[string]*corev1.Pod{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var pod corev1.Pod
		if err := yaml.UnmarshalStrict(data, &pod); err != nil {
			t.Fatal(err)
		}
		pod.Name = "test"
		pods[file] = &pod
	}
	return pods
}

// newNamespace makes a namespace with the labels of a mode of Pod Security.
func newNamespace(t *testing.T, mode, level, version string) string {
	t.Helper()
	name := strings.Join([]string{mode, level, strings.ReplaceAll(version, ".", "-")}, "-")
	label := "pod-security.kubernetes.io/" + mode
	_, err := plane.Client().CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name: name, Labels: map[string]string{label: level, label + "-version": version},
	}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return name
}

func TestCheckSaysOfEveryUpstreamFixtureWhatTheAPIServerAnswers(t *testing.T) {
	t.Parallel()
	gabion, err := binaries.Gabion(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	root := fixtureDir(t)
	count := 0
	for _, level := range []string{"baseline", "restricted"} {
		for minor := range 38 {
			version := fmt.Sprintf("v1.%d", minor)
			pods := fixtures(t, root, level, version)
			count += len(pods)
			t.Run(level+"_"+version, func(t *testing.T) {
				t.Parallel()
				comparePods(t, level, version, pods, check(t, gabion, level, version, filepath.Join(root, level, version)))
			})
		}
		t.Run(level+"_latest", func(t *testing.T) {
			t.Parallel()
			pods := fixtures(t, root, level, "v1.37")
			comparePods(t, level, "latest", pods, check(t, gabion, level, "latest", filepath.Join(root, level, "v1.37")))
		})
	}
	if count != numFixtures {
		t.Errorf("compared %d fixtures, want %d", count, numFixtures)
	}
}

// comparePods holds the verdicts on pods against what the API server says when
// they are created.
func comparePods(t *testing.T, level, version string, pods map[string]*corev1.Pod, verdicts map[string]verdict) {
	t.Helper()
	if len(pods) != len(verdicts) {
		t.Fatalf("%d fixtures, %d verdicts", len(pods), len(verdicts))
	}
	client := plane.Client().CoreV1().Pods(newNamespace(t, "enforce", level, version))
	var allowed, denied, invalid int
	for file, pod := range pods {
		v, ok := verdicts[file]
		if !ok {
			t.Fatalf("no verdict on %s", file)
		}
		_, err := client.Create(t.Context(), pod, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
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
	if allowed < 10 || denied < 25 || invalid > 2 {
		t.Errorf("of %d fixtures the API server allows %d, denies %d and calls %d invalid: there is little left to compare",
			len(pods), allowed, denied, invalid)
	}
}
