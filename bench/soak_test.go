package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gabion-security/gabion/e2e/binaries"
)

func TestASoakSeesWhatTheServerHolds(t *testing.T) {
	t.Parallel()
	// So many that garbage has been collected some times in the first quarter.
	result, err := soak(t.Context(), soakOptions{requests: 24_000, clients: 8, samples: 8, stream: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	if err := result.demandFlat(); err != nil {
		t.Error(err)
	}
	for i, h := range append(result.during, result.after) {
		if want := min((i+1)*3000, 24_000); h.answered != want || h.memory <= 0 || h.goroutines <= 0 || h.files <= 0 {
			t.Errorf("after %d answers: %+v", want, h)
		}
	}
	text := result.render(machine{"A CPU", 2, "go1.26", "linux/amd64"}, time.Unix(0, 0).UTC())
	for _, part := range []string{"on 1970-01-01, on A CPU (2 cores, linux/amd64), go1.26: 24000 reviews", "the clients have left", "MiB resident at most"} {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in\n%s", part, text)
		}
	}
}

func TestAListIsReadInConstantMemory(t *testing.T) {
	t.Parallel()
	program, err := binaries.Gabion(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	const size = 200_000_000
	got, err := stream(t.Context(), program, size)
	if err != nil {
		t.Fatal(err)
	}
	if got.bytes < size || got.pods < size/20_000 {
		t.Errorf("only %d bytes of %d pods were read", got.bytes, got.pods)
	}
	if got.memory <= 0 || got.memory > mostStreaming {
		t.Errorf("%.0f MiB were resident, and %d are the bound", got.memory, mostStreaming)
	}
}

func TestWhatGrowsIsAnError(t *testing.T) {
	t.Parallel()
	calm := func() *soaked {
		r := &soaked{before: held{goroutines: 20, files: 10}, after: held{goroutines: 20, files: 9}, stream: streamed{memory: 90}}
		for i := range 8 {
			r.during = append(r.during, held{answered: i, memory: 50 + float64(i%2)*20, goroutines: 40 + i%3, files: 26})
		}
		return r
	}
	for want, change := range map[string]func(*soaked){
		"":                                 func(r *soaked) { r.during[0].memory = 1 }, // caches fill
		"MiB of memory grow from 70 to 79": func(r *soaked) { r.during[6].memory, r.during[7].memory = 79, 80 },
		"goroutines grow from 42 to 60":    func(r *soaked) { r.during[6].goroutines, r.during[7].goroutines = 60, 70 },
		"files grow from 26 to 40":         func(r *soaked) { r.during[6].files, r.during[7].files = 41, 40 },
		"40 goroutines and 9 files are left of the clients; there were 20 and 10 before them":  func(r *soaked) { r.after.goroutines = 40 },
		"20 goroutines and 11 files are left of the clients; there were 20 and 10 before them": func(r *soaked) { r.after.files = 11 },
		"gabion check has 201 MiB in memory, and 190 is the bound":                             func(r *soaked) { r.stream.memory = 201 },
		"it takes four looks at least to see whether anything grows":                           func(r *soaked) { r.during = r.during[:3] },
	} {
		r := calm()
		change(r)
		got := ""
		if err := r.demandFlat(); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestEveryReviewOfASoakIsAnother(t *testing.T) {
	t.Parallel()
	kinds, err := soakReviews()
	if err != nil {
		t.Fatal(err)
	}
	for i, kind := range kinds {
		if one, other := string(kind(1)), string(kind(2)); one == other || !strings.Contains(one, "-00000001") {
			t.Errorf("kind %d: %s", i, one)
		}
	}
}

func TestTheMemoryOfAProcessIsRead(t *testing.T) {
	t.Parallel()
	for _, field := range []string{"RssAnon", "VmHWM"} {
		if got, err := memoryOf(os.Getpid(), field); err != nil || got <= 0 {
			t.Errorf("%s: %v, %v", field, got, err)
		}
	}
	if _, err := memoryOf(os.Getpid(), "Nothing"); err == nil {
		t.Error("a field that does not exist was read")
	}
}
