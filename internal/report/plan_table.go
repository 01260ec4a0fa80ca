package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// planTable is the plan for people: what cannot wait first, then a line for each
// namespace, then the workloads to fix and how.
func planTable(p *Plan, style Style, wide bool) string {
	t := planText{style: style, wide: wide}
	t.heading(p)
	t.atRisk(p)
	t.invalid(p)
	t.weaker(p)
	t.namespaces(p)
	t.fixes(p)
	t.how()
	t.exceptions(p)
	t.notes(p)
	t.apart(p)
	t.gaps(p)
	return t.b.String()
}

// planText builds the text.
type planText struct {
	b     strings.Builder
	style Style
	wide  bool
	// controls are those that are named, in their order, with what fixes them.
	controls []string
	howTo    map[string][]string
}

// section begins a section of its own. Its title is bold, or in a colour.
func (t *planText) section(colour, title, about string) {
	if t.b.Len() > 0 {
		t.b.WriteByte('\n')
	}
	line := t.style.paint(colour, title)
	switch {
	case about == "":
	case t.style.Width == 0 || len(title)+2+len(about) <= t.style.Width:
		line += "  " + t.style.paint(dim, about)
	default:
		line += "\n" + t.style.paint(dim, about)
	}
	t.b.WriteString(line + "\n")
}

// prose writes a text broken to the width.
func (t *planText) prose(indent, text string) {
	for i, part := range wrap(text, t.style.Width-utf8.RuneCountInString(indent)-2) {
		if i > 0 {
			part = "  " + part
		}
		t.b.WriteString(indent + part + "\n")
	}
}

func (t *planText) heading(p *Plan) {
	server := p.Server
	if server == "" {
		server = p.Latest
	}
	pin := "enforced levels pinned to " + p.Pin
	if p.Pin == "latest" {
		pin = "nothing pinned"
	}
	if p.Server != "" && p.Server != p.Latest && !strings.HasPrefix(p.Server, p.Latest+".") {
		server += ", judged as " + p.Latest
	}
	t.prose("", "Kubernetes "+Escape(server)+", target "+p.Target+", "+pin+".")
	if p.Summary.Unlabelled > 0 && p.Defaults.Assumed {
		t.prose("", "* "+Assuming)
	} else if p.Summary.Unlabelled > 0 {
		t.prose("", "* no enforce label: the API server's default.")
	}
}

// atRisk lists what fails at the next restart.
func (t *planText) atRisk(p *Plan) {
	begun := false
	for i := range p.Namespaces {
		n := &p.Namespaces[i]
		if len(n.AtRisk) == 0 {
			continue
		}
		if !begun {
			t.section(red, "THE NEXT RESTART FAILS", "what is enforced refuses the pods of these")
			begun = true
		}
		t.b.WriteString(t.style.paint(bold, Escape(n.Name)) + " enforces " + n.Current.Enforce + Escape(n.floor()) + "\n")
		t.blockers(n.AtRisk)
	}
}

func (t *planText) invalid(p *Plan) {
	begun := false
	for i := range p.Namespaces {
		for _, r := range p.Namespaces[i].Reasons {
			if r.Code != ReasonInvalid {
				continue
			}
			if !begun {
				t.section(red, "LABELS THAT MAKE NO SENSE", "the API server takes enforce for restricted, audit and warn for privileged")
				begun = true
			}
			t.prose("  ", Escape(p.Namespaces[i].Name)+": "+EscapeSentence(r.Message))
		}
	}
}

// weaker names what could enforce more today. The table says what.
func (t *planText) weaker(p *Plan) {
	if names := t.namesWith(p, ReasonWeaker); names != "" {
		t.section(yellow, weakerTitle, "everything in these passes a stricter level than their labels enforce")
		t.prose("  ", names)
	}
}

const weakerTitle = "LABELLED WEAKER THAN THEY NEED"

// urgency sorts namespaces by what there is to do.
func (n *PlanNamespace) urgency() int {
	if len(n.AtRisk) > 0 {
		return -1
	}
	return slices.Index([]string{StageLabel, StageFix, StageIncomplete, StageDone}, n.Stage)
}

