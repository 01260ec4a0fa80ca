package logging_test

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/internal/logging"
)

// calls keeps what is written, call by call.
type calls struct {
	mu   sync.Mutex
	list []string
	err  error
}

func (c *calls) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = append(c.list, string(p))
	return len(p), c.err
}

func (c *calls) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := c.list
	c.list = nil
	return list
}

func TestLinesAreWrittenTogetherAfterAMoment(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var to calls
		lines := logging.NewLines(&to)
		for round := range 3 {
			_, _ = fmt.Fprintln(lines, "one", round)
			_, _ = fmt.Fprintln(lines, "two")
			if got := to.take(); got != nil {
				t.Errorf("written at once: %q", got)
			}
			time.Sleep(time.Second)
			if diff := cmp.Diff([]string{fmt.Sprintf("one %d\ntwo\n", round)}, to.take()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		}
	})
}

func TestWarningsAndManyLinesDoNotWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var to calls
		lines := logging.NewLines(&to)
		for _, h := range []slog.Handler{
			logging.NewText(lines, slog.LevelInfo), logging.NewJSON(lines, slog.LevelInfo),
		} {
			log := slog.New(h)
			log.Info("first")
			log.With(slog.Int("n", 1)).WithGroup("g").Warn("second")
			if got := strings.Join(to.take(), ""); strings.Count(got, "\n") != 2 || strings.Index(got, "first") > strings.Index(got, "second") {
				t.Errorf("a warning and what was before it: got %q", got)
			}
		}
		_, _ = fmt.Fprintln(lines, strings.Repeat("x", 1<<20))
		if got := to.take(); len(got) != 1 || len(got[0]) != 1<<20+1 {
			t.Errorf("a long line was cut into %d, or waits", len(got))
		}
		lines.Flush()
		if got := to.take(); got != nil {
			t.Errorf("written twice: %q", got)
		}
	})
}

func TestNoLineOfManyGoroutinesIsLostOrMixed(t *testing.T) {
	t.Parallel()
	var to calls
	lines := logging.NewLines(&to)
	log := slog.New(logging.NewText(lines, slog.LevelInfo))
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 1000 {
				log.Info("line", slog.Int("of", i), slog.Int("n", j))
			}
		})
	}
	all.Wait()
	lines.Flush()
	var next [8]int
	for line := range strings.Lines(strings.Join(to.take(), "")) {
		var of, n int
		_, rest, _ := strings.Cut(line, " ")
		if _, err := fmt.Sscanf(rest, "level=INFO msg=line of=%d n=%d\n", &of, &n); err != nil {
			t.Fatalf("%v: %q", err, line)
		}
		if next[of] != n {
			t.Fatalf("line %d of %d comes as line %d", n, of, next[of])
		}
		next[of]++
	}
	if next != [8]int{1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000} {
		t.Errorf("there are %v lines", next)
	}
}

func TestAWriteThatFailsIsTold(t *testing.T) {
	t.Parallel()
	to := calls{err: errors.New("no space left")}
	lines := logging.NewLines(&to)
	if _, err := fmt.Fprintln(lines, "a"); err != nil {
		t.Fatal(err)
	}
	lines.Flush()
	if _, err := fmt.Fprintln(lines, "b"); !errors.Is(err, to.err) {
		t.Errorf("got %v, want the error of the write before", err)
	}
}
