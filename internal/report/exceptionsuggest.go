package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/gabion-security/gabion/api/v1alpha1"
)

// SuggestedExceptions are exceptions as documents, in a List for JSON.
type SuggestedExceptions struct {
	APIVersion string               `json:"apiVersion"`
	Kind       string               `json:"kind"`
	Items      []SuggestedException `json:"items"`
}

// SuggestedException is an exception as a document.
type SuggestedException struct {
	APIVersion string                            `json:"apiVersion"`
	Kind       string                            `json:"kind"`
	Metadata   SuggestedMetadata                 `json:"metadata"`
	Spec       v1alpha1.PodSecurityExceptionSpec `json:"spec"`

	// For names the workloads that it is for.
	For []string `json:"-"`
}

// SuggestedMetadata is an exception's metadata.
type SuggestedMetadata struct {
	Name string `json:"name"`
}

// SuggestedExceptionFormats are the formats of suggestions.
func SuggestedExceptionFormats() []string { return []string{"yaml", "json"} }

// WriteSuggestedExceptions writes the exceptions in a format of
// [SuggestedExceptionFormats]; an unknown format is an error.
func WriteSuggestedExceptions(w io.Writer, format string, s *SuggestedExceptions) error {
	if format != "yaml" {
		return writeDocument(w, format, s)
	}
	for i := range s.Items {
		separator := "---\n"
		if i == 0 {
			separator = ""
		}
		text, err := encodeYAML(&s.Items[i])
		if err != nil {
			return err
		}
		names := make([]string, len(s.Items[i].For))
		for j, name := range s.Items[i].For {
			names[j] = escapeAll(name)
		}
		if _, err := fmt.Fprintf(w, "%s# For %s.\n%s", separator, strings.Join(names, ", "), text); err != nil {
			return err
		}
	}
	return nil
}
