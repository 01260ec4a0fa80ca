package report

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// PlanFormats are the formats of a plan.
func PlanFormats() []string {
	return []string{"table", "wide", "json", "yaml", "markdown", "kubectl", "kustomize", "admissionconfiguration"}
}

// WritePlan writes a plan in a format of [PlanFormats]; an unknown format is an
// error.
func WritePlan(w io.Writer, format string, style Style, p *Plan) error {
	var text string
	switch format {
	case "table":
		text = planTable(p, style, false)
	case "wide":
		text = planTable(p, style, true)
	case "markdown":
		text = planMarkdown(p)
	case "kubectl":
		text = planKubectl(p)
	case "kustomize":
		text = planKustomize(p)
	case "admissionconfiguration":
		text = planAdmission(p)
	case "json":
		return planJSON(w, p)
	default:
		return writeDocument(w, format, p)
	}
	_, err := io.WriteString(w, text)
	return err
}

// planJSON writes the plan as one document, and one namespace after the other:
// that of a large cluster takes a hundred megabytes.
func planJSON(w io.Writer, p *Plan) error {
	around := *p
	around.Namespaces = []PlanNamespace{}
	text, err := encodeJSON(&around, "")
	if err != nil {
		return err
	}
	// At this indent there is no other line like it, and no string has an end of
	// line in it.
	const list = "\n  \"namespaces\": ["
	head, tail, _ := bytes.Cut(text, []byte(list))
	if _, err := w.Write(append(head, list...)); err != nil {
		return err
	}
	for i := range p.Namespaces {
		if err := writeItem(w, i == 0, &p.Namespaces[i]); err != nil {
			return err
		}
	}
	end := strings.TrimSuffix(closeList(len(p.Namespaces) > 0), "]")
	_, err = io.WriteString(w, end+string(tail)+"\n")
	return err
}

// Complete reports whether everything was seen that the plan is about.
func (p *Plan) Complete() bool {
	for i := range p.Namespaces {
		if p.Namespaces[i].has(ReasonIncomplete) {
			return false
		}
	}
	return len(p.Gaps) == 0
}

// Add counts a namespace.
func (s *PlanSummary) Add(n *PlanNamespace) {
	s.Namespaces++
	switch n.Stage {
	case StageLabel:
		s.Label++
	case StageFix:
		s.Fix++
	case StageDone:
		s.Done++
	case StageIncomplete:
		s.Incomplete++
	case StageSystem:
		s.System++
	case StageExempt:
		s.Exempt++
	case StageOptedOut:
		s.OptedOut++
	}
	counted := map[string]bool{}
	for _, r := range n.Reasons {
		if counted[r.Code] {
			continue
		}
		counted[r.Code] = true
		switch r.Code {
		case ReasonRestart:
			s.AtRisk++
		case ReasonWeaker:
			s.Weaker++
		case ReasonUnlabelled:
			s.Unlabelled++
		case ReasonUnpinned:
			s.Unpinned++
		case ReasonInvalid:
			s.Invalid++
		}
	}
}

// Line returns the summary as one line for people.
func (s *PlanSummary) Line() string {
	parts := []string{}
	for _, c := range []struct {
		n    int
		what string
	}{
		{s.Label, "to label now"},
		{s.Fix, "to fix first"},
		{s.Done, "done"},
		{s.Incomplete, "incomplete"},
		{s.System, "of the system"},
		{s.Exempt, "exempt"},
		{s.OptedOut, "opted out"},
	} {
		if c.n > 0 {
			parts = append(parts, strconv.Itoa(c.n)+" "+c.what)
		}
	}
	line := countOf(s.Namespaces, "namespace")
	if len(parts) > 0 {
		line += ": " + strings.Join(parts, ", ")
	}
	if s.AtRisk > 0 {
		line += fmt.Sprintf("; %s at risk", countOf(s.AtRisk, "namespace"))
	}
	return line
}

// countOf counts things in words.
func countOf(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// levelOf is the level of LEVEL:VERSION.
func levelOf(policy string) string {
	level, _, _ := strings.Cut(policy, ":")
	return level
}

// doNow says in a few words what the labels to be set now change.
func (n *PlanNamespace) doNow() string {
	switch n.Stage {
	case StageFix:
		return "fix"
	case StageLabel, StageIncomplete:
	default:
		return n.Stage
	}
	const enforce = "pod-security.kubernetes.io/enforce"
	level, version := n.Labels[enforce], n.Labels[enforce+"-version"]
	switch {
	case !n.Change && n.Stage == StageIncomplete:
		return "incomplete"
	case n.has(ReasonInvalid):
		return "repair labels"
	case level == "privileged":
	case level != "" && n.CurrentLabels[enforce] != level:
		return "enforce " + level
	case level != "" && n.CurrentLabels[enforce+"-version"] != version:
		return "pin " + version
	}
	return "warn, audit"
}

func (n *PlanNamespace) has(code string) bool {
	for _, r := range n.Reasons {
		if r.Code == code {
			return true
		}
	}
	return false
}

// toFix says how many workloads stand before the next level.
func (n *PlanNamespace) toFix() string {
	if len(n.AtRisk) > 0 {
		return strconv.Itoa(len(n.AtRisk)) + " at risk"
	}
	steps := n.steps()
	if len(steps) == 0 {
		return "-"
	}
	return strconv.Itoa(len(steps[0].Blockers)) + " for " + levelOf(steps[0].Enforce)
}

// enforces says what is enforced, with a star if no label says so.
func (n *PlanNamespace) enforces() string {
	const enforce = "pod-security.kubernetes.io/enforce"
	switch {
	case !n.LabelsKnown:
		return "unknown"
	case n.CurrentLabels[enforce] == "":
		return levelOf(n.Current.Enforce) + "*"
	}
	return levelOf(n.Current.Enforce)
}

// passes is the strictest level that everything meets.
func (n *PlanNamespace) passes() string {
	switch n.Stage {
	case StageExempt:
		return "-"
	case StageIncomplete:
		return n.Strictest + "?"
	}
	return n.Strictest
}

// planned reports whether the namespace is one of those that the plan is for.
func (n *PlanNamespace) planned() bool {
	return n.Stage != StageSystem && n.Stage != StageExempt && n.Stage != StageOptedOut
}

// steps are the levels that somebody has to fix something for.
func (n *PlanNamespace) steps() []PlanStep {
	var found []PlanStep
	for _, s := range n.Steps {
		if len(s.Blockers) > 0 {
			found = append(found, s)
		}
	}
	return found
}
