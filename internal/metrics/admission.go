package metrics

import (
	"strconv"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/gabion-security/gabion/internal/admission"
)

// admission makes the metrics of the API server's PodSecurity plugin: their
// names, labels, help texts and the series that are there from the beginning
// are its own, so that dashboards and alerts go on to work.
func (m *Metrics) admission() {
	request := []string{"request_operation", "resource", "subresource"}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "pod_security_" + name + "_total", Help: "[ALPHA] " + help,
		}, append(labels, request...))
		m.register(c)
		return c
	}
	m.evaluations = counter("evaluations",
		"Number of policy evaluations that occurred, not counting ignored or exempt requests.",
		"decision", "policy_level", "policy_version", "mode")
	m.exemptions = counter("exemptions",
		"Number of exempt requests, not counting ignored or out of scope requests.")
	m.failures = counter("errors",
		"Number of errors preventing normal evaluation. Non-fatal errors may result in the latest restricted profile being used for evaluation.",
		"fatal")

	for _, operation := range []string{"create", "update"} {
		m.evaluations.WithLabelValues(admission.DecisionAllow, "privileged", "latest", admission.ModeEnforce, operation, "pod", "")
		for _, resource := range []string{"pod", "controller"} {
			m.exemptions.WithLabelValues(operation, resource, "")
		}
	}
}

// RecordEvaluation counts one judgement of a pod.
func (m *Metrics) RecordEvaluation(e admission.Evaluation) { m.counted.counter(e, m.evaluations).Inc() }

// counters remembers the counters of evaluations: there are few, and it is
// quicker than to find them by their labels.
type counters struct {
	mu    sync.RWMutex
	known map[admission.Evaluation]prometheus.Counter
}

func (c *counters) counter(e admission.Evaluation, all *prometheus.CounterVec) prometheus.Counter {
	c.mu.RLock()
	found, ok := c.known[e]
	c.mu.RUnlock()
	if ok {
		return found
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	found = all.WithLabelValues(e.Decision, e.Level, e.Version, e.Mode, e.Operation, e.Resource, e.Subresource)
	c.known[e] = found
	return found
}

// RecordExemption counts a request that was exempt.
func (m *Metrics) RecordExemption(l admission.Labels) {
	m.exemptions.WithLabelValues(l.Operation, l.Resource, l.Subresource).Inc()
}

// RecordError counts a fault.
func (m *Metrics) RecordError(fatal bool, l admission.Labels) {
	m.failures.WithLabelValues(strconv.FormatBool(fatal), l.Operation, l.Resource, l.Subresource).Inc()
}
