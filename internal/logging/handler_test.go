package logging_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/internal/logging"
)

// both returns what this package and the standard library write of a record.
func both(t *testing.T, r slog.Record) (got, want string) { //nolint:gocritic // as slog passes them
	t.Helper()
	var ours, theirs bytes.Buffer
	lines := logging.NewLines(&ours)
	for h, std := range map[slog.Handler]slog.Handler{
		logging.NewText(lines, slog.LevelInfo): slog.NewTextHandler(&theirs, nil),
		logging.NewJSON(lines, slog.LevelInfo): slog.NewJSONHandler(&theirs, nil),
	} {
		if err := errors.Join(h.Handle(t.Context(), r), std.Handle(t.Context(), r)); err != nil {
			t.Fatal(err)
		}
	}
	lines.Flush()
	return ours.String(), theirs.String()
}

func TestRecordsReadAsThoseOfTheStandardLibrary(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 7, 5, 3, 2, 1, 987654321, time.FixedZone("", 5400))
	pieces := []string{"", "a", " ", "=", `"`, `\`, "\n", "\x00", "\x7f", "é", "\u2028", "\xff", "🙂", "denied", "pods \"web\" is forbidden"}
	seed := uint64(time.Now().UnixNano()) //nolint:gosec // any will do
	random := rand.New(rand.NewPCG(seed, 0))
	text := func() string {
		var b strings.Builder
		for range random.IntN(4) {
			b.WriteString(pieces[random.IntN(len(pieces))])
		}
		return b.String()
	}
	values := []func() slog.Value{
		func() slog.Value { return slog.StringValue(text()) },
		func() slog.Value { return slog.Int64Value(random.Int64() - math.MaxInt64/2) },
		func() slog.Value { return slog.BoolValue(random.IntN(2) == 0) },
		func() slog.Value { return slog.AnyValue(errors.New(text())) },
		func() slog.Value { return slog.GroupValue(slog.String("in", text())) },
		func() slog.Value { return slog.DurationValue(time.Second) },
		func() slog.Value { return slog.Value{} },
	}
	for range 5000 {
		r := slog.NewRecord(now, []slog.Level{slog.LevelInfo, slog.LevelWarn, slog.LevelInfo + 1}[random.IntN(3)], text(), 0)
		if random.IntN(20) == 0 {
			r.Time = time.Time{}
		}
		for range random.IntN(8) {
			value := values[0]
			if random.IntN(5) == 0 {
				value = values[random.IntN(len(values))]
			}
			r.AddAttrs(slog.Attr{Key: text(), Value: value()})
		}
		if got, want := both(t, r); got != want {
			t.Fatalf("seed %d: (-slog +logging)\n%s", seed, cmp.Diff(want, got))
		}
	}
}

func TestDerivedLoggersAndLevelsAreThoseOfTheStandardLibrary(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	lines := logging.NewLines(&out)
	log := slog.New(logging.NewText(lines, slog.LevelInfo))
	log.Debug("not this")
	log.With(slog.String("a", "b c")).WithGroup("g").Info("this", slog.Int("n", 1))
	lines.Flush()
	if _, rest, _ := strings.Cut(out.String(), " "); rest != "level=INFO msg=this a=\"b c\" g.n=1\n" {
		t.Errorf("got %q", out.String())
	}
}

func BenchmarkHandler(b *testing.B) {
	r := slog.NewRecord(time.Now(), slog.LevelInfo, "denied", 0)
	r.AddAttrs(
		slog.String("namespace", "shop"), slog.String("name", "web-5d4f8c7b9d-x2x7k"), slog.String("operation", "CREATE"),
		slog.Int("code", 403), slog.String("message", `pods "web" is forbidden: violates PodSecurity "restricted:latest": `+strings.Repeat("x ", 200)),
	)
	lines := logging.NewLines(io.Discard)
	for name, h := range map[string]slog.Handler{
		"logging": logging.NewText(lines, slog.LevelInfo), "slog": slog.NewTextHandler(lines, nil),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = h.Handle(context.Background(), r)
			}
		})
	}
}
