package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// machine is what the figures were measured on.
type machine struct {
	cpu     string
	cores   int
	goBuild string
	system  string
}

func thisMachine() machine {
	return machine{
		cpu: cpuModel("/proc/cpuinfo"), cores: runtime.NumCPU(),
		goBuild: runtime.Version(), system: runtime.GOOS + "/" + runtime.GOARCH,
	}
}

// cpuModel returns the processor's name where the system tells it.
func cpuModel(file string) string {
	f, err := os.Open(file)
	if err != nil {
		return "unknown processor"
	}
	defer func() { _ = f.Close() }()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown processor"
}

// figures are everything that was measured.
type figures struct {
	engine []row
	scans  []scanRow
	curves []curve
	// startUp is the program's, bareStart that of one that links client-go and does
	// nothing.
	startUp, bareStart sample
	resident           float64 // MiB at most
	files              []filesRow
	growth             []growthRow
	serving            serving
	webhook            []webhookRow
	servers            []serverMemory
}

// heading says when and on what the figures were measured.
func heading(m machine, now time.Time) string {
	return fmt.Sprintf("`make bench` on %s, on %s (%d cores, %s), %s:\n", now.Format(time.DateOnly), m.cpu, m.cores, m.system, m.goBuild)
}

// render writes the figures as Markdown whose tables read well as plain text.
func render(f *figures) string {
	var b strings.Builder
	b.WriteString("\n")
	table := [][]string{{"restricted:latest", "upstream", "gabion", "ratio", "allocations"}}
	for _, r := range f.engine {
		table = append(table, []string{
			r.name, r.upstream.time.duration(), r.gabion.time.duration(), r.ratio.times(1),
			fmt.Sprintf("%.0f → %.0f", r.upstream.allocs, r.gabion.allocs),
		})
	}
	writeTable(&b, table)
	fmt.Fprintf(&b, "\nThe whole program, `gabion check` on one small file, from start to end: %.1f ms (%.1f–%.1f), %.0f MiB resident at most; "+
		"beside it a program that links client-go and does nothing: %.1f ms (%.1f–%.1f).\n",
		f.startUp.median, f.startUp.low, f.startUp.high, f.resident, f.bareStart.median, f.bareStart.low, f.bareStart.high)
	fmt.Fprintf(&b, "\nThe processor time of a webhook for one review, over TLS and HTTP/1.1 with %d clients at once:\n\n", usualClients)
	writeProcessor(&b, f.webhook, true)
	return b.String()
}

// times writes a ratio with so many digits behind the point, and the quartiles.
func (s sample) times(digits int) string {
	return fmt.Sprintf("%.*fx (%.*f–%.*f)", digits, s.median, digits, s.low, digits, s.high)
}

// writeTable writes a Markdown table with aligned columns. The first row is the
// head; all columns but the first are numbers.
func writeTable(b *strings.Builder, table [][]string) {
	widths := make([]int, len(table[0]))
	for _, cells := range table {
		for i, cell := range cells {
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	for n, cells := range table {
		for i, cell := range cells {
			space := strings.Repeat(" ", widths[i]-len([]rune(cell)))
			if i == 0 {
				cell += space
			} else {
				cell = space + cell
			}
			b.WriteString("| " + cell + " ")
		}
		b.WriteString("|\n")
		if n == 0 {
			b.WriteString("|" + strings.Repeat("-", widths[0]+2))
			for _, w := range widths[1:] {
				b.WriteString("|" + strings.Repeat("-", w+1) + ":")
			}
			b.WriteString("|\n")
		}
	}
}

// duration writes nanoseconds with the unit that suits them, and the quartiles.
func (s sample) duration() string {
	unit, scale := unitOf(s.median)
	return fmt.Sprintf("%s %s (%s–%s)", digits(s.median/scale), unit, digits(s.low/scale), digits(s.high/scale))
}

// unitOf returns the unit that suits so many nanoseconds, and how many it has.
func unitOf(ns float64) (unit string, scale float64) {
	switch {
	case ns >= 1e6:
		return "ms", 1e6
	case ns >= 1e3:
		return "µs", 1e3
	}
	return "ns", 1
}

// digits writes a number with three significant digits, or all before the dot.
func digits(x float64) string {
	if x >= 100 {
		return fmt.Sprintf("%.0f", x)
	}
	return fmt.Sprintf("%.3g", x)
}
