package logging_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/gabion-security/gabion/internal/logging"
)

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
