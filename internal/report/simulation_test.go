package report

import (
	"bytes"
	"encoding/json"
	"testing"
)

func simulations() map[string]Simulation {
	document := func(results ...SimulationResult) Simulation {
		return Simulation{
			APIVersion: APIVersion, Kind: "PodSecurityPolicySimulation", Results: append([]SimulationResult{}, results...),
			NotChecked: []NotChecked{}, Errors: []Error{}, Notes: []string{}, Summary: SimulationSummary{Policies: 2, Pods: len(results)},
		}
	}
	as := func(kind, name string) SimulationResult {
		return SimulationResult{
			Source: Source{File: "a.yaml", Document: 1, Line: 3}, Object: Object{"v1", kind, "shop", name},
			Patch: []PatchOperation{}, Errors: []SimulationError{}, Unusable: []string{},
		}
	}
	quiet := as("Pod", "quiet")
	quiet.Admitted, quiet.Policy = true, "open"
	mutated := as("ReplicationController", "mutated")
	mutated.Source.Template = "spec.template"
	mutated.Admitted, mutated.Policy, mutated.Mutated, mutated.Partial = true, "tight", true, true
	mutated.Patch = []PatchOperation{
		{"add", "/spec/securityContext", map[string]any{"fsGroup": json.Number("1")}},
		{"replace", "/spec/containers/0/securityContext/capabilities/drop", []any{"CHOWN", hostile}},
	}
	refused := as("Pod", "refused")
	refused.Message = "PodSecurityPolicy: unable to admit pod: [" + hostile + "]"
	refused.Errors = []SimulationError{{"tight", "spec.volumes[0]", hostile}, {hostile, hostile, "Required value"}}
	refused.Unusable = []string{"open", hostile}
	unknown := as("Pod", hostile)
	unknown.Message = "PodSecurityPolicy: no providers available to validate pod request"
	many := document(quiet, mutated, refused, unknown, quiet)
	many.Notes = []string{"a note", hostile}
	return map[string]Simulation{"nothing": document(), "one": document(quiet), "many": many}
}

func TestEveryFormatOfASimulationIsAsItsGolden(t *testing.T) {
	t.Parallel()
	got := map[string][]byte{}
	for name, s := range simulations() {
		for _, format := range SimulationFormats() {
			var out bytes.Buffer
			must(t, WriteSimulation(&out, format, Style{}, &s))
			got["simulation-"+name+"."+format] = out.Bytes()
		}
		var out bytes.Buffer
		must(t, WriteSimulation(&out, "text", Style{Colour: true}, &s))
		got["simulation-"+name+".terminal"] = out.Bytes()
	}
	compareGoldens(t, "simulation-*", got)
}

func TestASimulationIsWrittenInNoUnknownFormat(t *testing.T) {
	t.Parallel()
	if err := WriteSimulation(&bytes.Buffer{}, "toml", Style{}, &Simulation{}); err == nil {
		t.Error("a simulation was written as toml")
	}
}
