package metrics

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// builtin says what is known of the API server's own PodSecurity plugin, and which
// exceptions do not count because of it.
type builtin struct {
	state     *prometheus.GaugeVec
	forbidden *prometheus.GaugeVec
	mu        *sync.Mutex
}

func (m *Metrics) newBuiltin() builtin {
	b := builtin{
		state: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "gabion_builtin_plugin",
			Help: "1 for what is known of the API server's own PodSecurity plugin: on, off or unknown. It is asked about while there are exceptions.",
		}, []string{"state"}),
		forbidden: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "gabion_exception_still_forbidden",
			Help: "1 for each exception that covers what the API server's own PodSecurity plugin forbids by the labels of a namespace.",
		}, []string{"exception"}),
		mu: new(sync.Mutex),
	}
	m.register(b.state)
	m.register(b.forbidden)
	return b
}

// SetBuiltin says what is known of the plugin, "on", "off" or "unknown", or "" where
// nobody has asked, and the names of the exceptions that do not count because of it.
func (m *Metrics) SetBuiltin(state string, forbidden []string) {
	m.builtin.mu.Lock()
	defer m.builtin.mu.Unlock()
	m.builtin.state.Reset()
	if state != "" {
		m.builtin.state.WithLabelValues(state).Set(1)
	}
	m.builtin.forbidden.Reset()
	for _, name := range forbidden {
		m.builtin.forbidden.WithLabelValues(name).Set(1)
	}
}
