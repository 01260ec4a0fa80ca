package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// checkTable writes the report for people: a line for every object and, below
// one that violates its policy, the findings by container.
type checkTable struct {
	w     io.Writer
	style Style
	wide  bool
	// open says that the last object had lines below it, so that the next one
	// stands apart.
	open, begun bool
}

// row is one finding with the control that it fails.
type row struct {
	control string
	Finding
}

func (t *checkTable) Result(r *Result) error {
	var b strings.Builder
	heading := fmt.Sprintf("%s  %s  %s  %s", t.word(r), t.object(r.Object), place(r.Source), policy(r))
	t.findings(&b, &r.Verdict, r.Source.Template)
	for _, u := range r.Exceptions {
		t.prose(&b, "  ", u.String())
	}
	t.unplaced(&b, r.Violations)
	ignored, known := r.aside()
	t.ignored(&b, ignored)
	t.known(&b, known)
	t.early(&b, r.Early)
	t.invalid(&b, r.Invalid)
	if r.Partial {
		t.prose(&b, "  ", "note: the controller adds to this pod; only what the object states was judged")
	}
	t.mode(&b, "warn", r.Warn)
	t.mode(&b, "audit", r.Audit)
	return t.block(heading, b.String())
}

// block writes a heading and what belongs to it, an empty line between blocks
// that are longer than their heading.
func (t *checkTable) block(heading, body string) error {
	var b strings.Builder
	if t.begun && (t.open || body != "") {
		b.WriteByte('\n')
	}
	t.begun, t.open = true, body != ""
	b.WriteString(heading + "\n")
	b.WriteString(body)
	_, err := io.WriteString(t.w, b.String())
	return err
}

// object names an object for people: namespace, then the name kubectl uses.
func (t *checkTable) object(o Object) string {
	return Escape(o.Namespace) + " " + t.style.paint(bold, Escape(o.KindName()))
}

func place(s Source) string {
	at := s.Place()
	if t := besideOthers(s.Template); t != "" {
		return at + " (" + Escape(t) + ")"
	}
	return at
}

// besideOthers returns the path of a template that may be one of several in its
// object, and nothing for an object's only one.
func besideOthers(template string) string {
	switch template {
	case "template", "spec.template", "spec.jobTemplate.spec.template":
		return ""
	}
	return template
}

// besides is a place beside a name; nothing for what stands in no file.
func besides(s Source) string {
	if s.File == "" {
		return ""
	}
	return "  " + place(s)
}

// policy names the policy and where it came from.
func policy(r *Result) string {
	if r.Profile != "" && (r.PolicyFrom == FromProfile || r.PolicyFrom == FromFloor) {
		return r.Policy + " and profile " + Escape(r.Profile)
	}
	profiled := ""
	if r.Profile != "" {
		profiled = ", and profile " + Escape(r.Profile)
	}
	from := map[string]string{
		FromFlag: "by flag", FromNamespace: "by its namespace", FromDefault: "by default", FromFloor: "by --at-least",
		FromGuard:  "by the guard " + Escape(strings.Join(r.By, ", ")),
		FromConfig: "by .gabion.yaml",
	}[r.PolicyFrom]
	return r.Policy + " " + from + profiled
}

// findings writes the findings of all violations, the pod's own first, then
// container by container. A fix that several in a row share comes after the last.
func (t *checkTable) findings(b *strings.Builder, v *Verdict, template string) {
	var rows []row
	for _, violation := range v.Violations {
		for _, f := range violation.Findings {
			rows = append(rows, row{violation.Control, f})
		}
	}
	if len(rows) == 0 {
		return
	}
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(a.Order, b.Order) })
	cells := [][]string{t.header()}
	for _, r := range rows {
		cells = append(cells, t.cells(r))
	}
	lines := grid(cells)
	b.WriteString(findingIndent + t.style.paint(dim, lines[0]) + "\n")
	for i, r := range rows {
		if i == 0 || rows[i-1].Order != r.Order {
			t.group(b, r, template)
		}
		t.finding(b, lines[i+1], cells[i+1])
		last := i+1 == len(rows) || rows[i+1].Order != r.Order || rows[i+1].control != r.control || rows[i+1].Fix != r.Fix
		if last && !t.wide {
			below := len(findingIndent) + strings.Index(lines[0], "PATH")
			t.prose(b, strings.Repeat(" ", below), "fix: "+r.Fix+" ("+r.control+")")
		}
	}
	if t.wide {
		t.prose(b, "  ", "message: "+escapeAll(v.Message))
	}
}

func (t *checkTable) header() []string {
	if t.wide {
		return []string{"LINE", "CONTROL", "PATH", "FOUND", "ALLOWED", "FIX"}
	}
	return []string{"LINE", "PATH", "FOUND", "ALLOWED"}
}

