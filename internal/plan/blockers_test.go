package plan_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/internal/plan"
	"github.com/gabion-security/gabion/pss"
)

// say writes blockers in a line each.
func say(blockers []plan.Blocker) []string {
	lines := []string{}
	for _, b := range blockers {
		line := fmt.Sprintf("%s/%s %d/%d", b.Object.Kind, b.Object.Name, b.Failing, b.Pods)
		for _, v := range b.Violations {
			line += "; " + string(v.Control) + [...]string{"", " in pods", " injected", " in the log"}[v.Origin]
			for _, f := range v.Findings {
				line += " " + f.FullPath
			}
		}
		lines = append(lines, line)
	}
	return lines
}

const hostPathSpec = "volumes: [{name: v, hostPath: {path: /}}], " + restrictedSpec

func TestBlockersAreWorkloadsNotReplicas(t *testing.T) {
	t.Parallel()
	got := only(t, options(),
		namespace(""), deployment("web", hostPathSpec), replicaSet("web-1", "web", hostPathSpec),
		podOf("ReplicaSet", "web-1", "web-1-a", hostPathSpec), podOf("ReplicaSet", "web-1", "web-1-b", hostPathSpec),
		pod("alone", hostPathSpec), podOf("Node", "node-1", "static", hostPathSpec),
		podOf("ReplicaSet", "gone", "gone-a", hostPathSpec), podOf("ReplicaSet", "gone", "gone-b", hostPathSpec),
		deployment("fine", restrictedSpec),
	)
	if len(got.Steps) != 2 {
		t.Fatalf("steps %+v, want baseline and restricted", got.Steps)
	}
	want := []string{
		"Deployment/web 2/2; hostPathVolumes spec.template.spec.volumes[0].hostPath",
		"Pod/alone 1/1; hostPathVolumes in pods spec.volumes[0].hostPath",
		"ReplicaSet/gone 2/2; hostPathVolumes in pods spec.volumes[0].hostPath",
		"Pod/static 1/1; hostPathVolumes in pods spec.volumes[0].hostPath",
	}
	if diff := cmp.Diff(want, say(got.Steps[0].Blockers)); diff != "" {
		t.Errorf("blockers of baseline (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(six("restricted:v1.37", "restricted"), got.Steps[1].Labels); diff != "" {
		t.Errorf("labels of the last step (-want +got):\n%s", diff)
	}
}

func TestWhatAPodHasAndItsTemplateHasNotIsNamedAsSuch(t *testing.T) {
	t.Parallel()
	injected := "initContainers: [{name: istio-init, securityContext: {capabilities: {add: [NET_ADMIN]}}}], " +
		"volumes: [{name: sock, hostPath: {path: /run}}], " + baselineSpec
	got := only(t, options(), namespace(""), deployment("web", baselineSpec), replicaSet("web-1", "web", baselineSpec),
		podOf("ReplicaSet", "web-1", "web-1-a", injected), podOf("ReplicaSet", "web-1", "web-1-b", "hostPID: true, "+baselineSpec),
		podOf("ReplicaSet", "web-1", "web-1-c", baselineSpec))
	want := []string{"Deployment/web 2/3; capabilities_baseline injected spec.initContainers[0].securityContext.capabilities.add[0]; " +
		"hostPathVolumes injected spec.volumes[0].hostPath; hostNamespaces in pods spec.hostPID"}
	if diff := cmp.Diff(want, say(got.Steps[0].Blockers)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// The template's own findings are its own, wherever injected containers move them.
	restricted := say(got.Steps[1].Blockers)[0]
	if strings.Contains(restricted, "in pods spec.containers") || !strings.Contains(restricted, "runAsNonRoot spec.template.spec.containers[0]") {
		t.Errorf("restricted: %s", restricted)
	}
}

func TestWhatIsEnforcedAndFailsAtTheNextRestartComesFirst(t *testing.T) {
	t.Parallel()
	enforced := namespace(enforce + "baseline")
	for _, tt := range []struct {
		name string
		of   []string
		want []string
	}{
		{"nothing does", []string{deployment("d", baselineSpec), pod("p", baselineSpec)}, []string{}},
		{
			"a template, though the pods that run are fine",
			[]string{deployment("d", "hostPID: true, "+baselineSpec), replicaSet("d-1", "d", baselineSpec), podOf("ReplicaSet", "d-1", "d-1-a", baselineSpec)},
			[]string{"Deployment/d 0/1; hostNamespaces spec.template.spec.hostPID"},
		},
		{"a template without pods", []string{cronJob("c", "hostPID: true, "+baselineSpec)}, []string{"CronJob/c 0/0; hostNamespaces spec.jobTemplate.spec.template.spec.hostPID"}},
		{"a pod that runs", []string{pod("p", privilegedSpec)}, []string{"Pod/p 1/1; hostNamespaces in pods spec.hostPID"}},
		{
			"not an ephemeral container, which does not come again",
			[]string{pod("p", baselineSpec+", ephemeralContainers: [{name: debug, securityContext: {privileged: true}}]")},
			[]string{},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := only(t, options(), append([]string{enforced}, tt.of...)...)
			if diff := cmp.Diff(tt.want, say(got.AtRisk)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if got.Done() {
				t.Error("it counts as done")
			}
		})
	}
}

func TestNothingIsSaidOfTheNextRestartWhereTheLabelsAreNotKnown(t *testing.T) {
	t.Parallel()
	o := options()
	o.Assumed, o.Defaults.Enforce = false, pss.LevelVersion{Level: pss.Restricted, Version: pss.Latest}
	if got := only(t, o, pod("p", baselineSpec)); len(got.AtRisk) > 0 || got.Done() {
		t.Errorf("got %+v", got)
	}
	if got := only(t, o, namespace(""), pod("p", baselineSpec)); len(got.AtRisk) != 1 {
		t.Errorf("the defaults refuse it: got %+v", got)
	}
}

func TestATemplateThatItsControllerAddsToIsNotSeenUntilItHasPods(t *testing.T) {
	t.Parallel()
	partial := "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: s, namespace: shop}\nspec: {template: {spec: {" + restrictedSpec + "}}}"
	inv := build(t, namespace(""), partial)
	if len(inv.Namespaces[0].Workloads) == 0 || !inv.Namespaces[0].Workloads[0].Templates[0].Partial {
		t.Fatalf("no partial template: %+v", inv)
	}
	p, err := plan.Make(inv, options())
	if err != nil {
		t.Fatal(err)
	}
	if n := p.Namespaces[0]; !n.Incomplete || len(n.Gaps) != 1 || n.Labels[pss.EnforceLabel] != "" {
		t.Errorf("got %+v, want it incomplete", n)
	}
	made := "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: shop, ownerReferences: [{apiVersion: serving.knative.dev/v1, kind: Service, name: s, uid: u, controller: true}]}\nspec: {" + restrictedSpec + "}"
	if n := only(t, options(), namespace(""), partial, made); n.Incomplete || n.Labels[pss.EnforceLabel] != "restricted" {
		t.Errorf("its pods were seen: got %+v", n)
	}
}

func TestDefaultsForTheClusterBreakNothing(t *testing.T) {
	t.Parallel()
	system := "apiVersion: v1\nkind: Namespace\nmetadata: {name: kube-system}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: kube-system}\nspec: {" + privilegedSpec + "}"
	for _, tt := range []struct {
		name         string
		change       func(*plan.Options)
		of           []string
		want         string
		exempt, held []string
	}{
		{"nothing there", nil, nil, "restricted:v1.37", nil, nil},
		{"the system is exempt if it has to be", nil, []string{system}, "restricted:v1.37", []string{"kube-system"}, nil},
		{"an unlabelled namespace holds the level", nil, []string{namespace(""), pod("p", baselineSpec)}, "baseline:v1.37", nil, []string{"shop"}},
		{"at privileged nothing needs an exemption", nil, []string{system, namespace(""), pod("p", privilegedSpec)}, "privileged:v1.37", nil, []string{"shop"}},
		{"a labelled one does not", nil, []string{namespace(enforce + "privileged"), pod("p", privilegedSpec)}, "restricted:v1.37", nil, nil},
		{"one that was not seen does", nil, []string{pod("p", restrictedSpec)}, "privileged:v1.37", nil, []string{"shop"}},
		{
			"what is enforced by default stays", func(o *plan.Options) {
				o.Assumed, o.Defaults.Enforce = false, pss.LevelVersion{Level: pss.Baseline, Version: pss.Latest}
			},
			[]string{namespace(""), pod("p", privilegedSpec)}, "baseline:latest", nil,
			[]string{"shop"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := options()
			if tt.change != nil {
				tt.change(&o)
			}
			got := makePlan(t, o, tt.of...).Configuration(&o)
			if got.Defaults.Enforce.String() != tt.want || got.Defaults.Warn.String() != "restricted:latest" || got.Defaults.Audit.String() != "restricted:latest" {
				t.Errorf("defaults %+v, want %s", got.Defaults, tt.want)
			}
			if !cmp.Equal(got.Exempt, tt.exempt) && len(got.Exempt)+len(tt.exempt) > 0 || !cmp.Equal(got.Held, tt.held) && len(got.Held)+len(tt.held) > 0 {
				t.Errorf("exempt %v, held %v; want %v and %v", got.Exempt, got.Held, tt.exempt, tt.held)
			}
		})
	}
}
