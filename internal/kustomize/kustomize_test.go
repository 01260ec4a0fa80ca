package kustomize

import (
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gabion-security/gabion/internal/limit"
)

// write writes files below a new directory that is a repository, and returns it.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, ".git"), 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

const pod = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers: [{name: a, image: b}]\n"

// build builds the kustomization in app, and returns what is wrong, with its
// place.
func built(t *testing.T, files map[string]string, o Options) (texts []Text, fault string) {
	t.Helper()
	dir := write(t, files)
	return buildIn(dir, o)
}

func buildIn(dir string, o Options) (texts []Text, fault string) {
	o.Limits = limit.Default()
	texts, err := Build(filepath.Join(dir, "app"), o)
	var f *Fault
	if errors.As(err, &f) {
		fault = strings.ReplaceAll(f.Path+": "+f.Error(), dir, "DIR")
	}
	return texts, fault
}

func TestObjectsSayWhereTheyComeFrom(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{
		"app/kustomization.yaml":  "namePrefix: my-\nresources: [../base, own.yaml]\nconfigMapGenerator: [{name: c, literals: [a=b]}]\n",
		"app/own.yaml":            strings.Replace(pod, "name: web", "name: own", 1),
		"base/kustomization.yaml": "resources: [web.yaml]\n", "base/web.yaml": pod,
	})
	texts, fault := buildIn(dir, Options{})
	if fault != "" {
		t.Fatal(fault)
	}
	var got []string
	for _, text := range texts {
		rel, _ := filepath.Rel(dir, text.Path)
		made := ""
		if text.Made {
			made = " made"
		}
		got = append(got, rel+made)
		if strings.Contains(string(text.Rendered), "config.kubernetes.io") || !strings.Contains(string(text.Rendered), "name: my-") {
			t.Errorf("%s", text.Rendered)
		}
	}
	slices.Sort(got)
	if want := "app/kustomization.yaml made app/own.yaml base/web.yaml"; strings.Join(got, " ") != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestFaultsNameWhatIsMissing(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		files map[string]string
		want  string
	}{
		"no directory":     {nil, "DIR/app: the directory does not exist"},
		"no kustomization": {map[string]string{"app/a.yaml": pod}, "DIR/app: no kustomization.yaml here"},
		"a base":           {map[string]string{"app/kustomization.yaml": "resources: [../base]\n"}, "DIR/app/kustomization.yaml: it refers to DIR/base, which does not exist"},
		"a base of a base": {
			map[string]string{"app/kustomization.yaml": "resources: [../n]\n", "n/kustomization.yaml": "resources: [../none]\n"},
			"DIR/n/kustomization.yaml: it refers to DIR/none, which does not exist",
		},
		"a file of a component": {
			map[string]string{"app/kustomization.yaml": "components: [../n]\n", "n/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [a.yaml]\n"},
			"DIR/n/kustomization.yaml: it refers to DIR/n/a.yaml, which does not exist",
		},
		"a cycle": {
			map[string]string{"app/kustomization.yaml": "resources: [../n]\n", "n/kustomization.yaml": "resources: [../app]\n"},
			"DIR/n/kustomization.yaml: it refers to DIR/app, which leads back to it",
		},
		"a file of another directory": {
			map[string]string{"app/kustomization.yaml": "resources: [../n]\n", "n/kustomization.yaml": "resources: [../p/a.yaml]\n", "p/a.yaml": pod},
			"DIR/n/kustomization.yaml: it refers to DIR/p/a.yaml, a file that is not below its own directory, which kustomize does not take: refer to a directory with a kustomization.yaml",
		},
		"a base without one": {
			map[string]string{"app/kustomization.yaml": "resources: [../n]\n", "n/a.yaml": pod},
			"DIR/app/kustomization.yaml: it refers to DIR/n, a directory without a kustomization.yaml",
		},
		"a file": {map[string]string{"app/kustomization.yaml": "resources: [a.yaml]\n"}, "DIR/app/kustomization.yaml: it refers to DIR/app/a.yaml, which does not exist"},
	} {
		if _, got := built(t, test.files, Options{}); got != test.want {
			t.Errorf("%s: got  %s\nwant %s", name, got, test.want)
		}
	}
	for name, text := range map[string]string{"no field of it": "resource: [a.yaml]\n", "no YAML": "resources: [\n", "nothing": "\n"} {
		_, got := built(t, map[string]string{"app/kustomization.yaml": text}, Options{})
		if !strings.HasPrefix(got, "DIR/app/kustomization.yaml: it cannot be built: ") || strings.Contains(got, "\n") {
			t.Errorf("%s: got %s", name, got)
		}
	}
}

