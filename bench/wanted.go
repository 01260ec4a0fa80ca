package main

import (
	"fmt"
	"strings"
)

// targets are those of the project, with what was reached: medians, where there
// are rounds.
func (f *figures) targets() []target {
	const (
		passes   = "verdict on a decoded pod that passes"
		fails    = "verdict on a decoded pod that fails"
		speed    = ", upstream's time over Gabion's"
		scanned  = ", over the time of a scan"
		webhooks = "webhook over HTTP/1.1, "
	)
	allocations := func(r *row) float64 { return r.gabion.allocs }
	return []target{
		{passes + speed, atLeast(15), f.engineOf(passes, ratio)},
		{passes + ", allocations", bound{"at most", 0, ""}, f.engineOf(passes, allocations)},
		{fails + speed, atLeast(6), f.engineOf(fails, ratio)},
		{"JSON to verdict, 1 KB" + speed, atLeast(8), f.engineOf("JSON to verdict, 1.", ratio)},
		{"JSON to verdict, 4 KB" + speed, atLeast(12), f.engineOf("JSON to verdict, 4.", ratio)},
		{"JSON to verdict, 16 KB" + speed, atLeast(15), f.engineOf("JSON to verdict, 16.", ratio)},
		{"JSON to verdict, 1 KB" + scanned, atMost(3), f.scansOf("1.")},
		{"JSON to verdict, 4 KB" + scanned, atMost(2), f.scansOf("4.")},
		{"JSON to verdict, 16 KB" + scanned, atMost(2), f.scansOf("16.")},
		{"YAML to verdict" + speed, atLeast(5), f.engineOf("YAML to verdict", ratio)},
		{"files of JSON, upstream on one processor, the program on all" + speed, atLeast(10), f.filesOf("json")},
		{"files of YAML, the same" + speed, atLeast(5), f.filesOf("yaml")},
		{"`gabion check` of a small file, start to end", under(25, "ms"), one(f.startUp.median)},
		{"`gabion check` of a small file, resident at most", under(70, "MB"), one(megabytes(f.resident))},
		{webhooks + "processor time over the constant handler's", atMost(1.25), f.webhooksOf(0, 0, toConstant)},
		{webhooks + "1.2 KB, processor time over upstream's", atMost(0.35), f.webhooksOf(1200, 0, toUpstream)},
		{webhooks + "4.2 KB, processor time over upstream's", atMost(0.25), f.webhooksOf(4200, 0, toUpstream)},
		{webhooks + "64 clients, p99 over upstream's", atMost(0.5), f.webhooksOf(0, manyClients, p99ToUpstream)},
		{"relabelling of 150000 pods", under(100, "ms"), f.growthOf(150_000, func(r *growthRow) float64 { return r.sweep.median })},
		{"memory of a cached pod, 150000 pods of 3000 templates", under(300, "bytes"), f.growthOf(150_000, func(r *growthRow) float64 { return r.memory })},
		{"anonymous memory of `gabion serve` with them", under(150, "MB"), one(megabytes(f.serving.anonymous))},
	}
}

func one(value float64) []reached { return []reached{{"", value}} }

// megabytes are what memory is bounded in; it is told in MiB otherwise.
func megabytes(mib float64) float64 { return mib * (1 << 20) / 1e6 }

func ratio(r *row) float64                { return r.ratio.median }
func toConstant(r *webhookRow) float64    { return r.over(r.constant, processor).median }
func toUpstream(r *webhookRow) float64    { return r.over(r.upstream, processor).median }
func p99ToUpstream(r *webhookRow) float64 { return r.over(r.upstream, p99).median }

// engineOf returns a figure of the comparisons whose names begin so.
func (f *figures) engineOf(name string, figure func(*row) float64) (list []reached) {
	for i := range f.engine {
		if r := &f.engine[i]; strings.HasPrefix(r.name, name) {
			list = append(list, reached{r.name, figure(r)})
		}
	}
	return list
}

// scansOf is engineOf for what is compared with a scan.
func (f *figures) scansOf(name string) (list []reached) {
	for i := range f.scans {
		if r := &f.scans[i]; strings.HasPrefix(r.name, name) {
			list = append(list, reached{r.name, r.times.median})
		}
	}
	return list
}

func (f *figures) filesOf(format string) (list []reached) {
	for i := range f.files {
		if r := &f.files[i]; r.name == format {
			list = append(list, reached{r.name, r.ratio.median})
		}
	}
	return list
}

// webhooksOf returns a figure of the requests over HTTP/1.1 of one size and number
// of clients, or of all where that is 0.
func (f *figures) webhooksOf(size, clients int, figure func(*webhookRow) float64) (list []reached) {
	for i := range f.webhook {
		r := &f.webhook[i]
		if r.protocol.major == 1 && (size == 0 || r.size == size) && (clients == 0 || r.clients == clients) {
			list = append(list, reached{r.review() + ", " + r.sentBy(), figure(r)})
		}
	}
	return list
}

func (f *figures) growthOf(pods int, figure func(*growthRow) float64) (list []reached) {
	for i := range f.growth {
		if r := &f.growth[i]; r.pods == pods {
			list = append(list, reached{fmt.Sprint(pods, " pods"), figure(r)})
		}
	}
	return list
}
