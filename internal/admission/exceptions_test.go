package admission

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// sidecar is what fakes are for: the first container of pods that run as mesh may
// add NET_ADMIN, but not in mode audit, and not in the namespace enforcing.
func sidecar(ends time.Time) Exceptions {
	return func(namespace string, labels map[string]string) Except {
		if namespace == "enforcing" || labels[pss.EnforceLabel] == "" {
			return nil
		}
		return func(s Subject, mode string, v pss.Verdict) (pss.Verdict, []Use) {
			if s.Extra == nil || s.Extra.ServiceAccount != "mesh" || mode == ModeAudit {
				return v, nil
			}
			covers := func(id pss.ID, f pss.Finding) bool {
				return strings.HasPrefix(string(id), "capabilities") && f.Explicit && f.Container == &s.Pod.Containers[0]
			}
			left := v.Except(covers)
			if left.Detail() == v.Detail() {
				return v, nil
			}
			return left, []Use{{Exception: "mesh", Controls: []string{"capabilities_baseline"}, Ends: ends}}
		}
	}
}

// meshPod is a pod with a container that adds NET_ADMIN, and further fields.
func meshPod(account, further string) string {
	return `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"serviceAccountName":"` + account + `"` + further +
		`,"containers":[{"name":"c","image":"i","securityContext":{"capabilities":{"add":["NET_ADMIN"]}}}]}}`
}

func TestWhatIsExceptedIsLeftOutOfDecisions(t *testing.T) {
	t.Parallel()
	const (
		used    = `"mesh": capabilities_baseline`
		all     = `non-default capabilities (container "c" must not include "NET_ADMIN" in securityContext.capabilities.add)`
		host    = `host namespaces (hostPID=true)`
		restDo  = `would violate PodSecurity "baseline:latest": `
		allow   = "allow enforce baseline:latest create pod"
		deny    = "deny enforce baseline:latest create pod"
		audit   = "deny audit baseline:latest create pod"
		warn    = "deny warn baseline:latest create pod"
		enforce = "exception mesh enforce"
	)
	workloadOf := func(pod string) string {
		_, template, _ := strings.Cut(pod, `"kind":"Pod",`)
		return `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d"},"spec":{"template":{` + template + `}}`
	}
	deployment := func(r *Request) { r.Group, r.Resource, r.Kind = "apps", "deployments", "Deployment" }
	soon := time.Date(2026, 12, 9, 1, 0, 0, 0, time.FixedZone("", 3600))
	for _, tt := range []struct {
		name   string
		req    Request
		ends   time.Time
		labels map[string]string
		want   Decision
		events []string
	}{
		{
			name: "all that is wrong is covered", req: pod(Create, "n", meshPod("mesh", "")),
			want:   note("enforce-policy", "baseline:latest", "exceptions", used),
			events: []string{enforce, allow, "exception mesh warn"},
		},
		{
			name: "something is left", req: pod(Create, "n", meshPod("mesh", `,"hostPID":true`)),
			want: forbidden(`pods "p" is forbidden: violates PodSecurity "baseline:latest": `+host,
				"enforce-policy", "baseline:latest", "exceptions", used),
			events: []string{enforce, deny},
		},
		{
			name: "another pod", req: pod(Create, "n", meshPod("web", "")),
			want:   forbidden(`pods "p" is forbidden: violates PodSecurity "baseline:latest": `+all, "enforce-policy", "baseline:latest"),
			events: []string{deny},
		},
		{
			name: "another namespace", req: pod(Create, "enforcing", meshPod("mesh", "")),
			want:   forbidden(`pods "p" is forbidden: violates PodSecurity "baseline:latest": `+all, "enforce-policy", "baseline:latest"),
			events: []string{deny},
		},
		{
			name: "another mode", req: pod(Create, "n", meshPod("mesh", "")),
			labels: map[string]string{pss.AuditLabel: "baseline"},
			want:   note("audit-violations", restDo+all, "enforce-policy", "baseline:latest", "exceptions", used),
			events: []string{enforce, allow, audit, "exception mesh warn"},
		},
		{
			name: "an exception that ends soon", req: pod(Create, "n", meshPod("mesh", "")), ends: soon,
			want: warned(note("enforce-policy", "baseline:latest", "exceptions", used),
				`exception "mesh", which lets this pod pass, ends on 2026-12-09T00:00:00Z`),
			events: []string{enforce, allow, "exception mesh warn"},
		},
		{
			name: "an exception that ends soon and does not suffice", req: pod(Create, "n", meshPod("mesh", `,"hostPID":true`)), ends: soon,
			want: forbidden(`pods "p" is forbidden: violates PodSecurity "baseline:latest": `+host,
				"enforce-policy", "baseline:latest", "exceptions", used),
			events: []string{enforce, deny},
		},
		{
			name: "an update, by an ephemeral container", req: pod(Update, "n",
				strings.Replace(meshPod("mesh", ""), `"containers"`, `"ephemeralContainers":[{"name":"e","image":"i","securityContext":{"privileged":true}}],"containers"`, 1),
				subresource("ephemeralcontainers"), old(meshPod("mesh", ""))),
			want: forbidden(`pods "p" is forbidden: violates PodSecurity "baseline:latest": `+
				`privileged (container "e" must not set securityContext.privileged=true)`, "enforce-policy", "baseline:latest", "exceptions", used),
			events: []string{enforce, "deny enforce baseline:latest update pod/ephemeralcontainers"},
		},
		{
			name: "a workload is warned of what is left", req: pod(Create, "n", workloadOf(meshPod("mesh", `,"hostPID":true`)), deployment), ends: soon,
			want: warned(note("exceptions", used), restDo+host,
				`exception "mesh", which lets its pods pass, ends on 2026-12-09T00:00:00Z`),
			events: []string{"exception mesh warn", strings.Replace(warn, "pod", "controller", 1)},
		},
		{
			name: "a workload whose pods pass", req: pod(Create, "n", workloadOf(meshPod("mesh", "")), deployment),
			want: note("exceptions", used), events: []string{"exception mesh warn"},
		},
		{
			name: "a value that has to be escaped, beside one that is covered", req: pod(Create, "n",
				meshPod("mesh", `,"securityContext":{"seLinuxOptions":{"type":"a\"\nb"}}`)),
			want: forbidden(`pods "p" is forbidden: violates PodSecurity "baseline:latest": `+
				`seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: type "a\"\nb")`, "enforce-policy", "baseline:latest", "exceptions", used),
			events: []string{enforce, deny},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			labels := map[string]string{pss.EnforceLabel: "baseline"}
			for k, v := range tt.labels {
				labels[k] = v
			}
			w.namespaces["n"] = labels
			c := w.controller(t)
			c.setExceptions(sidecar(tt.ends))
			got := c.Decide(t.Context(), tt.req)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("decision (want -, got +):\n%s", diff)
			}
			if diff := cmp.Diff(tt.events, w.events); diff != "" {
				t.Errorf("counted (want -, got +):\n%s", diff)
			}
		})
	}
}

