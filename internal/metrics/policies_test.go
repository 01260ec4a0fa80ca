package metrics_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/internal/metrics"
)

func TestRefusalsOfProfilesAreCountedAsLongAsGuardsNameThem(t *testing.T) {
	t.Parallel()
	m := newMetrics(t, metrics.Options{})
	expect := func(want ...string) {
		t.Helper()
		if got := scrape(t, m, "gabion_profile_refusals_total{"); !cmp.Equal(want, got) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	m.RecordProfileRefusal("unknown")
	expect()
	m.SetProfiles([]string{"agents", "webs"})
	m.RecordProfileRefusal("agents")
	expect(`gabion_profile_refusals_total{profile="agents"} 1`, `gabion_profile_refusals_total{profile="webs"} 0`)
	m.SetProfiles([]string{"webs"})
	m.RecordProfileRefusal("agents")
	expect(`gabion_profile_refusals_total{profile="webs"} 0`)
}

func TestDocumentsThatCannotBeReadAreNamedUntilTheyCan(t *testing.T) {
	t.Parallel()
	m := newMetrics(t, metrics.Options{})
	expect := func(want ...string) {
		t.Helper()
		if got := scrape(t, m, "gabion_policy_unreadable{"); !cmp.Equal(want, got) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	expect()
	m.SetUnreadable([]metrics.Document{{Kind: "PodSecurityException", Name: "mesh"}, {Kind: "PodSecurityGuard", Name: "floor"}})
	expect(`gabion_policy_unreadable{kind="PodSecurityException",name="mesh"} 1`, `gabion_policy_unreadable{kind="PodSecurityGuard",name="floor"} 1`)
	m.SetUnreadable([]metrics.Document{{Kind: "PodSecurityException", Name: "mesh"}})
	expect(`gabion_policy_unreadable{kind="PodSecurityException",name="mesh"} 1`)
	m.SetUnreadable(make([]metrics.Document, 1000))
	m.SetUnreadable(nil)
	expect()
}
