package exception_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/exception"
	"github.com/gabion-security/gabion/pss"
)

// written is an exception for the namespace shop with further lines of its spec.
func written(lines ...string) []byte {
	return []byte("apiVersion: gabion.io/v1alpha1\nkind: PodSecurityException\nmetadata: {name: e}\nspec:\n" +
		"  reason: because\n  namespaces: {names: [shop]}\n  " + strings.Join(lines, "\n  ") + "\n")
}

// inShop reads a pod of the namespace shop, which enforces the level.
func inShop(t *testing.T, level, spec string) exception.Pod {
	t.Helper()
	return podOf(t, []byte("apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: shop}\nspec: {"+spec+"}\n"), "shop",
		map[string]string{pss.EnforceLabel: level})
}

func TestEveryFindingHasToBeCovered(t *testing.T) {
	t.Parallel()
	const (
		good   = "allowPrivilegeEscalation: false, runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}, capabilities: {drop: [ALL]}"
		netRaw = "allowPrivilegeEscalation: false, runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}, capabilities: {drop: [ALL], add: [NET_RAW]}"
		logs   = "volumes: [{name: logs, hostPath: {path: /var/log/pods}}], containers: [{name: a}]"
	)
	for _, c := range []struct {
		name, level, spec, controls string
		left                        string // the sentence that is left; empty if the pod passes
	}{
		{"a container that is named frees no neighbour", "baseline", "containers: [{name: a, securityContext: {privileged: true}}, {name: b, securityContext: {privileged: true}}]", "controls: [{id: privileged}]\n  containers: {names: [a]}", `privileged (container "b" must not set securityContext.privileged=true)`},
		{"nor where the sentence names only the first kind of offender", "restricted", "containers: [{name: a, securityContext: {runAsNonRoot: false, allowPrivilegeEscalation: false, seccompProfile: {type: RuntimeDefault}, capabilities: {drop: [ALL]}}}, {name: b, securityContext: {allowPrivilegeEscalation: false, seccompProfile: {type: RuntimeDefault}, capabilities: {drop: [ALL]}}}]", "controls: [{id: runAsNonRoot}]\n  containers: {names: [a]}", `runAsNonRoot != true (pod or container "b" must set securityContext.runAsNonRoot=true)`},
		{"an image frees no neighbour", "baseline", "containers: [{name: a, image: istio/proxyv2, securityContext: {privileged: true}}, {name: b, image: istio/proxyv2evil, securityContext: {privileged: true}}]", "controls: [{id: privileged}]\n  containers: {images: [docker.io/istio/proxyv2]}", `privileged (container "b" must not set securityContext.privileged=true)`},
		{"a container without an image has none", "baseline", "containers: [{name: a, securityContext: {privileged: true}}]", "controls: [{id: privileged}]\n  containers: {images: [docker.io/library/*]}", `privileged (container "a" must not set securityContext.privileged=true)`},
		{"an exception for containers covers nothing of the pod", "baseline", "hostNetwork: true, containers: [{name: a}]", "controls: [{id: hostNamespaces}]\n  containers: {names: [a]}", "host namespaces (hostNetwork=true)"},
		{"nor the pod's own security context", "restricted", "securityContext: {runAsUser: 0}, containers: [{name: a, securityContext: {" + good + "}}]", "controls: [{id: runAsUser}]\n  containers: {names: [a]}", "runAsUser=0 (pod must not set runAsUser=0)"},
		{"two containers of one name are both meant", "baseline", "initContainers: [{name: a, securityContext: {privileged: true}}], containers: [{name: a, securityContext: {privileged: true}}]", "controls: [{id: privileged}]\n  containers: {names: [a]}", ""},
		{"but not one of another kind", "baseline", "initContainers: [{name: a, securityContext: {privileged: true}}], ephemeralContainers: [{name: a, securityContext: {privileged: true}}], containers: [{name: b}]", "controls: [{id: privileged}]\n  containers: {names: [a], kinds: [initContainer]}", `privileged (container "a" must not set securityContext.privileged=true)`},
		{"ephemeral containers are containers too", "baseline", "ephemeralContainers: [{name: debug, securityContext: {privileged: true}}], containers: [{name: b}]", "controls: [{id: privileged}]\n  containers: {kinds: [ephemeralContainer]}", ""},

		{"capabilities_baseline counts at restricted", "restricted", "containers: [{name: a, securityContext: {" + netRaw + "}}]", "controls: [{id: capabilities_baseline, values: [NET_RAW]}]", ""},
		{"also without values", "restricted", "containers: [{name: a, securityContext: {" + netRaw + "}}]", "controls: [{id: capabilities_baseline}]", ""},
		{"but not for what must be dropped", "restricted", "containers: [{name: a, securityContext: {" + strings.Replace(netRaw, "drop: [ALL], ", "", 1) + "}}]", "controls: [{id: capabilities_baseline}]", `unrestricted capabilities (container "a" must set securityContext.capabilities.drop=["ALL"])`},
		{"what is excepted at restricted does not count at baseline", "baseline", "containers: [{name: a, securityContext: {" + netRaw + "}}]", "controls: [{id: capabilities_restricted}]", `non-default capabilities (container "a" must not include "NET_RAW" in securityContext.capabilities.add)`},
		{"what baseline forbids is excepted from restricted only by its value", "restricted", "containers: [{name: a, securityContext: {" + strings.Replace(netRaw, "NET_RAW", "NET_RAW, CHOWN", 1) + "}}]", "controls: [{id: capabilities_restricted}]", `unrestricted capabilities (container "a" must not include "NET_RAW" in securityContext.capabilities.add)`},
		{"which may be named", "restricted", "containers: [{name: a, securityContext: {" + netRaw + "}}]", "controls: [{id: capabilities_restricted, values: [NET_RAW]}]", ""},
		{"so is an unconfined seccomp profile", "restricted", "containers: [{name: a, securityContext: {" + strings.Replace(good, "RuntimeDefault", "Unconfined", 1) + "}}]", "controls: [{id: seccompProfile_restricted}]", `seccompProfile (container "a" must not set securityContext.seccompProfile.type to "Unconfined")`},
		{"and a path of the node", "restricted", "volumes: [{name: v, hostPath: {path: /etc}}, {name: net, nfs: {server: s, path: /}}], containers: [{name: a, securityContext: {" + good + "}}]", "controls: [{id: restrictedVolumes}]", `restricted volume types (volume "v" uses restricted volume type "hostPath")`},
		{"a missing value covers no stated one", "restricted", "containers: [{name: a, securityContext: {" + strings.Replace(netRaw, "drop: [ALL], ", "", 1) + "}}]", "controls: [{id: capabilities_restricted, missing: true}]", `unrestricted capabilities (container "a" must not include "NET_RAW" in securityContext.capabilities.add)`},
		{"both may be named", "restricted", "containers: [{name: a, securityContext: {" + strings.Replace(netRaw, "drop: [ALL], ", "", 1) + "}}]", "controls: [{id: capabilities_restricted, missing: true, values: [NET_RAW]}]", ""},
		{"a value covers no missing one", "restricted", "containers: [{name: a, securityContext: {" + strings.Replace(netRaw, "drop: [ALL], ", "", 1) + "}}]", "controls: [{id: capabilities_restricted, values: [NET_RAW, ALL]}]", `unrestricted capabilities (container "a" must set securityContext.capabilities.drop=["ALL"])`},
		{"hostPathVolumes counts at restricted", "restricted", "securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}, volumes: [{name: v, hostPath: {path: /etc}}], containers: [{name: a, securityContext: {" + good + "}}]", "controls: [{id: hostPathVolumes}]", ""},
		{"but not for other volumes", "restricted", "volumes: [{name: v, hostPath: {path: /etc}}, {name: net, nfs: {server: s, path: /}}], containers: [{name: a, securityContext: {" + good + "}}]", "controls: [{id: hostPathVolumes}]", `restricted volume types (volume "net" uses restricted volume type "nfs")`},
		{"seccompProfile_baseline counts at restricted", "restricted", "containers: [{name: a, securityContext: {" + strings.Replace(good, "RuntimeDefault", "Unconfined", 1) + "}}]", "controls: [{id: seccompProfile_baseline, values: [Unconfined]}]", ""},
		{"but not for a missing profile", "restricted", "containers: [{name: a, securityContext: {" + strings.Replace(good, "seccompProfile: {type: RuntimeDefault}, ", "", 1) + "}}]", "controls: [{id: seccompProfile_baseline}]", `seccompProfile (pod or container "a" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")`},
		{"procMount counts at restricted, also where only that looks at it", "restricted", "hostUsers: false, containers: [{name: a, securityContext: {procMount: Unmasked, " + good + "}}]", "controls: [{id: procMount}]", ""},

		{"a path of the node", "baseline", logs, "controls: [{id: hostPathVolumes, values: [/var/log]}]", ""},
		{"the whole node", "baseline", logs, "controls: [{id: hostPathVolumes, values: [/]}]", ""},
		{"another path", "baseline", logs, "controls: [{id: hostPathVolumes, values: [/var/lo]}]", `hostPath volumes (volume "logs")`},
		{"a path below", "baseline", logs, "controls: [{id: hostPathVolumes, values: [/var/log/pods/x]}]", `hostPath volumes (volume "logs")`},
		{"a path that climbs", "baseline", strings.Replace(logs, "/var/log/pods", "/var/log/../../etc", 1), "controls: [{id: hostPathVolumes, values: [/var/log]}]", `hostPath volumes (volume "logs")`},
		{"a path counts at restricted", "restricted", strings.Replace(logs, "{name: a}", "{name: a, securityContext: {"+good+"}}", 1), "controls: [{id: hostPathVolumes, values: [/var/log]}]", ""},
		{"a volume with two sources", "restricted", "volumes: [{name: v, hostPath: {path: /etc}, nfs: {server: s, path: /}}], containers: [{name: a, securityContext: {" + good + "}}]", "controls: [{id: restrictedVolumes}]", `restricted volume types (volume "v" uses restricted volume type "hostPath")`},
		{"one of the node's namespaces", "baseline", "hostNetwork: true, hostPID: true, containers: [{name: a}]", "controls: [{id: hostNamespaces, values: [hostNetwork]}]", "host namespaces (hostPID=true)"},
		{"a port", "baseline", "containers: [{name: a, ports: [{containerPort: 80, hostPort: 80}, {containerPort: 81, hostPort: 81}]}]", "controls: [{id: hostPorts, values: ['80']}]", `hostPort (container "a" uses hostPort 81)`},
		{"an annotation", "baseline", "containers: [{name: a, securityContext: {appArmorProfile: {type: Unconfined}}}]", "controls: [{id: appArmorProfile, values: [Unconfined]}]", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := inShop(t, c.level, c.spec)
			match := setOf(t, written(strings.Split(c.controls, "\n  ")...)).For(p, v1alpha1.Enforce, time.Now())
			without := judge(t, p)
			with, _ := match.Except(without)
			if with.Detail() != c.left || with.Allowed() != (c.left == "") {
				t.Errorf("left is %q, allowed %v, want %q\nwithout it: %s", with.Detail(), with.Allowed(), c.left, without.Detail())
			}
			if without.Allowed() {
				t.Error("the pod passes without an exception")
			}
		})
	}
}

