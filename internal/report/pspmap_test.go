package report

import (
	"bytes"
	"strings"
	"testing"
)

func pspMaps() map[string]PSPMap {
	document := func(policies ...PSPMapPolicy) PSPMap {
		return PSPMap{
			APIVersion: APIVersion, Kind: "PodSecurityPolicyMap", Version: "latest",
			Policies: append([]PSPMapPolicy{}, policies...), NotChecked: []NotChecked{}, Errors: []Error{},
		}
	}
	quiet := PSPMapPolicy{
		Source: Source{File: "a.yaml", Document: 1, Line: 1}, Name: "quiet", CouldAdmit: "baseline", ByFields: "baseline", Decisive: []string{}, Nearest: "restricted",
		Differences: []string{}, Controls: []PSPMapControl{}, NoOpinion: []PSPMapSetting{},
	}
	loud := quiet
	loud.CouldAdmit, loud.Decisive = "privileged", []string{"probes"}
	loud.Name, loud.Differences = hostile, []string{"sysctls", "procMount"}
	loud.Need = &PSPMapNeed{Level: "baseline", Pods: 3, Mutated: 2, Failing: []string{"runAsNonRoot", "runAsUser"}}
	long := `"` + strings.Repeat("x", 70) + `"`
	many := []PSPMapFinding{{"spec.hostPID", true}, {"spec.containers[0].x", "a"}, {"spec.containers[0].y", nil}, {"spec.z", hostile}, {"spec.w", int64(1)}}
	loud.Controls = []PSPMapControl{
		{"sysctls", "Sysctls", "baseline", []PSPMapSetting{{"allowedUnsafeSysctls", long, ""}}, PSPLooser, many},
		{"four", "Four", "baseline", []PSPMapSetting{{"a", "1", ""}, {"b", "", ""}}, PSPLooser, many[:4]},
		{"probes", "Probes", "baseline", []PSPMapSetting{}, PSPNoField, many[:1]},
		{"users", "Users", "restricted", []PSPMapSetting{{"runAsUser", "{}", ""}}, PSPByIntent, many[:1]},
		{"seccomp", "Seccomp", "restricted", []PSPMapSetting{{"metadata.annotations[a/b]", hostile, ""}}, PSPMet, []PSPMapFinding{}},
	}
	loud.NoOpinion = []PSPMapSetting{{"fsGroup", "{}", "nowhere"}, {"metadata.annotations[" + hostile + "]", hostile, "somewhere"}}
	fine := quiet
	fine.Decisive = []string{"a", "b"}
	fine.Need = &PSPMapNeed{Level: "restricted", Pods: 1, Failing: []string{}}
	return map[string]PSPMap{"nothing": document(), "one": document(quiet), "many": document(loud, fine)}
}

func TestEveryFormatOfAMapOfPoliciesIsAsItsGolden(t *testing.T) {
	t.Parallel()
	got := map[string][]byte{}
	for name, m := range pspMaps() {
		for _, format := range PSPMapFormats() {
			var out bytes.Buffer
			must(t, WritePSPMap(&out, format, Style{}, &m))
			got["pspmap-"+name+"."+format] = out.Bytes()
		}
		var out bytes.Buffer
		must(t, WritePSPMap(&out, "text", Style{Colour: true}, &m))
		got["pspmap-"+name+".terminal"] = out.Bytes()
	}
	compareGoldens(t, "pspmap-*", got)
}

func TestAMapOfPoliciesIsWrittenInNoUnknownFormat(t *testing.T) {
	t.Parallel()
	if err := WritePSPMap(&bytes.Buffer{}, "toml", Style{}, &PSPMap{}); err == nil {
		t.Error("a map was written as toml")
	}
}
