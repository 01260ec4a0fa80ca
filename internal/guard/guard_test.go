package guard_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/internal/document"
	"github.com/gabion-security/gabion/internal/guard"
	"github.com/gabion-security/gabion/pss"
)

// compile compiles the guard of a spec in YAML.
func compile(name, spec string) (*guard.Guard, error) {
	all, err := document.Read([]byte("apiVersion: gabion.io/v1alpha1\nkind: PodSecurityGuard\nmetadata: {name: " + name + "}\nspec: " + spec + "\n"))
	if err != nil {
		return nil, err
	}
	return guard.Of(all[0])
}

// set is the guards g0, g1 and so on.
func set(t testing.TB, specs ...string) guard.Set {
	t.Helper()
	var guards []*guard.Guard
	for i, spec := range specs {
		g, err := compile("g"+string(rune('0'+i)), spec)
		if err != nil {
			t.Fatalf("%s: %v", spec, err)
		}
		guards = append(guards, g)
	}
	s, err := guard.NewSet(guards, excepted{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// excepted excepts the namespaces with a label, and one by its name.
type excepted struct{}

func (excepted) Of(name string, labels map[string]string) []string {
	var names []string
	if name == "monitoring" {
		names = append(names, "node-exporter")
	}
	if labels["excepted"] != "" {
		names = append(names, "labelled")
	}
	return names
}

// labels reads labels: enforce=restricted, enforce-version=v1.0, team=a.
func labels(text string) map[string]string {
	if text == "" {
		return nil
	}
	m := map[string]string{}
	for pair := range strings.SplitSeq(text, ",") {
		key, value, _ := strings.Cut(pair, "=")
		if mode, _, _ := strings.Cut(key, "-"); mode == "enforce" || mode == "audit" || mode == "warn" {
			key = pss.LabelPrefix + key
		}
		m[key] = value
	}
	return m
}

const (
	floored = "{action: deny, namespaces: {all: true, except: [kube-system]}, floor: {enforce: 'baseline:latest'}}"
	locked  = "{action: deny, namespaces: {all: true}, lock: true}"
	strict  = "{action: deny, namespaces: {all: true}, lock: true, newerVersions: guarded}"
	teamA   = "{action: deny, namespaces: {selector: {matchLabels: {team: a}}}, floor: {enforce: restricted, audit: restricted, warn: restricted}}"
	noting  = "{action: audit, namespaces: {all: true}, floor: {enforce: restricted}}"
	telling = "{namespaces: {all: true}, floor: {enforce: restricted}}"
)

func TestOnlyWeakeningIsRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name          string
		guards        []string
		namespace     string // n, unless it says something else
		before, after string
		isNew, exempt bool
		defaults      pss.Level
		want          []string // the beginnings of what is weakened, with the action before it
	}{
		{name: "an unrelated label may change", guards: []string{locked}, before: "enforce=restricted,a=b", after: "enforce=restricted"},
		{name: "an unrelated label may change below the floor", guards: []string{floored}, before: "enforce=privileged", after: "enforce=privileged,a=b"},
		{name: "a higher level may come", guards: []string{locked}, before: "enforce=baseline", after: "enforce=restricted"},
		{name: "a lower level above the floor may come", guards: []string{floored}, before: "enforce=restricted", after: "enforce=baseline"},
		{
			name: "a lower level may not come where there is a lock", guards: []string{locked}, before: "enforce=restricted,warn=restricted", after: "enforce=baseline,warn=restricted",
			want: []string{"deny enforce goes from restricted:latest to baseline:latest"},
		},
		{
			name: "a lower level takes warnings along", guards: []string{locked}, before: "enforce=restricted", after: "enforce=baseline",
			want: []string{
				"deny enforce goes from restricted:latest to baseline:latest, by the label pod-security.kubernetes.io/enforce (\"restricted\" becomes \"baseline\"): " +
					"pods are let in that fail allowPrivilegeEscalation, ",
				"deny warn goes with enforce (PodSecurityGuard g0)",
			},
		},
		{
			name: "a level below the floor may not come", guards: []string{floored}, before: "enforce=restricted", after: "enforce=privileged",
			want: []string{"deny enforce goes from restricted:latest to privileged:latest"},
		},
		{
			name: "no level may not come where the default is below the floor", guards: []string{floored}, before: "enforce=restricted", after: "",
			want: []string{"deny enforce goes from restricted:latest to privileged:latest"},
		},
		{name: "no level may come where the default is the floor", guards: []string{floored}, before: "enforce=restricted", after: "", defaults: pss.Baseline},
		{name: "a namespace below the floor may be improved in part", guards: []string{teamA}, before: "team=a,enforce=privileged", after: "team=a,enforce=baseline"},
		{
			name: "a namespace below the floor may not be weakened more", guards: []string{teamA}, before: "team=a,enforce=baseline", after: "team=a,enforce=privileged",
			want: []string{"deny enforce goes from baseline:latest to privileged:latest", "deny warn goes with enforce (PodSecurityGuard g0)"},
		},
		{
			name: "an older version that lacks a control may not come", guards: []string{floored}, before: "enforce=baseline", after: "enforce=baseline,enforce-version=v1.33",
			want: []string{"deny enforce goes from baseline:latest to baseline:v1.33, by the label pod-security.kubernetes.io/enforce-version (\"v1.33\" is new): " +
				"pods are let in that fail hostProbesAndHostLifecycle (PodSecurityGuard g0)"},
		},
		{name: "an older version that lacks nothing may come", guards: []string{locked}, before: "enforce=baseline,enforce-version=v1.33", after: "enforce=baseline,enforce-version=v1.20"},
		{
			name: "an older version of a higher level is weaker in places", guards: []string{floored}, before: "enforce=baseline", after: "enforce=restricted,enforce-version=v1.0",
			want: []string{"deny enforce goes from baseline:latest to restricted:v1.0, by the label pod-security.kubernetes.io/enforce (\"baseline\" becomes \"restricted\") " +
				"and the label pod-security.kubernetes.io/enforce-version (\"v1.0\" is new): pods are let in that fail hostProbesAndHostLifecycle, seccompProfile_baseline (PodSecurityGuard g0)"},
		},
		{name: "a newer version may come although it is looser", guards: []string{locked}, before: "enforce=restricted,enforce-version=v1.24", after: "enforce=restricted"},
		{
			name: "a looser newer version may not come where that is guarded", guards: []string{strict}, before: "enforce=baseline,enforce-version=v1.36,warn=privileged",
			after: "enforce=baseline,enforce-version=v1.37,warn=privileged",
			want:  []string{"deny enforce goes from baseline:v1.36 to baseline:v1.37, by the label pod-security.kubernetes.io/enforce-version (\"v1.36\" becomes \"v1.37\"): pods are let in that fail sysctls"},
		},
		{name: "latest satisfies a floor of a newer version", guards: []string{"{action: deny, namespaces: {all: true}, floor: {enforce: 'baseline:v1.99'}}"}, before: "enforce=restricted", after: "enforce=baseline"},
		{name: "an invalid enforce label is restricted, which weakens nothing", guards: []string{floored}, before: "enforce=baseline", after: "enforce=x"},
		{
			name: "an invalid audit label is privileged", guards: []string{teamA}, before: "team=a,audit=restricted", after: "team=a,audit=strict",
			want: []string{"deny audit goes from restricted:latest to privileged:latest, by the label pod-security.kubernetes.io/audit (\"restricted\" becomes \"strict\", which is invalid): " +
				"pods are not audited any more, whatever they ask for"},
		},
		{
			name: "an invalid warn label is privileged", guards: []string{teamA}, before: "team=a,enforce=restricted", after: "team=a,enforce=restricted,warn=strict",
			want: []string{"deny warn goes from restricted:latest to privileged:latest, by the label pod-security.kubernetes.io/warn (\"strict\" is new, which is invalid): nobody is warned"},
		},
		{
			name: "an invalid enforce label takes warnings along", guards: []string{teamA}, before: "team=a,enforce=restricted", after: "team=a,enforce=x",
			want: []string{"deny warn goes from restricted:latest to privileged:latest, by the label pod-security.kubernetes.io/enforce (\"restricted\" becomes \"x\", which is invalid)"},
		},
		{
			name: "a guard may not be left", guards: []string{teamA}, before: "team=a,enforce=restricted", after: "team=b,enforce=restricted",
			want: []string{"deny with its new labels it is guarded no more (by PodSecurityGuard g0)"},
		},
		{
			name: "who leaves a guard is judged by it", guards: []string{teamA}, before: "team=a,enforce=restricted,warn=restricted", after: "enforce=baseline,warn=restricted",
			want: []string{"deny enforce goes from restricted:latest to baseline:latest", "deny with its new labels"},
		},
		{
			name: "who comes to a guard is judged by it", guards: []string{teamA}, before: "enforce=restricted,warn=restricted", after: "team=a,enforce=baseline,warn=restricted",
			want: []string{"deny enforce goes from restricted:latest to baseline:latest"},
		},
		{name: "what no guard means may change", guards: []string{floored}, namespace: "kube-system", before: "enforce=restricted", after: ""},
		{name: "what no guard means may leave none", guards: []string{teamA}, before: "team=b,enforce=restricted", after: ""},

		{
			name: "the strictest guard of those that refuse counts", guards: []string{telling, floored, noting, locked}, before: "enforce=restricted,warn=baseline", after: "enforce=privileged,warn=baseline",
			want: []string{"deny enforce goes from restricted:latest to privileged:latest, by the label pod-security.kubernetes.io/enforce (\"restricted\" becomes \"privileged\"): " +
				"pods are let in, whatever they ask for (PodSecurityGuard g1, g3)"},
		},
		{
			name: "a guard that only warns may have a higher floor", guards: []string{telling, floored}, before: "enforce=restricted", after: "enforce=baseline",
			want: []string{"warn enforce goes from restricted:latest to baseline:latest"},
		},
		{
			name: "a guard may only note", guards: []string{noting}, before: "enforce=restricted", after: "enforce=baseline",
			want: []string{"audit enforce goes from restricted:latest to baseline:latest"},
		},

		{name: "a new namespace may be as the defaults are", guards: []string{floored, locked}, isNew: true, defaults: pss.Baseline},
		{
			name: "a new namespace may not enforce less than the floor", guards: []string{floored}, after: "enforce=privileged", isNew: true,
			want: []string{"deny enforce is privileged:latest, less than the floor baseline:latest, by the label pod-security.kubernetes.io/enforce (\"privileged\" is new): " +
				"pods are let in, whatever they ask for; state pod-security.kubernetes.io/enforce=baseline (PodSecurityGuard g0)"},
		},
		{
			name: "nor may one without a label where the default is less", guards: []string{floored, telling}, isNew: true,
			want: []string{
				"deny enforce is privileged:latest, less than the floor baseline:latest: pods are let in, whatever they ask for; state pod-security.kubernetes.io/enforce=baseline (PodSecurityGuard g0)",
				"warn enforce is privileged:latest, less than the floor restricted:latest: ",
			},
		},
		{name: "a new namespace may enforce the floor", guards: []string{floored, locked}, after: "enforce=baseline", isNew: true},
		{
			name: "a new namespace below a floor that pods have to meet is told of", isNew: true, after: "enforce=privileged",
			guards: []string{"{action: deny, namespaces: {all: true}, floor: {enforce: 'baseline:v1.30'}, applyToPods: true}"},
			want:   []string{"warn enforce is privileged:latest, less than the floor baseline:v1.30, "},
		},
		{
			name: "a new namespace may have what a guard gives it, below its floor too", isNew: true, after: "enforce=baseline",
			guards: []string{"{action: deny, namespaces: {all: true}, floor: {enforce: restricted}, newNamespaces: {labels: {enforce: baseline}}}"},
		},
		{
			name: "what one guard gives to a new namespace is no way below the floor of another", isNew: true, after: "enforce=baseline",
			guards: []string{
				"{action: deny, namespaces: {all: true}, floor: {enforce: restricted}}",
				"{action: deny, namespaces: {all: true}, newNamespaces: {labels: {enforce: baseline}}}",
			},
			want: []string{"deny enforce is baseline:latest, less than the floor restricted:latest, "},
		},
		{
			name: "a new namespace may not have a name that a guard excepts", guards: []string{floored, noting}, namespace: "kube-system", isNew: true, after: "enforce=restricted",
			want: []string{"deny a namespace of this name is excepted by a guard (PodSecurityGuard g0)"},
		},
		{name: "a namespace that a guard excepts may be changed", guards: []string{floored}, namespace: "kube-system", before: "enforce=restricted", after: ""},
		{
			name: "a name that is excepted of what labels do not select is free", namespace: "spare", isNew: true, after: "team=b",
			guards: []string{"{action: deny, namespaces: {selector: {matchLabels: {team: a}}, except: [spare]}, lock: true}"},
		},
		{
			name: "a name that is excepted of what labels select is not", namespace: "spare", isNew: true, after: "team=a",
			guards: []string{"{action: deny, namespaces: {selector: {matchLabels: {team: a}}, except: [spare]}, profile: p}"},
			want:   []string{"deny a namespace of this name is excepted by a guard (PodSecurityGuard g0)"},
		},
		{name: "a new namespace may ask for more", guards: []string{locked}, after: "enforce=restricted", isNew: true},
		{
			name: "a new namespace may not ask for less than the defaults", guards: []string{floored}, after: "enforce=privileged", isNew: true, defaults: pss.Baseline,
			want: []string{"deny enforce is privileged:latest, less than the default baseline:latest, by the label pod-security.kubernetes.io/enforce (\"privileged\" is new): pods are let in, whatever"},
		},
		{
			name: "a new namespace may not have an exempt name", guards: []string{floored}, after: "enforce=restricted", isNew: true, exempt: true,
			want: []string{"deny a namespace of this name is exempt from Pod Security (PodSecurityGuard g0)"},
		},
		{name: "an exempt namespace may change", guards: []string{floored}, before: "a=b", after: "a=c", exempt: true},
		{
			name: "a new namespace may not have an excepted name", guards: []string{floored}, namespace: "monitoring", isNew: true, after: "enforce=baseline",
			want: []string{"deny it comes to be excepted by PodSecurityException node-exporter (PodSecurityGuard g0)"},
		},
		{
			name: "a namespace may not be labelled into an exception", guards: []string{floored}, namespace: "monitoring", after: "excepted=yes",
			want: []string{"deny it comes to be excepted by PodSecurityException labelled (PodSecurityGuard g0)"},
		},
		{name: "a namespace that is excepted may stay so", guards: []string{floored}, namespace: "monitoring", before: "excepted=yes", after: "excepted=yes,a=b"},
		{name: "a namespace may leave an exception", guards: []string{floored}, before: "excepted=yes", after: ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			change := guard.Change{Name: "n", New: c.isNew, Before: labels(c.before), After: labels(c.after), Exempt: c.exempt, Defaults: pss.DefaultPolicy()}
			if c.namespace != "" {
				change.Name = c.namespace
			}
			if c.defaults != 0 {
				change.Defaults.Enforce.Level = c.defaults
			}
			var got []string
			for i, w := range set(t, c.guards...).Judge(change).Weakenings {
				text := map[guard.Action]string{guard.Audit: "audit ", guard.Warn: "warn ", guard.Deny: "deny "}[w.Action] + w.String()
				if i < len(c.want) && strings.HasPrefix(text, c.want[i]) {
					text = c.want[i]
				}
				got = append(got, text)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("weakened is (-want +got):\n%s", diff)
			}
		})
	}
}