func TestASelectorSelectsNoNamespaceWhoseLabelsAreNotKnown(t *testing.T) {
	t.Parallel()
	text := strings.Replace(string(written("controls: [{id: privileged}]")), "{names: [shop]}", "{selector: {matchExpressions: [{key: team, operator: DoesNotExist}]}}", 1)
	set := setOf(t, []byte(text))
	p := inShop(t, "baseline", "containers: [{name: a, securityContext: {privileged: true}}]")
	without := judge(t, p)
	for _, c := range []struct {
		labels  map[string]string
		allowed bool
	}{{p.NamespaceLabels, true}, {map[string]string{}, true}, {nil, false}, {map[string]string{"team": "a"}, false}} {
		p.NamespaceLabels = c.labels
		match := set.For(p, v1alpha1.Enforce, time.Now())
		if verdict, _ := match.Except(without); verdict.Allowed() != c.allowed {
			t.Errorf("%v: allowed %v", c.labels, verdict.Allowed())
		}
	}
}

func TestSeveralExceptionsTogetherCoverAPod(t *testing.T) {
	t.Parallel()
	p := inShop(t, "baseline", "hostNetwork: true, containers: [{name: a, securityContext: {privileged: true}}]")
	named := func(name string, text []byte) []byte {
		return []byte(strings.Replace(string(text), "name: e", "name: "+name, 1))
	}
	set := setOf(t,
		named("b", written("controls: [{id: hostNamespaces}]")), named("a", written("controls: [{id: privileged}, {id: hostNamespaces}]", "containers: {names: [a]}")),
		named("c", written("controls: [{id: hostNamespaces}, {id: privileged}]")), named("d", written("controls: [{id: sysctls}]")),
	)
	match := set.For(p, v1alpha1.Enforce, time.Now())
	verdict, uses := match.Except(judge(t, p))
	if !verdict.Allowed() {
		t.Error(verdict.Detail())
	}
	var got []string
	for _, u := range uses {
		got = append(got, u.Exception.Name+" "+fmt.Sprint(u.Controls))
	}
	if diff := cmp.Diff([]string{"b [hostNamespaces]", "a [privileged]"}, got); diff != "" {
		t.Errorf("the first by name that covers a finding is used (-want +got):\n%s", diff)
	}
}