// Each of these is what a stranger could put into a pull request.
func TestNothingIsFetched(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		_, _ = w.Write([]byte(pod))
	}))
	defer server.Close()
	patch := "apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: x}\npath: URL\ntarget: {kind: Pod}\n"
	for name, files := range map[string]map[string]string{
		"a resource":                   {"app/kustomization.yaml": "resources: [URL]\n"},
		"a base of a base":             {"app/kustomization.yaml": "resources: [../b]\n", "b/kustomization.yaml": "resources: [URL]\n"},
		"another spelling":             {"app/kustomization.yaml": "resources: [\"\\x68ttp://127.0.0.1/x\"]\n"},
		"a component":                  {"app/kustomization.yaml": "components: [URL]\n"},
		"a patch":                      {"app/kustomization.yaml": "resources: [a.yaml]\npatches: [{path: URL}]\n", "app/a.yaml": pod},
		"a strategic merge patch":      {"app/kustomization.yaml": "resources: [a.yaml]\npatchesStrategicMerge: [URL]\n", "app/a.yaml": pod},
		"a JSON patch":                 {"app/kustomization.yaml": "resources: [a.yaml]\npatchesJson6902: [{path: URL, target: {version: v1, kind: Pod, name: web}}]\n", "app/a.yaml": pod},
		"a replacement":                {"app/kustomization.yaml": "resources: [a.yaml]\nreplacements: [{path: URL}]\n", "app/a.yaml": pod},
		"a file of a ConfigMap":        {"app/kustomization.yaml": "configMapGenerator: [{name: c, files: [k=URL]}]\n"},
		"a file of a Secret":           {"app/kustomization.yaml": "secretGenerator: [{name: c, envs: [URL]}]\n"},
		"a schema":                     {"app/kustomization.yaml": "resources: [a.yaml]\nopenapi: {path: URL}\n", "app/a.yaml": pod},
		"a CRD":                        {"app/kustomization.yaml": "resources: [a.yaml]\ncrds: [URL]\n", "app/a.yaml": pod},
		"a configuration":              {"app/kustomization.yaml": "resources: [a.yaml]\nconfigurations: [URL]\n", "app/a.yaml": pod},
		"a transformer":                {"app/kustomization.yaml": "resources: [a.yaml]\ntransformers: [URL]\n", "app/a.yaml": pod},
		"what a transformer refers to": {"app/kustomization.yaml": "resources: [a.yaml]\ntransformers: [t.yaml]\n", "app/a.yaml": pod, "app/t.yaml": patch},
		"a transformer under cover":    {"app/kustomization.yaml": "resources: [a.yaml]\ntransformers: [t.yaml]\n", "app/a.yaml": pod, "app/t.yaml": strings.Replace(patch, "builtin", `"\x62uiltin"`, 1)},
		"a transformer in a List":      {"app/kustomization.yaml": "resources: [a.yaml]\ntransformers: [t.yaml]\n", "app/a.yaml": pod, "app/t.yaml": "apiVersion: v1\nkind: List\nitems:\n- " + strings.ReplaceAll(strings.TrimSpace(patch), "\n", "\n  ") + "\n"},
		"a transformer in the file":    {"app/kustomization.yaml": "resources: [a.yaml]\ntransformers:\n- |\n  " + strings.ReplaceAll(patch, "\n", "\n  ") + "\n", "app/a.yaml": pod},
		"a transformer that is made": {
			"app/kustomization.yaml": "resources: [a.yaml]\ntransformers: [t]\n", "app/a.yaml": pod,
			"app/t/kustomization.yaml": "resources: [t.yaml]\npatches: [{target: {kind: PatchTransformer}, patch: '[{op: replace, path: /path, value: URL}]'}]\n",
			"app/t/t.yaml":             strings.Replace(patch, "URL", "../a.yaml", 1),
		},
		"a repository":             {"app/kustomization.yaml": "resources: ['git::https://127.0.0.1/a/b.git']\n"},
		"a repository by SSH":      {"app/kustomization.yaml": "resources: ['git@127.0.0.1:a/b']\n"},
		"a repository at GitHub":   {"app/kustomization.yaml": "resources: [GitHub.com/a/b]\n"},
		"a repository on the disk": {"app/kustomization.yaml": "resources: ['file:///a/b.git']\n"},
	} {
		files := maps.Clone(files)
		for path, text := range files {
			files[path] = strings.ReplaceAll(text, "URL", server.URL+"/x.yaml")
		}
		_, got := built(t, files, Options{})
		if !strings.Contains(got, "pass --allow-remote to ") {
			t.Errorf("%s: got %s", name, got)
		}
	}
	if n := asked.Load(); n > 0 {
		t.Errorf("%d requests were made", n)
	}
	files := map[string]string{"app/kustomization.yaml": "resources: [" + server.URL + "/x.yaml]\n"}
	if texts, fault := built(t, files, Options{AllowRemote: true}); len(texts) != 1 || asked.Load() != 1 {
		t.Errorf("allowed, it is not fetched: %v, %s", texts, fault)
	}
}

