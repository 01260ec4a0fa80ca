package report

import (
	"fmt"
	"io"
	"strings"
)

// Preview says what a change of labels would do to namespaces.
type Preview struct {
	APIVersion string             `json:"apiVersion"`
	Kind       string             `json:"kind"`
	Namespaces []PreviewNamespace `json:"namespaces"`
	NotChecked []NotChecked       `json:"notChecked"`
	Errors     []Error            `json:"errors"`
	Missing    []Missing          `json:"missing,omitempty"`
	Summary    PreviewSummary     `json:"summary"`
}

// PreviewNamespace is what the change would do to one namespace.
type PreviewNamespace struct {
	Namespace string `json:"namespace"`
	// From and To are the enforced policy before and after.
	From string `json:"from"`
	To   string `json:"to"`
	// Labeled is false if the labels stand already, or the change is denied.
	Labeled bool `json:"labeled"`
	// Evaluated is false if the API server would not look at the pods, because
	// the new policy is not stricter than the old one.
	Evaluated bool `json:"evaluated"`
	// Warnings are the API server's, in its words and order.
	Warnings []string `json:"warnings"`
	// Groups are the pods behind the warnings, Templates the workloads whose
	// pods would violate the policy too.
	Groups    []PreviewGroup `json:"groups"`
	Templates []PreviewGroup `json:"templates"`
	// Error is why the API server would deny the change, else empty.
	Error string `json:"error"`
	// Unlabelled says that the change is to the cluster's defaults, which count
	// for the namespace because it has no label.
	Unlabelled bool `json:"unlabelled,omitempty"`
	// Profile is the profile by which was judged, beside the level To.
	Profile string `json:"profile,omitempty"`
	// Exceptions are those that cover what would be violations else.
	Exceptions []UsedException `json:"exceptions,omitempty"`
	// Guards are what guards say of the change.
	Guards []PreviewGuard `json:"guards,omitempty"`
	// Unasked is what the API server could not be asked, and why.
	Unasked []string `json:"unasked,omitempty"`
}

// What guards do about a change of labels.
const (
	GuardDenies = "deny"  // it is refused without the right that Needs names
	GuardWarns  = "warn"  // who makes it is told
	GuardAudits = "audit" // it is noted in the audit log
	GuardNotes  = "note"  // nothing is weakened, but something is relaxed
)

// PreviewGuard is one thing that guards say of a change.
type PreviewGuard struct {
	Action string `json:"action"`
	Text   string `json:"text"`
	Needs  string `json:"needs,omitempty"`
}

// String returns it as a sentence.
func (g PreviewGuard) String() string {
	switch g.Action {
	case GuardDenies:
		return "would refuse this: " + g.Text + ". It needs " + g.Needs
	case GuardWarns:
		return "would warn of this: " + g.Text
	case GuardAudits:
		return "would note this in the audit log: " + g.Text
	}
	return g.Text
}

// Missing is something that could not be listed, so that nothing is known of it.
type Missing struct {
	Resource  string `json:"resource"`
	Namespace string `json:"namespace,omitempty"`
	Reason    string `json:"reason"`
}

// String returns what is missing in one line.
func (m Missing) String() string {
	where := ""
	if m.Namespace != "" {
		where = " in namespace " + Escape(m.Namespace)
	}
	return Escape(m.Resource) + where + " could not be listed: " + EscapeSentence(m.Reason)
}

// PreviewGroup is pods or workloads that violate the policy in the same way.
type PreviewGroup struct {
	Reason     string             `json:"reason"`
	Names      []string           `json:"names"`
	Violations []PreviewViolation `json:"violations"`
	// Line is the group in the API server's words.
	Line string `json:"-"`
}

// PreviewViolation is one control that a group fails.
type PreviewViolation struct {
	Control string `json:"control"`
	Level   string `json:"level"`
	Reason  string `json:"reason"`
}

// PreviewSummary counts what a preview met.
type PreviewSummary struct {
	Namespaces int `json:"namespaces"`
	// Violating counts the namespaces with pods or templates that violate.
	Violating int `json:"violating"`
	Pods      int `json:"pods"`
	Templates int `json:"templates"`
}

// PreviewFormats are the formats of a preview.
func PreviewFormats() []string { return []string{"text", "json", "yaml"} }

// WritePreview writes the preview in a format of [PreviewFormats]; an unknown
// format is an error.
func WritePreview(w io.Writer, format string, style Style, p *Preview) error {
	if format != "text" {
		return writeDocument(w, format, p)
	}
	for i := range p.Namespaces {
		if err := writePreviewText(w, style, &p.Namespaces[i]); err != nil {
			return err
		}
	}
	return nil
}

// writePreviewText writes what kubectl would print for one namespace, and the
// templates in lines that begin with a word that kubectl does not have.
func writePreviewText(w io.Writer, style Style, n *PreviewNamespace) error {
	if n.Error != "" {
		return nil // kubectl reports a refusal on standard error only
	}
	violated := fmt.Sprintf("the new PodSecurity enforce level %q", n.To)
	switch {
	case n.Profile != "":
		violated = fmt.Sprintf("the profile %q", n.Profile)
	case n.Unlabelled:
		violated = fmt.Sprintf("the PodSecurity enforce level %q", n.To)
	}
	var b strings.Builder
	for _, warning := range n.Warnings {
		b.WriteString(style.paint(yellow, "Warning:") + " " + escapeAll(warning) + "\n")
	}
	if len(n.Templates) > 0 {
		prefix := style.paint(yellow, "Template:") + " "
		b.WriteString(prefix + escapeAll(fmt.Sprintf(
			"workloads in namespace %q whose pods would violate %s", n.Namespace, violated)) + "\n")
		for _, g := range n.Templates {
			b.WriteString(prefix + escapeAll(g.Line) + "\n")
		}
	}
	for _, u := range n.Exceptions {
		b.WriteString(style.paint(yellow, "Exception:") + " " + u.what() + "\n")
	}
	for _, g := range n.Guards {
		b.WriteString(style.paint(yellow, "Guard:") + " " + escapeAll(g.String()) + "\n")
	}
	last := " labeled (server dry run)"
	switch {
	case n.Profile != "" && len(n.Groups)+len(n.Templates) == 0:
		last = " meets the profile " + n.Profile
	case n.Profile != "":
		last = " does not meet the profile " + n.Profile
	case n.Unlabelled:
		last = " has no enforce label: " + n.From + " would become " + n.To
	case !n.Labeled:
		last = " not labeled (server dry run)"
	}
	b.WriteString("namespace/" + escapeAll(n.Namespace+last) + "\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// writeDocument writes v as one JSON or YAML document.
func writeDocument(w io.Writer, format string, v any) error {
	var text []byte
	var err error
	switch format {
	case "json":
		text, err = encodeJSON(v, "")
		text = append(text, '\n')
	case "yaml":
		return writeYAML(w, v)
	default:
		err = fmt.Errorf("no format %q", format)
	}
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}
