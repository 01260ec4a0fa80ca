package main

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/gabion-security/gabion/internal/cluster"
)

func TestGrowthIsMeasuredOnCompleteAnswers(t *testing.T) {
	rows, err := measureGrowth(t.Context(), []int{600}, 2)
	if err != nil {
		t.Fatal(err)
	}
	if r := rows[0]; r.pods != 600 || r.templates != 12 || r.sweep.median <= 0 || r.plan.median <= 0 || r.memory <= 0 {
		t.Errorf("got %+v", r)
	}
}

func TestTheScanMindsStrings(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		`{"a":[1,{"b":"}"}]}`: 0, `{"a":"\"}`: -1, `{"a":"\\"}`: 0, `["\\\"]",[`: 2, `[[]`: 1, `"`: -1,
	} {
		if got := structuralScan([]byte(text)); got != want {
			t.Errorf("%s: %d, want %d", text, got, want)
		}
	}
}

func TestThePlotHasAPointForEveryMeasurement(t *testing.T) {
	t.Parallel()
	curves := []curve{{"slow & old", []point{{1000, 40_000}, {4000, 2_900_000}}}, {"quick", []point{{1000, 2000}, {4000, 5000}}}}
	svg := plot("Cost by size", curves)
	if got := strings.Count(svg, "<circle"); got != 4 {
		t.Errorf("%d points, want 4", got)
	}
	for _, want := range []string{"slow &amp; old", ">1 KB<", ">1 µs<", ">100 µs<", ">1 ms<", "</svg>\n"} {
		if !strings.Contains(svg, want) {
			t.Errorf("no %q in:\n%s", want, svg)
		}
	}
	if a := (axis{1, 100}); math.Abs(a.at(10)-0.5) > 1e-9 || len(a.ticks(10)) != 3 {
		t.Errorf("ten is at %v of an axis from 1 to 100, ticks %v", a.at(10), a.ticks(10))
	}
}

func TestBothSidesFindTheWorkloadsThatFailInFiles(t *testing.T) {
	t.Parallel()
	u, _, err := sides()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range formats() {
		dir := t.TempDir()
		if err := writeWorkloads(dir, f, everyFails+1); err != nil {
			t.Fatal(err)
		}
		if failing, err := u.judgeFiles(dir, f); err != nil || failing != 2 {
			t.Errorf("%s: %d fail, want 2: %v", f.name, failing, err)
		}
	}
}

func TestWhatIsForTheDocumentAloneIsWritten(t *testing.T) {
	t.Parallel()
	got := renderMore(&figures{
		scans:   []scanRow{{"1.0 KB", sample{600, 500, 700}, sample{1200, 1100, 1300}, sample{2, 1.9, 2.1}}},
		files:   []filesRow{{"json", 10_000, sample{100, 90, 110}, sample{800, 700, 900}, sample{80, 70, 90}, sample{10, 9, 11}, sample{1.8, 1.7, 1.9}}},
		growth:  []growthRow{{150_000, 3000, sample{40, 39, 41}, sample{900, 800, 1000}, 123}},
		serving: serving{150_000, 3000, 120, 190},
		webhook: []webhookRow{measuredRow("HTTP/1.1", 16), measuredRow("HTTP/1.1", 64), measuredRow("HTTP/2", 16)},
		servers: []serverMemory{{"gabion", 90, 60}},
	})
	for _, want := range []string{
		"600 ns (500–700) | 1.2 µs (1.1–1.3) |  2.0x (1.9–2.1) |",
		"| 10000 .json | 100 ms (90–110) | 800 ms (700–900) | 80 ms (70–90) | 10.0x (9.0–11.0) |             1.8 |",
		"| 150000 | 40 ms (39–41) | 267 ns | 900 ms (800–1000) | 6000 ns |              123 bytes |",
		"(performance.svg)",
		"150000 pods of 3000 templates, after a collection: 120 MiB of anonymous memory;",
		"| HTTP/1.1, 1.2 KB, allowed, 64 clients |   50 µs (50–50) |",
		"| HTTP/2, 1.2 KB, allowed, 16 clients   |   50 µs (50–50) |",
		"| 1.2 KB, allowed, 64 clients |              12000 |     4000 |   9000 |      80 µs / 400 µs | 240 µs / 4.2 ms | 100 µs / 1.4 ms | 0.33x (0.33–0.33) |",
		"| gabion  |   90 MiB |            60 MiB |",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in:\n%s", want, got)
		}
	}
}

// BenchmarkRelabel raises the level of a namespace, so that a profile shows where the
// time goes.
func BenchmarkRelabel(b *testing.B) {
	for _, pods := range []int{1000, 150_000} {
		b.Run(fmt.Sprint(pods), func(b *testing.B) {
			row := growthRow{pods: pods, templates: pods / podsPerTemplate}
			err := row.withCache(b.Context(), func(cache *cluster.Cache, _ float64) error {
				for b.Loop() {
					if err := row.measureSweep(b.Context(), cache, 1); err != nil {
						return err
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*pods), "ns/pod")
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
		})
	}
}