// namespaces writes a line for each namespace.
func (t *planText) namespaces(p *Plan) {
	var all []*PlanNamespace
	for i := range p.Namespaces {
		if p.Namespaces[i].planned() {
			all = append(all, &p.Namespaces[i])
		}
	}
	if len(all) == 0 {
		return
	}
	slices.SortStableFunc(all, func(a, b *PlanNamespace) int { return a.urgency() - b.urgency() })
	header := []string{"NAMESPACE", "ENFORCES", "PASSES", "NOW", "TO FIX"}
	if t.wide {
		header = []string{"NAMESPACE", "ENFORCES", "PASSES", "NOW", "TO FIX", "PODS", "WORKLOADS", "ENFORCE", "AUDIT", "WARN"}
	}
	rows := [][]string{header}
	for _, n := range all {
		row := []string{Escape(n.Name), n.enforces(), n.passes(), n.doNow(), n.toFix()}
		if t.wide {
			row = append(row, strconv.Itoa(n.Pods), strconv.Itoa(n.Workloads), labelled(n, "enforce"), labelled(n, "audit"), labelled(n, "warn"))
		}
		rows = append(rows, row)
	}
	t.b.WriteByte('\n')
	for i, line := range t.fit(rows) {
		switch {
		case i == 0:
			line = t.style.paint(bold, line)
		case len(all[i-1].AtRisk) > 0:
			line = t.style.paint(red, line)
		case all[i-1].Stage == StageDone:
			line = t.style.paint(green, line)
		case all[i-1].Stage == StageIncomplete:
			line = t.style.paint(yellow, line)
		}
		t.b.WriteString(line + "\n")
	}
}

// labelled is what labels would say, or "-".
func labelled(n *PlanNamespace, mode string) string {
	key := "pod-security.kubernetes.io/" + mode
	if n.Labels[key] == "" {
		return "-"
	}
	return n.Labels[key] + ":" + n.Labels[key+"-version"]
}

// fit lays out rows. On a terminal that is too narrow, names that are too long
// stand on a line of their own.
func (t *planText) fit(rows [][]string) []string {
	lines := grid(rows)
	widest := 0
	for _, line := range lines {
		widest = max(widest, utf8.RuneCountInString(line))
	}
	if t.style.Width == 0 || t.wide || widest <= t.style.Width {
		return lines
	}
	rest := make([][]string, len(rows))
	for i, row := range rows {
		rest[i] = row[1:]
	}
	others := 0
	for _, line := range grid(rest) {
		others = max(others, utf8.RuneCountInString(line))
	}
	short := t.style.Width - others - 2
	var names []string
	narrow := make([][]string, len(rows))
	for i, row := range rows {
		narrow[i] = slices.Clone(row)
		name := ""
		if utf8.RuneCountInString(row[0]) > short {
			name, narrow[i][0] = row[0]+"\n", ""
		}
		names = append(names, name)
	}
	lines = grid(narrow)
	for i := range lines {
		lines[i] = names[i] + lines[i]
	}
	return lines
}

// fixes lists what to fix for the next level, where least is to be fixed first;
// wide lists all levels of all namespaces.
func (t *planText) fixes(p *Plan) {
	var all []*PlanNamespace
	for i := range p.Namespaces {
		n := &p.Namespaces[i]
		if n.planned() && len(n.steps()) > 0 && (t.wide || len(n.AtRisk) == 0) {
			all = append(all, n)
		}
	}
	if len(all) == 0 {
		return
	}
	about := ""
	if !t.wide {
		about = "what stands nearest to the next level first"
		slices.SortStableFunc(all, func(a, b *PlanNamespace) int { return len(a.steps()[0].Blockers) - len(b.steps()[0].Blockers) })
	}
	t.section(bold, "TO FIX", about)
	const most = 12
	for i, n := range all {
		if i == most && !t.wide {
			t.prose("", "and "+countOf(len(all)-most, "namespace")+" more: name one to see what is to be fixed in it, or -o wide for all")
			return
		}
		t.fix(n)
	}
}

