package ci_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// action is action.yml, as far as it is used.
type action struct {
	Name, Description, Author string
	Branding                  struct{ Icon, Color string }
	Inputs                    map[string]struct{ Description, Default string }
	Runs                      struct {
		Using string
		Steps []step
	}
}

type step struct {
	Name, Shell, Run string
	Env              map[string]string
}

// readAction reads action.yml; a field that is not known here, such as `uses`, is
// one that nothing tests.
func readAction(t *testing.T) *action {
	t.Helper()
	a := new(action)
	read(t, "action.yml", a)
	return a
}

// step runs a step of the action as the runner does: in bash, which ends with the
// first failure, and with its inputs put in their places of the environment.
func (a *action) step(t *testing.T, dir, name string, env []string, inputs map[string]string) (int, string) {
	t.Helper()
	for _, s := range a.Runs.Steps {
		if s.Name != name {
			continue
		}
		for _, key := range slices.Sorted(maps.Keys(s.Env)) {
			value := s.Env[key]
			if input, ok := strings.CutPrefix(value, "${{ inputs."); ok {
				input = strings.TrimSuffix(input, " }}")
				if value, ok = inputs[input]; !ok {
					value = a.Inputs[input].Default
				}
			}
			env = append(slices.Clip(env), key+"="+value)
		}
		script := filepath.Join(t.TempDir(), "step.sh")
		if err := os.WriteFile(script, []byte(s.Run), 0o600); err != nil {
			t.Fatal(err)
		}
		return run(t, dir, env, s.Shell, "--noprofile", "--norc", "-e", "-o", "pipefail", script)
	}
	t.Fatalf("there is no step %q", name)
	return 0, ""
}

func testAction(t *testing.T, a *action, env []string) {
	for _, c := range []struct {
		name   string
		inputs map[string]string
		code   int
		want   string
	}{
		{"everything", nil, 1, "::error file=deploy/pod.yaml,line=4,"},
		{"several formats", map[string]string{"output": "github=-\ntable=table.txt\n"}, 1, "::error file=deploy/pod.yaml"},
		{"a table", map[string]string{"output": "table"}, 1, "FAIL  default pod/p  ./deploy/pod.yaml:1  restricted:latest by default"},
		{"a level", map[string]string{"output": "table", "level": "baseline"}, 1, "PASS  default job.batch/j  ./deploy/my job.yaml:1  baseline:latest by flag"},
		{"a path with a blank", map[string]string{"level": "baseline", "paths": "deploy/my job.yaml\r\n\n"}, 0, "1 judged, 0 violating"},
		{"two paths", map[string]string{"level": "baseline", "paths": "deploy/my job.yaml\ndeploy/pod.yaml"}, 1, "2 judged, 1 violating"},
		{"a floor", map[string]string{"output": "table", "at-least": "baseline"}, 1, "restricted:latest by default"},
		{"a version", map[string]string{"output": "table", "version": "v1.25"}, 1, "restricted:v1.25 by flag"},
		{"nothing fails", map[string]string{"output": "table", "fail-on": "never"}, 0, "FAIL  default pod/p"},
		{"another format", map[string]string{"output": "name"}, 1, "job.batch/j\npod/p"},
		{"no configuration", map[string]string{"config": "none", "ignores": "false"}, 1, "2 violating"},
		{"a baseline that is not there", map[string]string{"baseline": "known.yaml"}, 3, "--baseline: known.yaml: no such file"},
		{"a profile that is not there", map[string]string{"profile": "p.yaml"}, 3, "--profile: p.yaml: no such file"},
		{"exceptions that are not there", map[string]string{"exceptions": "e.yaml"}, 3, "--exceptions: e.yaml: no such file"},
		{"a kustomization that is not there", map[string]string{"kustomize": "k\n"}, 3, "k: the directory does not exist"},
		{"values for no chart", map[string]string{"values": "v.yaml"}, 1, "2 violating"},
		{"a value", map[string]string{"set": "a=b\nc"}, 2, "--set"},
		{"an exclude", map[string]string{"exclude": "deploy/pod.yaml\n*.yml", "level": "baseline"}, 0, "1 judged, 0 violating"},
		{"a pattern", map[string]string{"paths": "**/my*.yaml", "level": "baseline"}, 0, "1 judged, 0 violating"},
		{"a version of Kubernetes", map[string]string{"kubernetes-version": "v0"}, 2, "--kubernetes-version"},
		{"a policy folder that is not there", map[string]string{"policy-dir": "p"}, 3, "--policy-dir: p"},
		{"no paths", map[string]string{"paths": "\n"}, 2, "nothing to check"},
		{"a path like a flag", map[string]string{"paths": "--level=privileged"}, 3, "--level=privileged: cannot be read: no such file"},
		{"a wrong word", map[string]string{"ignores": "maybe"}, 2, "ignores must be true or false, not 'maybe'"},
		{"a wrong level", map[string]string{"level": "strict"}, 2, "must be one of privileged, baseline, restricted"},
	} {
		code, out := a.step(t, repository(t), "Check manifests", env, c.inputs)
		wanted(t, c.name, code, c.code, out, c.want)
	}
	testInjection(t, a, env)
	summary := filepath.Join(t.TempDir(), "summary.md")
	a.step(t, repository(t), "Check manifests", append(slices.Clip(env), "GITHUB_STEP_SUMMARY="+summary), nil)
	if text, err := os.ReadFile(summary); err != nil || !strings.Contains(string(text), "hostNamespaces") {
		t.Errorf("%v: the summary of the job is\n%s", err, text)
	}
}

