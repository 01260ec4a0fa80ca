package inventory_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/workload"
)

func TestWhatIsNotKnownOfPodsIsAGapWhereverItMayBe(t *testing.T) {
	t.Parallel()
	inv := inventory.Inventory{
		Missing: []inventory.Missing{
			{Resource: "roles.rbac.authorization.k8s.io", Reason: "forbidden"},
			{Resource: "serviceaccounts", Reason: "forbidden"},
			{Resource: "deployments.apps", Reason: "forbidden"},
			{Resource: "pods", Namespace: "shop", Reason: "forbidden"},
		},
		NotChecked: []inventory.Problem{{Object: workload.Object{Kind: "Thing", Name: "t", Namespace: "blog"}, Reason: "odd"}},
		Errors:     []inventory.Problem{{Source: workload.Source{File: "a.yaml"}, Reason: "broken"}, {Reason: "broken too"}, {Source: workload.Source{File: "b.yaml"}, Reason: "cannot be read: gone"}},
	}
	everywhere := []string{
		"deployments.apps could not be listed: forbidden", "could not be read: a.yaml: broken", "could not be read: an object: broken too",
		"b.yaml: cannot be read: gone",
	}
	for _, check := range []struct {
		namespace string
		unchecked bool
		want      []string
	}{
		{namespace: "other", want: everywhere},
		{namespace: "shop", want: append(everywhere[:4:4], "pods could not be listed: forbidden")},
		{namespace: "blog", want: append(everywhere[:4:4], "not checked: Thing/t: odd")},
		{namespace: "blog", unchecked: true, want: everywhere},
	} {
		gaps := inv.Gaps(check.unchecked)
		if diff := cmp.Diff(check.want, gaps.Of(check.namespace)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", check.namespace, diff)
		}
	}
}

func TestAWorkloadWithoutPodsWhoseControllerAddsToThemIsUnseen(t *testing.T) {
	t.Parallel()
	whole, partial := []inventory.Template{{}}, []inventory.Template{{}, {Partial: true}}
	ns := inventory.Namespace{Workloads: []*inventory.Workload{
		{Kind: "Service", Name: "idle", Templates: partial},
		{Kind: "Service", Name: "running", Templates: partial, Pods: 1},
		{Kind: "Deployment", Name: "web", Templates: whole},
	}}
	want := []string{"Service/idle has no pods now, and its controller adds to what it states"}
	if diff := cmp.Diff(want, ns.UnseenPods()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
