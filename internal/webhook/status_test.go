package webhook_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gabion-security/gabion/internal/webhook"
)

func TestStatusPages(t *testing.T) {
	t.Parallel()
	var reasons []string
	h := webhook.NewStatusHandler(webhook.StatusOptions{
		NotReady: func() []string { return reasons },
		Metrics:  http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "up 1\n") }),
	})
	for _, c := range []struct {
		name, method, path string
		reasons            []string
		status             int
		text               string
	}{
		{"alive", "GET", "/healthz", nil, 200, "ok\n"},
		{"alive, though not ready", "GET", "/healthz", []string{"x"}, 200, "ok\n"},
		{"ready", "GET", "/readyz", nil, 200, "ok\n"},
		{"not ready for one reason", "GET", "/readyz", []string{"shutting down"}, 503, "not ready:\n- shutting down\n"},
		{"not ready for two reasons", "GET", "/readyz", []string{"no pods yet", "not registered"}, 503, "not ready:\n- no pods yet\n- not registered\n"},
		{"metrics", "GET", "/metrics", nil, 200, "up 1\n"},
		{"another method", "POST", "/readyz", nil, 405, "Method Not Allowed\n"},
		{"another path", "GET", "/validate", nil, 404, "404 page not found\n"},
	} {
		reasons = c.reasons
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), c.method, c.path, nil))
		if w.Code != c.status || w.Body.String() != c.text {
			t.Errorf("%s: status %d, %q", c.name, w.Code, w.Body)
		}
	}
}

func TestStatusPagesNeedNothing(t *testing.T) {
	t.Parallel()
	h := webhook.NewStatusHandler(webhook.StatusOptions{})
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/metrics": 404} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		if w.Code != want {
			t.Errorf("%s: status %d", path, w.Code)
		}
	}
}