func TestAnExceptionIsDeadFromItsVeryMomentOn(t *testing.T) {
	t.Parallel()
	end := time.Date(2027, time.March, 1, 0, 0, 0, 0, time.UTC)
	set := setOf(t, written("controls: [{id: privileged}]", "expiresAt: 2027-03-01T00:00:00Z"))
	p := inShop(t, "baseline", "containers: [{name: a, securityContext: {privileged: true}}]")
	for _, c := range []struct {
		now     time.Time
		allowed bool
		soon    bool
	}{
		{end.Add(-exception.Soon - time.Nanosecond), true, false},
		{end.Add(-exception.Soon), true, true},
		{end.Add(-time.Nanosecond), true, true},
		{end, false, false},
		{end.Add(time.Hour), false, false},
	} {
		match := set.For(p, v1alpha1.Enforce, c.now)
		if verdict, _ := match.Except(judge(t, p)); verdict.Allowed() != c.allowed {
			t.Errorf("%s: allowed %v", c.now, verdict.Allowed())
		}
		if got := set.All()[0].ExpiresSoon(c.now); got != c.soon {
			t.Errorf("%s: soon %v", c.now, got)
		}
	}
}

func TestWhatIsNotKnownOfAPodMatchesNothing(t *testing.T) {
	t.Parallel()
	set := setOf(t, written("controls: [{id: privileged}]"))
	whole := inShop(t, "baseline", "containers: [{name: a, securityContext: {privileged: true}}]")
	without := judge(t, whole)
	for name, take := range map[string]func(*exception.Pod){
		"nothing beyond the view":     func(p *exception.Pod) { p.Extra = nil },
		"too few containers":          func(p *exception.Pod) { p.Extra.Containers = nil },
		"another namespace":           func(p *exception.Pod) { p.Namespace = "shop2" },
		"no namespace":                func(p *exception.Pod) { p.Namespace = "" },
		"another pod than was judged": func(p *exception.Pod) { other := *p.Pod; other.Containers = nil; p.Pod = &other },
	} {
		p := whole
		extra := *whole.Extra
		p.Extra = &extra
		take(&p)
		match := set.For(p, v1alpha1.Enforce, time.Now())
		if verdict, uses := match.Except(without); verdict.Allowed() || uses != nil {
			t.Errorf("%s: the pod passes", name)
		}
	}
	var none *exception.Set
	match := none.For(whole, v1alpha1.Enforce, time.Now())
	if verdict, _ := match.Except(without); verdict.Allowed() {
		t.Error("the empty set lets the pod pass")
	}
}

