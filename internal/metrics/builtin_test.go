package metrics_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/internal/metrics"
)

func TestWhatIsKnownOfThePluginIsOneOfThreeStates(t *testing.T) {
	t.Parallel()
	m := newMetrics(t, metrics.Options{})
	for _, c := range []struct {
		state     string
		forbidden []string
		want      []string
	}{
		{"", nil, nil},
		{"on", []string{"a", "b"}, []string{
			`gabion_builtin_plugin{state="on"} 1`, `gabion_exception_still_forbidden{exception="a"} 1`, `gabion_exception_still_forbidden{exception="b"} 1`,
		}},
		{"unknown", []string{"b"}, []string{`gabion_builtin_plugin{state="unknown"} 1`, `gabion_exception_still_forbidden{exception="b"} 1`}},
		{"off", nil, []string{`gabion_builtin_plugin{state="off"} 1`}},
	} {
		m.SetBuiltin(c.state, c.forbidden)
		lines := append(scrape(t, m, "gabion_builtin_plugin"), scrape(t, m, "gabion_exception_still_forbidden")...)
		lines = slices.DeleteFunc(lines, func(line string) bool { return strings.HasPrefix(line, "#") })
		if diff := cmp.Diff(strings.Join(c.want, "\n"), strings.Join(lines, "\n")); diff != "" {
			t.Errorf("%q (-want +got):\n%s", c.state, diff)
		}
	}
}
