package label_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/internal/label"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// exempt are exemptions of one namespace and one runtime class.
type exempt struct{ namespace, runtimeClass string }

func (e exempt) Namespace(name string) bool    { return name != "" && name == e.namespace }
func (e exempt) RuntimeClass(name string) bool { return name != "" && name == e.runtimeClass }

func planner() *label.Planner {
	return &label.Planner{Kubernetes: pss.V1(37), Defaults: pss.DefaultPolicy(), Exemptions: exempt{}}
}

func own() label.Owner {
	return label.Owner{Manager: label.FieldManager, Operation: "Apply", APIVersion: "v1"}
}

func by(manager, operation string) label.Owner {
	return label.Owner{Manager: manager, Operation: operation, APIVersion: "v1"}
}

// labelled is a namespace whose labels all have the same owners.
func labelled(labels map[string]string, owners ...label.Owner) label.Namespace {
	n := label.Namespace{Name: "shop", UID: "u", ResourceVersion: "7", Labels: labels, Owners: map[string][]label.Owner{}}
	for key := range labels {
		n.Owners[key] = owners
	}
	return n
}

func TestAChangeShowsEveryLabelThatIsAskedFor(t *testing.T) {
	t.Parallel()
	ns := labelled(map[string]string{"team": "a", pss.EnforceLabel: "baseline", pss.WarnLabel: "restricted"}, by("kubectl-label", "Update"))
	c := planner().Plan(ns, map[string]string{pss.WarnLabel: "restricted", pss.EnforceLabel: "restricted", pss.EnforceVersionLabel: "v1.30"})
	kubectl := []label.Owner{by("kubectl-label", "Update")}
	want := []label.Edit{
		{Key: pss.EnforceLabel, Before: new("baseline"), After: new("restricted"), Owners: kubectl},
		{Key: pss.EnforceVersionLabel, After: new("v1.30"), Owners: []label.Owner{}},
		{Key: pss.WarnLabel, Before: new("restricted"), After: new("restricted"), Owners: kubectl},
	}
	if diff := cmp.Diff(want, c.Edits); diff != "" {
		t.Errorf("edits (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]label.Conflict{{Key: pss.EnforceLabel, Value: new("baseline"), Owners: kubectl}}, c.Conflicts); diff != "" {
		t.Errorf("conflicts (-want +got):\n%s", diff)
	}
	if !c.Changes() || c.From.String() != "baseline:latest" || c.To.String() != "restricted:v1.30" {
		t.Errorf("changes %t, from %s to %s", c.Changes(), c.From, c.To)
	}
	after := map[string]string{"team": "a", pss.EnforceLabel: "restricted", pss.EnforceVersionLabel: "v1.30", pss.WarnLabel: "restricted"}
	if diff := cmp.Diff(after, c.Labels()); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	if len(ns.Labels) != 3 {
		t.Errorf("the caller's labels were changed: %v", ns.Labels)
	}
}

func TestWhatGabionHasAppliedBeforeStays(t *testing.T) {
	t.Parallel()
	ns := labelled(map[string]string{pss.EnforceLabel: "baseline", pss.WarnLabel: "restricted"}, own())
	ns.Labels[pss.AuditLabel], ns.Owners[pss.AuditLabel] = "restricted", []label.Owner{by("gitops", "Apply")}
	ns.Owners["gone"] = []label.Owner{own()}
	c := planner().Plan(ns, map[string]string{pss.EnforceLabel: "privileged"})
	want := map[string]string{pss.EnforceLabel: "privileged", pss.WarnLabel: "restricted"}
	if diff := cmp.Diff(want, c.Config); diff != "" {
		t.Errorf("what is applied (-want +got):\n%s", diff)
	}
	if len(c.Conflicts) > 0 {
		t.Errorf("Gabion is in conflict with itself: %v", c.Conflicts)
	}
}

func TestLabelsThatStandAreNoChangeAndNoConflict(t *testing.T) {
	t.Parallel()
	ns := labelled(map[string]string{pss.EnforceLabel: "baseline"}, by("gitops", "Apply"))
	c := planner().Plan(ns, map[string]string{pss.EnforceLabel: "baseline"})
	if c.Changes() || len(c.Conflicts) > 0 {
		t.Errorf("changes %t, conflicts %v", c.Changes(), c.Conflicts)
	}
}

func TestWhatTheAPIServerWouldDenyIsKnownBefore(t *testing.T) {
	t.Parallel()
	ns := labelled(map[string]string{pss.EnforceLabel: "strict", pss.WarnLabel: "loud"})
	if c := planner().Plan(ns, map[string]string{pss.EnforceLabel: "baseline"}); len(c.Denied) != 1 {
		t.Errorf("half a repair of invalid labels: denied %v", c.Denied)
	}
	ns = labelled(map[string]string{pss.WarnLabel: "loud"})
	if c := planner().Plan(ns, map[string]string{pss.EnforceLabel: "baseline"}); len(c.Denied) > 0 {
		t.Errorf("an invalid label that stays: denied %v", c.Denied)
	}
}

// cluster reads manifests into an inventory.
func cluster(t *testing.T, manifests string) *inventory.Inventory {
	t.Helper()
	reader, err := workload.NewReader(workload.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b := inventory.NewBuilder("shop")
	for item := range reader.Read("test.yaml", strings.NewReader(manifests)) {
		b.Add(&item)
	}
	return b.Build()
}

const busy = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: idle}
spec: {template: {spec: {hostPID: true, containers: [{name: c}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: fine}
spec: {template: {spec: {containers: [{name: c}]}}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: c, securityContext: {privileged: true}}]}}}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: meshed}
spec: {template: {spec: {containers: [{name: c}]}}}
---
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: meshed-1, ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: meshed, uid: u, controller: true}]}
spec: {template: {spec: {containers: [{name: c}]}}}
---
apiVersion: v1
kind: Pod
metadata: {name: meshed-1-a, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: meshed-1, uid: u, controller: true}]}
spec: {volumes: [{name: v, hostPath: {path: /}}], containers: [{name: c}, {name: proxy}]}
---
apiVersion: v1
kind: Pod
metadata: {name: meshed-1-b, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: meshed-1, uid: u, controller: true}]}
spec: {hostNetwork: true, containers: [{name: c}]}
---
apiVersion: v1
kind: Pod
metadata: {name: alone}
spec: {hostIPC: true, containers: [{name: c}]}
---
apiVersion: v1
kind: Pod
metadata: {name: kata}
spec: {runtimeClassName: kata, hostIPC: true, containers: [{name: c}]}
---
apiVersion: v1
kind: Pod
metadata: {name: elsewhere, namespace: other}
spec: {hostIPC: true, containers: [{name: c}]}
`

// blockers are what is in the way, in one line each.
func blockers(c *label.Change) []string {
	var lines []string
	for _, b := range c.Blockers {
		line := b.Kind + "/" + b.Name
		if b.Template {
			line += " template"
		}
		line += " " + strings.Repeat("p", b.Pods)
		for _, v := range b.Violations {
			line += " " + string(v.Control)
		}
		lines = append(lines, line)
	}
	return lines
}

func TestWorkloadsAreInTheWayWhetherTheyRunOrNot(t *testing.T) {
	t.Parallel()
	p := planner()
	p.Exemptions = exempt{runtimeClass: "kata"}
	c := p.Plan(labelled(nil), map[string]string{pss.EnforceLabel: "baseline"})
	if err := p.Judge(&c, cluster(t, busy)); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"CronJob/nightly template  privileged",
		"Deployment/idle template  hostNamespaces",
		"Deployment/meshed pp hostNamespaces hostPathVolumes",
		"Pod/alone p hostNamespaces",
	}
	if diff := cmp.Diff(want, blockers(&c)); diff != "" {
		t.Errorf("blockers (-want +got):\n%s", diff)
	}
}

func TestOnlyAStricterPolicyIsInTheWayOfAnybody(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		labels   map[string]string
		want     map[string]string
		defaults pss.Level
		exempt   string
		blocked  bool
	}{
		{name: "a stricter level", want: map[string]string{pss.EnforceLabel: "baseline"}, blocked: true},
		{name: "warnings", want: map[string]string{pss.WarnLabel: "restricted", pss.AuditLabel: "restricted"}},
		{name: "privileged", labels: map[string]string{pss.EnforceLabel: "restricted"}, want: map[string]string{pss.EnforceLabel: "privileged"}},
		{name: "a looser level", labels: map[string]string{pss.EnforceLabel: "restricted"}, want: map[string]string{pss.EnforceLabel: "baseline"}},
		{
			name: "a looser level at another version", labels: map[string]string{pss.EnforceLabel: "restricted"},
			want: map[string]string{pss.EnforceLabel: "baseline", pss.EnforceVersionLabel: "v1.30"}, blocked: true,
		},
		{name: "the default", want: map[string]string{pss.EnforceLabel: "baseline"}, defaults: pss.Baseline},
		{name: "an exempt namespace", want: map[string]string{pss.EnforceLabel: "baseline"}, exempt: "shop"},
		{name: "another exempt namespace", want: map[string]string{pss.EnforceLabel: "baseline"}, exempt: "other", blocked: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := planner()
			p.Exemptions = exempt{namespace: tt.exempt}
			if tt.defaults.Valid() {
				p.Defaults.Enforce.Level = tt.defaults
			}
			c := p.Plan(labelled(tt.labels), tt.want)
			inv := cluster(t, busy)
			inv.Missing = append(inv.Missing, inventory.Missing{Resource: "pods", Reason: "forbidden"})
			if err := p.Judge(&c, inv); err != nil {
				t.Fatal(err)
			}
			if got := len(c.Blockers) > 0; got != tt.blocked || len(c.Unseen) > 0 != tt.blocked {
				t.Errorf("blockers %q, unseen %q; want some: %t", blockers(&c), c.Unseen, tt.blocked)
			}
		})
	}
}

func TestWhatIsNotKnownIsInTheWay(t *testing.T) {
	t.Parallel()
	machine := func(namespace string) inventory.Problem {
		return inventory.Problem{Object: workload.Object{Kind: "Machine", Name: "m", Namespace: namespace}, Reason: "who knows"}
	}
	for _, tt := range []struct {
		name      string
		inventory inventory.Inventory
		unchecked bool
		want      []string
	}{
		{name: "nothing is in it"},
		{
			name:      "a list that is missing everywhere",
			inventory: inventory.Inventory{Missing: []inventory.Missing{{Resource: "jobs.batch", Reason: "forbidden"}}},
			want:      []string{"jobs.batch could not be listed: forbidden"},
		},
		{
			name: "lists that are missing here and elsewhere",
			inventory: inventory.Inventory{Missing: []inventory.Missing{
				{Resource: "pods", Namespace: "other", Reason: "forbidden"}, {Resource: "pods", Namespace: "shop", Reason: "gone"},
			}},
			want: []string{"pods could not be listed: gone"},
		},
		{
			name: "lists of what makes no pods",
			inventory: inventory.Inventory{Missing: []inventory.Missing{
				{Resource: "clusterroles.rbac.authorization.k8s.io"}, {Resource: "serviceaccounts"}, {Resource: "podsecuritypolicies.policy"},
			}},
		},
		{
			name:      "an object that was not checked here, and one that may be anywhere",
			inventory: inventory.Inventory{NotChecked: []inventory.Problem{machine("shop"), machine("other"), machine("")}},
			want:      []string{"not checked: Machine/m: who knows", "not checked: Machine/m: who knows"},
		},
		{
			name:      "one that is known to be fine",
			inventory: inventory.Inventory{NotChecked: []inventory.Problem{machine("shop")}}, unchecked: true,
		},
		{
			name:      "what could not be read, known to be fine or not",
			inventory: inventory.Inventory{Errors: []inventory.Problem{machine("shop"), machine("other"), {Reason: "broken"}}}, unchecked: true,
			want: []string{"could not be read: an object: broken", "could not be read: Machine/m: who knows"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := planner()
			p.AllowUnchecked = tt.unchecked
			c := p.Plan(labelled(nil), map[string]string{pss.EnforceLabel: "baseline"})
			if err := p.Judge(&c, &tt.inventory); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, c.Unseen); diff != "" {
				t.Errorf("unseen (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAControllerThatAddsToPodsWhichNobodyHasSeenIsInTheWay(t *testing.T) {
	t.Parallel()
	view := &inventory.View{}
	added := func(pods int) *inventory.Workload {
		return &inventory.Workload{Kind: "Service", Name: "s", Templates: []inventory.Template{{View: view, Partial: true}}, Pods: pods}
	}
	for name, tt := range map[string]struct {
		workload  *inventory.Workload
		unchecked bool
		want      []string
	}{
		"no pods":                 {added(0), false, []string{"Service/s has no pods now, and its controller adds to what it states"}},
		"known to be fine":        {added(0), true, nil},
		"its pods have been seen": {added(1), false, nil},
		"a controller that adds nothing": {
			&inventory.Workload{Kind: "Service", Name: "s", Templates: []inventory.Template{{View: view}}}, false, nil,
		},
	} {
		p := planner()
		p.AllowUnchecked = tt.unchecked
		c := p.Plan(labelled(nil), map[string]string{pss.EnforceLabel: "baseline"})
		inv := &inventory.Inventory{Namespaces: []inventory.Namespace{{Name: "a"}, {Name: "shop", Workloads: []*inventory.Workload{tt.workload}}}}
		if err := p.Judge(&c, inv); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, c.Unseen); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestAnotherNameForTheVersionInForceRejectsNobody(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		labels, want map[string]string
		blocked      bool
	}{
		"the version that latest is": {
			map[string]string{pss.EnforceLabel: "baseline"}, map[string]string{pss.EnforceLabel: "baseline", pss.EnforceVersionLabel: "v1.37"}, false,
		},
		"a version that is not there yet": {
			map[string]string{pss.EnforceLabel: "baseline"}, map[string]string{pss.EnforceLabel: "baseline", pss.EnforceVersionLabel: "v1.38"}, false,
		},
		"another version": {
			map[string]string{pss.EnforceLabel: "baseline"}, map[string]string{pss.EnforceLabel: "baseline", pss.EnforceVersionLabel: "v1.36"}, true,
		},
	} {
		c := planner().Plan(labelled(tt.labels), tt.want)
		if err := planner().Judge(&c, cluster(t, busy)); err != nil || len(c.Blockers) > 0 != tt.blocked {
			t.Errorf("%s: blockers %q, %v; want some: %t", name, blockers(&c), err, tt.blocked)
		}
	}
}

func TestANamespaceWithNothingInItIsCalledEmpty(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		inventory *inventory.Inventory
		want      bool
	}{
		"it holds pods":             {cluster(t, busy), false},
		"it holds nothing":          {&inventory.Inventory{Namespaces: []inventory.Namespace{{Name: "shop", Stated: true}}}, true},
		"it holds an idle workload": {&inventory.Inventory{Namespaces: []inventory.Namespace{{Name: "shop", Workloads: []*inventory.Workload{{}}}}}, false},
		"not all of it was seen": {&inventory.Inventory{
			Namespaces: []inventory.Namespace{{Name: "shop", Stated: true}}, Missing: []inventory.Missing{{Resource: "pods"}},
		}, false},
	} {
		c := planner().Plan(labelled(nil), map[string]string{pss.EnforceLabel: "restricted"})
		if err := planner().Judge(&c, tt.inventory); err != nil || c.Empty != tt.want {
			t.Errorf("%s: empty %t, %v", name, c.Empty, err)
		}
	}
}

func TestAPlanIsOldOnceALabelHasChanged(t *testing.T) {
	t.Parallel()
	ns := labelled(map[string]string{"team": "a", pss.EnforceLabel: "baseline", pss.WarnLabel: "restricted"})
	for name, tt := range map[string]struct {
		planned map[string]string
		want    []string
	}{
		"nothing has":      {map[string]string{pss.EnforceLabel: "baseline", pss.WarnLabel: "restricted"}, nil},
		"one has":          {map[string]string{pss.EnforceLabel: "privileged", pss.WarnLabel: "restricted"}, []string{"enforce"}},
		"one is gone":      {map[string]string{pss.EnforceLabel: "baseline", pss.WarnLabel: "restricted", pss.AuditVersionLabel: "latest"}, []string{"audit-version"}},
		"all are new ones": {map[string]string{}, []string{"enforce", "warn"}},
	} {
		if diff := cmp.Diff(tt.want, ns.ChangedFrom(tt.planned)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestAFileIsForTheClusterThatItWasMadeFor(t *testing.T) {
	t.Parallel()
	at := func(address, uid string) inventory.Cluster { return inventory.Cluster{Address: address, UID: uid} }
	for name, tt := range map[string]struct {
		made, here inventory.Cluster
		force      bool
		want       string
	}{
		"the same":                      {made: at("https://a", "u"), here: at("https://a", "u")},
		"the same at another address":   {made: at("https://a", "u"), here: at("https://b", "u")},
		"another one":                   {made: at("https://a", "u"), here: at("https://b", "v"), want: "it is for the cluster https://a, and this is https://b"},
		"another one, by force":         {made: at("https://a", "u"), here: at("https://b", "v"), force: true, want: "and this is https://b"},
		"another one at the address":    {made: at("https://a", "u"), here: at("https://a", "v"), want: "it is for another cluster, which was at https://a, too"},
		"an address, and nothing more":  {made: at("https://a", ""), here: at("https://a", "u")},
		"another address, and no more":  {made: at("https://a", "u"), here: at("https://b", ""), want: "it is for https://a, and nobody knows whether https://b is the same cluster; --force"},
		"another address, and by force": {made: at("https://a", ""), here: at("https://b", "u"), force: true},
		"no cluster, but manifests":     {here: at("https://b", "v")},
	} {
		err := label.SameCluster(tt.made, tt.here, tt.force)
		if (err == nil) != (tt.want == "") || err != nil && (!strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n")) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
	}
}

func TestSameLabelsNoticesWhatMatters(t *testing.T) {
	t.Parallel()
	ns := func() label.Namespace {
		return labelled(map[string]string{pss.EnforceLabel: "baseline"}, by("kubectl-label", "Update"))
	}
	for name, tt := range map[string]struct {
		change func(*label.Namespace)
		same   bool
	}{
		"nothing":          {func(*label.Namespace) {}, true},
		"another version":  {func(n *label.Namespace) { n.ResourceVersion = "8" }, true},
		"another label":    {func(n *label.Namespace) { n.Labels["team"] = "a" }, true},
		"a new namespace":  {func(n *label.Namespace) { n.UID = "v" }, false},
		"another value":    {func(n *label.Namespace) { n.Labels[pss.EnforceLabel] = "restricted" }, false},
		"one label more":   {func(n *label.Namespace) { n.Labels[pss.WarnLabel] = "restricted" }, false},
		"one label less":   {func(n *label.Namespace) { delete(n.Labels, pss.EnforceLabel) }, false},
		"another owner":    {func(n *label.Namespace) { n.Owners[pss.EnforceLabel] = nil }, false},
		"it has opted out": {func(n *label.Namespace) { n.Labels[inventory.ManageLabel] = "false" }, false},
	} {
		a, b := ns(), ns()
		tt.change(&b)
		if a.SameLabels(&b) != tt.same || b.SameLabels(&a) != tt.same {
			t.Errorf("%s: want the same: %t", name, tt.same)
		}
	}
}