func warned(d Decision, warnings ...string) Decision {
	d.Warnings = warnings
	return d
}

// everything excepts all that a pod fails.
func everything(string, map[string]string) Except {
	return func(_ Subject, _ string, v pss.Verdict) (pss.Verdict, []Use) {
		return v.Except(func(pss.ID, pss.Finding) bool { return true }), []Use{{Exception: "all", Controls: []string{"x"}}}
	}
}

func TestNothingIsExceptedForAPodThatReadsOtherwiseASecondTime(t *testing.T) {
	t.Parallel()
	w := newWorld()
	c := w.controller(t)
	c.setExceptions(everything)
	request := pod(Create, "restricted", hostPod)
	if d := c.Decide(t.Context(), request); !d.Allowed {
		t.Fatalf("refused although all is excepted: %s", d.Message)
	}
	other, err := read(c.whole, unread{raw: []byte(plainPod)})
	if err != nil {
		t.Fatal(err)
	}
	mine, err := read(c.reader, unread{raw: []byte(hostPod)})
	if err != nil {
		t.Fatal(err)
	}
	kata := *mine.template
	kata.RuntimeClass = "other"
	for name, template := range map[string]*workload.Template{"another pod": other.template, "another runtime class": &kata} {
		s := subjectOf(template)
		s.Extra = nil
		r := review{Controller: c, state: c.state.Load(), req: request}
		if r.excepting(&judging{Subject: s}) {
			t.Errorf("%s: something is excepted", name)
		}
	}
	for name, object := range map[string]string{"nothing": "", "no JSON": "{", "a service": service, "half of it": hostPod[:40]} {
		broken := request
		broken.Object = []byte(object)
		r := review{Controller: c, state: c.state.Load(), req: broken}
		if r.excepting(&judging{Subject: subjectOf(mine.template)}) {
			t.Errorf("%s: something is excepted", name)
		}
	}
}

