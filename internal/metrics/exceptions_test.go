package metrics_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/internal/admission"
	"github.com/gabion-security/gabion/internal/metrics"
)

func TestUsesOfExceptionsAreCountedAsLongAsTheyAreThere(t *testing.T) {
	t.Parallel()
	m := newMetrics(t, metrics.Options{})
	const help = `# HELP gabion_exception_uses_total Number of judgements of pods in which an exception covered something, by its name and the mode.`
	const kind = `# TYPE gabion_exception_uses_total counter`
	expect := func(want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, scrape(t, m, "gabion_exception")); diff != "" {
			t.Error(diff)
		}
	}
	m.RecordException("unknown", admission.ModeEnforce)
	expect()
	m.SetExceptions([]string{"mesh", "logs"})
	m.RecordException("mesh", admission.ModeEnforce)
	m.RecordException("mesh", admission.ModeEnforce)
	m.RecordException("logs", admission.ModeWarn)
	expect(help, kind, `gabion_exception_uses_total{exception="logs",mode="warn"} 1`, `gabion_exception_uses_total{exception="mesh",mode="enforce"} 2`)
	m.SetExceptions([]string{"mesh"})
	m.RecordException("logs", admission.ModeWarn)
	expect(help, kind, `gabion_exception_uses_total{exception="mesh",mode="enforce"} 2`)
}
