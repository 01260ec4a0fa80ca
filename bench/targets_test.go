package main

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

// allMeasured are figures with which every target is met.
func allMeasured() *figures {
	f := &figures{
		engine: []row{
			{name: "verdict on a decoded pod that passes", ratio: sample{median: 40}},
			{name: "verdict on a decoded pod that fails, with its sentence", ratio: sample{median: 7}},
			{name: "JSON to verdict, 1.0 KB", ratio: sample{median: 9}},
			{name: "JSON to verdict, 4.1 KB", ratio: sample{median: 13}},
			{name: "JSON to verdict, 16.0 KB", ratio: sample{median: 16}},
			{name: "YAML to verdict, 1.1 KB", ratio: sample{median: 6}},
			{name: "YAML to verdict, 4.4 KB", ratio: sample{median: 7}},
		},
		scans: []scanRow{
			{name: "1.0 KB", times: sample{median: 2.5}}, {name: "4.1 KB", times: sample{median: 1.5}}, {name: "16.0 KB", times: sample{median: 1.4}},
		},
		startUp: sample{median: 20}, resident: 60,
		files:   []filesRow{{name: "json", ratio: sample{median: 11}}, {name: "yaml", ratio: sample{median: 6}}},
		growth:  []growthRow{{pods: 1000, sweep: sample{median: 0.25}}, {pods: 150_000, sweep: sample{median: 50}, memory: 200}},
		serving: serving{anonymous: 100},
	}
	for _, k := range kinds() {
		f.webhook = append(f.webhook, webhookRow{
			kind: k, constant: []turn{{p99: 1, processor: 10}}, upstream: []turn{{p99: 10, processor: 60}}, gabion: []turn{{p99: 4, processor: 12}},
		})
	}
	return f
}

// rowOf returns the row of a table that begins so, without its spaces.
func rowOf(t *testing.T, text, begin string) string {
	t.Helper()
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "| "+begin) {
			return strings.Join(strings.Fields(line), " ")
		}
	}
	t.Fatalf("no row %q in:\n%s", begin, text)
	return ""
}

func TestTargetsThatAreMetAreCalledMet(t *testing.T) {
	t.Parallel()
	list := allMeasured().targets()
	if err := demandMeasured(list); err != nil {
		t.Fatal(err)
	}
	got := renderTargets(list)
	if met := strings.Count(got, " yes |"); met != len(list) {
		t.Errorf("%d of %d are called met:\n%s", met, len(list), got)
	}
	for begin, want := range map[string]string{
		"verdict on a decoded pod that passes, upstream's": "| at least 15x | 40x | yes |",
		"verdict on a decoded pod that passes, alloc":      "| at most 0 | 0 | yes |",
		"YAML":                               "| at least 5x | 6x (YAML to verdict, 1.1 KB) | yes |",
		"anonymous memory of `gabion serve`": "| under 150 MB | 104.9 MB | yes |",
	} {
		if row := rowOf(t, got, begin); !strings.HasSuffix(row, want) {
			t.Errorf("got %q, want %q at its end", row, want)
		}
	}
}

func TestATargetThatIsMissedIsShownWithTheWorstFigure(t *testing.T) {
	t.Parallel()
	f := allMeasured()
	f.engine[0].gabion.allocs = 1
	f.growth[1].memory = 300 // not under 300
	f.files[1].ratio.median = 4.5
	for i := range f.webhook {
		if r := &f.webhook[i]; r.size == 1200 && !r.allowed && r.clients > 1 {
			r.gabion = []turn{{p99: 6, processor: 12.5 + float64(r.clients)/64}}
		}
	}
	got := renderTargets(f.targets())
	for begin, want := range map[string]string{
		"verdict on a decoded pod that passes, alloc":   "| at most 0 | 1 | no |",
		"memory of a cached pod":                        "| under 300 bytes | 300 bytes | no |",
		"files of YAML":                                 "| at least 5x | 4.5x | no |",
		"webhook over HTTP/1.1, processor time":         "| at most 1.25x | 1.35x (1.2 KB, denied, 64 clients) | no (22 of 24 are) |",
		"webhook over HTTP/1.1, 64 clients, p99":        "| at most 0.5x | 0.6x (1.2 KB, denied, 64 clients) | no (7 of 8 are) |",
		"webhook over HTTP/1.1, 1.2 KB, processor time": "| at most 0.35x | 0.225x (1.2 KB, denied, 64 clients) | yes |",
	} {
		if row := rowOf(t, got, begin); !strings.HasSuffix(row, want) {
			t.Errorf("got %q, want %q at its end", row, want)
		}
	}
}

func TestATargetThatIsMissedByFarIsAnError(t *testing.T) {
	t.Parallel()
	f := allMeasured()
	f.files[0].ratio.median, f.growth[1].memory = 3.5, 890
	if err := demandNear(f.targets()); err != nil {
		t.Errorf("missed, and not by far: %v", err)
	}
	f.files[0].ratio.median, f.growth[1].memory = 3.3, 910
	err := demandNear(f.targets())
	for _, want := range []string{"json: 3.3x is far from at least 10x", "910 bytes is far from under 300 bytes"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in: %v", want, err)
		}
	}
}

func TestATargetThatWasNotMeasuredIsAnError(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*figures){
		"no webhooks":     func(f *figures) { f.webhook = nil },
		"other names":     func(f *figures) { f.engine[4].name = "JSON, 16.0 KB" },
		"fewer pods":      func(f *figures) { f.growth[1].pods = 10_000 },
		"no memory":       func(f *figures) { f.serving.anonymous = 0 },
		"no number":       func(f *figures) { f.scans[0].times.median = math.NaN() },
		"no upstream":     func(f *figures) { f.webhook[0].upstream = []turn{{}} },
		"less than none":  func(f *figures) { f.engine[0].gabion.allocs = -1 },
		"no start at all": func(f *figures) { f.startUp = sample{} },
	} {
		f := allMeasured()
		change(f)
		if err := demandMeasured(f.targets()); err == nil {
			t.Errorf("%s: nobody says so", name)
		}
	}
}

func TestBoundsSayWhetherTheyAreWithin(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		bound bound
		value float64
		want  bool
	}{
		{atLeast(15), 15, true}, {atLeast(15), 14.9, false}, {atMost(1.25), 1.25, true}, {atMost(1.25), 1.26, false},
		{under(25, "ms"), 24.9, true}, {under(25, "ms"), 25, false},
	} {
		if got := tt.bound.holds(tt.value); got != tt.want {
			t.Errorf("%s %s, and %s: %v", tt.bound.words, tt.bound.text(tt.bound.value), fmt.Sprint(tt.value), got)
		}
	}
}
