package plan_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/internal/plan"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

func TestTheStrictestCleanLevelIsEnforcedAndTheTargetAnnounced(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(*plan.Options)
		labels string
		of     []string
		want   map[string]string
		bears  pss.Level
	}{
		{name: "an empty namespace can enforce everything", want: six("restricted:v1.37", "restricted"), bears: pss.Restricted},
		{name: "pods that pass restricted", of: []string{pod("p", restrictedSpec)}, want: six("restricted:v1.37", "restricted"), bears: pss.Restricted},
		{
			name: "one pod that passes baseline only", of: []string{pod("a", restrictedSpec), pod("b", baselineSpec)},
			want: six("baseline:v1.37", "restricted"), bears: pss.Baseline,
		},
		{
			name: "a workload without a pod counts like one with", of: []string{pod("a", restrictedSpec), deployment("d", baselineSpec)},
			want: six("baseline:v1.37", "restricted"), bears: pss.Baseline,
		},
		{
			name: "so does a CronJob", of: []string{pod("a", restrictedSpec), cronJob("c", baselineSpec)},
			want: six("baseline:v1.37", "restricted"), bears: pss.Baseline,
		},
		{
			name: "the privileged level is a decision too, where a pod shows that nothing more is enforced",
			of:   []string{pod("p", privilegedSpec)}, want: six("privileged:v1.37", "restricted"), bears: pss.Privileged,
		},
		{
			name: "a template alone does not show that: the defaults may be stricter than assumed",
			of:   []string{deployment("d", privilegedSpec)}, want: four("restricted"), bears: pss.Privileged,
		},
		{
			name: "defaults that are known are enough", change: func(o *plan.Options) { o.Assumed = false },
			of: []string{deployment("d", privilegedSpec)}, want: six("privileged:v1.37", "restricted"), bears: pss.Privileged,
		},
		{
			name: "no more is enforced than the target", change: func(o *plan.Options) { o.Target = pss.Baseline },
			of: []string{pod("p", restrictedSpec)}, want: six("baseline:v1.37", "baseline"), bears: pss.Restricted,
		},
		{
			name: "no less is announced than was", change: func(o *plan.Options) { o.Target = pss.Baseline }, labels: warn + "restricted",
			of: []string{pod("p", restrictedSpec)}, bears: pss.Restricted,
			want: map[string]string{
				pss.EnforceLabel: "baseline", pss.EnforceVersionLabel: "v1.37", pss.AuditLabel: "baseline", pss.AuditVersionLabel: "latest",
				pss.WarnLabel: "restricted", pss.WarnVersionLabel: "latest",
			},
		},
		{
			name: "another pin", change: func(o *plan.Options) { o.Pin = pss.V1(20) },
			of: []string{pod("p", restrictedSpec)}, want: six("restricted:v1.20", "restricted"), bears: pss.Restricted,
		},
		{
			name: "no pin", change: func(o *plan.Options) { o.Pin = pss.Latest },
			of: []string{pod("p", restrictedSpec)}, want: six("restricted:latest", "restricted"), bears: pss.Restricted,
		},
		{
			name: "stricter defaults than what is clean stay", change: func(o *plan.Options) {
				o.Assumed, o.Defaults.Enforce = false, pss.LevelVersion{Level: pss.Baseline, Version: pss.V1(37)}
			},
			of: []string{deployment("d", privilegedSpec)}, want: six("baseline:v1.37", "restricted"), bears: pss.Privileged,
		},
		{
			name: "a label that is stricter than what is clean stays, pinned where that changes nothing", labels: enforce + "restricted",
			of: []string{pod("p", baselineSpec)}, want: six("restricted:v1.37", "restricted"), bears: pss.Baseline,
		},
		{
			name: "and not pinned where it would", labels: enforce + "restricted", change: func(o *plan.Options) { o.Pin = pss.V1(30) },
			of: []string{pod("p", baselineSpec)}, want: six("restricted:latest", "restricted"), bears: pss.Baseline,
		},
		{
			name: "an older version of a level stays where the newer one is not clean", labels: enforce + "restricted, " + version + "v1.5",
			of: []string{pod("p", "securityContext: {runAsNonRoot: true}, containers: [{name: app}]")}, want: six("restricted:v1.5", "restricted"), bears: pss.Baseline,
		},
		{
			name: "it is raised where the newer one is clean", labels: enforce + "restricted, " + version + "v1.5",
			of: []string{pod("p", restrictedSpec)}, want: six("restricted:v1.37", "restricted"), bears: pss.Restricted,
		},
		{
			name: "a newer version is never lowered", labels: enforce + "baseline, " + version + "v1.36", change: func(o *plan.Options) { o.Pin = pss.V1(30) },
			of: []string{pod("p", restrictedSpec)}, want: six("baseline:v1.36", "restricted"), bears: pss.Restricted,
		},
		{
			name: "labels that make no sense are repaired to what they mean", labels: enforce + "strict, " + warn + "loud",
			of: []string{pod("p", baselineSpec)}, want: six("restricted:v1.37", "restricted"), bears: pss.Baseline,
		},
		{
			name: "pods of an exempt runtime class are not judged", change: func(o *plan.Options) {
				o.ExemptRuntimeClass = func(name string) bool { return name == "kata" }
			},
			of: []string{pod("p", "runtimeClassName: kata, "+privilegedSpec)}, want: six("restricted:v1.37", "restricted"), bears: pss.Restricted,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := options()
			if tt.change != nil {
				tt.change(&o)
			}
			got := only(t, o, append([]string{namespace(tt.labels)}, tt.of...)...)
			if diff := cmp.Diff(tt.want, got.Labels); diff != "" {
				t.Errorf("labels (-want +got):\n%s", diff)
			}
			if got.Strictest != tt.bears || !got.Change {
				t.Errorf("bears %s, changes %v; want %s and a change", got.Strictest, got.Change, tt.bears)
			}
		})
	}
}