func TestNothingIsRun(t *testing.T) {
	t.Parallel()
	function := "apiVersion: example.com/v1\nkind: F\nmetadata:\n  name: f\n  annotations:\n    config.kubernetes.io/function: |\n      "
	for name, files := range map[string]map[string]string{
		"Helm":                    {"app/kustomization.yaml": "helmCharts: [{name: x, repo: 'https://charts.example.com'}]\n"},
		"Helm as it was called":   {"app/kustomization.yaml": "helmChartInflationGenerator: [{chartName: x}]\n"},
		"Helm in a generator":     {"app/kustomization.yaml": "generators: [g.yaml]\n", "app/g.yaml": "apiVersion: builtin\nkind: HelmChartInflationGenerator\nmetadata: {name: x}\nname: x\n"},
		"a program":               {"app/kustomization.yaml": "generators: [g.yaml]\n", "app/g.yaml": function + "exec: {path: ./run.sh}\n", "app/run.sh": "#!/bin/sh\ntouch RAN\n"},
		"a container":             {"app/kustomization.yaml": "transformers: [g.yaml]\nresources: [a.yaml]\n", "app/a.yaml": pod, "app/g.yaml": function + "container: {image: evil}\n"},
		"a program in validators": {"app/kustomization.yaml": "validators: [g.yaml]\nresources: [a.yaml]\n", "app/a.yaml": pod, "app/g.yaml": function + "exec: {path: ./run.sh}\n", "app/run.sh": "#!/bin/sh\ntouch RAN\n"},
	} {
		dir := write(t, files)
		if _, err := os.Stat(filepath.Join(dir, "app/run.sh")); err == nil {
			ran := filepath.Join(dir, "ran")
			if err := os.WriteFile(filepath.Join(dir, "app/run.sh"), []byte("#!/bin/sh\ntouch "+ran+"\n"), 0o700); err != nil {
				t.Fatal(err)
			}
			defer func() {
				if _, err := os.Stat(ran); err == nil {
					t.Errorf("%s: it ran", name)
				}
			}()
		}
		if _, got := buildIn(dir, Options{}); got == "" {
			t.Errorf("%s: it is built", name)
		}
	}
}

func TestNothingOutsideTheTreeIsRead(t *testing.T) {
	t.Parallel()
	outside := t.TempDir()
	for name, text := range map[string]string{"kustomization.yaml": "resources: [pod.yaml]\n", "pod.yaml": pod, "secret": "secret"} {
		if err := os.WriteFile(filepath.Join(outside, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{
		"a file":                "resources: [" + outside + "/pod.yaml]\n",
		"a base":                "resources: [RELATIVE]\n",
		"a link to a file":      "resources: [link/pod.yaml]\n",
		"a link to a base":      "resources: [link]\n",
		"a file of a ConfigMap": "configMapGenerator: [{name: c, files: [" + outside + "/secret]}]\n",
		"a patch":               "resources: [a.yaml]\npatches: [{path: RELATIVE/pod.yaml}]\n",
	} {
		dir := write(t, map[string]string{"app/a.yaml": pod})
		relative, err := filepath.Rel(filepath.Join(dir, "app"), outside)
		if err != nil {
			t.Fatal(err)
		}
		text = strings.ReplaceAll(text, "RELATIVE", relative)
		if err := os.WriteFile(filepath.Join(dir, "app/kustomization.yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(outside, filepath.Join(dir, "app/link")); err != nil {
			t.Fatal(err)
		}
		if _, got := buildIn(dir, Options{}); !strings.Contains(got, "which is outside of DIR: not read") {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

func TestNothingIsWritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	files := &confined{tree: dir, dir: dir}
	_, create := files.Create(dir + "/a")
	for _, err := range []error{create, files.Mkdir(dir + "/a"), files.MkdirAll(dir + "/a"), files.WriteFile(dir+"/a", nil), files.RemoveAll(dir)} {
		if !errors.Is(err, errReadOnly) {
			t.Errorf("got %v", err)
		}
	}
}
