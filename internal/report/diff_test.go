package report

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestADifferenceIsShownAsDiffShowsIt(t *testing.T) {
	t.Parallel()
	var old, changed []string
	for i := range 30 {
		old = append(old, fmt.Sprint("line ", i))
	}
	changed = append(changed, old[:5]...)
	changed = append(changed, "new")
	changed = append(changed, old[6:14]...)
	changed = append(changed, old[15:]...)
	got := unifiedDiff("a", strings.Join(old, "\n")+"\n", "b", strings.Join(changed, "\n")+"\n")
	want := `--- a
+++ b
@@ -3,7 +3,7 @@
 line 2
 line 3
 line 4
-line 5
+new
 line 6
 line 7
 line 8
@@ -12,7 +12,6 @@
 line 11
 line 12
 line 13
-line 14
 line 15
 line 16
 line 17
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := unifiedDiff("a", "x\n", "b", "x\n"); got != "" {
		t.Errorf("equal texts differ: %s", got)
	}
}

// TestADifferenceMakesTheOneOfTheOther applies differences of random texts.
func TestADifferenceMakesTheOneOfTheOther(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	text := func() []string {
		var lines []string
		for range random.IntN(30) + 1 {
			lines = append(lines, string(rune('a'+random.IntN(6))))
		}
		return lines
	}
	for range 2_000 {
		old, changed := text(), text()
		var back []string
		for _, l := range diffLines(old, changed) {
			if l.mark != '+' {
				back = append(back, l.text)
			}
		}
		if diff := cmp.Diff(old, back); diff != "" {
			t.Fatalf("the old text is lost: %s", diff)
		}
		if got := applied(t, old, unifiedDiff("a", strings.Join(old, "\n"), "b", strings.Join(changed, "\n"))); !cmp.Equal(changed, got) {
			t.Fatalf("%q\nbecomes %q, want %q", old, got, changed)
		}
	}
}

// applied applies a difference as patch does.
func applied(t *testing.T, old []string, diff string) (out []string) {
	t.Helper()
	at := 0
	for _, line := range strings.Split(strings.TrimSuffix(diff, "\n"), "\n") {
		switch {
		case line == "", strings.HasPrefix(line, "--- "), strings.HasPrefix(line, "+++ "):
		case strings.HasPrefix(line, "@@"):
			var from, count, to, more int
			if _, err := fmt.Sscanf(line, "@@ -%d,%d +%d,%d @@", &from, &count, &to, &more); err != nil {
				t.Fatal(err)
			}
			for ; at < from-1; at++ {
				out = append(out, old[at])
			}
			if len(out) != to-1 {
				t.Fatalf("%s: %d lines stand before it", line, len(out))
			}
		case line[0] == '+':
			out = append(out, line[1:])
		default:
			if old[at] != line[1:] {
				t.Fatalf("line %d is %q, not %q", at, old[at], line)
			}
			if line[0] == ' ' {
				out = append(out, old[at])
			}
			at++
		}
	}
	return append(out, old[at:]...)
}
