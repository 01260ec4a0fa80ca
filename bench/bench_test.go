package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// What is measured must be worth measuring: both sides agree on every pod.
func TestBothSidesAgreeOnEveryPodThatIsMeasured(t *testing.T) {
	t.Parallel()
	u, g, err := sides()
	if err != nil {
		t.Fatal(err)
	}
	list, err := comparisons(u, g)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 7 {
		t.Errorf("%d comparisons, want 7", len(list))
	}
}

func TestDifferentVerdictsAreNotMeasured(t *testing.T) {
	t.Parallel()
	allowed, refused := verdict{allowed: true}, verdict{message: "privileged"}
	for _, pair := range [][2]verdict{{allowed, refused}, {refused, allowed}, {refused, {message: "hostPort"}}} {
		if agree(pair[0], pair[1], pair[1].allowed) == nil {
			t.Errorf("%+v and %+v are taken to agree", pair[0], pair[1])
		}
	}
	if agree(refused, refused, true) == nil {
		t.Error("two refusals are taken for the expected allowance")
	}
}

func TestPodsHaveTheSizeAskedFor(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1 << 10, 4 << 10, 16 << 10} {
		pod, err := podOfSize(size)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(pod)
		if err != nil {
			t.Fatal(err)
		}
		if len(text) < size || len(text) > size+size/4 {
			t.Errorf("the pod has %d bytes, want about %d", len(text), size)
		}
	}
}

func TestReportNamesMachineAndDate(t *testing.T) {
	t.Parallel()
	f := figures{
		engine: []row{{
			name:     "JSON to verdict",
			upstream: side{time: sample{20000, 19000, 21000}, allocs: 100},
			gabion:   side{time: sample{900, 800, 1000}, allocs: 3},
			ratio:    sample{22.2, 21, 23},
		}},
		startUp: sample{8, 7, 9}, bareStart: sample{3, 2, 4},
		webhook: []webhookRow{measuredRow("HTTP/1.1", 16), measuredRow("HTTP/1.1", 64)},
	}
	got := heading(machine{"A CPU", 2, "go1.26", "linux/amd64"}, time.Unix(0, 0).UTC()) + render(&f)
	for _, want := range []string{
		"`make bench` on 1970-01-01, on A CPU (2 cores, linux/amd64), go1.26:",
		"| JSON to verdict   | 20 µs (19–21) | 900 ns (800–1000) | 22.2x (21.0–23.0) |     100 → 3 |",
		"8.0 ms (7.0–9.0)", "client-go and does nothing: 3.0 ms (2.0–4.0)",
		"HTTP/1.1 with 16 clients at once",
		"| 1.2 KB, allowed                      |   50 µs (50–50) | 180 µs (180–180) | 60 µs (60–60) | 1.20x (1.20–1.20) | 0.33x (0.33–0.33) |    0.28x (0.28–0.28) |\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in:\n%s", want, got)
		}
	}
	if strings.Contains(got, "64 clients") {
		t.Errorf("README.md shows more than the usual number of clients:\n%s", got)
	}
}

// measuredRow is of reviews of 1.2 KB that are allowed.
func measuredRow(name string, clients int) webhookRow {
	p := protocol{name, 1}
	if name == "HTTP/2" {
		p.major = 2
	}
	return webhookRow{
		kind:     kind{p, 1200, true, clients},
		constant: []turn{{perSecond: 12_000, p50: 80_000, p99: 400_000, processor: 50_000}},
		upstream: []turn{{perSecond: 4000, p50: 240_000, p99: 4_200_000, processor: 180_000}},
		gabion:   []turn{{perSecond: 9000, p50: 100_000, p99: 1_400_000, processor: 60_000}},
	}
}

func TestSummaryIsMedianAndQuartiles(t *testing.T) {
	t.Parallel()
	if got, want := summarise([]float64{5, 1, 4, 2, 3}), (sample{3, 2, 4}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestFiguresReplaceThoseOfADocument(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "a.md")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("before\n" + figuresBegin + "old\n" + figuresEnd + "after\n")
	if err := update(file, figuresBegin, figuresEnd, "new\n"); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if want := "before\n" + figuresBegin + "\nnew\n\n" + figuresEnd + "after\n"; string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
	write("a document without figures\n")
	if update(file, figuresBegin, figuresEnd, "new\n") == nil {
		t.Error("figures were put nowhere, and nobody was told")
	}
}
