package plan_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/internal/plan"
	"github.com/gabion-security/gabion/pss"
)

// randomPod is a pod of which no part is usual.
func randomPod(r *rand.Rand) pss.Pod {
	p := pss.Pod{}
	one := func(n int) bool { return r.IntN(n) == 0 }
	if one(2) {
		p.SecurityContext.RunAsNonRoot = pss.Some(!one(4))
		p.SecurityContext.SeccompProfile = pss.Some([]string{"RuntimeDefault", "Localhost", "Unconfined"}[r.IntN(3)])
	}
	if one(8) {
		p.HostUsers = pss.Some(one(2))
	}
	if one(8) {
		p.OS = []string{"linux", "windows"}[r.IntN(2)]
	}
	p.HostNetwork, p.HostPID = one(10), one(10)
	if one(8) {
		p.Sysctls = []string{[]string{"net.ipv4.tcp_rmem", "kernel.shm_rmid_forced", "kernel.msgmax"}[r.IntN(3)]}
	}
	for i := range r.IntN(3) {
		p.Volumes = append(p.Volumes, pss.Volume{Name: fmt.Sprint("v", i), Sources: []pss.VolumeSources{pss.VolumeEmptyDir, pss.VolumeHostPath, pss.VolumeNFS}[r.IntN(3)]})
	}
	for i := range 1 + r.IntN(2) {
		c := pss.Container{Name: fmt.Sprintf("c%d", i), Kind: pss.RegularContainer, Index: i}
		if one(2) {
			c.AllowPrivilegeEscalation, c.DroppedCapabilities = pss.Some(false), []string{"ALL"}
		}
		if one(6) {
			c.AddedCapabilities = []string{[]string{"NET_ADMIN", "CHOWN", "NET_BIND_SERVICE"}[r.IntN(3)]}
		}
		if one(10) {
			c.Privileged = pss.Some(true)
		}
		if one(10) {
			c.SecurityContext.RunAsUser = pss.Some(int64(r.IntN(2)))
		}
		if one(10) {
			c.ProcMount = pss.Some("Unmasked")
		}
		if one(10) {
			c.SecurityContext.AppArmorProfile = pss.Some("Unconfined")
		}
		if one(10) {
			c.SecurityContext.SELinux.Type = "spc_t"
		}
		if one(10) {
			c.SecurityContext.HostProcess = pss.Some(true)
		}
		if one(10) {
			c.HostPorts = []pss.HostPort{{Index: 0, Port: 80}}
		}
		if one(10) {
			c.Hosts = []pss.Host{{Field: pss.LivenessHTTP, Value: "10.0.0.1"}}
		}
		p.Containers = append(p.Containers, c)
	}
	return p
}

func randomLabels(r *rand.Rand) map[string]string {
	labels := map[string]string{}
	for _, mode := range []string{"enforce", "audit", "warn"} {
		if r.IntN(3) > 0 {
			labels[pss.LabelPrefix+mode] = []string{"privileged", "baseline", "restricted", "strict"}[r.IntN(4)]
		}
		if r.IntN(2) == 0 {
			labels[pss.LabelPrefix+mode+"-version"] = []string{"latest", "v1.20", "v1.34", "v1.36", "v1.37", "1.2"}[r.IntN(6)]
		}
	}
	return labels
}

func randomNamespace(r *rand.Rand, name string) inventory.Namespace {
	ns := inventory.Namespace{Name: name, Stated: r.IntN(10) > 0, Labels: randomLabels(r)}
	view := func() *inventory.View { return &inventory.View{Pod: randomPod(r)} }
	for i := range r.IntN(3) {
		w := &inventory.Workload{APIVersion: "apps/v1", Kind: "Deployment", Name: fmt.Sprint("w", i), Templates: []inventory.Template{{Path: "spec.template", View: view()}}}
		ns.Workloads = append(ns.Workloads, w)
		for j := range r.IntN(3) {
			p := inventory.Pod{Name: fmt.Sprint("w", i, "-", j), View: w.Templates[0].View, Workload: w}
			if r.IntN(3) == 0 {
				p.View = view()
			}
			ns.Pods = append(ns.Pods, p)
		}
	}
	if r.IntN(3) == 0 {
		ns.Pods = append(ns.Pods, inventory.Pod{Name: "z", View: view()})
	}
	return ns
}

