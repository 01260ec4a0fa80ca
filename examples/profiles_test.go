package examples_test

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestTheExampleProfilesJudge checks that each profile of the examples is read,
// and what it makes of the example workloads.
func TestTheExampleProfilesJudge(t *testing.T) {
	t.Chdir(repository)
	worker := map[string]struct {
		code int
		want []string
	}{
		"hardened-web": {1, []string{"(automountServiceAccountToken)", "(imageDigests)"}},
		"log-agent":    {0, []string{"privileged:latest and profile log-agent"}},
		"own-registry": {0, []string{"baseline:v1.37 and profile own-registry"}},
	}
	files, err := filepath.Glob("examples/profiles/*.yaml")
	if err != nil || len(files) != len(worker) {
		t.Fatalf("%v, %v: want %d profiles", files, err, len(worker))
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		output, code := gabion("check", "--profile", file, "examples/check/worker.yaml")
		if code != worker[name].code {
			t.Errorf("%s: exit code %d, want %d:\n%s", file, code, worker[name].code, output)
		}
		for _, want := range append(worker[name].want, "profile "+name) {
			if !strings.Contains(output, want) {
				t.Errorf("%s: no %s in\n%s", file, want, output)
			}
		}
	}
}
