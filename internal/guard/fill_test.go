package guard_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/internal/guard"
	"github.com/gabion-security/gabion/pss"
)

const (
	filling = "{action: deny, namespaces: {all: true, except: [kube-system]}, floor: {enforce: baseline}, newNamespaces: {labels: {enforce: 'baseline', warn: 'restricted:v1.30'}}}"
	teamed  = "{namespaces: {selector: {matchLabels: {team: a}}}, newNamespaces: {labels: {enforce: 'restricted:v1.20', audit: 'baseline:latest'}}}"
)

func TestNewNamespacesGetTheLabelsThatTheyDoNotState(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name         string
		guards       []string
		of           string // n, unless it says something else
		labels, want string
	}{
		{"no guard has any", []string{floored}, "n", "", ""},
		{"none is stated", []string{filling}, "n", "", "enforce=baseline,warn=restricted,warn-version=v1.30"},
		{"other labels are", []string{filling}, "n", "a=b", "enforce=baseline,warn=restricted,warn-version=v1.30"},
		{"a level is stated, and gets no version", []string{filling}, "n", "warn=baseline", "enforce=baseline"},
		{"a lower level is", []string{filling}, "n", "enforce=privileged,warn=privileged", ""},
		{"an invalid level is stated, for others to refuse", []string{filling}, "n", "enforce=x,warn=", ""},
		{"a version alone is, and stays", []string{filling}, "n", "warn-version=v1.25", "enforce=baseline,warn=restricted"},
		{"another namespace is meant", []string{filling}, "kube-system", "", ""},
		{"labels select it", []string{teamed}, "n", "team=a", "enforce=restricted,enforce-version=v1.20,audit=baseline,audit-version=latest"},
		{"labels do not", []string{teamed}, "n", "team=b", ""},
		{
			"two guards: the higher level of each mode, also of an older version", []string{filling, teamed}, "n", "team=a",
			"enforce=restricted,enforce-version=v1.20,audit=baseline,audit-version=latest,warn=restricted,warn-version=v1.30",
		},
		{
			"two guards with one level: the newer version", []string{
				"{namespaces: {all: true}, newNamespaces: {labels: {enforce: 'baseline:v1.30', audit: 'baseline:v1.30', warn: baseline}}}",
				"{namespaces: {all: true}, newNamespaces: {labels: {enforce: 'baseline:v1.9', audit: 'baseline', warn: 'baseline:latest'}}}",
			}, "n", "", "enforce=baseline,enforce-version=v1.30,audit=baseline,warn=baseline,warn-version=latest",
		},
	} {
		forth, back := set(t, c.guards...), set(t, reversed(c.guards)...)
		for _, s := range []guard.Set{forth, back} {
			if diff := cmp.Diff(labels(c.want), s.Missing(c.of, labels(c.labels))); diff != "" {
				t.Errorf("%s (-want +got):\n%s", c.name, diff)
			}
		}
		if want := !strings.Contains(c.guards[0], "floor:") || strings.Contains(c.guards[0], "newNamespaces"); forth.Fills() != want {
			t.Errorf("%s: Fills is %t", c.name, !want)
		}
	}
}

func reversed(texts []string) []string {
	var back []string
	for _, text := range texts {
		back = append([]string{text}, back...)
	}
	return back
}