func TestWhatStandsAlreadyIsNoChange(t *testing.T) {
	t.Parallel()
	labels := enforce + "baseline, " + version + "v1.37, " + warn + "restricted, " + audit + "restricted, " +
		"pod-security.kubernetes.io/warn-version: latest, pod-security.kubernetes.io/audit-version: latest"
	got := only(t, options(), namespace(labels), pod("p", baselineSpec))
	if got.Change || got.Done() || len(got.Steps) != 1 || got.Steps[0].Enforce.String() != "restricted:v1.37" {
		t.Errorf("got %+v, want no change and one step", got)
	}
	o := options()
	o.Target = pss.Baseline
	if got := only(t, o, namespace(labels), pod("p", baselineSpec)); !got.Done() {
		t.Errorf("got %+v, want it done", got)
	}
}

func TestNothingIsProposedForWhatIsLeftAlone(t *testing.T) {
	t.Parallel()
	system := "apiVersion: v1\nkind: Namespace\nmetadata: {name: kube-system}"
	for _, tt := range []struct {
		name      string
		change    func(*plan.Options)
		namespace string
		holds     func(plan.Namespace) bool
	}{
		{"opted out", nil, namespace(`gabion.io/manage: "false"`), func(n plan.Namespace) bool { return n.OptedOut }},
		{
			"exempt", func(o *plan.Options) { o.ExemptNamespace = func(name string) bool { return name == "shop" } },
			namespace(""), func(n plan.Namespace) bool { return n.Exempt },
		},
		{"the system's", nil, system, func(n plan.Namespace) bool { return n.System }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := options()
			if tt.change != nil {
				tt.change(&o)
			}
			got := only(t, o, tt.namespace)
			if !tt.holds(got) || len(got.Labels) > 0 || got.Change || got.Done() {
				t.Errorf("got %+v, want it left alone and not done", got)
			}
		})
	}
	o := options()
	o.System = true
	if got := only(t, o, system); len(got.Labels) != 6 {
		t.Errorf("the system was asked for, and got %v", got.Labels)
	}
	if got := only(t, options(), namespace(`gabion.io/manage: "true"`)); got.OptedOut || len(got.Labels) != 6 {
		t.Errorf("manage=true opts out: %+v", got)
	}
}

