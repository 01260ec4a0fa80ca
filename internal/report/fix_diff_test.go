package report_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/internal/report"
)

// patched applies a diff of one file as git does: strictly, and counting lines.
func patched(text, diff string) (string, error) {
	lines := slices.Collect(strings.Lines(text))
	var out []string
	at, hunk := 0, [4]int{}
	all := slices.Collect(strings.Lines(diff))
	for i, line := range all {
		if i < 3 {
			continue
		}
		open := i+1 < len(all) && strings.HasPrefix(all[i+1], `\`)
		body := line[1:]
		if open {
			body = strings.TrimSuffix(body, "\n")
		}
		switch line[0] {
		case '@':
			if hunk[1] != 0 || hunk[3] != 0 {
				return "", fmt.Errorf("line %d: the last hunk is not complete: %v", i, hunk)
			}
			if _, err := fmt.Sscanf(line, "@@ -%d,%d +%d,%d @@", &hunk[0], &hunk[1], &hunk[2], &hunk[3]); err != nil {
				return "", err
			}
			out = append(out, lines[at:hunk[0]-1]...)
			at = hunk[0] - 1
			if len(out) != hunk[2]-1 {
				return "", fmt.Errorf("line %d: the hunk begins at line %d, not %d", i, len(out)+1, hunk[2])
			}
		case ' ', '-':
			if at >= len(lines) || lines[at] != body {
				return "", fmt.Errorf("line %d: %q does not match", i, body)
			}
			at++
			hunk[1]--
			if line[0] == ' ' {
				out = append(out, body)
				hunk[3]--
			}
		case '+':
			out = append(out, body)
			hunk[3]--
		case '\\':
		default:
			return "", fmt.Errorf("line %d: %q is none of a diff", i, line)
		}
	}
	return strings.Join(append(out, lines[at:]...), ""), nil
}

func TestADiffMakesOfAFileWhatItsEditsDo(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	words := []string{"a", "b\n", "\n", "c\r\n", "  d: e\n", "", "x\ny\n"}
	for n := range 20_000 {
		var text strings.Builder
		for range r.IntN(30) {
			text.WriteString(words[r.IntN(len(words))])
		}
		before := text.String()
		var edits []report.FileEdit
		want, at := "", 0
		for range r.IntN(5) {
			start := at + r.IntN(len(before)-at+1)
			if r.IntN(2) == 0 { // whole lines are inserted mostly
				start = max(at, strings.LastIndexByte(before[:start], '\n')+1)
			}
			end := start
			if r.IntN(3) == 0 {
				end = start + r.IntN(len(before)-start+1)
			}
			e := report.FileEdit{Start: start, End: end, Text: words[r.IntN(len(words))]}
			edits = append(edits, e)
			want += before[at:e.Start] + e.Text
			at = e.End
		}
		want += before[at:]
		diff := report.FileDiff(report.Style{}, "a.yaml", before, edits)
		if want == before {
			continue
		}
		got, err := patched(before, diff)
		if err != nil || got != want {
			t.Fatalf("seed %d, %d: %v\nbefore %q\nedits %+v\ngot %q\nwant %q\n%s", seed, n, err, before, edits, got, want, diff)
		}
	}
}

func TestADiffNamesFilesAsGitDoesAndSendsATerminalOnlyWhatPrints(t *testing.T) {
	t.Parallel()
	edits := []report.FileEdit{{Start: 2, End: 3, Text: "c"}}
	for name, want := range map[string]string{
		"./x/../a.yaml":   "diff --git a/a.yaml b/a.yaml\n--- a/a.yaml\n+++ b/a.yaml\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n",
		"/abs/a.yaml":     "diff --git a/abs/a.yaml b/abs/a.yaml\n--- a/abs/a.yaml\n+++ b/abs/a.yaml\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n",
		"a b.yaml":        "diff --git a/a b.yaml b/a b.yaml\n--- a/a b.yaml\t\n+++ b/a b.yaml\t\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n",
		"a\x1b[2J\n.yaml": "diff --git \"a/a\\x1b[2J\\n.yaml\" \"b/a\\x1b[2J\\n.yaml\"\n--- \"a/a\\x1b[2J\\n.yaml\"\n+++ \"b/a\\x1b[2J\\n.yaml\"\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n",
		"-":               "diff --git a/stdin b/stdin\n--- a/stdin\n+++ b/stdin\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n",
	} {
		if d := cmp.Diff(want, report.FileDiff(report.Style{}, name, "a\nb\n", edits)); d != "" {
			t.Errorf("%q (-want +got):\n%s", name, d)
		}
	}
	const want = "\x1b[1mdiff --git a/a b/a\x1b[0m\n\x1b[1m--- a/a\x1b[0m\n\x1b[1m+++ b/a\x1b[0m\n\x1b[2m@@ -1,2 +1,2 @@\x1b[0m\n \t\\u009b\n\x1b[1;31m-b\x1b[0m\n\x1b[32m+c\x1b[0m\n"
	if d := cmp.Diff(want, report.FileDiff(report.Style{Colour: true}, "a", "\t\u009b\nb\n", []report.FileEdit{{Start: 4, End: 5, Text: "c"}})); d != "" {
		t.Errorf("coloured (-want +got):\n%s", d)
	}
}
