package report

import (
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// FileEdit is an edit of a text: what stands from Start to End, in bytes, is
// replaced.
type FileEdit struct {
	Start, End int
	Text       string
}

// FileDiff returns what edits change in a file in the form that `git apply` takes,
// nothing if there are none. The edits are in the order of the text.
func FileDiff(style Style, name, before string, edits []FileEdit) string {
	if len(edits) == 0 {
		return ""
	}
	var lines []diffLine
	at := 0 // how much of the text the lines are
	for i := 0; i < len(edits); {
		start, end := touched(before, edits[i])
		var after strings.Builder
		done := start
		for ; i < len(edits); i++ {
			from, to := touched(before, edits[i])
			if from >= end && from > start {
				break
			}
			end = max(end, to)
			after.WriteString(before[done:edits[i].Start] + edits[i].Text)
			done = edits[i].End
		}
		after.WriteString(before[done:end])
		lines = append(lines, marked(' ', before[at:start])...)
		lines = append(lines, changedLines(before[start:end], after.String())...)
		at = end
	}
	lines = append(lines, marked(' ', before[at:])...)
	a, b := diffName("a", name), diffName("b", name)
	return style.paintDiff("diff --git "+a+" "+b+"\n", hunks(tabbed(a), tabbed(b), lines))
}

// touched is the part of a text, in whole lines, that an edit changes.
func touched(text string, e FileEdit) (start, end int) {
	start = strings.LastIndexByte(text[:e.Start], '\n') + 1
	wholeLines := e.Start == start && (e.Text == "" || strings.HasSuffix(e.Text, "\n"))
	if wholeLines && (e.End == start || text[e.End-1] == '\n') {
		return start, e.End
	}
	if next := strings.IndexByte(text[e.End:], '\n'); next >= 0 {
		return start, e.End + next + 1
	}
	return start, len(text)
}

// marked are the lines of a text with a mark.
func marked(mark byte, text string) (lines []diffLine) {
	for line := range strings.Lines(text) {
		cut, ended := strings.CutSuffix(line, "\n")
		lines = append(lines, diffLine{mark: mark, text: cut, open: !ended})
	}
	return lines
}

// changedLines are the lines of two texts, those that both begin or end with once.
func changedLines(before, after string) []diffLine {
	old, now := marked('-', before), marked('+', after)
	same := func(a, b diffLine) bool { return a.text == b.text && a.open == b.open }
	first := 0
	for first < len(old) && first < len(now) && same(old[first], now[first]) {
		first++
	}
	last := 0
	for last < len(old)-first && last < len(now)-first && same(old[len(old)-1-last], now[len(now)-1-last]) {
		last++
	}
	lines := append(kept(old[:first]), old[first:len(old)-last]...)
	lines = append(lines, now[first:len(now)-last]...)
	return append(lines, kept(old[len(old)-last:])...)
}

func kept(lines []diffLine) (all []diffLine) {
	for _, l := range lines {
		l.mark = ' '
		all = append(all, l)
	}
	return all
}

// diffName is a file as git names it: below the folder where the patch is applied.
func diffName(side, name string) string {
	if name == "-" {
		name = "stdin"
	}
	name = side + "/" + strings.TrimPrefix(path.Clean(filepath.ToSlash(name)), "/")
	if !printable(name) || strings.ContainsAny(name, `"\`) {
		return strconv.Quote(name)
	}
	return name
}

// tabbed ends a name with a blank in it as diff does, which nobody else can see.
func tabbed(name string) string {
	if strings.Contains(name, " ") && name[0] != '"' {
		return name + "\t"
	}
	return name
}

// paintDiff gives a diff colours. On a terminal nothing in it is sent to that
// but what prints.
func (s Style) paintDiff(header, text string) string {
	if !s.Colour && s.Width == 0 {
		return header + text
	}
	var b strings.Builder
	b.WriteString(s.paint(bold, strings.TrimSuffix(header, "\n")) + "\n")
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		colour := ""
		switch {
		case strings.HasPrefix(line, "--- "), strings.HasPrefix(line, "+++ "):
			colour = bold
		case strings.HasPrefix(line, "-"):
			colour = red
		case strings.HasPrefix(line, "+"):
			colour = green
		case strings.HasPrefix(line, "@@"), strings.HasPrefix(line, `\`):
			colour = dim
		}
		parts := strings.Split(line, "\t")
		for i := range parts {
			parts[i] = escapeAll(parts[i])
		}
		line = strings.Join(parts, "\t")
		if colour != "" {
			line = s.paint(colour, line)
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}
