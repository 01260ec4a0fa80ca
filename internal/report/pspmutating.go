package report

import (
	"io"
	"strings"
)

// PSPMutating says which PodSecurityPolicies change pods, and which pods they
// changed.
type PSPMutating struct {
	APIVersion string              `json:"apiVersion"`
	Kind       string              `json:"kind"`
	Policies   []PSPMutatingPolicy `json:"policies"`
	// Pods are those that differ from their template.
	Pods []PSPMutatedPod `json:"pods"`
	// NotCompared are pods whose template is not in the input.
	NotCompared []PSPNotCompared   `json:"notCompared"`
	NotChecked  []NotChecked       `json:"notChecked"`
	Errors      []Error            `json:"errors"`
	Summary     PSPMutatingSummary `json:"summary"`
}

// PSPMutatingPolicy is a policy with the settings by which it changes pods.
type PSPMutatingPolicy struct {
	Source  Source          `json:"source"`
	Name    string          `json:"name"`
	Mutates []PSPMapSetting `json:"mutates"`
}

// PSPMutatedPod is a pod that differs from its template.
type PSPMutatedPod struct {
	Source Source `json:"source"`
	Object Object `json:"object"`
	// Policy is the one that admitted the pod, empty if it does not say.
	Policy string `json:"policy"`
	// Template is the object with the template.
	Template Object `json:"template"`
	// Changes are those that the policy can have made, or all if it is not known.
	Changes []PSPChange `json:"changes"`
	// Others are those that something else has made.
	Others []PSPChange `json:"others"`
}

// PSPChange is a setting that a pod has otherwise than its template, as JSON;
// empty is not set.
type PSPChange struct {
	Path     string `json:"path"`
	Template string `json:"template"`
	Pod      string `json:"pod"`
}

// PSPNotCompared is a pod that could not be compared.
type PSPNotCompared struct {
	Source Source `json:"source"`
	Object Object `json:"object"`
	Reason string `json:"reason"`
}

// PSPMutatingSummary counts.
type PSPMutatingSummary struct {
	Policies int `json:"policies"`
	// Mutating are those of them that change pods.
	Mutating int `json:"mutating"`
	Pods     int `json:"pods"`
	// Mutated are those of them that a policy can have changed, and Changed those
	// that only something else has.
	Mutated     int `json:"mutated"`
	Changed     int `json:"changed"`
	NotCompared int `json:"notCompared"`
}

// PSPMutatingFormats are the formats of the report.
func PSPMutatingFormats() []string { return []string{"text", "json", "yaml"} }

// WritePSPMutating writes the report in a format of [PSPMutatingFormats]; an
// unknown format is an error.
func WritePSPMutating(w io.Writer, format string, style Style, m *PSPMutating) error {
	if format != "text" {
		return writeDocument(w, format, m)
	}
	rows := [][]string{{"POLICY", "CHANGES PODS BY", "VALUE"}}
	for _, p := range m.Policies {
		name := Escape(p.Name)
		for _, s := range p.Mutates {
			rows = append(rows, []string{name, Escape(shortField(s.Field)), shortValue(s.Value)})
			name = ""
		}
		if len(p.Mutates) == 0 {
			rows = append(rows, []string{name, "nothing"})
		}
	}
	var b strings.Builder
	if len(m.Policies) > 0 {
		for _, line := range grid(rows) {
			b.WriteString(line + "\n")
		}
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return err
	}
	t := checkTable{w: w, style: style, begun: len(m.Policies) > 0}
	for i := range m.Pods {
		if err := t.mutated(&m.Pods[i]); err != nil {
			return err
		}
	}
	for _, n := range m.NotCompared {
		if err := t.block("NOT COMPARED  "+t.object(n.Object)+besides(n.Source)+"  "+EscapeSentence(n.Reason), ""); err != nil {
			return err
		}
	}
	return nil
}

// mutated writes one pod.
func (t *checkTable) mutated(p *PSPMutatedPod) error {
	heading := t.style.paint(yellow, "MUTATED")
	by := "  by "
	if len(p.Changes) == 0 {
		heading, by = "CHANGED", "  not by "
	}
	heading += "  " + t.object(p.Object) + besides(p.Source)
	if p.Policy != "" {
		heading += by + Escape(p.Policy)
	}
	heading += ", template of " + Escape(p.Template.KindName())
	var body strings.Builder
	for _, part := range []struct {
		title   string
		changes []PSPChange
	}{{"PATH", p.Changes}, {"CHANGED BY SOMETHING ELSE", p.Others}} {
		rows := [][]string{{"    " + part.title, "TEMPLATE", "POD"}}
		for _, c := range part.changes {
			rows = append(rows, []string{"    " + Escape(shortField(c.Path)), shortValue(c.Template), shortValue(c.Pod)})
		}
		if len(rows) == 1 {
			continue
		}
		for _, line := range grid(rows) {
			body.WriteString(line + "\n")
		}
	}
	return t.block(heading, body.String())
}