func TestLabellingByThePlanRefusesNothingThatWasAllowedAndLoosensNothing(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	raised := 0
	for range 3000 {
		o := options()
		o.Target = pss.Levels()[r.IntN(3)]
		o.Evaluator.Kubernetes = pss.V1(30 + r.IntN(8))
		o.Pin = []pss.Version{pss.Latest, o.Evaluator.Kubernetes, pss.V1(20)}[r.IntN(3)]
		o.Assumed, o.AllowIncomplete = r.IntN(2) == 0, false
		if !o.Assumed {
			o.Defaults.Enforce = pss.LevelVersion{Level: pss.Levels()[r.IntN(3)], Version: []pss.Version{pss.Latest, pss.V1(25)}[r.IntN(2)]}
		}
		ns := randomNamespace(r, "n")
		p, err := plan.Make(&inventory.Inventory{Namespaces: []inventory.Namespace{ns}}, o)
		if err != nil {
			t.Fatal(err)
		}
		n := &p.Namespaces[0]
		before, _ := pss.PolicyFromLabels(ns.Labels, o.Defaults)
		labels := map[string]string{}
		for _, from := range []map[string]string{ns.Labels, n.Labels} {
			for k, v := range from {
				labels[k] = v
			}
		}
		after, errs := pss.PolicyFromLabels(labels, o.Defaults)
		if len(n.Labels) > 0 && len(errs) > 0 {
			t.Fatalf("seed %d: labels %v are left invalid: %v", seed, labels, errs)
		}
		if after.Enforce.Level < before.Enforce.Level || after.Warn.Level < before.Warn.Level || after.Audit.Level < before.Audit.Level {
			t.Fatalf("seed %d: from %v to %v", seed, before, after)
		}
		if before.Enforce.Level > pss.Privileged && o.Evaluator.Resolve(after.Enforce.Version) < o.Evaluator.Resolve(before.Enforce.Version) {
			t.Fatalf("seed %d: from %v to the older %v", seed, before, after)
		}
		if !ns.Stated && len(n.Labels) > 0 {
			t.Fatalf("seed %d: labels %v for a namespace whose labels are not known", seed, n.Labels)
		}
		if after.Enforce.Level > before.Enforce.Level {
			raised++
		}
		for _, v := range viewsOf(&ns) {
			was, _ := o.Evaluator.Evaluate(&v.Pod, before.Enforce)
			is, err := o.Evaluator.Evaluate(&v.Pod, after.Enforce)
			if err != nil || was.Allowed() && !is.Allowed() {
				t.Fatalf("seed %d: %s refuses what %s allowed: %s %v", seed, after.Enforce, before.Enforce, is.Detail(), err)
			}
			if strictest, _ := o.Evaluator.Strictest(&v.Pod, o.Pin); len(n.Gaps) == 0 && strictest < n.Strictest {
				t.Fatalf("seed %d: a pod bears %s, its namespace %s", seed, strictest, n.Strictest)
			}
		}
	}
	if raised < 100 {
		t.Errorf("seed %d: only %d plans raised anything", seed, raised)
	}
}

func viewsOf(ns *inventory.Namespace) []*inventory.View {
	var views []*inventory.View
	for _, p := range ns.Pods {
		views = append(views, p.View)
	}
	for _, w := range ns.Workloads {
		for _, t := range w.Templates {
			views = append(views, t.View)
		}
	}
	return views
}

func TestFixingTheBlockersOfAStepMakesItClean(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	steps := 0
	for range 1000 {
		ns := randomNamespace(r, "n")
		ns.Stated = true
		p, err := plan.Make(&inventory.Inventory{Namespaces: []inventory.Namespace{ns}}, options())
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range p.Namespaces[0].Steps {
			steps++
			blocked := map[string]bool{}
			for _, b := range step.Blockers {
				blocked[b.Object.Name] = true
			}
			for _, pod := range ns.Pods {
				name := pod.Name
				if pod.Workload != nil {
					name = pod.Workload.Name
				}
				if v, _ := (pss.Evaluator{}).Evaluate(&pod.View.Pod, step.Enforce); !v.Allowed() && !blocked[name] {
					t.Fatalf("seed %d: %s fails %s and is no blocker: %s", seed, name, step.Enforce, v.Detail())
				}
			}
			for _, w := range ns.Workloads {
				if v, _ := (pss.Evaluator{}).Evaluate(&w.Templates[0].View.Pod, step.Enforce); !v.Allowed() && !blocked[w.Name] {
					t.Fatalf("seed %d: %s fails %s and is no blocker: %s", seed, w.Name, step.Enforce, v.Detail())
				}
			}
		}
	}
	if steps < 100 {
		t.Errorf("seed %d: only %d steps", seed, steps)
	}
}

func TestASentenceOfTheAuditLogIsReadAsTheEngineMeantIt(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	baseline, controls := 0, map[pss.ID]bool{}
	for range 20000 {
		pod := randomPod(r)
		pod.OS = "" // an API server takes no Windows pod that says anything of Linux
		lv := pss.LevelVersion{Level: []pss.Level{pss.Baseline, pss.Restricted}[r.IntN(2)], Version: pss.V1(15 + r.IntN(23))}
		v, err := pss.Evaluator{}.Evaluate(&pod, lv)
		if err != nil {
			t.Fatal(err)
		}
		if v.Allowed() {
			continue
		}
		got, bears := plan.ReadSentence(lv, v.Detail())
		if want := v.Failed(); fmt.Sprint(got) != fmt.Sprint(want) && !renamed(got, want) {
			t.Fatalf("seed %d: %s at %s: read as %v, want %v", seed, v.Detail(), lv, got, want)
		}
		for _, id := range v.Failed() {
			controls[id] = true
		}
		strictest, _ := pss.Evaluator{}.Strictest(&pod, lv.Version)
		if bears > strictest {
			t.Fatalf("seed %d: %s at %s: read as bearing %s, bears %s", seed, v.Detail(), lv, bears, strictest)
		}
		if bears == pss.Baseline {
			baseline++
		}
	}
	if baseline < 100 || len(controls) < len(pss.Controls()) {
		t.Errorf("seed %d: %d sentences bear baseline, controls %v", seed, baseline, controls)
	}
}

// renamed reports whether controls differ only where a restricted control has
// the reason of the baseline one it replaces, which versions before it do not.
func renamed(got, want []pss.ID) bool {
	base := func(ids []pss.ID) string {
		return strings.NewReplacer("_restricted", "", "_baseline", "").Replace(fmt.Sprint(ids))
	}
	return base(got) == base(want)
}
