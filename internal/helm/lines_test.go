package helm

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"text/template"

	"github.com/google/go-cmp/cmp"
)

// linesOf renders one template and returns the line of it that wrote each line.
func linesOf(t *testing.T, template string) []int {
	t.Helper()
	dir := write(t, map[string]string{
		"templates/a.yaml": template,
		"values.yaml":      "list: [1, 2]\nmap: {x: 1, y: 2}\ntext: \"a\\nb\"\n",
		"templates/_h.tpl": "{{ define \"h\" }}one: 1\ntwo: 2{{ end }}",
		"templates/o.yaml": "other: 1\n",
	})
	texts, err := Render(dir, dir, options())
	if err != nil {
		t.Fatal(err)
	}
	var lines []int
	for _, text := range texts {
		if filepath.Base(text.Path) != "a.yaml" {
			continue
		}
		for i := range strings.Split(strings.TrimRight(string(text.Rendered), "\n"), "\n") {
			line, _ := text.Origin(i+1, 1)
			lines = append(lines, line)
		}
	}
	return lines
}

func TestLinesAreThoseOfTheTemplate(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		template string
		want     []int
	}{
		"text":                          {"a: 1\nb: 2\n", []int{1, 2}},
		"a condition":                   {"{{ if true }}\na: 1\n{{ else }}\nb: 2\n{{ end }}\nc: 3\n", []int{1, 2, 5, 6}},
		"a condition that trims":        {"a: 1\n{{- if true }}\nb: 2\n{{- end }}\nc: 3\n", []int{1, 3, 5}},
		"the other branch":              {"{{- if false }}\na: 1\n{{- else }}\nb: 2\n{{- end }}\n", []int{3, 4}},
		"a loop":                        {"{{- range .Values.list }}\n- a\n- {{ . }}\n{{- end }}\nb: 1\n", []int{1, 2, 3, 2, 3, 5}},
		"a map in YAML":                 {"a:\n  {{- toYaml .Values.map | nindent 2 }}\nb: 1\n", []int{1, 2, 2, 3}},
		"a map in YAML without trim":    {"a:\n{{ toYaml .Values.map | indent 2 }}\nb: 1\n", []int{1, 2, 2, 3}},
		"a helper":                      {"{{ include \"h\" . }}\nb: 1\n", []int{1, 1, 2}},
		"a helper by template":          {"a: 1\n{{ template \"h\" . }}\n", []int{1, 2, 2}},
		"two on a line":                 {"a: {{ 1 }}{{ 2 }}\nb: {{ 3 -}}\n\n\nc\nd: 1\n", []int{1, 2, 6}},
		"a comment":                     {"{{/* a\nb */}}\na: 1\n{{- /* c */ -}}\n\nb: 2\n", []int{2, 3}},
		"actions with only space":       {"{{- $x := 1 }}\n{{- $y := 2 }}\n{{- $x }}\n{{- $y }}\n", []int{3}},
		"a string over lines":           {"a: |\n  {{ .Values.text }}\nb: 1\n", []int{1, 2, 2, 3}},
		"braces in a string":            {"a: {{ \"{{\" }}\nb: {{ tpl \"{{ 1 }}\" . }}\n", []int{1, 2}},
		"a digest of another template":  {"a: {{ include (print .Template.BasePath \"/o.yaml\") . | sha256sum }}\nb: 1\n", []int{1, 2}},
		"another template in it":        {"a: 1\n{{ include (print .Template.BasePath \"/o.yaml\") . }}\nb: 1\n", []int{1, 2, 2, 3}},
		"a definition in it":            {"{{ define \"x\" }}\nx: 1\n{{ end }}\na: {{ include \"x\" . | trim }}\n", []int{3, 4}},
		"line ends of Windows":          {"a: 1\r\n{{- if true }}\r\nb: 2\r\n{{- end }}\r\n", []int{1, 3}},
		"a number that begins like one": {"a: {{ -1 }}\nb: {{- 1 }}\n", []int{1, 2}},
		// What looks at a template's own text sees the marks: better no line than a
		// wrong one.
		"a template that counts another": {"a: {{ include (print .Template.BasePath \"/o.yaml\") . | len }}\nb: 1\n", []int{0, 0}},
		"a template with marks in it":    {"a: \"\x02\"\nb: 1\n", []int{0, 0}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, linesOf(t, test.template)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// A line that was found and has no action in it has to be what was rendered.
func TestLinesOfTheExamplesAreFoundAndRight(t *testing.T) {
	t.Parallel()
	charts, err := filepath.Glob("../../examples/charts/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range charts {
		texts, err := Render(dir, dir, options())
		if err != nil && !errors.Is(err, ErrLibrary) {
			t.Fatal(err)
		}
		for _, text := range texts {
			if len(text.Rendered) == 0 {
				continue
			}
			source, err := os.ReadFile(text.Path)
			if err != nil {
				t.Errorf("%s is no file of the chart", text.Path)
				continue
			}
			written := strings.Split(string(source), "\n")
			for i, line := range strings.Split(strings.TrimRight(string(text.Rendered), "\n"), "\n") {
				at, column := text.Origin(i+1, 1)
				switch {
				case at < 1 || at > len(written):
					t.Errorf("%s: the rendered line %d %q is not found", text.Path, i+1, line)
				case strings.Contains(written[at-1], "{{"):
				case written[at-1] != line || column != 1:
					t.Errorf("%s: %q is not line %d, %q", text.Path, line, at, written[at-1])
				}
			}
		}
	}
}

func TestColumnsAreKnownAsFarAsTheLinesAreTheSame(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{"templates/a.yaml": "a: é {{ \"x\" }}\n"})
	texts, err := Render(dir, dir, options())
	if err != nil || len(texts) != 1 {
		t.Fatal(texts, err)
	}
	for column, want := range map[int]int{1: 1, 4: 4, 6: 6, 7: 0} {
		if line, got := texts[0].Origin(1, column); line != 1 || got != want {
			t.Errorf("column %d is %d:%d, want 1:%d", column, line, got, want)
		}
	}
	for _, line := range []int{-1, 0, 9} {
		if at, column := texts[0].Origin(line, 1); at != 0 || column != 0 {
			t.Errorf("line %d is %d:%d", line, at, column)
		}
	}
}

func TestMarksChangeNothing(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"a\n{{- if .Values.x -}}\n b\n{{- end -}} c", "{{ range .Values.list }}\n{{ . }}\n{{ end }}", "{{- /* x */ -}}\n\n{{`raw\n`}}\n",
		"{{with .Values.map}}{{.x}}{{else}}y{{end}}\n\t{{- 1 }}", "{{define \"a\"}}b\n{{end}}{{template \"a\"}}", "é\n{{\"\\n\"}}\nb", "{{block \"b\" .}}x\n{{end}}",
		"{{ range .Values.list }}{{ if eq . 1 }}{{ continue }}{{ end }}\n{{- . }}\n{{ break }}{{ end }}\n", "a {{- /* */ -}} \n b", "{{- 1 -}}\n{{- 2 -}}", "broken {{",
	} {
		plain, err := execute(text)
		if err != nil {
			if withMarks(text, 7) != text {
				t.Errorf("%q is broken and changes", text)
			}
			continue
		}
		marked, err := execute(withMarks(text, 7))
		if err != nil || unmark(marked) != plain {
			t.Errorf("%q becomes %q, with marks %q, %v", text, plain, marked, err)
		}
	}
}

// execute runs a template as far as the standard library knows its functions.
func execute(text string) (string, error) {
	tree, err := template.New("t").Parse(text)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	err = tree.Execute(&b, map[string]any{"Values": map[string]any{"x": true, "list": []int{1, 2}, "map": map[string]int{"x": 1}}})
	return b.String(), err
}
