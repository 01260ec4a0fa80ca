package metrics

import (
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/gabion-security/gabion/internal/document"
)

// maxUnreadable is how many documents that cannot be read have a series.
const maxUnreadable = 100

// policies count what profiles refuse, and name the documents that cannot be read.
type policies struct {
	refusals   *prometheus.CounterVec
	unreadable *prometheus.GaugeVec
	mu         *sync.RWMutex
	profiles   map[string]bool // by name
}

// Document names a document.
type Document = document.Ref

func (m *Metrics) newPolicies() policies {
	p := policies{
		refusals: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "gabion_profile_refusals_total",
			Help: "Number of pods that a profile has refused, by its name; also if there is no such profile.",
		}, []string{"profile"}),
		unreadable: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "gabion_policy_unreadable",
			Help: "1 for each document that does not count as it is: an exception is none, a guard or profile is what it was before, and of a profile that is there twice none counts. A file is named if the document is not.",
		}, []string{"kind", "name"}),
		mu: new(sync.RWMutex),
	}
	m.register(p.refusals)
	m.register(p.unreadable)
	return p
}

// RecordProfileRefusal counts a pod that a profile has refused. One that no guard
// names any more is not counted.
func (m *Metrics) RecordProfileRefusal(name string) {
	m.policies.mu.RLock()
	defer m.policies.mu.RUnlock()
	if m.policies.profiles[name] {
		m.policies.refusals.WithLabelValues(name).Inc()
	}
}

// SetProfiles says which profiles guards name.
func (m *Metrics) SetProfiles(names []string) {
	m.policies.mu.Lock()
	defer m.policies.mu.Unlock()
	all := make(map[string]bool, len(names))
	for _, name := range names {
		all[name] = true
		m.policies.refusals.WithLabelValues(name)
	}
	for name := range m.policies.profiles {
		if !all[name] {
			m.policies.refusals.DeleteLabelValues(name)
		}
	}
	m.policies.profiles = all
}

// SetUnreadable says which documents do not count as they are.
func (m *Metrics) SetUnreadable(all []Document) {
	m.policies.mu.Lock()
	defer m.policies.mu.Unlock()
	m.policies.unreadable.Reset()
	for _, d := range all[:min(len(all), maxUnreadable)] {
		m.policies.unreadable.WithLabelValues(d.Kind, strings.ToValidUTF8(d.Name, "\uFFFD")).Set(1)
	}
}
