package report

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// PSPMap is what the Pod Security Standards have for PodSecurityPolicies.
type PSPMap struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	// Version is that of the standard.
	Version    string         `json:"version"`
	Policies   []PSPMapPolicy `json:"policies"`
	NotChecked []NotChecked   `json:"notChecked"`
	Errors     []Error        `json:"errors"`
}

// PSPMapPolicy is one policy. Its first three answers are to three questions.
type PSPMapPolicy struct {
	Source Source `json:"source"`
	Name   string `json:"name"`
	// CouldAdmit is the strictest level that every pod passes which the policy
	// admits.
	CouldAdmit string `json:"couldAdmit"`
	// ByFields is what CouldAdmit would be but for the controls that policies have
	// no field for, and Decisive the controls that keep it from that level, or from
	// the next one if that is no stricter.
	ByFields string   `json:"couldAdmitByFields"`
	Decisive []string `json:"decisive"`
	// Nearest is the level that asks for the most like the policy, and Differences
	// the controls in which it is another all the same.
	Nearest     string   `json:"nearest"`
	Differences []string `json:"differences"`
	// Need is what the pods that were read need that the policy admits, nil if there
	// are none.
	Need      *PSPMapNeed     `json:"need"`
	Controls  []PSPMapControl `json:"controls"`
	NoOpinion []PSPMapSetting `json:"noOpinion"`
}

// PSPMapNeed is what pods need.
type PSPMapNeed struct {
	// Level is the strictest that they all pass as they are written.
	Level string `json:"level"`
	Pods  int    `json:"pods"`
	// Mutated are those among them that the policy changes.
	Mutated int `json:"mutated"`
	// Failing are the controls that keep them from the restricted level.
	Failing []string `json:"failing"`
}

// PSPMapControl is a control of the standard beside the policy.
type PSPMapControl struct {
	Control  string          `json:"control"`
	Name     string          `json:"name"`
	Level    string          `json:"level"`
	Settings []PSPMapSetting `json:"settings"`
	// Answer is one of "met", "by intent", "looser" and "no field".
	Answer string `json:"answer"`
	// CouldAdmit are settings of pods that the policy admits and the control does
	// not, none if it admits no such pod.
	CouldAdmit []PSPMapFinding `json:"couldAdmit"`
}

// The answers of a policy to a control.
const (
	PSPMet = "met"
	// PSPByIntent is of a policy that asks for the same in another way, so that
	// there are pods that it admits and the control does not.
	PSPByIntent = "by intent"
	PSPLooser   = "looser"
	PSPNoField  = "no field"
)

// PSPMapFinding is a setting of a pod.
type PSPMapFinding struct {
	Path  string `json:"path"`
	Value any    `json:"value"`
}

// PSPMapSetting is a field of a policy, or an annotation of it.
type PSPMapSetting struct {
	Field string `json:"field"`
	// Value is as JSON, empty if it is not set.
	Value string `json:"value"`
	// Goes says what becomes of a setting that no level has an opinion on.
	Goes string `json:"goes,omitempty"`
}

// PSPMapFormats are the formats of a map.
func PSPMapFormats() []string { return []string{"text", "json", "yaml"} }

// WritePSPMap writes the map in a format of [PSPMapFormats]; an unknown format is
// an error.
func WritePSPMap(w io.Writer, format string, style Style, m *PSPMap) error {
	if format != "text" {
		return writeDocument(w, format, m)
	}
	for i := range m.Policies {
		if i > 0 {
			if _, err := io.WriteString(w, "\n"); err != nil {
				return err
			}
		}
		if _, err := io.WriteString(w, m.Policies[i].text(style, m.Version)); err != nil {
			return err
		}
	}
	return nil
}

