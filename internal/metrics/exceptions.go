package metrics

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// exceptions count what exceptions were used for. There are at most as many series
// as exceptions, three for each: those of one that is gone go too.
type exceptions struct {
	uses *prometheus.CounterVec
	mu   *sync.RWMutex
	all  map[string]bool // by name
}

func (m *Metrics) newExceptions() exceptions {
	e := exceptions{
		uses: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "gabion_exception_uses_total",
			Help: "Number of judgements of pods in which an exception covered something, by its name and the mode.",
		}, []string{"exception", "mode"}),
		mu: new(sync.RWMutex),
	}
	m.register(e.uses)
	return e
}

// RecordException counts an exception that covered something. One that has gone
// meanwhile is not counted.
func (m *Metrics) RecordException(name, mode string) {
	m.exceptions.mu.RLock()
	defer m.exceptions.mu.RUnlock()
	if m.exceptions.all[name] {
		m.exceptions.uses.WithLabelValues(name, mode).Inc()
	}
}

// SetExceptions says which exceptions there are, by their names.
func (m *Metrics) SetExceptions(names []string) {
	all := make(map[string]bool, len(names))
	for _, name := range names {
		all[name] = true
	}
	m.exceptions.mu.Lock()
	defer m.exceptions.mu.Unlock()
	for name := range m.exceptions.all {
		if !all[name] {
			m.exceptions.uses.DeletePartialMatch(prometheus.Labels{"exception": name})
		}
	}
	m.exceptions.all = all
}
