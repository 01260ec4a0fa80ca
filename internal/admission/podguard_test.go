package admission

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/pss"
)

var (
	baselineFloor = Floor{pss.LevelVersion{Level: pss.Baseline, Version: pss.Latest}, "PodSecurityGuard a, b"}
	oldFloor      = Floor{pss.LevelVersion{Level: pss.Restricted, Version: pss.V1(0)}, "PodSecurityGuard c"}
)

// noMesh is a profile that refuses pods of the service account mesh.
func noMesh(_ pss.Evaluator, s Subject) ([]Violation, []Use, error) {
	if s.Extra == nil {
		return nil, nil, errors.New("no\nextra")
	}
	if s.Extra.ServiceAccount != "mesh" {
		return nil, []Use{{Exception: "x", Controls: []string{"accounts"}}}, nil
	}
	return []Violation{{"capabilities_baseline", "known", nil}, {"account", "account", []Finding{
		{nil, "spec.serviceAccountName", pss.StringValue("me\nsh"), true}, {&s.Pod.Containers[0], "spec.containers[0].x", pss.Value{}, false},
	}}}, nil, nil
}

// asking asks the same of all pods.
func asking(g PodGuarding) PodGuards {
	return func(string, map[string]string) PodGuarding { return g }
}

func TestPodsMeetWhatGuardsAskBesideTheLabels(t *testing.T) {
	t.Parallel()
	const (
		host    = "host namespaces (hostPID=true)"
		floor   = `violates PodSecurity "baseline:latest", the floor of PodSecurityGuard a, b: ` + host
		profile = `violates PodSecurityProfile "no-mesh" of PodSecurityGuard a: account (spec.serviceAccountName: me\nsh, container "c" at spec.containers[0].x is missing)`
		probed  = `{"apiVersion":"v1","kind":"Pod","spec":{"hostIPC":true,"containers":[{"name":"c","livenessProbe":{"tcpSocket":{"host":"h"}}}]}}`
	)
	floors := PodGuarding{Floors: []Floor{baselineFloor}}
	profiles := PodGuarding{Profiles: []Profile{{"no-mesh", "PodSecurityGuard a", noMesh}}}
	both := PodGuarding{Floors: floors.Floors, Profiles: profiles.Profiles}
	for _, c := range []struct {
		name   string
		asked  PodGuarding
		req    Request
		want   string // the message, empty if it is allowed
		events []string
	}{
		{"a good pod", both, pod(Create, "default", goodPod), "", []string{"allow enforce privileged:latest create pod", "allow enforce baseline:latest create pod", "exception x enforce"}},
		{"a bad one in a namespace without labels", floors, pod(Create, "default", hostPod), floor, []string{"allow enforce privileged:latest create pod", "deny enforce baseline:latest create pod"}},
		{"a bad one in a privileged namespace", floors, pod(Create, "privileged", hostPod), floor, nil},
		{"an update of it that matters", floors, pod(Update, "privileged", strings.Replace(hostPod, `"i"`, `"j"`, 1), old(hostPod)), floor, nil},
		{"an update of it that does not", floors, pod(Update, "privileged", hostPod, old(hostPod)), "", nil},
		{"by an exempt user", floors, pod(Create, "privileged", hostPod, by("root")), "", nil},
		{"in an exempt namespace", floors, pod(Create, "exempt", hostPod), "", nil},
		{"with an exempt runtime class", floors, pod(Create, "privileged", kataPod), "", nil},
		{"what the labels refuse already", floors, pod(Create, "enforcing", hostPod), `violates PodSecurity "baseline:latest": ` + host, []string{"deny enforce baseline:latest create pod"}},
		{"what the labels refuse already by another version", floors, pod(Create, "baseline", hostPod), `violates PodSecurity "baseline:v1.20": ` + host, nil},
		{
			"labels that are stricter in one place, and a floor in another", PodGuarding{Floors: []Floor{oldFloor}}, pod(Create, "enforcing", probed),
			`violates PodSecurity "baseline:latest": host namespaces (hostIPC=true), probe or lifecycle host (container "c" uses probe or lifecycle host "h"); ` +
				`violates PodSecurity "restricted:v1.0", the floor of PodSecurityGuard c: host namespaces (hostIPC=true), runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true)`, nil,
		},
		{"a profile", profiles, pod(Create, "default", meshPod("mesh", "")), profile, nil},
		{"a profile, with an update", profiles, pod(Update, "default", meshPod("mesh", ""), old(plainPod)), "", nil},
		{"a profile that lets a pod pass", profiles, pod(Create, "default", meshPod("web", "")), "", []string{"allow enforce privileged:latest create pod", "exception x enforce"}},
		{"labels, floor and profile", both, pod(Create, "default", meshPod("mesh", `,"hostPID":true`)), strings.TrimSuffix(floor, host) +
			`non-default capabilities (container "c" must not include "NET_ADMIN" in securityContext.capabilities.add), ` + host + "; " + profile, nil},
		{"a profile that is not there", PodGuarding{Profiles: []Profile{{"g\none", "PodSecurityGuard a", nil}}}, pod(Create, "default", goodPod),
			`violates PodSecurityProfile "g\none" of PodSecurityGuard a: there is no such profile`, []string{"allow enforce privileged:latest create pod", "profile g\none"}},
		{"a profile that cannot judge", PodGuarding{Profiles: []Profile{{"p", "PodSecurityGuard a", func(pss.Evaluator, Subject) ([]Violation, []Use, error) {
			return nil, nil, errors.New("no\nmood")
		}}}}, pod(Create, "default", goodPod), `violates PodSecurityProfile "p" of PodSecurityGuard a: no\nmood`, []string{"allow enforce privileged:latest create pod", "profile p"}},
		{"no pod", floors, pod(Create, "default", "x"), "failed to decode object", []string{"error fatal=true create pod"}},
	} {
		w := newWorld()
		controller := w.controller(t)
		controller.setPodGuards(asking(c.asked))
		d := controller.Decide(t.Context(), c.req)
		_, message, is := strings.Cut(d.Message, " is forbidden: ")
		if !is {
			message = d.Message
		}
		if message != c.want || d.Allowed != (c.want == "") {
			t.Errorf("%s: allowed %t\n%s, want\n%s", c.name, d.Allowed, message, c.want)
		}
		if c.events != nil {
			if diff := cmp.Diff(c.events, w.events); diff != "" {
				t.Errorf("%s: counted (want -, got +):\n%s", c.name, diff)
			}
		}
	}
}

