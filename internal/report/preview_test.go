package report

import (
	"bytes"
	"testing"
)

func previews() map[string]Preview {
	document := func(namespaces ...PreviewNamespace) Preview {
		return Preview{
			APIVersion: APIVersion, Kind: "PreviewReport", Namespaces: append([]PreviewNamespace{}, namespaces...),
			NotChecked: []NotChecked{}, Errors: []Error{}, Summary: PreviewSummary{Namespaces: len(namespaces)},
		}
	}
	group := func(line string, names ...string) PreviewGroup {
		return PreviewGroup{
			Reason: "host namespaces", Names: names, Line: line,
			Violations: []PreviewViolation{{"hostNamespaces", "baseline", "host namespaces"}},
		}
	}
	quiet := PreviewNamespace{
		Namespace: "quiet", From: "baseline:latest", To: "baseline:latest",
		Warnings: []string{}, Groups: []PreviewGroup{}, Templates: []PreviewGroup{},
	}
	loud := PreviewNamespace{
		Namespace: "loud", From: "privileged:latest", To: "baseline:latest", Labeled: true, Evaluated: true,
		Warnings: []string{`existing pods in namespace "loud" violate the new PodSecurity enforce level "baseline:latest"`, "a (and 1 other pod): host namespaces"},
		Groups:   []PreviewGroup{group("a (and 1 other pod): host namespaces", "a", "b")},
		Templates: []PreviewGroup{
			group("deployment.apps/x: host namespaces", "deployment.apps/x"),
			group(hostile, hostile, "deployment.apps/y"),
		},
	}
	denied := quiet
	denied.Namespace, denied.Error = "denied", `The Namespace "denied" is invalid: …`
	profiled, meets := loud, quiet
	profiled.From, profiled.Labeled, profiled.Profile = "", false, hostile
	meets.Profile = "p"
	return map[string]Preview{"nothing": document(), "one": document(quiet), "many": document(denied, loud, quiet, profiled, meets)}
}

func TestEveryFormatOfAPreviewIsAsItsGolden(t *testing.T) {
	t.Parallel()
	got := map[string][]byte{}
	for name, p := range previews() {
		for _, format := range PreviewFormats() {
			var out bytes.Buffer
			must(t, WritePreview(&out, format, Style{}, &p))
			got["preview-"+name+"."+format] = out.Bytes()
		}
		var out bytes.Buffer
		must(t, WritePreview(&out, "text", Style{Colour: true}, &p))
		got["preview-"+name+".terminal"] = out.Bytes()
	}
	compareGoldens(t, "preview-*", got)
}

func TestAnUnknownFormatIsAnError(t *testing.T) {
	t.Parallel()
	if _, ok := NewCheck("toml", &bytes.Buffer{}, CheckOptions{}); ok {
		t.Error("a check was written as toml")
	}
	if err := WritePreview(&bytes.Buffer{}, "toml", Style{}, &Preview{}); err == nil {
		t.Error("a preview was written as toml")
	}
	if err := WriteLabel(&bytes.Buffer{}, "toml", &Label{}); err == nil {
		t.Error("a labelling was written as toml")
	}
	if err := WriteControls(&bytes.Buffer{}, "toml", Style{}, &Controls{}); err == nil {
		t.Error("controls were written as toml")
	}
	if err := WriteExplanation(&bytes.Buffer{}, "toml", Style{}, &Control{}); err == nil {
		t.Error("a control was written as toml")
	}
	if err := WriteVersion(&bytes.Buffer{}, "toml", Version{}); err == nil {
		t.Error("a version was written as toml")
	}
}
