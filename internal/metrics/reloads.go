package metrics

import "github.com/prometheus/client_golang/prometheus"

// reloads count how often something was loaded again, and say how it went last.
type reloads struct {
	success, failure prometheus.Counter
	last             prometheus.Gauge
}

func (m *Metrics) reloads(what string) reloads {
	total := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "gabion_" + what + "_reloads_total",
		Help: "Number of times the " + what + " changed and was loaded again, by whether it could be.",
	}, []string{"result"})
	r := reloads{
		success: total.WithLabelValues("success"), failure: total.WithLabelValues("failure"),
		last: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "gabion_" + what + "_last_reload_successful",
			Help: "1 if the " + what + " is the one last seen; 0 if that could not be loaded and an older one is in use.",
		}),
	}
	r.last.Set(1)
	m.register(total)
	m.register(r.last)
	return r
}

func (r reloads) record(ok bool) {
	if ok {
		r.success.Inc()
		r.last.Set(1)
		return
	}
	r.failure.Inc()
	r.last.Set(0)
}