func TestANewerVersionSaysWhatItRelaxes(t *testing.T) {
	t.Parallel()
	change := guard.Change{
		Name: "n", Before: labels("enforce=baseline,enforce-version=v1.31,warn=privileged"), After: labels("enforce=baseline,warn=privileged"), Defaults: pss.DefaultPolicy(),
	}
	const want = "enforce goes from baseline:v1.31 to baseline:latest, and the newer version of the standard relaxes " +
		"procMount (Pods in a user namespace (hostUsers: false) are exempt); " +
		"sysctls (net.ipv4.tcp_rmem and tcp_wmem are allowed. net.ipv4.tcp_slow_start_after_idle and tcp_notsent_lowat are allowed)"
	for spec, want := range map[string][]string{
		locked: {want}, floored: {want}, noting: nil,
		"{namespaces: {all: true}, floor: {audit: baseline}}": nil, // it does not mind
	} {
		r := set(t, spec).Judge(change)
		var got []string
		for _, relaxed := range r.Relaxations {
			got = append(got, relaxed.String())
		}
		if diff := cmp.Diff(want, got); diff != "" || len(r.Weakenings) > 0 {
			t.Errorf("%s: %v, and it relaxes (-want +got):\n%s", spec, r.Weakenings, diff)
		}
	}
	// An older API server has nothing of that.
	change.Evaluator.Kubernetes = pss.V1(31)
	if r := set(t, locked).Judge(change); len(r.Relaxations)+len(r.Weakenings) > 0 {
		t.Errorf("on Kubernetes 1.31: %+v", r)
	}
}

