package guard_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/internal/guard"
	"github.com/gabion-security/gabion/pss"
)

func TestWhatGuardsAskOfPods(t *testing.T) {
	t.Parallel()
	const (
		base    = "{namespaces: {all: true}, floor: {enforce: baseline, warn: restricted}, applyToPods: true"
		profile = "{namespaces: {all: true, except: [kube-system]}, profile: "
	)
	baseline := pss.LevelVersion{Level: pss.Baseline, Version: pss.Latest}
	old := pss.LevelVersion{Level: pss.Baseline, Version: pss.V1(30)}
	for _, c := range []struct {
		name   string
		guards []string
		labels string
		want   guard.Pods
	}{
		{name: "no guards"},
		{name: "a guard of other namespaces", guards: []string{teamA}, labels: "team=b"},
		{name: "a guard that says nothing of pods warns of workloads", guards: []string{floored}, want: guard.Pods{Workloads: guard.WorkloadsWarn}},
		{
			name: "what a guard says nothing of is left to others", guards: []string{floored, "{namespaces: {all: true}, workloads: 'off', ephemeralContainers: alone}", locked},
			want: guard.Pods{Workloads: guard.WorkloadsOff, WorkloadsBy: []string{"g1"}, Alone: true},
		},
		{
			name: "the strictest counts",
			guards: []string{
				"{namespaces: {all: true}, workloads: warn, ephemeralContainers: alone}", "{namespaces: {all: true}, workloads: deny}",
				"{namespaces: {all: true}, workloads: 'off', ephemeralContainers: whole}", "{namespaces: {all: true}, workloads: deny}",
			},
			want: guard.Pods{Workloads: guard.WorkloadsDeny, WorkloadsBy: []string{"g1", "g3"}},
		},
		{
			name: "a guard of other namespaces is not the strictest", guards: []string{"{namespaces: {names: [other]}, workloads: deny}", "{namespaces: {names: ['n']}, workloads: warn}"},
			want: guard.Pods{Workloads: guard.WorkloadsWarn, WorkloadsBy: []string{"g1"}},
		},
		{
			name: "every floor and every profile counts, the same ones once",
			guards: []string{
				base + "}", profile + "a}", "{namespaces: {all: true}, floor: {enforce: 'baseline:v1.30'}, applyToPods: true, profile: b}",
				"{namespaces: {all: true}, floor: {enforce: 'baseline:latest'}, applyToPods: true, profile: a}", floored,
			},
			want: guard.Pods{
				Workloads: guard.WorkloadsWarn, Floors: []guard.Floor{{baseline, []string{"g0", "g3"}}, {old, []string{"g2"}}},
				Profiles: []guard.Profile{{"a", []string{"g1", "g3"}}, {"b", []string{"g2"}}},
			},
		},
	} {
		if diff := cmp.Diff(c.want, set(t, c.guards...).Pods("n", labels(c.labels))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestWhatIsWrongWithWhatAGuardAsksOfPods(t *testing.T) {
	t.Parallel()
	for spec, want := range map[string]string{
		"{namespaces: {all: true}, lock: true, applyToPods: true}":              "spec.applyToPods: there is nothing to apply: state floor.enforce",
		"{namespaces: {all: true}, floor: {warn: baseline}, applyToPods: true}": "spec.applyToPods: there is nothing to apply",
		"{namespaces: {all: true}, workloads: refuse}":                          `spec.workloads: "refuse" must be one of off, warn, deny`,
		"{namespaces: {all: true}, workloads: off}":                             "in YAML, off, on, yes and no are true or false unless they stand in quotes",
		"{namespaces: {all: true}, ephemeralContainers: none}":                  `spec.ephemeralContainers: "none" must be one of whole, alone`,
		"{namespaces: {all: true}, profile: ''}":                                "spec.profile has no value",
		"{namespaces: {all: true}, profile: a}":                                 "",
		"{namespaces: {all: true}, workloads: 'off'}":                           "",
		"{namespaces: {all: true}, ephemeralContainers: alone}":                 "",
	} {
		_, err := compile("a", spec)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n")) {
			t.Errorf("%s: %v, want %q", spec, err, want)
		}
	}
}

func TestOfANamespaceWithoutKnownLabelsThereIsAWorstAndASureCase(t *testing.T) {
	t.Parallel()
	guards := set(t,
		"{namespaces: {all: true, except: [left-out]}, floor: {enforce: baseline}, applyToPods: true}",
		"{namespaces: {selector: {matchLabels: {team: a}}}, floor: {enforce: restricted}, applyToPods: true}",
		"{namespaces: {names: ['n'], selector: {matchExpressions: [{key: team, operator: DoesNotExist}]}}, profile: p}",
		"{namespaces: {names: [other]}, workloads: deny}",
	)
	for namespace, want := range map[string]struct {
		worstFloors, worstProfiles, sureFloors, sureProfiles int
		workloads                                            guard.Workloads
	}{
		"n": {2, 1, 1, 0, guard.WorkloadsWarn}, "left-out": {1, 0, 0, 0, guard.WorkloadsWarn}, "other": {2, 0, 1, 0, guard.WorkloadsDeny},
	} {
		worst, sure := guards.PodsAtWorst(namespace), guards.PodsAnyway(namespace)
		if len(worst.Floors) != want.worstFloors || len(worst.Profiles) != want.worstProfiles || worst.Workloads != want.workloads {
			t.Errorf("%s, at worst: %+v", namespace, worst)
		}
		if len(sure.Floors) != want.sureFloors || len(sure.Profiles) != want.sureProfiles {
			t.Errorf("%s, in any case: %+v", namespace, sure)
		}
	}
}
