package exception_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/exception"
	"github.com/gabion-security/gabion/pss"
)

// quiet is what stands in an exception that nothing is said about.
const quiet = "owner: ann\n  expiresAt: 2027-12-01T00:00:00Z\n  "

// sound reads exceptions.
func sound(t *testing.T, texts ...string) []*exception.Exception {
	t.Helper()
	var all []*exception.Exception
	for i, text := range texts {
		e, err := exceptionOf([]byte(strings.Replace(text, "{name: e}", fmt.Sprintf("{name: e%d}", i), 1)))
		if err != nil {
			t.Fatalf("%v:\n%s", err, text)
		}
		all = append(all, e)
	}
	return all
}

// rules are the rules, names and paths of problems.
func rules(problems []exception.Problem) (all []string) {
	for _, p := range problems {
		all = append(all, strings.TrimSpace(p.ID+" "+p.Exception.Name+" "+p.Path))
	}
	return all
}

func TestLintFindsWhatIsWrongWithAnExceptionByItself(t *testing.T) {
	t.Parallel()
	const privileged = "controls: [{id: privileged}]"
	everywhere := strings.NewReplacer("{names: [shop]}", "{all: true}").Replace
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"nothing", string(written(quiet + privileged)), nil},
		{"the end is now", string(written("owner: a", "expiresAt: 2026-12-01T00:00:00Z", privileged)), []string{"expired e0 spec.expiresAt"}},
		{"the end is near", string(written("owner: a", "expiresAt: 2026-12-15T00:00:00Z", privileged)), []string{"expires-soon e0 spec.expiresAt"}},
		{"the end is not near yet", string(written("owner: a", "expiresAt: 2026-12-15T00:00:01Z", privileged)), nil},
		{"no end and no owner", string(written(privileged)), []string{"never-expires e0 spec.expiresAt", "no-owner e0 spec.owner"}},
		{"every namespace", everywhere(string(written(quiet + privileged))), []string{"every-namespace e0 spec.namespaces.all"}},
		{"every namespace, although images have digests", everywhere(string(written(quiet+privileged, "containers: {images: ['docker.io/a/b@sha256:ab']}"))), []string{"every-namespace e0 spec.namespaces.all"}},
		{"every namespace without some label", strings.Replace(string(written(quiet+privileged)), "{names: [shop]}", "{selector: {matchExpressions: [{key: a, operator: DoesNotExist}]}}", 1), []string{"every-namespace e0 spec.namespaces.selector"}},
		{"a digest protects", string(written(quiet+privileged, "containers: {images: ['docker.io/a/b@sha256:ab']}")), nil},
		{"a tag does not", string(written(quiet+privileged, "containers: {images: ['docker.io/a/b@sha256:ab', 'docker.io/a/b:1']}")), []string{"namespace-only e0"}},
		{"labels do not", string(written(quiet+privileged, "pods: {selector: {matchLabels: {a: b}}}")), []string{"namespace-only e0"}},
		{"service accounts do not", string(written(quiet+privileged, "pods: {serviceAccounts: [a]}")), []string{"namespace-only e0"}},
		{"names of containers do not", string(written(quiet+privileged, "containers: {names: [a]}")), []string{"namespace-only e0"}},
		{
			"only the pod can fail it", string(written(quiet+"controls: [{id: hostNamespaces}, {id: hostPathVolumes}, {id: sysctls}, {id: privileged}]", "containers: {images: ['docker.io/a/b@sha256:ab']}")),
			[]string{"never-covers e0 spec.controls[0]", "never-covers e0 spec.controls[1]", "never-covers e0 spec.controls[2]"},
		},
		{"a profile's control is not known", string(written(quiet+"controls: [{id: hostAliases, values: ['1']}]", "containers: {images: ['docker.io/a/b@sha256:ab']}")), nil},
		{
			"capabilities", string(written(quiet + "controls: [{id: capabilities_baseline, values: [CAP_SYS_TIME, NET_ADMIN, CHOWN]}, {id: capabilities_restricted, values: [NET_BIND_SERVICE]}]")),
			[]string{"capability-prefix e0 spec.controls[0].values[0]", "never-stated e0 spec.controls[1].values[0]"},
		},
		{"booleans", string(written(quiet + "controls: [{id: privileged, values: ['false']}, {id: runAsNonRoot, values: ['false', 'true']}]")), []string{"never-stated e0 spec.controls[0].values[0]", "never-stated e0 spec.controls[1].values[1]"}},
		{"numbers", string(written(quiet + "controls: [{id: runAsUser, values: ['0', '1']}, {id: hostPorts, values: ['80', '0', http]}]")), []string{"never-stated e0 spec.controls[0].values[1]", "never-stated e0 spec.controls[1].values[1]", "never-stated e0 spec.controls[1].values[2]"}},
		{"volumes", string(written(quiet + "controls: [{id: hostPathVolumes, values: [/etc, hostPath, nfs]}, {id: restrictedVolumes, values: [/etc, nfs, secret]}]")), []string{"never-stated e0 spec.controls[0].values[2]", "never-stated e0 spec.controls[1].values[2]"}},
		{"what some version asks for", string(written(quiet + "controls: [{id: sysctls, values: [net.ipv4.tcp_keepalive_time, kernel.shm_rmid_forced, kernel.msgmax]}]")), []string{"never-stated e0 spec.controls[0].values[1]"}},
		{"profiles", string(written(quiet + "controls: [{id: seccompProfile_baseline, values: [Unconfined]}, {id: appArmorProfile, values: [unconfined, Unconfined]}, {id: procMount, values: [Unmasked, Default]}]")), []string{"never-stated e0 spec.controls[2].values[1]"}},
	} {
		got := exception.Lint(sound(t, c.text), moment())
		if diff := cmp.Diff(c.want, rules(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
		for _, p := range got {
			if p.Message == "" || p.Fix == "" || !strings.HasSuffix(p.Message, ".") || strings.HasSuffix(p.Fix, ".") {
				t.Errorf("%s: %q, %q", p.ID, p.Message, p.Fix)
			}
		}
	}
}

func TestEveryValueThatAPodFailsWithIsOneThatLintKnows(t *testing.T) {
	t.Parallel()
	for _, pod := range []string{
		"hostNetwork: true, containers: [{name: a, ports: [{containerPort: 80}], livenessProbe: {httpGet: {host: 10.0.0.1, port: 80}}}]",
		"containers: [{name: a, securityContext: {privileged: true, procMount: Unmasked, runAsUser: 0, runAsNonRoot: false, allowPrivilegeEscalation: true}}]",
		"securityContext: {sysctls: [{name: kernel.msgmax, value: '1'}], seLinuxOptions: {type: spc_t, user: u, role: r}, seccompProfile: {type: Unconfined}, appArmorProfile: {type: Unconfined}}, containers: [{name: a}]",
		"securityContext: {windowsOptions: {hostProcess: true}}, volumes: [{name: v, nfs: {server: s, path: /}}, {name: w, hostPath: {path: /etc}}], containers: [{name: a, securityContext: {capabilities: {add: [SYS_TIME, CHOWN]}}}]",
	} {
		for _, level := range []string{"baseline", "restricted"} {
			p := inShop(t, level, pod)
			s, err := exception.Suggest([]exception.Failing{{Name: "p", Pod: p, Findings: exception.Findings(judge(t, p))}}, "", nil)
			if err != nil || len(s.Exceptions) == 0 {
				t.Fatalf("%v: %+v", err, s)
			}
			for _, found := range exception.Lint(compiled(t, s.Exceptions).All(), moment()) {
				if found.Severity == exception.Error {
					t.Errorf("%s at %s: %s", pod, level, found.Message)
				}
			}
		}
	}
}

func TestLintFindsExceptionsThatOthersMakeSuperfluous(t *testing.T) {
	t.Parallel()
	const privileged = "controls: [{id: privileged}]"
	with := func(lines ...string) string {
		return string(written(append([]string{quiet + "modes: [enforce]"}, lines...)...))
	}
	narrowed := with(privileged, "pods: {selector: {matchLabels: {a: b}}, serviceAccounts: [x]}", "containers: {names: [c], kinds: [container], images: ['docker.io/a/b:1']}")
	for _, c := range []struct {
		name, first, second string
		want                string // who is shadowed
	}{
		{"equal ones", with(privileged), with(privileged), "e1"},
		{"all modes", with(privileged), string(written(quiet + privileged)), "e0"},
		{"narrowed by everything", narrowed, with(privileged), "e0"},
		{"more containers", narrowed, with(privileged, "containers: {names: [c, d], images: [docker.io/a/b]}"), "e0"},
		{"another image", narrowed, with(privileged, "containers: {images: [docker.io/a/bc]}"), ""},
		{"a pattern is not understood", narrowed, with(privileged, "containers: {images: [docker.io/a/*]}"), ""},
		{"other labels", narrowed, with(privileged, "pods: {selector: {matchLabels: {a: c}}}"), ""},
		{"more service accounts", narrowed, with(privileged, "pods: {serviceAccounts: [x, z]}"), "e0"},
		{"another container", narrowed, with(privileged, "containers: {names: [d]}"), ""},
		{"fewer values", with("controls: [{id: sysctls, values: [a]}]"), with("controls: [{id: sysctls, values: [a, b]}]"), "e0"},
		{"any value", with("controls: [{id: sysctls, values: [a]}]"), with("controls: [{id: sysctls}]"), "e0"},
		{"paths below", with("controls: [{id: hostPathVolumes, values: [/var/log]}]"), with("controls: [{id: hostPathVolumes, values: [/var]}]"), "e0"},
		{"another control", with(privileged), with("controls: [{id: sysctls}]"), ""},
		{"more controls", with(privileged), with("controls: [{id: sysctls}, {id: privileged}]"), "e0"},
		{"every namespace", with(privileged), strings.Replace(with(privileged), "{names: [shop]}", "{all: true}", 1), "e0"},
		{"every one but others", with(privileged), strings.Replace(with(privileged), "{names: [shop]}", "{all: true, except: [blog]}", 1), "e0"},
		{"every one but this", with(privileged), strings.Replace(with(privileged), "{names: [shop]}", "{all: true, except: [shop]}", 1), ""},
		{"more namespaces", with(privileged), strings.Replace(with(privileged), "{names: [shop]}", "{names: [blog, shop]}", 1), "e0"},
		{"selected namespaces", with(privileged), strings.Replace(with(privileged), "{names: [shop]}", "{selector: {matchLabels: {a: b}}}", 1), ""},
		{"one that ends earlier", with(privileged), strings.Replace(with(privileged), "2027-12-01", "2027-11-01", 1), "e1"},
		{"one that has ended", with(privileged), strings.Replace(with(privileged), "2027-12-01", "2026-11-01", 1), ""},
	} {
		var got []string
		for _, p := range exception.Lint(sound(t, c.first, c.second), moment()) {
			if p.ID == "shadowed" {
				got = append(got, p.Exception.Name)
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %q are shadowed, want %q", c.name, got, c.want)
		}
	}
}

func TestUsageTellsWhatOfExceptionsIsOfNoUse(t *testing.T) {
	t.Parallel()
	const netAdmin = "containers: [{name: a, image: a/b, securityContext: {capabilities: {add: [NET_ADMIN]}}}]"
	for _, c := range []struct {
		name, text, pod string
		want            []string
	}{
		{"used", "controls: [{id: capabilities_baseline, values: [NET_ADMIN]}]\n  pods: {serviceAccounts: [default]}\n  containers: {names: [a], kinds: [container], images: [docker.io/a/b]}", netAdmin, nil},
		{"not at all", "controls: [{id: privileged}]", netAdmin, []string{"unused e0"}},
		{"another namespace", "controls: [{id: capabilities_baseline}]\n  modes: [audit]", netAdmin, []string{"unused e0"}},
		{"a control", "controls: [{id: privileged}, {id: capabilities_baseline, values: [NET_ADMIN]}]", netAdmin, []string{"broader e0 spec.controls[0]"}},
		{"a value", "controls: [{id: capabilities_baseline, values: [NET_RAW, NET_ADMIN]}]", netAdmin, []string{"broader e0 spec.controls[0].values[0]"}},
		{"any value", "controls: [{id: capabilities_baseline}]", netAdmin, []string{"any-value e0 spec.controls[0]"}},
		{
			"containers and accounts", "controls: [{id: capabilities_baseline, values: [NET_ADMIN]}]\n  pods: {serviceAccounts: [x, default]}\n  containers: {names: [a, b], kinds: [initContainer, container], images: [docker.io/a/b, docker.io/a/c]}", netAdmin,
			[]string{"broader e0 spec.pods.serviceAccounts[0]", "broader e0 spec.containers.names[1]", "broader e0 spec.containers.kinds[0]", "broader e0 spec.containers.images[1]"},
		},
		{"a profile's control is not judged", "controls: [{id: hostAliases}]", netAdmin, nil},
		{"ended", "controls: [{id: privileged}]\n  expiresAt: 2026-01-01T00:00:00Z", netAdmin, nil},
		{"missing", "controls: [{id: privileged}]", "containers: [{name: a, securityContext: {privileged: true}}]", nil},
	} {
		all := sound(t, string(written(c.text)))
		u := exception.NewUsage(newSet(t, all), false, moment())
		p := inShop(t, "baseline", c.pod)
		u.Add(p, v1alpha1.Enforce, exception.Findings(judge(t, p)))
		if diff := cmp.Diff(c.want, rules(u.Problems())); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestUsageOfAProfilesControls(t *testing.T) {
	t.Parallel()
	all := sound(t, string(written("controls: [{id: hostAliases}]")))
	u := exception.NewUsage(newSet(t, all), true, time.Time{})
	if got := rules(u.Problems()); !slices.Equal(got, []string{"unused e0"}) {
		t.Errorf("got %q", got)
	}
	p := inShop(t, "baseline", "containers: [{name: a}]")
	u.Add(p, v1alpha1.Enforce, []exception.Finding{{Control: "hostAliases", Path: "spec.hostAliases", Value: pss.IntValue(1), Explicit: true}})
	if got := rules(u.Problems()); !slices.Equal(got, []string{"any-value e0 spec.controls[0]"}) {
		t.Errorf("got %q", got)
	}
}

func TestRulesAreSortedByWeightAndNamedOnce(t *testing.T) {
	t.Parallel()
	weights := []exception.Severity{exception.Error, exception.Warning, exception.Info}
	seen, last := map[string]bool{}, 0
	for _, r := range exception.Rules() {
		weight := slices.Index(weights, r.Severity)
		if seen[r.ID] || r.Title == "" || weight < last {
			t.Errorf("%+v", r)
		}
		seen[r.ID], last = true, weight
	}
}

func TestLintFindsWhatThePluginForbidsAllTheSame(t *testing.T) {
	t.Parallel()
	at := func(name string, level pss.Level) exception.Enforced {
		return exception.Enforced{Name: name, Labels: map[string]string{"team": "a"}, Policy: pss.LevelVersion{Level: level, Version: pss.Latest}}
	}
	all := sound(t,
		string(written("controls: [{id: capabilities_baseline}]")), string(written("controls: [{id: capabilities_restricted}]")),
		string(written("controls: [{id: hostAliases}]")), string(written("controls: [{id: privileged}]", "modes: [warn]")),
	)
	for _, c := range []struct {
		in   exception.Enforced
		want []string
	}{
		{at("shop", pss.Privileged), nil},
		{at("shop", pss.Baseline), []string{"still-forbidden e0 spec.namespaces"}},
		{at("shop", pss.Restricted), []string{"still-forbidden e0 spec.namespaces", "still-forbidden e1 spec.namespaces"}},
		{at("blog", pss.Restricted), nil},
	} {
		got := exception.LintPlugin(all, []exception.Enforced{c.in})
		if diff := cmp.Diff(c.want, rules(got)); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", c.in.Name, c.in.Policy, diff)
		}
		for _, p := range got {
			if !strings.Contains(p.Message, "by the labels of shop it forbids") || !strings.Contains(p.Fix, "floor.enforce: "+c.in.Policy.Level.String()) {
				t.Errorf("%s %s", p.Message, p.Fix)
			}
		}
	}
}