func (t *checkTable) cells(r row) []string {
	at := lineCell(r.Line, r.Column, r.RenderedLine)
	if t.wide {
		return []string{at, r.control, Escape(r.Path), value(r.Value), r.Allowed, r.Fix}
	}
	path := r.Path
	if r.Root != "" {
		path = strings.TrimPrefix(strings.TrimPrefix(path, r.Root), ".")
	}
	return []string{at, Escape(path), value(r.Value), r.Allowed}
}

// lineCell says where something stands: in the file or, where that is not known,
// in what it was rendered to.
func lineCell(line, column, rendered int) string {
	switch {
	case line > 0 && column > 0:
		return strconv.Itoa(line) + ":" + strconv.Itoa(column)
	case line > 0:
		return strconv.Itoa(line)
	case rendered > 0:
		return "rendered " + strconv.Itoa(rendered)
	}
	return "-"
}

// group writes whose findings follow, with the path that theirs begin with.
func (t *checkTable) group(b *strings.Builder, r row, template string) {
	who, root := "pod", template
	if r.Order > 0 {
		who, root = r.ContainerKind+" "+t.style.paint(bold, Escape(strconv.Quote(r.Container))), r.Root
	}
	b.WriteString("  " + who)
	if root != "" {
		b.WriteString("  " + t.style.paint(dim, Escape(root)))
	}
	b.WriteByte('\n')
}

const findingIndent = "      "

// finding writes one finding. In the wide table lines are as long as they are.
func (t *checkTable) finding(b *strings.Builder, line string, cells []string) {
	if t.wide {
		b.WriteString(findingIndent + line + "\n")
		return
	}
	t.line(b, line, cells, "allowed: ")
}

// line writes a line of a grid. On a terminal that is too narrow for it the last
// cell goes on below itself or, where that has no room, stands below the second
// one, behind its name.
func (t *checkTable) line(b *strings.Builder, line string, cells []string, name string) {
	last := cells[len(cells)-1]
	width := t.style.Width - len(findingIndent)
	length := utf8.RuneCountInString(line)
	start := length - utf8.RuneCountInString(last)
	if t.style.Width > 0 && length > width && width-start < minWrap {
		lead := strings.TrimRight(string([]rune(line)[:start]), " ")
		below := strings.Index(lead, cells[1])
		b.WriteString(findingIndent + lead + "\n")
		t.prose(b, findingIndent+strings.Repeat(" ", max(below, 0)), name+last)
		return
	}
	lead := string([]rune(line)[:start])
	for _, part := range wrap(last, width-start) {
		b.WriteString(findingIndent + lead + part + "\n")
		lead = strings.Repeat(" ", start)
	}
}

// prose writes a sentence, broken to the terminal's width.
func (t *checkTable) prose(b *strings.Builder, indent, text string) {
	const further = "  "
	for i, part := range wrap(text, t.style.Width-len(indent)-len(further)) {
		if i > 0 {
			part = further + part
		}
		b.WriteString(indent + part + "\n")
	}
}

// unplaced writes violations that stand nowhere in the pod.
func (t *checkTable) unplaced(b *strings.Builder, all []Violation) {
	for _, v := range all {
		if len(v.Findings) == 0 {
			t.prose(b, "  ", escapeAll(v.Reason+": "+v.Detail))
		}
	}
}

// early writes what becomes of the workload itself.
func (t *checkTable) early(b *strings.Builder, e *Early) {
	if e != nil && e.Action == EarlyDeny {
		t.prose(b, "  ", "the workload itself would be refused, by the guard "+Escape(strings.Join(e.Guards, ", ")))
	}
}

func (t *checkTable) invalid(b *strings.Builder, invalid []Invalid) {
	if len(invalid) == 0 {
		return
	}
	b.WriteString("  the API server would refuse\n")
	var rows [][]string
	for _, i := range invalid {
		rows = append(rows, []string{lineCell(i.Line, i.Column, i.RenderedLine), Escape(i.Path), Escape(i.Message)})
	}
	for i, line := range grid(rows) {
		t.line(b, line, rows[i], "")
	}
}

// mode says what a mode that refuses nobody has to say, if it has.
func (t *checkTable) mode(b *strings.Builder, name string, m *Mode) {
	if m == nil || m.Allowed {
		return
	}
	t.prose(b, "  ", name+": would violate "+m.Policy+": "+Escape(m.Reason))
}

func (t *checkTable) NotChecked(n NotChecked) error {
	var b strings.Builder
	for _, path := range n.Paths {
		b.WriteString("  not read: " + Escape(path) + "\n")
	}
	t.prose(&b, "  ", escapeAll(n.Reason))
	heading := t.style.paint(yellow, "NOT CHECKED") + "  " + t.object(n.Object) + "  " + place(n.Source)
	return t.block(heading, b.String())
}

// Error writes nothing: errors are lines on standard error.
func (t *checkTable) Error(Error) error { return nil }
