package server

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/internal/cluster"
	"github.com/gabion-security/gabion/internal/policy"
	"github.com/gabion-security/gabion/pss"
)

func TestExceptionsThatThePluginDoesNotKnowAreNamed(t *testing.T) {
	t.Parallel()
	var said strings.Builder
	var state string
	var forbidden []string
	asked, answer, fault := 0, cluster.PluginUnknown, error(nil)
	labels := map[string]map[string]string{"shop": {pss.EnforceLabel: "baseline"}}
	at := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	w := builtinWatch{
		ask:        func(context.Context) (cluster.Plugin, error) { asked++; return answer, fault },
		namespaces: func() (map[string]map[string]string, error) { return labels, nil },
		tell:       func(now string, names []string) { state, forbidden = now, names },
		now:        func() time.Time { return at }, log: slog.New(slog.NewTextHandler(&said, nil)), changed: make(chan struct{}, 1),
	}
	some, none := folderOf(t, map[string]string{"a.yaml": excepted("x")}), policy.Set{}
	other := folderOf(t, map[string]string{"a.yaml": excepted("z")})
	ended := folderOf(t, map[string]string{"a.yaml": strings.Replace(excepted("x"), "reason: r", `reason: r, expiresAt: "2026-11-30T00:00:00Z"`, 1)})
	const named = "an exception covers what the API server's own PodSecurity plugin still forbids"
	for _, step := range []struct {
		name      string
		does      func()
		asked     int
		state     string
		forbidden []string
		says      string // empty for nothing
	}{
		{"without exceptions nobody is asked", func() { w.use(none.Exceptions) }, 0, "", nil, ""},
		{"nor for one that has ended", func() { w.use(ended.Exceptions) }, 0, "", nil, ""},
		{"nobody answers", func() { w.use(some.Exceptions); fault = errors.New("no route") }, 1, "unknown", nil, "is not known"},
		{"that is asked again after a while only", func() { fault = nil }, 1, "unknown", nil, ""},
		{"it may not be asked", func() { at = at.Add(builtinAsksAgain) }, 2, "unknown", nil, ""},
		{"after that not so soon", func() { at = at.Add(builtinAsksAgain) }, 2, "unknown", nil, ""},
		{"it is on", func() { at, answer = at.Add(builtinAsksAgain), cluster.PluginOn }, 3, "on", []string{"x"}, named},
		{"that is said once", func() {}, 3, "on", []string{"x"}, ""},
		{"there is room by other labels", func() { labels = map[string]map[string]string{"shop": {pss.EnforceLabel: "privileged"}} }, 3, "on", nil, "any more"},
		{"and none again", func() { labels = map[string]map[string]string{"shop": {pss.EnforceLabel: "restricted"}} }, 3, "on", []string{"x"}, named},
		{"nobody answers any more, which frees none", func() { at, answer, fault = at.Add(builtinAsks), cluster.PluginUnknown, errors.New("no route") }, 4, "unknown", []string{"x"}, "is not known"},
		{"it is gone meanwhile, and another one is there", func() { w.use(other.Exceptions) }, 4, "unknown", nil, ""},
		{"there is the first one again", func() { w.use(some.Exceptions) }, 4, "unknown", nil, ""},
		{"it is on still", func() { at, answer, fault = at.Add(builtinAsksAgain), cluster.PluginOn, nil }, 5, "on", []string{"x"}, named},
		{"it is off", func() { at, answer = at.Add(builtinAsks), cluster.PluginOff }, 6, "off", nil, "state=off"},
		{"the exception is gone", func() { w.use(none.Exceptions) }, 6, "off", nil, ""},
	} {
		said.Reset()
		step.does()
		w.look(t.Context())
		if asked != step.asked || state != step.state || !cmp.Equal(forbidden, step.forbidden) {
			t.Errorf("%s: asked %d times, %s, %q; want %d, %s, %q", step.name, asked, state, forbidden, step.asked, step.state, step.forbidden)
		}
		if got := said.String(); (got == "") != (step.says == "") || !strings.Contains(got, step.says) {
			t.Errorf("%s: the log has %q, want %q", step.name, got, step.says)
		}
	}
}
