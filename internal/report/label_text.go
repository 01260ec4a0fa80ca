package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// WriteLabelPlan writes what is going to be done to a namespace, or why nothing
// is: its labels before and after, and what stands in the way.
func WriteLabelPlan(w io.Writer, style Style, n *LabelNamespace) error {
	var b strings.Builder
	name := style.paint(bold, "namespace/"+escapeAll(n.Namespace))
	switch {
	case n.Outcome == OutcomeUnchanged:
		return nil // its one line comes with the outcome
	case n.Outcome != "":
		fmt.Fprintf(&b, "%s %s: %s\n", name, style.paint(yellow, n.Outcome), EscapeSentence(n.Reason))
	case n.Empty:
		b.WriteString(name + " " + style.paint(dim, "(no pods, and nothing that makes any)") + "\n")
	default:
		b.WriteString(name + "\n")
	}
	for i := range n.Labels {
		writeLabelEdit(&b, style, &n.Labels[i])
	}
	for _, l := range n.Loosened {
		b.WriteString("  " + style.paint(red, "!") + " " + l.Mode + " asks for less: " + l.To + " instead of " + l.From + "\n")
	}
	for i := 0; i < len(n.Weakened) && n.Outcome == ""; i++ {
		b.WriteString("  " + style.paint(red, "!") + " weakens what is guarded: " + EscapeSentence(n.Weakened[i]) + "\n")
	}
	for _, c := range n.Conflicts {
		if n.Outcome != OutcomeKept {
			break // the lines above say it
		}
		value := "is not set"
		if c.Value != nil {
			value = "is " + Escape(*c.Value)
		}
		fmt.Fprintf(&b, "  ! %s %s%s\n", Escape(c.Label), value, ownedBy(c.Owners))
	}
	writeBlockers(&b, style, n)
	_, err := io.WriteString(w, b.String())
	return err
}

// writeLabelEdit writes the label as diff would.
func writeLabelEdit(b *strings.Builder, style Style, e *LabelEdit) {
	if !e.changes() {
		return
	}
	if e.Before != nil {
		b.WriteString(style.paint(red, "  - "+Escape(e.Label)+"="+Escape(*e.Before)) + ownedBy(e.Owners) + "\n")
	}
	if e.After != nil {
		b.WriteString(style.paint(green, "  + "+Escape(e.Label)+"="+Escape(*e.After)) + "\n")
	}
}

func ownedBy(owners []string) string {
	if len(owners) == 0 {
		return ""
	}
	return " (owned by " + Escape(strings.Join(owners, ", ")) + ")"
}

// writeBlockers writes what is rejected, and once a control how it is fixed.
func writeBlockers(b *strings.Builder, style Style, n *LabelNamespace) {
	for _, line := range n.Unseen {
		b.WriteString("  " + style.paint(yellow, "?") + " " + EscapeSentence(line) + "\n")
	}
	var controls []string
	fixes := map[string][]string{}
	for i := range n.Blockers {
		blocker := &n.Blockers[i]
		var reasons []string
		for _, v := range blocker.Violations {
			reasons = append(reasons, Escape(v.Reason))
			if fixes[v.Control] == nil {
				controls = append(controls, v.Control)
			}
			for _, fix := range v.Fixes {
				if !slices.Contains(fixes[v.Control], fix) {
					fixes[v.Control] = append(fixes[v.Control], fix)
				}
			}
		}
		fmt.Fprintf(b, "  %s %s%s: %s\n", style.paint(red, "x"), escapeAll(blocker.Object.KindName()), where(blocker), strings.Join(reasons, ", "))
	}
	for _, control := range controls {
		fmt.Fprintf(b, "    %s %s: %s\n", style.paint(dim, "fix"), Escape(control), EscapeSentence(strings.Join(fixes[control], "; ")))
	}
}

// where says of what the blocker consists, where that is not plain.
func where(b *LabelBlocker) string {
	switch {
	case b.Object.Kind == "Pod" && b.Object.APIVersion == "v1":
		return ""
	case b.Template && b.Pods == 0:
		return " (no such pod exists now)"
	case !b.Template && b.Pods == 1:
		return " (1 pod, not the template)"
	case !b.Template:
		return fmt.Sprintf(" (%d pods, not the template)", b.Pods)
	}
	return ""
}

// WriteLabelOutcome writes in one line what was done to a namespace. Dry-run is
// that of [Label]. Nothing is written if [WriteLabelPlan] has said it all.
func WriteLabelOutcome(w io.Writer, style Style, dryRun string, n *LabelNamespace) error {
	how := map[string]string{"client": " (dry run)", "server": " (server dry run)"}[dryRun]
	line := "namespace/" + escapeAll(n.Namespace) + " "
	switch n.Outcome {
	case OutcomeLabeled:
		line += style.paint(green, "labeled") + how
	case OutcomeRestored:
		line += style.paint(green, "restored") + how
	case OutcomeUnchanged:
		line += "unchanged" + how
	case OutcomeKept:
		line += style.paint(yellow, "restored but for what has changed since") + how
	default:
		line += style.paint(yellow, n.Outcome) + ": " + EscapeSentence(n.Reason)
	}
	_, err := io.WriteString(w, line+"\n")
	return err
}
