package inventory_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/workload"
)

// build reads manifests into an inventory.
func build(t *testing.T, manifests string) *inventory.Inventory {
	t.Helper()
	reader, err := workload.NewReader(workload.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b := inventory.NewBuilder("default")
	for item := range reader.Read("test.yaml", strings.NewReader(manifests)) {
		b.Add(&item)
	}
	return b.Build()
}

const deployed = `
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: a}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {template: {spec: {containers: [{name: c}]}}}
---
apiVersion: apps/v1
kind: ReplicaSet
metadata:
  {name: web-1, namespace: shop, ownerReferences: [{apiVersion: apps/v1beta1, kind: Deployment, name: web, uid: u, controller: true}]}
spec: {template: {spec: {containers: [{name: c}]}}}
---
apiVersion: v1
kind: Pod
metadata:
  {name: web-1-b, namespace: shop, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-1, uid: u, controller: true}]}
spec: {containers: [{name: c}]}
---
apiVersion: v1
kind: Pod
metadata:
  {name: web-1-a, namespace: shop, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-1, uid: u, controller: true}]}
spec: {containers: [{name: c}]}
---
apiVersion: v1
kind: Pod
metadata: {name: alone}
spec: {containers: [{name: c}], hostPID: true}
`

func TestPodsBelongToTheWorkloadAtTheTopOfTheirControllers(t *testing.T) {
	t.Parallel()
	got := build(t, deployed)
	if len(got.Namespaces) != 2 {
		t.Fatalf("got %d namespaces, want default and shop", len(got.Namespaces))
	}
	byDefault, shop := got.Namespaces[0], got.Namespaces[1]
	if byDefault.Name != "default" || byDefault.Stated || len(byDefault.Pods) != 1 || byDefault.Pods[0].Workload != nil {
		t.Errorf("the pod that stands alone: got %+v", byDefault)
	}
	if !shop.Stated || !cmp.Equal(shop.Labels, map[string]string{"team": "a"}) {
		t.Errorf("the namespace: got %+v", shop)
	}
	if len(shop.Workloads) != 1 || shop.Workloads[0].Kind != "Deployment" || shop.Workloads[0].Pods != 2 {
		t.Fatalf("the workloads: got %+v", shop.Workloads)
	}
	var names []string
	for _, p := range shop.Pods {
		names = append(names, p.Name)
		if p.Workload != shop.Workloads[0] {
			t.Errorf("pod %s belongs to %+v", p.Name, p.Workload)
		}
	}
	if want := []string{"web-1-a", "web-1-b"}; !cmp.Equal(names, want) {
		t.Errorf("got pods %q, want %q", names, want)
	}
}

func TestEqualPodsShareOneView(t *testing.T) {
	t.Parallel()
	got := build(t, deployed)
	shop := got.Namespaces[1]
	template := shop.Workloads[0].Templates[0].View
	if shop.Pods[0].View != template || shop.Pods[1].View != template {
		t.Error("two replicas and their template have views of their own")
	}
	if got.Namespaces[0].Pods[0].View == template {
		t.Error("another pod has the same view")
	}
}

func TestACircleOfControllersHidesNothing(t *testing.T) {
	t.Parallel()
	got := build(t, `
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: a, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: b, uid: u, controller: true}]}
spec: {template: {spec: {containers: [{name: c}]}}}
---
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: b, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: a, uid: u, controller: true}]}
spec: {template: {spec: {containers: [{name: c}]}}}
---
apiVersion: v1
kind: Pod
metadata: {name: p, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: a, uid: u, controller: true}]}
spec: {containers: [{name: c}]}
`)
	ns := got.Namespaces[0]
	if len(ns.Workloads) != 2 {
		t.Errorf("got %d workloads, want both", len(ns.Workloads))
	}
	if len(ns.Pods) != 1 || ns.Pods[0].Workload == nil || ns.Pods[0].Workload.Name != "a" {
		t.Errorf("got pods %+v, want one of a", ns.Pods)
	}
}

func TestWhatIsBrokenOrNotCheckedIsKept(t *testing.T) {
	t.Parallel()
	b := inventory.NewBuilder("default")
	broken := workload.Object{APIVersion: "v1", Kind: "Pod", Name: "broken"}
	unknown := workload.Object{APIVersion: "example.com/v1", Kind: "Thing", Name: "unknown"}
	b.Add(&workload.Item{Object: broken, Outcome: workload.Broken, Err: errors.New("it makes no sense")})
	b.Add(&workload.Item{Object: broken, Outcome: workload.Broken})
	b.Add(&workload.Item{Object: unknown, Outcome: workload.NotChecked, Unchecked: []string{"spec.pod"}})
	got := b.Build()
	wantErrors := []inventory.Problem{{Object: broken, Reason: "it makes no sense"}, {Object: broken, Reason: "it could not be read"}}
	if diff := cmp.Diff(wantErrors, got.Errors); diff != "" {
		t.Errorf("errors (-want +got):\n%s", diff)
	}
	want := []inventory.Problem{{Object: unknown, Paths: []string{"spec.pod"}, Reason: "it holds what looks like a pod template"}}
	if diff := cmp.Diff(want, got.NotChecked); diff != "" {
		t.Errorf("not checked (-want +got):\n%s", diff)
	}
}

func TestANamespaceThatContradictsItselfIsAnError(t *testing.T) {
	t.Parallel()
	got := build(t, `
{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "labels": {"pod-security.kubernetes.io/enforce": "baseline"}}}
---
{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}
---
{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "labels": {"pod-security.kubernetes.io/enforce": "baseline", "team": "a"}}}
`)
	if len(got.Namespaces) != 1 || got.Namespaces[0].Labels["pod-security.kubernetes.io/enforce"] != "baseline" {
		t.Errorf("got %+v, want the labels that came first", got.Namespaces)
	}
	if len(got.Errors) != 1 || got.Errors[0].Source.Document != 2 {
		t.Errorf("got errors %+v, want one about the second document", got.Errors)
	}
}
