package preview

import (
	"strconv"
	"strings"
)

// Line returns the group as the API server words it, under its lexically
// smallest name: "web-0 (and 2 other pods): host namespaces". The noun is "pod"
// in the API server's own words.
func (g Group) Line(noun string) string {
	if len(g.Names) == 0 {
		return ""
	}
	others := ""
	switch n := len(g.Names) - 1; n {
	case 0:
	case 1:
		others = " (and 1 other " + noun + ")"
	default:
		others = " (and " + strconv.Itoa(n) + " other " + noun + "s)"
	}
	return g.Names[0] + others + ": " + g.Reason
}

// compare orders groups by their lines, as the API server sorts them.
func compare(a, b Group) int { return strings.Compare(a.line, b.line) }
