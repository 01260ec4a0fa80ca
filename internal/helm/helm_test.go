package helm

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/internal/limit"
)

// options are those of a check without flags.
func options() Options {
	return Options{
		ReleaseName: "r", Namespace: "n", Kubernetes: "v1.37.0", Limits: limit.Default(),
		Now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
	}
}

// write makes a chart of files, with a Chart.yaml unless there is one, and
// returns its directory.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "chart")
	if files["Chart.yaml"] == "" {
		files = maps.Clone(files)
		files["Chart.yaml"] = "apiVersion: v2\nname: web\nversion: 1.0.0\n"
	}
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// rendered renders a chart of files to texts by their paths in it.
func rendered(t *testing.T, files map[string]string, o Options) (map[string]string, error) {
	t.Helper()
	dir := write(t, files)
	texts, err := Render(dir, dir, o)
	made := map[string]string{}
	for _, text := range texts {
		rel, rerr := filepath.Rel(dir, text.Path)
		if rerr != nil {
			t.Fatal(rerr)
		}
		made[filepath.ToSlash(rel)] += string(text.Rendered)
	}
	return made, err
}

func TestAChartIsRenderedAsHelmTemplateDoes(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"values.yaml":              "a: own\nb: own\n",
		"templates/_help.tpl":      `{{ define "x" }}{{ .Release.Name }}/{{ .Release.Namespace }}{{ end }}`,
		"templates/a.yaml":         `a: {{ .Values.a }}, b: {{ .Values.b }}, x: {{ include "x" . }}, k: {{ .Capabilities.KubeVersion.Minor }}`,
		"templates/has.yaml":       `has: {{ .Capabilities.APIVersions.Has "example.com/v1" }} {{ .Capabilities.APIVersions.Has "apps/v1" }}`,
		"templates/install.yaml":   `install: {{ .Release.IsInstall }} {{ .Release.IsUpgrade }} {{ .Release.Service }}`,
		"templates/empty.yaml":     "{{ if .Values.none }}a{{ end }}\n",
		"templates/NOTES.txt":      "Thank you.",
		"crds/c.yaml":              "kind: {{ not a template }}",
		"files/in.txt":             "from a file",
		"templates/file.yaml":      `file: {{ .Files.Get "files/in.txt" }}`,
		"templates/out.yaml":       "{{ broken",
		".helmignore":              "out.yaml\n",
		"charts/sub/Chart.yaml":    "apiVersion: v2\nname: sub\nversion: 1.0.0\n",
		"charts/sub/values.yaml":   "z: own\n",
		"charts/sub/templates/s.y": "z: {{ .Values.z }}",
	}
	o := options()
	o.Values = map[string]any{"b": "mine", "sub": map[string]any{"z": "mine"}}
	o.Kubernetes, o.APIVersions = "v1.30.0", []string{"example.com/v1"}
	got, err := rendered(t, files, o)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"templates/a.yaml": "a: own, b: mine, x: r/n, k: 30", "templates/has.yaml": "has: true true",
		"templates/install.yaml": "install: true false Helm", "crds/c.yaml": "kind: {{ not a template }}",
		"templates/empty.yaml": "",
		"templates/file.yaml":  "file: from a file", "charts/sub/templates/s.y": "z: mine",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestChartsInAChartAreSwitchedByConditionsAndTags(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies:\n" +
			"- {name: sub, version: 1.0.0, condition: sub.on}\n- {name: sub, version: 1.0.0, alias: other, tags: [extra]}\n",
		"values.yaml":               "sub: {on: true}\ntags: {extra: false}\n",
		"charts/sub/Chart.yaml":     "apiVersion: v2\nname: sub\nversion: 1.0.0\n",
		"charts/sub/templates/s.y":  "name: {{ .Chart.Name }}\n",
		"charts/sub/templates/_h.y": "",
	}
	for name, test := range map[string]struct {
		values map[string]any
		want   string
	}{
		"as the chart has it":   {nil, "name: sub\n"},
		"off by the condition":  {map[string]any{"sub": map[string]any{"on": false}}, ""},
		"and on by the tag too": {map[string]any{"tags": map[string]any{"extra": true}}, "name: other\nname: sub\n"},
	} {
		o := options()
		o.Values = test.values
		got, err := rendered(t, files, o)
		if err != nil || got["charts/sub/templates/s.y"] != test.want {
			t.Errorf("%s: %q, %v; want %q", name, got, err, test.want)
		}
	}
}

