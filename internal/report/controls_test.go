package report

import (
	"bytes"
	"testing"
)

func controlLists() map[string]Controls {
	retired := Control{
		Name: "Old", Level: "restricted", Retired: true, Note: "Gone.", Revisions: []Revision{}, Fields: []string{}, Allowed: []string{},
		PSP: []PSP{{Name: "First", Fields: []string{"first"}}, {Name: "Second", Fields: []string{}, Note: "The table is wrong."}},
	}
	return map[string]Controls{
		"nothing": {APIVersion: APIVersion, Kind: "ControlList", Policy: "privileged:latest", Controls: []Control{}},
		"one":     {APIVersion: APIVersion, Kind: "ControlList", Controls: []Control{retired}},
		"many":    {APIVersion: APIVersion, Kind: "ControlList", Controls: []Control{fullControl(), plainControl(), retired}},
	}
}

func fullControl() Control {
	return Control{
		ID: "full", Name: "Full | control", Level: "baseline", Why: "Because it matters to everybody who runs it.", Fix: "Fix it.",
		Revisions: []Revision{
			{Since: "v1.0", Change: "It began.", Overrides: []string{}},
			{Since: "v1.25", Change: "It changed.", Overrides: []string{"plain", "other"}},
			{Since: "v1.30", Change: "It changed again.", Overrides: []string{}},
		},
		Fields: []string{"spec.a", "spec.b"}, Allowed: []string{"undefined", "false"},
		PSP: []PSP{{Name: "First", Fields: []string{"first", "1st"}, Note: "The table is wrong."}},
	}
}

func plainControl() Control {
	return Control{
		ID: "plain", Name: "Plain", Level: "baseline", Revisions: []Revision{{Since: "v1.34", Change: "New.", Overrides: []string{}}},
		Fields: []string{"spec.c"}, Allowed: []string{"undefined"}, Why: "Why.", Fix: "Fix.", PSP: []PSP{},
	}
}

func TestEveryFormatOfTheControlsIsAsItsGolden(t *testing.T) {
	t.Parallel()
	got := map[string][]byte{}
	for name, list := range controlLists() {
		for _, format := range ControlFormats() {
			var out bytes.Buffer
			must(t, WriteControls(&out, format, Style{}, &list))
			got["controls-"+name+"."+format] = out.Bytes()
		}
	}
	compareGoldens(t, "controls-*", got)
}

func TestEveryFormatOfAnExplanationIsAsItsGolden(t *testing.T) {
	t.Parallel()
	got := map[string][]byte{}
	for name, c := range map[string]Control{"full": fullControl(), "plain": plainControl(), "retired": controlLists()["one"].Controls[0]} {
		for _, format := range ExplainFormats() {
			var out bytes.Buffer
			must(t, WriteExplanation(&out, format, Style{}, &c))
			got["explain-"+name+"."+format] = out.Bytes()
		}
		var out bytes.Buffer
		must(t, WriteExplanation(&out, "text", Style{Colour: true, Width: 40}, &c))
		got["explain-"+name+".terminal"] = out.Bytes()
	}
	compareGoldens(t, "explain-*", got)
}

func TestEveryFormatOfAVersionIsAsItsGolden(t *testing.T) {
	t.Parallel()
	got := map[string][]byte{}
	for _, format := range VersionFormats() {
		var out bytes.Buffer
		must(t, WriteVersion(&out, format, Version{"v1.2.3", "abc", "go1.26.8", "linux/amd64", "v1.37"}))
		got["version."+format] = out.Bytes()
	}
	compareGoldens(t, "version.*", got)
}
