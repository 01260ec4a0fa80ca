package report

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// PSPSimplification is copies of PodSecurityPolicies without what the Pod
// Security Standards have nothing for.
type PSPSimplification struct {
	APIVersion string          `json:"apiVersion"`
	Kind       string          `json:"kind"`
	Policies   []PSPSimplified `json:"policies"`
	// Roles are those that let policies be used, with the copies added.
	Roles      []json.RawMessage `json:"roles"`
	Notes      []string          `json:"notes"`
	NotChecked []NotChecked      `json:"notChecked"`
	Errors     []Error           `json:"errors"`
}

// PSPSimplified is one policy and its copy.
type PSPSimplified struct {
	Source Source `json:"source"`
	Name   string `json:"name"`
	// Changes are the settings that are not in the copy, and those that would not
	// be if pods could not depend on them.
	Changes []PSPSimplifyStep `json:"changes"`
	// Original is the policy as it stands, for the difference.
	Original json.RawMessage `json:"-"`
	// Policy is the copy, null if it would be the same.
	Policy json.RawMessage `json:"policy"`
	// CopyName is the copy's name.
	CopyName string `json:"copyName"`
}

// PSPSimplifyStep is a setting that the standard has nothing for.
type PSPSimplifyStep struct {
	Field string `json:"field"`
	Value string `json:"value"`
	Kept  bool   `json:"kept"`
	Why   string `json:"why"`
	// Then is what the copy admits without it that the policy does not, empty for
	// nothing.
	Then string `json:"then"`
}

// PSPSimplificationFormats are the formats of a simplification.
func PSPSimplificationFormats() []string { return []string{"diff", "manifests", "yaml", "json"} }

// WritePSPSimplification writes the simplification in a format of
// [PSPSimplificationFormats]; an unknown format is an error.
func WritePSPSimplification(w io.Writer, format string, s *PSPSimplification) error {
	var b strings.Builder
	switch format {
	case "diff":
		for i := range s.Policies {
			text, err := s.Policies[i].diff()
			if err != nil {
				return err
			}
			if i > 0 {
				b.WriteByte('\n')
			}
			b.WriteString(text)
		}
	case "manifests":
		var documents []json.RawMessage
		for i := range s.Policies {
			if s.Policies[i].Policy != nil {
				documents = append(documents, s.Policies[i].Policy)
			}
		}
		for i, document := range append(documents, s.Roles...) {
			text, err := encodeYAML(document)
			if err != nil {
				return err
			}
			if i > 0 {
				b.WriteString("---\n")
			}
			b.Write(text)
		}
	default:
		return writeDocument(w, format, s)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// diff is a policy with its changes as comments, and the difference.
func (p *PSPSimplified) diff() (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "# PodSecurityPolicy %s%s\n", escapeAll(p.Name), besides(p.Source))
	var rows [][]string
	for _, c := range p.Changes {
		what := "dropped"
		if c.Kept {
			what = "kept"
		}
		why := c.Why
		if c.Then != "" {
			why += "; the copy admits more: " + c.Then
		}
		rows = append(rows, []string{"#   " + what, Escape(shortField(c.Field)), shortValue(c.Value), why})
	}
	for _, line := range grid(rows) {
		b.WriteString(line + "\n")
	}
	if p.Policy == nil {
		b.WriteString("#   there is nothing to drop\n")
		return b.String(), nil
	}
	before, err := encodeYAML(p.Original)
	if err != nil {
		return "", err
	}
	after, err := encodeYAML(p.Policy)
	if err != nil {
		return "", err
	}
	b.WriteString(unifiedDiff(escapeAll(p.Name), string(before), escapeAll(p.CopyName), string(after)))
	return b.String(), nil
}