// fix lists what to fix in one namespace.
func (t *planText) fix(n *PlanNamespace) {
	for i, s := range n.steps() {
		before := countOf(len(s.Blockers), "workload") + " before " + levelOf(s.Enforce)
		if i > 0 && !t.wide {
			t.b.WriteString("  then " + before + " (-o wide)\n")
			continue
		}
		t.b.WriteString(t.style.paint(bold, Escape(n.Name)) + ", " + before + "\n")
		t.blockers(s.Blockers)
	}
}

// blockers lists workloads: in the table those that fail the same together, in
// the wide one each with its findings.
func (t *planText) blockers(blockers []PlanBlocker) {
	for i := range blockers {
		for j := range blockers[i].Violations {
			t.remember(&blockers[i].Violations[j])
		}
	}
	if t.wide {
		for i := range blockers {
			t.blocker(&blockers[i])
		}
		return
	}
	const most = 3
	var order []string
	names := map[string][]string{}
	for i := range blockers {
		fails := failsOf(&blockers[i])
		if names[fails] == nil {
			order = append(order, fails)
		}
		names[fails] = append(names[fails], nameOf(&blockers[i]))
	}
	for _, fails := range order {
		all := names[fails]
		line := strings.Join(all[:min(len(all), most)], ", ")
		if n := len(all) - most; n > 0 {
			line += " and " + strconv.Itoa(n) + " more"
		}
		t.prose("  ", line)
		t.prose("      ", fails)
	}
}

// nameOf names a workload, with what is to be known of it.
func nameOf(b *PlanBlocker) string {
	name := Escape(b.Object.KindName())
	if b.Seen > 0 {
		name += " (audit log, " + countOf(b.Seen, "time") + ", last " + b.LastSeen + ")"
	}
	return name
}

// detailOf is the sentence that goes with a violation, if there is one.
func detailOf(v *PlanViolation) string {
	if v.Detail == "" {
		return ""
	}
	return " (" + EscapeSentence(v.Detail) + ")"
}

// failsOf names the controls that a workload fails, and where if it is not in
// the template.
func failsOf(b *PlanBlocker) string {
	var parts []string
	for i := range b.Violations {
		v := &b.Violations[i]
		part := v.Control
		if part == "" {
			part = Escape(v.Reason)
		}
		switch v.Origin {
		case OriginInjected:
			part += " (injected: " + injectedInto(v) + ")"
		case OriginAuditLog:
			part += detailOf(v)
		case OriginPod:
			if b.Object.Kind != "Pod" {
				part += " (in the pods only)"
			}
			part += detailOf(v)
		case OriginTemplate:
			part += detailOf(v)
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ", ")
}

// injectedInto names the containers that the template does not have.
func injectedInto(v *PlanViolation) string {
	var names []string
	for _, f := range v.Findings {
		name := Escape(f.Container)
		if f.Container == "" {
			name = Escape(f.Path)
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// blocker writes one workload with all its findings.
func (t *planText) blocker(b *PlanBlocker) {
	about := ""
	if b.Pods > 0 {
		about = fmt.Sprintf(", %d of %s", b.Failing, countOf(b.Pods, "pod"))
	}
	if b.Partial {
		about += ", its controller adds to the pods"
	}
	t.b.WriteString("  " + nameOf(b) + about + "\n")
	var rows [][]string
	for i := range b.Violations {
		v := &b.Violations[i]
		for _, f := range v.Findings {
			rows = append(rows, []string{v.Control, v.Origin, Escape(f.Path), value(f.Value), f.Fix})
		}
		if len(v.Findings) == 0 {
			rows = append(rows, []string{v.Control, v.Origin, Escape(v.Reason), EscapeSentence(v.Detail)})
		}
	}
	for _, line := range grid(rows) {
		t.b.WriteString("    " + line + "\n")
	}
}