// TestAProfileSaysNothingAgain: what it asks as the labels do is named once.
func TestAProfileSaysNothingAgain(t *testing.T) {
	t.Parallel()
	const adds = `violates PodSecurity "baseline:latest": non-default capabilities (container "c" must not include "NET_ADMIN" in securityContext.capabilities.add)`
	for of, want := range map[string]string{"capabilities_baseline": adds, "other": adds + `; violates PodSecurityProfile "p" of PodSecurityGuard a: again (spec.x is missing)`} {
		c := newWorld().controller(t)
		c.setPodGuards(asking(PodGuarding{Profiles: []Profile{{"p", "PodSecurityGuard a", func(pss.Evaluator, Subject) ([]Violation, []Use, error) {
			return []Violation{{of, "again", []Finding{{Path: "spec.x"}}}}, nil, nil
		}}}}))
		if d := c.Decide(t.Context(), pod(Create, "enforcing", meshPod("mesh", ""))); d.Allowed || !strings.HasSuffix(d.Message, " is forbidden: "+want) {
			t.Errorf("%s: %s, want %s", of, d.Message, want)
		}
	}
}

func TestAnExceptionCountsAgainstAFloor(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.namespaces["n"] = map[string]string{pss.EnforceLabel: "privileged"}
	c := w.controller(t)
	c.setPodGuards(asking(PodGuarding{Floors: []Floor{baselineFloor}}))
	for _, e := range []Exceptions{everything, nil} {
		c.setExceptions(e)
		if d := c.Decide(t.Context(), pod(Create, "n", hostPod)); d.Allowed != (e != nil) {
			t.Errorf("with an exception %t: %+v", e != nil, d)
		}
	}
}

func TestWorkloadsAreToldOfFloorsAndProfiles(t *testing.T) {
	t.Parallel()
	c := newWorld().controller(t)
	g := PodGuarding{Floors: []Floor{baselineFloor}, Profiles: []Profile{
		{"no-mesh", "PodSecurityGuard a", noMesh}, {"gone", "PodSecurityGuard d", nil},
	}, Workloads: EarlyWarn}
	c.setPodGuards(asking(g))
	d := c.Decide(t.Context(), deploy("default", deployment("", "", `"hostPID":true,"serviceAccountName":"mesh","containers":[{"name":"c"}]`)))
	want := []string{
		`the pods of this Deployment will be REJECTED by the floor "baseline:latest" of PodSecurityGuard a, b, before sidecars are injected: host namespaces (spec.template.spec.hostPID: true)`,
		`the pods of this Deployment will be REJECTED by PodSecurityProfile "no-mesh" of PodSecurityGuard a, before sidecars are injected: ` +
			`account (spec.template.spec.serviceAccountName: me\nsh, container "c" at spec.template.spec.containers[0].x is missing)`,
		`the pods of this Deployment will be REJECTED by PodSecurityProfile "gone" of PodSecurityGuard d, before sidecars are injected: there is no such profile`,
	}
	if diff := cmp.Diff(want, d.Warnings); diff != "" || !d.Allowed {
		t.Errorf("allowed %t, told (-want +got):\n%s", d.Allowed, diff)
	}
}

