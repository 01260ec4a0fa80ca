package report

import (
	"bytes"
	"testing"

	"github.com/gabion-security/gabion/api/v1alpha1"
)

func pspConversions() map[string]PSPConversion {
	document := func(policies ...PSPConverted) PSPConversion {
		return PSPConversion{
			APIVersion: APIVersion, Kind: "PodSecurityPolicyConversion", Version: "latest",
			Policies: append([]PSPConverted{}, policies...), NotChecked: []NotChecked{}, Errors: []Error{},
		}
	}
	quiet := PSPConverted{
		Source: Source{File: "a.yaml", Document: 1, Line: 1}, Name: "quiet", Level: "baseline",
		Labels: map[string]string{"b": "latest", "a": "baseline"}, Lost: []PSPLoss{}, Mutates: []PSPMapSetting{}, Refused: []PSPRefusal{},
	}
	loud := quiet
	loud.Name, loud.Source.File = hostile, hostile
	loud.Profile = &PSPProfile{
		APIVersion: APIVersion, Kind: "PodSecurityProfile", Metadata: PSPProfileMetadata{Name: "loud"},
		Spec: v1alpha1.PodSecurityProfileSpec{Base: v1alpha1.Base{Level: "baseline"}},
	}
	loud.Lost = []PSPLoss{
		{"fsGroups", "fsGroup", `{"rule":"MustRunAs"}`, []string{"any group"}},
		{"volumeTypes", "volumes", hostile, []string{"a", "b", "c", "d"}},
		{"appArmorProfiles", "metadata.annotations[" + hostile + "]", "", []string{"a", "b", "c", "d", "e"}},
	}
	loud.Mutates = []PSPMapSetting{{Field: "fsGroup", Value: "{}"}}
	loud.Refused = []PSPRefusal{{"sysctls", []PSPMapFinding{{"spec.x", hostile}, {"spec.containers[0].y", nil}}}}
	profiled := loud
	profiled.Name, profiled.Source.File = "profiled", "b.yaml"
	return map[string]PSPConversion{"nothing": document(), "one": document(quiet), "many": document(loud, quiet, profiled)}
}

func TestEveryFormatOfAConversionIsAsItsGolden(t *testing.T) {
	t.Parallel()
	got := map[string][]byte{}
	for name, c := range pspConversions() {
		for _, format := range PSPConversionFormats() {
			var out bytes.Buffer
			must(t, WritePSPConversion(&out, format, Style{}, &c))
			got["pspconvert-"+name+"."+format] = out.Bytes()
		}
		var out bytes.Buffer
		must(t, WritePSPConversion(&out, "labels", Style{Colour: true}, &c))
		got["pspconvert-"+name+".terminal"] = out.Bytes()
	}
	compareGoldens(t, "pspconvert-*", got)
}

func TestAConversionIsWrittenInNoUnknownFormat(t *testing.T) {
	t.Parallel()
	if err := WritePSPConversion(&bytes.Buffer{}, "toml", Style{}, &PSPConversion{}); err == nil {
		t.Error("a conversion was written as toml")
	}
}
