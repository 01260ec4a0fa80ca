package headroom

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"strings"
	"testing"
	"time"
)

// asProgram has the test binary be a program that prints by how many percent the
// heap grows, before its first collection and after it. If it begins with a number,
// the program sets that itself before, and if "back" follows, it sets back what was
// there, and collects once more.
const asProgram = "GABION_TEST_HEADROOM"

func TestMain(m *testing.M) {
	how := os.Getenv(asProgram)
	if how == "" {
		os.Exit(m.Run())
	}
	was := percent()
	number, back := strings.CutSuffix(how, " back")
	if own, err := strconv.Atoi(number); err == nil {
		debug.SetGCPercent(own)
	}
	before := percent()
	collect()
	if back {
		debug.SetGCPercent(was)
		collect()
	}
	fmt.Print(before, percent())
}

// collect collects garbage, and waits for what that brings about.
func collect() {
	before := percent()
	ended := make(chan struct{})
	runtime.AddCleanup(new(struct{ _ *byte }), func(c chan struct{}) { close(c) }, ended)
	runtime.GC()
	<-ended
	for range 100 { // other cleanups may run after it
		if time.Sleep(time.Millisecond); percent() != before {
			break
		}
	}
}

// percent returns what GOGC is now, -1 if it is off.
func percent() int {
	sample := []metrics.Sample{{Name: "/gc/gogc:percent"}}
	metrics.Read(sample)
	if v := sample[0].Value.Uint64(); v < math.MaxInt32 {
		return int(v)
	}
	return -1
}

func TestTheFirstCollectionIsLateAndTheOthersAreAsUsual(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ gogc, set, want string }{
		{"", "no", "800 100"},
		{"100", "no", "800 100"},
		{"50", "no", "50 50"},
		{"300", "no", "300 300"},
		{"off", "no", "-1 -1"},
		{"", "70", "70 70"}, // as a command may that knows better
		{"", "70 back", "70 100"},
	} {
		cmd := exec.Command(os.Args[0]) //nolint:gosec // the test binary
		cmd.Env = append(os.Environ(), asProgram+"="+c.set, "GOGC="+c.gogc)
		if got, err := cmd.Output(); err != nil || string(got) != c.want {
			t.Errorf("GOGC=%s, %s set by itself: %s, %v, want %s", c.gogc, c.set, got, err, c.want)
		}
	}
}

func TestTheCollectorCountsMemoryThatTheSystemNeverGave(t *testing.T) {
	// Not parallel: this is what the whole process goes by, whatever GOGC and GOMEMLIMIT say.
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(math.MaxInt64))
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	if m.NextGC < 32<<20 {
		t.Errorf("it runs again at %d bytes, want more than 32 MiB", m.NextGC)
	}
	Keep()
}
