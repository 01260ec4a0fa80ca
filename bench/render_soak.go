package main

import (
	"fmt"
	"strings"
	"time"
)

// render writes what was seen.
func (r *soaked) render(m machine, now time.Time) string {
	var b strings.Builder
	last := r.during[len(r.during)-1].answered
	fmt.Fprintf(&b, "`make soak` on %s, on %s (%d cores, %s), %s: %d reviews in %s.\n\n",
		now.Format(time.DateOnly), m.cpu, m.cores, m.system, m.goBuild, last, r.took.Round(time.Second))
	table := [][]string{{"answered", "anonymous memory", "goroutines", "open files"}}
	row := func(name string, h held) {
		table = append(table, []string{name, fmt.Sprintf("%.0f MiB", h.memory), fmt.Sprint(h.goroutines), fmt.Sprint(h.files)})
	}
	row("before", r.before)
	for _, h := range r.during {
		row(fmt.Sprint(h.answered), h)
	}
	row("the clients have left", r.after)
	writeTable(&b, table)
	fmt.Fprintf(&b, "\n`gabion check --level=restricted -o name -` read %.1f GB, %d pods, in %s, with %.0f MiB resident at most.\n",
		float64(r.stream.bytes)/1e9, r.stream.pods, r.stream.took.Round(time.Second), r.stream.memory)
	return b.String()
}
