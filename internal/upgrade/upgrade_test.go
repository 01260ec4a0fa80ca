package upgrade

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

func view(p pss.Pod) *inventory.View { return &inventory.View{Pod: p} }

// labels are written "enforce=baseline warn-version=v1.33".
func labels(text string) map[string]string {
	set := map[string]string{}
	for _, field := range strings.Fields(text) {
		key, value, _ := strings.Cut(field, "=")
		set[pss.LabelPrefix+key] = value
	}
	return set
}

func namespace(name, policy string, workloads []*inventory.Workload, pods ...inventory.Pod) inventory.Namespace {
	return inventory.Namespace{Name: name, Stated: true, Labels: labels(policy), Workloads: workloads, Pods: pods}
}

func deployment(name string, p pss.Pod) *inventory.Workload {
	return &inventory.Workload{
		APIVersion: "apps/v1", Kind: "Deployment", Name: name,
		Templates: []inventory.Template{{Path: "spec.template", View: view(p)}},
	}
}

func options(from, to int) Options {
	return Options{From: Server{Release: pss.V1(from)}, To: Server{Release: pss.V1(to)}, Defaults: pss.DefaultPolicy()}
}

func compute(t *testing.T, o Options, namespaces ...inventory.Namespace) *Outcome {
	t.Helper()
	out, err := Compute(&inventory.Inventory{Namespaces: namespaces}, o)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// lines are flips in a form that is easy to compare.
func lines(flips []Flip) []string {
	var all []string
	for _, f := range flips {
		var causes []string
		for _, c := range f.Causes {
			causes = append(causes, fmt.Sprintf("%s@%s", c.Control, c.Change.Release))
		}
		all = append(all, fmt.Sprintf("%s %v %s %s/%s templates=%v pods=%v/%d causes=%v pin=%s",
			f.Namespace, f.Modes, f.Policy, f.Object.Kind, f.Object.Name, f.Templates, f.Pods, f.AllPods, causes, f.Pin))
	}
	return all
}

type exempt struct{ namespace, runtimeClass string }

func (e exempt) Namespace(name string) bool    { return name == e.namespace }
func (e exempt) RuntimeClass(name string) bool { return name != "" && name == e.runtimeClass }

func TestWhatIsDeniedNewlyIsNamedOnceAWorkload(t *testing.T) {
	t.Parallel()
	web := deployment("web", probePod())
	old := deployment("old", fine())
	out := compute(t, options(33, 37),
		namespace("shop", "enforce=baseline", []*inventory.Workload{old, web},
			inventory.Pod{Name: "old-1", View: view(fine()), Workload: old},
			inventory.Pod{Name: "old-2", View: view(probePod()), Workload: old},
			inventory.Pod{Name: "web-1", View: view(probePod()), Workload: web},
			inventory.Pod{Name: "web-2", View: view(probePod()), Workload: web},
		),
		namespace("pinned", "enforce=baseline enforce-version=v1.33", []*inventory.Workload{deployment("web", probePod())}),
		namespace("free", "", []*inventory.Workload{deployment("web", probePod())}),
		namespace("strict", "enforce=restricted enforce-version=v1.36 warn=privileged", []*inventory.Workload{deployment("web", probePod())}),
	)
	want := []string{
		"shop [enforce warn] baseline:latest Deployment/old templates=[] pods=[old-2]/2 causes=[hostProbesAndHostLifecycle@v1.34] pin=v1.33",
		"shop [enforce warn] baseline:latest Deployment/web templates=[spec.template] pods=[web-1 web-2]/2 causes=[hostProbesAndHostLifecycle@v1.34] pin=v1.33",
		"strict [enforce] restricted:v1.36 Deployment/web templates=[spec.template] pods=[]/0 causes=[hostProbesAndHostLifecycle@v1.34] pin=v1.33",
	}
	if diff := cmp.Diff(want, lines(out.Denied)); diff != "" {
		t.Errorf("denied (-want +got):\n%s", diff)
	}
	if len(out.Warned)+len(out.Allowed)+len(out.IfGate) > 0 {
		t.Errorf("more than that: %v %v %v", lines(out.Warned), lines(out.Allowed), lines(out.IfGate))
	}
	if out.Namespaces != 4 || out.Workloads != 5 || out.Templates != 5 || out.Pods != 4 || out.Unlabelled != 1 || out.Unseen != 0 {
		t.Errorf("counted %+v", out)
	}
}

func TestWhatIsAllowedNewlyIsNamedWithWhatItFailedBefore(t *testing.T) {
	t.Parallel()
	out := compute(t, options(32, 37), namespace("shop", "enforce=restricted enforce-version=v1.25 audit=restricted", []*inventory.Workload{
		deployment("model", imagePod()), deployment("root", usernsPod()), deployment("tuned", sysctlPod()),
	}))
	want := []string{
		// The pin does not keep the first away, and keeps the other two as they are.
		"shop [enforce warn] restricted:v1.25 Deployment/model templates=[spec.template] pods=[]/0 causes=[restrictedVolumes@v1.33] pin=invalid",
		"shop [audit] restricted:latest Deployment/model templates=[spec.template] pods=[]/0 causes=[restrictedVolumes@v1.33] pin=invalid",
		"shop [audit] restricted:latest Deployment/root templates=[spec.template] pods=[]/0 causes=[runAsNonRoot@v1.35 runAsUser@v1.35] pin=v1.32",
		"shop [audit] restricted:latest Deployment/tuned templates=[spec.template] pods=[]/0 causes=[sysctls@v1.37] pin=v1.32",
	}
	if diff := cmp.Diff(want, lines(out.Allowed)); diff != "" {
		t.Errorf("allowed (-want +got):\n%s", diff)
	}
}

func TestModesThatRefuseNobodyAreTold(t *testing.T) {
	t.Parallel()
	out := compute(t, options(29, 30),
		namespace("a", "audit=baseline", []*inventory.Workload{deployment("web", appArmorPod())}),
		namespace("b", "warn=baseline", []*inventory.Workload{deployment("web", appArmorPod())}),
		namespace("c", "enforce=baseline enforce-version=v1.0 warn=baseline", []*inventory.Workload{deployment("web", appArmorPod())}),
	)
	if diff := cmp.Diff([]string{
		"c [enforce] baseline:v1.0 Deployment/web templates=[spec.template] pods=[]/0 causes=[appArmorProfile@v1.30] pin=invalid",
	}, lines(out.Denied)); diff != "" {
		t.Errorf("denied (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{
		"b [warn] baseline:latest Deployment/web templates=[spec.template] pods=[]/0 causes=[appArmorProfile@v1.30] pin=invalid",
		"c [warn] baseline:latest Deployment/web templates=[spec.template] pods=[]/0 causes=[appArmorProfile@v1.30] pin=invalid",
		"a [audit] baseline:latest Deployment/web templates=[spec.template] pods=[]/0 causes=[appArmorProfile@v1.30] pin=invalid",
	}, lines(out.Warned)); diff != "" {
		t.Errorf("warned (-want +got):\n%s", diff)
	}
}

func TestTheGateIsAskedAboutOrTakenAsGiven(t *testing.T) {
	t.Parallel()
	pinned := namespace("pinned", "enforce=restricted enforce-version=v1.34", []*inventory.Workload{deployment("root", usernsPod())})
	line := "pinned [enforce warn] restricted:v1.34 Deployment/root templates=[spec.template] pods=[]/0 causes=[runAsNonRoot@v1.35 runAsUser@v1.35] pin=invalid"
	out := compute(t, options(34, 35), pinned)
	if diff := cmp.Diff([]string{line}, lines(out.IfGate)); diff != "" || len(out.Denied)+len(out.Allowed) > 0 {
		t.Errorf("without the gate: denied %v, and if it is on (-want +got):\n%s", lines(out.Denied), diff)
	}
	o := options(34, 35)
	o.From.UserNamespacesGate = true
	out = compute(t, o, pinned)
	if diff := cmp.Diff([]string{line}, lines(out.Denied)); diff != "" || len(out.IfGate) > 0 {
		t.Errorf("with the gate: if it is on %v, denied (-want +got):\n%s", lines(out.IfGate), diff)
	}
	for _, c := range out.Denied[0].Causes {
		if c.Change.Reach != ReachGate || c.Change.Effect != Stricter {
			t.Errorf("%s is explained by %+v", c.Control, c.Change)
		}
	}
}

func TestPodsAreGroupedByWhatMadeThem(t *testing.T) {
	t.Parallel()
	pod := func(name string, controller workload.Owner) inventory.Pod {
		return inventory.Pod{Name: name, View: view(probePod()), Controller: controller}
	}
	set := workload.Owner{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "gone-1"}
	node := workload.Owner{APIVersion: "v1", Kind: "Node", Name: "cp"}
	out := compute(t, options(33, 37), namespace("shop", "enforce=baseline", nil,
		pod("api", node), pod("etcd", node), pod("gone-1-a", set), pod("gone-1-b", set), pod("lone", workload.Owner{})))
	want := []string{
		"Pod/api pods=[api]", "Pod/etcd pods=[etcd]", "Pod/lone pods=[lone]", "ReplicaSet/gone-1 pods=[gone-1-a gone-1-b]",
	}
	var got []string
	for _, f := range out.Denied {
		got = append(got, fmt.Sprintf("%s/%s pods=%v", f.Object.Kind, f.Object.Name, f.Pods))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("denied (-want +got):\n%s", diff)
	}
}

func TestPoliciesThatMoveAreThoseWhoseVersionMeansAnother(t *testing.T) {
	t.Parallel()
	o := options(33, 37)
	o.Defaults.Enforce = pss.LevelVersion{Level: pss.Baseline, Version: pss.Latest}
	out := compute(t, o,
		namespace("default", "", nil),
		namespace("floating", "enforce=restricted", nil),
		namespace("newer", "enforce=restricted enforce-version=v1.36 warn-version=v1.30", nil),
		namespace("pinned", "enforce=restricted enforce-version=v1.33", nil),
		namespace("privileged", "enforce=privileged", nil),
		inventory.Namespace{Name: "unseen"},
	)
	var got []string
	for _, m := range out.Moving {
		got = append(got, fmt.Sprintf("%s %v %s %s→%s labelled=%t", m.Namespace, m.Modes, m.Policy, m.Before, m.After, m.Labelled))
	}
	want := []string{
		"default [enforce] baseline:latest v1.33→v1.37 labelled=false",
		"floating [enforce warn] restricted:latest v1.33→v1.37 labelled=true",
		"newer [enforce] restricted:v1.36 v1.33→v1.36 labelled=true",
		"unseen [enforce] baseline:latest v1.33→v1.37 labelled=false",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("moving (-want +got):\n%s", diff)
	}
	if out.Unlabelled != 2 || out.Unseen != 1 {
		t.Errorf("%d unlabelled, %d unseen, want 2 and 1", out.Unlabelled, out.Unseen)
	}
}

func TestWhatIsExemptIsNotJudged(t *testing.T) {
	t.Parallel()
	o := options(33, 37)
	o.Exemptions = exempt{"system", "sandboxed"}
	sandboxed := deployment("sandboxed", probePod())
	sandboxed.Templates[0].View.RuntimeClass = "sandboxed"
	out := compute(t, o,
		namespace("shop", "enforce=baseline", []*inventory.Workload{sandboxed}),
		namespace("system", "enforce=baseline", []*inventory.Workload{deployment("web", probePod())}))
	if diff := cmp.Diff([]string{"system"}, out.Exempt); diff != "" || len(out.Denied) > 0 || out.Namespaces != 1 {
		t.Errorf("denied %v in %d namespaces, exempt (-want +got):\n%s", lines(out.Denied), out.Namespaces, diff)
	}
}

func TestInvalidLabelsCountAsTheAPIServerTakesThem(t *testing.T) {
	t.Parallel()
	out := compute(t, options(33, 37), namespace("typo", "enforce=basline", []*inventory.Workload{deployment("web", probePod())}))
	if len(out.Invalid) != 1 || out.Invalid[0].Namespace != "typo" || len(out.Denied) != 1 || out.Denied[0].Policy.Level != pss.Restricted {
		t.Errorf("invalid %v, denied %v", out.Invalid, lines(out.Denied))
	}
}

func TestAServerThatIsNotKnownIsAnErrorEvenForNothing(t *testing.T) {
	t.Parallel()
	for _, o := range []Options{options(33, 99), options(20, 33), {To: options(33, 33).To}} {
		if _, err := Compute(&inventory.Inventory{}, o); err == nil {
			t.Errorf("%+v: judged", o)
		}
	}
}
