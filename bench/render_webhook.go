package main

import (
	"fmt"
	"strings"
)

// writeProcessor writes the processor time that reviews take, of the usual rows or
// of the others.
func writeProcessor(b *strings.Builder, rows []webhookRow, usual bool) {
	table := [][]string{{"review of a pod at restricted:latest", "constant answer", "upstream", "gabion", "to constant", "to upstream", "constant to upstream"}}
	for i := range rows {
		r := &rows[i]
		if r.usual() != usual {
			continue
		}
		name := r.name()
		if usual {
			name = r.review()
		}
		table = append(table, []string{
			name, sum(r.constant, processor).duration(), sum(r.upstream, processor).duration(), sum(r.gabion, processor).duration(),
			r.over(r.constant, processor).times(2), r.over(r.upstream, processor).times(2), r.floor(processor).times(2),
		})
	}
	writeTable(b, table)
}

// renderWebhooks writes what is for docs/performance.md alone.
func renderWebhooks(b *strings.Builder, f *figures) {
	b.WriteString("\nThe processor time of a webhook for one review, with other numbers of clients, and over HTTP/2:\n\n")
	writeProcessor(b, f.webhook, false)
	b.WriteString("\nHow many reviews a second the webhooks answer over HTTP/1.1, and how long half of them and 99 of 100 take at most, " +
		"with the clients on the same processors:\n\n")
	table := [][]string{{
		"review, clients", "constant, a second", "upstream", "gabion", "constant, p50 / p99", "upstream", "gabion", "p99 to upstream", "constant to upstream",
	}}
	for i := range f.webhook {
		r := &f.webhook[i]
		if r.protocol.major != 1 {
			continue
		}
		cells := []string{r.review() + ", " + r.sentBy()}
		for _, turns := range [][]turn{r.constant, r.upstream, r.gabion} {
			cells = append(cells, digits(sum(turns, perSecond).median))
		}
		for _, turns := range [][]turn{r.constant, r.upstream, r.gabion} {
			cells = append(cells, single(sum(turns, p50).median)+" / "+single(sum(turns, p99).median))
		}
		table = append(table, append(cells, r.over(r.upstream, p99).times(2), r.floor(p99).times(2)))
	}
	writeTable(b, table)
	b.WriteString("\nWhat the webhooks have in memory after all that, without a collection that was asked for:\n\n")
	table = [][]string{{"webhook", "resident", "of that anonymous"}}
	for _, s := range f.servers {
		table = append(table, []string{s.name, fmt.Sprintf("%.0f MiB", s.resident), fmt.Sprintf("%.0f MiB", s.anonymous)})
	}
	writeTable(b, table)
}

// renderOutOfBounds says which rows make bench fails by, if any.
func renderOutOfBounds(rows []webhookRow) string {
	err := demandBounds(rows)
	if err == nil {
		return "\nAll reviews of up to 4.2 KB are within the bounds by which `make bench` fails.\n"
	}
	return "\nOut of the bounds by which `make bench` fails, so that it ended with 1:\n\n- " + strings.ReplaceAll(err.Error(), "\n", "\n- ") + "\n"
}

// single writes nanoseconds as duration does, without quartiles.
func single(ns float64) string {
	unit, scale := unitOf(ns)
	return digits(ns/scale) + " " + unit
}