func TestExceptionsAreReplaced(t *testing.T) {
	t.Parallel()
	c := newWorld().controller(t)
	for i, e := range []Exceptions{nil, everything, nil} {
		c.setExceptions(e)
		if d := c.Decide(t.Context(), pod(Create, "restricted", hostPod)); d.Allowed != (e != nil) {
			t.Errorf("%d: allowed=%t", i, d.Allowed)
		}
	}
}

func TestAPodThatPassesOrHasNoExceptionsAllocatesNothingMore(t *testing.T) {
	w := newWorld()
	c := w.controller(t)
	c.recorder = silence{}
	for name, r := range map[string]Request{
		"passes": pod(Create, "restricted", goodPod), "is refused": pod(Create, "enforcing", hostPod), "update": pod(Update, "restricted", goodPod, old(plainPod)),
	} {
		measure := func(e Exceptions) float64 {
			c.setExceptions(e)
			return leastAllocations(func() { c.Decide(t.Context(), r) })
		}
		if without, with := measure(nil), measure(sidecar(time.Time{})); with > without {
			t.Errorf("a pod that %s: %v allocations with exceptions, %v without", name, with, without)
		}
	}
}

// leastAllocations counts them where no pool happens to be empty: with -race they
// often are.
func leastAllocations(f func()) float64 {
	least := math.Inf(1)
	for range 100 {
		least = min(least, testing.AllocsPerRun(1, f))
	}
	return least
}

func TestUsesAreNamedWithinBounds(t *testing.T) {
	t.Parallel()
	var uses []Use
	for i := range 20 {
		uses = merge(uses, []Use{
			{Exception: fmt.Sprintf("e%02d\n%s", i, strings.Repeat("x", 300)), Controls: []string{"a"}, Ends: time.Unix(0, 0)},
			{Exception: "e00", Controls: []string{"a"}}, {Exception: "e00", Controls: []string{"b", "a"}},
		})
	}
	if len(uses) != 21 || !slices.Equal(uses[1].Controls, []string{"a", "b"}) {
		t.Fatalf("%d uses: %v", len(uses), uses[1])
	}
	d := allow()
	d.tell(uses, "this pod")
	text := d.Annotations[0].Value
	if !strings.HasPrefix(text, `"e00\nxxx`) || !strings.Contains(text, `; "e00": a, b; "e01\nxxx`) || !strings.HasSuffix(text, "…\": a; and 5 more") {
		t.Errorf("annotation is %q", text)
	}
	if len(d.Warnings) != maxUses-1 || strings.ContainsAny(text+strings.Join(d.Warnings, ""), "\n") || len(text) > maxUses*300 {
		t.Errorf("%d warnings, %d bytes: %q", len(d.Warnings), len(text), d.Warnings)
	}
	d = allow()
	if d.tell(nil, ""); d.Annotations != nil {
		t.Error("an annotation without uses")
	}
}

func TestTheSweepLeavesOutWhatIsExcepted(t *testing.T) {
	t.Parallel()
	admin := &pss.Pod{Containers: []pss.Container{{Name: "c", Kind: pss.RegularContainer, AddedCapabilities: []string{"NET_ADMIN"}}}}
	both := &pss.Pod{HostPID: true, Containers: admin.Containers}
	of := func(account string) *workload.Extra {
		return &workload.Extra{ServiceAccount: account, Containers: make([]workload.ContainerExtra, 1)}
	}
	w := newWorld()
	w.pods["n"] = []ExistingPod{
		{"a", admin, "", of("mesh")}, {"b", admin, "", of("web")}, {"c", both, "", of("mesh")}, {"d", admin, "", nil}, {"e", harmless, "", nil},
	}
	c := w.controller(t)
	c.setExceptions(sidecar(time.Date(2026, 12, 9, 0, 0, 0, 0, time.UTC)))
	d := c.Decide(t.Context(), relabel())
	want := warned(note("exceptions", `"mesh": capabilities_baseline`), enforcement, "b (and 1 other pod): non-default capabilities", "c: host namespaces",
		`exception "mesh", which lets pods of the namespace pass, ends on 2026-12-09T00:00:00Z`)
	if diff := cmp.Diff(want, d); diff != "" {
		t.Error(diff)
	}
	if len(w.events) > 0 {
		t.Errorf("counted %q", w.events)
	}
}
