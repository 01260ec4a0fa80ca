package pss

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gabion-security/gabion/workload"
	"github.com/gabion-security/gabion/workload/typed"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// numFixtures is how many pods upstream's conformance suite has: a smaller
// number would mean that this test has lost some.
const numFixtures = 4537

// fixtureDir finds upstream's fixtures in the module cache.
func fixtureDir(t testing.TB) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "k8s.io/pod-security-admission").Output()
	if err != nil {
		t.Fatalf("finding upstream's fixtures: %v", err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "test", "testdata")
}

// fixtures returns the paths of upstream's fixtures, sorted.
func fixtures(t testing.TB) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(fixtureDir(t), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && filepath.Ext(path) == ".yaml" {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestEveryUpstreamFixtureGetsUpstreamsVerdictAndWordsAtEveryVersion(t *testing.T) {
	t.Parallel()
	files := fixtures(t)
	if len(files) != numFixtures {
		t.Fatalf("found %d fixtures, want %d", len(files), numFixtures)
	}
	j := newJudges(t, 0)
	comparisons, allowed := 0, 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var pod corev1.Pod
		if err := yaml.UnmarshalStrict(data, &pod); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		stored := workload.Options{Stored: true}
		view := typed.Pod(&pod, stored)
		sameView(t, file, readYAML(t, data, stored), view)
		sameView(t, file, readYAML(t, data, workload.Options{}), typed.Pod(&pod, workload.Options{}))
		for _, levels := range j.questions {
			for _, q := range levels {
				comparisons++
				if j.compare(t, q, &view.Pod, &pod.ObjectMeta, &pod.Spec) {
					allowed++
				}
			}
		}
	}
	t.Logf("%d fixtures, %d comparisons, %d of them allowed", len(files), comparisons, allowed)
}
