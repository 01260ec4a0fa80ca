package report

import (
	"bytes"
	"testing"
)

func pspMutations() map[string]PSPMutating {
	document := func() PSPMutating {
		return PSPMutating{
			APIVersion: APIVersion, Kind: "PodSecurityPolicyMutations", Policies: []PSPMutatingPolicy{}, Pods: []PSPMutatedPod{},
			NotCompared: []PSPNotCompared{}, NotChecked: []NotChecked{}, Errors: []Error{},
		}
	}
	at := Source{File: "a.yaml", Document: 1, Line: 3}
	one := document()
	one.Policies = []PSPMutatingPolicy{{at, "open", []PSPMapSetting{}}}
	many := document()
	many.Policies = []PSPMutatingPolicy{
		{at, "open", []PSPMapSetting{}},
		{at, hostile, []PSPMapSetting{{"fsGroup", `{"rule":"MustRunAs"}`, ""}, {"metadata.annotations[a/b]", hostile, ""}}},
	}
	object := Object{"v1", "Pod", "shop", "web-1"}
	owner := Object{"apps/v1", "ReplicaSet", "shop", "web"}
	many.Pods = []PSPMutatedPod{
		{
			at, object, "tight", owner, []PSPChange{{"spec.securityContext.fsGroup", "", "1"}, {"metadata.annotations[a/b]", hostile, hostile}},
			[]PSPChange{{"spec.runtimeClassName", "", hostile}},
		},
		{at, Object{"v1", "Pod", "shop", hostile}, "", owner, []PSPChange{{hostile, "1", ""}}, []PSPChange{}},
		{at, object, hostile, owner, []PSPChange{}, []PSPChange{{"spec.securityContext.fsGroup", "", "2"}, {hostile, "1", ""}}},
	}
	many.NotCompared = []PSPNotCompared{{at, object, "no controller made it"}, {at, object, hostile}}
	many.Summary = PSPMutatingSummary{2, 1, 5, 2, 1, 2}
	return map[string]PSPMutating{"nothing": document(), "one": one, "many": many}
}

func TestEveryFormatOfMutationsIsAsItsGolden(t *testing.T) {
	t.Parallel()
	got := map[string][]byte{}
	for name, m := range pspMutations() {
		for _, format := range PSPMutatingFormats() {
			var out bytes.Buffer
			must(t, WritePSPMutating(&out, format, Style{}, &m))
			got["pspmutating-"+name+"."+format] = out.Bytes()
		}
		var out bytes.Buffer
		must(t, WritePSPMutating(&out, "text", Style{Colour: true}, &m))
		got["pspmutating-"+name+".terminal"] = out.Bytes()
	}
	compareGoldens(t, "pspmutating-*", got)
}

func TestMutationsAreWrittenInNoUnknownFormat(t *testing.T) {
	t.Parallel()
	if err := WritePSPMutating(&bytes.Buffer{}, "toml", Style{}, &PSPMutating{}); err == nil {
		t.Error("mutations were written as toml")
	}
}
