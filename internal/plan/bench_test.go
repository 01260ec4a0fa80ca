package plan_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/internal/plan"
	"github.com/gabion-security/gabion/pss"
)

// largeCluster is 5,000 namespaces with 10 Deployments of 3 pods each: 150,000
// pods. Every tenth workload fails baseline, every third restricted, and no two
// workloads have the same view.
func largeCluster() *inventory.Inventory {
	const namespaces, workloads, replicas = 5000, 10, 3
	inv := &inventory.Inventory{}
	for i := range namespaces {
		ns := inventory.Namespace{Name: fmt.Sprintf("ns-%04d", i), Stated: true}
		for j := range workloads {
			template, running := largeView(i, j, false), largeView(i, j, true)
			w := &inventory.Workload{
				APIVersion: "apps/v1", Kind: "Deployment", Name: fmt.Sprint("web-", j), Pods: replicas,
				Templates: []inventory.Template{{Path: "spec.template", View: template}},
			}
			ns.Workloads = append(ns.Workloads, w)
			for k := range replicas {
				ns.Pods = append(ns.Pods, inventory.Pod{Name: fmt.Sprint(w.Name, "-", k), View: running, Workload: w})
			}
		}
		inv.Namespaces = append(inv.Namespaces, ns)
	}
	return inv
}

func largeView(i, j int, running bool) *inventory.View {
	p := pss.Pod{HostPID: j%10 == 0}
	p.SecurityContext.RunAsNonRoot = pss.Some(true)
	p.SecurityContext.SeccompProfile = pss.Some("RuntimeDefault")
	c := pss.Container{Name: fmt.Sprint("app-", i), Kind: pss.RegularContainer, DroppedCapabilities: []string{"ALL"}}
	if j%3 != 0 {
		c.AllowPrivilegeEscalation = pss.Some(false)
	}
	p.Containers = []pss.Container{c}
	if running {
		p.Volumes = []pss.Volume{{Name: "kube-api-access", Sources: pss.VolumeProjected}}
	}
	return &inventory.View{Pod: p}
}

func BenchmarkPlanFor150000PodsIn5000Namespaces(b *testing.B) {
	inv := largeCluster()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := plan.Make(inv, options()); err != nil {
			b.Fatal(err)
		}
	}
	runtime.KeepAlive(inv)
}
