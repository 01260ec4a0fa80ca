package upgrade

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gabion-security/gabion/oracle/pss/trial"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
	"github.com/gabion-security/gabion/workload/typed"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// pod is a pod as it is sent to an API server, and as Gabion sees it.
type pod struct {
	json []byte
	view pss.Pod
}

// somePods returns random pods and upstream's fixtures, equal ones once.
func somePods(t *testing.T) []pod {
	t.Helper()
	const random = 3000
	s := trial.New(t, random)
	var pods []pod
	for n := s.First; n < s.First+s.Count; n++ {
		pods = append(pods, newPod(t, toJSON(t, s.Generator(n).Pod())))
	}
	seen := map[string]bool{}
	for _, data := range fixtures(t) {
		text, err := yaml.YAMLToJSON(data)
		if err != nil {
			t.Fatal(err)
		}
		var meta struct{ Spec json.RawMessage }
		if err := json.Unmarshal(text, &meta); err != nil {
			t.Fatal(err)
		}
		if !seen[string(meta.Spec)] {
			seen[string(meta.Spec)] = true
			pods = append(pods, newPod(t, text))
		}
	}
	if len(seen) < minFixtures {
		t.Fatalf("%d different fixtures, want at least %d", len(seen), minFixtures)
	}
	return pods
}

// minFixtures is how many different pods upstream's conformance suite has at
// least: fewer would mean that this test has lost some.
const minFixtures = 100

func newPod(t *testing.T, data []byte) pod {
	t.Helper()
	var p corev1.Pod
	if err := json.Unmarshal(data, &p); err != nil {
		t.Fatal(err)
	}
	return pod{toJSON(t, p), typed.Pod(&p, workload.Options{Stored: true}).Pod}
}

// fixtures returns upstream's fixtures, from the module cache.
func fixtures(t *testing.T) [][]byte {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "k8s.io/pod-security-admission").Output()
	if err != nil {
		t.Fatalf("finding upstream's fixtures: %v", err)
	}
	var all [][]byte
	root := filepath.Join(strings.TrimSpace(string(out)), "test", "testdata")
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".yaml" {
			return err
		}
		data, err := os.ReadFile(path)
		all = append(all, data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
