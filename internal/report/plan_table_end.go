package report

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// remember keeps how a control is met, for the end.
func (t *planText) remember(v *PlanViolation) {
	if v.Control == "" {
		return
	}
	if t.howTo == nil {
		t.howTo = map[string][]string{}
	}
	if _, ok := t.howTo[v.Control]; !ok {
		t.controls = append(t.controls, v.Control)
		t.howTo[v.Control] = nil
	}
	fixes := []string{v.Fix}
	for _, f := range v.Findings {
		fixes = append(fixes, FixAt(f.Path, f.Fix))
	}
	for _, fix := range fixes {
		if fix != "" && !slices.Contains(t.howTo[v.Control], fix) {
			t.howTo[v.Control] = append(t.howTo[v.Control], fix)
		}
	}
}

// FixAt is how a finding is fixed, where its place is not shown beside it: what
// is to be removed is named.
func FixAt(path, fix string) string {
	if strings.HasPrefix(fix, "remove it,") {
		return Escape(path[strings.LastIndexByte(path, '.')+1:]) + ": " + fix
	}
	return fix
}

// how says how the controls that were named are met, once each.
func (t *planText) how() {
	if t.wide || len(t.controls) == 0 {
		return
	}
	t.section(bold, "HOW", t.style.program()+" explain CONTROL says why")
	width := 0
	for _, c := range t.controls {
		width = max(width, utf8.RuneCountInString(c))
	}
	for _, c := range t.controls {
		fix := strings.Join(t.howTo[c], "; ")
		lead := "  " + pad(c, width) + "  "
		for i, part := range wrap(fix, t.style.Width-len(lead)) {
			if i > 0 {
				lead = strings.Repeat(" ", len(lead))
			}
			t.b.WriteString(lead + part + "\n")
		}
	}
}

// notes lists what else is noteworthy, a line for each kind.
func (t *planText) notes(p *Plan) {
	kinds := []struct{ code, title string }{
		{ReasonUnpinned, "on latest, which changes with the control plane"},
		{ReasonKept, "enforce more than would be proposed at " + p.Pin + ", and keep it"},
		{ReasonDefaults, "enforce more than their labels say, by the audit log: pass --admission-config"},
	}
	begun := false
	begin := func() {
		if !begun {
			t.section(bold, "NOTES", "")
			begun = true
		}
	}
	for _, k := range kinds {
		if names := t.namesWith(p, k.code); names != "" {
			begin()
			t.prose("  ", k.title+": "+names)
		}
	}
	for _, line := range t.older(p) {
		begin()
		t.prose("  ", line)
	}
}

// older says which namespaces would pass an older version of a level, a line for
// each version.
func (t *planText) older(p *Plan) []string {
	var order []string
	names := map[string][]string{}
	for i := range p.Namespaces {
		n := &p.Namespaces[i]
		if !n.planned() {
			continue
		}
		for _, o := range n.Older {
			without := countOf(len(o.Without), "control") + " less"
			if t.wide {
				without = "without " + strings.Join(o.Without, ", ")
			}
			key := "would pass " + o.Enforce + ", which is " + without
			if names[key] == nil {
				order = append(order, key)
			}
			names[key] = append(names[key], Escape(n.Name))
		}
	}
	var lines []string
	slices.Sort(order)
	for _, key := range order {
		lines = append(lines, key+": "+t.some(names[key]))
	}
	return lines
}

// namesWith names the namespaces that have a reason.
func (t *planText) namesWith(p *Plan, code string) string {
	var names []string
	for i := range p.Namespaces {
		if n := &p.Namespaces[i]; n.planned() && n.has(code) {
			names = append(names, Escape(n.Name))
		}
	}
	return t.some(names)
}

// some names a few, and counts the rest. The wide table names all.
func (t *planText) some(names []string) string {
	const most = 8
	if t.wide || len(names) <= most {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:most], ", ") + " and " + strconv.Itoa(len(names)-most) + " more"
}

// apart lists what is not planned.
func (t *planText) apart(p *Plan) {
	begun := false
	for _, k := range []struct{ stage, title string }{
		{StageSystem, "system (--system plans for them)"},
		{StageExempt, "exempt, nothing in them is judged"},
		{StageOptedOut, "opted out by gabion.io/manage=false"},
	} {
		var names []string
		for i := range p.Namespaces {
			n := &p.Namespaces[i]
			if n.Stage != k.stage {
				continue
			}
			name := Escape(n.Name)
			if n.Stage != StageExempt {
				name += " passes " + n.passes()
			}
			names = append(names, name)
		}
		if len(names) == 0 {
			continue
		}
		if !begun {
			t.section(bold, "LEFT ALONE", "")
			begun = true
		}
		t.prose("  ", k.title+": "+t.some(names))
	}
}

// gaps says what was not seen.
func (t *planText) gaps(p *Plan) {
	lines := slices.Clone(p.Gaps)
	for i := range p.Namespaces {
		n := &p.Namespaces[i]
		for _, r := range n.Reasons {
			if r.Code == ReasonIncomplete && !strings.HasSuffix(r.Message, "could not be seen") {
				lines = append(lines, n.Name+": "+r.Message)
			}
		}
	}
	if len(lines) == 0 {
		return
	}
	t.section(yellow, "NOT SEEN", "where it may matter no level is proposed")
	const most = 10
	for i, line := range lines {
		if i == most && !t.wide {
			t.b.WriteString("  and " + strconv.Itoa(len(lines)-most) + " more\n")
			break
		}
		t.prose("  ", EscapeSentence(line))
	}
}

const exceptionsTitle, exceptionsAbout = "BY EXCEPTION", "gabion serve lets these pass, the built-in plugin does not"

// exceptions names what passes only because it is excepted.
func (t *planText) exceptions(p *Plan) {
	var rows [][]string
	for i := range p.Namespaces {
		for _, u := range p.Namespaces[i].Exceptions {
			rows = append(rows, []string{Escape(p.Namespaces[i].Name), u.what()})
		}
	}
	if len(rows) == 0 {
		return
	}
	t.section(yellow, exceptionsTitle, exceptionsAbout)
	for _, line := range grid(rows) {
		t.b.WriteString("  " + line + "\n")
	}
}
