package metrics

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/gabion-security/gabion/internal/admission"
)

// Options are what [New] needs to know. The functions are called whenever
// somebody asks for the metrics, from any goroutine.
type Options struct {
	Build Build
	// Caches are the caches of the cluster's objects.
	Caches []Cache
	// CustomResources returns how many custom resources are judged, and how many
	// may hold pods and are not; nil if nobody knows.
	CustomResources func() (judged, unchecked int)
	// CertificateExpiry returns when the serving certificate expires; nil if
	// there is none.
	CertificateExpiry func() time.Time
	// Registered reports whether the webhook configuration is as it should be; nil
	// if nobody knows.
	Registered func() bool
	// BytesInFlight returns how many bytes of requests are in memory; nil if
	// nobody knows.
	BytesInFlight func() int64
}

// Build says which program this is.
type Build struct{ Version, Commit, GoVersion string }

// Cache is one cache of the cluster's objects.
type Cache struct {
	// Resource is what is in it, such as "pods".
	Resource string
	// Objects returns how many are in it.
	Objects func() int
	// Age returns how long ago the cache last heard from the API server.
	Age func() time.Duration
}

// Metrics counts. It is an admission.Recorder and also counts requests,
// reloads and repairs. Its methods may be called by many goroutines at once.
type Metrics struct {
	registry *prometheus.Registry
	faults   []error // of registering

	evaluations, exemptions, failures *prometheus.CounterVec
	counted                           counters // of evaluations

	duration *prometheus.HistogramVec
	answered prometheus.Observer // the duration of those with status 200
	inFlight prometheus.Gauge

	exceptions exceptions
	builtin    builtin
	policies   policies

	configReloads, policyReloads, certificateReloads reloads
	repairs                                          prometheus.Counter
}

var _ admission.Recorder = (*Metrics)(nil)

// New returns Metrics with a registry of their own. The error says which
// metrics the options ask for twice.
func New(o Options) (*Metrics, error) {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		counted:  counters{known: map[admission.Evaluation]prometheus.Counter{}},
	}
	m.register(collectors.NewGoCollector())
	m.register(collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.admission()
	m.exceptions = m.newExceptions()
	m.builtin = m.newBuiltin()
	m.policies = m.newPolicies()
	m.requests(o)
	m.configReloads = m.reloads("configuration")
	m.policyReloads = m.reloads("policy")
	m.certificateReloads = m.reloads("certificate")
	m.repairs = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "gabion_registration_repairs_total",
		Help: "Number of times the webhook configuration was found changed or deleted and was written again.",
	})
	m.register(m.repairs)
	m.state(o)
	if len(m.faults) > 0 {
		return nil, fmt.Errorf("metrics: %w", errors.Join(m.faults...))
	}
	return m, nil
}

// register makes a metric known, for New.
func (m *Metrics) register(c prometheus.Collector) {
	if err := m.registry.Register(c); err != nil {
		m.faults = append(m.faults, err)
	}
}

// requests makes the metrics of HTTP requests.
func (m *Metrics) requests(o Options) {
	m.duration = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "gabion_admission_request_duration_seconds",
		Help:    "How long admission requests took, from their header to the end of their answer, by HTTP status.",
		Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
	}, []string{"code"})
	m.inFlight = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "gabion_admission_requests_in_flight",
		Help: "Number of admission requests that are being answered.",
	})
	m.answered = m.duration.WithLabelValues(strconv.Itoa(http.StatusOK))
	m.register(m.duration)
	m.register(m.inFlight)
	if o.BytesInFlight != nil {
		m.gauge("gabion_admission_bytes_in_flight", "Bytes that the bodies of requests in flight count for.", nil,
			func() float64 { return float64(o.BytesInFlight()) })
	}
}

// state makes the metrics of what is the case.
func (m *Metrics) state(o Options) {
	for _, c := range o.Caches {
		labels := prometheus.Labels{"resource": c.Resource}
		m.gauge("gabion_cache_objects", "Number of objects of the cluster in memory.", labels,
			func() float64 { return float64(c.Objects()) })
		m.gauge("gabion_cache_age_seconds", "How long ago the API server was last heard of.", labels,
			func() float64 { return c.Age().Seconds() })
	}
	if o.CustomResources != nil {
		const name, help = "gabion_custom_resources", "Number of custom resources that hold pods, or may, by whether these are judged."
		m.gauge(name, help, prometheus.Labels{"judged": "true"}, func() float64 { n, _ := o.CustomResources(); return float64(n) })
		m.gauge(name, help, prometheus.Labels{"judged": "false"}, func() float64 { _, n := o.CustomResources(); return float64(n) })
	}
	if o.Registered != nil {
		m.gauge("gabion_registration_written", "1 if the webhook configuration was as it should be when it was last looked at, else 0.", nil,
			func() float64 {
				if o.Registered() {
					return 1
				}
				return 0
			})
	}
	if o.CertificateExpiry != nil {
		m.gauge("gabion_certificate_expiry_timestamp_seconds", "When the serving certificate expires, in seconds since 1970.", nil,
			func() float64 { return float64(o.CertificateExpiry().Unix()) })
	}
	m.gauge("gabion_build_info", "Which program this is; always 1.", prometheus.Labels{
		"version": o.Build.Version, "commit": o.Build.Commit, "goversion": o.Build.GoVersion,
	}, func() float64 { return 1 })
}

func (m *Metrics) gauge(name, help string, labels prometheus.Labels, value func() float64) {
	m.register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels}, value))
}

// Handler serves the metrics, to few at a time.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4})
}

// RequestStarted counts an HTTP request that is being answered.
func (m *Metrics) RequestStarted() { m.inFlight.Inc() }

// RequestDone counts an HTTP request that was answered. The status is one of
// those that the program answers with, not a caller's.
func (m *Metrics) RequestDone(status int, took time.Duration) {
	m.inFlight.Dec()
	observer := m.answered
	if status != http.StatusOK {
		observer = m.duration.WithLabelValues(strconv.Itoa(status))
	}
	observer.Observe(took.Seconds())
}

// RecordRepair counts a webhook configuration that had to be written again.
func (m *Metrics) RecordRepair() { m.repairs.Inc() }

// RecordConfigurationReload counts a configuration that was new: whether it is
// used, or could not be and the old one stays.
func (m *Metrics) RecordConfigurationReload(ok bool) { m.configReloads.record(ok) }

// RecordPolicyReload is RecordConfigurationReload for policies.
func (m *Metrics) RecordPolicyReload(ok bool) { m.policyReloads.record(ok) }

// RecordCertificateReload is RecordConfigurationReload for TLS credentials.
func (m *Metrics) RecordCertificateReload(ok bool) { m.certificateReloads.record(ok) }