// testInjection gives every input a value that is a command wherever a shell reads
// it as one.
func testInjection(t *testing.T, a *action, env []string) {
	t.Helper()
	for _, evil := range []string{"$(touch pwned)`touch pwned`", "x\ntouch pwned", "'; touch pwned; '", `"; touch pwned; "`, "x && touch pwned #"} {
		dir := repository(t)
		for input := range a.Inputs {
			code, out := a.step(t, dir, "Check manifests", env, map[string]string{input: evil})
			harmless := input == "exclude" || input == "values" // which nothing here matches or reads
			if code != 2 && code != 3 && !(harmless && code == 1) {
				t.Errorf("%s %q: exit code %d:\n%s", input, evil, code, out)
			}
			if _, err := os.Stat(filepath.Join(dir, "pwned")); err == nil {
				t.Fatalf("%s %q: a command was run:\n%s", input, evil, out)
			}
		}
	}
}

func TestInputsOfTheActionReachTheShellByItsEnvironmentOnly(t *testing.T) {
	t.Parallel()
	a := readAction(t)
	if a.Runs.Using != "composite" || len(a.Runs.Steps) == 0 {
		t.Fatalf("the action uses %q in %d steps", a.Runs.Using, len(a.Runs.Steps))
	}
	expression := regexp.MustCompile(`^\$\{\{ inputs\.([a-z-]+) \}\}$`)
	used := map[string]bool{}
	for _, s := range a.Runs.Steps {
		if strings.Contains(s.Run, "${{") {
			t.Errorf("%s: an expression stands in the script", s.Name)
		}
		for key, value := range s.Env {
			if m := expression.FindStringSubmatch(value); m != nil {
				used[m[1]] = true
				if want := "INPUT_" + strings.ToUpper(strings.ReplaceAll(m[1], "-", "_")); key != want {
					t.Errorf("%s has the input %s, not %s", key, m[1], want)
				}
			} else if strings.Contains(value, "${{") {
				t.Errorf("%s: %s is an expression that is no input: %s", s.Name, key, value)
			}
			if strings.HasPrefix(key, "INPUT_") && !strings.Contains(s.Run, "$"+key) {
				t.Errorf("%s: the script does not use %s", s.Name, key)
			}
		}
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(a.Inputs)), slices.Sorted(maps.Keys(used))); diff != "" {
		t.Errorf("inputs (-declared +used):\n%s", diff)
	}
	for name, input := range a.Inputs {
		if input.Description == "" {
			t.Errorf("the input %s is not described", name)
		}
	}
}