func TestWhoLabelsANamespaceBelowAFloorIsToldOfIt(t *testing.T) {
	t.Parallel()
	const (
		told     = `pods are judged by "baseline:latest", the floor of PodSecurityGuard a, b, too`
		lowest   = `{"pod-security.kubernetes.io/enforce":"privileged"}`
		higher   = `{"pod-security.kubernetes.io/enforce":"restricted"}`
		enforced = `{"pod-security.kubernetes.io/enforce":"baseline"}`
	)
	for _, c := range []struct {
		name string
		req  Request
		told bool
	}{
		{"below it", namespaced(Update, "n", lowest, higher), true},
		{"below it, as it was without the label", namespaced(Update, "n", lowest, `{"a":"b"}`), true},
		{"a new one below it", namespaced(Create, "n", lowest, ""), true},
		{"a new one that says nothing", namespaced(Create, "n", `{}`, ""), false},
		{"at it", namespaced(Update, "n", enforced, higher), false},
		{"above it", namespaced(Update, "n", higher, lowest), false},
		{"where it was", namespaced(Update, "n", lowest, lowest), false},
		{"an exempt one", namespaced(Update, "exempt", lowest, higher), false},
	} {
		w := newWorld()
		w.pods["n"] = nil
		controller := w.controller(t)
		controller.setPodGuards(asking(PodGuarding{Floors: []Floor{baselineFloor}}))
		d := controller.Decide(t.Context(), c.req)
		if !d.Allowed || slices.Contains(d.Warnings, told) != c.told || len(d.Warnings) > 1 {
			t.Errorf("%s: %+v", c.name, d)
		}
	}
}

func TestWhoLabelsANamespaceIsToldOfTheProfilesThatCountThere(t *testing.T) {
	t.Parallel()
	judge := func(pss.Evaluator, Subject) ([]Violation, []Use, error) { return nil, nil, nil }
	w := newWorld()
	w.pods["n"] = nil
	controller := w.controller(t)
	controller.setPodGuards(asking(PodGuarding{Profiles: []Profile{{Name: "p", By: "PodSecurityGuard a", Judge: judge}, {Name: "gone", By: "PodSecurityGuard b"}}}))
	d := controller.Decide(t.Context(), namespaced(Update, "n", `{"pod-security.kubernetes.io/enforce":"privileged"}`, `{}`))
	want := []string{
		`pods are judged by PodSecurityProfile "p" of PodSecurityGuard a, too`,
		`every pod is refused, by PodSecurityProfile "gone" of PodSecurityGuard b: there is no such profile`,
	}
	if diff := cmp.Diff(want, d.Warnings); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

// TestGuardsThatAskNothingCostNothing: neither does a guard that asks nothing of
// pods, nor one whose floor a pod meets as it meets the labels.
func TestGuardsThatAskNothingCostNothing(t *testing.T) {
	c := newWorld().controller(t)
	c.recorder = silence{}
	for name, r := range map[string]Request{
		"a pod that passes": pod(Create, "restricted", goodPod), "a privileged namespace": pod(Create, "default", goodPod),
		"an update": pod(Update, "restricted", goodPod, old(plainPod)), "scaling": deploy("restricted", "", subresource("scale")),
	} {
		measure := func(g PodGuards) float64 {
			c.setPodGuards(g)
			return leastAllocations(func() { c.Decide(t.Context(), r) })
		}
		if without, with := measure(nil), measure(earlier(EarlyWarn)); with > without {
			t.Errorf("%s: %v allocations with guards, %v without", name, with, without)
		}
	}
}

// TestOnlyPodsAreCountedAsRefusedByAProfile, not the workloads that will make them.
func TestOnlyPodsAreCountedAsRefusedByAProfile(t *testing.T) {
	t.Parallel()
	w := newWorld()
	c := w.controller(t)
	c.setPodGuards(asking(PodGuarding{Profiles: []Profile{{"no-mesh", "PodSecurityGuard a", noMesh}}, Workloads: EarlyDeny}))
	for _, req := range []Request{
		pod(Create, "default", meshPod("mesh", "")), pod(Create, "default", meshPod("other", "")),
		deploy("default", deployment("", "", `"serviceAccountName":"mesh","containers":[{"name":"c"}]`)),
	} {
		c.Decide(t.Context(), req)
	}
	counted := 0
	for _, event := range w.events {
		if event == "profile no-mesh" {
			counted++
		}
	}
	if counted != 1 {
		t.Errorf("%d refusals are counted: %q", counted, w.events)
	}
}