// TestANewNamespaceIsComparedWithWhatItWouldGet, also if it has not got it.
func TestANewNamespaceIsComparedWithWhatItWouldGet(t *testing.T) {
	t.Parallel()
	s := set(t, filling)
	for _, c := range []struct{ name, after, want string }{
		{"it has what it gets", "enforce=baseline,warn=restricted,warn-version=v1.30", ""},
		{"it states more", "enforce=restricted,warn=restricted", ""},
		{"it states less where nobody minds", "enforce=baseline,warn=privileged", ""},
		{
			"it states less", "enforce=privileged,warn=restricted",
			`enforce is privileged:latest, less than the default baseline:latest, by the label pod-security.kubernetes.io/enforce ("privileged" is new)`,
		},
		{"it has not got anything", "a=b", "enforce is privileged:latest, less than the default baseline:latest: pods are let in"},
		{
			"it states an older version", "enforce=baseline,enforce-version=v1.0",
			`enforce is baseline:v1.0, less than the default baseline:latest, by the label pod-security.kubernetes.io/enforce ("baseline" is new) and the label`,
		},
	} {
		change := guard.Change{Name: "n", New: true, After: labels(c.after), Defaults: pss.DefaultPolicy()}
		var got []string
		for _, w := range s.Judge(change).Weakenings {
			got = append(got, w.String())
		}
		if len(got) != min(len(c.want), 1) || c.want != "" && !strings.HasPrefix(got[0], c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// TestAVersionAloneDoesNotMakeOldWhatANewNamespaceGets: the guard gives it the level,
// and the version is the namespace's own.
func TestAVersionAloneDoesNotMakeOldWhatANewNamespaceGets(t *testing.T) {
	t.Parallel()
	for action, want := range map[string]guard.Action{"": guard.Warn, "action: deny, ": guard.Deny} {
		s := set(t, "{"+action+"namespaces: {all: true}, newNamespaces: {labels: {enforce: baseline}}}")
		for version, weaker := range map[string]bool{"v1.0": true, "latest": false, "v1.37": false} {
			after := labels("enforce-version=" + version)
			for key, value := range s.Missing("n", after) {
				after[key] = value
			}
			got := s.Judge(guard.Change{Name: "n", New: true, After: after, Defaults: pss.DefaultPolicy()}).Weakenings
			if len(got) > 0 != weaker || weaker && (got[0].Action != want || got[0].To.String() != "baseline:v1.0" || got[0].From.String() != "baseline:latest") {
				t.Errorf("%q, %s: %v", action, version, got)
			}
		}
	}
}

func TestLabelsForNewNamespacesThatAreNoneAreErrors(t *testing.T) {
	t.Parallel()
	for spec, want := range map[string]string{
		"{namespaces: {all: true}, newNamespaces: {labels: {}}}":                        "spec.newNamespaces.labels is empty",
		"{namespaces: {all: true}, newNamespaces: {labels: {enforce: base}}}":           `spec.newNamespaces.labels.enforce: "base": the level`,
		"{namespaces: {all: true}, newNamespaces: {labels: {warn: 'baseline:1.2'}}}":    `spec.newNamespaces.labels.warn: "baseline:1.2": the version`,
		"{namespaces: {all: true}, newNamespaces: {labels: {audit: 'baseline:'}}}":      `spec.newNamespaces.labels.audit: "baseline:": the version`,
		"{namespaces: {all: true}, newNamespaces: {enforce: baseline}}":                 `unknown field "spec.newNamespaces.enforce"`,
		"{namespaces: {all: true}, newNamespaces: {labels: {enforce-version: latest}}}": `unknown field "spec.newNamespaces.labels.enforce-version"`,
	} {
		if _, err := compile("g", spec); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s", spec, err, want)
		}
	}
}

// TestEnteringALooserGuardIsAWeakening by relabelling, if the guards before were
// stricter.
func TestEnteringALooserGuardIsAWeakening(t *testing.T) {
	t.Parallel()
	const (
		whole  = "{action: deny, namespaces: {all: true}, floor: {enforce: privileged}}"
		denies = "{action: deny, namespaces: {selector: {matchLabels: {team: a}}}, workloads: deny}"
		alone  = "{action: audit, namespaces: {selector: {matchLabels: {team: b}}}, ephemeralContainers: alone}"
		silent = "{namespaces: {selector: {matchLabels: {team: b}}}, workloads: 'off'}"
		states = "{action: warn, namespaces: {all: true}, ephemeralContainers: whole, workloads: warn}"
	)
	for _, c := range []struct {
		name          string
		guards        []string
		before, after string
		want          []string
	}{
		{
			"ephemeral containers come to be judged alone", []string{whole, alone}, "team=a", "team=b",
			[]string{"deny ephemeralContainers goes from whole to alone, because it comes to be guarded by PodSecurityGuard g1 (PodSecurityGuard g0)"},
		},
		{"they were judged alone before", []string{whole, alone}, "team=b", "team=b,a=b", nil},
		{"another guard has them judged whole", []string{states, alone}, "team=a", "team=b", nil},
		{"nobody guarded before", []string{alone, silent}, "team=a", "team=b", nil},
		{
			"workloads that were denied pass", []string{denies, silent}, "team=a", "team=b",
			[]string{
				"deny with its new labels it is guarded no more (by PodSecurityGuard g0)",
				"deny workloads goes from deny to off, because it comes to be guarded by PodSecurityGuard g1 (PodSecurityGuard g0)",
			},
		},
		{
			"workloads that were warned of, as nobody said anything, are not", []string{whole, silent}, "", "team=b",
			[]string{"deny workloads goes from warn to off, because it comes to be guarded by PodSecurityGuard g1 (PodSecurityGuard g0)"},
		},
		{"another guard still warns of them", []string{states, silent}, "", "team=b", nil},
		{
			"both", []string{whole, silent, alone}, "", "team=b",
			[]string{"deny ephemeralContainers goes from whole to alone and workloads goes from warn to off, because it comes to be guarded by PodSecurityGuard g1, g2 (PodSecurityGuard g0)"},
		},
		{"leaving a guard is another thing", []string{whole, denies}, "team=a", "", []string{"deny with its new labels it is guarded no more (by PodSecurityGuard g1)"}},
		{"leaving a loose guard", []string{whole, alone}, "team=b", "", []string{"audit with its new labels it is guarded no more (by PodSecurityGuard g1)"}},
	} {
		change := guard.Change{Name: "n", Before: labels(c.before), After: labels(c.after), Defaults: pss.DefaultPolicy()}
		var got []string
		for _, w := range set(t, c.guards...).Judge(change).Weakenings {
			got = append(got, map[guard.Action]string{guard.Audit: "audit", guard.Warn: "warn", guard.Deny: "deny"}[w.Action]+" "+w.String())
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
	fresh := guard.Change{Name: "n", New: true, After: labels("team=b"), Defaults: pss.DefaultPolicy()}
	if got := set(t, whole, silent, alone).Judge(fresh).Weakenings; len(got) > 0 {
		t.Errorf("a new namespace has no guards before: %v", got)
	}
}