func TestAnExceptionThatIsWrongIsAnErrorThatSaysWhy(t *testing.T) {
	t.Parallel()
	const privileged = "controls: [{id: privileged}]"
	replaced := func(old, by string) []byte { return []byte(strings.Replace(string(written(privileged)), old, by, 1)) }
	for _, c := range []struct {
		name string
		text []byte
		want string
	}{
		{"another kind", replaced("PodSecurityException", "PodSecurityProfile"), "are no exception"},
		{"no name", replaced("{name: e}", "{}"), "metadata.name is missing"},
		{"no reason", replaced("  reason: because\n", ""), "spec.reason is missing"},
		{"a blank reason", replaced("because", "' '"), "spec.reason is missing"},
		{"a reason of a whole book", replaced("because", strings.Repeat("x", 1025)), "spec.reason: it has more than 1024 characters"},
		{"an owner of many words", written(privileged, "owner: "+strings.Repeat("x", 257)), "spec.owner: it has more than 256 characters"},
		{"no namespaces", replaced("  namespaces: {names: [shop]}\n", ""), "spec.namespaces: state names, a selector or both, or all: true"},
		{"empty namespaces", replaced("{names: [shop]}", "{}"), "spec.namespaces: state names"},
		{"no name of a namespace", replaced("[shop]", "[]"), "spec.namespaces.names: the list is empty"},
		{"an empty name of a namespace", replaced("[shop]", "['']"), "spec.namespaces.names[0]: a name is empty"},
		{"all and names", replaced("{names: [shop]}", "{all: true, names: [shop]}"), "all: true stands beside names"},
		{"an empty selector", replaced("{names: [shop]}", "{selector: {}}"), "spec.namespaces.selector is empty and would select everything"},
		{"a selector of nothing", replaced("{names: [shop]}", "{selector: {matchLabels: {}}}"), "spec.namespaces.selector is empty"},
		{"a selector with an unknown operator", replaced("{names: [shop]}", "{selector: {matchExpressions: [{key: a, operator: Is}]}}"), `"Is" is not a valid label selector operator`},
		{"no controls", written(), "spec.controls is missing"},
		{"empty controls", written("controls: []"), "spec.controls is missing"},
		{"an unknown control", written("controls: [{id: privilege}]"), `"privilege" is no control`},
		{"a control twice", written("controls: [{id: privileged}, {id: privileged}]"), "twice"},
		{"no value", written("controls: [{id: privileged, values: []}]"), "spec.controls[0].values: the list is empty"},
		{"an unknown namespace of the node", written("controls: [{id: hostNamespaces, values: ['true']}]"), "use hostNetwork, hostPID or hostIPC"},
		{"an unknown volume", written("controls: [{id: restrictedVolumes, values: [floppy]}]"), "neither a type of volume"},
		{"a path that climbs", written("controls: [{id: hostPathVolumes, values: [/a/..]}]"), "climbs"},
		{"an unknown mode", written(privileged, "modes: [deny]"), `"deny" is no mode`},
		{"no mode", written(privileged, "modes: []"), "spec.modes: the list is empty"},
		{"a mode twice", written(privileged, "modes: [warn, warn]"), "twice"},
		{"empty pods", written(privileged, "pods: {}"), "spec.pods is empty and would mean every pod"},
		{"an empty selector of pods", written(privileged, "pods: {selector: {}}"), "spec.pods.selector is empty"},
		{"no service account", written(privileged, "pods: {serviceAccounts: []}"), "spec.pods.serviceAccounts: the list is empty"},
		{"empty containers", written(privileged, "containers: {}"), "spec.containers is empty"},
		{"no container", written(privileged, "containers: {names: []}"), "spec.containers.names: the list is empty"},
		{"no kind", written(privileged, "containers: {kinds: []}"), "spec.containers.kinds: the list is empty"},
		{"an unknown kind", written(privileged, "containers: {kinds: [sidecar]}"), `"sidecar" is no kind`},
		{"an image without its registry", written(privileged, "containers: {images: [istio/proxyv2]}"), "write its registry too"},
		{"a time that is none", written(privileged, "expiresAt: tomorrow"), `spec.expiresAt: "tomorrow" is no time`},
		{"a day", written(privileged, "expiresAt: '2027-03-01'"), `spec.expiresAt: "2027-03-01" is no time`},
		{"a pattern for a namespace", replaced("[shop]", "['shop-*']"), `no namespace can have the name "shop-*"`},
		{"a name that no object can have", replaced("{name: e}", "{name: \"e\\nx\"}"), "can be no object's name"},
		{"a time without a value", written(privileged, "expiresAt:"), "spec.expiresAt has no value"},
		{"a field that does not exist", written(privileged, "expires: 2027-01-01T00:00:00Z"), "did you mean expiresAt?"},
	} {
		e, err := exceptionOf(c.text)
		if err == nil || e != nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v, want one line with %q", c.name, err, c.want)
		}
	}
	if _, err := exceptionOf(written("controls: [{id: hostAliases}]")); err != nil {
		t.Errorf("a control of profiles: %v", err)
	}
}

func TestTwoExceptionsOfOneNameAreAnError(t *testing.T) {
	t.Parallel()
	a, err := exceptionOf(written("controls: [{id: privileged}]"))
	if err != nil {
		t.Fatal(err)
	}
	b := *a
	if set, err := exception.NewSet([]*exception.Exception{a, &b}); err == nil {
		t.Errorf("got %v", set)
	}
}
