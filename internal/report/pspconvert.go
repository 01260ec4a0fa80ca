package report

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/gabion-security/gabion/api/v1alpha1"
)

// PSPConversion is what PodSecurityPolicies are converted to.
type PSPConversion struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	// Version is that of the standard.
	Version    string         `json:"version"`
	Policies   []PSPConverted `json:"policies"`
	NotChecked []NotChecked   `json:"notChecked"`
	Errors     []Error        `json:"errors"`
}

// PSPConverted is one policy, and what may take its place.
type PSPConverted struct {
	Source Source `json:"source"`
	Name   string `json:"name"`
	// Profile means the same as the policy; nil if no profile can.
	Profile *PSPProfile `json:"profile"`
	// Level is the nearest, and Labels what a namespace is labelled with for it.
	Level  string            `json:"level"`
	Labels map[string]string `json:"labels"`
	// Lost is what the policy asks of pods and the level does not.
	Lost []PSPLoss `json:"lost"`
	// Mutates are the settings by which the policy changes pods: no level does.
	Mutates []PSPMapSetting `json:"mutates"`
	// Refused is what the policy admits and the level does not.
	Refused []PSPRefusal `json:"refused"`
}

// PSPProfile is a profile as a document.
type PSPProfile struct {
	APIVersion string                          `json:"apiVersion"`
	Kind       string                          `json:"kind"`
	Metadata   PSPProfileMetadata              `json:"metadata"`
	Spec       v1alpha1.PodSecurityProfileSpec `json:"spec"`
}

// PSPProfileMetadata is a profile's metadata.
type PSPProfileMetadata struct {
	Name string `json:"name"`
}

// PSPLoss is what a policy asks of pods and a level does not.
type PSPLoss struct {
	// Control is the control of a profile that keeps it.
	Control string `json:"control"`
	Field   string `json:"field"`
	Value   string `json:"value"`
	// Allows are what the level allows there and the policy does not.
	Allows []string `json:"allows"`
}

// PSPRefusal is a control of the level that the policy does not ask for.
type PSPRefusal struct {
	Control string `json:"control"`
	// CouldAdmit are settings of pods that the policy admits and the control does
	// not.
	CouldAdmit []PSPMapFinding `json:"couldAdmit"`
}

// PSPConversionFormats are the formats of a conversion.
func PSPConversionFormats() []string { return []string{"profile", "labels", "yaml", "json"} }

// WritePSPConversion writes the conversion in a format of
// [PSPConversionFormats]; an unknown format is an error.
func WritePSPConversion(w io.Writer, format string, style Style, c *PSPConversion) error {
	if format != "profile" && format != "labels" {
		return writeDocument(w, format, c)
	}
	begun := false
	for i := range c.Policies {
		p := &c.Policies[i]
		text, separator := p.labels(style), "\n"
		if format == "profile" {
			if p.Profile == nil {
				continue
			}
			document, err := encodeYAML(p.Profile)
			if err != nil {
				return err
			}
			name := escapeAll(p.Name)
			if p.Source.File != "" {
				name += " (" + place(p.Source) + ")"
			}
			text = fmt.Sprintf("# A pod meets this exactly if PodSecurityPolicy %s admits it unchanged.\n%s", name, document)
			separator = "---\n"
		}
		if begun {
			text = separator + text
		}
		begun = true
		if _, err := io.WriteString(w, text); err != nil {
			return err
		}
	}
	return nil
}

// labels is the nearest level for people, and what is lost by it.
func (p *PSPConverted) labels(style Style) string {
	var b strings.Builder
	fmt.Fprintf(&b, "PodSecurityPolicy %s%s  is nearest to %s\n\n", style.paint(bold, Escape(p.Name)), besides(p.Source), p.Level)
	b.WriteString("  labels:\n")
	for _, key := range slices.Sorted(maps.Keys(p.Labels)) {
		fmt.Fprintf(&b, "    %s: %s\n", key, p.Labels[key])
	}
	table := func(rows [][]string, none string) {
		b.WriteByte('\n')
		if len(rows) == 1 {
			b.WriteString("  " + none + "\n")
			return
		}
		for _, line := range grid(rows) {
			b.WriteString(line + "\n")
		}
	}
	rows := [][]string{{"  LOST", "PSP FIELD", "VALUE", "THE LEVEL ALLOWS"}}
	for _, l := range p.Lost {
		rows = append(rows, []string{"  " + l.Control, Escape(shortField(l.Field)), shortValue(l.Value), shortList(l.Allows)})
	}
	table(rows, "Nothing is lost: the level asks for all that the policy asks for.")
	rows = [][]string{{"  NOT DONE ANY MORE TO PODS", "VALUE"}}
	for _, s := range p.Mutates {
		rows = append(rows, []string{"  " + Escape(shortField(s.Field)), shortValue(s.Value)})
	}
	table(rows, "No pod is changed by the policy.")
	rows = [][]string{{"  ADMITTED NO MORE", "THE POLICY ADMITS"}}
	for _, r := range p.Refused {
		var words []string
		for _, f := range r.CouldAdmit {
			words = append(words, Escape(strings.TrimPrefix(f.Path, "spec.containers[0]."))+" = "+value(f.Value))
		}
		rows = append(rows, []string{"  " + r.Control, shortList(words)})
	}
	table(rows, "No pod that the policy admits is refused by the level.")
	return b.String()
}

// shortList lists a few words.
func shortList(words []string) string {
	if len(words) > maxFindings+1 {
		words = append(words[:maxFindings:maxFindings], fmt.Sprintf("and %d more", len(words)-maxFindings))
	}
	return strings.Join(words, ", ")
}
