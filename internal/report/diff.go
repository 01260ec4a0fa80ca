package report

import (
	"fmt"
	"strings"
)

// diffContext is how many lines that are the same are shown beside a change.
const diffContext = 3

// diffLine is a line of a difference: the mark is a blank, a minus or a plus.
type diffLine struct {
	mark byte
	text string
	open bool // it is the last one and has no end
}

// unifiedDiff returns the difference of two texts as `diff -u` shows it, empty if
// there is none.
func unifiedDiff(oldName, old, newName, new string) string {
	return hunks(oldName, newName, diffLines(strings.Split(strings.TrimSuffix(old, "\n"), "\n"), strings.Split(strings.TrimSuffix(new, "\n"), "\n")))
}

// hunks shows the lines that differ with some beside them.
func hunks(oldName, newName string, lines []diffLine) string {
	var b strings.Builder
	oldAt, newAt := 1, 1 // of the line at hand
	for i := 0; i < len(lines); {
		first, last := nextHunk(lines, i)
		if first == len(lines) {
			break
		}
		for ; i < first; i++ {
			oldAt, newAt = oldAt+1, newAt+1 // they are all the same
		}
		if b.Len() == 0 {
			fmt.Fprintf(&b, "--- %s\n+++ %s\n", oldName, newName)
		}
		removed, added := 0, 0
		var body strings.Builder
		for ; i < last; i++ {
			body.WriteString(string(lines[i].mark) + lines[i].text + "\n")
			if lines[i].open {
				body.WriteString("\\ No newline at end of file\n")
			}
			if lines[i].mark != '+' {
				removed++
			}
			if lines[i].mark != '-' {
				added++
			}
		}
		fmt.Fprintf(&b, "@@ -%d,%d +%d,%d @@\n%s", oldAt, removed, newAt, added, body.String())
		oldAt, newAt = oldAt+removed, newAt+added
	}
	return b.String()
}

// nextHunk returns where the next changes begin and end, with what stands beside
// them; both are the length if there are none.
func nextHunk(lines []diffLine, from int) (first, last int) {
	at := from
	for at < len(lines) && lines[at].mark == ' ' {
		at++
	}
	if at == len(lines) {
		return at, at
	}
	first, last = max(from, at-diffContext), at+1
	for i := at; i < len(lines) && i < last+2*diffContext; i++ {
		if lines[i].mark != ' ' {
			last = i + 1
		}
	}
	return first, min(last+diffContext, len(lines))
}

// diffLines finds the longest common lines, and what is between them.
func diffLines(a, b []string) []diffLine {
	// common[i][j] is how many lines a[i:] and b[j:] have in common.
	common := make([][]int, len(a)+1)
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			common[i][j] = max(common[i+1][j], common[i][j+1])
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			}
		}
	}
	var lines []diffLine
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			lines = append(lines, diffLine{mark: ' ', text: a[i]})
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && common[i+1][j] >= common[i][j+1]:
			lines = append(lines, diffLine{mark: '-', text: a[i]})
			i++
		default:
			lines = append(lines, diffLine{mark: '+', text: b[j]})
			j++
		}
	}
	return lines
}
