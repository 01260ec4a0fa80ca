package parity_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/gabion-security/gabion/e2e/cluster"
	"github.com/gabion-security/gabion/e2e/samples"
)

// emulated is the oldest version that the API server can behave as.
const emulated = "1.34"

func TestGabionAnswersAsTheBuiltInPluginDoes(t *testing.T) {
	t.Parallel()
	for _, of := range []struct {
		name, version string
		requests      int // random ones, at least
	}{
		{"of an API server", "", 2000},
		{"of one that emulates " + emulated, emulated, 600},
	} {
		t.Run(of.name, func(t *testing.T) {
			t.Parallel()
			seed := samples.Seed(t)
			p := newPair(t, cluster.Options{EmulatedVersion: of.version})
			t.Run("to scripted requests", func(t *testing.T) {
				t.Parallel()
				playScript(t, newPlayer(p), versionSteps(of.version))
			})
			t.Run("to random requests", func(t *testing.T) {
				t.Parallel()
				playRandomly(t, newPlayer(p), seed, of.requests)
			})
			t.Run("and where answers differ, that is seen", func(t *testing.T) {
				t.Parallel()
				seesDifferences(t, p)
			})
		})
	}
}

// seesDifferences sends the two API servers different requests: all that is
// compared really comes from their answers and audit logs.
func seesDifferences(t *testing.T, p *pair) {
	t.Helper()
	const ns = "differences"
	labels := namespace(ns, "enforce", "baseline", "warn", "restricted", "audit", "restricted", "warn-version", "latest", "audit-version", "latest")
	player := newPlayer(p)
	if _, diff, err := player.play(t.Context(), create("namespaces", "", labels)); err != nil || diff != "" {
		t.Fatal(err, diff)
	}
	try := func(changes ...func(*corev1.Pod)) *request { return create("pods", ns, pod("p", changes...)).dry() }
	for _, tt := range []struct {
		name           string
		plugin, gabion *request
		field          func(answer) any // that differs
	}{
		{"the code", try(hostPID), try(), func(a answer) any { return a.Code }},
		{"the message", try(hostPID), try(privileged), func(a answer) any { return a.Message }},
		{"the warnings", try(asRoot), try(), func(a answer) any { return a.Warnings }},
		{"the annotations", try(hostPID).by(exemptUser), try(), func(a answer) any { return a.Annotations }},
	} {
		plugin, gabion, err := p.askEach(t.Context(), tt.plugin, tt.gabion)
		if err != nil {
			t.Fatal(err)
		}
		if difference(tt.plugin, plugin, gabion) == "" || cmp.Equal(tt.field(expected(tt.plugin, plugin)), tt.field(gabion)) {
			t.Errorf("%s: the plugin says %v, Gabion %v, and it is not seen", tt.name, plugin, gabion)
		}
	}
}
