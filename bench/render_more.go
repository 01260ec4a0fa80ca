package main

import (
	"fmt"
	"strings"
)

// renderMore writes what is for docs/performance.md alone.
func renderMore(f *figures) string {
	var b strings.Builder
	b.WriteString("\nReading the JSON of a pod, beside a scan of the same bytes that does nothing but count the brackets outside of strings:\n\n")
	table := [][]string{{"JSON", "scan", "verdict", "verdict to scan"}}
	for _, r := range f.scans {
		table = append(table, []string{r.name, r.scan.duration(), r.read.duration(), r.times.times(1)})
	}
	writeTable(&b, table)
	fmt.Fprintf(&b, "\nHow that grows with the pod; both axes are logarithmic:\n\n![cost against size](%s)\n", plotFile)
	b.WriteString("\nThe workloads in a directory, a file each: upstream's library in a loop, and `gabion check --level=restricted -o name`, the whole program:\n\n")
	table = [][]string{{"files", "reading alone", "upstream", "gabion", "ratio", "processors busy"}}
	for _, r := range f.files {
		table = append(table, []string{
			fmt.Sprintf("%d .%s", r.files, r.name), r.reading.milliseconds(), r.upstream.milliseconds(), r.gabion.milliseconds(), r.ratio.times(1), fmt.Sprintf("%.1f", r.busy.median),
		})
	}
	writeTable(&b, table)
	fmt.Fprintf(&b, "\nPods in the cache of `gabion serve`, %d for each template, all in one namespace whose level is raised (each of them is judged "+
		"and named or counted in the answer); and a plan of as many pods in namespaces of thirty:\n\n", podsPerTemplate)
	table = [][]string{{"pods", "relabelling", "a pod", "plan", "a pod", "memory of a cached pod"}}
	for _, r := range f.growth {
		n := float64(r.pods)
		table = append(table, []string{
			fmt.Sprint(r.pods), r.sweep.milliseconds(), digits(r.sweep.median*1e6/n) + " ns", r.plan.milliseconds(), digits(r.plan.median*1e6/n) + " ns",
			fmt.Sprintf("%.0f bytes", r.memory),
		})
	}
	writeTable(&b, table)
	fmt.Fprintf(&b, "\nThe whole of `gabion serve` with %d pods of %d templates, after a collection: %.0f MiB of anonymous memory; all that was resident "+
		"at most, while it listed them: %.0f MiB.\n", f.serving.pods, f.serving.templates, f.serving.anonymous, f.serving.atMost)
	renderWebhooks(&b, f)
	return b.String()
}

// milliseconds writes milliseconds as duration does nanoseconds.
func (s sample) milliseconds() string {
	return sample{s.median * 1e6, s.low * 1e6, s.high * 1e6}.duration()
}
