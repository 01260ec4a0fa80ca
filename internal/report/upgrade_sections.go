package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// upgradeSections are what people read of an upgrade, what weighs most first.
// Sections about nothing are left out, but for the first.
func upgradeSections(u *Upgrade, wide bool) []section {
	denied := flipSection("Newly denied", u.NewlyDenied, wide)
	if len(denied.rows) == 0 {
		denied.prose = []string{"nothing that was judged: " + number(u.Summary.Workloads, "workload") + " in " + number(u.Summary.Namespaces, "namespace")}
	} else if slices.ContainsFunc(u.NewlyDenied, func(f UpgradeFlip) bool { return f.Pin != "" }) {
		denied.prose = append(denied.prose, "PIN is the version to pin the policy to (label pod-security.kubernetes.io/enforce-version) if things are to stay as they are.")
	}
	all := []section{denied}
	optional := []section{
		flipSection("Newly denied, if the old API server runs with --feature-gates=UserNamespacesPodSecurityStandards=true (--user-namespaces-gate)",
			u.NewlyDeniedIfGate, wide),
		flipSection("Newly warned about or audited, and not denied", u.NewlyWarned, wide),
		allowedSection(u.NewlyAllowed, wide),
		movingSection(u, wide),
		invalidSection(u),
	}
	for _, s := range optional {
		if len(s.rows) > 0 {
			all = append(all, s)
		}
	}
	if len(u.Exempt) > 0 {
		all = append(all, section{title: "Exempt namespaces", prose: []string{escapedList(u.Exempt)}})
	}
	return append(all, changesSection(u.From, u.To, u.Changes, wide))
}

// Where the control, with its change beside it, and the pin stand in the table.
const (
	controlColumn = 5
	pinColumn     = 7
)

// flipSection lists workloads, a line for every control.
func flipSection(title string, flips []UpgradeFlip, wide bool) section {
	s := section{title: title, header: []string{"NAMESPACE", "MODE", "POLICY", "WORKLOAD", "WHAT", "CONTROL", "CHANGED", "PIN"}}
	if wide {
		s.header = append(s.header, "TEMPLATES", "PODS")
	}
	for i := range flips {
		f := &flips[i]
		for j, c := range f.Controls {
			row := []string{
				Escape(f.Namespace), strings.Join(f.Modes, ", "), f.Policy, Escape(f.Object.KindName()), f.what(),
				c.Control, dash(c.Release), dash(f.Pin),
			}
			if wide {
				row = append(row, dash(escapedList(f.Templates)), dash(escapedList(f.Pods)))
			}
			if j > 0 {
				clear(row[:controlColumn])
				clear(row[pinColumn:])
			}
			s.rows = append(s.rows, row)
		}
		if f.Partial && !slices.Contains(s.prose, partialNote) {
			s.prose = append(s.prose, partialNote)
		}
	}
	return s
}

// allowedSection leaves out the pin: nobody wants to be refused.
func allowedSection(flips []UpgradeFlip, wide bool) section {
	s := flipSection("Newly allowed", flips, wide)
	s.header = slices.Delete(s.header, pinColumn, pinColumn+1)
	for i := range s.rows {
		s.rows[i] = slices.Delete(s.rows[i], pinColumn, pinColumn+1)
	}
	return s
}

const partialNote = "A + says that the controller adds to these pods; only what the object states was judged."

// what says which of a workload's pods are concerned.
func (f *UpgradeFlip) what() string {
	if len(f.Templates) == 0 && f.PodsTotal == 1 && f.Object.Kind == "Pod" {
		return "pod"
	}
	var parts []string
	switch len(f.Templates) {
	case 0:
	case 1:
		parts = append(parts, "template")
	default:
		parts = append(parts, fmt.Sprintf("%d templates", len(f.Templates)))
	}
	if len(f.Pods) > 0 {
		parts = append(parts, fmt.Sprintf("%d of %d pods", len(f.Pods), f.PodsTotal))
	}
	what := strings.Join(parts, ", ")
	if f.Partial {
		what += " +"
	}
	return what
}

// manyNamespaces is how many namespaces a line names before it counts the others.
const manyNamespaces = 8

// movingSection lists policies, a line for all namespaces that have the same.
func movingSection(u *Upgrade, wide bool) section {
	s := section{
		title:  "Policies that change with the control plane",
		header: []string{"MODE", "POLICY", "BEFORE", "AFTER", "FROM", "NAMESPACES"},
	}
	place := map[string]int{}
	var namespaces [][]string
	for _, m := range u.Moving {
		from := "labels"
		switch {
		case len(m.Guards) > 0:
			from = "the guard " + Escape(strings.Join(m.Guards, ", "))
		case !m.Labelled:
			from = "the defaults"
		}
		row := []string{strings.Join(m.Modes, ", "), m.Policy, m.Before, m.After, from}
		key := strings.Join(row, "\x00")
		i, ok := place[key]
		if !ok {
			i = len(s.rows)
			place[key] = i
			s.rows, namespaces = append(s.rows, row), append(namespaces, nil)
		}
		namespaces[i] = append(namespaces[i], m.Namespace)
	}
	for i, names := range namespaces {
		others := ""
		if n := len(names) - manyNamespaces; n > 0 && !wide {
			names, others = names[:manyNamespaces], fmt.Sprintf(" and %d more", n)
		}
		s.rows[i] = append(s.rows[i], escapedList(names)+others)
	}
	return s
}

func invalidSection(u *Upgrade) section {
	s := section{title: "Invalid labels, as the API server reads them", header: []string{"NAMESPACE", "ERROR"}}
	for _, i := range u.InvalidLabels {
		s.rows = append(s.rows, []string{Escape(i.Namespace), EscapeSentence(i.Message)})
	}
	return s
}

func changesSection(from, to UpgradeServer, changes []UpgradeChange, wide bool) section {
	s := section{
		title:  fmt.Sprintf("Changes from %s to %s", from.name(), to.name()),
		header: []string{"RELEASE", "CONTROL", "LEVEL", "EFFECT", "REACHES", "CHANGE"},
	}
	if wide {
		s.header = append(s.header, "SOURCE")
	}
	for _, c := range changes {
		row := []string{c.Release, c.Control, c.Level, c.Effect, reaches(&c), c.Change}
		if wide {
			row = append(row, c.Source)
		}
		s.rows = append(s.rows, row)
	}
	if len(s.rows) == 0 {
		s.prose = []string{"none"}
	}
	return s
}

// name is the release, with the version that it emulates.
func (s UpgradeServer) name() string {
	if s.Latest == s.Release {
		return s.Release
	}
	return s.Release + " as " + s.Latest
}

// reaches says which policies a change reaches.
func reaches(c *UpgradeChange) string {
	switch c.Reach {
	case "all":
		return "all policies, pinned ones too"
	case "gate":
		return "all policies, if the gate is on"
	}
	return "latest, " + c.Release + " and newer"
}

// escapedList joins names from the input, of which each may be cut.
func escapedList(names []string) string {
	escaped := make([]string, len(names))
	for i, name := range names {
		escaped[i] = Escape(name)
	}
	return strings.Join(escaped, ", ")
}

// number is a number of things with their name.
func number(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return strconv.Itoa(n) + " " + thing + "s"
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