func TestWhatIsWrongWithAGuardIsOneLine(t *testing.T) {
	t.Parallel()
	for spec, want := range map[string]string{
		"{namespaces: {all: true}}":                                           "spec guards nothing: state a floor, or lock: true",
		"{namespaces: {all: true}, lock: false}":                              "spec guards nothing",
		"{namespaces: {all: true}, floor: {}}":                                "spec.floor is empty",
		"{namespaces: {all: true}, floor: {enforce: strict}}":                 `spec.floor.enforce: "strict": the level must be one of privileged, baseline, restricted`,
		"{namespaces: {all: true}, floor: {warn: 'baseline:1.30'}}":           `spec.floor.warn: "baseline:1.30": the version must be "latest" or "v1.x"`,
		"{namespaces: {}, lock: true}":                                        "spec.namespaces: state names",
		"{lock: true}":                                                        "spec.namespaces: state names",
		"{namespaces: {all: true}, lock: true, action: Deny}":                 `spec.action: "Deny" must be one of audit, warn, deny`,
		"{namespaces: {all: true}, lock: true, newerVersions: no}":            "newerVersions",
		"{namespaces: {all: true}, lock: true, locked: true}":                 "did you mean lock?",
		"{namespaces: {selector: {matchLabels: {}}}, lock: true}":             "would select everything",
		"{namespaces: {all: true}, lock: true, newerVersions: guarded}":       "",
		"{namespaces: {names: [a], except: [b]}, floor: {audit: restricted}}": "",
	} {
		g, err := compile("a", spec)
		if want == "" && (err != nil || g.Name() != "a") || want != "" && (err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n")) {
			t.Errorf("%s: %v, want %q", spec, err, want)
		}
	}
	if _, err := compile("''", locked); err == nil || !strings.HasPrefix(err.Error(), "metadata.name is missing") {
		t.Errorf("without a name: %v", err)
	}
	g, _ := compile("a", locked)
	if _, err := guard.NewSet([]*guard.Guard{g, g}, nil); err == nil || err.Error() != `two guards have the name "a"` {
		t.Errorf("the same guard twice: %v", err)
	}
}
