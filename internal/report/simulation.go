package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// Simulation says what PodSecurityPolicy made of pods.
type Simulation struct {
	APIVersion string             `json:"apiVersion"`
	Kind       string             `json:"kind"`
	Results    []SimulationResult `json:"results"`
	NotChecked []NotChecked       `json:"notChecked"`
	Errors     []Error            `json:"errors"`
	// Notes are what has to be known to read the results.
	Notes   []string          `json:"notes"`
	Summary SimulationSummary `json:"summary"`
}

// SimulationResult is what became of one pod, or of the pods of one template.
type SimulationResult struct {
	Source Source `json:"source"`
	Object Object `json:"object"`
	// Partial marks a template to which a controller adds on its own.
	Partial  bool `json:"partial"`
	Admitted bool `json:"admitted"`
	// Policy is the one that was chosen, empty if the pod was refused.
	Policy  string `json:"policy"`
	Mutated bool   `json:"mutated"`
	// Patch is what the policy changed, from the root of the pod or its template.
	Patch []PatchOperation `json:"patch"`
	// Errors are why the policies that could be used did not allow the pod.
	Errors []SimulationError `json:"errors"`
	// Unusable are policies that would have admitted the pod, had they been
	// allowed to be used.
	Unusable []string `json:"unusable"`
	// Message is the refusal in the API server's words, else empty.
	Message string `json:"message"`
}

// PatchOperation is one step of a JSON patch.
type PatchOperation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

// SimulationError is one reason of one policy.
type SimulationError struct {
	Policy  string `json:"policy"`
	Path    string `json:"path"`
	Message string `json:"message"`
}

// SimulationSummary counts what a simulation met.
type SimulationSummary struct {
	Policies int `json:"policies"`
	Pods     int `json:"pods"`
	Admitted int `json:"admitted"`
	// Mutated are those among the admitted.
	Mutated int `json:"mutated"`
	Refused int `json:"refused"`
}

// SimulationFormats are the formats of a simulation.
func SimulationFormats() []string { return []string{"text", "json", "yaml"} }

// WriteSimulation writes the simulation in a format of [SimulationFormats]; an
// unknown format is an error.
func WriteSimulation(w io.Writer, format string, style Style, s *Simulation) error {
	if format != "text" {
		return writeDocument(w, format, s)
	}
	t := checkTable{w: w, style: style}
	for i := range s.Results {
		if err := t.simulated(&s.Results[i]); err != nil {
			return err
		}
	}
	for i, note := range s.Notes {
		lead := ""
		if i == 0 && t.begun {
			lead = "\n"
		}
		if _, err := fmt.Fprintf(w, "%snote: %s\n", lead, EscapeSentence(note)); err != nil {
			return err
		}
	}
	return nil
}

// simulated writes what became of one pod.
func (t *checkTable) simulated(r *SimulationResult) error {
	heading := t.style.paint(red, "REFUSED") + "   "
	if r.Admitted {
		heading = t.style.paint(green, "ADMITTED") + "  "
	}
	heading += t.object(r.Object) + "  " + place(r.Source)
	if r.Admitted {
		heading += "  by " + Escape(r.Policy)
	}
	if r.Mutated {
		heading += ", " + t.style.paint(yellow, "mutated")
	}
	var rows [][]string
	for _, p := range r.Patch {
		text, err := encodeJSON(p.Value, "")
		if err != nil {
			return err
		}
		var line bytes.Buffer
		if err := json.Compact(&line, text); err != nil {
			return err
		}
		rows = append(rows, []string{"    " + p.Op, Escape(p.Path), EscapeSentence(line.String())})
	}
	for _, e := range r.Errors {
		rows = append(rows, []string{"    " + Escape(e.Policy), EscapeSentence(e.Path + ": " + e.Message)})
	}
	for _, p := range r.Unusable {
		rows = append(rows, []string{"    " + Escape(p), "would admit it, but may not be used"})
	}
	if !r.Admitted && len(rows) == 0 {
		rows = append(rows, []string{"    " + EscapeSentence(r.Message)})
	}
	var body strings.Builder
	for _, line := range grid(rows) {
		body.WriteString(line + "\n")
	}
	if r.Partial {
		body.WriteString("    note: the controller adds to this pod; only what the object states was simulated\n")
	}
	return t.block(heading, body.String())
}
