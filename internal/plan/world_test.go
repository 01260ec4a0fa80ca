package plan_test

import (
	"strings"
	"testing"

	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/internal/plan"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// build reads manifests into an inventory.
func build(t *testing.T, manifests ...string) *inventory.Inventory {
	t.Helper()
	reader, err := workload.NewReader(workload.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b := inventory.NewBuilder("default")
	for item := range reader.Read("test.yaml", strings.NewReader(strings.Join(manifests, "\n---\n"))) {
		b.Add(&item)
	}
	inv := b.Build()
	if len(inv.Errors) > 0 {
		t.Fatalf("the manifests are broken: %+v", inv.Errors)
	}
	return inv
}

// options are those of a plan to restricted on a 1.37 cluster.
func options() plan.Options {
	return plan.Options{Target: pss.Restricted, Pin: pss.V1(37), Defaults: pss.DefaultPolicy(), Assumed: true}
}

// makePlan makes the plan for manifests.
func makePlan(t *testing.T, o plan.Options, manifests ...string) *plan.Plan {
	t.Helper()
	p, err := plan.Make(build(t, manifests...), o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// only returns the plan of the one namespace there is.
func only(t *testing.T, o plan.Options, manifests ...string) plan.Namespace {
	t.Helper()
	p := makePlan(t, o, manifests...)
	if len(p.Namespaces) != 1 {
		t.Fatalf("%d namespaces, want 1: %+v", len(p.Namespaces), p.Namespaces)
	}
	return p.Namespaces[0]
}

// namespace is a Namespace "shop" with labels, as a flow mapping.
func namespace(labels string) string {
	return "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {" + labels + "}}"
}

const (
	enforce = "pod-security.kubernetes.io/enforce: "
	version = "pod-security.kubernetes.io/enforce-version: "
	warn    = "pod-security.kubernetes.io/warn: "
	audit   = "pod-security.kubernetes.io/audit: "

	restrictedSpec      = "securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}, containers: [" + restrictedContainer + "]"
	restrictedContainer = "{name: app, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}"
	baselineSpec        = "containers: [{name: app}]"
	privilegedSpec      = "hostPID: true, containers: [{name: app}]"
)

func pod(name, spec string) string {
	return "apiVersion: v1\nkind: Pod\nmetadata: {name: " + name + ", namespace: shop}\nspec: {" + spec + "}"
}

// podOf is a pod that a controller made.
func podOf(kind, owner, name, spec string) string {
	return "apiVersion: v1\nkind: Pod\nmetadata: {name: " + name + ", namespace: shop, ownerReferences: [{apiVersion: apps/v1, kind: " + kind +
		", name: " + owner + ", uid: u, controller: true}]}\nspec: {" + spec + "}"
}

func deployment(name, spec string) string {
	return "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: " + name + ", namespace: shop}\nspec: {template: {spec: {" + spec + "}}}"
}

func replicaSet(name, owner, spec string) string {
	return "apiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {name: " + name + ", namespace: shop, ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: " +
		owner + ", uid: u, controller: true}]}\nspec: {template: {spec: {" + spec + "}}}"
}

func cronJob(name, spec string) string {
	return "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: " + name + ", namespace: shop}\nspec: {schedule: '* * * * *', jobTemplate: {spec: {template: {spec: {" + spec + "}}}}}"
}

// six are the six labels.
func six(enforce, announce string) map[string]string {
	level, version, _ := strings.Cut(enforce, ":")
	return map[string]string{
		pss.EnforceLabel: level, pss.EnforceVersionLabel: version,
		pss.AuditLabel: announce, pss.AuditVersionLabel: "latest", pss.WarnLabel: announce, pss.WarnVersionLabel: "latest",
	}
}

// four are warn and audit.
func four(announce string) map[string]string {
	labels := six("x:y", announce)
	delete(labels, pss.EnforceLabel)
	delete(labels, pss.EnforceVersionLabel)
	return labels
}