func TestNoLevelIsProposedOnTheStrengthOfWhatWasNotSeen(t *testing.T) {
	t.Parallel()
	thing := workload.Object{APIVersion: "example.com/v1", Kind: "Thing", Name: "x"}
	inShop := thing
	inShop.Namespace = "shop"
	for _, tt := range []struct {
		name   string
		change func(*inventory.Inventory)
		want   map[string]string
	}{
		{"pods that could not be listed anywhere", func(i *inventory.Inventory) {
			i.Missing = []inventory.Missing{{Resource: "pods", Reason: "forbidden"}}
		}, four("restricted")},
		{"deployments that could not be listed here", func(i *inventory.Inventory) {
			i.Missing = []inventory.Missing{{Resource: "deployments.apps", Namespace: "shop", Reason: "forbidden"}}
		}, four("restricted")},
		{"a resource that nobody has heard of", func(i *inventory.Inventory) {
			i.Missing = []inventory.Missing{{Resource: "things.example.com", Reason: "forbidden"}}
		}, four("restricted")},
		{"an object that may hold pods", func(i *inventory.Inventory) {
			i.NotChecked = []inventory.Problem{{Object: inShop, Reason: "who knows"}}
		}, four("restricted")},
		{"a kind that may hold pods", func(i *inventory.Inventory) {
			i.NotChecked = []inventory.Problem{{Object: workload.Object{Kind: "Thing"}, Reason: "who knows"}}
		}, four("restricted")},
		{"an object that is broken", func(i *inventory.Inventory) {
			i.Errors = []inventory.Problem{{Object: inShop, Reason: "broken"}}
		}, four("restricted")},
		{"a document that is broken", func(i *inventory.Inventory) {
			i.Errors = []inventory.Problem{{Source: workload.Source{File: "a.yaml"}, Reason: "broken"}}
		}, four("restricted")},
		{"the Namespace itself", func(i *inventory.Inventory) { i.Namespaces[0].Stated = false }, map[string]string{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			inv := build(t, namespace(""), pod("p", restrictedSpec))
			tt.change(inv)
			p, err := plan.Make(inv, options())
			if err != nil {
				t.Fatal(err)
			}
			n := p.Namespaces[0]
			if diff := cmp.Diff(tt.want, n.Labels); diff != "" {
				t.Errorf("labels (-want +got):\n%s", diff)
			}
			if len(n.Gaps)+len(p.Gaps) == 0 || !n.Incomplete || n.Done() || n.Weaker(pss.Restricted) {
				t.Errorf("nobody is told: %+v", n)
			}
			o := options()
			o.AllowIncomplete = true
			p, err = plan.Make(inv, o)
			if err != nil {
				t.Fatal(err)
			}
			if n := p.Namespaces[0]; len(n.Labels) != 6 || len(n.Gaps)+len(p.Gaps) == 0 {
				t.Errorf("allowed, and got %v", n.Labels)
			}
		})
	}
}

func TestWhatCannotHoldPodsIsNoGap(t *testing.T) {
	t.Parallel()
	inv := build(t, namespace(""), pod("p", restrictedSpec))
	inv.Missing = []inventory.Missing{
		{Resource: "clusterroles.rbac.authorization.k8s.io"}, {Resource: "serviceaccounts"}, {Resource: "podsecuritypolicies.policy"},
		{Resource: "pods", Namespace: "elsewhere"},
	}
	inv.NotChecked = []inventory.Problem{{Object: workload.Object{Kind: "Thing", Namespace: "elsewhere"}}}
	p, err := plan.Make(inv, options())
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Gaps) > 0 || p.Namespaces[0].Incomplete {
		t.Errorf("gaps %q, %+v", p.Gaps, p.Namespaces[0])
	}
	inv.NotChecked = []inventory.Problem{{Object: workload.Object{Kind: "Thing"}}}
	o := options()
	o.AllowUnchecked = true
	if p, err = plan.Make(inv, o); err != nil || p.Namespaces[0].Incomplete {
		t.Errorf("what was not checked was allowed, and counts: %v", err)
	}
}

func TestLabelsThatMakeNoSenseAreRepairedEvenWhereNotEverythingWasSeen(t *testing.T) {
	t.Parallel()
	inv := build(t, namespace(enforce+"strict"), pod("p", restrictedSpec))
	inv.Missing = []inventory.Missing{{Resource: "pods"}}
	p, err := plan.Make(inv, options())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(six("restricted:latest", "restricted"), p.Namespaces[0].Labels); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
}

func TestAnOlderVersionThatWouldPassIsNamedWithWhatItGivesUp(t *testing.T) {
	t.Parallel()
	probe := "containers: [{name: app, livenessProbe: {tcpSocket: {host: 10.0.0.1, port: 1}}}]"
	got := only(t, options(), namespace(""), pod("p", probe))
	if got.Strictest != pss.Privileged || len(got.Older) != 1 || got.Older[0].Enforce.String() != "baseline:v1.33" {
		t.Fatalf("bears %s, older %v; want privileged and baseline:v1.33", got.Strictest, got.Older)
	}
	if !contains(got.Older[0].Without, "hostProbesAndHostLifecycle") || contains(got.Older[0].Without, "hostNamespaces") {
		t.Errorf("without %v", got.Older[0].Without)
	}
	if got := only(t, options(), namespace(""), pod("p", privilegedSpec)); len(got.Older) > 0 {
		t.Errorf("a pod that never passes would pass at %v", got.Older)
	}
}

func contains(ids []pss.ID, id pss.ID) bool {
	for _, i := range ids {
		if i == id {
			return true
		}
	}
	return false
}

func TestOptionsThatMakeNoSenseAreErrors(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*plan.Options){
		"no target":   func(o *plan.Options) { o.Target = 0 },
		"no pin":      func(o *plan.Options) { o.Pin = 0 },
		"no defaults": func(o *plan.Options) { o.Defaults = pss.Policy{} },
	} {
		o := options()
		change(&o)
		if _, err := plan.Make(build(t, namespace("")), o); !errors.Is(err, pss.ErrLevel) && !errors.Is(err, pss.ErrVersion) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if _, err := plan.Make(nil, options()); err == nil {
		t.Error("a plan was made of nothing")
	}
}