func TestFaultsNameTheFileAndTheLine(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		files map[string]string
		want  string
	}{
		"a template that does not parse": {
			map[string]string{"templates/a.yaml": "a: 1\nb: {{ .Values.x }\n"},
			`templates/a.yaml:2: the template cannot be rendered: unexpected "}" in operand`,
		},
		"a function that does not exist": {
			map[string]string{"templates/a.yaml": "a: 1\nb: 2\nc: {{ nope }}\n"},
			`templates/a.yaml:3: the template cannot be rendered: function "nope" not defined`,
		},
		"a value that is not there": {
			map[string]string{"templates/a.yaml": "a: 1\nb: {{ .Values.x.y }}\n"},
			`templates/a.yaml:2: the template cannot be rendered: at <.Values.x.y>: nil pointer evaluating interface {}.y`,
		},
		"a required value": {
			map[string]string{"templates/a.yaml": "\n\n{{ required \"name an image\" .Values.image }}\n"},
			`templates/a.yaml:3: the template cannot be rendered: name an image`,
		},
		"a helper that another file includes": {
			map[string]string{
				"templates/_h.tpl": "{{ define \"h\" }}\n{{ .Values.x.y }}\n{{ end }}", "templates/a.yaml": "a: 1\n{{ include \"h\" . }}\n",
			},
			`templates/_h.tpl:2: the template cannot be rendered: at <.Values.x.y>: nil pointer evaluating interface {}.y, for DIR/templates/a.yaml, line 2`,
		},
		"a chart in the chart": {
			map[string]string{"charts/s/Chart.yaml": "apiVersion: v2\nname: s\nversion: 1.0.0\n", "charts/s/templates/a.yaml": "\n{{ fail \"no\" }}"},
			`charts/s/templates/a.yaml:2: the template cannot be rendered: no`,
		},
		"a broken Chart.yaml": {
			map[string]string{"Chart.yaml": "apiVersion: v2\nname: [\n"},
			`Chart.yaml: cannot load Chart.yaml: error converting YAML to JSON: yaml: line 2: did not find expected node content`,
		},
		"a Chart.yaml without a version": {
			map[string]string{"Chart.yaml": "apiVersion: v2\nname: web\n"},
			`Chart.yaml: validation: chart.metadata.version is required`,
		},
		"a dependency that is missing": {
			map[string]string{"Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies: [{name: redis, version: 1.x, repository: 'https://charts.example.com'}]\n"},
			`Chart.yaml: the dependency "redis" is not in charts/: run "helm dependency build" first, nothing is fetched here`,
		},
		"another Kubernetes": {
			map[string]string{"Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\nkubeVersion: '<1.30.0'\n"},
			`Chart.yaml: the chart is for Kubernetes <1.30.0, not for v1.37.0: pass --kubernetes-version`,
		},
		"values against the schema": {
			map[string]string{"values.yaml": "size: x\n", "values.schema.json": `{"properties": {"size": {"type": "integer"}}}`},
			`values.schema.json: the values are not what the chart's schema asks for: at '/size': got string, want integer`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := write(t, test.files)
			_, err := Render(dir, dir, options())
			if got := strings.ReplaceAll(shown(err), dir, "DIR"); got != "DIR/"+test.want {
				t.Errorf("got  %s\nwant DIR/%s", got, test.want)
			}
		})
	}
}

// shown is a fault as people see it.
func shown(err error) string {
	var f *Fault
	if !errors.As(err, &f) {
		return "no fault"
	}
	if f.Line > 0 {
		return f.Path + ":" + strconv.Itoa(f.Line) + ": " + f.Error()
	}
	return f.Path + ": " + f.Error()
}

func TestALibraryRendersNothing(t *testing.T) {
	t.Parallel()
	if _, err := Render("../../examples/charts/common", "../../examples/charts/common", options()); !errors.Is(err, ErrLibrary) {
		t.Errorf("got %v", err)
	}
}

func TestTheExamplesRenderTheSameInEveryRun(t *testing.T) {
	t.Parallel()
	charts, err := filepath.Glob("../../examples/charts/*")
	if err != nil || len(charts) < 11 {
		t.Fatalf("%d charts, %v", len(charts), err)
	}
	for _, dir := range charts {
		first, err := Render(dir, dir, options())
		if err != nil && !errors.Is(err, ErrLibrary) {
			t.Errorf("%s: %v", dir, err)
		}
		again, _ := Render(dir, dir, options())
		if diff := cmp.Diff(first, again, cmp.AllowUnexported(Text{}, origin{})); diff != "" {
			t.Errorf("%s: the second run differs:\n%s", dir, diff)
		}
		if !slices.IsSortedFunc(first, func(a, b Text) int { return strings.Compare(a.Path, b.Path) }) {
			t.Errorf("%s: the files are not in order", dir)
		}
	}
}

func TestSettingsAreMergedInHelmsOrder(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{"v.yaml": "a: file\nb: file\nc: {d: file, e: file}\n", "w.yaml": "b: second\n", "text": "a text\n"})
	s := Settings{
		Files: []string{dir + "/v.yaml", dir + "/w.yaml"}, JSON: []string{`{"j": [1]}`, `k={"l":true}`},
		Set: []string{"c.d=1,s={x,y}"}, String: []string{"t=1"}, File: []string{"f=" + dir + "/text"}, Literal: []string{"u=a,b"},
	}
	got, err := s.Merge()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"a": "file", "b": "second", "c": map[string]any{"d": int64(1), "e": "file"}, "j": []any{1.0}, "k": map[string]any{"l": true},
		"s": []any{"x", "y"}, "t": "1", "f": "a text\n", "u": "a,b",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestBrokenSettingsAreOneLine(t *testing.T) {
	t.Parallel()
	for want, s := range map[string]Settings{
		`--set: "a" is not KEY=VALUE: key "a" has no value`:                                  {Set: []string{"a"}},
		`--values: "https://x.example/v.yaml" is no local file, and nothing is fetched here`: {Files: []string{"https://x.example/v.yaml"}},
		`--values: standard input is for manifests: name a file`:                             {Files: []string{"-"}},
		`--set-json: "{" is no JSON: unexpected end of JSON input`:                           {JSON: []string{"{"}},
	} {
		if err := s.Check(); err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
	dir := write(t, map[string]string{"v.yaml": "- a list\n", "large.yaml": "a: " + strings.Repeat("x", maxValues)})
	for want, s := range map[string]Settings{
		dir + "/none.yaml: cannot be read: no such file or directory":                                             {Files: []string{dir + "/none.yaml"}},
		dir + "/large.yaml: it is larger than 4 MiB, too large for values: leave out what the chart does not use": {Files: []string{dir + "/large.yaml"}},
		dir + "/v.yaml: the values are no YAML map: ":                                                             {Files: []string{dir + "/v.yaml"}},
	} {
		if _, err := s.Merge(); !strings.HasPrefix(shown(err), want) {
			t.Errorf("got  %v\nwant %s", shown(err), want)
		}
	}
}
