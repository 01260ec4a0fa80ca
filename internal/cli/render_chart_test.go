package cli

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// podNamed is a pod that baseline refuses.
func podNamed(name string) string {
	return "apiVersion: v1\nkind: Pod\nmetadata: {name: " + name + "}\nspec: {hostPID: true, containers: [{name: a}]}\n"
}

// judgedNames are the objects that a check of a directory refuses, and what it says.
func judgedNames(t *testing.T, dir string) (names []string, said string) {
	t.Helper()
	s, out, stderr := system("check", "--config=none", "--level=baseline", "-o", "name", dir)
	if code := Main(s); code != 1 && code != 3 {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	return strings.Fields(out.String()), stderr.String()
}

// TestAChartTakesNoObjectFromWhatIsJudged puts a Chart.yaml into directories of
// trees of manifests: what is not a template is judged as before.
func TestAChartTakesNoObjectFromWhatIsJudged(t *testing.T) {
	t.Parallel()
	const seed = 7
	random := rand.New(rand.NewPCG(seed, seed))
	names := []string{"a", "web", "crds", "charts", "files", "_x", "templates"}
	charts := []string{
		"apiVersion: v2\nname: x\nversion: 1.0.0\n", "apiVersion: v2\nname: x\nversion: 1.0.0\ntype: library\n",
		"apiVersion: v1\nname: x\nversion: 1.0.0\n", "", "no: chart\n", "kind: Pod\n", "apiVersion: v2\nname: x\nversion: 1.0.0\nkubeVersion: '<1.2'\n",
	}
	for round := range 60 {
		dir := t.TempDir()
		dirs := []string{dir}
		for range random.IntN(6) {
			dirs = append(dirs, filepath.Join(dirs[random.IntN(len(dirs))], names[random.IntN(len(names))]))
		}
		files := map[string]string{}
		for i := range 1 + random.IntN(6) {
			base := []string{"pod", "values", "requirements"}[random.IntN(3)]
			if base == "pod" {
				base = fmt.Sprint("pod", i)
			}
			path := filepath.Join(dirs[random.IntN(len(dirs))], base+".yaml")
			write(t, path, podNamed(fmt.Sprint("p", i)))
			files["pod/p"+fmt.Sprint(i)] = path
		}
		before, _ := judgedNames(t, dir)
		var chart []string
		for range 1 + random.IntN(2) {
			chart = append(chart, dirs[random.IntN(len(dirs))])
			write(t, filepath.Join(chart[len(chart)-1], "Chart.yaml"), charts[random.IntN(len(charts))])
		}
		write(t, filepath.Join(chart[0], ".helmignore"), []string{"*.yaml\n", "crds\n", "pod*\n", "\n"}[random.IntN(4)])
		after, said := judgedNames(t, dir)
		for _, name := range before {
			template := strings.Contains(files[name], "/templates/")
			told := strings.Contains(said, "is not judged") || !strings.Contains(said, " 0 broken")
			if !slices.Contains(after, name) && (!template || !told) {
				t.Errorf("seed %d, round %d: %s is not judged in %q with charts in %q: %s", seed, round, name, dirs, chart, said)
			}
		}
	}
}

func TestTemplatesThatHelmDoesNotRenderAreSaid(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]map[string]string{
		"a library": {"Chart.yaml": "apiVersion: v2\nname: x\nversion: 1.0.0\ntype: library\n", "templates/pod.yaml": podNamed("p")},
		"a disabled chart": {
			"Chart.yaml":        "apiVersion: v2\nname: x\nversion: 1.0.0\ndependencies: [{name: sub, version: 1.0.0, condition: sub.enabled}]\n",
			"values.yaml":       "sub: {enabled: false}\n",
			"charts/sub/x.yaml": podNamed("beside"), "charts/sub/templates/pod.yaml": podNamed("p"),
			"charts/sub/Chart.yaml": "apiVersion: v2\nname: sub\nversion: 1.0.0\n",
		},
		"an ignored one": {"Chart.yaml": "apiVersion: v2\nname: x\nversion: 1.0.0\n", ".helmignore": "pod.yaml\n", "templates/pod.yaml": podNamed("p")},
	} {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "own.yaml"), podNamed("own"))
		for file, text := range files {
			write(t, filepath.Join(dir, file), text)
		}
		names, said := judgedNames(t, dir)
		if !slices.Contains(names, "pod/own") || slices.Contains(names, "pod/p") || !strings.Contains(said, "pod.yaml is not judged: Helm renders no templates") ||
			!strings.Contains(said, "1 passed over") {
			t.Errorf("%s: got %q and %s", name, names, said)
		}
		if want := "pod/beside"; files["charts/sub/x.yaml"] != "" && !slices.Contains(names, want) {
			t.Errorf("%s: %s is not judged: %s", name, want, said)
		}
	}
}

// write writes a file with the directories that it is in.
func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