// text is a policy for people: its three answers, and two tables.
func (p *PSPMapPolicy) text(style Style, version string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "PodSecurityPolicy %s%s  beside the standard %s\n\n", style.paint(bold, Escape(p.Name)), besides(p.Source), version)
	answers := [][]string{
		{"  It could admit", p.CouldAdmit, "the strictest level that every pod passes which it admits" + p.decisive()},
		{"  It is nearest to", p.Nearest, "but for " + strings.Join(p.Differences, ", ")},
	}
	if len(p.Differences) == 0 {
		answers[1][2] = "in every control that it has a field for"
	}
	switch n := p.Need; {
	case n == nil:
		answers = append(answers, []string{"  Its pods need", "-", "it admits none of the pods and templates"})
	case len(n.Failing) == 0:
		answers = append(answers, []string{"  Its pods need", n.Level, pspPods(n)})
	default:
		answers = append(answers, []string{"  Its pods need", n.Level, pspPods(n) + "; failing " + strings.Join(n.Failing, ", ")})
	}
	for _, line := range grid(answers) {
		b.WriteString(line + "\n")
	}
	rows := [][]string{{"  LEVEL", "CONTROL", "ANSWER", "PSP FIELD", "VALUE", "COULD ADMIT"}}
	for i := range p.Controls {
		rows = append(rows, p.Controls[i].rows()...)
	}
	b.WriteString("\n")
	for _, line := range grid(rows) {
		b.WriteString(line + "\n")
	}
	if len(p.NoOpinion) == 0 {
		return b.String()
	}
	rows = [][]string{{"  NO LEVEL HAS AN OPINION ON", "VALUE", "GOES"}}
	for _, s := range p.NoOpinion {
		rows = append(rows, []string{"  " + Escape(shortField(s.Field)), shortValue(s.Value), s.Goes})
	}
	b.WriteString("\n")
	for _, line := range grid(rows) {
		b.WriteString(line + "\n")
	}
	return b.String()
}

// decisive says what decides on the literal answer.
func (p *PSPMapPolicy) decisive() string {
	by := strings.Join(p.Decisive, ", ")
	switch {
	case by == "":
		return ""
	case p.ByFields != p.CouldAdmit:
		return "; but for " + by + ", for which policies have no field, it would be " + p.ByFields
	}
	return "; decided by " + by
}

// pspPods counts pods in words.
func pspPods(n *PSPMapNeed) string {
	text := fmt.Sprintf("%d pods and templates", n.Pods)
	if n.Pods == 1 {
		text = "1 pod or template"
	}
	if n.Mutated > 0 {
		text += fmt.Sprintf(", %d of them mutated", n.Mutated)
	}
	return text
}

// maxFindings is how many findings of a control a table shows.
const maxFindings = 3

// rows are a control's lines: one for each setting or finding.
func (c *PSPMapControl) rows() [][]string {
	var findings []string
	for i, f := range c.CouldAdmit {
		if i == maxFindings && len(c.CouldAdmit) > maxFindings+1 {
			findings = append(findings, fmt.Sprintf("and %d more", len(c.CouldAdmit)-i))
			break
		}
		// The pod is made up and has one container: nobody has to find it.
		path := strings.TrimPrefix(f.Path, "spec.containers[0].")
		findings = append(findings, Escape(path)+" = "+value(f.Value))
	}
	var rows [][]string
	for i := range max(len(c.Settings), len(findings), 1) {
		row := []string{"", "", "", "", "", ""}
		if i == 0 {
			row = []string{"  " + c.Level, c.Name, c.Answer, "", "", ""}
		}
		if i < len(c.Settings) {
			row[3], row[4] = Escape(shortField(c.Settings[i].Field)), shortValue(c.Settings[i].Value)
		}
		if i < len(findings) {
			row[5] = findings[i]
		}
		rows = append(rows, row)
	}
	return rows
}

// shortField names an annotation by its key alone.
func shortField(field string) string {
	if key, ok := strings.CutPrefix(field, "metadata.annotations["); ok {
		return strings.TrimSuffix(key, "]")
	}
	return field
}

// maxValue is how much of a value a table shows.
const maxValue = 60

func shortValue(v string) string {
	v = Escape(v)
	switch {
	case v == "":
		return "not set"
	case utf8.RuneCountInString(v) > maxValue:
		return string([]rune(v)[:maxValue]) + "…"
	}
	return v
}
