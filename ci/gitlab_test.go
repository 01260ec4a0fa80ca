package ci_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// template is the GitLab template: jobs by name.
type template map[string]struct {
	Stage, Image string
	Variables    map[string]string
	BeforeScript []string `json:"before_script"`
	Script       []string
	Artifacts    struct {
		When    string
		Reports map[string]string
	}
}

// run runs lines of the job as GitLab's runner does, in one shell that ends with
// the first failure.
func (j template) run(t *testing.T, dir, path string, lines []string, variables map[string]string) (int, string) {
	t.Helper()
	all := maps.Clone(j["gabion"].Variables)
	maps.Copy(all, variables)
	env := []string{path, "CI_PROJECT_DIR=" + dir}
	for _, key := range slices.Sorted(maps.Keys(all)) {
		env = append(env, key+"="+all[key])
	}
	return run(t, dir, env, "sh", "-e", "-c", strings.Join(lines, "\n"))
}

func testGitLab(t *testing.T, path string) {
	var j template
	read(t, "ci/gitlab/gabion.gitlab-ci.yml", &j)
	if len(j) != 1 || !strings.HasPrefix(j["gabion"].Image, "docker.io/library/golang:1.") {
		t.Fatalf("got %+v", j)
	}
	script := j["gabion"].Script
	dir := repository(t)
	j.run(t, dir, path, script, nil)
	report, err := os.ReadFile(filepath.Join(dir, j["gabion"].Artifacts.Reports["codequality"]))
	if err != nil || !strings.Contains(string(report), `"path": "deploy/pod.yaml"`) || j["gabion"].Artifacts.When != "always" {
		t.Errorf("%v: the report is\n%s", err, report)
	}
	for _, c := range []struct {
		name      string
		variables map[string]string
		code      int
		want      string
	}{
		{"everything", nil, 1, "2 judged, 2 violating"},
		{"a level", map[string]string{"GABION_LEVEL": "baseline"}, 1, "2 judged, 1 violating"},
		{"paths with blanks", map[string]string{"GABION_LEVEL": "baseline", "GABION_PATHS": "deploy/my job.yaml\ndeploy/my job.yaml\n"}, 0, "2 judged, 0 violating"},
		{"a floor", map[string]string{"GABION_AT_LEAST": "baseline"}, 1, "restricted:latest by default"},
		{"a baseline that is not there", map[string]string{"GABION_BASELINE": "known.yaml"}, 3, "--baseline: known.yaml: no such file"},
		{"no configuration", map[string]string{"GABION_CONFIG": "none", "GABION_NO_IGNORES": "true", "GABION_FAIL_ON": "never", "GABION_OUTPUT": "name"}, 0, "pod/p"},
		{"a path like a flag", map[string]string{"GABION_PATHS": "--level=privileged"}, 3, "no such file"},
		{"a path like a command", map[string]string{"GABION_PATHS": "$(exit 0)*"}, 3, "$(exit 0)*: no manifest matches this pattern"},
		{"a pattern", map[string]string{"GABION_LEVEL": "baseline", "GABION_PATHS": "**/my*.yaml"}, 0, "1 judged, 0 violating"},
		{"a kustomization that is not there", map[string]string{"GABION_KUSTOMIZE": "k"}, 3, "k: the directory does not exist"},
		{"values", map[string]string{"GABION_SET": "a"}, 2, "--set"},
		{"an exclude", map[string]string{"GABION_EXCLUDE": "deploy/pod.yaml", "GABION_LEVEL": "baseline"}, 0, "1 judged, 0 violating"},
		{"a profile that is not there", map[string]string{"GABION_PROFILE": "p.yaml"}, 3, "--profile: p.yaml"},
		{"exceptions that are not there", map[string]string{"GABION_EXCEPTIONS": "e.yaml"}, 3, "--exceptions: e.yaml"},
		{"a policy folder that is not there", map[string]string{"GABION_POLICY_DIR": "p"}, 3, "--policy-dir: p"},
		{"a version of Kubernetes", map[string]string{"GABION_KUBERNETES_VERSION": "v0"}, 2, "--kubernetes-version"},
		{"a version", map[string]string{"GABION_STANDARD_VERSION": "v0"}, 2, "--version"},
	} {
		code, out := j.run(t, repository(t), path, script, c.variables)
		wanted(t, c.name, code, c.code, out, c.want)
	}
	// Nothing is installed unless somebody says which release.
	first := j["gabion"].BeforeScript[:1]
	code, out := j.run(t, t.TempDir(), path, first, nil)
	if code == 0 || !strings.Contains(out, "name a release of gabion, such as v1.2.3") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
	if code, out := j.run(t, t.TempDir(), path, first, map[string]string{"GABION_VERSION": "v1.2.3"}); code != 0 {
		t.Errorf("exit code %d:\n%s", code, out)
	}
	// It is of that release and no other.
	if install := j["gabion"].BeforeScript[1]; !strings.HasSuffix(install, `/cmd/gabion@$GABION_VERSION"`) {
		t.Errorf("it installs by %s", install)
	}
}
