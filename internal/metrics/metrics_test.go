package metrics_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/internal/admission"
	"github.com/gabion-security/gabion/internal/metrics"
)

// scrape returns the lines of the metrics whose names have the prefix.
func scrape(t *testing.T, m *metrics.Metrics, prefix string) []string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	var lines []string
	for line := range strings.Lines(w.Body.String()) {
		name := strings.TrimPrefix(strings.TrimPrefix(line, "# HELP "), "# TYPE ")
		if strings.HasPrefix(name, prefix) {
			lines = append(lines, strings.TrimSuffix(line, "\n"))
		}
	}
	return lines
}

func newMetrics(t *testing.T, o metrics.Options) *metrics.Metrics {
	t.Helper()
	m, err := metrics.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestUpstreamsCountersStandThereFromTheBeginning(t *testing.T) {
	t.Parallel()
	m := newMetrics(t, metrics.Options{})
	want := []string{
		`# HELP pod_security_evaluations_total [ALPHA] Number of policy evaluations that occurred, not counting ignored or exempt requests.`,
		`# TYPE pod_security_evaluations_total counter`,
		`pod_security_evaluations_total{decision="allow",mode="enforce",policy_level="privileged",policy_version="latest",request_operation="create",resource="pod",subresource=""} 0`,
		`pod_security_evaluations_total{decision="allow",mode="enforce",policy_level="privileged",policy_version="latest",request_operation="update",resource="pod",subresource=""} 0`,
		`# HELP pod_security_exemptions_total [ALPHA] Number of exempt requests, not counting ignored or out of scope requests.`,
		`# TYPE pod_security_exemptions_total counter`,
		`pod_security_exemptions_total{request_operation="create",resource="controller",subresource=""} 0`,
		`pod_security_exemptions_total{request_operation="create",resource="pod",subresource=""} 0`,
		`pod_security_exemptions_total{request_operation="update",resource="controller",subresource=""} 0`,
		`pod_security_exemptions_total{request_operation="update",resource="pod",subresource=""} 0`,
	}
	if diff := cmp.Diff(want, scrape(t, m, "pod_security_")); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsRecordedIsCounted(t *testing.T) {
	t.Parallel()
	m := newMetrics(t, metrics.Options{})
	pod := admission.Labels{Operation: "update", Resource: "pod", Subresource: "resize"}
	m.RecordEvaluation(admission.Evaluation{Labels: pod, Decision: "deny", Level: "restricted", Version: "v1.30", Mode: "audit"})
	m.RecordExemption(pod)
	m.RecordExemption(pod)
	m.RecordError(true, pod)
	m.RecordError(false, admission.Labels{Operation: "other", Resource: "controller", Subresource: "other"})
	got := scrape(t, m, "pod_security_")
	for _, want := range []string{
		`pod_security_evaluations_total{decision="deny",mode="audit",policy_level="restricted",policy_version="v1.30",request_operation="update",resource="pod",subresource="resize"} 1`,
		`pod_security_exemptions_total{request_operation="update",resource="pod",subresource="resize"} 2`,
		`# HELP pod_security_errors_total [ALPHA] Number of errors preventing normal evaluation. Non-fatal errors may result in the latest restricted profile being used for evaluation.`,
		`pod_security_errors_total{fatal="true",request_operation="update",resource="pod",subresource="resize"} 1`,
		`pod_security_errors_total{fatal="false",request_operation="other",resource="controller",subresource="other"} 1`,
	} {
		if !slices.Contains(got, want) {
			t.Errorf("missing: %s\nin:\n%s", want, strings.Join(got, "\n"))
		}
	}
}

func TestOwnMetrics(t *testing.T) {
	t.Parallel()
	m := newMetrics(t, metrics.Options{
		Build: metrics.Build{Version: "v1.2.3", Commit: "abc", GoVersion: "go1"},
		Caches: []metrics.Cache{
			{Resource: "namespaces", Objects: func() int { return 7 }, Age: func() time.Duration { return 1500 * time.Millisecond }},
			{Resource: "pods", Objects: func() int { return 10000 }, Age: func() time.Duration { return 0 }},
		},
		CertificateExpiry: func() time.Time { return time.Unix(1900000000, 0) },
		BytesInFlight:     func() int64 { return 4096 },
	})
	for range 3 {
		m.RequestStarted()
	}
	m.RequestDone(200, 700*time.Microsecond)
	m.RequestDone(429, 3*time.Second)
	m.RecordConfigurationReload(false)
	m.RecordPolicyReload(false)
	m.RecordCertificateReload(false)
	m.RecordCertificateReload(true)
	m.RecordRepair()
	got := scrape(t, m, "gabion_")
	for _, want := range []string{
		`gabion_admission_requests_in_flight 1`,
		`gabion_admission_bytes_in_flight 4096`,
		`gabion_admission_request_duration_seconds_bucket{code="200",le="0.0005"} 0`,
		`gabion_admission_request_duration_seconds_bucket{code="200",le="0.001"} 1`,
		`gabion_admission_request_duration_seconds_count{code="429"} 1`,
		`gabion_configuration_reloads_total{result="failure"} 1`,
		`gabion_configuration_reloads_total{result="success"} 0`,
		`gabion_configuration_last_reload_successful 0`,
		`gabion_policy_reloads_total{result="failure"} 1`,
		`gabion_policy_last_reload_successful 0`,
		`gabion_certificate_reloads_total{result="failure"} 1`,
		`gabion_certificate_reloads_total{result="success"} 1`,
		`gabion_certificate_last_reload_successful 1`,
		`gabion_registration_repairs_total 1`,
		`gabion_cache_objects{resource="namespaces"} 7`,
		`gabion_cache_objects{resource="pods"} 10000`,
		`gabion_cache_age_seconds{resource="namespaces"} 1.5`,
		`gabion_certificate_expiry_timestamp_seconds 1.9e+09`,
		`gabion_build_info{commit="abc",goversion="go1",version="v1.2.3"} 1`,
	} {
		if !slices.Contains(got, want) {
			t.Errorf("missing: %s\nin:\n%s", want, strings.Join(got, "\n"))
		}
	}
}

func TestTwoCachesOfOneResourceAreAnError(t *testing.T) {
	t.Parallel()
	c := metrics.Cache{Resource: "pods", Objects: func() int { return 0 }, Age: func() time.Duration { return 0 }}
	if _, err := metrics.New(metrics.Options{Caches: []metrics.Cache{c, c}}); err == nil {
		t.Error("no error")
	}
}

func TestTwoMetricsDoNotShareAnything(t *testing.T) {
	t.Parallel()
	a, b := newMetrics(t, metrics.Options{}), newMetrics(t, metrics.Options{})
	a.RecordRepair()
	if got := scrape(t, b, "gabion_registration_repairs_total"); !slices.Contains(got, "gabion_registration_repairs_total 0") {
		t.Errorf("got %q", got)
	}
}

func TestEvaluationsOfManyRequestsAtOnceAreAllCounted(t *testing.T) {
	t.Parallel()
	m := newMetrics(t, metrics.Options{})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range 1000 {
				m.RecordEvaluation(admission.Evaluation{
					Labels: admission.Labels{Operation: "create", Resource: "pod"}, Decision: admission.DecisionDeny,
					Level: []string{"baseline", "restricted"}[i%2], Version: "latest", Mode: admission.ModeWarn,
				})
			}
		})
	}
	all.Wait()
	for _, level := range []string{"baseline", "restricted"} {
		want := `pod_security_evaluations_total{decision="deny",mode="warn",policy_level="` + level +
			`",policy_version="latest",request_operation="create",resource="pod",subresource=""} 4000`
		if got := scrape(t, m, "pod_security_evaluations_total"); !slices.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, strings.Join(got, "\n"))
		}
	}
}
