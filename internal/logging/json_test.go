package logging_test

import (
	"bytes"
	"errors"
	"log/slog"
	"math"
	"testing"
	"time"

	"github.com/gabion-security/gabion/internal/logging"
)

// bothLines returns a record as the handler of this package writes it, and as that
// of the standard library.
func bothLines(t *testing.T, r slog.Record) (got, want string) { //nolint:gocritic // as slog passes them
	t.Helper()
	var ours, theirs bytes.Buffer
	lines := logging.NewLines(&ours)
	if err := logging.NewJSON(lines, slog.LevelDebug).Handle(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	lines.Flush()
	if err := slog.NewJSONHandler(&theirs, &slog.HandlerOptions{Level: slog.LevelDebug}).Handle(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	return ours.String(), theirs.String()
}

func TestLinesInJSONAreThoseOfTheStandardLibrary(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 30, 12, 0, 0, 1230, time.FixedZone("", 3600))
	for _, at := range []time.Time{now, now.UTC(), now.Truncate(time.Second), time.Now(), {}, now.AddDate(9000, 0, 0)} {
		for _, level := range []slog.Level{slog.LevelInfo, slog.LevelError, slog.LevelWarn + 1, -100} {
			for _, attrs := range [][]slog.Attr{
				nil,
				{slog.String("namespace", "shop"), slog.Int("code", 403), slog.Bool("dryRun", true), slog.Int64("n", math.MinInt64)},
				{slog.String(`a "b"`, `containers "web", "proxy" must set \ ~ <&>`), slog.String("empty", "")},
				{slog.String("a", "1"), slog.String("", "no key"), slog.String("b", "2")},
				{slog.String("a", "\x7f"), slog.String("b", "é"), slog.String("c", "a\nb\x00\xff\u2028…")},
				{slog.String("ключ", "x")},
				{slog.Group("g", slog.Int("n", 1)), slog.Group("none"), slog.Float64("f", 0.5), slog.Uint64("u", math.MaxUint64)},
				{slog.Any("error", errors.New("a \"fault\"")), slog.Any("nil", nil), slog.Duration("d", time.Second), slog.Time("t", now)},
				{{}, slog.Any("valuer", valuer{}), slog.String("after", "x")},
			} {
				for _, message := range []string{"denied", "", "a \"b\"\t\\", "é"} {
					r := slog.NewRecord(at, level, message, 0)
					r.AddAttrs(attrs...)
					if got, want := bothLines(t, r); got != want {
						t.Errorf("got  %swant %s", got, want)
					}
				}
			}
		}
	}
}

// valuer is logged as something else.
type valuer struct{}

func (valuer) LogValue() slog.Value { return slog.StringValue("resolved") }

func FuzzJSON(f *testing.F) {
	f.Add("denied", "message", `pods "web" is forbidden: violates PodSecurity "restricted:latest": \`, int64(403), true)
	f.Add("\x00", "", "\u2028é\xff", int64(-1), false)
	f.Fuzz(func(t *testing.T, message, key, value string, n int64, set bool) {
		r := slog.NewRecord(time.Unix(n, 0), slog.LevelInfo, message, 0)
		r.AddAttrs(slog.String(key, value), slog.Int64("n", n), slog.Bool("set", set))
		if got, want := bothLines(t, r); got != want {
			t.Errorf("got  %swant %s", got, want)
		}
	})
}

func BenchmarkDenial(b *testing.B) {
	const message = `pods "web" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "web" must set ` +
		`securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "web" must set securityContext.capabilities.drop=["ALL"])`
	for _, handler := range []struct {
		name string
		slog.Handler
	}{
		{"gabion", logging.NewJSON(logging.NewLines(nowhere{}), slog.LevelInfo)},
		{"slog", slog.NewJSONHandler(logging.NewLines(nowhere{}), nil)},
	} {
		b.Run(handler.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := slog.NewRecord(time.Now(), slog.LevelInfo, "denied", 0)
				r.AddAttrs(
					slog.String("namespace", "shop"), slog.String("name", "web-5d4f8c7b9d-x2x7k"), slog.String("operation", "CREATE"),
					slog.String("user", "system:serviceaccount:kube-system:replicaset-controller"), slog.String("resource", "pods"),
					slog.String("uid", "705ab4f5-6393-11e8-b7cc-42010a800002"), slog.String("policy", "restricted:latest"),
					slog.Int("code", 403), slog.String("reason", "Forbidden"), slog.String("message", message),
				)
				if err := handler.Handle(b.Context(), r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

type nowhere struct{}

func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
